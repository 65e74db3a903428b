"""Views of memory by strides: the one place where they are made, checked to lie within the memory that owns them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.errors import ShapeError, ValueProblem

ndarray = np.ndarray
MOST = 2**63 - 1  # PyTorch's and NumPy's largest size in bytes


def address(x: Any) -> int:
    """Where the first element of an array lies."""
    return int(x.__array_interface__["data"][0])


def owner(x: Any) -> Any:
    """The array whose memory `x` shows, with its dims in the order of memory, so that it is one contiguous piece."""
    while x.base.__class__ is ndarray:
        x = x.base
    if x.flags.c_contiguous:
        return x
    return x.transpose(sorted(range(x.ndim), key=lambda dim: -x.strides[dim]))


def offset(x: Any) -> int:
    """How many elements of the memory that `x` shows lie before its first one."""
    return (address(x) - address(owner(x))) // int(x.itemsize)


def strided(x: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view from the first element of `x` on, with strides in bytes that are made of those of `x`.

    NumPy itself checks that no element lies outside of the memory; it does not look for strides that overflow.
    """
    if x.flags.c_contiguous:
        return ndarray(shape, x.dtype, x, 0, strides)
    memory = owner(x)
    return ndarray(shape, x.dtype, memory, address(x) - address(memory), strides)


def elements(memory: Any, dtype: Any, size: tuple[int, ...], stride: tuple[int, ...], first: int) -> Any:
    """A view of one contiguous piece of memory, of any size and strides, counted in elements.

    Errors: those of PyTorch's `as_strided`.
    """
    if len(size) != len(stride):
        raise ShapeError("mismatch in length of strides and shape")
    if any(s < 0 for s in stride):
        raise ValueProblem(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    itemsize = int(dtype.itemsize)
    count = (max(first, 0) + 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=True))) if all(size) else 0
    if any(n < 0 for n in size) or max(count, math.prod(n for n in size if n)) * itemsize > MOST:
        raise ShapeError(f"Storage size calculation overflowed with sizes={list(size)} and strides={list(stride)}")
    if first < 0:
        raise ShapeError(f"Tensor: invalid storage offset {first}")
    if count * itemsize > memory.nbytes:
        raise ShapeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {first}, and itemsize {itemsize} "
            f"requiring a storage size of {count * itemsize} are out of bounds for storage of size {memory.nbytes}"
        )
    if not count:
        return alloc.empty(size, dtype)
    # the stride of a dim of size 1 leads nowhere, and may be larger than NumPy's
    steps = tuple(s * itemsize if n > 1 else itemsize for n, s in zip(size, stride, strict=True))
    return ndarray(size, dtype, memory, first * itemsize, steps)
