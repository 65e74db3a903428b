"""Sums in PyTorch's order, bit for bit: the one place in which the engine adds many floating point numbers.

Rounding makes a sum depend on its order, and PyTorch's (2.13, on a CPU, one thread) is fixed, whatever the processor
(`aten/src/ATen/native/cpu/SumKernel.cpp`). It walks an array by strides, reduced dims first and the nearest of them
innermost, and adds along that one; what other reduced dims give is added one after the other. Along the innermost dim
rows go into blocks of 16, blocks into blocks of blocks, four levels high (`cascade`); where the elements lie side by
side there are 32 such sums (float64 16): as many lanes as a vector of 32 bytes has, four times (`four`). float16 is
added as float32.

NumPy's `add.reduce` adds row after row wherever the numbers of a row lie nearer than the rows; on one row it adds in
an order of its own from eight numbers on. `add.accumulate` is one number after the other.

native_sums.h is the same in C, used where it is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, numbers

ndarray = np.ndarray
FLOAT16, FLOAT32, FLOAT64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
reduce: Any = np.add.reduce
accumulate = np.add.accumulate

BLOCK = 16  # rows that are added before they go a level up; 32 and more from a million rows on


def summed(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of a float32, float64 or float16 array along `axis` (None, an int that is not negative, or a sorted
    tuple of such), in its dtype. The array may have any strides."""
    fast = _native.function or _native.wanted(x.size)
    if fast is not None and (out := fast(x, axis, keepdims)) is not None:
        return out
    return _summed(x, axis, keepdims)


def _summed(x: Any, axis: Any, keepdims: bool) -> Any:
    if x.__class__ is not ndarray:
        return x + x.dtype.type(0)  # as below: -0 becomes 0
    if axis is None and not keepdims and x.flags.c_contiguous and (x.dtype is FLOAT32 or x.dtype is FLOAT64) and x.size:
        return chained(x if x.ndim == 1 else x.reshape(-1))
    if axis in (0, (0,)) and x.ndim == 2 and not keepdims and x.flags.c_contiguous and _is_wide(x):
        return _columns(x[None], 128 // x.itemsize)[0]  # biases of layers, without the plan
    order, sizes, loop, direct, parts, back, kept, turns = _plan(x.shape, x.strides, x.itemsize, axis, keepdims)
    if loop == NOTHING:
        return alloc.zeros(kept, x.dtype)[()]
    if loop == SINGLE:
        return (x.reshape(kept) + x.dtype.type(0))[()]
    view = x.transpose(order).reshape(sizes) if direct else alloc.ascontiguousarray(x.transpose(order)).reshape(sizes)
    if x.itemsize == 2:
        view = view.astype(FLOAT32)
    if loop == INNER:
        out = _inner(view, x.itemsize)
    elif loop == ROWS:
        out = _few(view) if sizes[1] < 8 else four(view[..., None])
    else:
        out = _columns(view, 4 if loop == FEW_COLUMNS else 128 // view.itemsize)
    if back:
        out = out.reshape(parts).transpose(back)
    if turns > 1:
        out = in_turn(out.reshape(-1, turns))
    return out.astype(x.dtype, copy=False).reshape(kept)[()]


def _cases() -> Iterator[tuple[Any, Any, bool]]:
    """Sums by each of PyTorch's loops."""
    for dtype in (FLOAT32, FLOAT64):
        for size in (3, 7, 100, 700):
            yield numbers(size, dtype=dtype), None, False
        for shape, axis in (((5, 40), 0), ((5, 40), 1), ((70, 37), 0), ((40, 3), 0), ((3, 4, 5), (0, 2)), ((9, 1), 1)):
            x = numbers(*shape, dtype=dtype)
            yield x, axis, True
            yield np.asfortranarray(x), axis, False


_native = Native("summed", _summed, _cases)


def _is_wide(x: Any) -> bool:
    """Whether float32 or float64[n, m] has rows of at least a vector, which its columns are summed by."""
    return len(x) > 1 and x.itemsize > 2 and x.shape[1] * x.itemsize >= 32


def _orders(lanes: int) -> list[Any]:
    """For each length up to two vectors, where the elements stand in the one chain that their sum is."""
    chains: list[Any] = []
    for n in range(2 * lanes):
        last = [*range(lanes, n)] if n >= lanes else [*range(n - n % 4, n)] if n > 4 else []
        first = [*range(min(n, lanes) - (len(last) if n < lanes else 0))]
        chains.append(np.array(last + first if n >= lanes else first[:1] + last + first[1:], np.intp))
    return chains


ORDERS = {FLOAT32: _orders(8), FLOAT64: _orders(4)}


def chained(x: Any) -> Any:
    """The sum of all of a contiguous float32 or float64[n], n > 0, as a number of that dtype."""
    n = x.size
    lanes = 8 if x.dtype is FLOAT32 else 4
    if n < 2 * lanes:
        if n <= 4:
            return reduce(x)
        out = accumulate(x[ORDERS[x.dtype][n]])[-1]
        return out if out else out + 0.0  # PyTorch begins with zero: -0 and -0 are 0
    left = n % lanes
    chain = alloc.empty(left + lanes, x.dtype)
    if left:
        chain[:left] = x[n - left :]
    if n >= 4 * lanes * BLOCK:
        chain[left:] = four(x[: n - left].reshape(1, -1, lanes))
    else:  # `four`, with fewer calls
        whole = n // (4 * lanes)
        parts = x[: 4 * lanes * whole] if whole else x[: n - left]
        if whole > 1:
            parts = reduce(parts.reshape(whole, -1), 0)
        if whole and n - left > 4 * lanes * whole:
            parts = np.concatenate((parts[:lanes], x[4 * lanes * whole : n - left], parts[lanes:]))
        reduce(parts.reshape(-1, lanes), 0, None, chain[left:])
    out = accumulate(chain)[-1]
    return out if out else out + 0.0


def four(x: Any) -> Any:
    """(b, n, w) summed over its rows by four sums: row k goes into the sum k % 4, left-over rows into the first."""
    b, n, w = x.shape
    if n <= 4:
        return added(x)
    left = n & 3
    rows = x[:, :-left] if left else x
    sums = cascade(rows.reshape(b, n >> 2, 4 * w)).reshape(b, 4, w) if n >= 8 else rows
    if left:
        sums = np.concatenate((sums[:, :1], x[:, -left:], sums[:, 1:]), 1)
    return added(sums)


def cascade(x: Any) -> Any:
    """(b, n, w) summed over its rows, in four levels of blocks; w is 4 or more."""
    n = x.shape[1]
    if n <= BLOCK:
        return added(x)
    step = 1 << max(4, (n - 1).bit_length() // 4)
    total: Any = None
    for _ in range(3):
        blocks, left = divmod(x.shape[1], step)
        if left:
            tail = added(x[:, -left:])
            total = tail if total is None else total + tail
        if not blocks:
            return total
        rows = x[:, :-left] if left else x
        x = added(rows.reshape(len(x), blocks, step, -1)) if blocks > 1 else added(rows)[:, None]
        if blocks == 1:
            break
    last = added(x)
    return last if total is None else total + last


def added(x: Any) -> Any:
    """(..., n, w) summed over its rows, one row after the other."""
    lead, n, w = x.shape[:-2], x.shape[-2], x.shape[-1]
    width = w * x.itemsize
    if width > 128 or x.size < 4096 or n == 1 or x.strides[-1] != x.itemsize:
        return reduce(x, -2)
    # NumPy takes longer to begin a row of 32 numbers than to add it: the first rows of all sums are laid side by side
    # in one long row, as items of their whole width, so do the second ones
    items = x.view(_item(width))[..., 0].reshape(-1, n)
    out = alloc.empty((len(items), w), x.dtype)
    piece = max(1, (1 << 20) // (n * width))
    for start in range(0, len(items), piece):
        laid = items[start : start + piece].T.copy().view(x.dtype)
        reduce(laid, 0, None, out[start : start + piece].reshape(-1))
    return out.reshape(*lead, w)


@lru_cache
def _item(width: int) -> Any:
    return np.dtype((np.void, width))


def in_turn(x: Any) -> Any:
    """The rows of (k, n) summed one number after the other."""
    if len(x) == 1:
        return accumulate(x[0])[-1:] + x.dtype.type(0)
    return reduce(alloc.ascontiguousarray(x.T), 0)


def _few(x: Any) -> Any:
    """(b, n) summed along its last dim, n less than 8, which NumPy adds in turn."""
    n = x.shape[1]
    return reduce(x, 1) if n <= 4 else reduce(x[:, ORDERS[FLOAT32][n]], 1)


def _inner(x: Any, itemsize: int) -> Any:
    """(b, n) summed along its last dim, whose elements lie side by side."""
    b, n = x.shape
    lanes = 32 // x.itemsize
    left = n % (32 // itemsize)
    rows = (x[:, :-left] if left else x).reshape(b, -1, lanes)
    if itemsize == 2:  # one load of 16 gives two vectors, which are added first
        rows = rows[:, ::2] + rows[:, 1::2]
    chain = alloc.empty((left + lanes, b), x.dtype)
    if left:
        chain[:left] = x[:, -left:].T
    chain[left:] = four(rows).T
    return reduce(chain, 0) if b > 1 else in_turn(chain.reshape(1, -1))


def _columns(x: Any, wide: int) -> Any:
    """(b, n, m) summed over its rows: columns in groups of `wide`, and the others by themselves."""
    m = x.shape[2]
    rest = m % wide
    if not rest:
        return cascade(x)
    if rest == m:
        return four(x)
    out = alloc.empty((len(x), m), x.dtype)
    out[:, :-rest] = cascade(x[..., :-rest])
    out[:, -rest:] = four(x[..., -rest:])
    return out


def exponentials(e: Any, axis: int) -> Any:
    """The sums that softmax divides by (`aten/src/ATen/native/cpu/SoftMaxKernel.cpp`), with `axis` kept.

    Along the last dim, vectors of 64 bytes (as AVX-512 has them) are added, then the halves of the last one onto each
    other, float64 lane by lane; over another dim, row after row."""
    if not e.ndim:
        return e
    e = alloc.ascontiguousarray(e)  # as PyTorch does; it may lie as its input, and NumPy adds as it lies
    n = e.shape[axis]
    if axis != e.ndim - 1:
        if prod(e.shape[axis + 1 :]) > 1:
            return reduce(e, axis, keepdims=True)
        return accumulate(e, axis).take([-1], axis)
    width = 64 // e.itemsize
    rows = e.reshape(-1, n)
    if n < width:
        out = in_turn(rows)
    else:
        left = n % width
        out = added((rows[:, :-left] if left else rows).reshape(len(rows), -1, width))
        if left:
            out[:, :left] += rows[:, n - left :]
        if e.itemsize == 8:
            out = in_turn(out)
        else:
            while width > 1:
                width //= 2
                out = out[:, :width] + out[:, width:]
    return out.reshape(*e.shape[:-1], 1)


def picked(x: Any) -> Any:
    """The sum of x[n], n > 0, as nll_loss adds (`LossNLL.cpp`): blocks of 16 in eight levels, the first number by
    itself at the top."""
    total = x.dtype.type(0)
    rest = x[1:]
    for _ in range(7):
        blocks, left = divmod(len(rest), BLOCK)
        if left:
            total = total + accumulate(rest[len(rest) - left :])[-1]
        if not blocks:
            return total + x[0]
        rest = in_turn(rest[: blocks * BLOCK].reshape(blocks, BLOCK))
    return total + (x[0] + accumulate(rest)[-1])


# --- how an array is walked -------------------------------------------------------------------------------------------

NOTHING, SINGLE, INNER, ROWS, COLUMNS, FEW_COLUMNS = range(6)


@lru_cache(maxsize=4096)
def _plan(
    shape: tuple[int, ...], strides: tuple[int, ...], itemsize: int, axis: Any, keepdims: bool
) -> tuple[Any, ...]:
    """Which of PyTorch's loops adds the array, and how it is seen by it.

    order, sizes  the transposition and the shape: (b, n), or (b, n, m) for loops over columns
    direct        whether that is a view NumPy adds in order; where not, it is copied
    parts, back   what the loop gives: its shape and the transposition to what is kept and what is to be added in turn
    kept, turns   the shape of the result, and how many numbers are added in turn for each of it
    """
    axes = set(range(len(shape))) if axis is None else {axis} if axis.__class__ is int else set(axis)
    kept = tuple([1 if d in axes else n for d, n in enumerate(shape) if keepdims or d not in axes])
    if not prod(shape):
        return (), (), NOTHING, True, (), (), kept, 1
    groups = walked(shape, strides, axes)
    if not groups or groups[0][0] not in axes:
        return (), (), SINGLE, True, (), (), kept, 1
    near, beside = groups[0], groups[1] if len(groups) > 1 else []
    stride, apart = strides[near[0]], strides[beside[0]] if beside else 0
    n, m = prod(shape[d] for d in near), prod(shape[d] for d in beside)
    vector = 32 // itemsize
    if stride == itemsize and n >= vector:
        loop = INNER
    elif apart == itemsize and m >= vector:
        loop = COLUMNS
    else:
        loop = ROWS if stride < apart or not beside else FEW_COLUMNS
    columns = beside[::-1] if loop >= COLUMNS else []
    others = [d for d in range(len(shape)) if shape[d] != 1 and d not in near and d not in columns]
    others.sort(key=lambda d: -strides[d])  # as they lie in memory, so that the shape is a view
    b = prod(shape[d] for d in others)
    unit = [d for d in range(len(shape)) if shape[d] == 1]
    order = (*unit, *others, *near[::-1], *columns)
    given = [*others, *columns]
    turned = [d for group in groups[:0:-1] for d in group[::-1] if d in axes]
    wanted = [*sorted(d for d in given if d not in axes), *turned]
    back = tuple(given.index(d) for d in wanted) if wanted != given else ()
    direct = all(strides[d] > 0 for d in range(len(shape)) if shape[d] != 1)
    parts = tuple(shape[d] for d in given)
    sizes = (b, n, m) if columns else (b, n)
    return order, sizes, loop, direct, parts, back, kept, prod(shape[d] for d in turned)


def walked(shape: tuple[int, ...], strides: tuple[int, ...], axes: set[int]) -> list[list[int]]:
    """The dims as PyTorch walks them, the nearest first, those that follow each other in memory as one."""
    dims = [d for d in reversed(range(len(shape))) if shape[d] != 1]
    # `TensorIteratorBase::reorder_dimensions`: an insertion sort, for a stride of 0 says nothing of the order
    for i in range(1, len(dims)):
        at = i
        for before in range(i - 1, -1, -1):
            swap = _behind(dims[before], dims[at], shape, strides, axes)
            if swap > 0:
                dims[before], dims[at] = dims[at], dims[before]
                at = before
            elif swap < 0:
                break
    groups: list[list[int]] = []
    for d in dims:
        last = groups[-1] if groups else None
        if last and (last[0] in axes) == (d in axes) and prod(shape[e] for e in last) * strides[last[0]] == strides[d]:
            last.append(d)
        else:
            groups.append([d])
    return groups


def _behind(a: int, b: int, shape: tuple[int, ...], strides: tuple[int, ...], axes: set[int]) -> int:
    """1 where dim a goes behind dim b, -1 where it stays before it, 0 where nothing tells."""
    if (a in axes) != (b in axes):
        return 1 if b in axes else -1
    if a not in axes:
        return 1 if a < b else -1  # the result is contiguous
    if not strides[a] or not strides[b]:
        return 0
    if strides[a] != strides[b]:
        return -1 if strides[a] < strides[b] else 1
    return int(shape[a] > shape[b])
