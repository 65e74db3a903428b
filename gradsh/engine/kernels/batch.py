"""The arithmetic of batch norm on float[n, c, s], samples, channels and positions, with numbers for each channel. In
which order it adds up, normalizing.py says. native_batch.h is the same in C.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels import normalizing
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.fused import fused
from gradsh.engine.kernels.pieces import share
from gradsh.engine.kernels.summation import in_turn

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
reduce: Any = np.add.reduce

# elements that are worked on at a time: they stay in the cache from one pass to the next
BLOCK = 1 << 17


def channel_moments(x: Any) -> Any:
    """[2, c]: means of float[n, c, s] and sums of the squares of what is beside them, added as float64."""
    return normalizing.called(_moments, x.size, x)


def shifted(x: Any, scale: Any, shift: Any, out: Any) -> None:
    """`out` = x * scale + shift, rounded once."""
    normalizing.called(_shifted, x.size, x, scale, shift, out)


def gradients(x: Any, g: Any, mean: Any, inverse: Any, factor: Any, frozen: bool, out: Any, sums: Any) -> None:
    """Fills in `out`, the gradient of x, and `sums` [2, c], those of weight and bias; `factor` is the weight.

    mean    None where nothing depends on the sums, which are left as they are
    frozen  mean and inverse deviation are constants
    out     None where that gradient is not needed
    """
    normalizing.called(_back, x.size, x, g, mean, inverse, factor, frozen, out, sums)


# --- with NumPy -------------------------------------------------------------------------------------------------------


def _blocks(x: Any) -> list[slice]:
    """The channels in slices of about BLOCK elements."""
    channels = x.shape[1]
    step = max(1, BLOCK * channels // max(x.size, 1))
    return [slice(i, min(i + step, channels)) for i in range(0, channels, step)]


def _laid_out(x: Any) -> tuple[Any, Any]:
    """`x` as it is best combined with numbers per channel, and what makes those fit: the rows of a sample are joined,
    as NumPy begins anew for each run of memory that it combines with one number."""
    n, channels, positions = x.shape
    if positions == 1 or (n > 1 and channels > 1):
        return x.reshape(n, channels * positions), lambda v: v if positions == 1 else v.repeat(positions)
    return x, lambda v: v[:, None]


def _moments_of_channels(x: Any) -> Any:
    both = alloc.empty((2, x.shape[1]), x.dtype)

    def work(part: slice) -> None:
        some = x[:, part]
        n, c, s = some.shape
        both[0, part] = _all_of_channels(some) / (n * s)
        moved = some - both[0, part][:, None]
        if x.dtype == FLOAT32 or s % 2 == 0:
            both[1, part] = _all_of_channels(moved * moved)
            return
        total = alloc.zeros(c, x.dtype)
        for rows in moved:  # in pairs, and the last one at once
            terms = np.concatenate((total[:, None], rows[:, :-1] * rows[:, :-1]), 1)
            total = fused(rows[:, -1], rows[:, -1], in_turn(terms))
        both[1, part] = total

    share(work, _blocks(x))
    return both


def _all_of_channels(x: Any) -> Any:
    """[c]: as float64, in any order of float32, for they are rounded to it after."""
    if x.dtype == FLOAT32:
        return reduce(reduce(x, 2, FLOAT64), 0)
    return in_turn(x.transpose(1, 0, 2).reshape(x.shape[1], -1))


def _with_shift(x: Any, scale: Any, shift: Any, out: Any) -> Any:
    def work(part: slice) -> None:
        some, fit = _laid_out(x[:, part])
        fused(some, fit(scale[part]), fit(shift[part]), _laid_out(out[:, part])[0])

    share(work, _blocks(x))
    return out


def _gradients(x: Any, g: Any, mean: Any, inverse: Any, factor: Any, frozen: bool, out: Any, sums: Any) -> Any:
    at_once = normalizing.whole(x, x.shape[1])

    def work(part: slice) -> None:
        rows, fit = _laid_out(x[:, part])
        grows = _laid_out(g[:, part])[0]
        target = None if out is None else _laid_out(out[:, part])[0]
        some = inverse[part]
        if mean is not None:
            moved = rows - fit(mean[part])
            total, dot = _sums(g[:, part], moved)
            sums[:, part] = dot * some, total
            if target is not None and not frozen:
                count = x.dtype.type(x.shape[0] * x.shape[2])
                np.subtract(grows, fit((total / count).astype(x.dtype)), out=target)
                pull = dot.astype(x.dtype) * some * some / count
                _drawn_to(target, moved, fit(pull), at_once - part.start if x.shape[2] == 1 else None)
                grows = target
        if target is not None:
            np.multiply(grows, fit(some), out=target)
            if factor is not None:
                target *= fit(factor[part])

    share(work, _blocks(x))
    return sums if out is None else (out, sums)


def _drawn_to(target: Any, moved: Any, pull: Any, at_once: int | None) -> None:
    """Takes `moved * pull` off `target`: at once, but for the columns from `at_once` on."""
    if at_once is None or at_once >= target.shape[1]:
        fused(moved, -pull, target, target)
        return
    k = max(at_once, 0)
    fused(moved[:, :k], -pull[:k], target[:, :k], target[:, :k])
    target[:, k:] -= moved[:, k:] * pull[k:]


def _sums(g: Any, moved: Any) -> tuple[Any, Any]:
    """The sums over samples and positions of `g`, and of it times `moved`; as float64 where there are positions."""
    n, channels, positions = g.shape
    if positions == 1:
        g = g.reshape(n, channels)
        return normalizing.column_sums(g), normalizing.column_dots(moved.reshape(n, channels), g)
    rows = normalizing.row_sums(g), normalizing.row_sums(moved.reshape(g.shape), g)
    total, dot = (normalizing.column_sums(r.astype(np.float64)) for r in rows)
    return total, dot


def _cases() -> Iterator[Any]:
    """Rows shorter than a vector, of some vectors and a rest, and parts of others."""
    for dtype in (FLOAT32, FLOAT64):
        for s in (3, 19, 40):
            x = numbers(4, 5, s, dtype=dtype)
            yield x
            yield x[:, 1:3]


def _cases_of_shift() -> Iterator[tuple[Any, ...]]:
    for x in _cases():
        yield x, *numbers(2, x.shape[1], dtype=x.dtype), alloc.empty(x.shape, x.dtype)


def _cases_of_gradients() -> Iterator[tuple[Any, ...]]:
    for x in _cases():
        mean, inverse, factor = numbers(3, x.shape[1], dtype=x.dtype) + x.dtype.type(0.7)
        out, sums = alloc.empty(x.shape, x.dtype), alloc.empty((2, x.shape[1]), x.dtype)
        yield x, x[::-1], mean, inverse, factor, False, out, sums
        yield x, x[::-1], mean, inverse, None, True, out.copy(), sums.copy()


_moments = Native("channel_moments", _moments_of_channels, lambda: ((x,) for x in _cases()))
_shifted = Native("batch_shift", _with_shift, _cases_of_shift, writes=(3,))
_back = Native("batch_back", _gradients, _cases_of_gradients, writes=(6, 7))
