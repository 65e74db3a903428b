"""Names that PyTorch has not and gradsh's own classes have are a program's to use in classes derived from them."""

import torch
from torch.optim import *
from torch.optim.lr_scheduler import *
from torch.utils.data import *

w = torch.nn.Parameter(torch.ones(2))


class A(SGD):
    order = 5

    def __init__(self, p, lr):
        super().__init__(p, lr=lr, momentum=0.9)
        self.known = 3
        self.update = self.upd
        self.seen = []
        self.called = 7

    def upd(self):
        return "upd"

    def take(self):
        return "taken"

    def one(self, a):
        return a + 1

    @property
    def numbers(self):
        return [1]

    def step(self, closure=None):
        self.seen.append(self.known)
        self.known += 1
        return super().step(closure)


o = A([w], 0.1)
for i in range(3):
    w.grad = torch.ones(2)
    o.step()
print(
    w,
    o.known,
    o.update(),
    o.take(),
    o.one(3),
    o.seen,
    o.numbers,
    o.order,
    A.order,
    o.called,
    hasattr(o, "scratch"),
    hasattr(o, "validate"),
)


class B(DataLoader):
    def batch(self, i):
        return "b"

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.streams = 4


l = B(TensorDataset(torch.arange(4.0)), batch_size=2)
print(list(l), l.batch(1), l.streams)


class S(StepLR):
    def rule(self):
        return "r"

    hidden = 1

    def times(self, x):
        return x


s = S(SGD([w], lr=1.0), 1)
s.optimizer.step()
s.step()
print(s.get_last_lr(), s.rule(), s.hidden, s.times(2), sorted(s.state_dict()))


class D(Dataset):
    def __init__(self):
        self.n = 5

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        raise IndexError

    def __getitems__(self, ii):
        print("items", ii)
        return [i * 10 for i in ii]


print([b.tolist() for b in DataLoader(D(), 2)])


class O(Optimizer):
    def __init__(self, p, lr):
        super().__init__(p, dict(lr=lr))
        self.scratch = "mine"
        self.validate = True

    def option(self, k):
        return self.param_groups[0][k]

    def step(self, closure=None):
        for g in self.param_groups:
            for p in g["params"]:
                p.data.add_(p.grad, alpha=-g["lr"])


o = O([w], 0.5)
o.step()
print(o.option("lr"), w, o.scratch, o.validate)
o.zero_grad()
print(w.grad)


class L(LRScheduler):
    def get_lr(self):
        return self.times()

    def times(self):
        return [b * 0.5 for b in self.base_lrs]

    def closed(self):
        return "c"


q = L(o)
print(q.get_last_lr(), q.closed())
