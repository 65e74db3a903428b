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
PLANNED["gradients of several batches"] = """\
from torch.utils.data import DataLoader, TensorDataset
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
loader = DataLoader(TensorDataset(X.repeat(8, 1), Y.repeat(8, 1)), batch_size=2, shuffle=True)
accumulation_steps, running = 4, 0.0
optimizer.zero_grad()
for step, (x, y) in enumerate(loader):
    loss = F.mse_loss(model(x), y) / accumulation_steps
    loss.backward()
    running += loss.item()
    if (step + 1) % accumulation_steps == 0:
        optimizer.step()
        optimizer.zero_grad()
    if step % 8 == 7:
        print(f"step {step + 1}: {running:.4f}")
        running = 0.0
print(loss, list(model.parameters()))
"""
PLANNED["modules of Python's"] = """\
import math, random, time
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
random.seed(3)
losses, noise, waited = [], [], 0.0
for i in range(40):
    start = time.perf_counter()
    for group in optimizer.param_groups:
        group["lr"] = 0.05 * (1 + math.cos(math.pi * i / 40))
    k = random.random() + random.randint(1, i + 2)
    optimizer.zero_grad()
    loss = F.mse_loss(model(X) * k, Y)
    loss.backward()
    optimizer.step()
    losses.append(math.log(loss.item()))
    noise.append(random.gauss(0, math.sqrt(i)))
    waited += time.perf_counter() - start
print(loss, losses, noise, k, random.random(), random.gauss(0, 1), waited > 0)
waited = start = 0.0
for part in "abcde":
    for i in range(9):
        X = X * math.exp(-0.1 * i) + random.uniform(0, 2)
    print(X, random.random())
"""
PLANNED["evaluation each n-th iteration"] = """\
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1))
optimizer = torch.optim.Adam(model.parameters())
seen, kept = [], []
for i in range(40):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(X), Y)
    loss.backward()
    optimizer.step()
    with torch.inference_mode():
        now = loss * 2
    kept.append(now)
    if i % 5 == 4:
        model.eval()
        with torch.inference_mode():
            error = F.mse_loss(model(X), Y)
        seen.append(error.item())
print(seen, error, error.is_inference(), [each.is_inference() for each in kept])
"""
PLANNED["errors that may be caught"] = """\
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
caught = 0
for i in range(40):
    try:
        optimizer.zero_grad()
        loss = F.mse_loss(model(X), Y)
        loss.backward()
        if i == 25:
            raise ValueError("far")
        optimizer.step()
        assert loss.item() < 100, "too large"
    except (RuntimeError, ValueError) as error:
        print("caught", error, i, loss)
        caught += 1
        continue
    finally:
        last = i
    match i % 2, caught:
        case 0, n:
            caught = n
        case _:
            pass
print(loss, caught, last, model.weight)
for i in range(40):
    try:
        X = X * (1 + 1 / (30 - i))
    except ZeroDivisionError:
        print(i)
        break
print(X)
"""
PLANNED["queues"] = """\
from collections import deque
w = torch.ones(3)
recent, seen, none, kept = deque(maxlen=4), deque([1, 2]), deque(maxlen=0), deque(maxlen=3)
for i in range(60):
    w = w * 0.99 + 0.001 * i
    recent.append(w.sum().item()); recent.append(i); seen.append((i, w[0].item())); none.append(i)
    kept.append(w.clone())
    if i % 40 == 39:
        print(sum(recent) / len(recent), len(seen))
print(w, recent, seen, none, kept)
for part in "abcd":
    for i in range(20):
        w = w + 0.1
        recent.append(w.sum().item())
    print(recent.popleft(), recent)
    recent = deque(recent, maxlen=3)
"""
PLANNED["names of functions that give another number each time"] = """\
import random
from time import time, perf_counter as tick
from random import random as drawn, uniform, randint, gauss
random.seed(3)
w, draw, losses = torch.ones(3), drawn, []
for k in "abcd":
    for i in range(30):
        t = time()
        w = w * (0.9 + 0.1 * drawn()) + uniform(0, 0.1) + randint(0, 3) + gauss(0, 1) * 0.1 + draw()
        losses.append(drawn())
        waited = tick() - t
    print(w, random.random(), losses[-3:])
    if k == "b":
        draw = random.random
    if k == "c":
        random.seed(1)
t = waited = 0.0
class Drawing:
    def __init__(self):
        self.clock, self.draw, self.t = time, drawn, 0.0
    def step(self):
        self.t += self.draw()
        self.now = self.clock()
a = Drawing()
for i in range(40):
    a.step()
a.now = n = 0
def both(clock=time, draw=drawn):
    return draw() + (clock() > 5)
for i in range(40):
    n += draw()
print(a.t, n)
"""
PLANNED["true or not"] = """\
n = 0
for i in range(40):
    flag = i % 3 == 0
    match flag:
        case True:
            n += 1
        case False:
            n += 10
    match i:
        case True:
            n += 100
        case None:
            n += 1000
        case False:
            n += 5
print(n)
"""
PLANNED["the best so far"] = """\
import copy
from copy import deepcopy
from collections import OrderedDict
class Stop:
    def __init__(self, patience):
        self.patience, self.bad, self.best = patience, 0, None
    def __call__(self, now):
        if self.best is None or now < self.best - 1e-4:
            self.best, self.bad = now, 0
        else:
            self.bad += 1
        return self.bad >= self.patience
def train(way):
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 2), nn.Linear(2, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    best, best_epoch, state, whole, bad, stop = float("inf"), -1, None, None, 0, Stop(8)
    for epoch in range(60):
        optimizer.zero_grad()
        loss = F.mse_loss(model(X), Y)
        loss.backward()
        optimizer.step()
        now = loss.item()
        if now < best:
            best, best_epoch, bad = now, epoch, 0
            if way == 0:
                state = copy.deepcopy(model.state_dict())
            elif way == 1:
                state = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}
            elif way == 2:
                whole = deepcopy(model)
            elif way == 3:
                state = OrderedDict((k, v.clone()) for k, v in model.state_dict().items())
            elif way == 4:
                state = {"epoch": epoch, "model": deepcopy(model.state_dict()), "loss": now}
            else:
                state = [p.detach().clone() for p in model.parameters()], [p for p in model.parameters()]
        else:
            bad += 1
            if bad == 30:
                print("stop", epoch)
                break
        if stop(now):
            print("enough", epoch, stop.best)
            break
    print(best, best_epoch, state, loss, bad, stop.bad)
    if whole is not None:
        print(list(whole.parameters()), list(whole.buffers()), whole(X).sum())
    if way == 0:
        model.load_state_dict(state)
        print(model[0].running_mean, model[2].bias)
train(0); train(1); train(2); train(3); train(4); train(5)
"""
PLANNED["lists of numbers that are read"] = """\
from collections import deque
net = nn.Linear(3, 1); opt = torch.optim.SGD(net.parameters(), lr=0.02)
losses, means, recent, n, best, small = [], [], deque(maxlen=5), 0, 0, deque([1.0])
def step():
    opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean(); loss.backward(); opt.step()
    return loss.item()
for i in range(40):
    losses.append(step())
    avg = sum(losses) / len(losses)
    means.append(avg)
print(avg, means[-2:])
for i in range(40):
    losses.append(step())
    if len(losses) > 1 and losses[-1] < losses[-2]:
        n += 1
print(n, losses[-1])
for i in range(40):
    losses.append(step())
    avg = sum(losses[-10:]) / len(losses[-10:])
    if losses[-1] <= min(losses): best += 1
    high = max(losses[:5])
print(avg, best, high)
for part in "abc":
    for i in range(20):
        recent.append(step())
        avg = sum(recent) / len(recent)
        last = recent[-1] - recent[0] if recent else 0.0
        if len(recent) == 5 and max(recent) - min(recent) < 1e-9: break
    print(avg, last, recent)
    if part == "a": recent = deque(recent, maxlen=3)
    if part == "b": recent.append(7)
for i in range(30):
    small.append(i); k = small[i // 2]; n += k
print(n, k, small)
xs = [1, 2.5]
for i in range(30):
    xs.append(i if i < 12 else i * 0.5)
    n += xs[-1]
    t = sum(xs)
print(n, t)
for i in range(30):
    xs.append(i)
    k = xs[-30 + i]
print(k)
ys = [0.0]
for i in range(30):
    ys.append(ys[-1] * 0.5 + i)
    if ys[-1] > 40: print("far", i, ys[-1])
print(ys)
class Meter:
    def __init__(self): self.values = []
    def add(self, v): self.values.append(v)
    @property
    def avg(self): return sum(self.values) / len(self.values) if self.values else 0.0
m = Meter()
for i in range(40):
    m.add(step()); a = m.avg
print(a)
"""
PLANNED["numbers that are made of losses"] = """\
import math
net = nn.Linear(3, 1); opt = torch.optim.SGD(net.parameters(), lr=0.02)
total, k, n, losses = 0.0, 0.5, 0, []
for i in range(40):
    opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean(); loss.backward(); opt.step()
    total += float(loss)
for i in range(40):
    opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean(); loss.backward(); opt.step()
    losses.append(math.log(loss)); n += int(loss * 10)
    k = math.sqrt(abs(k) + i) * abs(-0.5)
    if bool(loss > 1e-3): n += 1
print(total, k, n, losses, loss)
for i in range(40):
    v = math.exp(-loss); w = abs(X).sum() * abs(k - i)
    k = abs(k - i) + math.isnan(loss)
print(v, w, k)
"""
PLANNED["averages of weights"] = """\
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
model = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
mean, ema = AveragedModel(model), AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=True)
other = AveragedModel(model, avg_fn=lambda old, new, count: 0.5 * old + 0.5 * new / (1 + 1 / (count + 1)))
for i in range(40):
    optimizer.zero_grad()
    loss = F.mse_loss(model(X), Y)
    loss.backward()
    optimizer.step()
    ema.update_parameters(model)
    other.update_parameters(model)
    if i >= 0 and i % 2 == 1:
        mean.update_parameters(model)
for each in (mean, ema, other):
    print(each.n_averaged, list(each.parameters()), list(each.buffers()), each.module[1].weight._version)
"""
SETS = """\
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset
class Rows(Dataset):
    scale = 1.0
    def __init__(self, x, y):
        self.x, self.y, self.count = x, y, 0
    def __len__(self):
        return len(self.x)
    def __getitem__(self, at):
        x = self.x[at] * 2.0
        return x, self.y[at]
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
def train(loader, epochs=3):
    total = 0.0
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
    print(total, loss, x, y, model.weight, torch.randn(1))
"""
PLANNED["data sets of its own"] = (
    SETS
    + """\
class Named(Rows):
    def __getitem__(self, at):
        return {"x": self.x[at], "y": self.y[at], "at": at}
for i, (x, y) in enumerate(DataLoader(Rows(X, Y), batch_size=1, shuffle=True)):
    loss = F.mse_loss(model(x), y)
    loss.backward()
    if i % 2 == 1:
        optimizer.step(); optimizer.zero_grad()
print(loss, x, y, model.weight)
for item in DataLoader(Subset(Named(X, Y), range(11)), batch_size=1):
    optimizer.zero_grad()
    loss = F.mse_loss(model(item["x"]), item["y"])
    loss.backward(); optimizer.step()
print(loss, item)
for x, y in DataLoader(list(zip(X, Y)), batch_size=1, shuffle=True):
    model.weight.data.add_(x.mean() * 0.1 + y.mean())
print(model.weight, torch.randn(1))
"""
)
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
    "lists that are read, of more than numbers": """\
from collections import deque
class Own:
    n = 0
    def asked(self, function):
        return 7
    def __len__(self):
        return 3
zs, own, n, ts = ["a"], Own(), 0, []
for i in range(30):
    zs.append(i)
    k, m = zs[-1], len(zs)
for i in range(30):
    n += len(own) + sum([i, 2.0])
for i in range(30):
    ts.append(torch.ones(2) * i)
    n += len(ts) + ts[-1].sum().item()
xs = [0.5]
for i in range(30):
    xs.append(xs[-1] * i)
    if i == 20:
        xs.append("end")
    if i == 25:
        xs.clear()
        xs.append(1)
for i in range(30):
    xs.append(i)
    n += xs[1:3][1] + (i in xs) + xs.index(i)
for k in range(3):
    for i in range(20):
        xs.append(i)
        n += xs[-2]
    xs[3] = None if k else 2
q = deque([1, 2], maxlen=2)
for i in range(30):
    q.append(i)
    n += q[0] / 2
    q[0] = 1
for i in range(30):
    xs = [1, 2] if i == 11 else xs
    xs.append(i)
    n += sum(x for x in xs if x) + max(xs[-3:])
print(k, m, n, xs, zs)
""",
    "what a field has is read after all": """\
import copy
torch.manual_seed(0)
class Stop:
    def __init__(self, way):
        self.best, self.bad, self.state, self.way, self.model = None, 0, None, way, None
        self.log = {"n": 0, "last": None}
    def __call__(self, loss, net):
        if self.best is None or loss < self.best:
            self.best, self.bad = loss, 0
            if self.way == 0: self.state = copy.deepcopy(net.state_dict())
            elif self.way == 1: self.state = {k: v.clone() for k, v in net.state_dict().items()}
            elif self.way == 2: self.model = copy.deepcopy(net)
            elif self.way == 3: self.log["last"] = [p.detach().clone() for p in net.parameters()]
            elif self.way == 4:
                old = self.state
                self.state = {"loss": loss}
                self.log["last"] = old
            elif self.way == 5:
                if self.state is None: self.bad += 100
                self.state = [loss]
            elif self.way == 6:
                self.state = (self.state or [])[:1] + [loss]
        else:
            self.bad += 1
        return self.bad > 5
X = torch.randn(16, 3); Y = X.sum(1, keepdim=True)
for way in range(7):
    net = nn.Linear(3, 1)
    opt = torch.optim.SGD(net.parameters(), lr=0.05 * (1 + 6 * way / 5))
    stop = Stop(way)
    for i in range(60):
        opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean(); loss.backward(); opt.step()
        if stop(loss.item(), net):
            print("stop", i); break
    print(stop.best, stop.bad, stop.state, stop.log, stop.model and list(stop.model.parameters()), loss)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Linear(3, 1); self.last = None; self.loss = None; self.seen = None
    def forward(self, x):
        h = self.f(x)
        self.last = h
        self.seen = [h.detach(), h.shape]
        return h
net = Net(); opt = torch.optim.SGD(net.parameters(), lr=0.05)
for i in range(40):
    opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean(); loss.backward(); opt.step()
    net.loss = loss
print(net.last, net.seen, net.loss, net.last.grad_fn)
for i in range(40):
    opt.zero_grad(); loss = ((net(X) - Y) ** 2).mean() + 0.1 * net.last.sum(); loss.backward(); opt.step()
print(net.last)
w = torch.ones(3)
class Box: pass
box = Box(); box.w = None; box.first = None
for i in range(40):
    w.mul_(0.9); w = w + 1
    if i == 5: box.first = w
    box.w = [w]
print(box.first, box.w, w)
for i in range(40):
    w.mul_(0.9); w = w + 1
    if i == 5: box.first = w
    if i > 9: box.w = w
print(box.first, box.w, w, box.w is w)
""",
    "data sets that do more": SETS
    + """\
class Loud(Rows):
    def __getitem__(self, at):
        print("item", at)
        return self.x[at], self.y[at]
class Random(Rows):
    def __getitem__(self, at):
        return self.x[at] + torch.randn(3), self.y[at]
class Counting(Rows):
    def __getitem__(self, at):
        self.count += 1
        return self.x[at] * self.count, self.y[at]
class Written(Rows):
    def __getitem__(self, at):
        x = self.x[at]
        x += 1
        return x, self.y[at]
class Asked(Rows):
    @property
    def where(self):
        self.count += 1
        return self.x
    def __getitem__(self, at):
        return self.where[at], self.y[at]
class Hidden(Rows):
    def __getattr__(self, name):
        print(name)
        return self.x
    def __getitem__(self, at):
        return self.other[at], self.y[at]
class Long(Rows):
    def __len__(self):
        return 15
class Scaled(Rows):
    def __getitem__(self, at):
        return self.x[at] * self.scale, self.y[at]
for kind in (Loud, Random, Counting, Written, Asked, Hidden, Scaled, Long):
    rows = kind(X.clone(), Y.clone())
    try:
        train(DataLoader(rows, batch_size=1, shuffle=kind is not Long), 2)
    except IndexError as error:
        print("caught", error, model.weight)
    print(rows.x, rows.count)
""",
    "data sets that the body writes": SETS
    + """\
rows = Rows(X.clone(), Y.clone())
for i, (x, y) in enumerate(DataLoader(rows, batch_size=1)):
    rows.x[11] = rows.x[11] + x[0]
    model.weight.data.add_(x.mean())
print(rows.x, model.weight)
for i, (x, y) in enumerate(DataLoader(rows, batch_size=1)):
    if i == 5:
        rows.x = rows.x * 2
    model.weight.data.add_(x.mean())
print(rows.x, model.weight)
for i, (x, y) in enumerate(DataLoader(Scaled(X, Y) if 0 else rows, batch_size=None)):
    x.add_(1)
    model.weight.data.add_(x.mean())
print(rows.x, model.weight)
pairs = [[each, 1.0 * k] for k, each in enumerate(X)]
for i, (x, y) in enumerate(DataLoader(pairs, batch_size=1)):
    pairs[11][1] = pairs[11][1] + i
    model.weight.data.add_(x.mean() * y)
print(pairs, model.weight)
held = X.view(3, 12)
for i, (x, y) in enumerate(DataLoader(Rows(X, Y), batch_size=1)):
    held.mul_(0.9)
    model.weight.data.add_(x.mean() * y)
print(held, model.weight)
""",
    "what a recording raises is not caught": """\
t, n = torch.ones(2), 0
for i in range(30):
    t = t * 0.9
    try:
        d = {i: t}
        n += int(t.sum().item() * 1000) % 7
    except Exception:
        n += 100
def torn(t, i):
    try:
        return {i: 2.0}[i] * t
    finally:
        if i > 90:
            return t
for i in range(30):
    t = torn(t, i)
for i in range(30):
    flag = i % 2 == 0
    match flag:
        case True:
            t = t * 0.5
        case False:
            t = t + 1
print(t, n)
""",
    "an error in each iteration": """\
t, n = torch.ones(2), 0
for i in range(30):
    try:
        t = t * 0.9
        raise ValueError(i)
    except ValueError as e:
        n += e.args[0]
print(t, n)
""",
    "queues that are read": """\
from collections import deque
q = deque([1.0, 2.0])
t = torch.ones(2)
for i in range(30):
    q.append(t.sum().item())
    t = t * 0.9 + q.popleft()
    q.rotate(1)
print(t, q)
""",
    "the clock decides": """\
import time
t, start = torch.ones(2), time.time()
for i in range(30):
    t = t * 0.9
    if time.time() - start > 1000:
        break
times, far = [], 0
for i in range(30):
    now = time.time()
    t = t * 0.9
    times.append(time.time() - now)
    mean = sum(times) / len(times)
for i in range(30):
    now = time.time()
    t = t * 0.9
    times.append(time.time() - now)
    if sum(times[-3:]) > 1000:
        far += 1
print(mean < 100, len(times))
start = now = mean = 0.0
times = []
print(t, far)
""",
    "what a module has is set": """\
import math
t = torch.ones(2)
for k in range(5):
    for i in range(12):
        t = t * 0.9 + math.pi
    math.pi = 3
    print(t)
""",
    "a stream that begins again": """\
import random
random.seed(2)
t = torch.ones(2)
for i in range(30):
    t = t * 0.9 + random.random()
    if i % 10 == 3:
        random.seed(i)
    order = [1, 2, 3]
    random.shuffle(order)
print(t, order, random.random())
""",
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
