"""The elementary functions, with the same last digits on every machine.

NumPy's float32 kernels differ by processor, and from PyTorch's in up to 40 % of last digits; PyTorch's own (of a closed
library) differ by processor too, but lie next to the correctly rounded value. So float32 is computed in float64 and
rounded once: 1 % of PyTorch's exp, 0.05 % of tanh and 6 % of log have another last digit. float16 is computed as
float32, as PyTorch does it; float64 is NumPy's.

Of a few numbers the C library computes them (native_elementary.h), as it always does of one; exp, tanh and log of many
are computed in vectors of our own (native_many.h), where there is a compiler.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.kernels.fused import fused
from gradsh.engine.kernels.pieces import SHARED, share

ndarray = np.ndarray
float16, float32, float64 = np.float16, np.float32, np.float64
FLOAT16, FLOAT32, FLOAT64 = np.dtype(float16), np.dtype(float32), np.dtype(float64)
MANY = np.exp, np.tanh, np.log  # what native_many.h has
SMALL = 1 << 14  # elements that are worked on at a time: a float64 array of them stays in the cache


def rounded(ufunc: Any, scalar: Callable[[float], float]) -> Any:
    """A function of one array or number, in its dtype, which also goes `into(x, out)`; `scalar` is that of C, as Python
    has it."""

    def compute(x: Any) -> Any:
        fast = native.function
        if fast is not None:
            out = fast(x)
            if out is not None:
                return out
        elif native.left > 0:
            native.wanted(x.size if x.__class__ is ndarray else 1)
        return plain(x)

    def plain(x: Any, out: Any = None) -> Any:
        if out is not None:  # what C writes at once: `into` goes on where it does not, also while a plan is recorded
            return None
        if x.__class__ is float32:
            try:
                return float32(scalar(x))  # type: ignore[arg-type]  # NumPy's floats are floats to C
            except (ValueError, OverflowError):  # where Python raises, C has nan and infinity
                return float32(ufunc(float64(x)))
        if x.__class__ is float or x.__class__ is int:
            return ufunc(x)
        dtype = x.dtype
        if x.__class__ is not ndarray and hasattr(x, "operands") and ufunc in MANY and dtype == FLOAT32:
            return x.deferred(f"{ufunc.__name__}_of", x)
        if dtype is FLOAT32 or dtype == FLOAT32:
            if x.size <= SMALL:
                wide = x.astype(FLOAT64)
                return ufunc(wide, wide).astype(FLOAT32)
            return into(x, alloc.empty_like(x))
        if dtype == FLOAT16:
            return ufunc(x.astype(FLOAT64)).astype(float32).astype(float16)
        return ufunc(x)

    def into(x: Any, out: Any) -> Any:
        if out.dtype == FLOAT64 == x.dtype:
            return ufunc(x, out)
        if out.dtype != FLOAT32 or not (x.flags.c_contiguous and out.flags.c_contiguous):
            wide = x.astype(FLOAT64)
            out[...] = ufunc(wide, wide) if out.dtype == FLOAT32 else plain(x)
            return out
        # not by NumPy's buffers (`dtype=`): where there is no memory for them, it ends in a signal
        given, made = x.reshape(-1), out.reshape(-1)
        fast = native.function or native.wanted(x.size)
        if fast is not None and fast(given, made) is not None:  # on all threads, where there are many
            return out

        def piece(start: int) -> None:
            wide = given[start : start + SMALL].astype(FLOAT64)
            made[start : start + SMALL] = ufunc(wide, wide)

        starts = range(0, given.size, SMALL)
        if given.size > SHARED:
            share(piece, starts)
        else:
            for start in starts:
                piece(start)
        return out

    def cases() -> Any:
        for count in (40, 300) if ufunc in MANY else (40,):
            x = numbers(count)
            yield (x if ufunc in (np.arcsin, np.arccos, np.arctanh) else x + float32(1.6),)
        yield (float32(1 / 3 if ufunc is not np.arccosh else 3),)

    native = Native(ufunc.__name__, plain, cases)
    compute.into = into  # type: ignore[attr-defined]
    compute.shares = True  # type: ignore[attr-defined]
    return compute


exp, exp2, expm1 = rounded(np.exp, math.exp), rounded(np.exp2, math.exp2), rounded(np.expm1, math.expm1)
log, log1p = rounded(np.log, math.log), rounded(np.log1p, math.log1p)
log2, log10 = rounded(np.log2, math.log2), rounded(np.log10, math.log10)
sin, cos, tan = rounded(np.sin, math.sin), rounded(np.cos, math.cos), rounded(np.tan, math.tan)
arcsin, arccos = rounded(np.arcsin, math.asin), rounded(np.arccos, math.acos)
arctan = rounded(np.arctan, math.atan)
sinh, cosh, tanh = rounded(np.sinh, math.sinh), rounded(np.cosh, math.cosh), rounded(np.tanh, math.tanh)
arcsinh, arccosh = rounded(np.arcsinh, math.asinh), rounded(np.arccosh, math.acosh)
arctanh = rounded(np.arctanh, math.atanh)


def _wide(x: Any) -> Any:
    return x.astype(FLOAT64) if isinstance(x, (ndarray, np.generic)) else x


def rounded_pair(ufunc: Any) -> Callable[[Any, Any], Any]:
    """A function of two arrays or numbers that broadcast, in the dtype that NumPy gives them."""

    def compute(a: Any, b: Any) -> Any:
        dtype = np.result_type(a, b)
        if dtype == FLOAT32:
            return ufunc(_wide(a), _wide(b)).astype(float32)
        if dtype == FLOAT16:
            return ufunc(_wide(a), _wide(b)).astype(float32).astype(float16)
        return ufunc(a, b)

    return compute


arctan2, logaddexp, power = rounded_pair(np.arctan2), rounded_pair(np.logaddexp), rounded_pair(np.power)


def slopes(plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The gradient of a function from its result, which is also in native_elementary.h, under that name."""

    def compute(g: Any, out: Any) -> Any:
        if out.__class__ is ndarray:
            fast = native.function or native.wanted(out.size)
            if fast is not None and (made := fast(g, out)) is not None:
                return made
        elif out.__class__ is not float32 and hasattr(out, "operands"):
            return out.deferred(plain.__name__, g, out)
        return plain(g, out)

    native = Native(plain.__name__, plain, lambda: [(numbers(40), numbers(40) * float32(1.9))])
    return compute


@slopes
def tanh_backward(g: Any, out: Any) -> Any:
    """g * (1 - out * out), the bracket rounded once."""
    if out.__class__ is float32:  # the same, without a call for arrays
        y = out.item()  # NumPy's floats are floats
        return g * alloc.float32(1.0 - y * y)
    return g * fused(out, -out, out.dtype.type(1))


@slopes
def sigmoid_backward(g: Any, out: Any) -> Any:
    """g * (1 - out) * out"""
    return g * (1 - out) * out
