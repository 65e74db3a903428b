"""Batch rules that many operators share, and what every rule is written in.

A rule is `rule(F, size, batched, *values)`: the values as batches hold them (arrays for `F` A, tensors for T), where
`batched` tells which have the batch in front; it gives the result with the batch in front, or NotImplemented for
arguments that are better done sample by sample. It stands beside its operator,

    @permute.batched
    def _(F, size, batched, x, dims): ...

    along(flip, 1)

and is registered there; see gradsh/engine/transforms/batching.py for how it is run.
"""

from __future__ import annotations

import math
from typing import Any

from gradsh.engine.core.arguments import dim_index, dims_tuple
from gradsh.engine.core.batched import expanded, level_of
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import _getframe, caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.general import General, run
from gradsh.engine.operators.registry import Operator, foreign


def applied(entry: Operator, *values: Any) -> Any:
    """An operator on what batches hold (tensors, arrays, or batches of a lower level), with all of its arguments."""
    if level_of(values) >= 0:
        return foreign(entry, list(values))
    if space_of(values) is A:
        return getattr(A, entry.name.replace(".", "_"))(*values)
    if entry.body is not None:
        return as_written(entry, values)
    if isinstance(entry, General):
        return run(entry, list(values), _getframe(1))
    return entry.apply(*values)


def as_written(entry: Operator, values: Any) -> Any:
    """The body of a composite."""
    with placed(caller(_getframe(1))):
        return entry.body(*values)


def space_of(values: Any) -> Namespace:
    """The namespace of operators for these values."""
    for v in values:
        if isinstance(v, Tensor):
            return T
        if v.__class__ in (list, tuple) and any(isinstance(x, Tensor) for x in v):
            return T
    return A


def sample_of(x: Any) -> tuple[int, ...]:
    """The shape of one sample."""
    return tuple(x.shape[1:])


def fronted(x: Any, is_batched: Any, size: int) -> Any:
    """A tensor with the batch in front, repeated where it has none."""
    return x if is_batched else expanded(x, size)


def count(shape: Any) -> int:
    """How many elements a shape has."""
    return math.prod(int(extent) for extent in shape)


def along(entry: Operator, *at: int) -> None:
    """Rule for an operator of one tensor whose arguments number `at` are dims: the same, one dim further."""

    @entry.batched
    def _(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]):
            return NotImplemented
        given = list(values)
        n = len(sample_of(values[0]))
        if not n:
            return NotImplemented
        for i in at:
            d = given[i]
            given[i] = tuple(k + 1 for k in dims_tuple(d, n)) if isinstance(d, (tuple, list)) else dim_index(d, n) + 1
        return applied(entry, *given)


def along_in_shape(entry: Operator, shape_at: int, *at: int) -> None:
    """The same where argument number `shape_at` is the shape of the result (gradients of views)."""

    @entry.batched
    def _(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]):
            return NotImplemented
        given = list(values)
        shape = tuple(given[shape_at])
        if not shape:
            return NotImplemented
        given[shape_at] = (size, *shape)
        for i in at:
            given[i] = dim_index(given[i], len(shape)) + 1
        return applied(entry, *given)


def on_last_dims(entry: Operator, least: int) -> None:
    """Rule for an operator on the last `least` dims of one tensor that takes any number of dims before them."""

    @entry.batched
    def _(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]) or len(sample_of(values[0])) < least:
            return NotImplemented
        return applied(entry, *values)


def on_images(entry: Operator) -> None:
    """Rule for an operator on a batch of its own (images) in its first tensor: the two batches become one."""

    @entry.batched
    def _(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]) or not size:
            return NotImplemented
        x = values[0]
        rows = int(x.shape[1])
        out = applied(entry, F.reshape(x, (size * rows, *x.shape[2:])), *values[1:])
        if isinstance(out, tuple):
            return tuple(F.reshape(o, (size, rows, *o.shape[1:])) for o in out)
        return F.reshape(out, (size, rows, *out.shape[1:]))
