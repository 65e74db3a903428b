"""The largest, the smallest, the middle and the most frequent: elements picked from the input."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, not_implemented, wrong_call
from gradsh.engine.core.dtypes import float32
from gradsh.engine.core.named import named
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.ties import around, most_frequent, quick_select, settle_ties
from gradsh.engine.operators.batch_rules import count, fronted, sample_of
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.reduction import axes, batches_along, public, short_step, takes_tensor
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.typed import Types
from gradsh.engine.ops.reduce.sums import kept, opened
from gradsh.errors import DimError, DtypeError, ValueProblem

int64 = np.dtype(np.int64)
_getframe = sys._getframe
max_reduce: Any = np.maximum.reduce  # NumPy types no bool for keepdims
min_reduce: Any = np.minimum.reduce

# --- what gradients of picked elements are made of -------------------------------------------------------------------


@op("tie_mask(input, extreme, nans)", private=True)
def tie_mask(x: Any, extreme: Any, nans: bool) -> Any:
    """1 where an element equals the extreme, else 0, in the dtype of `input`. `nans` says that two nan are equal."""
    mask = x == extreme
    if nans and extreme != extreme:
        mask = x != x
    return mask.astype(x.dtype)


@op("put_at(grad, index, dim, shape)", grad_fn="ValueSelectingReductionBackward0", private=True, samples=list)
def put_at(g: Any, index: Any, dim: int, shape: Any) -> Any:
    """Zeros of `shape` with `grad` written at `index` along `dim`; no index comes twice."""
    full = alloc.zeros(shape, g.dtype)
    if full.ndim == 0:
        return alloc.asarray(g).reshape(())
    np.put_along_axis(full, index, g, dim)
    return full


put_at.vjp("grad", saves="index")(lambda F, g, out, grad, index, dim, shape: F.take_at(g, index, dim))


@put_at.batched
def _(F: Any, size: int, batched: Any, g: Any, index: Any, dim: int, shape: Any) -> Any:
    g, index = fronted(g, batched[0], size), fronted(index, batched[1], size)
    return F.add_at(g, index, dim % len(shape) + 1, (size, *shape)) if len(shape) else g


@op("take_at(input, index, dim)", work="rows", grad_fn="GatherBackward0", private=True, samples=list)
def take_at(x: Any, index: Any, dim: int) -> Any:
    """The elements at `index` along `dim`; no index comes twice."""
    return x if np.ndim(x) == 0 else np.take_along_axis(x, index, dim)


take_at.vjp("input", saves="index")(lambda F, g, out, x, index, dim: F.put_at(g, index, dim, x.shape))


@take_at.batched
def _(F: Any, size: int, batched: Any, x: Any, index: Any, dim: int) -> Any:
    x, index = fronted(x, batched[0], size), fronted(index, batched[1], size)
    return F.gather_at(x, index, dim % len(sample_of(x)) + 1) if sample_of(x) else x


def put_back(F: Any, g: Any, index: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of values that were picked at `index` along `dim`."""
    if not x.ndim:
        return g
    axis = dim_index(dim, x.ndim)
    if not keepdim:
        g, index = F.reshape(g, kept(x.shape, axis)), F.reshape(index, kept(x.shape, axis))
    return F.put_at(g, index, axis, x.shape)


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
        return picked(x, arg(x, axis, keepdims=True) if x.ndim else alloc.zeros((), int64), axis, keepdim)

    return kernel


def picked(x: Any, index: Any, axis: int, keepdim: Any) -> tuple[Any, Any]:
    """Values at `index` along `axis`, and the index, without that dim unless `keepdim`."""
    if not x.ndim:
        return x.dtype.type(x), np.int64(0)
    values = np.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (np.squeeze(values, axis)[()], np.squeeze(index, axis)[()])


def _extreme_rule(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: Any) -> Any:
    if dim is not None:
        return put_back(F, g[0], out[1], x, dim, keepdim)
    mask = F.tie_mask(x, out, True)
    return g / ties(F, mask, None, False) * mask


def ties(F: Any, mask: Any, dim: Any, keepdim: bool) -> Any:
    """How many elements share the extreme; there may be more than a half can count."""
    half = (mask.data if isinstance(mask, Tensor) else mask).dtype == np.float16
    return F.sum(mask, dim, keepdim, float32 if half else None)


def _two(args: Any, kwargs: dict[str, Any]) -> Any:
    """The two tensors of max(x, y), max(x, other=y) or max(input=x, other=y); None in the other forms."""
    if len(args) == 2 and not kwargs:
        return args if isinstance(args[1], Tensor) else None
    if "other" in kwargs and len(args) + len(kwargs) == 2 and (args or "input" in kwargs):
        return (*args, *(kwargs[k] for k in ("input", "other") if k in kwargs))
    return None


def _extreme_call(entry: Any, dim_kind: str, both: str) -> None:
    """The forms of `max`: of everything, along a dim, and, where `both` names that operator, of two tensors."""
    bind = Types(entry.signature, True).bind
    name = entry.name
    along = entry.kind.renamed(dim_kind, outputs=2)

    def apply(*args: Any, **kwargs: Any) -> Any:
        if both and (kwargs or len(args) == 2):
            two = _two(args, kwargs)
            if two is not None:
                with placed(caller(_getframe(1))):
                    return getattr(T, both)(*two)
        values = bind(args, kwargs)
        if values[1] is None:
            if len(args) > 1 or kwargs.keys() - {"input"}:
                raise wrong_call(entry.signature, _getframe(0))
            return run(entry, values, _getframe(1))
        out = run(entry, values, _getframe(1), along)
        return named(name, values=out[0], indices=out[1])

    public(entry)(apply)
    short_step(entry)
    along.step = entry.kind.step
    batches_along(entry, name, one_dim=True)
    along_dim = entry.batch_rule

    def rule(F: Any, size: int, batched: Any, x: Any, dim: Any, keepdim: Any) -> Any:
        if dim is not None:
            return along_dim(F, size, batched, x, dim, keepdim)
        rows = F.reshape(x, (size, count(sample_of(x))))
        return getattr(F, "a" + name)(rows, 1, False) if both else getattr(F, name)(rows, 1, False)[0]

    entry.batched(rule)


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
    work="elements",
    grad_fn="MaxBackward1",
    samples=lambda: [*_extreme_samples(), call(t(2, 3, distinct=True), t(3, low=5, high=7))],
    formula="g at the maximum; along a dim, at the returned index",
    kinks="ties: max() shares g equally; max(dim) gives it to the first",
    at_kink=(("(input == out).sum(dim, keepdim) > 1", "a tie", "shared equally; along a dim the first"),),
    example="max(tensor([1., 3., 2.]))",
)(_extreme("max", max_reduce, np.argmax))
max.summary = "The largest element; with `dim` values and indices along it; with a tensor the larger of two."
max.vjp("input", saves="input out")(_extreme_rule)
_extreme_call(max, "MaxBackward0", "maximum")

min = op(
    "min(input, dim=None, keepdim=False)",
    work="elements",
    grad_fn="MinBackward1",
    samples=lambda: [*_extreme_samples(), call(t(2, 3, distinct=True), t(3, low=5, high=7))],
    formula="g at the minimum; along a dim, at the returned index",
    kinks="ties: min() shares g equally; min(dim) gives it to the first",
    at_kink=(("(input == out).sum(dim, keepdim) > 1", "a tie", "shared equally; along a dim the first"),),
    example="min(tensor([1., 3., 2.]))",
)(_extreme("min", min_reduce, np.argmin))
min.summary = "The smallest element; with `dim` values and indices along it; with a tensor the smaller of two."
min.vjp("input", saves="input out")(_extreme_rule)
_extreme_call(min, "MinBackward0", "minimum")


# --- amax, amin, aminmax, argmax, argmin -----------------------------------------------------------------------------


def _over(name: str, reduce: Any) -> Any:
    def kernel(x: Any, dim: Any, keepdim: bool) -> Any:
        axis = axes(name, dim, x.ndim)
        _not_empty(name, x, axis)
        return alloc.asarray(reduce(x, axis, keepdims=keepdim))

    return kernel


def _shared(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """A gradient shared equally among the elements that equal the extreme."""
    mask = F.tie_mask(x, opened(F, out, x, dim, keepdim), False)
    return opened(F, g, x, dim, keepdim) * mask / ties(F, mask, dim, True)


def _over_samples() -> list[call]:
    return [
        call(t(2, 3, distinct=True)),
        call(t(2, 3, distinct=True), 1),
        call(t(2, 3, distinct=True), (0, -1), True),
        call(t(2, 3, distinct=True), ()),
        call(t(), 0),
        call(t(0, 3), 1),
        call(t(3, 2, strided=True, distinct=True), 0),
    ]


amax = op(
    "amax(input, dim=(), keepdim=False)",
    grad_fn="AmaxBackward0",
    samples=_over_samples,
    formula="g at the maxima, shared equally",
    kinks="ties share equally",
    at_kink=(("(input == out).sum(dim, keepdim) > 1", "a tie", "shared equally"),),
    example="amax(tensor([[1., 3.], [2., 0.]]), 1)",
)(_over("amax", max_reduce))
amax.summary = "The largest element of all, or along one or several dims."

amin = op(
    "amin(input, dim=(), keepdim=False)",
    grad_fn="AminBackward0",
    samples=_over_samples,
    formula="g at the minima, shared equally",
    kinks="ties share equally",
    at_kink=(("(input == out).sum(dim, keepdim) > 1", "a tie", "shared equally"),),
    example="amin(tensor([[1., 3.], [2., 0.]]), 1)",
)(_over("amin", min_reduce))
amin.summary = "The smallest element of all, or along one or several dims."

for _entry in (amax, amin):
    _entry.vjp("input", saves="input out")(_shared)
    takes_tensor(_entry)


@op(
    "aminmax(input, *, dim=None, keepdim=False)",
    work="elements",
    grad_fn="AminmaxBackward0",
    outputs=2,
    samples=lambda: [
        call(t(2, 3, distinct=True)),
        call(t(2, 3, distinct=True), dim=1),
        call(t(2, 3, distinct=True), dim=0, keepdim=True),
    ],
    formula="as amin and amax",
    kinks="ties share equally",
    example="aminmax(tensor([1., 3., 2.]))",
)
def aminmax(x: Any, dim: Any, keepdim: bool) -> Any:
    """The smallest and the largest element."""
    axis = None if dim is None else dim_index(dim, x.ndim) if x.ndim else None
    if axis is None and not x.size:
        raise ValueProblem(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    if axis is not None and not x.shape[axis]:
        raise DimError(f"aminmax: Expected reduction dim {axis} to have non-zero size.")
    return min_reduce(x, axis, keepdims=keepdim), max_reduce(x, axis, keepdims=keepdim)


@aminmax.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    parts = [_shared(F, gi, o, x, dim, keepdim) for gi, o in zip(g, out, strict=True) if gi is not None]
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


takes_tensor(aminmax, "aminmax", "min max", one_dim=True)


def _place(name: str, arg: Any) -> Any:
    def kernel(x: Any, dim: Any, keepdim: bool) -> Any:
        if x.dtype.kind == "b":
            raise DtypeError(f"{name}(): does not support bool input")
        axis = None if dim is None else dim_index(dim, x.ndim)
        if axis is None and not x.size:
            raise DimError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        _not_empty(name, x, axis)
        if not x.ndim:
            return np.int64(0)
        return alloc.asarray(arg(x, axis, keepdims=keepdim))

    return kernel


def _place_samples() -> list[call]:
    return [call(t(2, 3)), call(t(2, 3), 1), call(t(2, 3), dim=0, keepdim=True), call(t()), call(t(3, dtype="int64"))]


argmax = op("argmax(input, dim=None, keepdim=False)", samples=_place_samples, example="argmax(tensor([1., 3., 2.]))")(
    _place("argmax", np.argmax)
)
argmax.summary = "Where the largest element is: the first place, in the flattened input or along `dim`."

argmin = op("argmin(input, dim=None, keepdim=False)", samples=_place_samples, example="argmin(tensor([1., 3., 2.]))")(
    _place("argmin", np.argmin)
)
argmin.summary = "Where the smallest element is: the first place, in the flattened input or along `dim`."

for _entry in (argmax, argmin):
    takes_tensor(_entry, one_dim=True)


# --- median, nanmedian, kthvalue, mode -------------------------------------------------------------------------------


def _ranked(x: Any, axis: int, rank: Any) -> Any:
    """Where the element of `rank` along `axis` is, extent 1 kept; of equal elements earlier ones rank lower."""
    return np.take_along_axis(np.argsort(x, axis, kind="stable"), alloc.asarray(rank), axis)


def _middle(name: str, skip_nan: bool) -> Any:
    def kernel(x: Any, dim: Any, keepdim: Any) -> Any:
        if x.dtype.kind == "b" and (dim is not None or x.size):
            raise not_implemented("median_cpu" if dim is None else "median_out", x.dtype)
        if dim is None:
            if not x.size:
                least = np.nan if x.dtype.kind == "f" else 0 if x.dtype.kind == "b" else np.iinfo(x.dtype).min
                return x.dtype.type(least)
            flat = x.reshape(-1)
            return flat[_middle_place(flat, 0, skip_nan)[0]]
        axis = dim_index(dim, x.ndim)
        _not_empty(name, x, axis)
        if not x.ndim or not x.size:
            shape = x.shape if keepdim or not x.ndim else (*x.shape[:axis], *x.shape[axis + 1 :])
            return alloc.array(x).reshape(shape)[()] if not x.ndim else alloc.empty(shape, x.dtype), alloc.zeros(
                shape, int64
            )[()]
        return picked(x, _middle_place(x, axis, skip_nan), axis, keepdim)

    return kernel


def _middle_place(x: Any, axis: int, skip_nan: bool) -> Any:
    """Where the lower middle along `axis` is; the first nan, if there is one and it is not skipped."""
    n = x.shape[axis]
    nan = x != x
    if skip_nan:
        numbers = n - np.add.reduce(nan, axis, keepdims=True, dtype=int64)
        return _ranked(x, axis, np.maximum(numbers - 1, 0) // 2)
    middle = _ranked(x, axis, alloc.full(kept(x.shape, axis), (n - 1) // 2))
    if x.dtype.kind == "f" and nan.any():
        return np.where(nan.any(axis, keepdims=True), np.argmax(nan, axis, keepdims=True), middle)
    return middle


def _middle_samples() -> list[call]:
    return [
        call(t(2, 3, distinct=True)),
        call(t(2, 3, distinct=True), 1),
        call(t(4, distinct=True)),
        call(t(2, 4, distinct=True), -1, True),
        call(t(), 0),
        call(t(3, 2, strided=True, distinct=True), 0),
    ]


median = op(
    "median(input, dim=None, keepdim=False)",
    work="elements",
    grad_fn="MedianBackward0",
    samples=_middle_samples,
    formula="g at the median; along a dim, at the returned index",
    kinks="ties: median() shares g equally; median(dim) gives it to the returned index",
    example="median(tensor([1., 3., 2., 4.]))",
)(_middle("median", False))
median.summary = "The middle element, the lower one of an even count; nan if there is any."

nanmedian = op(
    "nanmedian(input, dim=None, keepdim=False)",
    work="elements",
    grad_fn="NanmedianBackward0",
    samples=_middle_samples,
    formula="g at the median; along a dim, at the returned index",
    kinks="ties: nanmedian() shares g equally; nanmedian(dim) gives it to the returned index",
    example="nanmedian(tensor([1., nan, 2., 4.]))",
)(_middle("median", True))
nanmedian.summary = "The middle element of those that are not nan, the lower one of an even count."

for _entry in (median, nanmedian):
    _entry.vjp("input", saves="input out")(_extreme_rule)
_extreme_call(median, "MedianBackward1", "")
_extreme_call(nanmedian, "NanmedianBackward1", "")


@op(
    "kthvalue(input, k, dim=-1, keepdim=False)",
    work="elements",
    grad_fn="KthvalueBackward0",
    samples=lambda: [
        call(t(4, distinct=True), 2),
        call(t(2, 3, distinct=True), 1, 0),
        call(t(2, 3, distinct=True), 3, 1, True),
        call(t(), 1),
    ],
    formula="g at the returned index",
    kinks="ties: the returned index",
    example="kthvalue(tensor([3., 1., 2.]), 2)",
)
def kthvalue(x: Any, k: int, dim: int, keepdim: bool) -> Any:
    """The k-th smallest element along `dim` (from 1), and where it is."""
    if x.dtype.kind == "b" and x.ndim:
        raise not_implemented("kthvalue_cpu", x.dtype)
    axis = dim_index(dim, x.ndim)
    _not_empty("kthvalue", x, axis)
    if not 1 <= k <= (x.shape[axis] if x.ndim else 1):
        raise ValueProblem(f"kthvalue(): selected number k out of range for dimension {axis}")
    if not x.ndim:
        return picked(x, 0, axis, keepdim)
    order = np.argsort(x, axis, kind="stable")
    near = np.take_along_axis(x, np.take(order, around(k, x.shape[axis]), axis), axis)
    index = settle_ties(x, np.take(order, [k - 1], axis), near, axis, lambda row: quick_select(row, k - 1)[k - 1 : k])
    return picked(x, index, axis, keepdim)


kthvalue.vjp("input", saves="out")(lambda F, g, out, x, k, dim, keepdim: put_back(F, g[0], out[1], x, dim, keepdim))
takes_tensor(kthvalue, "kthvalue", one_dim=True)


@op(
    "mode(input, dim=-1, keepdim=False)",
    work="elements",
    grad_fn="ModeBackward0",
    samples=lambda: [call(t(4, distinct=True)), call(t(2, 3, distinct=True), 0, True), call(t())],
    formula="g at the returned index",
    kinks="the smallest of the most frequent; its last place",
    example="mode(tensor([1., 2., 2.]))",
)
def mode_(x: Any, dim: int, keepdim: bool) -> Any:
    """The most frequent element along `dim`, and where it is last."""
    axis = dim_index(dim, x.ndim)
    _not_empty("mode", x, axis)
    if not x.ndim or not x.size:
        return picked(x, alloc.zeros(kept(x.shape, axis), int64), axis, keepdim)
    order = np.argsort(x, axis, kind="stable")
    rows = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    places = alloc.arange(rows.shape[-1])
    # the length of each run of equal elements, counted up to where we are
    starts = np.concatenate([alloc.ones((*rows.shape[:-1], 1), bool), rows[..., 1:] != rows[..., :-1]], -1)
    lengths = places - np.maximum.accumulate(np.where(starts, places, 0), -1)
    best = np.moveaxis(np.argmax(lengths, -1, keepdims=True), -1, axis)
    index = np.take_along_axis(order, best, axis)
    if len(places) > 16 or (x != x).any():
        index = settle_ties(x, index, None, axis, lambda row: [most_frequent(row)])
    return picked(x, index, axis, keepdim)


mode_.vjp("input", saves="out")(lambda F, g, out, x, dim, keepdim: put_back(F, g[0], out[1], x, dim, keepdim))
takes_tensor(mode_, "mode", one_dim=True)
