"""Loops of Python programs, of what training scripts are made of; with those that a plan could be wrong about."""

from __future__ import annotations

HEAD = """\
import torch
import torch.nn as nn
import torch.nn.functional as F
torch.manual_seed(0)
X = torch.randn(12, 3); Y = X.sum(1, keepdim=True)
"""
NET = """\
class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.inner = nn.Linear(n, n)
        self.calls = 0
    def forward(self, x):
        self.calls += 1
        return torch.tanh(self.inner(x)) + x
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(3) for _ in range(2)])
        self.head, self.drop = nn.Linear(3, 1), nn.Dropout(0.1)
    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.drop(F.relu(x)))
net = Net()
"""
# Each has a plan for its loops, and comes to the same with it and without.
PLANNED = {
    "a class with forward": NET
    + """\
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
criterion = nn.MSELoss()
losses = []
for epoch in range(30):
    optimizer.zero_grad()
    loss = criterion(net(X), Y)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if epoch % 10 == 9:
        print(f"Epoch {epoch + 1:3d}, loss {loss.item():.4f}", net.blocks[0].calls)
    elif epoch == 4:
        print("epoch", epoch, loss, sep=": ", end=".\\n")
print(losses, net.blocks[1].calls, net.head.weight)
""",
    "with no_grad": """\
w = torch.zeros(3, 1, requires_grad=True); b = torch.zeros(1, requires_grad=True)
@torch.no_grad()
def error():
    return (X @ w + b - Y).abs().max().item()
for i in range(30):
    loss = ((X @ w + b - Y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad = None
    worst = error()
print(w, b, worst, loss)
""",
    "classes": """\
class Base:
    kind = "base"
    def __init__(self, lr):
        self.lr, self.steps = lr, 0
    def scale(self, x):
        return x * self.lr
    @property
    def rate(self):
        return self.lr * 2
    @staticmethod
    def twice(x):
        return 2 * x
    @classmethod
    def made(cls, x):
        return cls(x)
class Descent(Base):
    def __init__(self, params, lr):
        super().__init__(lr)
        self.params = list(params)
    def __call__(self):
        self.steps += 1
        with torch.no_grad():
            for p in self.params:
                p -= self.scale(p.grad) * self.rate + self.twice(0.0)
                p.grad.zero_()
w = torch.zeros(3, 1, requires_grad=True)
step = Descent([w], 0.2)
for i in range(30):
    other = Base.made(0.5)
    loss = ((X @ w - Y) ** 2).mean() * other.rate * isinstance(step, Base)
    loss.backward()
    step()
print(w, step.steps, loss, type(other) is Base, other.lr)
""",
}
PLANNED["items"] = """\
from torch.utils.data import DataLoader, TensorDataset
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
loader = DataLoader(TensorDataset(X, Y), batch_size=1, shuffle=True)
for part in "abc":
    running = 0.0
    for i, (x, y) in enumerate(loader):
        opt.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        opt.step()
        running += loss.item()
    print(part, i, running, x, y)
print(torch.randn(1))
s, t = torch.zeros(3), 0.0
for row in X:
    s = s * 0.9 + row
for a, b in zip([float(k) for k in range(12)], X):
    t = t * 0.5 + a + b[1].item()
for k, v in enumerate([X[j % 3] * j for j in range(9)]):
    s += v * k
    if k == 5:
        print(k, v, s)
for a, (b, c) in zip(X, [(1, "x"), (2, "y"), (3, "z")] * 3):
    t += a[0].item() * b
print(s, row, t, a, b, k, v, c)
"""
PLANNED["comprehensions"] = """\
w = torch.zeros(3, requires_grad=True)
z, rates = 7, [0.1, 0.2, 0.3]
def run(n):
    total = 0.0
    for i in range(n):
        rows = [x * i for x in rates]
        scaled = lambda q: q * 2 if q > 3 else q + i
        total += sum(rows) + sum(a * b for a, b in zip(rows, rates)) + scaled(i)
    return total
for i in range(30):
    loss = sum([(X[j] * w).sum() ** 2 - X[j].sum() * w.sum() for j in range(5)])
    loss.backward()
    with torch.no_grad():
        for p in [w]:
            p -= 0.01 * p.grad
            p.grad = None
    parts = {name: value for name, value in zip("ab", [loss.item(), i])}
print(run(20), w, z, parts)
"""
# A plan would be wrong about these, or cannot be made.
OTHERS = {
    "what a class says of its names": """\
class A:
    k: int = 3
    def f(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.k * 0.2
a, t = A(), torch.ones(2)
for i in range(20):
    t = a.f(t) + 1
    n = A.__annotations__
print(t, n, n["k"] is int)
""",
    "words that are keys": """\
words = {}
for word in "a fine warm film warm and funny fine acting and a fine end".split():
    words.setdefault(word, len(words) + 1)
pairs = {}
for pair in zip("abcabcabcabc", "bcabcabcabca"):
    pairs[pair] = pairs.get(pair, 0) + 1
seen = set()
for word, n in zip("abcabcabcabc", range(12)):
    seen.add(word)
print(words, pairs, sorted(seen))
""",
    "a class that counts": """\
class Counted:
    n = 0
    def __init__(self):
        Counted.n += 1
for i in range(30):
    c = Counted()
print(Counted.n)
""",
    "a global that a method reads": NET
    + """\
SCALE = 1.0
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 1)
    def forward(self, x):
        return self.inner(x) * SCALE
net = Scaled()
for epoch in range(3):
    for i in range(20):
        loss = (net(X) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= 0.01 * p.grad
                p.grad = None
    SCALE = SCALE / 2
print(loss, net.inner.weight)
""",
    "a list that is gone over and changed": """\
xs = [1.0] * 9
n = 0
for x in xs:
    n += x
    if n == 7:
        xs.append(5.0)
ts = [torch.ones(2) * k for k in range(12)]
for k, t in enumerate(ts):
    t += 1
    ts[min(k + 1, 11)] = t * 2
total = torch.zeros(2)
for k, t in enumerate(ts):
    total += t
    if k == 8:
        ts[9] = ts[9] * 0
    if t is ts[3]:
        print("it", k)
print(n, len(xs), ts, total)
""",
    "generators": """\
def items():
    t = 0
    for i in range(20):
        t += i
        yield t
seen = []
for x in items():
    seen.append(x)
def tree(n):
    for k in range(n):
        yield k
        yield from tree(k)
print(sum(items()), seen, list(tree(4)))
for i in range(20):
    class Local:
        n = i
    def f():
        return Local.n
    seen[0] = f()
print(seen)
""",
    "a method that is another": """\
class A:
    def f(self, x):
        return x * 2
a = A()
t = torch.ones(2)
def g(self, x):
    return x * 0.25
for k in range(2):
    for i in range(20):
        t = a.f(t) - 0.5 * t
        if t.sum() > 1000:
            t = t / 1000
    A.f = g
print(t)
""",
}
