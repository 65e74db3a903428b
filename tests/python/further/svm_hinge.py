import torch
import torch.nn as nn
import torch.optim as optim
import numpy as np

rng = np.random.default_rng(0)
X = np.concatenate([rng.normal(-1.5, 1.0, (40, 2)), rng.normal(1.5, 1.0, (40, 2))])
Y = np.concatenate([-np.ones(40), np.ones(40)])
X = (X - X.mean(axis=0)) / X.std(axis=0)
X, Y = torch.tensor(X, dtype=torch.float32), torch.tensor(Y, dtype=torch.float32)

model = nn.Linear(2, 1)
optimizer = optim.SGD(model.parameters(), lr=0.1)
c, batchsize, N = 0.01, 20, len(Y)
model.train()
for epoch in range(5):
    perm = torch.randperm(N)
    sum_loss = 0
    for i in range(0, N, batchsize):
        x = X[perm[i:i + batchsize]]
        y = Y[perm[i:i + batchsize]]
        optimizer.zero_grad()
        output = model(x).squeeze()
        weight = model.weight.squeeze()
        loss = torch.mean(torch.clamp(1 - y * output, min=0))
        loss += c * (weight.t() @ weight) / 2.0
        loss.backward()
        optimizer.step()
        sum_loss += float(loss)
    print("Epoch: {:4d}\tloss: {:.5f}".format(epoch, sum_loss / N))
W = model.weight.squeeze().detach().cpu().numpy()
b = model.bias.squeeze().detach().cpu().numpy()
print(W, b, W.dtype, b.shape)
margin = 2 / np.linalg.norm(W)
print(f"margin={margin:.4f}")
pred = torch.sign(model(X).squeeze())
tp = ((pred == 1) & (Y == 1)).sum().item()
fp = ((pred == 1) & (Y == -1)).sum().item()
fn = ((pred == -1) & (Y == 1)).sum().item()
print("acc", (pred == Y).float().mean().item(), "precision", tp / (tp + fp), "recall", tp / (tp + fn))
delta = 0.2
xx, yy = np.meshgrid(np.arange(-1, 1, delta), np.arange(-1, 1, delta))
xy = list(map(np.ravel, [xx, yy]))
z = (W.dot(xy) + b).reshape(xx.shape)
z[np.where(z > 1.0)] = 4
z[np.where((z > 0.0) & (z <= 1.0))] = 3
z[np.where(z < 0.0)] = 1
print(z.astype(int))
