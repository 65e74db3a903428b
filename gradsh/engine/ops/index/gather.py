"""Picking elements one by one: gather, take, masks, where."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, misfit, need_tensor, type_word, wrong_call
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.from_values import array_of
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import promoted, promoted_number
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import applied, fronted, sample_of
from gradsh.engine.operators.composite import composite, function
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import METHODS, on_arrays
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.index.indexing import add_at
from gradsh.engine.ops.shape.join import broadcast_shape
from gradsh.errors import ArgumentError, DtypeError, IndexError_, ShapeError

ndarray = np.ndarray

# --- by an index for every element -----------------------------------------------------------------------------------


def need_index(operator: str, index: Any) -> None:
    """Raise DtypeError unless `index` is a tensor of int32 or int64."""
    if not isinstance(index, (ndarray, np.generic)):
        raise ArgumentError(f"{operator}(): argument 'index' (position 3) must be Tensor, not {type_word(index)}")
    if (index.dtype.kind != "i" or index.dtype.itemsize < 4) and index.size:
        word = "scatter" if operator == "scatter_add" else operator
        raise DtypeError(f"{word}(): Expected dtype int32/int64 for index")


def along(index: Any, dim: int) -> tuple[Any, ...]:
    """NumPy's index for `x[i, j, index[i, j, k]]`, where `index` stands at `dim`."""
    n = index.ndim
    full: list[Any] = [
        alloc.arange(extent).reshape((extent,) + (1,) * (n - d - 1)) for d, extent in enumerate(index.shape)
    ]
    full[dim] = index
    return tuple(full)


def check_along(x_shape: tuple[int, ...], index: Any, dim: int) -> None:
    """Raise IndexError_ for entries of `index` outside dimension `dim`."""
    if index.size:
        low, high = index.min().item(), index.max().item()
        extent = x_shape[dim] if x_shape else 1
        if low < 0 or high >= extent:
            wrong = next(v for v in index.reshape(-1).tolist() if not 0 <= v < extent)
            raise IndexError_(
                f"index {wrong} is out of bounds for dimension {dim} with size {extent}", kind="RuntimeError"
            )


@op(
    "gather(input, dim, index, sparse_grad=False)",
    work="rows",
    grad_fn="GatherBackward0",
    samples=lambda: [
        call(t(2, 3), 1, t(2, 2, dtype="int64", values=[[0, 0], [2, 1]])),
        call(t(3, 2), 0, t(2, 1, dtype="int64", values=[[2], [2]])),
        call(t(), 0, t(dtype="int64", values=0)),
    ],
    formula="g, added up where its elements came from",
    example="gather(tensor([[1., 2.], [3., 4.]]), 1, tensor([[0], [1]]))",
    linear=True,
)
def gather(x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    """`out[i][j] = input[i][index[i][j]]` for dim 1, and likewise for the others."""
    need_index("gather", index)
    dim = dim_index(dim, x.ndim)
    if max(index.ndim, 1) != max(x.ndim, 1):
        if index.size:
            raise ShapeError("Index tensor must have the same number of dimensions as input tensor")
        return alloc.zeros(index.shape, x.dtype)
    if not x.ndim or not index.ndim:
        check_along(x.shape, index, 0)
        index = index.astype(np.int64, copy=False)
        return np.take(x, index) if index.ndim or not x.ndim else x[index]
    for d, extent in enumerate(index.shape):
        if d != dim and extent > x.shape[d]:
            raise ShapeError(
                f"Size does not match at dimension {d} expected index {list(index.shape)} to be no larger than self "
                f"{list(x.shape)} apart from dimension {dim}"
            )
    check_along(x.shape, index, dim)
    return x[along(index, dim)] if index.size else alloc.empty(index.shape, x.dtype)


gather.vjp("input", saves="index")(
    lambda F, g, out, x, dim, index, sparse_grad: F.gather_backward(g, x.shape, dim, index)
)


@gather.batched
def _(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    x, index = fronted(x, batched[0], size), fronted(index, batched[2], size)
    n = len(sample_of(x))
    if not n or len(sample_of(index)) != n:
        return NotImplemented
    return applied(gather, x, dim_index(dim, n) + 1, index, False)


@op(
    "gather_backward(grad, shape, dim, index)",
    grad_fn="ScatterAddBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), (2, 3), 1, t(2, 2, dtype="int64", values=[[0, 0], [2, 1]]))],
    linear=True,
)
def gather_backward(g: Any, shape: Any, dim: int, index: Any) -> Any:
    """Zeros of `shape` to which the elements of `grad` are added."""
    if not shape:
        return summed(g)
    full = alloc.zeros(shape, g.dtype)
    if not index.size:
        return full
    add_at(full, along(alloc.asarray(index), dim % len(shape)) if index.ndim else (index,), g)
    return full


gather_backward.vjp("grad", saves="index")(lambda F, g, out, grad, shape, dim, index: F.gather(g, dim, index))


@gather_backward.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, index: Any) -> Any:
    g, index = fronted(g, batched[0], size), fronted(index, batched[3], size)
    if not shape or len(sample_of(index)) != len(shape):
        return NotImplemented
    return applied(gather_backward, g, (size, *shape), dim_index(dim, len(shape)) + 1, index)


@composite(
    "take_along_dim(input, indices, dim=None)",
    samples=lambda: [
        call(t(2, 3), t(2, 1, dtype="int64", values=[[0], [2]]), 1),
        call(t(2, 3), t(2, dtype="int64", values=[5, 0])),
    ],
    formula="g, added up where its elements came from",
    example="take_along_dim(tensor([[1., 2.], [3., 4.]]), tensor([[0], [1]]), 1)",
)
def take_along_dim(input: Any, indices: Any, dim: Any) -> Any:
    """`gather` with broadcasting; without a dim, from the elements in flat order."""
    need_tensor("take_along_dim", "input", 1, input)
    need_tensor("take_along_dim", "indices", 2, indices)
    if dim is None:
        return gather.apply(T.reshape(input, (input.data.size,)), 0, T.reshape(indices, (indices.data.size,)))
    n = input.data.ndim
    if indices.data.ndim != n:
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{n} dimensions for input, and {indices.data.ndim} dimensions for indices"
        )
    at = dim_index(dim, n)
    shape = list(
        broadcast_shape(
            tuple(e for d, e in enumerate(input.data.shape) if d != at),
            tuple(e for d, e in enumerate(indices.data.shape) if d != at),
        )
    )
    extent = input.data.shape[at]
    if extent and indices.data.dtype.kind == "i":
        indices = T.remainder(indices, extent)
    wide = (*shape[:at], extent, *shape[at:])
    picks = (*shape[:at], indices.data.shape[at], *shape[at:])
    return gather.apply(T.expand(input, wide), at, T.expand(indices, picks))


@op(
    "take(input, index)",
    work="rows",
    grad_fn="TakeBackward0",
    samples=lambda: [
        call(t(2, 3), t(4, dtype="int64", values=[0, 5, 5, -2])),
        call(t(3), t(1, 2, dtype="int64", values=[[0, 1]])),
    ],
    formula="g, added up where its elements came from",
    example="take(eye(2), tensor([0, 3]))",
    linear=True,
)
def take(x: Any, index: Any) -> Any:
    """The elements that indices pick in flat order."""
    need_long("take", index)
    n = x.size
    if index.size:
        wrong = next((v for v in (index.min().item(), index.max().item()) if not -n <= v < n), None)
        if wrong is not None:
            raise IndexError_(f"out of range: tried to access index {wrong} on a tensor of {n} elements.")
    return np.take(x, index)


def need_long(operator: str, index: Any) -> None:
    """Raise DtypeError unless `index` is a tensor of int64."""
    if not isinstance(index, (ndarray, np.generic)):
        raise ArgumentError(f"{operator}(): argument 'index' (position 2) must be Tensor, not {type_word(index)}")
    if index.dtype != np.int64:
        raise DtypeError(f"{operator}(): Expected a long tensor for index, but got {OF[index.dtype].title}")


take.vjp("input", saves="index")(lambda F, g, out, x, index: F.take_backward(g, x.shape, index))


@op(
    "take_backward(grad, shape, index)",
    grad_fn="PutBackward0",
    private=True,
    samples=lambda: [call(t(3), (2, 3), t(3, dtype="int64", values=[0, 5, 5]))],
    linear=True,
)
def take_backward(g: Any, shape: Any, index: Any) -> Any:
    """Zeros of `shape` to which the elements of `grad` are added in flat order."""
    full = alloc.zeros(shape, g.dtype)
    add_at(full.reshape(-1), index, g)
    return full


take_backward.vjp("grad", saves="index")(lambda F, g, out, grad, shape, index: F.take(g, index))

# --- by a mask -------------------------------------------------------------------------------------------------------


@op(
    "masked_select(input, mask)",
    work="elements",
    grad_fn="MaskedSelectBackward0",
    samples=lambda: [
        call(t(2, 3), t(2, 3, dtype="bool", values=[[True, False, True], [False, False, True]])),
        call(t(2, 3), t(3, dtype="bool", values=[True, False, True])),
        call(t(3), t(2, 3, dtype="bool", values=[[True, False, True], [False, False, True]])),
    ],
    formula="g where the mask is true, else 0",
    example="masked_select(arange(3.), tensor([true, false, true]))",
    linear=True,
)
def masked_select(x: Any, mask: Any) -> Any:
    """The elements at which a mask is true, in one dimension; both broadcast."""
    if not isinstance(mask, (ndarray, np.generic)):
        raise ArgumentError(f"masked_select(): argument 'mask' (position 2) must be Tensor, not {type_word(mask)}")
    if mask.dtype.kind != "b":
        raise DtypeError("masked_select: expected BoolTensor for mask")
    shape = broadcast_shape(mask.shape, x.shape)
    return np.broadcast_to(x, shape)[np.broadcast_to(mask, shape)]


masked_select.vjp("input", saves="mask")(lambda F, g, out, x, mask: F.masked_select_backward(g, x.shape, mask))


@op(
    "masked_select_backward(grad, shape, mask)",
    grad_fn="MaskedScatterBackward0",
    private=True,
    samples=lambda: [call(t(2), (3,), t(3, dtype="bool", values=[True, False, True]))],
    linear=True,
)
def masked_select_backward(g: Any, shape: Any, mask: Any) -> Any:
    """Zeros of the common shape with `grad` where the mask is true."""
    full = alloc.zeros(broadcast_shape(shape, mask.shape), g.dtype)
    full[np.broadcast_to(mask, full.shape)] = g
    return full


masked_select_backward.vjp("grad", saves="mask")(
    lambda F, g, out, grad, shape, mask: F.masked_select(F.expand(g, out.shape), mask)
)


@op("nonzero_table(input)", work="elements", private=True)
def nonzero_table(x: Any) -> Any:
    """The indices of elements that are not zero, one a row."""
    return np.argwhere(x).astype(np.int64, copy=False) if x.ndim else alloc.zeros((int(x != 0), 0), np.int64)


@function(
    "nonzero(input, *, as_tuple=False)",
    work="elements",
    differentiable=False,
    example="nonzero(tensor([0, 3, 4]))",
    dynamic=True,
)
def nonzero(input: Any, as_tuple: bool) -> Any:
    """The indices of elements that are not zero: one a row, or a tensor for each dimension."""
    need_tensor("nonzero", "input", 1, input)
    if not as_tuple:
        return nonzero_table.apply(input)
    x = input.data
    return tuple(
        make(alloc.ascontiguousarray(found)) for found in np.nonzero(x if x.ndim else alloc.asarray(x).reshape(1))
    )


@function("argwhere(input)", work="elements", differentiable=False, example="argwhere(tensor([0, 3, 4]))", dynamic=True)
def argwhere(input: Any) -> Any:
    """The indices of elements that are not zero, one a row."""
    need_tensor("argwhere", "input", 1, input)
    return nonzero_table.apply(input)


# --- where -----------------------------------------------------------------------------------------------------------


@op(
    "where_each(condition, input, other)",
    grad_fn="WhereBackward0",
    private=True,
    samples=lambda: [call(t(3, dtype="bool", values=[True, False, True]), t(2, 3), t(3))],
    elementwise=True,
)
def where_each(condition: Any, x: Any, y: Any) -> Any:
    """`input` where the condition is true, `other` elsewhere."""
    if not hasattr(x, "dtype"):
        x = _number_like(x, y)
    if not hasattr(y, "dtype"):
        y = _number_like(y, x)
    if x.dtype != y.dtype:
        x, y = promoted(x, y, False)
    try:
        return np.where(condition, x, y)[()]
    except ValueError:
        broadcast_shape(broadcast_shape(condition.shape, x.shape), y.shape)
        raise


def _number_like(number: Any, other: Any) -> Any:
    """A plain number as a 0-d value of the dtype that it takes beside `other`."""
    if hasattr(other, "dtype"):
        array, value = promoted_number(other[:0] if other.ndim else other, number, False)
        return array.dtype.type(value)
    return array_of(number)


@where_each.vjp("input", saves="condition")
def _(F: Any, g: Any, out: Any, condition: Any, x: Any, y: Any) -> Any:
    return F.where(condition, g, 0)


@where_each.vjp("other", saves="condition")
def _(F: Any, g: Any, out: Any, condition: Any, x: Any, y: Any) -> Any:
    return F.where(condition, 0, g)


@composite(
    "where(condition, input=None, other=None)",
    samples=lambda: [
        call(t(2, 3, dtype="bool", values=[[True, False, True], [False, False, True]]), t(2, 3), t(2, 3)),
        call(t(3, dtype="bool", values=[True, False, True]), t(2, 1), 0.5),
        call(t(2, dtype="bool", values=[True, False]), 1.5, t()),
    ],
    formula="input: g where condition, else 0; other: 0 where condition, else g",
    kinks="the branch that is not taken receives 0, and 0 * inf upstream is nan",
    example="where(tensor([true, false]), tensor([1., 2.]), 0.)",
    elementwise=True,
)
def where(condition: Any, input: Any, other: Any) -> Any:
    """`input` where the condition is true, `other` elsewhere; both broadcast. Alone: the indices where it is true."""
    if condition.__class__ is not Tensor:
        if isinstance(condition, (ndarray, np.generic)):
            condition = make(condition)
        else:
            need_tensor("where", "condition", 1, condition)
    if input is None and other is None:
        return nonzero.apply(condition, as_tuple=True)
    if input is None or other is None:
        raise misfit("where")
    kind = condition.data.dtype
    if kind.kind != "b":
        if kind != np.uint8:
            raise DtypeError(
                f"where expected condition to be a boolean tensor, but got a tensor with dtype {OF[kind].title}"
            )
        mode.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future "
            "version of PyTorch. Use a boolean condition instead.",
            once=True,
        )
        condition = make(condition.data.astype(np.bool_))
    return where_each.apply(condition, input, other)


on_arrays("where", where_each.kernel)


def _where_method(*args: Any, **kwargs: Any) -> Any:
    """`x.where(condition, other)`: the receiver is the value, not the condition."""
    given = dict(zip(("input", "condition", "other"), args, strict=False))
    if len(args) > 3 or given.keys() & kwargs.keys() or {*given, *kwargs} != {"input", "condition", "other"}:
        raise wrong_call(where.signature, sys._getframe(0))
    given |= kwargs
    if given["condition"].__class__ is not Tensor or not isinstance(given["other"], (Tensor, Batched, int, float)):
        raise wrong_call(where.signature, sys._getframe(0))
    return where.apply(given["condition"], given["input"], given["other"])


METHODS["where"] = _where_method
