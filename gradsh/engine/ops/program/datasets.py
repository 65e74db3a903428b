"""Data sets, as torch.utils.data has them: tensors side by side, parts of a set, sets one after the other.

Whatever has a length and can be indexed is a data set: a list, a tensor, a model with `__len__` and `__getitem__`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.random import randperm
from gradsh.engine.kernels.stream import stream
from gradsh.engine.operators.composite import function, makes, python_function
from gradsh.errors import ArgumentError, DimError, IndexError_, ShapeError, ValueError_, ValueProblem

__acts_for_programs__ = True  # it runs what a program hands it: see gradsh.runtime.faults


class Dataset:
    """What the sets here have in common."""

    __public__: frozenset[str] = frozenset()
    __fields__: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __add__(self, other: Any) -> Any:
        return ConcatDataset([self, other])


class IndexedDataset(Dataset):
    """What the sets here that have items have in common."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        """Up to the first item that is not there: Python itself stops at its own IndexError only, not at a tensor's."""
        index = 0
        try:
            while True:
                yield self[index]
                index += 1
        except (IndexError, IndexError_):
            return


class IterableDataset(Dataset):
    """What the sets here that can only be gone through have in common."""

    def __add__(self, other: Any) -> Any:
        return ChainDataset([self, other])


def streams(dataset: Any) -> bool:
    """Can it only be gone through, and has no items that could be asked for?"""
    kind = type(dataset)
    return hasattr(kind, "__iter__") and not hasattr(kind, "__getitem__")


class TensorDataset(IndexedDataset):
    """Row i of each of some tensors, as a tuple."""

    __public__ = frozenset({"tensors"})

    def __init__(self, tensors: tuple[Any, ...]) -> None:
        if any(isinstance(t, Tensor) and not t.ndim for t in tensors):
            raise DimError("len() of a 0-d tensor", kind="TypeError")
        if any(len(t) != len(tensors[0]) for t in tensors):
            raise ShapeError("Size mismatch between tensors", kind="AssertionError")
        self.tensors = tuple(tensors)

    def __getitem__(self, index: Any) -> Any:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(IndexedDataset):
    """The items of a set at some indices."""

    __public__ = frozenset({"dataset", "indices"})

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(IndexedDataset):
    """Sets one after the other."""

    __public__ = frozenset({"cumulative_sizes", "datasets"})

    def __init__(self, datasets: Any) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueProblem("datasets should not be an empty iterable", kind="AssertionError")
        self.cumulative_sizes = list(accumulate(map(len, self.datasets)))

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueError_("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset):
    """Sets that can only be gone through, one after the other."""

    __public__ = frozenset({"datasets"})

    def __init__(self, datasets: Any) -> None:
        self.datasets = datasets

    def _parts(self) -> Iterator[Any]:
        for each in self.datasets:
            if not streams(each):
                raise ValueProblem("ChainDataset only supports IterableDataset", kind="AssertionError")
            yield each

    def __iter__(self) -> Iterator[Any]:
        for each in self._parts():
            yield from each

    def __len__(self) -> int:
        return sum(map(len, self._parts()))


class StackDataset(IndexedDataset):
    """Item i of each of some sets, as a tuple or a dict."""

    __public__ = frozenset({"datasets"})

    def __init__(self, datasets: Any, named: Any) -> None:
        if datasets and named:
            raise ValueError_(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, but both "
                "types are given."
            )
        self.datasets = named or datasets
        if not self.datasets:
            raise ValueError_("At least one dataset should be passed")
        lengths = [*map(len, named.values() if named else datasets)]
        if len({*lengths}) > 1:
            raise ShapeError("Size mismatch between datasets", kind="ValueError")
        self.length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {key: each[index] for key, each in self.datasets.items()}
        return tuple(each[index] for each in self.datasets)

    def __len__(self) -> int:
        return self.length


@function(
    "TensorDataset(*tensors)",
    method=False,
    differentiable=False,
    example="TensorDataset(eye(3), arange(3))[1]",
)
def tensor_dataset(tensors: Any) -> Any:
    """A data set whose item i is the tuple of row i of each tensor; all have the same length."""
    return TensorDataset(tensors)


@function(
    "Subset(dataset, indices)",
    method=False,
    differentiable=False,
    example='Subset(["a", "b", "c"], [2, 0])[0]',
)
def subset(dataset: Any, indices: Any) -> Any:
    """The items of a data set at some indices, as a data set."""
    return Subset(dataset, indices)


@function(
    "ConcatDataset(datasets)",
    method=False,
    differentiable=False,
    example="len(ConcatDataset([range(2), range(3)]))",
)
def concat_dataset(datasets: Any) -> Any:
    """Data sets one after the other, as one."""
    return ConcatDataset(datasets)


@function(
    "ChainDataset(datasets)",
    method=False,
    differentiable=False,
    python=True,
    example="model Stream() { fn __iter__() = [1, 2]; forward(x) = x }; list(ChainDataset([Stream(), Stream()]))",
)
def chain_dataset(datasets: Any) -> Any:
    """Data sets that can only be gone through, one after the other."""
    return ChainDataset(datasets)


@python_function("StackDataset(*args, **kwargs)", example="StackDataset(range(3), [5, 6, 7])[1]")
def stack_dataset(*datasets: Any, **named: Any) -> Any:
    """Data sets side by side: item i is the tuple, or, of those with names, the dict of their items i."""
    return StackDataset(datasets, named)


@function("Dataset()", method=False, differentiable=False, example="isinstance(TensorDataset(eye(2)), Dataset)")
def dataset() -> Any:
    """What data sets have in common; `model` declares one, with `fn __len__()` and `fn __getitem__(i)`."""
    return Dataset()


@function(
    "IterableDataset()", method=False, differentiable=False, example="isinstance(ChainDataset([]), IterableDataset)"
)
def iterable_dataset() -> Any:
    """What data sets that can only be gone through have in common; `model` declares one, with `fn __iter__()`."""
    raise ArgumentError("Can't instantiate abstract class IterableDataset with abstract method __iter__")


for _entry, _kind in (
    (dataset, Dataset),
    (iterable_dataset, IterableDataset),
    (tensor_dataset, TensorDataset),
    (subset, Subset),
    (concat_dataset, ConcatDataset),
    (chain_dataset, ChainDataset),
    (stack_dataset, StackDataset),
):
    makes(_entry, _kind)


@function(
    "random_split(dataset, lengths, generator=None)",
    outside=True,
    method=False,
    differentiable=False,
    python=True,
    example="let first, second = random_split(range(10), [7, 3]); len(second)",
)
def random_split(dataset: Any, lengths: Any, generator: Any) -> Any:
    """A data set in parts of these lengths, or fractions that sum up to 1, drawn at random: a list of Subsets."""
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _whole(lengths, len(dataset))
    if sum(lengths) != len(dataset):
        raise ValueError_("Sum of input lengths does not equal the length of the input dataset!")
    order = randperm(stream("random_split", generator), sum(lengths)).tolist()
    ends = accumulate(lengths)
    return [Subset(dataset, order[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def _whole(fractions: Any, count: int) -> list[int]:
    """How many items each fraction is; what is left over goes to the first ones, one each."""
    for i, fraction in enumerate(fractions):
        if fraction < 0 or fraction > 1:
            raise ValueError_(f"Fraction at index {i} is not between 0 and 1")
    found = [math.floor(count * fraction) for fraction in fractions]
    for i in range(count - sum(found)):
        found[i % len(found)] += 1
    for i, length in enumerate(found):
        if not length:
            mode.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.")
    return found
