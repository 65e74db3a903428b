"""Expressions of elementwise operators on large arrays, computed at their end: all at once, on tiles, by all threads.

Each operator by itself would write its result to memory, and the next one would read it back. Where what an operator
gives goes into another one of the same expression, and nowhere else (ahead.py), its tensor's `data` is a `Deferred`
(kernels/tiles.py) for so long: it lies on the stack of Python's interpreter, where nothing but that operator comes to
it. The one behind which something else comes computes them all: itself, and what nodes have saved. For the program,
and for the rest of the engine, there never is a tensor without an array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.alloc import ACCOUNT, again, made
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import BETWEEN
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import PROGRAM
from gradsh.engine.kernels import tiles
from gradsh.engine.kernels.tiles import Deferred
from gradsh.engine.operators import ahead

ndarray = np.ndarray


def deferred(entry: Any, compute: Any, tensors: tuple[Tensor, ...], values: tuple[Any, ...], frame: Any) -> Any:
    """What `compute` gives on these values, the arrays of `tensors` and numbers: an array, or a `Deferred` where only
    another operator of this kind will have it. None where it is to be computed by itself: all have arrays then."""
    if frame.f_code in BETWEEN:
        frame = frame.f_back
    goes_on = _is_allowed(frame) and ahead.is_passed_on(frame)
    waiting = [t for t in tensors if t.data.__class__ is Deferred]
    if not goes_on and not waiting:
        return None
    alike = not entry.draws and (len(tensors) == 1 or all(map(_has_dims, values)))
    out = tiles.by_kernel(compute, *values) if alike else None
    if out is None:
        if waiting:
            _compute([t.data for t in waiting], waiting)
        return None
    out.made = tuple(waiting)
    if goes_on:
        return out
    _compute([out, *(t.data for t in _saved_by(entry, tensors) if t.data.__class__ is Deferred)], waiting)
    return out.value


def _has_dims(value: Any) -> bool:
    return value.__class__ is Deferred or (value.__class__ is ndarray and value.ndim > 0)


def _saved_by(entry: Any, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Those that the operator's node will have saved, if it has one."""
    if not mode.grad or not entry.differentiable:
        return ()
    if len(tensors) == 1:
        return tensors if any(saved - {"out"} for saved in entry.saves.values()) else ()
    one, two = (t.requires for t in tensors)
    keeps = entry.keeps[0 if one and two else 1 if one else 2]
    return tuple(t for t, keep in zip(tensors, keeps, strict=False) if keep)


def _is_allowed(frame: Any) -> bool:
    """Whether an operator of the program's own expression may wait for the next: where nobody takes notes of what each
    gives, where no limit of memory is to say which was too much, and where none has an error of its own."""
    return (
        mode.where is None
        and mode.notes is None
        and mode.profile is None
        and mode.anomaly is None
        and mode.interpreter is None
        and mode.saving is None
        and mode.forward is None
        and not mode.transforms
        and not ACCOUNT.limits
        and PROGRAM in frame.f_globals
        and set(np.geterr().values()) == {"ignore"}
    )


def _compute(wanted: list[Deferred], last: list[Tensor]) -> None:
    """Give arrays to these, and to all that the nodes have saved from which the `last` tensors were made."""
    tensors: dict[int, Tensor] = {}
    stack = list(last)
    while stack:
        t = stack.pop()
        if id(t) not in tensors:
            tensors[id(t)] = t
            stack += t.data.made
    for t in tensors.values():
        if t.node is not None:
            wanted += [v for v in map(_behind, _saved(t.node)) if v.__class__ is Deferred]
    try:
        tiles.compute(wanted)
    except MemoryError:
        again(tiles.compute, wanted)
    for array in {id(d): d.value for d in wanted}.values():
        made(array)
    for t in tensors.values():
        node, t.data.made = t.node, ()
        if node is not None:
            kept = tuple(v.value if v.__class__ is Deferred else v for v in _saved(node))
            node.saved = kept if node.saved.__class__ is tuple else kept[0]
    for t in tensors.values():
        if t.data.value is not None:
            t.data = t.data.value


def _saved(node: Any) -> tuple[Any, ...]:
    return node.saved if node.saved.__class__ is tuple else (node.saved,)


def _behind(value: Any) -> Any:
    return value.data if value.__class__ is Tensor else value
