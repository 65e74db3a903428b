"""Variances, covariances, quantiles, histograms."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, misfit, need_tensor, not_implemented, wrong_call
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import converted
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.reduction import axes, batches_along, public, short_step, takes_tensor
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.typed import Types, fits
from gradsh.engine.ops.reduce.sums import kept, opened
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

add_reduce: Any = np.add.reduce  # NumPy types no bool for keepdims
float64 = np.dtype(np.float64)
_getframe = sys._getframe

# --- var, std --------------------------------------------------------------------------------------------------------


def _terms(shape: Any, axis: Any) -> int:
    n = 1
    for a in range(len(shape)) if axis is None else (axis,) if axis.__class__ is int else axis:
        n *= shape[a]
    return n


def _moments(name: str, x: Any, dim: Any, correction: Any, keepdim: bool) -> tuple[Any, Any]:
    """Mean and variance in float64, which is what PyTorch accumulates float32 in."""
    if x.dtype.kind != "f":
        which = name if name.endswith("_mean") else "std and var"
        raise DtypeError(f"{which} only support floating point and complex dtypes")
    axis = axes(name, dim, x.ndim)
    n = _terms(x.shape, axis)
    free = n - correction
    if free <= 0 or not x.size:
        mode.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            "(input numel divided by output numel)."
        )
    wide = x.astype(float64, copy=False)
    mean = add_reduce(wide, axis, keepdims=True) / np.float64(n)
    apart = wide - mean
    variance = add_reduce(apart * apart, axis, keepdims=keepdim) / np.float64(builtin_max(free, 0))
    return (mean if keepdim else np.squeeze(mean, axis)[()]), variance


builtin_max = max


def _var_samples() -> list[call]:
    return [
        call(t(2, 3)),
        call(t(2, 3), 1),
        call(t(2, 3), -2, keepdim=True),
        call(t(2, 3, 2), (0, 2)),
        call(t(2, 3), 1, correction=0),
        call(t(2, 3), correction=0.5),
        call(t(2, 3), 1, False, True),
        call(t(2, 3), unbiased=False),
        call(t(3, 2, strided=True), 0),
    ]


def _var_rule(F: Any, g: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    axis = axes("var", dim, x.ndim)
    free = _terms(x.shape, axis) - correction
    scale = 2.0 / free if free else float("inf")
    return opened(F, g, x, dim, keepdim) * scale * (x - F.mean(x, dim, True, None))


def _std_rule(F: Any, g: Any, out: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    # constant input: 0, not 0 / 0
    g = F.zero_where(g / (out * 2), out)
    return _var_rule(F, g, x, dim, correction, keepdim)


@op("zero_where(input, zero)", grad_fn="MaskedFillBackward0", private=True, elementwise=True)
def zero_where(x: Any, zero: Any) -> Any:
    """`input` with 0 where `zero` is 0."""
    return np.where(zero == 0, x.dtype.type(0), x)


zero_where.vjp("input", saves="zero")(lambda F, g, out, x, zero: F.zero_where(g, zero))


@op(
    "var(input, dim=None, *, correction=1, keepdim=False)",
    work="elements",
    grad_fn="VarBackward0",
    samples=_var_samples,
    formula="2 * g * (input - input.mean(dim, keepdim)) / (input.numel() / out.numel() - correction)",
    example="var(tensor([1., 2., 4.]))",
)
def var(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The variance of all elements, or along `dim`; divides by n - correction."""
    return _moments("var", x, dim, correction, keepdim)[1].astype(x.dtype)


@var.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    return _var_rule(F, g, x, dim, correction, keepdim)


@op(
    "std(input, dim=None, *, correction=1, keepdim=False)",
    work="elements",
    grad_fn="StdBackward0",
    samples=_var_samples,
    formula="g * (input - input.mean(dim, keepdim)) / ((input.numel() / out.numel() - correction) * out)",
    kinks="0 where all elements are equal",
    at_kink=(("out == 0", "all from -1 to 1", "0"),),
    example="std(tensor([1., 2., 4.]))",
)
def std(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """The standard deviation of all elements, or along `dim`; divides by n - correction."""
    return np.sqrt(_moments("std", x, dim, correction, keepdim)[1]).astype(x.dtype)


@std.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    return _std_rule(F, g, out, x, dim, correction, keepdim)


@op(
    "var_mean(input, dim=None, *, correction=1, keepdim=False)",
    work="elements",
    grad_fn="VarMeanBackward0",
    outputs=2,
    method=False,
    samples=_var_samples,
    formula="as var and mean",
    example="var_mean(tensor([1., 2., 4.]))",
)
def var_mean(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """Variance and mean, computed together."""
    mean, variance = _moments("var_mean", x, dim, correction, keepdim)
    return variance.astype(x.dtype), mean.astype(x.dtype)


@var_mean.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    first = None if g[0] is None else _var_rule(F, g[0], x, dim, correction, keepdim)
    return _with_mean(F, first, g[1], x, dim, keepdim)


@op(
    "std_mean(input, dim=None, *, correction=1, keepdim=False)",
    work="elements",
    grad_fn="StdMeanBackward0",
    outputs=2,
    method=False,
    samples=_var_samples,
    formula="as std and mean",
    kinks="std: 0 where all elements are equal",
    example="std_mean(tensor([1., 2., 4.]))",
)
def std_mean(x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    """Standard deviation and mean, computed together."""
    mean, variance = _moments("std_mean", x, dim, correction, keepdim)
    return np.sqrt(variance).astype(x.dtype), mean.astype(x.dtype)


@std_mean.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, correction: Any, keepdim: bool) -> Any:
    first = None if g[0] is None else _std_rule(F, g[0], out[0], x, dim, correction, keepdim)
    return _with_mean(F, first, g[1], x, dim, keepdim)


def _with_mean(F: Any, first: Any, g: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    """The gradient of the variance, if any, plus that of the mean, if any."""
    if g is None:
        return first
    second = F.spread(g / builtin_max(_terms(x.shape, axes("mean", dim, x.ndim)), 1), x.shape, dim, keepdim)
    return second if first is None else first + second


def _with_correction(entry: Any, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The same call with `correction` in place of `unbiased`."""
    if "unbiased" not in kwargs and len(args) < 2:
        return args, kwargs
    if "correction" in kwargs and ("unbiased" in kwargs or len(args) > 2):
        raise wrong_call(entry.signature, _getframe(1))
    if len(args) == 2 and args[1].__class__ is bool:
        args = (args[0], None, args[1])
    if len(args) > 2:
        if len(args) > 4 or args[2].__class__ is not bool or "unbiased" in kwargs:
            raise wrong_call(entry.signature, _getframe(1))
        kwargs = {"correction": args[2], **kwargs}
        if len(args) > 3:
            if "keepdim" in kwargs:
                raise wrong_call(entry.signature, _getframe(1))
            kwargs["keepdim"] = args[3]
        args = args[:2]
    return args, {("correction" if k == "unbiased" else k): v for k, v in kwargs.items()}


def _var_call(entry: Any) -> None:
    """`unbiased` in any of PyTorch's places: var(x, False), var(x, 1, False, True), var(x, unbiased=False)."""
    bind = Types(entry.signature, False).bind

    def apply(*args: Any, **kwargs: Any) -> Any:
        try:
            values = bind(*_with_correction(entry, args, kwargs))
        except ArgumentError:
            raise wrong_call(entry.signature, _getframe(0)) from None
        if values[2] is None:
            values[2] = 1
        elif values[2].__class__ is bool:
            values[2] = int(values[2])
        return run(entry, values, _getframe(1))

    public(entry)(apply)


for _entry in (var, std, var_mean, std_mean):
    short_step(_entry)
    _var_call(_entry)
    batches_along(_entry)

# --- quantiles -------------------------------------------------------------------------------------------------------


def _quantile(name: str, skip_nan: bool) -> Any:
    def quantile(x: Any, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Any:
        need_tensor(name, "input", 1, x)
        if not fits("Tensor", q) and not fits("Number", q):
            raise misfit(name)
        _check_quantile("quantile", x, q, interpolation)
        several: Any = q.data.size if q.__class__ is Tensor and q.data.ndim else None
        if x.__class__ is Batched:
            return _batched_quantile(quantile, x, q, several, dim, keepdim, interpolation)
        shape, ndim = x.data.shape, x.data.ndim
        if dim is None or not ndim:
            if dim is not None:
                dim_index(dim, ndim)
            rows = T.reshape(x, (-1,))
            target = (1,) * ndim if keepdim else ()
        else:
            axis = dim_index(dim, ndim)
            rows = T.movedim(x, axis, -1)
            target = kept(shape, axis) if keepdim else (*shape[:axis], *shape[axis + 1 :])
        ranked = _at_ranks(T.sort(rows, -1, False, False)[0], q, x.data.dtype, skip_nan, interpolation)
        if ranked.data.ndim > 1:
            ranked = T.movedim(ranked, -1, 0)
        return T.reshape(ranked, (() if several is None else (several,)) + target)

    return quantile


def _batched_quantile(
    quantile: Any, x: Batched, q: Any, several: Any, dim: Any, keepdim: bool, interpolation: str
) -> Any:
    """Of every sample: along a dim one further; the dim of q comes after the batch."""
    held, size, ndim = x.value, x.value.shape[0], x.ndim
    if dim is None or not ndim:
        out = quantile(T.reshape(held, (size, math.prod(x.shape))), q, 1, False, interpolation)
    else:
        out = quantile(held, q, dim_index(dim, ndim) + 1, keepdim, interpolation)
    out = out if several is None else T.movedim(out, 0, 1)
    if dim is None and keepdim:
        out = T.reshape(out, (size, *(() if several is None else (several,)), *(1 for _ in range(ndim))))
    return Batched(out, x.level)


def _check_quantile(name: str, x: Any, q: Any, interpolation: str) -> None:
    if x.data.dtype not in (np.float32, np.float64):
        raise DtypeError(f"{name}() input tensor must be either float or double dtype")
    if q.__class__ is Tensor:
        if q.data.ndim > 1:
            raise ShapeError(f"{name}() q must be a scalar or 1D tensor")
        if q.data.dtype != x.data.dtype:
            raise DtypeError(f"{name}() q tensor must be same dtype as the input tensor")
        if q.data.size and not np.all((q.data >= 0) & (q.data <= 1)):
            raise ValueProblem(f"{name}() q values must be in the range [0, 1]")
    elif not 0 <= q <= 1:
        raise ValueProblem(f"{name}() q must be in the range [0, 1] but got {q:g}")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise ValueProblem(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if not x.data.size:
        raise ShapeError(f"{name}() input tensor must be non-empty")


def _at_ranks(ordered: Any, q: Any, dtype: Any, skip_nan: bool, interpolation: str) -> Any:
    """The elements of the ordered rows at the ranks q * (n - 1), interpolated; the last dim runs over q."""
    rows = ordered.data
    nan = np.isnan(rows)
    share: Any = T.reshape(q, (-1,)) if q.__class__ is Tensor else make(alloc.array([q], dtype))
    if skip_nan:
        last = np.maximum(rows.shape[-1] - 1 - add_reduce(nan, -1, np.int64, keepdims=True), 0).astype(dtype)
        ranks = share * make(last)
    else:
        ranks = share * (rows.shape[-1] - 1)
        if nan.any():
            # a row with nan has only nan quantiles; nan is last in order
            ranks = T.where(make(nan.any(-1, keepdims=True)), make(alloc.array([rows.shape[-1] - 1], dtype)), ranks)
    shape = (*rows.shape[:-1], share.data.size)
    places = np.broadcast_to(ranks.data, shape)
    if interpolation in ("lower", "higher", "nearest"):
        step = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint}[interpolation]
        return T.gather_at(ordered, make(step(places).astype(np.int64)), rows.ndim - 1)
    below = np.floor(places)
    low = T.gather_at(ordered, make(below.astype(np.int64)), rows.ndim - 1)
    high = T.gather_at(ordered, make(np.ceil(places).astype(np.int64)), rows.ndim - 1)
    if interpolation == "midpoint":
        return T.lerp(low, high, 0.5)
    return T.lerp(low, high, ranks - make(below))


def _quantile_samples() -> list[call]:
    return [
        call(t(4, distinct=True), 0.3),
        call(t(2, 3, distinct=True), t(2, low=0.3, high=0.45, grad=False), 0),
        call(t(2, 3, distinct=True), 0.6, -1, True),
        call(t(2, 3, distinct=True), 0.6, 1, interpolation="midpoint"),
        call(t(2, 3, distinct=True), 0.6, interpolation="higher"),
    ]


quantile = composite(
    "quantile(input, q, dim=None, keepdim=False, *, interpolation='linear')",
    rename="SqueezeBackward4",
    samples=_quantile_samples,
    formula="g at the neighbours of the rank q * (n - 1), by their distance",
    example="quantile(tensor([1., 2., 4.]), 0.25)",
    looped="it works on arrays",
)(_quantile("quantile", False))
quantile.summary = "The q-th quantiles of all elements, or along `dim`; nan if there is any nan."

nanquantile = composite(
    "nanquantile(input, q, dim=None, keepdim=False, *, interpolation='linear')",
    rename="SqueezeBackward4",
    samples=_quantile_samples,
    formula="g at the neighbours of the rank q * (n - 1), by their distance",
    example="nanquantile(tensor([1., nan, 4.]), 0.25)",
    looped="it works on arrays",
)(_quantile("nanquantile", True))
nanquantile.summary = "The q-th quantiles of what is not nan."

# --- cov, corrcoef ---------------------------------------------------------------------------------------------------


@composite(
    "cov(input, *, correction=1, fweights=None, aweights=None)",
    work="elements",
    rename="SqueezeBackward0",
    samples=lambda: [
        call(t(2, 3)),
        call(t(4)),
        call(t(2, 3), correction=0),
        call(t(2, 3), aweights=t(3, low=0.5, high=1)),
    ],
    formula="(g + g.T) times the deviations from the mean, over n - correction",
    example="cov(tensor([[1., 2., 4.], [2., 1., 0.]]))",
    looped="it checks the values of its weights",
)
def cov(x: Any, correction: Any, fweights: Any, aweights: Any) -> Any:
    """The covariance matrix of variables in rows and observations in columns."""
    need_tensor("cov", "input", 1, x)
    if x.data.ndim > 2:
        raise ShapeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {x.data.ndim} dimensions"
        )
    if x.data.dtype.kind == "b":
        raise DtypeError("cov(): bool dtype is not supported for input")
    rows = x if x.data.ndim == 2 else T.reshape(x, (1, -1))
    n = rows.data.shape[1]
    _check_weights("fweights", fweights, n, "iu", "integral")
    _check_weights("aweights", aweights, n, "f", "floating point")
    weights = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    if weights is None:
        total, free = n, n - correction
        deviations = rows - T.sum(rows, 1, True, None) / n
    else:
        total = T.sum(weights, None, False, None)
        if not total.data:
            raise ValueProblem("cov(): weights sum to zero, can't be normalized")
        deviations = rows - T.sum(rows * weights, 1, True, None) / total
        if aweights is None or not correction:
            free = total - correction
        else:
            free = total - correction * T.sum(weights * aweights, None, False, None) / total
    enough = free > 0 if free.__class__ is not Tensor else bool(free.data > 0)
    if not enough:
        mode.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations."
        )
        free = 0
    weighted = deviations if weights is None else deviations * weights
    return T.squeeze(T.matmul(deviations, T.transpose(weighted, 0, 1)) / free)


def _check_weights(name: str, weights: Any, n: int, kinds: str, word: str) -> None:
    if weights is None:
        return
    data = weights.data
    if data.ndim > 1:
        raise ShapeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {data.ndim} dimensions"
        )
    if data.dtype.kind not in kinds:
        raise DtypeError(
            f"cov(): expected {name} to have {word} dtype but got {name} with {OF[data.dtype].title} dtype"
        )
    if data.size != n:
        raise ShapeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{data.size} != {n}"
        )
    if np.any(data < 0):
        raise ValueProblem(f"cov(): {name} cannot be negative")


@composite(
    "corrcoef(input)",
    samples=lambda: [call(t(2, 4)), call(t(3, 3))],
    formula="through cov, divided by the standard deviations",
    kinks="limited to [-1, 1], as by clamp",
    example="corrcoef(tensor([[1., 2., 4.], [2., 1., 0.]]))",
)
def corrcoef(x: Any) -> Any:
    """The matrix of correlation coefficients of variables in rows."""
    need_tensor("corrcoef", "input", 1, x)
    if x.data.ndim > 2:
        raise ShapeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {x.data.ndim} dimensions"
        )
    c = T.cov(x)
    if not c.data.ndim:
        return c / c
    deviation = T.sqrt(T.diagonal(c, 0, 0, 1))
    c = c / T.reshape(deviation, (-1, 1)) / T.reshape(deviation, (1, -1))
    return T.clamp(c, -1, 1)


# --- histograms ------------------------------------------------------------------------------------------------------


@op(
    "histc(input, bins=100, min=0, max=0)",
    samples=lambda: [call(t(5), 4), call(t(2, 3), 3, -1, 1)],
    example="histc(tensor([1., 2., 1.]), 2)",
)
def histc(x: Any, bins: int, min: Any, max: Any) -> Any:
    """Counts in `bins` equal intervals from `min` to `max`, of the data where both are equal."""
    if bins <= 0:
        raise ValueProblem(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if x.dtype.kind == "b":
        raise not_implemented("linspace_cpu", x.dtype)
    if x.dtype.kind != "f":
        for bound in (min, max):
            converted(float(bound), x.dtype)  # which may have no room for it
        raise not_implemented("histogram_cpu", x.dtype)
    low, high = float(min), float(max)
    if low == high and x.size:
        low, high = float(np.minimum.reduce(x, None)), float(np.maximum.reduce(x, None))
    if not np.isfinite(low) or not np.isfinite(high):
        raise ValueProblem(f"torch.histc: range of [{_c_number(low)}, {_c_number(high)}] is not finite")
    if low > high:
        raise ValueProblem("torch.histc: max must be larger than min")
    flat = alloc.asarray(x).reshape(-1)
    flat = flat[(flat >= low) & (flat <= high)]
    if low == high:  # from one below to one above, which of large numbers are the same number
        return np.bincount([bins // 2] * flat.size, minlength=bins).astype(x.dtype)
    start, width = x.dtype.type(low), x.dtype.type(high) - x.dtype.type(low)
    places = ((flat - start) / width * x.dtype.type(bins)).astype(np.int64)
    # of more bins than integers a place is below 0, and there is no memory for them
    return np.bincount(np.clip(places, 0, bins - 1), minlength=bins).astype(x.dtype)


def _c_number(value: float) -> str:
    return f"{value:g}"


takes_tensor(histc)


@op(
    "bincount(input, weights=None, minlength=0)",
    example="bincount(tensor([0, 2, 2]))",
    samples=lambda: [call(t(4, dtype="int64", low=0)), call(t(3, dtype="int64", low=0), t(3), 5)],
)
def bincount(x: Any, weights: Any, minlength: int) -> Any:
    """How often each number from 0 on occurs, or the sum of its weights."""
    if minlength < 0:
        raise ValueProblem("minlength should be >= 0")
    if x.dtype.kind not in "iu":
        raise DtypeError(f"\"bincount_cpu\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError")
    if x.ndim == 1 and not x.size:
        return alloc.zeros(minlength, np.int64)
    if x.ndim != 1 or np.minimum.reduce(x) < 0:
        raise ValueProblem("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return np.bincount(x.astype(np.int64), minlength=minlength).astype(np.int64)
    if weights.shape != x.shape:
        raise ShapeError("weights should be 1-d and have the same length as input")
    target = weights.dtype if weights.dtype == np.float32 else float64
    return np.bincount(x.astype(np.int64), weights.astype(float64), minlength).astype(target)


bincount.not_implemented("")
takes_tensor(bincount)

# --- renorm ----------------------------------------------------------------------------------------------------------


@composite(
    "renorm(input, p, dim, maxnorm)",
    layout="contiguous",
    inplace=True,
    rename="RenormBackward0",
    samples=lambda: [call(t(2, 3), 2, 0, 1.0), call(t(3, 2, strided=True), 1, 1, 0.5), call(t(2, 2), 2, -1, 9.0)],
    formula="through the norm of each slice, where it is scaled",
    kinks="slices whose norm is at most maxnorm pass unchanged",
    example="renorm(tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)",
)
def renorm(x: Any, p: Any, dim: int, maxnorm: Any) -> Any:
    """Scales each slice along `dim` whose p-norm is larger than `maxnorm` down to it."""
    need_tensor("renorm", "input", 1, x)
    if p <= 0:
        raise ValueProblem("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise ValueProblem(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    ndim = x.data.ndim
    if ndim < 2:
        raise ShapeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    axis = dim_index(dim, ndim)
    dims = tuple(i for i in range(ndim) if i != axis)
    with no_grad():
        larger = T.linalg_vector_norm(x, p, dims, True) > maxnorm
    one = make(x.data.dtype.type(1))
    # slices that stay as they are keep out of the norm: its derivative may be nan there
    norm = T.linalg_vector_norm(T.where(larger, x, one), p, dims, True)
    # PyTorch's guard against a division by zero
    factor = T.where(larger, maxnorm / (norm + 1e-7), one)
    return x * factor
