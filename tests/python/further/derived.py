"""Classes that derive from PyTorch's own optimisers, schedulers, data sets, samplers and loaders."""

import copy
import math

import torch
from torch import nn, optim
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import *
from torch.utils.data import *


def tr(f):
    try:
        print(f())
    except BaseException as e:
        print(type(e).__name__, e)


torch.manual_seed(0)


class Clipped(Adam):
    """Adam, clipped."""

    kind = "clip"

    def __init__(self, params, lr=0.01, clip=0.5, **kw):
        self.clip = clip
        self.norms = []
        super().__init__(params, lr=lr, **kw)

    def step(self, closure=None):
        n = nn.utils.clip_grad_norm_([p for g in self.param_groups for p in g["params"]], self.clip)
        self.norms.append(n.item())
        return super().step(closure)


net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
x, y = (torch.randn(20, 3), torch.randn(20, 1))
opt = Clipped(net.parameters(), weight_decay=0.01)
s = CosineAnnealingLR(opt, 10)
for i in range(30):
    opt.zero_grad()
    loss = ((net(x) - y) ** 2).mean()
    loss.backward()
    opt.step()
    s.step()
print(f"{loss.item():.5f} {opt.norms[0]:.5f} {len(opt.norms)} {s.get_last_lr()[0]:.6f}")
print(
    isinstance(opt, Adam),
    isinstance(opt, Optimizer),
    issubclass(Clipped, Optimizer),
    issubclass(Clipped, SGD),
    type(opt).__name__,
    type(opt),
    Clipped.__mro__[0].__name__,
    Clipped.__bases__[0].__name__,
    Clipped.kind,
    Clipped.__doc__,
)
print(list(opt.state_dict()["state"][0]), opt.state_dict()["param_groups"][0]["lr"])
o2 = Clipped(net.parameters())
o2.load_state_dict(opt.state_dict())
print(o2.state[net[0].weight]["step"], o2.param_groups[0]["weight_decay"])
tr(lambda: Clipped([]))
tr(lambda: Clipped(net.parameters(), lr=-1.0))
tr(lambda: Clipped(net.parameters(), foo=1))
tr(lambda: Clipped())


class Sign(SGD):
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                st.setdefault("n", 0)
                st["n"] += 1
                p.add_(p.grad.sign(), alpha=-g["lr"])
        return loss


w = nn.Parameter(torch.tensor([1.0, -2.0]))
so = Sign([w], lr=0.1, momentum=0.9)


def closure():
    so.zero_grad()
    l = (w**2).sum()
    l.backward()
    return l


print([so.step(closure).item() for _ in range(4)], w, so.state[w], so)


class Plain(SGD):
    def step(self, closure=None):
        SGD.step(self, closure)
        print("stepped")


po = Plain([{"params": [w], "lr": 1.0}], lr=0.5)
w.grad = torch.ones(2)
po.step()
po.add_param_group({"params": [nn.Parameter(torch.ones(1))]})
print(len(po.param_groups), po.param_groups[1]["lr"], w)


class Old(optim.Adagrad):
    def __init__(self, params, lr):
        optim.Adagrad.__init__(self, params, lr=lr)


oo = Old([w], 0.1)
oo.step()
print(w)


class LB(optim.LBFGS):
    pass


lb = LB([w], max_iter=3)


def c2():
    lb.zero_grad()
    l = ((w - 3) ** 2).sum()
    l.backward()
    return l


print(lb.step(c2).item(), w)


class WarmupCosineSchedule(LambdaLR):
    def __init__(self, optimizer, warmup_steps, t_total, cycles=0.5, last_epoch=-1):
        self.warmup_steps = warmup_steps
        self.t_total = t_total
        self.cycles = cycles
        super().__init__(optimizer, self.lr_lambda, last_epoch=last_epoch)

    def lr_lambda(self, step):
        if step < self.warmup_steps:
            return float(step) / float(max(1.0, self.warmup_steps))
        progress = float(step - self.warmup_steps) / float(max(1, self.t_total - self.warmup_steps))
        return max(0.0, 0.5 * (1.0 + math.cos(math.pi * float(self.cycles) * 2.0 * progress)))


o = SGD([w], lr=1.0)
s = WarmupCosineSchedule(o, 3, 12)
r = []
for i in range(30):
    w.grad = torch.ones(2)
    o.step()
    s.step()
    r.append(round(s.get_last_lr()[0], 4))
print(
    r, isinstance(s, LRScheduler), isinstance(s, LambdaLR), sorted(k for k in s.state_dict() if not k.startswith("_"))
)


class Floor(StepLR):
    def get_lr(self):
        return [max(v, 0.3) for v in super().get_lr()]


s = Floor(SGD([w], lr=1.0), 1, 0.5)
for i in range(3):
    s.optimizer.step()
    s.step()
print(s.get_last_lr(), s.gamma, s.last_epoch, s.base_lrs)


class Plat(ReduceLROnPlateau):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.hist = []

    def step(self, m, epoch=None):
        self.hist.append(m)
        super().step(m)


p = Plat(SGD([w], lr=1.0), "min", factor=0.5, patience=1)
for v in (1.0, 1.0, 1.0, 0.5):
    p.step(v)
print(p.optimizer.param_groups[0]["lr"], p.hist, p.best)


class Labelled(TensorDataset):
    def __init__(self, *t, name="n"):
        super().__init__(*t)
        self.name = name

    def __getitem__(self, i):
        a, b = super().__getitem__(i)
        return (a + 1, {"y": b, "name": self.name})


ds = Labelled(torch.arange(6.0).view(3, 2), torch.arange(3), name="q")
for b in DataLoader(ds, 2):
    print(b)
print(
    len(ds),
    isinstance(ds, Dataset),
    isinstance(ds, TensorDataset),
    ds.tensors[1],
    [len(q) for q in random_split(ds, [2, 1])],
)


class Tr(Subset):
    def __init__(self, d, i, f):
        super().__init__(d, i)
        self.f = f

    def __getitem__(self, i):
        return self.f(self.dataset[self.indices[i]][0])

    def __getitems__(self, ii):
        return [self[i] for i in ii]


print(list(DataLoader(Tr(ds, [0, 2], lambda v: v * 10), 2)), len(Tr(ds, [1], str)))


class Inf(DataLoader):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.it = iter(self)

    def next(self):
        try:
            return next(self.it)
        except StopIteration:
            self.it = iter(self)
            return next(self.it)


l = Inf(TensorDataset(torch.arange(4.0)), batch_size=2, shuffle=True)
print([l.next()[0].tolist() for _ in range(3)], len(l), l.batch_size, isinstance(l, DataLoader))


class Rep(BatchSampler):
    def __init__(self, s, n):
        super().__init__(s, n, False)

    def __iter__(self):
        for b in super().__iter__():
            yield b
            yield b

    def __len__(self):
        return 2 * super().__len__()


print([v.tolist() for v in DataLoader(range(4), batch_sampler=Rep(SequentialSampler(range(4)), 3))])


class Bal(WeightedRandomSampler):
    def __init__(self, labels):
        c = torch.bincount(labels)
        super().__init__((1.0 / c[labels]).tolist(), len(labels))


torch.manual_seed(3)
b = Bal(torch.tensor([0, 0, 0, 1]))
print(list(b), len(b), b.num_samples, b.replacement)


class Cc(ConcatDataset):
    def __getitem__(self, i):
        return tuple(d[i] for d in self.datasets)

    def __len__(self):
        return min(len(d) for d in self.datasets)


print(list(DataLoader(Cc([range(3), [7, 8]]), 2)))


class Mixin:
    def hello(self):
        return "hello " + type(self).__name__


class M(Mixin, SGD):
    pass


print(M([w], lr=0.1).hello())
c = copy.deepcopy(ds)
print(c.name, c[0])
from abc import ABC, abstractmethod


class Base(SGD, ABC):
    @abstractmethod
    def go(self): ...


tr(lambda: Base([w], lr=0.1))
