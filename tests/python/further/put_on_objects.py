"""What a program puts on PyTorch's own optimisers, schedulers, data sets and loaders, and what it puts in their place."""

import copy

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler, StepLR
from torch.utils.data import DataLoader, Subset, TensorDataset, random_split

w, v = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.zeros(1))
opt = torch.optim.SGD([w], lr=0.1, momentum=0.9)
groups = opt.param_groups
opt.param_groups = [dict(groups[0], params=[w, v], lr=0.5)]
w.grad, v.grad = torch.ones(2), torch.ones(1)
opt.step()
print(w, v, opt.state_dict())
opt.param_groups = groups
opt.zero_grad()
print(w.grad, v.grad)
opt.state = {}
print(opt.state)
other = torch.optim.Adam([v])
other.param_groups = opt.param_groups
print(other.param_groups is opt.param_groups, hasattr(other, "lr"), "lr" in dir(other))
try:
    other.step()
except KeyError as error:
    print(error)

opt.lr = 7.0
print(opt.lr, opt.param_groups[0]["lr"])
opt.step = lambda closure=None: print("my step")
opt.step()
del opt.step
for i in range(40):
    opt.count = getattr(opt, "count", 0) + 1
    w.grad = torch.ones(2) * i
    opt.state = opt.state or torch.optim.SGD([w]).state
    opt.step()
print(opt.count, w)

steps = StepLR(opt, 1, 0.5)
print(steps._last_lr, steps._step_count)
opt.step()
steps.get_lr = lambda: [7.0]
steps.step()
steps.note = "n"
print(steps.get_last_lr(), steps._last_lr, steps.note)
del steps.get_lr
steps.gamma = 0.1
steps.step()
print(steps.get_last_lr())

rows = TensorDataset(torch.arange(6.0))
rows.classes = ["a", "b"]
rows.tensors = (torch.arange(3.0),)
print(rows.classes, len(rows), rows[1], copy.copy(rows).classes)
some = Subset(rows, [0, 2])
some.indices = [1]
some.dataset.transform = str
print(len(some), some[0], rows.transform(3), copy.deepcopy(some).dataset.classes)
first, second = random_split(rows, [2, 1])
first.name = "first"
print(first.name, hasattr(second, "name"))
loader = DataLoader(rows, batch_size=2)
loader.name = "train"
loader.collate_fn = len
print(loader.name, list(loader))
for name in ("batch_size", "dataset", "drop_last", "sampler"):
    try:
        setattr(loader, name, 1)
    except ValueError as error:
        print(error)
del rows.classes
for f in (lambda: rows.classes, lambda: delattr(rows, "classes"), lambda: setattr(rows, "other", 1)):
    try:
        print(f())
    except AttributeError as error:
        print(error)
normal = torch.distributions.Normal(0.0, 1.0)
normal.tag = 1
print(normal.tag, normal)


class Halved(LRScheduler):
    def get_lr(self):
        return [base * 0.5**self.last_epoch for base in self.base_lrs]


class Closed(Halved):
    def _get_closed_form_lr(self):
        return [base + self.last_epoch for base in self.base_lrs]


for kind in (Halved, Closed):
    sgd = torch.optim.SGD([w], lr=1.0)
    rates = kind(sgd)
    sgd.step()
    rates.step()
    print(rates.get_last_lr())
    rates.step(5)
    print(rates.get_last_lr(), rates.last_epoch)
    rates.step(epoch=2)
    print(rates.get_last_lr(), rates.last_epoch)

x = torch.zeros(2, 3)
x[0, 0] = np.log(2.0)
x[..., 1] = np.float64(3)
x[1] = np.int64(4)
x[x > 3] = np.exp(1)
print(x)
for number in (np.float32(2), np.bool_(True), np.array(5.0), "a"):
    try:
        x[0] = number
    except TypeError as error:
        print(error)
