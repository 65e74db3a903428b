"""PyTorch's rules for mixing dtypes and shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import BOOL, FLOAT, OF, DType, promote_dtypes
from gradsh.engine.core.modes import mode
from gradsh.errors import Overflow, ShapeError, ValueProblem


def result_dtype(a: Any, b: Any) -> DType:
    """PyTorch's promotion of two tensors: a 0-d one counts only if its category is higher."""
    p, q = OF[a.dtype], OF[b.dtype]
    if p is q:
        return p
    if a.ndim == 0 and b.ndim:
        return p if p.category > q.category else q
    if b.ndim == 0 and a.ndim:
        return q if q.category > p.category else p
    return promote_dtypes(p, q)


def promoted(a: Any, b: Any, floating: bool) -> tuple[Any, Any]:
    """Both arrays in their common dtype."""
    dtype = result_dtype(a, b)
    target = mode.default if floating and dtype.category != FLOAT else dtype.np
    return (
        a if a.dtype == target else a.astype(target),
        b if b.dtype == target else b.astype(target),
    )


def promoted_number(a: Any, number: Any, floating: bool) -> tuple[Any, Any]:
    """An array and a Python number: the number lifts at most to its category's default."""
    dtype = OF[a.dtype]
    if number.__class__ is float:
        target = a.dtype if dtype.category == FLOAT else mode.default
    elif number.__class__ is bool:
        target = a.dtype
        number = int(number)
    else:
        target = np.dtype(np.int64) if dtype.category == BOOL else a.dtype
    if floating and target.kind != "f":
        target = mode.default
    if number.__class__ is int and not -(2**63) <= number < 2**64:
        raise Overflow("int too big to convert")
    if target.kind in "iu" and number.__class__ is int and not _fits(number, target):
        # PyTorch wraps a number that the dtype cannot hold
        number = int(np.array(number % 2**64, np.uint64).astype(target))
    if target.kind == "b":
        number = bool(number)
    return (a if a.dtype == target else a.astype(target)), number


def in_dtype(number: Any, dtype: Any) -> Any:
    """A number for arrays of `dtype`; where a whole one does not fit it wraps around, as in PyTorch.

    Errors: ValueProblem for nan and infinities in arrays of integers.
    """
    if dtype.kind in "iu" and number.__class__ is float and not math.isfinite(number):
        return converted(number, dtype)
    if dtype.kind in "iu" and not _fits(int(number), dtype):
        return dtype.type(np.array(int(number) % 2**64, np.uint64).astype(dtype))
    return number


def converted(number: Any, dtype: Any) -> Any:
    """A Python number as one of `dtype`, as C++ converts it where no operator promotes: where there is no sign, an int
    below 0 wraps around. Errors: ValueProblem for what has no room."""
    kind = dtype.kind
    if number.__class__ is float and (kind == "f" or number != number or number in (math.inf, -math.inf)):
        fits = kind == "b" or (kind == "f" and (dtype.itemsize < 4 or not abs(number) > np.finfo(dtype).max))
        fits = fits or (kind == "f" and abs(number) == math.inf)
    elif kind == "f" or kind == "b":
        fits = True
    else:
        info = np.iinfo(dtype)
        least = -int(info.max) if kind == "u" and number.__class__ is not float else int(info.min)
        fits = least <= number <= info.max
    if not fits:
        name = {4: "float", 8: "double"}[dtype.itemsize] if kind == "f" else f"{dtype.name}_t"
        raise ValueProblem(f"value cannot be converted to type {'int' if name == 'int32_t' else name} without overflow")
    if kind == "u" and number < 0:
        return dtype.type(int(number) % (int(np.iinfo(dtype).max) + 1))
    if type(number) not in (int, float, bool):  # it stands for one that changes: see gradsh/plans/numbers.py
        return alloc.array(number, dtype)[()]
    return dtype.type(int(number) if kind in "iu" else number)


def _fits(number: int, dtype: Any) -> bool:
    info = np.iinfo(dtype)
    return bool(info.min <= number <= info.max)


def sizes_first(a: Any, b: Any) -> None:
    """Raise where the shapes of two operands do not go together, which PyTorch sees before it looks for a kernel."""
    shapes = [getattr(v, "shape", ()) for v in (a, b)]
    if any(m != n and m != 1 and n != 1 for m, n in zip(shapes[0][::-1], shapes[1][::-1], strict=False)):
        raise broadcast_error(*shapes)


def broadcast_error(a: tuple[int, ...], b: tuple[int, ...]) -> Exception:
    """PyTorch's words for shapes that do not broadcast."""
    n = max(len(a), len(b))
    p, q = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
    for dim in range(n - 1, -1, -1):
        if p[dim] != q[dim] and p[dim] != 1 and q[dim] != 1:
            return ShapeError(
                f"The size of tensor a ({p[dim]}) must match the size of tensor b ({q[dim]}) "
                f"at non-singleton dimension {dim}",
                subject=(a, b),
            )
    return ShapeError(f"shapes {list(a)} and {list(b)} do not go together")
