"""In what order the items of a data set come: torch.utils.data's samplers, each with PyTorch's own draws."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from gradsh.engine.core import alloc
from gradsh.engine.kernels.random import INT64, Generator, randint, random, randperm
from gradsh.engine.kernels.stream import stream
from gradsh.engine.operators.composite import function, makes
from gradsh.errors import ArgumentError, ShapeError, ValueError_

__acts_for_programs__ = True  # it runs what a program hands it: see gradsh.runtime.faults


def seed(generator: Generator | None) -> int:
    """`torch.empty((), dtype=torch.int64).random_(generator=generator).item()`"""
    return int(alloc.asarray(random(stream("random_", generator), (), INT64)).item())


class Sampler:
    """What the samplers have in common."""

    __public__: frozenset[str] = frozenset()
    __fields__: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class SequentialSampler(Sampler):
    """0, 1, 2 and on."""

    __public__ = frozenset({"data_source"})

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Every item once, in random order, or items drawn anew each time."""

    __public__ = frozenset({"data_source", "generator", "num_samples", "replacement"})

    def __init__(self, data_source: Any, replacement: Any = False, count: Any = None, generator: Any = None) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self.count = count
        self.generator = generator
        if not isinstance(replacement, bool):
            raise ArgumentError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError_(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> Any:
        """How many there are in one go."""
        return len(self.data_source) if self.count is None else self.count

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        gen = Generator(seed(None)) if self.generator is None else stream("randperm", self.generator)
        if self.replacement:
            for _ in range(self.num_samples // 32):
                yield from randint(gen, 0, n, (32,)).tolist()
            yield from randint(gen, 0, n, (self.num_samples % 32,)).tolist()
        else:
            for _ in range(self.num_samples // n):
                yield from randperm(gen, n).tolist()
            yield from randperm(gen, n).tolist()[: self.num_samples % n]  # PyTorch draws it also where none is left

    def __len__(self) -> int:
        return int(self.num_samples)


class SubsetRandomSampler(Sampler):
    """Some indices in random order."""

    __public__ = frozenset({"generator", "indices"})

    def __init__(self, indices: Any, generator: Any) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[Any]:
        for i in randperm(stream("randperm", self.generator), len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with the probabilities that their weights give."""

    __public__ = frozenset({"generator", "num_samples", "replacement", "weights"})

    def __init__(self, weights: Any, count: Any, replacement: Any, generator: Any) -> None:
        from gradsh.engine.ops.create.creation import as_tensor

        if not isinstance(count, int) or isinstance(count, bool) or count <= 0:
            raise ValueError_(f"num_samples should be a positive integer value, but got num_samples={count}")
        if not isinstance(replacement, bool):
            raise ValueError_(f"replacement should be a boolean value, but got replacement={replacement}")
        from gradsh.engine.core.dtypes import NAMES

        self.weights = as_tensor.apply(weights, dtype=NAMES["float64"])
        if self.weights.ndim != 1:
            shape = tuple(self.weights.shape)
            raise ShapeError(f"weights should be a 1d sequence but given weights have shape {shape}", kind="ValueError")
        self.num_samples = count
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        from gradsh.engine.ops.create.sampling import multinomial

        drawn = multinomial.apply(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.data.tolist()

    def __len__(self) -> int:
        return int(self.num_samples)


class BatchSampler(Sampler):
    """What another sampler gives, in lists of so many."""

    __public__ = frozenset({"batch_size", "drop_last", "sampler"})

    def __init__(self, sampler: Any, batch_size: Any, drop_last: Any) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError_(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError_(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        items = iter(self.sampler)
        while batch := list(islice(items, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        rest = 0 if self.drop_last else self.batch_size - 1
        return int((len(self.sampler) + rest) // self.batch_size)


@function(
    "Sampler(data_source=None)",
    method=False,
    differentiable=False,
    example="isinstance(BatchSampler([1], 1, true), Sampler)",
)
def sampler(data_source: Any) -> Any:
    """What samplers have in common; anything that can be looped over and has a length is one."""
    return Sampler()


makes(sampler, Sampler)


@function(
    "SequentialSampler(data_source)",
    method=False,
    differentiable=False,
    python=True,
    example="list(SequentialSampler(range(3)))",
)
def sequential_sampler(data_source: Any) -> Any:
    """The indices of a data set in order."""
    return SequentialSampler(data_source)


@function(
    "RandomSampler(data_source, replacement=False, num_samples=None, generator=None)",
    method=False,
    differentiable=False,
    python=True,
    example="manual_seed(0); list(RandomSampler(range(4)))",
)
def random_sampler(data_source: Any, replacement: Any, num_samples: Any, generator: Any) -> Any:
    """The indices of a data set in random order, or, with replacement, drawn anew each time."""
    return RandomSampler(data_source, replacement, num_samples, generator)


@function(
    "SubsetRandomSampler(indices, generator=None)",
    method=False,
    differentiable=False,
    python=True,
    example="manual_seed(0); list(SubsetRandomSampler([5, 7, 9]))",
)
def subset_random_sampler(indices: Any, generator: Any) -> Any:
    """Some indices in random order."""
    return SubsetRandomSampler(indices, generator)


@function(
    "WeightedRandomSampler(weights, num_samples, replacement=True, generator=None)",
    method=False,
    differentiable=False,
    python=True,
    example="manual_seed(0); list(WeightedRandomSampler([0.1, 0.9], 4))",
)
def weighted_random_sampler(weights: Any, num_samples: Any, replacement: Any, generator: Any) -> Any:
    """Indices drawn with the probabilities that their weights give."""
    return WeightedRandomSampler(weights, num_samples, replacement, generator)


@function(
    "BatchSampler(sampler, batch_size, drop_last)",
    method=False,
    differentiable=False,
    python=True,
    example="list(BatchSampler(range(5), 2, false))",
)
def batch_sampler(sampler: Any, batch_size: Any, drop_last: Any) -> Any:
    """What a sampler, or anything else that can be looped over, gives, in lists of `batch_size`."""
    return BatchSampler(sampler, batch_size, drop_last)


for _entry, _kind in (
    (sequential_sampler, SequentialSampler),
    (random_sampler, RandomSampler),
    (subset_random_sampler, SubsetRandomSampler),
    (weighted_random_sampler, WeightedRandomSampler),
    (batch_sampler, BatchSampler),
):
    makes(_entry, _kind)
