"""The arithmetic under the random stream, rounded as PyTorch's compiled code rounds it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core import alloc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

CHUNK = 1 << 16  # normals made at a time: they stay in the cache
LIBM = 1 << 14  # values up to which Python's math (the C library) always stands in for NumPy's ufuncs
FLOAT32, FLOAT64 = np.dtype("float32"), np.dtype("float64")


def _single(*values: float) -> tuple[float, ...]:
    """The float32 values nearest to these, held as float64."""
    return tuple(float(np.float32(value)) for value in values)


# Cephes' single precision logf, sinf and cosf, highest coefficient first.
LOG_POLYNOMIAL = _single(
    *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
    *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
)
SINE_POLYNOMIAL = _single(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COSINE_POLYNOMIAL = _single(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
QUARTER_PI = _single(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)  # -pi/4 in three parts


def libm(scalar: Callable[[float], float], ufunc: np.ufunc, values: Array, dtype: np.dtype[Any]) -> Array:
    """`ufunc(values)` of float64[n], with the C library's last bit where that may show in a result of `dtype`."""
    if values.size > LIBM and dtype != FLOAT64:
        with np.errstate(divide="ignore", over="ignore"):
            return alloc.asarray(ufunc(values))
    out = alloc.empty(values.size)
    for start in range(0, values.size, LIBM):
        out[start : start + LIBM] = list(map(scalar, values[start : start + LIBM].tolist()))
    return out


def log(x: float) -> float:
    """`math.log`, and -inf at 0 as in C."""
    return math.log(x) if x > 0.0 else -math.inf


def exp(x: float) -> float:
    """`math.exp`, and inf where it overflows as in C."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def blocks64(uniforms: Array, mean: float, std: float) -> Array:
    """float64[k, 16] normals: in each row the first eight uniforms give radii and the last eight angles."""
    out = alloc.empty((len(uniforms), 16))
    rows = CHUNK // 16
    for start in range(0, len(uniforms), rows):
        block = uniforms[start : start + rows]
        radius = np.sqrt(-2.0 * libm(math.log, np.log, (1.0 - block[:, :8]).reshape(-1), FLOAT64))
        angle = (2.0 * math.pi * block[:, 8:]).reshape(-1)
        out[start : start + rows, :8] = (radius * libm(math.cos, np.cos, angle, FLOAT64)).reshape(-1, 8)
        out[start : start + rows, 8:] = (radius * libm(math.sin, np.sin, angle, FLOAT64)).reshape(-1, 8)
        if (mean, std) != (0.0, 1.0):
            out[start : start + rows] = fma(out[start : start + rows], std, mean)
    return out


def blocks32(uniforms: Array, mean: float, std: float) -> Array:
    """float32[k, 16] normals, as `blocks64`, with Cephes' log, sin and cos, which PyTorch runs on x86."""
    out = alloc.empty((len(uniforms), 16), np.float32)
    rows = CHUNK // 16
    for start in range(0, len(uniforms), rows):
        block = uniforms[start : start + rows]
        radius = np.sqrt(np.float32(-2.0) * _cephes_log(alloc.ascontiguousarray(np.float32(1.0) - block[:, :8])))
        sine, cosine = _cephes_sincos(block[:, 8:] * np.float32(2.0 * math.pi))
        out[start : start + rows, :8] = cosine * radius
        out[start : start + rows, 8:] = sine * radius
    if std == 1.0:
        out += np.float32(mean)
        return out
    return fma(out, *_single(std, mean))


def fma(a: Array, b: Array | float, c: Array | float) -> Array:
    """a * b + c rounded once, for a float32 or float64 array."""
    with np.errstate(over="ignore", invalid="ignore"):
        if a.dtype == FLOAT32:  # in float64 the product is exact
            wide = np.multiply(a, b, dtype=np.float64)
            wide += c
            return wide.astype(np.float32)
        # The rounding errors of the product (Dekker) and of the sum (Knuth) are put back before the last rounding.
        split = 2.0**27 + 1
        a_high, b_high = a * split - (a * split - a), b * split - (b * split - b)
        a_low, b_low = a - a_high, b - b_high
        product = a * b
        error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
        total = product + c
        part = total - product
        exact = total + (((product - (total - part)) + (c - part)) + error)
        # With infinities about, the errors are NaN and of no interest.
        return np.where(np.isfinite(exact), exact, total)


def _horner(coefficients: tuple[float, ...], x: Array) -> Array:
    """A polynomial by fused multiply-adds: float32 `x`, highest coefficient first."""
    wide = x.astype(np.float64)
    work = wide * coefficients[0]
    total = alloc.empty_like(x)
    for coefficient in coefficients[1:-1]:
        np.add(work, coefficient, out=total, casting="same_kind")
        np.multiply(total, wide, out=work)
    np.add(work, coefficients[-1], out=total, casting="same_kind")
    return total


def _cephes_log(x: Array) -> Array:
    """log of normal float32 values in (0, 1], contiguous."""
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(np.float32)
    fraction = ((bits & 0x7FFFFF) | 0x3F000000).view(np.float32)
    small = fraction < np.float32(0.707106781186547524)
    exponent -= small
    y = (fraction - np.float32(1.0)) + fraction * small
    z = y * y
    tail = fma(_horner(LOG_POLYNOMIAL, y) * y, z, exponent * np.float32(-2.12194440e-4))
    y += fma(z, -0.5, tail)
    return fma(exponent, 0.693359375, y)


def _cephes_sincos(x: Array) -> tuple[Array, Array]:
    """sin and cos of float32 values in [0, 2 pi]."""
    octant = (x * np.float32(1.27323954473516)).astype(np.int32)
    octant += 1
    octant &= ~1
    part = octant.astype(np.float32)
    y = x + part * QUARTER_PI[0]
    y += part * QUARTER_PI[1]
    y = fma(part, QUARTER_PI[2], y)
    z = y * y
    cosine = fma(_horner(COSINE_POLYNOMIAL, z) * z, z, z * np.float32(-0.5))
    cosine += np.float32(1.0)
    sine = fma(_horner(SINE_POLYNOMIAL, z) * z, y, y)
    straight = (octant & 2) == 0
    one = np.where(straight, sine, cosine)
    two = np.where(straight, cosine, sine)
    np.negative(one, out=one, where=(octant & 4) != 0)
    np.negative(two, out=two, where=((octant - 2) & 4) == 0)
    return one, two
