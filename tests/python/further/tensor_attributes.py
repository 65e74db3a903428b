"""What a program puts on tensors of its own, as gradients by hand are kept, and modules that await others."""

import copy
import sys

import torch
from torch import nn

torch.manual_seed(0)


def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)


class Lin:
    def __init__(self, w, b):
        self.w, self.b = w, b

    def __call__(self, inp):
        self.inp = inp
        self.out = inp @ self.w + self.b
        return self.out

    def backward(self):
        lin_grad(self.inp, self.out, self.w, self.b)


x = torch.ones(3)
x.tag = "first"
x.note = {"a": [1, 2]}
print(x.tag, x.note, hasattr(x, "tag"), getattr(x, "other", "no"), "note" in dir(x))
x.tag += "!"
print(x.tag)
del x.tag
print(hasattr(x, "tag"))
try:
    x.tag
except AttributeError as error:
    print(error)
for name in ("name", "shape", "is_leaf", "dtype", "grad_fn", "ndim", "device", "T"):
    try:
        setattr(x, name, 1)
    except AttributeError as error:
        print(error)
y = x * 2
print(hasattr(y, "note"), hasattr(x[1:], "note"))
x.mul_(2)
print(x.note, x)
z = copy.deepcopy(x)
z.note["a"].append(3)
print(x.note, z.note)

p = nn.Parameter(torch.ones(2))
p.shared = True
p.shown = lambda t: t + 1
print(p.shared, p.shown(1), hasattr(copy.deepcopy(p), "shared"))
net = nn.Linear(2, 2)
for name, parameter in net.named_parameters():
    parameter.label = name
print([parameter.label for parameter in net.parameters()])

# loops, which must not run by what was recorded of one
w1, b1 = torch.randn(4, 3), torch.zeros(3)
xs = torch.randn(5, 4)
total = 0.0
for _ in range(200):
    out = xs @ w1 + b1
    out.g = 2 * out / 5
    lin_grad(xs, out, w1, b1)
    w1 -= 0.01 * w1.g
    b1 -= 0.01 * b1.g
    total += out.pow(2).sum().item()
print(f"{total:.3f} {w1.g.abs().sum():.4f}", hasattr(out, "g"))
layer = Lin(w1, b1)
for _ in range(100):
    loss = layer(xs)
    loss.g = loss / 5
    layer.backward()
    layer.w -= 0.05 * layer.w.g
print(f"{layer.w.abs().sum():.4f} {xs.g.abs().sum():.4f}")
kept = []
for i in range(100):
    t = torch.full((2,), float(i))
    t.step = i
    kept.append(t)
print([t.step for t in kept[::25]])


def counted(a):
    a.count = getattr(a, "count", 0) + 1
    return a.sum()


a, s = torch.ones(3), 0
for _ in range(300):
    s += counted(a)
print(a.count, s)


def totalled(a):
    a.total = a.sum()
    return a * 2


pairs = []
for i in range(300):
    a = torch.full((3,), float(i))
    pairs.append((a, totalled(a)))
print(all(hasattr(a, "total") and a.total == a.sum() for a, _ in pairs))
several, w = [torch.full((3,), float(i)) for i in range(300)], torch.zeros(3)
for t in several:
    w = w + t * 0.5
    t.half = t * 0.5  # hides the method
print(w, all(torch.equal(t.half * 2, t) for t in several))
rows = []
for row in torch.arange(600.0).reshape(200, 3):
    row.label = row.sum().item()
    rows.append(row)
print(sum(row.label for row in rows))


def named(x):
    y = x.sin()
    y.kind = "sin"
    return y


print(all(y.kind == "sin" for y in [named(torch.ones(2) * i) for i in range(300)]))
x, acc = torch.ones(3), 0.0
for i in range(300):
    if i % 50 == 7:
        x.seen = getattr(x, "seen", 0) + 1
    acc = acc + x.sum() * i
print(x.seen, acc)
x = torch.ones(3)
for i in range(300):
    if x.sum() * i == 600:
        x.seen = i
    acc = acc + x.sum() * i
print(x.seen, acc)

# modules under keys and numbers, which come later
d = nn.ModuleDict({"a": None, "b": nn.Linear(1, 2)})
print(d, len(d), list(d), d["a"], [name for name, _ in d.named_modules()], list(d.state_dict()))
d["a"] = nn.ReLU()
d["b"] = None
print(d, list(d.parameters()), list(d._modules))
d.apply(lambda module: print(type(module).__name__))
layers = nn.ModuleList([None, nn.Linear(2, 1)])
layers.insert(0, None)
layers.append(None)
print(layers, len(layers), list(layers.children()))
layers[1] = nn.Tanh()
print(layers, layers.to(torch.float64)[2].weight.dtype)
s = nn.Sequential(nn.ReLU(), None)
print(s)
try:
    s(torch.ones(1))
except TypeError as error:
    print(error)
for make in (nn.ModuleList, nn.Sequential):
    try:
        make([3]) if make is nn.ModuleList else make(3)
    except TypeError as error:
        print(error)
print(str(sys.version_info).partition("(")[0], str(sys.version_info)[:25])
