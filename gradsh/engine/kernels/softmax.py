"""softmax and its kin, with PyTorch's last digits in float32 (`aten/src/ATen/native/cpu/SoftMaxKernel.cpp`).

Along the last dim numbers are taken by vectors of 64 bytes (as AVX-512 has them), and what is left over by another one;
along another dim whole vectors lie along what follows it, and what is left over there is left to the C library.
Vectors have an exponential of their own (`falling`). Where their loops multiply and add, one rounding is made of it.

float64 has the same orders of sums, with NumPy's functions. float16 is computed as float32.

native_softmax.h is the same in C for float32, used where it is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.pieces import ROWS, by_rows
from gradsh.engine.kernels.summation import added, exponentials

FLOAT16, FLOAT32, FLOAT64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
maximum: Any = np.maximum.reduce
minimum: Any = np.minimum.reduce
PIECE = 1 << 15  # elements whose intermediate results stay in the cache


def _single(*values: float) -> list[Any]:
    return [np.array(v, FLOAT32) for v in values]


# `expf` of SLEEF 3 (u10): the number of times ln 2 that are taken off, in two parts, and a polynomial for the rest
LOG2E, LN2_HIGH, LN2_LOW, ONE = _single(1.44269504088896341, 0.693145751953125, 1.428606765330187045e-06, 1)
TERMS = _single(0.000198527617612853646, 0.00139304355252534151, 0.00833336077630519867, 0.0416664853692054749)
TERMS += _single(0.166666671633720398, 0.5)
LOWEST, SHIFTER, BACK = _single(-104, 1.5 * 2**23, 2.0**-64)  # below it is 0; adding it rounds to a whole number
EXPONENT, BITS = np.array(127 + 64, np.int32), np.array(23, np.int32)


def falling(x: Any) -> Any:
    """exp(x) of float32 numbers that are not above 0, as PyTorch's vectors have it, in 999 of 1,000 to the last bit.

    Of SLEEF's multiply-adds the last one, which decides, is rounded once."""
    out = alloc.empty(x.shape, FLOAT32)
    given, made = alloc.ascontiguousarray(x).reshape(-1), out.reshape(-1)
    for start in range(0, given.size, PIECE):
        _falling(given[start : start + PIECE], made[start : start + PIECE])
    return out


def _falling(x: Any, p: Any) -> None:
    if not minimum(x) >= LOWEST:  # or nan; to look takes a seventh of the time
        x = np.maximum(x, LOWEST)
    power = x * LOG2E
    power += SHIFTER
    times = power - SHIFTER
    np.multiply(times, LN2_HIGH, p)
    y = x - p
    times *= LN2_LOW
    y -= times
    np.multiply(y, TERMS[0], p)
    for term in TERMS[1:-1]:
        p += term
        p *= y
    p += TERMS[-1]
    np.multiply(y, y, times)
    wide = times.astype(FLOAT64)
    wide *= p.astype(FLOAT64)  # NumPy's own casts take longer
    wide += y.astype(FLOAT64)
    np.add(wide.astype(FLOAT32), ONE, p)
    # 2**(times + 64), made of its bits, so that what is below the least normal number is rounded once, at the end
    scale = power.view(np.int32)
    scale += EXPONENT
    scale <<= BITS
    p *= power
    p *= BACK


def _risen(x: Any, axis: int) -> Any:
    """exp of x, which is not above 0."""
    if x.dtype != FLOAT32:
        return exact.exp(x)
    if axis == x.ndim - 1:
        return falling(x)
    whole = x.shape[axis + 1 :]
    m = prod(whole)
    left = m % 16
    if not left:
        return falling(x)
    if left == m:
        return exact.exp(x)
    rows = alloc.ascontiguousarray(x).reshape(-1, m)
    return np.concatenate((falling(rows[:, :-left]), exact.exp(rows[:, -left:])), 1).reshape(x.shape)


def _fused(combine: Any, c: Any, a: Any, b: Any) -> Any:
    """c + a * b or c - a * b, rounded once in float32."""
    if c.dtype != FLOAT32:
        return combine(c, a * b)
    return combine(c, a.astype(FLOAT64) * b).astype(FLOAT32)


def _products(g: Any, out: Any, axis: int) -> Any:
    """The sum of g * out along `axis`, which is kept."""
    n = g.shape[axis]
    if g.dtype != FLOAT32:
        return exponentials(g * out, axis)
    if axis != g.ndim - 1:
        firsts = [(*(slice(None),) * axis, slice(k, k + 1)) for k in range(n)]
        total = g[firsts[0]] * out[firsts[0]]
        for at in firsts[1:]:
            total = _fused(np.add, total, g[at], out[at])
        return total
    left = n % 16
    if n < 16 or not left:
        return exponentials(g * out, axis)
    rows, others = g.reshape(-1, n), out.reshape(-1, n)
    lanes = added((rows[:, :-left] * others[:, :-left]).reshape(len(rows), -1, 16))
    lanes[:, :left] = _fused(np.add, lanes[:, :left], rows[:, -left:], others[:, -left:])
    return exponentials(lanes, 1).reshape(*g.shape[:-1], 1)


def _cases(arrays: int) -> Iterator[tuple[Any, ...]]:
    """Rows and columns shorter than a vector, of vectors, and with a rest."""
    for shape in ((3, 10), (2, 53), (40, 5), (4, 37)):
        x = numbers(*shape) - FLOAT32.type(0.5)
        for axis in (0, 1):
            yield (*(x, x - x[0])[:arrays], axis)


def _kernel(plain: Any) -> Any:
    """A kernel of arrays of any dtype and number of dims; `axis` is None for 0-d ones."""
    name = plain.__name__
    native = Native(name, plain, partial(_cases, 2 if name.endswith("backward") else 1), takes=True)

    def into(*given: Any) -> None:
        given[-1][...] = plain(*given[:-1])

    def compute(*given: Any) -> Any:
        x, axis = given[0], given[-1]
        if axis is None:
            return compute(*[a.reshape(1) for a in given[:-1]], 0).reshape(())
        if x.dtype == FLOAT16:
            return compute(*[a.astype(FLOAT32) for a in given[:-1]], axis).astype(FLOAT16)
        fast = native.function or native.wanted(x.size)
        if fast is not None:
            room = [alloc.empty(x.shape, FLOAT32)] if x.size > ROWS and x.dtype == FLOAT32 else []
            if (out := fast(*given, *room)) is not None:
                return out
        if x.size > ROWS and axis and (out := by_rows(into, axis, *given[:-1])) is not None:
            return out
        return plain(*given)

    compute.__doc__ = plain.__doc__
    return compute


@_kernel
def softmax(x: Any, axis: int) -> Any:
    """exp(x) divided by its sum along `axis`."""
    e = _risen(x - maximum(x, axis, keepdims=True), axis)
    whole = exponentials(e, axis)
    return np.multiply(e, 1 / whole, out=e) if axis == e.ndim - 1 else np.true_divide(e, whole, out=e)


@_kernel
def log_softmax(x: Any, axis: int) -> Any:
    """The logarithm of it."""
    out = x - maximum(x, axis, keepdims=True)
    # PyTorch subtracts the two in this order, so that the last bits agree
    return np.subtract(out, exact.log(exponentials(_risen(out, axis), axis)), out=out)


@_kernel
def softmax_backward(g: Any, out: Any, axis: int) -> Any:
    """(g - the sum of g * out along `axis`) * out."""
    found = np.subtract(g, _products(g, out, axis))
    return np.multiply(found, out, out=found)


@_kernel
def log_softmax_backward(g: Any, out: Any, axis: int) -> Any:
    """g - exp(out) * the sum of g along `axis`."""
    return _fused(np.subtract, g, _risen(out, axis), exponentials(g, axis))
