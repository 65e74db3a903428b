"""Where elements lie in memory: views by strides, made here only and checked to lie within the memory that owns them;
and PyTorch's rules for results, which `stride()`, `view` and random fills show.

Elementwise results are laid out as their operands are (TensorIterator's rule); what is like a tensor keeps the order of
its dims (`preserve_format`); everything else is contiguous, but for what says so itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from ctypes import addressof, c_char
from typing import Any

import numpy as np

from gradsh.calls.formats import order_of
from gradsh.engine.core import alloc
from gradsh.errors import ShapeError, ValueProblem

ndarray = np.ndarray
MOST = 2**63 - 1  # PyTorch's and NumPy's largest size in bytes


def address(x: Any) -> int:
    """Where the first element of an array lies."""
    try:
        return addressof(c_char.from_buffer(x))  # a fifth of the time of what NumPy says, in a whole dict
    except (TypeError, ValueError):  # it is empty, has gaps, may not be written, or stands for one in a recording
        return int(alloc.behind(x).__array_interface__["data"][0])


def check_apart(x: Any) -> None:
    """Raise where PyTorch writes to no such array: one element of its memory is several of it, as `expand` has it."""
    if x.size > 1 and any(step == 0 and n > 1 for step, n in zip(x.strides, x.shape, strict=True)):
        raise ValueProblem(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def placed(shape: tuple[int, ...], dtype: Any, memory: Any, at: int, strides: tuple[int, ...]) -> Any:
    """A view of the memory of a contiguous array; NumPy checks that no element lies outside of it."""
    if type(memory) is not ndarray:  # it stands for one, in a recording
        return memory.placed(shape, dtype, at, strides)
    return ndarray(shape, dtype, memory, at, strides)


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
        return placed(shape, x.dtype, x, 0, strides)
    memory = owner(x)
    return placed(shape, x.dtype, memory, address(x) - address(memory), strides)


def repeated(part: Any, shape: tuple[int, ...]) -> Any:
    """An array of a number, or of what broadcasts to `shape`, that is once in memory: what is written to one element
    is written to all that show the same."""
    memory = alloc.array(part)
    steps = np.broadcast_to(memory, shape).strides if memory.ndim else (0,) * len(shape)
    return placed(shape, memory.dtype, memory, 0, steps)


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
    return placed(size, dtype, memory, first * itemsize, steps)


# --- layouts of results ----------------------------------------------------------------------------------------------


def settled(result: Any, *operands: Any) -> Any:
    """An elementwise result in the order of dims that PyTorch gives it: NumPy prefers C's wherever operands differ."""
    if result.ndim < 2 or result.size < 2:
        return result
    arrays = [x for x in operands if x.__class__ is ndarray and x.ndim]
    if all(x.flags.c_contiguous for x in arrays):
        return contiguous(result)
    if result.strides == arrays[0].strides and result.shape == arrays[0].shape:
        return result
    return ordered(result, elementwise_order(result.shape, arrays))


def elementwise_order(shape: tuple[int, ...], arrays: Sequence[Any]) -> list[int]:
    """The dims, fastest first: for each two of them the first operand decides in which both lead somewhere.

    Sorted as TensorIterator::reorder_dimensions sorts, whose comparison may leave two dims as they are.
    """
    ndim = len(shape)
    steps = []
    for x in arrays:
        missing, pairs = ndim - x.ndim, zip(x.shape, x.strides, strict=True)
        steps.append(
            [0] * missing + [0 if n == 1 and shape[at + missing] != 1 else s for at, (n, s) in enumerate(pairs)]
        )
    order = list(range(ndim))[::-1]
    for at in range(1, ndim):
        here = at
        for before in range(at - 1, -1, -1):
            later = _comes_later(shape, steps, order[before], order[here])
            if later > 0:
                order[before], order[here] = order[here], order[before]
                here = before
            elif later < 0:
                break
    return order


def _comes_later(shape: tuple[int, ...], steps: list[list[int]], one: int, two: int) -> int:
    """1 if dim `one` is slower than dim `two`, -1 if it is faster, 0 where no operand tells."""
    for strides in steps:
        first, second = strides[one], strides[two]
        if first == 0 or second == 0:
            continue
        if first != second:
            return 1 if first > second else -1
        if shape[one] > shape[two]:
            return 1
    return 0


def ordered(x: Any, order: Sequence[int]) -> Any:
    """The array with its dims in this order in memory, fastest first; itself where they are."""
    slowest_first = order[::-1]
    moved = x.transpose(slowest_first)
    if moved.flags.c_contiguous:
        return x
    back = [0] * x.ndim
    for at, dim in enumerate(slowest_first):
        back[dim] = at
    return alloc.ascontiguousarray(moved).transpose(back)


def in_format(x: Any, wanted: Any, operator: str) -> Any:
    """The array in a memory format, itself where that is the one it has, or `preserve_format`.

    Errors: those of `order_of`.
    """
    order = order_of(x, wanted, operator)
    return x if order is None else ordered(x, order)


def arranged(result: Any, layout: str, operands: Sequence[Any]) -> Any:
    """A result of an operator in memory as its entry says (`layout` in gradsh/engine/operators/registry.py)."""
    if result.ndim < 2 or layout == "own":
        return result
    if layout == "operands":
        return settled(result, *operands)
    if layout == "columns":
        return columns(result) if result.ndim == operands[0].ndim else contiguous(result)
    return images(result, operands[0]) if layout == "images" else contiguous(result)


def contiguous(x: Any) -> Any:
    """The array in C's order."""
    return x if x.flags.c_contiguous else alloc.ascontiguousarray(x)


def columns(x: Any) -> Any:
    """Matrices in LAPACK's order: column by column, one matrix after the other."""
    return ordered(x, [x.ndim - 2, x.ndim - 1, *range(x.ndim - 3, -1, -1)])


def images(result: Any, *operands: Any, least: int = 4) -> Any:
    """A result of at least so many dims, channels last if one of the operands is, else contiguous."""
    if result.ndim >= least and any(channels_last(x) for x in operands):
        return ordered(result, [1, *range(result.ndim - 1, 1, -1), 0])
    return contiguous(result)


def channels_last(x: Any) -> bool:
    """Whether images lie in memory with their channels next to each other: `Tensor::suggest_memory_format`."""
    if x.ndim < 3 or 0 in x.shape or x.flags.c_contiguous or x.strides[1] == 0:
        return False
    shape, strides = x.shape, list(x.strides)
    for dim in range(x.ndim - 1, -1, -1):
        if strides[dim] == 0 and shape[dim] == 1:
            # NumPy's new dims; PyTorch's have the stride that a next element would have
            strides[dim] = shape[dim + 1] * strides[dim + 1] if dim + 1 < x.ndim else x.itemsize
    least = 0
    for dim in (1, *range(x.ndim - 1, 1, -1), 0):
        step, count = strides[dim], shape[dim]
        if step < least or (dim == 0 and least == strides[1]):
            return False
        least = step * count if count > 1 else step
    return True


def empty_as(x: Any, dtype: Any = None) -> Any:
    """An array of the shape of `x` for its like, with the dims in the same order in memory: `preserve_format`."""
    shape, dtype = x.shape, x.dtype if dtype is None else dtype
    if len(shape) < 2 or x.flags.c_contiguous:
        return alloc.empty(shape, dtype)
    slowest_first = elementwise_order(shape, [x])[::-1]
    back = [0] * len(shape)
    for at, dim in enumerate(slowest_first):
        back[dim] = at
    return alloc.empty(tuple(shape[dim] for dim in slowest_first), dtype).transpose(back)


def empty_strided_as(x: Any) -> Any:
    """An array with the very strides of `x`, gaps between its elements too (`clone_preserve_strides`)."""
    if x.ndim == 0 or x.size == 0 or x.flags.c_contiguous or min(x.strides) <= 0:
        return empty_as(x)
    extent = 1 + sum((n - 1) * (s // x.itemsize) for n, s in zip(x.shape, x.strides, strict=True))
    memory = alloc.zeros(extent, x.dtype)
    return placed(x.shape, x.dtype, memory, 0, x.strides)


def as_laid_out(x: Any, other: Any) -> Any:
    """A copy with the dims in memory as they are in another array of its shape."""
    out = empty_as(other, x.dtype)
    out[...] = x
    return out


def obeying(x: Any, other: Any) -> Any:
    """A copy in memory as another array of its shape is, contiguous where that has gaps: what becomes of a leaf's
    gradient."""
    fits = x.shape == other.shape and dense(other)
    return as_laid_out(x, other) if fits else alloc.array(x, order="C")


def dense(x: Any) -> bool:
    """Whether the elements fill one stretch of memory, in whatever order of dims."""
    if x.flags.c_contiguous:
        return True
    expected = x.itemsize
    for stride, extent in sorted((s, n) for s, n in zip(x.strides, x.shape, strict=True) if n > 1):
        if stride != expected:
            return False
        expected *= extent
    return True


def copied(x: Any) -> Any:
    """A copy with the dims in the same order in memory."""
    return as_laid_out(x, x)
