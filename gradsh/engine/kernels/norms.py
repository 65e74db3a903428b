"""The p-norm of vectors in the order in which PyTorch adds (`aten/src/ATen/native/cpu/ReduceOpsKernel.cpp`).

The powers of all numbers are added one after the other, as they are walked. The squares of numbers that lie side by
side along a last dim are added by vectors; of those that fill none the compiler of PyTorch makes vectors of four, and
multiplies and adds at once the last ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.fused import fused
from gradsh.engine.kernels.normalizing import row_sums
from gradsh.engine.kernels.summation import added, in_turn, walked

INF = float("inf")
FLOAT16, FLOAT32, FLOAT64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)


def p_norm(x: Any, p: float, axes: Any, keepdim: Any) -> Any:
    """The p-norm of an array over `axes` (a sorted tuple, or None for all), in its dtype."""
    dtype = x.dtype
    if dtype == FLOAT16:
        x = x.astype(FLOAT32)
    over = tuple(range(x.ndim)) if axes is None else tuple(sorted(d % x.ndim for d in axes)) if x.ndim else ()
    if all(x.shape[d] == 1 for d in over) and p:
        out = np.abs(x).reshape([n for d, n in enumerate(x.shape) if keepdim or d not in over])[()]
    elif p == 2:
        out = np.sqrt(_add(_squares, x, over, keepdim))
    elif p == INF:
        # of no elements 0, as distances have it; vector_norm refuses them
        out = np.maximum.reduce(np.abs(x), over, keepdims=keepdim, initial=-INF if x.size else 0)
    elif p == -INF:
        out = np.minimum.reduce(np.abs(x), over, keepdims=keepdim)
    elif p == 0:
        out = np.add.reduce(x != 0, over, keepdims=keepdim, dtype=x.dtype)
    elif p == 1:
        out = _add(_in_turn, np.abs(x), over, keepdim)
    else:
        root = float(x.dtype.type(1) / x.dtype.type(p))  # in the dtype, as C++ has it
        out = exact.power(_add(_in_turn, exact.power(np.abs(x), p), over, keepdim), root)
    return out if out.dtype == dtype else out.astype(dtype)


def distances(x: Any) -> Any:
    """The 2-norms of float[m, n], as cdist has them: squares one after the other, in fours (float64 in pairs), and what
    is left multiplied and added at once."""
    n = x.shape[1]
    whole = n - n % (16 // x.itemsize)
    total = _add(_in_turn, x[:, :whole] * x[:, :whole], (1,), False)
    for k in range(whole, n):
        total = fused(x[:, k], x[:, k], total)
    return np.sqrt(total)


def pair_distances(x: Any, p: float) -> Any:
    """The 1- or 2-norms of float[m, n], as pdist has them."""
    return row_sums(np.abs(x)[None])[0] if p == 1 else np.sqrt(row_sums(x[None], x[None], False)[0])


def _add(native: Native, x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    fast = native.function or native.wanted(x.size)
    if fast is not None and (out := fast(x, axes, keepdim)) is not None:
        return out
    return native.plain(x, axes, keepdim)


def _in_order(x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The numbers of x along `axes`, one after the other as they are walked."""
    rows, kept, _ = _rows(x, axes, keepdim)
    return in_turn(rows).reshape(kept)[()] if rows.size else alloc.zeros(kept, x.dtype)[()]


def _of_squares(x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The squares of x along `axes`."""
    rows, kept, side_by_side = _rows(x, axes, keepdim)
    if not rows.size:
        return alloc.zeros(kept, x.dtype)[()]
    if not side_by_side:
        return in_turn(rows * rows).reshape(kept)[()]
    n = rows.shape[1]
    lanes = 32 // x.itemsize
    whole = n - n % lanes
    by_fours = n - n % lanes % 4
    chain = rows[:, whole:by_fours] * rows[:, whole:by_fours]
    if whole:
        vectors = rows[:, :whole] * rows[:, :whole]
        chain = np.concatenate((added(vectors.reshape(len(rows), -1, lanes)), chain), 1)
    total = in_turn(chain) if chain.shape[1] else alloc.zeros(len(rows), x.dtype)
    for k in range(by_fours, n):
        total = _fused_square(total, rows[:, k])
    return total.reshape(kept)[()]


def _rows(x: Any, axes: tuple[int, ...], keepdim: bool) -> tuple[Any, Any, bool]:
    """x as (kept, n), the shape of its norms, and whether what is reduced is one dim that lies side by side."""
    groups = walked(x.shape, x.strides, set(axes))
    turned = [d for group in groups[::-1] for d in group[::-1] if d in axes]
    others = [d for d in range(x.ndim) if d not in axes]
    units = [d for d in axes if d not in turned]
    kept = tuple(1 if d in axes else n for d, n in enumerate(x.shape) if keepdim or d not in axes)
    rows = x.transpose(*others, *units, *turned).reshape(math.prod(x.shape[d] for d in others), -1) if x.size else x
    reduced = [group for group in groups if group[0] in axes]
    return rows, kept, len(reduced) == 1 and groups[0] is reduced[0] and x.strides[groups[0][0]] == x.itemsize


def _fused_square(total: Any, x: Any) -> Any:
    """total + x * x, rounded once."""
    if x.dtype == FLOAT32:
        wide = x.astype(FLOAT64)
        return (total + wide * wide).astype(FLOAT32)
    out = total + x * x
    for k, (t, v) in enumerate(zip(total.tolist(), x.tolist(), strict=True)):
        square = v * v
        if 1e-140 < square < INF:  # what it lacks is a number then
            high = v * 134217729.0
            high -= high - v
            low = v - high
            out[k] = math.fsum((t, square, low * low - ((square - high * high) - 2 * high * low)))
    return out


def _cases() -> Iterator[tuple[Any, tuple[int, ...], bool]]:
    """Rows and columns of vectors and with a rest, as they lie and turned."""
    for dtype in (FLOAT32, FLOAT64):
        for n in (3, 15, 29):
            x = numbers(3, n, dtype=dtype)
            yield x, (0, 1), False
            yield x, (1,), True
            yield x.T, (1,), False


_in_turn, _squares = Native("in_turn", _in_order, _cases), Native("squares", _of_squares, _cases)
