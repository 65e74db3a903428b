"""Neural network from scratch in NumPy, then checked with PyTorch's gradients."""
import numpy as np
import torch

rng = np.random.RandomState(42)
X = rng.randn(20, 3)
Y = (X.sum(axis=1, keepdims=True) > 0).astype(float)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


class Dense:
    def __init__(self, n_in, n_out):
        self.W = rng.normal(scale=1 / np.sqrt(n_in), size=(n_in, n_out))
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0, keepdims=True)
        return g @ self.W.T


class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out

    def backward(self, g):
        return g * (1 - self.out ** 2)


layers = [Dense(3, 4), Tanh(), Dense(4, 1)]
losses = []
for epoch in range(50):
    h = X
    for l in layers:
        h = l.forward(h)
    p = sigmoid(h)
    loss = -np.mean(Y * np.log(p + 1e-12) + (1 - Y) * np.log(1 - p + 1e-12))
    g = (p - Y) / len(X)
    for l in reversed(layers):
        g = l.backward(g)
    if epoch == 0:
        first = [(l.dW.copy(), l.W.copy()) for l in layers if isinstance(l, Dense)]
        b0 = [l.b.copy() for l in layers if isinstance(l, Dense)]
    for l in layers:
        if hasattr(l, "W"):
            l.W -= 1.0 * l.dW
            l.b -= 1.0 * l.db
    losses.append(loss)
print("%.6f -> %.6f" % (losses[0], losses[-1]), "acc", np.mean((p > 0.5) == Y))
tW = [torch.tensor(w, requires_grad=True) for _, w in first]
tX, tY = torch.from_numpy(X), torch.from_numpy(Y)
h = torch.tanh(tX @ tW[0] + torch.from_numpy(b0[0])) @ tW[1] + torch.from_numpy(b0[1])
torch.nn.functional.binary_cross_entropy_with_logits(h, tY).backward()
for (dW, _), t in zip(first, tW):
    print(np.allclose(dW, t.grad.numpy()), np.abs(dW).max().round(5), t.grad.dtype)
np.random.seed(3)
a = np.random.randint(0, 10, (3, 4))
print(a, a.max(axis=0), a.argmax(1), np.unique(a), np.where(a > 5)[0], sep="\n")
print(np.random.choice(5, 3, replace=False), np.random.permutation(5), np.random.uniform(size=2).round(4), np.random.rand(2, 2).round(3))
print(np.eye(3)[np.array([0, 2, 1])], np.dot([1, 2], [3, 4]), np.linalg.inv(np.array([[2., 0], [0, 4]])))
print(np.concatenate([a, a], axis=1).shape, np.stack([a, a]).shape, np.expand_dims(a, 0).shape, a.reshape(-1)[:3], a.T.shape, a.ravel().tolist()[:2])
print(np.percentile(a, 50), np.cumsum([1, 2, 3]), np.clip([-1, 0.5, 2], 0, 1), np.sqrt([4, 9]), np.linspace(0, 1, 3), np.log1p(0.5))
print(f"{np.pi:.4f} {np.float32(1.5)} {np.float64(2.5)!r} {np.int64(3)} {np.array([1.5, 2.25])} {np.mean([1, 2])}", np.isnan(np.nan), np.inf)
x = np.arange(6).reshape(2, 3)
x[0, 1] = 9
print(x, x.dtype, x[:, ::-1], x[x % 2 == 0], (x > 2).sum(), x.std(), np.tile([1, 2], 2), np.repeat([1, 2], 2))
