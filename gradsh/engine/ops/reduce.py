"""Sums, means, extremes: fewer numbers out than in."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.checks import dim_index
from gradsh.engine.dtypes import OF
from gradsh.engine.general import op, run
from gradsh.engine.graph import Kind, Node
from gradsh.engine.modes import mode
from gradsh.engine.reduction import axes, public, record, takes_tensor, variant
from gradsh.engine.registry import T
from gradsh.engine.results import named
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor
from gradsh.errors import DimError, DtypeError, ValueProblem

ndarray = np.ndarray
add_reduce = np.add.reduce
float16 = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
int64 = np.dtype(np.int64)
_getframe = sys._getframe

# from this many terms on, float32 sums across rows are accumulated in float64: NumPy adds row after row there
LONG = 512


# --- what gradients of reductions are made of ------------------------------------------------------------------------


@op("spread(grad, shape, dim, keepdim)", grad_fn="ExpandBackward0", private=True, samples=lambda: [call(t(2), (2, 3), 1, False)])
def spread(g: Any, shape: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of a reduction along `dim`, repeated over the elements that were reduced."""
    full = np.empty(shape, g.dtype)
    axis = axes("sum", dim, len(shape))
    if axis is None or keepdim:
        full[...] = g
    else:
        full[...] = g.reshape(kept(shape, axis))
    return full


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


@op("tie_mask(input, extreme)", private=True)
def tie_mask(x: Any, extreme: Any) -> Any:
    """1 where an element equals the extreme (both nan counts), else 0, in the dtype of `input`."""
    mask = x == extreme
    nan = extreme != extreme
    if np.any(nan):
        mask = mask | (nan & (x != x))
    return np.asarray(mask).astype(x.dtype)


@op("put_at(grad, index, dim, shape)", grad_fn="ValueSelectingReductionBackward0", private=True, samples=lambda: [])
def put_at(g: Any, index: Any, dim: int, shape: Any) -> Any:
    """Zeros of `shape` with `grad` written at `index` along `dim`; no index comes twice."""
    full = np.zeros(shape, g.dtype)
    if full.ndim == 0:
        return np.asarray(g).reshape(())
    np.put_along_axis(full, index, g, dim)
    return full


put_at.vjp("grad", saves="index")(lambda F, g, out, grad, index, dim, shape: F.take_at(g, index, dim))


@op("take_at(input, index, dim)", grad_fn="GatherBackward0", private=True, samples=lambda: [])
def take_at(x: Any, index: Any, dim: int) -> Any:
    """The elements at `index` along `dim`; no index comes twice."""
    return x if np.ndim(x) == 0 else np.take_along_axis(x, index, dim)


take_at.vjp("input", saves="index")(lambda F, g, out, x, index, dim: F.put_at(g, index, dim, x.shape))


def put_back(F: Any, g: Any, index: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of values that were picked at `index` along `dim`."""
    if not x.ndim:
        return g
    axis = dim_index(dim, x.ndim)
    if not keepdim:
        g, index = F.reshape(g, kept(x.shape, axis)), F.reshape(index, kept(x.shape, axis))
    return F.put_at(g, index, axis, x.shape)


# --- sum -------------------------------------------------------------------------------------------------------------


def total(x: Any, axis: Any, keepdim: bool, target: Any) -> Any:
    """The sum along `axis`, accumulated as PyTorch does: float16 in float32, integers in int64."""
    if target is float32 or target == float32:
        if axis is not None and x.ndim > 1 and x.size >= LONG and _far_apart(x, axis):
            return add_reduce(x, axis, float64, keepdims=keepdim).astype(float32)
        return add_reduce(x, axis, target, keepdims=keepdim)
    if target == float16:
        return add_reduce(x, axis, float32, keepdims=keepdim).astype(float16)
    if target.kind == "b":
        return add_reduce(x, axis, int64, keepdims=keepdim).astype(target)
    return add_reduce(x, axis, target, keepdims=keepdim)


def _far_apart(x: Any, axis: Any) -> bool:
    """Whether many terms are added that do not lie side by side in memory (there NumPy does not add pairwise)."""
    near = x.ndim - 1
    if axis.__class__ is int:
        return axis != near and x.shape[axis] >= LONG
    return near not in axis and max_of(x.shape[a] for a in axis) >= LONG


max_of = max


@op(
    "sum(input, dim=None, keepdim=False, *, dtype=None)",
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
        call(t(2, 2, dtype="float32"), dtype=OF[float64]),
    ],
    formula="g, expanded to input's shape",
    example="sum(tensor([1., 2.]))",
)
def sum(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The sum of all elements, or along `dim`."""
    if dim.__class__ is not int or not 0 <= dim < x.ndim:
        dim = axes("sum", dim, x.ndim)
    if dtype is None:
        if x.dtype is float32 or x.dtype is float64:
            if dim is None or x.size < LONG:
                return add_reduce(x, dim, keepdims=keepdim)
            target = x.dtype
        else:
            target = x.dtype if x.dtype.kind == "f" else int64
    else:
        target = dtype.np
    return total(x, dim, keepdim, target)


@sum.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    return F.spread(g, x.shape, dim, keepdim)


def _sum_step(node: Node, g: Any) -> Any:
    full = np.empty(node.saved, g.dtype)
    full.fill(g)
    return full


SUM_ALL = Kind("SumBackward0", _sum_step, lambda node, g: T.spread(g, node.saved, None, False), saves=False, operator="sum")
SUM_DIM = variant(sum, "SumBackward1")
_bind_sum = sum.signature.bind


@public(sum)
def _(*args: Any, **kwargs: Any) -> Any:
    if len(args) == 1 and not kwargs:
        x = args[0]
        if x.__class__ is Tensor:
            a = x.data
            if a.__class__ is ndarray and (a.dtype is float32 or a.dtype is float64):
                return record(x, add_reduce(a, None), SUM_ALL, a.shape, _getframe(1))
    values = _bind_sum(args, kwargs)
    tensor_needed("sum", values[0])
    return run(sum, values, _getframe(1), None if values[1] is None else SUM_DIM)


def tensor_needed(operator: str, value: Any) -> None:
    if value.__class__ is not Tensor:
        from gradsh.engine.checks import need_tensor

        need_tensor(operator, "input", 1, value)


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
        call(t(2, 2, dtype="float32"), dtype=OF[float64]),
    ],
    formula="g / n, expanded to input's shape",
    example="mean(tensor([1., 2.]))",
)
def mean(x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    """The mean of all elements, or along `dim`; nan for none."""
    target = x.dtype if dtype is None else dtype.np
    if target.kind != "f":
        which, verb = ("input", "Input") if dtype is None else ("output", "Optional")
        raise DtypeError(
            f"mean(): could not infer output dtype. {verb} dtype must be either a floating point or complex dtype. "
            f"Got: {OF[target].title}"
        )
    axis = axes("mean", dim, x.ndim)
    if target == float16:
        return (add_reduce(x, axis, float32, keepdims=keepdim) / np.float32(_count(x, axis))).astype(float16)
    return total(x, axis, keepdim, target) / target.type(_count(x, axis))


@mean.vjp("input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    return F.spread(g / max_of(_count(x, axes("mean", dim, x.ndim)), 1), x.shape, dim, keepdim)


def _mean_step(node: Node, g: Any) -> Any:
    shape, n = node.saved
    full = np.empty(shape, g.dtype)
    full.fill(g / n)
    return full


MEAN_ALL = Kind(
    "MeanBackward0",
    _mean_step,
    lambda node, g: T.spread(g / node.saved[1], node.saved[0], None, False),
    saves=False,
    operator="mean",
)
MEAN_DIM = variant(mean, "MeanBackward1")
_bind_mean = mean.signature.bind


@public(mean)
def _(*args: Any, **kwargs: Any) -> Any:
    if len(args) == 1 and not kwargs:
        x = args[0]
        if x.__class__ is Tensor:
            a = x.data
            if a.__class__ is ndarray and a.size and (a.dtype is float32 or a.dtype is float64):
                n = a.size
                return record(x, add_reduce(a, None) / n, MEAN_ALL, (a.shape, n), _getframe(1))
    values = _bind_mean(args, kwargs)
    tensor_needed("mean", values[0])
    return run(mean, values, _getframe(1), None if values[1] is None else MEAN_DIM)


# --- prod ------------------------------------------------------------------------------------------------------------


@op(
    "prod(input, dim=None, keepdim=False, *, dtype=None)",
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
    axis = None if dim is None else dim_index(dim, x.ndim) if x.ndim else dim_index(dim, 0) and None
    wide = float32 if target == float16 else int64 if target.kind == "b" else target
    out = np.multiply.reduce(x, axis, wide, keepdims=keepdim)
    return out if wide == target else out.astype(target)


@prod.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
    data = x.data if x.__class__ is Tensor else x
    if not data.ndim:
        return g
    if data.all() and data.dtype == out.dtype:
        return opened(F, g * out, x, dim, keepdim) / x
    if out.dtype != x.dtype:
        x = F.to(x, out.dtype)
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


@op("ones_of(input, dim)", private=True)
def ones_of(x: Any, dim: int) -> Any:
    """Ones shaped as one slice of `input` across `dim`."""
    return np.ones(kept(x.shape, dim), x.dtype)


takes_tensor(prod, dim_kind="ProdBackward1")


# --- max, min --------------------------------------------------------------------------------------------------------


def _not_empty(name: str, x: Any, dim: Any) -> None:
    """PyTorch's errors for an extreme of nothing."""
    if dim is None:
        if not x.size:
            raise ValueProblem(
                f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
    elif x.ndim:
        for d in (dim,) if dim.__class__ is int else dim:
            if not x.shape[d]:
                raise DimError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _extreme(name: str, reduce: Any, arg: Any) -> Any:
    """The kernel of `max` or `min`: the values, or along a dim values and indices."""

    def kernel(x: Any, dim: Any, keepdim: Any) -> Any:
        if dim is None:
            _not_empty(name, x, None)
            return reduce(x, None)
        axis = dim_index(int(dim), x.ndim)
        _not_empty(name, x, axis)
        return picked(x, arg(x, axis, keepdims=True) if x.ndim else np.zeros((), int64), axis, keepdim)

    return kernel


def picked(x: Any, index: Any, axis: int, keepdim: Any) -> tuple[Any, Any]:
    """Values at `index` along `axis`, and the index, without that dim unless `keepdim`."""
    if not x.ndim:
        return np.asarray(x).copy(), np.asarray(index, int64).reshape(())
    values = np.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (np.squeeze(values, axis), np.squeeze(index, axis))


def _extreme_rule(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: Any) -> Any:
    if dim is not None:
        return put_back(F, g[0], out[1], x, dim, keepdim)
    mask = F.tie_mask(x, out)
    return g / F.sum(mask, None, False, None) * mask


def _extreme_call(entry: Any, dim_kind: str, both: str) -> None:
    """The three forms of `max`: of everything, along a dim, of two tensors."""
    bind = entry.signature.bind
    name = entry.name
    along = Kind(dim_kind, entry.kind.step, entry.kind.tensor_step, saves=True, operator=name, outputs=2)

    def apply(*args: Any, **kwargs: Any) -> Any:
        if "other" in kwargs:
            args, kwargs = (*args, kwargs["other"]), {k: v for k, v in kwargs.items() if k != "other"}
        if len(args) == 2 and args[1].__class__ is Tensor and not kwargs:
            mode_before = mode.where
            if mode_before is None:
                from gradsh.engine.registry import caller

                mode.where = caller(_getframe(1))
            try:
                return getattr(T, both)(*args)
            finally:
                mode.where = mode_before
        values = bind(args, kwargs)
        tensor_needed(name, values[0])
        if values[1] is None:
            return run(entry, values, _getframe(1))
        out = run(entry, values, _getframe(1), along)
        return named(name, values=out[0], indices=out[1])

    public(entry)(apply)


def _extreme_samples() -> list[call]:
    return [
        call(t(2, 3, distinct=True)),
        call(t(2, 3, distinct=True), 1),
        call(t(2, 3, distinct=True), -2, True),
        call(t()),
        call(t(), 0),
        call(t(3, 2, strided=True, distinct=True), 0),
        call(t(0, 3), 1),
        call(t(4, dtype="int64")),
    ]


max = op(
    "max(input, dim=None, keepdim=False)",
    grad_fn="MaxBackward1",
    samples=lambda: [*_extreme_samples(), call(t(2, 3, distinct=True), t(3, low=5))],
    formula="g at the maximum; along a dim, at the returned index",
    kinks="ties: max() shares g equally; max(dim) gives it to the first",
    example="max(tensor([1., 3., 2.]))",
)(_extreme("max", np.maximum.reduce, np.argmax))
max.summary = "The largest element; with `dim` values and indices along it; with a tensor the larger of two."
max.vjp("input", saves="input out")(_extreme_rule)
_extreme_call(max, "MaxBackward0", "maximum")

min = op(
    "min(input, dim=None, keepdim=False)",
    grad_fn="MinBackward1",
    samples=lambda: [*_extreme_samples(), call(t(2, 3, distinct=True), t(3, low=5))],
    formula="g at the minimum; along a dim, at the returned index",
    kinks="ties: min() shares g equally; min(dim) gives it to the first",
    example="min(tensor([1., 3., 2.]))",
)(_extreme("min", np.minimum.reduce, np.argmin))
min.summary = "The smallest element; with `dim` values and indices along it; with a tensor the smaller of two."
min.vjp("input", saves="input out")(_extreme_rule)
_extreme_call(min, "MinBackward0", "minimum")
