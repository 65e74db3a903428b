"""Batches of tensors, as torch.utils.data.DataLoader(TensorDataset(…)) gives them, with its random stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.random import INT64, Generator, random, randperm
from gradsh.errors import ArgumentError, DimError, ShapeError, ValueError_


class Loader:
    """What `loader(x, y, …)` gives: each loop over it is one epoch, `len` of it the number of batches.

    A batch of one tensor is a tensor, of several a list. Errors: ArgumentError and ValueError_ in PyTorch's words.
    """

    __public__ = frozenset({"batch_size", "drop_last", "generator"})

    def __init__(self, tensors: tuple[Any, ...], batch_size: Any, shuffle: Any, drop_last: Any, generator: Any) -> None:
        if not tensors:
            raise ArgumentError("loader() needs at least one tensor")
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                raise ArgumentError(f"loader(): the data must be tensors, not {type_word(tensor)}")
            if not tensor.ndim:
                raise DimError("len() of a 0-d tensor", kind="TypeError")
        if any(tensor.data.shape[0] != tensors[0].data.shape[0] for tensor in tensors):
            raise ShapeError("Size mismatch between tensors", kind="AssertionError")
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError_(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError_(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        if generator is not None and not isinstance(generator, Generator):
            raise ArgumentError(f"loader(): argument 'generator' must be a generator, not {type_word(generator)}")
        self.tensors = tensors
        self.count = tensors[0].data.shape[0]
        if shuffle and not self.count:
            raise ValueError_("num_samples should be a positive integer value, but got num_samples=0")
        self.batch_size = batch_size
        self.shuffle = bool(shuffle)
        self.drop_last = drop_last
        self.generator = generator

    def __len__(self) -> int:
        full, rest = divmod(int(self.count), int(self.batch_size))
        return full + (rest > 0 and not self.drop_last)

    def __repr__(self) -> str:
        return f"<loader of {len(self)} batches>"

    def __iter__(self) -> Iterator[Any]:
        _seed(self.generator or _stream())  # DataLoader draws one for its workers, also when it has none
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        order, stream = None, self.generator
        if self.shuffle:
            if stream is None:
                stream = Generator(_seed(_stream()))
            order = randperm(stream, self.count)
        full, rest = divmod(self.count, self.batch_size)
        for start in range(0, full * self.batch_size, self.batch_size):
            yield self._batch(order, start, start + self.batch_size)
        if order is not None and stream is not None:
            randperm(stream, self.count)  # RandomSampler draws a second time, for the samples beyond one round
        if rest and not self.drop_last:
            yield self._batch(order, self.count - rest, self.count)

    def _batch(self, order: Any, start: int, stop: int) -> Any:
        rows = slice(start, stop) if order is None else order[start:stop]
        parts = [_rows(tensor, rows) for tensor in self.tensors]
        return parts[0] if len(parts) == 1 else parts


def _rows(tensor: Tensor, rows: Any) -> Tensor:
    """Some rows of a tensor as a tensor of its own."""
    if tensor.requires_grad and mode.grad:
        part: Tensor = T.clone(tensor[rows]) if isinstance(rows, slice) else tensor[make(rows)]
        return part
    values = tensor.data[rows]
    part = make(values.copy() if isinstance(rows, slice) else values)
    part.origin = mode.where
    return part


def _stream() -> Generator:
    from gradsh.engine.kernels.stream import stream

    return stream()


def _seed(stream: Generator) -> int:
    """`torch.empty((), dtype=torch.int64).random_(generator=stream).item()`"""
    return int(alloc.asarray(random(stream, (), INT64)).item())
