"""Data sets and samplers that say what their items are, before the colon of a class and behind those of functions."""

import inspect
from collections.abc import Iterator
from typing import Any, Generic, List, Optional, Tuple, TypeVar

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Sampler, Subset

T_co = TypeVar("T_co", covariant=True)


class Pairs(Sampler[List[int]]):
    def __init__(self, count: int) -> None:
        self.count = count

    def __iter__(self) -> Iterator[List[int]]:
        for number in range(self.count):
            yield [number, number]

    def __len__(self) -> int:
        return self.count


class Numbered(Dataset[Tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Tuple[Tensor, int]:
        return torch.ones(1) * index, index


class Counting(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(3))


class Cached(Dataset[T_co], Generic[T_co]):
    def __init__(self, inner: Dataset[T_co]) -> None:
        self.inner = inner

    def __len__(self) -> int:
        return len(self.inner)

    def __getitem__(self, index: int) -> T_co:
        return self.inner[index]


for batch in DataLoader(Numbered(), batch_sampler=Pairs(2)):
    print(batch)
print(list(Counting()), Cached(Numbered())[2], Cached[int](Numbered())[1], list(Pairs(2)))
print(isinstance(Pairs(1), Sampler), isinstance(Numbered(), Dataset), Dataset[Tensor], Sampler[List[int]])


@torch.no_grad()
def evaluate(loader: DataLoader[Any], sampler: Optional[Sampler[int]] = None, *, limit: int = 2) -> Subset[int]:
    """How it is evaluated."""
    return torch.is_grad_enabled()


@torch.inference_mode()
def guess(x, y=1):
    """How it is guessed."""


class Model:
    @torch.no_grad()
    def step(self, x: int) -> int:
        """One step."""
        return x


print(inspect.signature(guess), inspect.signature(Model().step), inspect.signature(Model.step))
print(evaluate.__name__, evaluate.__doc__, guess.__doc__, Model.step.__doc__, evaluate.__annotations__)
print(evaluate(None), evaluate.__call__(None), evaluate.__wrapped__(None), Model().step.__func__(None, 3))
print(Model().step.__call__(4), Model().step.__name__, Pairs(2).__len__.__call__(), Cached(Numbered()).__getitem__.__call__(1))
print(torch.nn.functional.linear.__name__, torch.matmul.__name__)
