"""What layer, group and batch norm add up and make of it, in PyTorch's order, bit for bit in float32 and float64
(`aten/src/ATen/native/cpu/moments_utils.h`, `layer_norm_kernel.cpp`, `group_norm_kernel.cpp`, `batch_norm_kernel.cpp`,
as compiled for vectors of 32 bytes, which these use where processors have wider ones too).

`m` is a number of rows and `n` of numbers in each, `c` of channels and `s` of positions. Arrays are C-contiguous.
native_moments.h is the same in C, used where it is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.fused import fused
from gradsh.engine.kernels.summation import added, in_turn

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
reduce: Any = np.add.reduce

CHUNK = 16  # vectors whose moments are found one after the other
DEAR = 1 << 12  # elements that a call of NumPy's kernels below counts as: they take some hundred calls


def _lanes(x: Any) -> int:
    return 32 // int(x.itemsize)


def whole(x: Any, n: int) -> int:
    """How many of `n` numbers side by side fill vectors."""
    return n - n % _lanes(x)


def called(native: Native, size: int, *given: Any) -> Any:
    """Of the kernel in C where there is one for those; its arrays have `size` elements."""
    fast = native.function or native.wanted(size + DEAR)
    if fast is not None and (out := fast(*given)) is not None:
        return out
    return native.plain(*given)


def moments(rows: Any) -> Any:
    """[2, m]: means and variances (biased) of float[m, n]."""
    return called(_moments, rows.size, rows)


def row_sums(x: Any, y: Any = None, at_once: bool = True) -> Any:
    """[n, c]: sums of float[n, c, s], or of its products with `y`, of that shape or [1, 1, s]; those that fill no
    vector are added `at_once`. Only the last dims must be contiguous."""
    return called(_row_sums, x.size, x, y, at_once)


def column_dots(x: Any, y: Any) -> Any:
    """[n]: sums of products of float[m, n] over the rows, each multiplied and added at once."""
    return called(_column_dots, x.size, x, y)


def layer_rows(rows: Any, weight: Any, bias: Any, eps: float, mean: Any, inverse: Any, out: Any) -> None:
    """Fills `out` with the rows of float[m, n] with mean 0 and variance 1, times weight[n] plus bias[n] (or None), and
    `mean` and `inverse` [m] with their means and inverse deviations."""
    called(_layer_rows, rows.size, rows, weight, bias, eps, mean, inverse, out)


def layer_back(g: Any, rows: Any, mean: Any, inverse: Any, weight: Any, dx: Any, dw: Any) -> None:
    """Fills `dx` [m, n] and `dw` [n], each or None, with the gradients of the rows and of the weight, where `g` is that
    of what `layer_rows` made of them."""
    called(_layer_back, rows.size, g, rows, mean, inverse, weight, dx, dw)


def slope_of(ds: Any, db: Any, mean: Any, inverse: Any, share: Any) -> Any:
    """What the input is multiplied by in the gradient of rows, of the sums of the gradient times the input and of the
    gradient itself, both times the weights; `share` is 1 / the numbers of a row."""
    return fused(db, mean, -ds) * inverse * inverse * inverse * share


def column_sums(x: Any) -> Any:
    """[n]: the rows of float[m, n], one after the other."""
    return reduce(x, 0) if x.shape[1] > 1 else in_turn(x.T)


def weighted_sums(x: Any, w: Any) -> Any:
    """[m]: sums of float[m, n] times weights [m, n], 1 if None: vectors of products added at once, then what they hold;
    of what fills none, the compiler of PyTorch makes vectors of 16 bytes, and adds the last products at once."""
    n, lanes = x.shape[1], _lanes(x)
    w = alloc.ones(1, x.dtype)[None].repeat(n, 1) if w is None else w
    vector = alloc.zeros((len(x), lanes), x.dtype)
    whole = n - n % lanes
    for k in range(0, whole, lanes):
        vector = fused(x[:, k : k + lanes], w[:, k : k + lanes], vector)
    total = in_turn(vector)
    halves = n - (n - whole) % (lanes // 2)
    for k in range(whole, halves):
        total = total + x[:, k] * w[:, k]
    for k in range(halves, n):
        total = fused(x[:, k], w[:, k], total)
    return total


# --- with NumPy -------------------------------------------------------------------------------------------------------


class Moments:
    """Means and sums of squares of `count` numbers each (Welford); others are joined to them."""

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.dtype, self.count = dtype, 0
        self.mean = self.square = alloc.zeros(shape, dtype)

    def join(self, count: int, mean: Any, square: Any) -> None:
        """Add those of `count` other numbers."""
        total = self.count + count
        if not total:
            return
        delta = mean - self.mean
        part = self.dtype.type(count) / self.dtype.type(total) * delta
        self.square = fused(delta * self.dtype.type(self.count), part, self.square + square)
        self.mean = self.mean + part
        self.count = total


def _of_vectors(x: Any) -> Moments:
    """The moments of each lane of x[m, vectors, lanes]."""
    m, vectors, lanes = x.shape
    one = x.dtype.type
    chunks = -(-vectors // CHUNK)
    levels = [Moments((m, lanes), x.dtype) for _ in range(max(1, (chunks - 1).bit_length()))]
    for i in range(chunks):
        some = x[:, i * CHUNK : (i + 1) * CHUNK]
        mean = square = alloc.zeros((m, lanes), x.dtype)
        for j in range(some.shape[1]):
            delta = some[:, j] - mean
            mean = fused(delta, one(1) / one(j + 1), mean)
            square = fused(delta, some[:, j] - mean, square)
        levels[0].join(some.shape[1], mean, square)
        for up in range(1, len(levels)):
            if (i + 1) % (1 << up):
                break
            low = levels[up - 1]
            levels[up].join(low.count, low.mean, low.square)
            levels[up - 1] = Moments((m, lanes), x.dtype)
    for level in levels[1:]:
        levels[0].join(level.count, level.mean, level.square)
    return levels[0]


def _row_moments(rows: Any) -> Any:
    m, n = rows.shape
    lanes, one = _lanes(rows), rows.dtype.type
    vectors = n // lanes
    mean = square = alloc.zeros(m, rows.dtype)
    count = 0
    for i in range(vectors * lanes, n):
        delta = rows[:, i] - mean
        count += 1
        mean = mean + delta / one(count)
        square = square + delta * (rows[:, i] - mean)
    if vectors:
        found = _of_vectors(rows[:, : vectors * lanes].reshape(m, vectors, lanes))
        for k in range(lanes):
            share = one(vectors) / one(count + vectors)
            delta = found.mean[:, k] - mean
            mean = fused(delta, share, mean)
            square = square + fused(delta * delta * share, one(count), found.square[:, k])
            count += vectors
    return np.stack((mean, square / one(n)))


def _sums_of_rows(x: Any, y: Any, at_once: bool) -> Any:
    n = x.shape[2]
    lanes = _lanes(x)
    terms = (x if y is None else x * y).reshape(x.shape[0] * x.shape[1], n)
    shape = x.shape[:2]
    if n < lanes:
        return in_turn(terms).reshape(shape)
    left = n % lanes
    out = added((terms[:, :-left] if left else terms).reshape(len(terms), n // lanes, lanes))
    if left:
        rest = out[:, :left]
        if y is None or not at_once:
            rest += terms[:, -left:]
        else:
            factor = np.broadcast_to(y, x.shape)[..., -left:].reshape(rest.shape)
            fused(x[..., -left:].reshape(rest.shape), factor, rest, rest)
    if x.itemsize == 8:
        return in_turn(out).reshape(shape)
    while lanes > 1:
        lanes //= 2
        out = out[:, :lanes] + out[:, lanes:]
    return out.reshape(shape)


def _dots_of_columns(x: Any, y: Any) -> Any:
    total = alloc.zeros(x.shape[1], x.dtype)
    for a, b in zip(x, y, strict=True):
        total = fused(a, b, total)
    return total


def _rows_with_numpy(rows: Any, weight: Any, bias: Any, eps: float, mean: Any, inverse: Any, out: Any) -> Any:
    found = moments(rows)
    mean[...] = found[0]
    np.divide(1, np.sqrt(found[1] + rows.dtype.type(eps)), out=inverse)
    np.subtract(rows, mean[:, None], out=out)
    if weight is None and bias is not None:
        fused(out, inverse[:, None], bias, out)
        return mean, inverse, out
    out *= inverse[:, None]
    if bias is not None:
        fused(out, weight, bias, out)
    elif weight is not None:
        out *= weight
    return mean, inverse, out


def _back_with_numpy(g: Any, rows: Any, mean: Any, inverse: Any, weight: Any, dx: Any, dw: Any) -> Any:
    mean, inverse = mean[:, None], inverse[:, None]
    if dw is not None:
        normal = alloc.empty(rows.shape, rows.dtype)
        fused(rows, inverse, -inverse * mean, normal)
        dw[...] = column_dots(g, normal)
    if dx is None:
        return dw
    if weight is None:
        ds, db = row_sums(g[None], rows[None]), row_sums(g[None])
    else:
        np.multiply(g, rows, out=dx)
        ds, db = row_sums(dx[None], weight[None, None]), row_sums(g[None], weight[None, None])
    ds, db = ds.reshape(-1, 1), db.reshape(-1, 1)
    share = rows.dtype.type(1) / rows.dtype.type(rows.shape[1])
    slope = slope_of(ds, db, mean, inverse, share)
    np.multiply(g, inverse, out=dx)
    if weight is not None:
        dx *= weight
    fused(rows, slope, dx, dx)
    dx += fused(-slope, mean, -(db * inverse * share))
    return dx if dw is None else (dx, dw)


def _cases_of_rows() -> Iterator[tuple[Any, ...]]:
    """Rows shorter than a vector, of vectors, with a rest, and of several chunks."""
    for dtype in (FLOAT32, FLOAT64):
        for n in (3, 16, 23, 700):
            yield (numbers(3, n, dtype=dtype) + dtype.type(0.3),)


def _cases_of_two() -> Iterator[tuple[Any, ...]]:
    for (x,) in _cases_of_rows():
        yield x, x[::-1].copy()


def _cases_of_sums() -> Iterator[tuple[Any, ...]]:
    for x, y in _cases_of_two():
        for at_once in (False, True):
            yield x[None], y[None], at_once
        yield x[:, None], None, True
        yield x[None], y[:1, None], True


def _cases_of_layers() -> Iterator[tuple[Any, ...]]:
    """With weight and bias, and without each of them; what is filled in is looked at."""
    for (x,) in _cases_of_rows():
        weight, bias = x[0] + x.dtype.type(1), x[1]
        for w, b in ((weight, bias), (weight, None), (None, bias), (None, None)):
            yield x, w, b, 1e-5, *alloc.empty((2, len(x)), x.dtype), alloc.empty(x.shape, x.dtype)


def _cases_of_gradients() -> Iterator[tuple[Any, ...]]:
    for (x,) in _cases_of_rows():
        mean, inverse = x[:, 1].copy(), x[:, 2] + x.dtype.type(2)
        for w in (x[0] + x.dtype.type(1), None):
            yield x[::-1].copy(), x, mean, inverse, w, alloc.empty(x.shape, x.dtype), alloc.empty(x.shape[1], x.dtype)


_moments = Native("moments", _row_moments, _cases_of_rows)
_row_sums = Native("row_sums", _sums_of_rows, _cases_of_sums)
_column_dots = Native("column_dots", _dots_of_columns, _cases_of_two)
_layer_rows = Native("layer_rows", _rows_with_numpy, _cases_of_layers, writes=(4, 5, 6))
_layer_back = Native("layer_back", _back_with_numpy, _cases_of_gradients, writes=(5, 6))
