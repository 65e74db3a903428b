"""`a * b + c`, rounded once: what the compiler of PyTorch makes of a product that is added, in loops over vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.engine.kernels.compiled import Native, numbers

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
SPLIT = 2.0**27 + 1


def fused(a: Any, b: Any, c: Any, out: Any = None) -> Any:
    """`a * b + c` of arrays or numbers of one dtype, float32 or float64, that broadcast; in `out`, if it is given."""
    fast = _native.function
    if fast is None:
        fast = _native.wanted(a.size) or _fused
    return fast(a, b, c, out)


def _fused(a: Any, b: Any, c: Any, out: Any = None) -> Any:
    if a.dtype == FLOAT32:  # a double holds the product
        found = (a.astype(FLOAT64) * b.astype(FLOAT64) + c.astype(FLOAT64)).astype(FLOAT32)
    else:
        with np.errstate(all="ignore"):
            found = _exactly(a, b, c)
    if out is None:
        return found[()]
    out[...] = found
    return out


def _exactly(a: Any, b: Any, c: Any) -> Any:
    """Of float64 numbers: the product and the sum with what they lack (Dekker 1971), added last."""
    product = a * b
    plain = product + c
    part = plain - product
    rest = (product - (plain - part)) + (c - part)
    a_high, b_high = a * SPLIT, b * SPLIT
    a_high -= a_high - a
    b_high -= b_high - b
    a_low, b_low = a - a_high, b - b_high
    rest += a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    found = plain + rest
    return np.where(np.isfinite(found), found, plain)  # the parts of what is very large overflow


def _cases() -> Iterator[tuple[Any, ...]]:
    """Arrays of one shape, rows and columns of numbers, and numbers."""
    for dtype in (FLOAT32, FLOAT64):
        x, y = numbers(5, 37, dtype=dtype), numbers(37, 5, dtype=dtype).T
        yield x, x + dtype.type(0.3), y
        yield x, y[:, :1], x[:, :1]
        yield x, y[:1], x[1:2]
        yield x[0, 0], y[0, 0], x[1, 1]


_native = Native("fused", _fused, _cases)
