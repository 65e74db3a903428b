"""Tensors on memory that is there already, or of any strides: asarray, resize_, new, empty_strided."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import bump
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import int_tuple, need_tensor, numpy_dtype
from gradsh.engine.core.dtypes import OF, Size
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller
from gradsh.engine.core.strided import address, elements, owner
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.operators.composite import function
from gradsh.engine.ops.create.creation import sizes
from gradsh.errors import AutogradError, LeafFlag, ShapeError, ValueError_


@function(
    "asarray(obj, *, dtype=None, copy=None, requires_grad=False)",
    work="elements",
    method=False,
    differentiable=False,
    example="asarray([1., 2.])",
    cuts=True,
)
def asarray(obj: Any, dtype: Any, copy: Any, requires_grad: bool) -> Tensor:
    """A tensor as it is, an array sharing its memory, else a new one; `copy` insists on a copy, or forbids it."""
    shares = obj.__class__ is Tensor or isinstance(obj, np.ndarray)
    target = numpy_dtype("asarray", dtype)
    if copy is False:
        if not shares:
            raise ValueError_("can't alias arbitrary sequence into a tensor.")
        if target is not None and target != obj.dtype:
            titles = [OF[np.dtype(t) if not hasattr(t, "np") else t.np].title for t in (obj.dtype, target)]
            raise ValueError_(f"can't alias tensor with dtype '{titles[0]}' into dtype '{titles[1]}'.")
    out = T.as_tensor(obj, dtype) if shares else leaf(_values(obj, target), False, mode.where)
    if copy and shares and out is obj:
        out = T.clone(out)
    elif copy and isinstance(obj, np.ndarray) and (target is None or target == obj.dtype):
        out = leaf(out.data.copy(), False, mode.where)
    if requires_grad and not out.requires:
        if out.data.dtype.kind != "f":
            raise LeafFlag("Only Tensors of floating point and complex dtype can require gradients", mode.where)
        out.set_requires_grad(True)
    return out


def _values(obj: Any, target: Any) -> Any:
    from gradsh.engine.core.from_values import array_of

    return array_of(obj, target)


@function(
    "new(input, data=None, *size)",
    work="elements",
    differentiable=False,
    example="ones(2).new([3, 4])",
)
def new(input: Any, data: Any, size: Any) -> Tensor:
    """A tensor of the dtype of this one: of the numbers in a list, or, for ints, of that size and nothing in it yet."""
    need_tensor("new", "input", 1, input)
    target = input.data.dtype
    if data.__class__ is Tensor:
        return make(data.data)
    if data.__class__ is not Size and isinstance(data, (list, tuple, np.ndarray)):
        return leaf(_values(data, target), False, mode.where)
    shape = (0,) if data is None else sizes("new", data if data.__class__ is Size else (data, *size))
    made = alloc.zeros(shape, target)
    return leaf(made if shape else made[()], False, mode.where)


def _resized(x: Tensor, shape: tuple[int, ...], where: Any) -> Tensor:
    """The tensor, now of this shape on the memory that it had, or on a larger copy of it."""
    if x.requires:
        raise AutogradError("cannot resize variables that require grad")
    if any(n < 0 for n in shape):
        raise ShapeError("numel: integer multiplication overflow")
    x.share()
    memory = owner(x.data).reshape(-1)
    first = (address(x.data) - address(memory)) // int(x.data.itemsize) if x.data.size else 0
    count = math.prod(shape)
    if first + count > memory.size:
        larger = alloc.zeros(first + count, memory.dtype)
        larger[: memory.size] = memory
        memory = larger
    steps = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    x.data = elements(memory, memory.dtype, shape, tuple(steps), first)
    bump(x, where)
    return x


@function("resize_(input, *size)", work="size", differentiable=False, effect=False, example="arange(6).resize_(2, 2)")
def resize_(input: Any, size: Any) -> Tensor:
    """Makes the tensor one of another size on the same memory, which grows if need be; new elements are anything."""
    need_tensor("resize_", "input", 1, input)
    return _resized(input, int_tuple("resize_", "size", 2, size), mode.where or caller(None))


@function(
    "resize_as_(input, the_template)", work="elements", differentiable=False, example="ones(4).resize_as_(eye(2))"
)
def resize_as_(input: Any, the_template: Any) -> Tensor:
    """Makes the tensor one of the size of another on the same memory, which grows if need be."""
    need_tensor("resize_as_", "input", 1, input)
    need_tensor("resize_as_", "the_template", 2, the_template)
    return _resized(input, the_template.data.shape, mode.where or caller(None))


def _strided(shape: tuple[int, ...], strides: tuple[int, ...], target: Any) -> Any:
    if len(shape) != len(strides):
        raise ShapeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(strides)})"
        )
    last = sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if math.prod(shape) else -1
    return elements(alloc.zeros(last + 1, target), target, shape, strides, 0)


@function(
    "empty_strided(size, stride, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="empty_strided((2, 3), (1, 2)).stride()",
)
def empty_strided(size: Any, stride: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of a size whose neighbours lie so many elements apart in every dimension; its values are anything."""
    shape, steps = int_tuple("empty_strided", "size", 1, size), int_tuple("empty_strided", "stride", 2, stride)
    made = _strided(shape, steps, numpy_dtype("empty_strided", dtype, mode.default))
    return leaf(made if shape else made[()], requires_grad, mode.where)


@function(
    "new_empty_strided(input, size, stride, *, dtype=None, requires_grad=False)",
    work="size",
    differentiable=False,
    example="ones(2).new_empty_strided((2, 3), (1, 2)).stride()",
)
def new_empty_strided(input: Any, size: Any, stride: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """As `empty_strided`, with the dtype of this tensor."""
    name = "new_empty_strided"
    shape, steps = int_tuple(name, "size", 2, size), int_tuple(name, "stride", 3, stride)
    made = _strided(shape, steps, numpy_dtype(name, dtype, input.data.dtype))
    return leaf(made if shape else made[()], requires_grad, mode.where)


@function(
    "empty_permuted(size, physical_layout, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="empty_permuted((2, 3), (1, 0)).stride()",
)
def empty_permuted(size: Any, physical_layout: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of a size whose dimensions lie in this order in memory, slowest first; its values are anything."""
    shape = sizes("empty_permuted", size)
    order = int_tuple("empty_permuted", "physical_layout", 2, physical_layout)
    if sorted(order) != list(range(len(shape))):
        if len(order) != len(shape):
            raise ShapeError(
                "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = "
                f"{len(shape)} is not equal to len(physical_layout) = {len(order)}"
            )
        outside = next((i for i, d in enumerate(order) if not 0 <= d < len(shape)), None)
        if outside is None:
            raise ShapeError("Duplicate dim not allowed")
        raise ShapeError(
            f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got {order[outside]} at index "
            f"{outside}).  NB: negative dims not currently supported; file an issue if you want it."
        )
    memory = alloc.zeros(tuple(shape[d] for d in order), numpy_dtype("empty_permuted", dtype, mode.default))
    return leaf(memory.transpose([order.index(d) for d in range(len(order))]), requires_grad, mode.where)
