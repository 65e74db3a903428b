"""Batches of items that have names: each is of the kind of its items."""

import collections
import typing
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, default_collate, default_convert

Point = namedtuple("Point", "x y")


class Transition(typing.NamedTuple):
    state: torch.Tensor
    reward: float = 0.0


class Steps(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, at):
        return Transition(torch.full((2,), float(at)), at * 0.5)


print(default_collate([Point(1, 2.0), Point(3, 4.0)]))
print(default_collate([Transition(torch.ones(2), 1.0), Transition(torch.zeros(2), 2.0)]).reward)
print(default_convert(Point(np.ones(2), 2.0)), default_convert((np.ones(1), "a")), default_convert([np.ones(1)]))
print(default_collate([OrderedDict(a=1, b=2.0), OrderedDict(a=3, b=4.0)]))
found = defaultdict(int, k=2)
print(default_collate([found, found]))
print(dict(default_collate([collections.Counter("aab"), collections.Counter("aab")])))
print(default_collate([range(2), range(2)]), default_collate([collections.deque([1, 2]), collections.deque([3, 4])]))
print(default_collate([b"a", b"b"]), default_collate([(Point(1, 2), {"z": (1, "s")}), (Point(3, 4), {"z": (2, "t")})]))
for batch in DataLoader(Steps(), batch_size=2):
    print(batch.state, batch.reward, type(batch).__name__, batch._fields)
loader, single = DataLoader(Steps(), batch_size=2), DataLoader(Steps(), batch_size=None)
print(loader.collate_fn is default_collate, loader.collate_fn.__name__, single.collate_fn is default_convert)
print(next(iter(single)), next(iter(DataLoader(Steps(), batch_size=2, collate_fn=loader.collate_fn))))
