# Sets that can only be gone through, loaded by several workers: each has the set for itself, and they take turns.
import math

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


class Numbers(IterableDataset):
    def __init__(self, start, end):
        super(Numbers).__init__()
        self.start, self.end = start, end

    def __iter__(self):
        return iter(range(self.start, self.end))


class Shared(Numbers):
    def __iter__(self):
        info = get_worker_info()
        if info is None:
            return iter(range(self.start, self.end))
        each = math.ceil((self.end - self.start) / info.num_workers)
        first = self.start + info.id * each
        return iter(range(first, min(first + each, self.end)))


class Drawn(IterableDataset):
    def __iter__(self):
        for i in range(3):
            info = get_worker_info()
            yield i * 10 + (-1 if info is None else info.id)


def split(worker_id):
    info = get_worker_info()
    each = math.ceil((7 - 0) / info.num_workers)
    info.dataset.start = worker_id * each
    info.dataset.end = min(info.dataset.start + each, 7)


for workers in 0, 1, 2, 3, 8:
    print(workers, list(DataLoader(Numbers(0, 4), batch_size=2, num_workers=workers)))
    print(workers, list(DataLoader(Shared(3, 7), num_workers=workers)))
    print(workers, list(DataLoader(Shared(0, 11), batch_size=2, num_workers=workers, drop_last=True)))
    print(workers, list(DataLoader(Shared(0, 5), batch_size=None, num_workers=workers)))
    print(workers, list(DataLoader(Drawn(), batch_size=2, num_workers=workers)))
whole = Numbers(0, 7)
print(list(DataLoader(whole, num_workers=2, worker_init_fn=split)), whole.start, whole.end)
loader = DataLoader(whole, batch_size=3, num_workers=2)
for epoch in range(2):
    for i, data in enumerate(loader):
        print(epoch, i, data)
print(get_worker_info(), loader.worker_init_fn)

print("--- super(Class), of no instance")


class Base:
    def __init__(self):
        print("never")

    def hello(self):
        print(super(Base))
        try:
            super(Base).hello()
        except AttributeError as error:
            print(error)


class Of(Base):
    def __init__(self, wide=3):
        print(super(Of).__init__())
        self.wide = wide


Of().hello()
print(Of(4).wide, super(Of))


class Net(torch.nn.Module):
    def __init__(self):
        super(Net).__init__()
        self.layer = torch.nn.Linear(2, 1)


try:
    Net()
except AttributeError as error:
    print(error)
