import numpy as np
import torch
import torch.nn as nn
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

rng = np.random.RandomState(42)
N = 100
x = rng.rand(N, 1)
true_b, true_w = 1, 2
epsilon = .1 * rng.randn(N, 1)
y = true_b + true_w * x + epsilon
idx = np.arange(N)
rng.shuffle(idx)
train_idx = idx[:int(N * .8)]
val_idx = idx[int(N * .8):]
x_train, y_train = x[train_idx], y[train_idx]
x_val, y_val = x[val_idx], y[val_idx]
print(x_train.shape, x_val.shape, x_train.dtype)

np.random.seed(42)
b = np.random.randn(1)
w = np.random.randn(1)
print(b, w)
lr = 0.1
for epoch in range(200):
    yhat = b + w * x_train
    error = yhat - y_train
    loss = (error ** 2).mean()
    b_grad = 2 * error.mean()
    w_grad = 2 * (x_train * error).mean()
    b = b - lr * b_grad
    w = w - lr * w_grad
print(b, w)
print("normal equation:", np.linalg.lstsq(np.hstack([np.ones_like(x_train), x_train]), y_train, rcond=None)[0].ravel().round(4))

device = 'cuda' if torch.cuda.is_available() else 'cpu'
xt = torch.as_tensor(x_train).float().to(device)
yt = torch.as_tensor(y_train).float().to(device)
torch.manual_seed(42)
model = nn.Sequential(nn.Linear(1, 1)).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
mse = nn.MSELoss(reduction='mean')

def make_train_step_fn(model, loss_fn, optimizer):
    def perform(x, y):
        model.train()
        yhat = model(x)
        loss = loss_fn(yhat, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()
    return perform

step = make_train_step_fn(model, mse, optimizer)
losses = [step(xt, yt) for _ in range(200)]
print(model.state_dict())
print("%.5f -> %.5f" % (losses[0], losses[-1]))
fig, ax = plt.subplots(1, 2, figsize=(10, 4))
ax[0].plot(losses, label="train"); ax[0].set_yscale("log"); ax[0].legend()
ax[1].scatter(x_val, y_val); ax[1].set_xlabel("x"); ax[1].set_title("fit")
fig.tight_layout()
plt.close(fig)

print(np.array2string(np.linspace(0, 1, 5), precision=2))
print(np.percentile(losses, [25, 50, 75]).round(3))
grid = np.meshgrid(np.arange(3), np.arange(2))
print(grid[0], grid[1].shape)
print(np.where(x_val > 0.5)[0][:5], np.argsort(x_val[:, 0])[:3])
m = np.arange(12).reshape(3, 4)
print(m.T, m.sum(axis=0), m.mean(1), m[m > 5], sep="\n")
print(np.einsum("ij,kj->ik", m, m))
print(np.unique([1, 2, 2, 3], return_counts=True), np.eye(2), np.concatenate([m, m[:1]], axis=0).shape)
print(m.astype(np.float32) / 3)
print(repr(np.float64(0.5)), np.float32(1.5), np.int64(3), np.bool_(True), [np.float64(1.0)])
np.set_printoptions(precision=3, suppress=True)
print(np.array([1e-10, 1.23456, 1000.5]))
