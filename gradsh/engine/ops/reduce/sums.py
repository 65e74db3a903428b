"""Sums, means, extremes: fewer numbers out than in."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, dims_tuple, need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Freed, Kind, Node
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace
from gradsh.engine.core.strided import repeated
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import along, applied
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.reduction import axes, batches_along, public, reduced, short_step, takes_tensor
from gradsh.engine.operators.registry import computed
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.typed import Types
from gradsh.errors import DtypeError

ndarray = np.ndarray
add_reduce: Any = np.add.reduce  # NumPy types no bool for keepdims
multiply_reduce: Any = np.multiply.reduce
float16 = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
int64 = np.dtype(np.int64)
_getframe = sys._getframe


# --- what gradients of reductions are made of ------------------------------------------------------------------------


@op(
    "spread(grad, shape, dim, keepdim)",
    work="elements",
    grad_fn="ExpandBackward0",
    private=True,
    samples=lambda: [call(t(2), (2, 3), 1, False)],
    linear=True,
)
def spread(g: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a reduction along `dim`, repeated over the elements that were reduced."""
    full = alloc.empty(shape, g.dtype)
    if dim is None or keepdim:
        full[...] = g
    else:
        axis = axes("sum", dim, len(shape))
        full[...] = g if axis is None else g.reshape(kept(shape, axis))
    return full


@spread.batched
def _(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    axis = range(len(shape)) if dim is None or not shape else dims_tuple(dim, len(shape)) or range(len(shape))
    if not keepdim:
        g = F.reshape(g, (size, *kept(shape, tuple(axis))))
    return F.spread(g, (size, *shape), tuple(d + 1 for d in axis), True) if shape else g


spread.vjp("grad")(lambda F, g, out, grad, shape, dim, keepdim: F.sum(g, dim, keepdim, None))


def kept(shape: Any, axis: Any) -> tuple[int, ...]:
    """`shape` with extent 1 at `axis` (an int, a tuple, or None for all)."""
    if axis is None:
        return (1,) * len(shape)
    if axis.__class__ is int:
        return (*shape[:axis], 1, *shape[axis + 1 :])
    return tuple(1 if i in axis else n for i, n in enumerate(shape))


def opened(F: Any, g: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """A reduction's gradient or result with the reduced dims back, extent 1 each."""
    if keepdim or not x.ndim:
        return g
    axis = axes("sum", dim, x.ndim)
    return g if axis is None else F.reshape(g, kept(x.shape, axis))


# --- sum -------------------------------------------------------------------------------------------------------------


def total(x: Any, axis: Any, keepdim: bool, target: Any) -> Any:
    """The sum along `axis`, accumulated as PyTorch does: float16 in float32, integers in int64."""
    if target.kind == "f":
        return summed(x if x.dtype == target else x.astype(target), axis, keepdim)
    if target.kind == "b":
        return add_reduce(x, axis, int64, keepdims=keepdim).astype(target)
    return add_reduce(x, axis, target, keepdims=keepdim)


@op(
    "sum(input, dim=None, keepdim=False, *, dtype=None)",
    work="elements",
    grad_fn="SumBackward0",
    samples=lambda: [
        call(t(2, 3)),
        call(t(2, 3), 1),
        call(t(2, 3), -1, True),
        call(t(2, 3, 2), (0, 2)),
        call(t(2, 3), ()),
        call(t()),
        call(t(), 0),
        call(t(0, 3)),
        call(t(0, 3), 0),
        call(t(3, 2, strided=True), 0),
    ],
    formula="g, for each element",
    example="sum(tensor([1., 2.]))",
    linear=True,
)
def sum(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The sum of all elements, or along `dim`."""
    if dim.__class__ is not int or not 0 <= dim < x.ndim:
        dim = axes("sum", dim, x.ndim)
    target: Any
    if dtype is None:
        if x.dtype is float32 or x.dtype is float64:
            return summed(x, dim, keepdim)
        target = x.dtype if x.dtype.kind == "f" else int64
    else:
        target = dtype.np
    return total(x, dim, keepdim, target)


@sum.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    return F.spread(g, x.shape, dim, keepdim)


def _everywhere(g: Any, shape: tuple[int, ...]) -> Any:
    """The gradient of each of the elements that were added up."""
    walk = mode.walk
    if walk is not None and walk.tiles is not None:
        return walk.tiles.constant(g, shape)
    full = alloc.empty(shape, g.dtype)
    full.fill(g)
    return full


def _sum_step(node: Node, g: Any, F: Namespace) -> Any:
    if F is not A:
        return F.spread(g, node.saved, None, False)
    if node.next.__class__ is Tensor:
        return repeated(g, node.saved)  # a leaf's gradient is one number in memory, as PyTorch's: `grad` shows it
    return _everywhere(g, node.saved)


@sum.jvp
def _(F: Any, t: Any, saved: Any) -> Any:
    return F.sum(t, *(saved[1:-1] if saved.__class__ is list else (None, False, None)))


SUM_ALL = Kind("SumBackward0", _sum_step, saves=False, operator="sum")
short_step(sum)
_sum_along = sum.kind.step


def _sum_along_step(node: Node, g: Any, F: Namespace) -> Any:
    """A leaf's gradient is not repeated in memory, as PyTorch's is not: `grad` shows it."""
    saved = node.saved
    if F is not A or node.next.__class__ is not Tensor or saved.__class__ is Freed:
        return _sum_along(node, g, F)
    x, dim, keepdim = saved[:3]
    return repeated(opened(A, g, x, dim, keepdim), x.shape)


sum.kind.step = _sum_along_step
batches_along(sum)
SUM_DIM = sum.kind.renamed("SumBackward1")
_bind_sum = Types(sum.signature, False).bind


@public(sum)
def _(*args: Any, **kwargs: Any) -> Any:
    if len(args) == 1 and not kwargs:
        x = args[0]
        if x.__class__ is Tensor and mode.interpreter is None:
            if x.storage is not None:
                x.up_to_date()
            a = x.data
            if a.__class__ is ndarray and (a.dtype is float32 or a.dtype is float64):
                return reduced(x, computed(summed, a), SUM_ALL, a.shape, _getframe(1))
    values = _bind_sum(args, kwargs)
    return run(sum, values, _getframe(1), None if values[1] is None else SUM_DIM)


# --- mean ------------------------------------------------------------------------------------------------------------


def _count(x: Any, axis: Any) -> int:
    """How many elements go into one of the results."""
    if axis is None:
        return int(x.size)
    n = 1
    for a in (axis,) if axis.__class__ is int else axis:
        n *= x.shape[a]
    return n


@op(
    "mean(input, dim=None, keepdim=False, *, dtype=None)",
    work="elements",
    grad_fn="MeanBackward0",
    samples=lambda: [
        call(t(2, 3)),
        call(t(2, 3), 1),
        call(t(2, 3), -2, True),
        call(t(2, 3, 2), (0, 2)),
        call(t(2, 3), ()),
        call(t()),
        call(t(0, 3), 1),
        call(t(3, 2, strided=True), 0),
    ],
    formula="g / (input.numel() / out.numel()), for each element",
    example="mean(tensor([1., 2.]))",
    linear=True,
)
def mean(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The mean of all elements, or along `dim`; nan for none."""
    target = x.dtype if dtype is None else dtype.np
    if target.kind != "f":
        which = "Input" if dtype is None else "Optional"
        raise DtypeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {OF[target].title}"
        )
    axis = axes("mean", dim, x.ndim)
    if target == float16:
        return (summed(x.astype(float32), axis, keepdim) / np.float32(_count(x, axis))).astype(float16)
    return total(x, axis, keepdim, target) / target.type(_count(x, axis))


@mean.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    return F.spread(g / max(_count(x, axes("mean", dim, x.ndim)), 1), x.shape, dim, keepdim)


def _mean_step(node: Node, g: Any, F: Namespace) -> Any:
    shape, n = node.saved
    if F is not A:
        return F.spread(g / n, shape, None, False)
    return _everywhere(g / n, shape)


@mean.jvp
def _(F: Any, t: Any, saved: Any) -> Any:
    return F.mean(t, *(saved[1:-1] if saved.__class__ is list else (None, False, None)))


MEAN_ALL = Kind("MeanBackward0", _mean_step, saves=False, operator="mean")
short_step(mean)
batches_along(mean)
MEAN_DIM = mean.kind.renamed("MeanBackward1")
_bind_mean = Types(mean.signature, False).bind


def _mean_of_all(x: Any) -> Any:
    return summed(x) / x.size


@public(mean)
def _(*args: Any, **kwargs: Any) -> Any:
    if len(args) == 1 and not kwargs:
        x = args[0]
        if x.__class__ is Tensor and mode.interpreter is None:
            if x.storage is not None:
                x.up_to_date()
            a = x.data
            if a.__class__ is ndarray and a.size and (a.dtype is float32 or a.dtype is float64):
                return reduced(x, computed(_mean_of_all, a), MEAN_ALL, (a.shape, a.size), _getframe(1))
    values = _bind_mean(args, kwargs)
    return run(mean, values, _getframe(1), None if values[1] is None else MEAN_DIM)


# --- prod ------------------------------------------------------------------------------------------------------------


@op(
    "prod(input, dim=None, keepdim=False, *, dtype=None)",
    work="elements",
    grad_fn="ProdBackward0",
    samples=lambda: [
        call(t(2, 3)),
        call(t(2, 3), 1),
        call(t(2, 3), -2, True),
        call(t()),
        call(t(), 0),
        call(t(0, 3), 0),
        call(t(0)),
        call(t(3, values=[2.0, 0.0, 3.0])),
        call(t(3, values=[0.0, 0.0, 3.0])),
        call(t(2, 3, values=[[0.0, 4.0, 0.0], [1.0, 2.0, 0.0]]), 1),
    ],
    formula="g times the product of the other elements",
    kinks="zeros are no exception: the gradient is the product of the others",
    example="prod(tensor([2., 3.]))",
)
def prod(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The product of all elements, or along one `dim`."""
    target = dtype.np if dtype is not None else x.dtype if x.dtype.kind == "f" else int64
    axis = None if dim is None else dim_index(dim, x.ndim)
    axis = axis if x.ndim else None
    wide = float32 if target == float16 else int64 if target.kind == "b" else target
    out = multiply_reduce(x, axis, wide, keepdims=keepdim)
    return out if wide == target else out.astype(target)


@prod.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    data = x.data if x.__class__ is Tensor else x
    if not data.ndim:
        return g
    if out.dtype != x.dtype:
        x = F.cast_like(x, out)
    if data.all():
        return opened(F, g * out, x, dim, keepdim) / x
    if dim is None:
        flat = F.reshape(x, (-1,))
        return F.reshape(g * others(F, flat, 0), x.shape)
    return opened(F, g, x, dim, keepdim) * others(F, x, dim_index(dim, x.ndim))


def others(F: Any, x: Any, dim: int) -> Any:
    """For each element the product of all others along `dim`, from running products of both directions."""
    n = x.shape[dim]
    one = F.ones_of(x, dim)
    before = F.cumprod(F.cat([one, F.narrow(x, dim, 0, n - 1)], dim), dim, None)
    after = F.flip(F.cumprod(F.cat([one, F.flip(F.narrow(x, dim, 1, n - 1), (dim,))], dim), dim, None), (dim,))
    return before * after


@op("cast_like(input, other)", work="elements", grad_fn="ToCopyBackward0", private=True)
def cast_like(x: Any, other: Any) -> Any:
    """`input` in the dtype of `other`."""
    return x.astype(other.dtype)


cast_like.vjp("input")(lambda F, g, out, x, other: F.cast_like(g, x))


@cast_like.batched
def _(F: Any, size: int, batched: Any, x: Any, other: Any) -> Any:
    return applied(cast_like, x, other) if batched[0] else NotImplemented


@op("ones_of(input, dim)", work="size", private=True)
def ones_of(x: Any, dim: int) -> Any:
    """Ones shaped as one slice of `input` across `dim`."""
    return alloc.ones(kept(x.shape, dim), x.dtype)


along(ones_of, 1)


takes_tensor(
    prod,
    dim_kind="ProdBackward1",
    one_dim=True,
)


# --- nansum, nanmean, counts -----------------------------------------------------------------------------------------


@op(
    "nansum(input, dim=None, keepdim=False, *, dtype=None)",
    work="elements",
    grad_fn="NansumBackward0",
    samples=lambda: [
        call(t(2, 3)),
        call(t(2, 3), 1, True),
        call(t()),
        call(t(0, 3)),
        call(t(3, 2, strided=True), (0, 1)),
    ],
    formula="g, expanded to input's shape, 0 at nan",
    example="nansum(tensor([1., nan]))",
)
def nansum(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The sum with nan counted as 0."""
    if x.dtype.kind == "f":
        x = np.where(np.isnan(x), x.dtype.type(0), x)
    return sum.kernel(x, dim, keepdim, dtype)


@nansum.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    return F.spread(g, x.shape, dim, keepdim) * F.not_nan(x)


@nansum.jvp
def _(F: Any, t: Any, saved: Any) -> Any:
    x, dim, keepdim, dtype = saved[:-1]
    return F.sum(t * F.not_nan(F.restore(x, None)), dim, keepdim, dtype)


takes_tensor(nansum)


@op("not_nan(input)", private=True, elementwise=True)
def not_nan(x: Any) -> Any:
    """1 for numbers and 0 for nan, in the dtype of `input`."""
    return (x == x).astype(x.dtype)


@composite(
    "nanmean(input, dim=None, keepdim=False, *, dtype=None)",
    rename="DivBackward0",
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 1, True), call(t(3, 2, strided=True), (0, 1))],
    formula="g / (count of numbers), 0 at nan",
    example="nanmean(tensor([1., nan]))",
)
def nanmean(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The mean of what is not nan."""
    need_tensor("nanmean", "input", 1, x)
    if x.data.dtype.kind != "f":
        raise DtypeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {OF[x.data.dtype].title}"
        )
    return nansum.apply(x, dim, keepdim, dtype=dtype) / sum.apply(x == x, dim, keepdim)


@op(
    "count_nonzero(input, dim=None)",
    work="elements",
    samples=lambda: [call(t(2, 3)), call(t(2, 3), 1), call(t(2, 3, dtype="int64"), (0, 1))],
    example="count_nonzero(tensor([1., 0.]))",
)
def count_nonzero(x: Any, dim: Any) -> Any:
    """How many elements are not 0, of all or along `dim`."""
    return add_reduce(x != 0, axes("count_nonzero", dim, x.ndim), int64)


takes_tensor(count_nonzero)


def _logical(x: Any, dim: Any, keepdim: bool, name: str, reduce: Any) -> Any:
    target = x.dtype if x.dtype == np.uint8 else np.dtype(bool)
    if dim is not None and dim.__class__ is not int and not len(dim):
        return (x != 0).astype(target)
    return reduce(x != 0, axes(name, dim, x.ndim), keepdims=keepdim).astype(target)


def _logical_samples() -> list[call]:
    return [call(t(2, 3)), call(t(2, 3, dtype="bool"), 1), call(t(2, 3, dtype="int64"), (0, 1), True), call(t(0, 2), 0)]


@op(
    "all(input, dim=None, keepdim=False)",
    work="elements",
    samples=_logical_samples,
    example="all(tensor([true, false]))",
)
def all(x: Any, dim: Any, keepdim: bool) -> Any:
    """Whether all elements are not 0, of all or along `dim`."""
    return _logical(x, dim, keepdim, "all", np.logical_and.reduce)


@op(
    "any(input, dim=None, keepdim=False)",
    work="elements",
    samples=_logical_samples,
    example="any(tensor([true, false]))",
)
def any(x: Any, dim: Any, keepdim: bool) -> Any:
    """Whether any element is not 0, of all or along `dim`."""
    return _logical(x, dim, keepdim, "any", np.logical_or.reduce)


for _entry in (all, any):
    takes_tensor(
        _entry,
    )
