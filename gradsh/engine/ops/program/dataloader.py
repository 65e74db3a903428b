"""Batches of a data set, as torch.utils.data.DataLoader gives them for the same seed.

Everything is loaded where the loop runs: `num_workers` and what goes with it are accepted and change nothing, but for a
set that can only be gone through (gradsh.engine.ops.program.workers).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from copy import copy
from itertools import islice, repeat
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import NAMES
from gradsh.engine.core.modes import mode
from gradsh.engine.core.named import Named
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import function, makes
from gradsh.engine.ops.program.datasets import Subset, TensorDataset, streams
from gradsh.engine.ops.program.samplers import BatchSampler, RandomSampler, Sampler, SequentialSampler, seed
from gradsh.engine.ops.program.workers import Worker, in_turns
from gradsh.errors import ArgumentError, ShapeError, ValueError_

__acts_for_programs__ = True  # it runs what a program hands it: see gradsh.runtime.faults


class DataLoader:
    """What `DataLoader(dataset, …)` gives: each loop over it is one epoch."""

    __public__ = frozenset(
        """
        batch_sampler batch_size collate_fn dataset drop_last generator num_workers pin_memory sampler timeout
        worker_init_fn
        """.split()  # noqa: SIM905 - a list of ten strings reads worse
    )
    __fields__: frozenset[str] = frozenset()

    def __init__(self, given: dict[str, Any]) -> None:
        _check(given)
        self.dataset = given["dataset"]
        self.num_workers, self.timeout = given["num_workers"], given["timeout"]
        self.pin_memory, self.worker_init_fn = given["pin_memory"], given["worker_init_fn"]
        self.generator = given["generator"]
        self.streams = streams(self.dataset)
        if self.streams:
            _check_stream(given)
        sampler = given["sampler"]
        if self.streams:
            sampler = Endless()
        elif sampler is None and given["shuffle"]:
            sampler = RandomSampler(self.dataset, generator=self.generator)
        elif sampler is None:
            sampler = SequentialSampler(self.dataset)
        batches, batch_size = given["batch_sampler"], given["batch_size"]
        if batches is not None:
            batch_size = None
        elif batch_size is not None:
            batches = BatchSampler(sampler, batch_size, given["drop_last"])
        self.sampler, self.batch_sampler = sampler, batches
        self.batch_size, self.drop_last = batch_size, given["drop_last"]
        default = default_convert.apply if batches is None else default_collate.apply
        self.collate_fn = default if given["collate_fn"] is None else given["collate_fn"]

    def __len__(self) -> int:
        if self.streams:
            count, size = len(self.dataset), self.batch_size
            return count if size is None else count // size if self.drop_last else -(-count // size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)

    def __repr__(self) -> str:
        return "<DataLoader>"

    def __iter__(self) -> Iterator[Any]:
        indices = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)
        drawn = seed(self.generator)  # one is drawn for the workers, also where there are none
        return self._streamed(drawn) if self.streams else Batches(self, indices)

    def _streamed(self, drawn: int) -> Iterator[Any]:
        """What a set that can only be gone through gives, in batches."""
        if self.num_workers > 0:
            workers = [Worker(at, self.num_workers, drawn, self.dataset) for at in range(self.num_workers)]
            for worker in workers:
                worker.begin(self.worker_init_fn)
            yield from in_turns(workers, self.batch_size, self.drop_last, self.collate_fn)
            return
        items = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, items)
            return
        while batch := list(islice(items, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)

    def batch(self, index: Any) -> Any:
        """The batch of these indices; the item of one, where there are no batches."""
        if self.batch_sampler is None:
            return self.collate_fn(self.dataset[index])
        batch = _rows(self.dataset, index) if self.collate_fn is default_collate.apply else None
        if batch is not None:
            return batch
        if hasattr(type(self.dataset), "__getitems__"):  # of a set of the program's, which has all at once
            return self.collate_fn(self.dataset.__getitems__(index))
        return self.collate_fn([self.dataset[i] for i in index])


class Batches:
    """One epoch of a loader.

    waiting  indices that were looked at ahead of their time
    passing  whether what it gives is not wanted, and need not be made
    """

    __slots__ = ("given", "indices", "loader", "passing", "waiting")

    def __init__(self, loader: DataLoader, indices: Iterator[Any]) -> None:
        self.loader, self.indices = loader, indices
        self.waiting: deque[Any] = deque()
        self.passing = False
        self.given = 0

    def __iter__(self) -> Batches:
        return self

    def __next__(self) -> Any:
        index = self.waiting.popleft() if self.waiting else next(self.indices)
        self.given += 1
        return None if self.passing else self.loader.batch(index)

    def may_look(self) -> bool:
        """Whether the items ahead can be had before their time, and again, as far as the data set has nothing against
        it: what is drawn was drawn before the first."""
        loader = self.loader
        sampler = loader.sampler
        if type(sampler) is RandomSampler:
            if loader.generator is not None and (sampler.replacement or sampler.count is not None):
                return False
        elif type(sampler) is not SequentialSampler:
            return False
        if loader.batch_sampler is not None and type(loader.batch_sampler) is not BatchSampler:
            return False
        return loader.collate_fn in (default_collate.apply, default_convert.apply)

    def ahead(self) -> Iterator[Any]:
        """The items that it would give from here on."""
        at = 0
        while True:
            if at == len(self.waiting):
                try:
                    self.waiting.append(next(self.indices))
                except StopIteration:
                    return
            try:
                item = self.loader.batch(self.waiting[at])
            except Exception:  # which the loop raises when it comes to it
                return
            yield item
            at += 1

    def __length_hint__(self) -> int:
        return len(self.loader) - self.given


def _check(given: dict[str, Any]) -> None:
    """Errors: ValueError_ in PyTorch's words."""
    if given["num_workers"] < 0:
        raise ValueError_("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if given["timeout"] < 0:
        raise ValueError_("timeout option should be non-negative")
    if given["num_workers"] == 0 and given["prefetch_factor"] is not None:
        raise ValueError_(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if given["persistent_workers"] and given["num_workers"] == 0:
        raise ValueError_("persistent_workers option needs num_workers > 0")
    sampler, shuffle = given["sampler"], given["shuffle"]
    if sampler is not None and shuffle:
        raise ValueError_("sampler option is mutually exclusive with shuffle")
    if given["batch_sampler"] is not None:
        if given["batch_size"] != 1 or shuffle or sampler is not None or given["drop_last"]:
            raise ValueError_(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
    elif given["batch_size"] is None and given["drop_last"]:
        raise ValueError_("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")


def _check_stream(given: dict[str, Any]) -> None:
    """Errors: ValueError_ for what makes no sense where there is no index."""
    for option in ("shuffle", "sampler", "batch_sampler"):
        if given[option] not in (None, False):
            raise ValueError_(
                f"DataLoader with IterableDataset: expected unspecified {option} option, but got "
                f"{option}={given[option]}"
            )


class Endless(Sampler):
    """The sampler of a set that can only be gone through: no index, again and again."""

    def __iter__(self) -> Iterator[None]:
        return repeat(None)


# --- batches of what items there are ----------------------------------------------------------------------------------


def _rows(dataset: Any, indices: Any) -> list[Tensor] | None:
    """The batch of a set of plain tensors, taken all at once: what stacking row by row gives. Else None."""
    while type(dataset) is Subset:
        dataset, indices = dataset.dataset, [dataset.indices[i] for i in indices]
    if type(dataset) is not TensorDataset or not indices or not all(type(i) is int for i in indices):
        return None
    if any(t.__class__ is not Tensor or (t.requires and mode.grad) for t in dataset.tensors):
        return None
    if not -len(dataset) <= min(indices) <= max(indices) < len(dataset):
        return None  # what is wrong, row by row says
    found = [make(alloc.ascontiguousarray(t.data[indices])) for t in dataset.tensors]
    for tensor in found:
        tensor.origin = mode.where
    return found


def collated(batch: Any) -> Any:
    """The items of a batch as one: tensors stacked, numbers a tensor, lists, tuples and dicts part by part.

    Errors: ArgumentError for items of another kind, ShapeError for lists of different lengths.
    """
    from gradsh.engine.ops.create.creation import as_tensor, tensor
    from gradsh.engine.ops.shape.join import stack

    first = batch[0]
    if isinstance(first, Tensor):
        return stack.apply(list(batch), 0)
    if isinstance(first, np.ndarray):
        return stack.apply([as_tensor.apply(item) for item in batch], 0)
    if isinstance(first, float):
        return tensor.apply(list(batch), dtype=NAMES["float64"])
    if isinstance(first, (int, np.generic)):
        return tensor.apply(list(batch))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, dict):
        return _of_its_kind(first, {key: collated([item[key] for item in batch]) for key in first})
    if isinstance(first, (list, tuple, deque, range)):
        if any(len(item) != len(first) for item in batch):
            raise ShapeError("each element in list of batch should be of equal size")
        return _of_its_kind(first, [collated(items) for items in zip(*batch, strict=True)])
    raise ArgumentError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"<class '{type(first).__name__}'>"
    )


def _converted(item: Any) -> Any:
    """One item as it comes without batches: NumPy's arrays are tensors, tuples are lists."""
    from gradsh.engine.ops.create.creation import as_tensor

    if isinstance(item, (np.ndarray, np.generic)):
        return as_tensor.apply(item)
    if isinstance(item, dict):
        return _of_its_kind(item, {key: _converted(value) for key, value in item.items()})
    if isinstance(item, (list, tuple, deque, range)):
        return _of_its_kind(item, [_converted(value) for value in item])
    return item


def _of_its_kind(first: Any, parts: Any) -> Any:
    """The parts as what held them: a tuple with names, an OrderedDict, a deque; of other tuples, and of what cannot be
    made of its items, a list."""
    if type(first) in (list, tuple, dict, Named, range):
        return parts
    if isinstance(first, tuple):
        return type(first)(*parts) if hasattr(type(first), "_fields") else parts
    made = copy(first)
    if isinstance(first, dict):
        made.update(parts)
    else:
        for at, part in enumerate(parts):
            made[at] = part
    return made


@function(
    "default_collate(batch)",
    method=False,
    differentiable=False,
    python=True,
    example="default_collate([(1, 0.5), (2, 0.25)])",
)
def default_collate(batch: Any) -> Any:
    """The items of a batch as one: tensors stacked, numbers a tensor, lists, tuples and dicts part by part."""
    return collated(batch)


@function(
    "default_convert(data)",
    method=False,
    differentiable=False,
    python=True,
    example="default_convert({'a': (1, 2.5)})",
)
def default_convert(data: Any) -> Any:
    """One item as it comes without batches: NumPy's arrays are tensors, tuples are lists."""
    return _converted(data)


@function("get_worker_info()", method=False, differentiable=False, example="print get_worker_info()")
def get_worker_info() -> Any:
    """Which of several workers loads this: None where it is loaded by none, as all is that has an index."""
    return Worker.now


OPTIONS = (
    "dataset, batch_size=1, shuffle: bool=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None, "
    "pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None, generator=None, "
    '*, prefetch_factor=None, persistent_workers=False, pin_memory_device="", in_order=True'
)


@function(
    f"DataLoader({OPTIONS})",
    outside=True,
    method=False,
    differentiable=False,
    python=True,
    example="for x, y in DataLoader(TensorDataset(eye(3), arange(3)), batch_size=2) { print x.shape, y }",
)
def data_loader(*given: Any) -> Any:
    """Batches of a data set, in the order of PyTorch's DataLoader for the same seed; each loop is one epoch."""
    names = [parameter.name for parameter in data_loader.signature.parameters]
    return DataLoader(dict(zip(names, given, strict=True)))


makes(data_loader, DataLoader)
