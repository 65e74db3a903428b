"""Normalisation: to mean 0 and variance 1 over a batch, a layer, groups of channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.kernels import batch, normalizing
from gradsh.engine.kernels.fused import fused
from gradsh.engine.kernels.pieces import share
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import size_text
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueError_, ValueProblem, ZeroDivision

float16 = np.dtype(np.float16)


class Statistics:
    """The means and the inverse deviations that a forward found and its backward needs again."""

    __slots__ = ("inverse", "mean")

    mean: Any
    inverse: Any

    def anew(self) -> Statistics:
        """Those of one sample of many: each forward has its own."""
        return Statistics()


# --- over the batch --------------------------------------------------------------------------------------------------
# Everything works on (batch, channels, positions); statistics are one number per channel.


def _flat(x: Any) -> Any:
    """(batch, channels, positions), C-ordered."""
    return x.reshape(x.shape[0], x.shape[1], -1 if x.size else math.prod(x.shape[2:]))


@op(
    "batch_normalize(input, weight, bias, mean, var, eps, statistics)",
    layout="images",
    work="elements",
    grad_fn="NativeBatchNormBackward0",
    second="Backward",
    private=True,
)
def batch_normalize(x: Any, weight: Any, bias: Any, mean: Any, var: Any, eps: float, statistics: Statistics) -> Any:
    """Training: the batch's own statistics, with which `mean` and `var` (the running ones, or None) were updated
    before; evaluation (`statistics.mean` is set): the running ones."""
    flat = _flat(_single(x))
    scale = statistics.inverse if weight is None else statistics.inverse * weight.astype(flat.dtype, copy=False)
    shift = fused(-statistics.mean, scale, _zero(flat) if bias is None else bias.astype(flat.dtype, copy=False))
    out = alloc.empty(flat.shape, flat.dtype)
    batch.shifted(flat, scale, shift, out)
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _single(x: Any) -> Any:
    """float16 as float32."""
    return x.astype(np.float32) if x.dtype == float16 else x


def _zero(x: Any) -> Any:
    return x.dtype.type(0)


def batch_statistics(x: Any, eps: float) -> tuple[Statistics, Any]:
    """Mean and inverse deviation of each channel, and the sum of the squares of what is beside the mean."""
    flat = _flat(_single(x))
    n, channels, positions = flat.shape
    if positions == 1:  # as in PyTorch, where such images are sums of rows
        rows = flat.reshape(n, channels)
        mean = normalizing.column_sums(rows) / n
        moved = rows - mean
        squares = normalizing.column_dots(moved, moved)
    else:
        mean, squares = batch.channel_moments(flat)
    found = Statistics()
    found.mean = mean
    found.inverse = _inverse(squares / (n * positions), eps)
    return found, squares


def _inverse(variance: Any, eps: float) -> Any:
    """1 / sqrt(variance + eps), computed as float64."""
    return (1 / np.sqrt(variance.astype(np.float64) + eps)).astype(variance.dtype)


@batch_normalize.vjp("input", "weight", "bias", saves="input weight mean var")
def _(
    F: Any,
    needs: Any,
    g: Any,
    out: Any,
    x: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    var: Any,
    eps: float,
    statistics: Statistics,
) -> Any:
    if F is not A:
        return _batch_rule(F, needs, g, x, weight, mean, var, eps)
    flat, gs = _flat(_single(x)), _flat(alloc.ascontiguousarray(_single(g)))
    frozen = mean is not None  # the running statistics are constants
    inverse = _inverse(_single(var), eps) if frozen else statistics.inverse
    factor = None if weight is None else weight.astype(flat.dtype, copy=False)
    dx = alloc.empty(flat.shape, flat.dtype) if needs[0] else None
    sums = alloc.empty((2, flat.shape[1]), flat.dtype)
    mean = statistics.mean if needs[1] or needs[2] or not frozen else None
    batch.gradients(flat, gs, mean, inverse, factor, frozen, dx, sums)
    return None if dx is None else dx.reshape(x.shape), sums[0] if needs[1] else None, sums[1] if needs[2] else None


def _batch_rule(F: Any, needs: Any, g: Any, x: Any, weight: Any, mean: Any, var: Any, eps: float) -> Any:
    """The same in operators, for gradients that are to be differentiated again."""
    axes = (0, *range(2, x.ndim))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    if mean is None:
        moved = x - F.mean(x, axes, True)
        inverse = F.rsqrt(F.mean(moved * moved, axes, True) + eps)
    else:
        moved = x - F.reshape(mean, shape)
        inverse = F.rsqrt(F.reshape(var, shape) + eps)
    normal = moved * inverse
    gw = g if weight is None else g * F.reshape(weight, shape)
    dx = None
    if needs[0]:
        dx = gw
        if mean is None:
            dx = gw - F.mean(gw, axes, True) - normal * F.mean(gw * normal, axes, True)
        dx = dx * inverse
    return dx, F.sum(g * normal, axes) if needs[1] else None, F.sum(g, axes) if needs[2] else None


def _count_of(what: str, value: Any, channels: int) -> None:
    if value is not None and value.data.size != channels:
        raise ShapeError(f"{what} should contain {channels} elements not {value.data.size}")


def _batch_checks(x: Any, mean: Any, var: Any, weight: Any, bias: Any, training: bool) -> None:
    from gradsh.engine.core.arguments import dim_index

    if x.shape == (0,):
        channels = 0
    else:
        dim_index(1, x.ndim)
        channels = x.shape[1]
    if not training:
        for name, value in (("running_mean", mean), ("running_var", var)):
            if value is None:
                raise ValueProblem(f"{name} must be defined in evaluation mode")
    for name, value in (("running_mean", mean), ("running_var", var), ("weight", weight), ("bias", bias)):
        _count_of(name, value, channels)
    if x.dtype.kind != "f":
        raise DtypeError(f"\"batch_norm\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError")
    if any(v is not None and v.data.dtype != x.dtype for v in (mean, var, weight, bias)) and x.dtype != float16:
        raise DtypeError("mixed dtype (CPU): all inputs must share same datatype.")
    for value in (mean, var):
        if value is not None and value.data.ndim != 1:
            raise ShapeError(f"TensorAccessor expected 1 dims but tensor has {value.data.ndim}")


def _update(running: Any, value: Any, momentum: float) -> None:
    """Move running statistics towards the batch's. As in PyTorch, this is no in-place write that backward would
    notice."""
    if running is not None:
        data = running.data
        share = _single(data).dtype.type(momentum)
        data[...] = share * value + (1 - share) * data


@composite(
    "batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)",
    work="elements",
    python=True,
    method=False,
    samples=lambda: [
        call(t(3, 2), None, None, training=True),
        call(t(2, 2, 2), None, None, t(2), t(2), True),
        call(t(3, 1, 1, 2), t(1, grad=False), t(1, grad=False, low=0.5), t(1), t(1)),
        call(t(2, 3), t(3, grad=False), t(3, grad=False, low=0.5)),
        call(t(1, 2, 2, 2), None, None, t(2), None, True, 0.1, 0.1),
    ],
    formula="input: weight / deviation * (g - mean(g) - normal mean(g normal)), a channel at a time; "
    "weight: the sum of g * normal over a channel; bias: the sum of g over a channel",
    example="batch_norm(tensor([[1., 2.], [3., 6.]]), none, none, training=true)",
    looped="it keeps running statistics",
)
def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    training: Any,
    momentum: Any,
    eps: Any,
) -> Any:
    """Each channel with mean 0 and variance 1 over the batch, times weight plus bias; updates the running ones."""
    x = input.data
    if training:
        n = math.prod(x.shape[:1] + x.shape[2:])
        if n == 1:
            raise ValueError_(
                f"Expected more than 1 value per channel when training, got input size {size_text(input)}"
            )
        if eps <= 0:
            raise ValueError_(f"batch_norm eps must be positive during training, but got {eps}")
    elif eps < 0:
        raise ValueError_(f"batch_norm eps must be non-negative, but got {eps}")
    _batch_checks(x, running_mean, running_var, weight, bias, training)
    if x.ndim == 1:
        return T.clone(input)  # nothing at all, which PyTorch lets pass
    if training:
        found, squares = batch_statistics(x, eps)
        if n:
            _update(running_mean, found.mean, momentum)
            _update(running_var, (squares / (n - 1)).astype(np.float64), momentum)
        return T.batch_normalize(input, weight, bias, None, None, eps, found)
    found = Statistics()
    found.mean = running_mean.data
    found.inverse = 1 / np.sqrt(running_var.data + x.dtype.type(eps))
    return T.batch_normalize(input, weight, bias, running_mean, running_var, eps, found)


@composite(
    "instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, "
    "momentum=0.1, eps=1e-05)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 2, 3)),
        call(t(2, 2, 2), weight=t(2), bias=t(2)),
        call(t(1, 2, 2), t(2, grad=False), t(2, grad=False, low=0.5), use_input_stats=False),
    ],
    formula="that of batch_norm, with every sample and channel for itself",
    example="instance_norm(tensor([[[1., 2., 4.]]]))",
)
def instance_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    use_input_stats: Any,
    momentum: Any,
    eps: Any,
) -> Any:
    """Each channel of each sample with mean 0 and variance 1 over its positions."""
    shape = input.data.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError_(f"Expected more than 1 spatial element when training, got input size {size_text(input)}")
    if not use_input_stats and (running_mean is None or running_var is None):
        raise ValueProblem("Expected running_mean and running_var to be defined when use_input_stats is false")
    n, channels = shape[0], shape[1]

    def each(value: Any) -> Any:
        return None if value is None else T.repeat(value, n)

    means, variances = each(running_mean), each(running_var)
    x = T.reshape(input, 1, n * channels, *shape[2:])
    out = T.batch_norm(x, means, variances, each(weight), each(bias), use_input_stats, momentum, eps)
    for running, found in ((running_mean, means), (running_var, variances)):
        if running is not None and use_input_stats:
            if running.data.shape != (channels,):
                shape = list(running.data.shape)
                raise ShapeError(f"output with shape {shape} doesn't match the broadcast shape [{channels}]")
            running.data[...] = normalizing.column_sums(found.data.reshape(n, channels)) / n
    return T.reshape(out, *shape)


# --- over rows -------------------------------------------------------------------------------------------------------
# Layers and groups are both rows of a matrix, each with mean and deviation of its own.


def _row_blocks(rows: Any) -> list[slice]:
    step = max(1, batch.BLOCK // max(rows.shape[1], 1))
    return [slice(i, i + step) for i in range(0, len(rows), step)]


def _row_statistics(rows: Any, found: Statistics) -> Any:
    """Notes the means; the variances."""
    if rows.size <= batch.BLOCK:
        both = normalizing.moments(rows)
    else:
        both = alloc.empty((2, len(rows)), rows.dtype)

        def work(part: slice) -> None:
            both[:, part] = normalizing.moments(rows[part])

        share(work, _row_blocks(rows))
    found.mean = both[0][:, None]
    return both[1][:, None]


@op(
    "layer_normalize(input, weight, bias, dims, eps, statistics)",
    work="elements",
    grad_fn="NativeLayerNormBackward0",
    second="Backward",
    private=True,
)
def layer_normalize(x: Any, weight: Any, bias: Any, dims: int, eps: float, statistics: Statistics) -> Any:
    """Rows of the last `dims` dims with mean 0 and variance 1, times weight plus bias."""
    n = math.prod(x.shape[x.ndim - dims :])
    rows = _rows(x, math.prod(x.shape[: x.ndim - dims]), n)
    if not n:
        return x.copy()
    w, b = (None if v is None else _numbers(v, rows.dtype) for v in (weight, bias))
    mean, inverse = (alloc.empty(len(rows), rows.dtype) for _ in range(2))
    statistics.mean, statistics.inverse = mean, inverse
    out = alloc.empty(rows.shape, rows.dtype)

    def work(part: slice) -> None:
        normalizing.layer_rows(rows[part], w, b, eps, mean[part], inverse[part], out[part])

    share(work, _row_blocks(rows))
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _numbers(v: Any, dtype: Any) -> Any:
    """A weight or a bias in one dim."""
    return alloc.ascontiguousarray(v.reshape(-1).astype(dtype, copy=False))


def _rows(x: Any, m: int, n: int) -> Any:
    """[m, n], C-contiguous, float16 as float32."""
    return alloc.ascontiguousarray(_single(x)).reshape(m, n)


@layer_normalize.vjp("input", "weight", "bias", saves="input weight")
def _(
    F: Any, needs: Any, g: Any, out: Any, x: Any, weight: Any, bias: Any, dims: int, eps: float, statistics: Statistics
) -> Any:
    axes = tuple(range(x.ndim - dims, x.ndim))
    lead = tuple(range(x.ndim - dims))
    if F is not A:
        normal, inverse = _normal(F, x, axes, eps)
        gw = g if weight is None else g * weight
        dx = inverse * (gw - F.mean(gw, axes, True) - normal * F.mean(gw * normal, axes, True)) if needs[0] else None
        return (
            dx,
            (F.sum(g * normal, lead) if lead else g * normal) if needs[1] else None,
            (F.sum(g, lead) if lead else g) if needs[2] else None,
        )
    n = math.prod(x.shape[x.ndim - dims :])
    if not x.size:
        return tuple(
            alloc.zeros(s, g.dtype) if need else None
            for s, need in zip((x.shape, *(x.shape[x.ndim - dims :],) * 2), needs, strict=True)
        )
    rows, gs = _rows(x, x.size // n, n), _rows(g, x.size // n, n)
    dx = alloc.empty(rows.shape, rows.dtype) if needs[0] else None
    dw = alloc.empty(n, rows.dtype) if needs[1] else None
    mean, inverse = statistics.mean, statistics.inverse
    factor = None if weight is None else _numbers(weight, rows.dtype)
    parts = _row_blocks(rows)
    if len(parts) > 1 and dx is not None:

        def work(part: slice) -> None:
            normalizing.layer_back(gs[part], rows[part], mean[part], inverse[part], factor, dx[part], None)

        share(work, parts)
        if dw is not None:  # row after row
            normalizing.layer_back(gs, rows, mean, inverse, factor, None, dw)
    elif dx is not None or dw is not None:
        normalizing.layer_back(gs, rows, mean, inverse, factor, dx, dw)
    return (
        None if dx is None else dx.reshape(x.shape),
        None if dw is None else dw.reshape(weight.shape),
        normalizing.column_sums(gs).reshape(bias.shape) if needs[2] else None,
    )


def _normal(F: Any, x: Any, axes: Any, eps: float) -> tuple[Any, Any]:
    """In operators: the normalised input and the inverse deviations."""
    moved = x - F.mean(x, axes, True)
    inverse = F.rsqrt(F.mean(moved * moved, axes, True) + eps)
    return moved * inverse, inverse


def normalized_shape_of(operator: str, value: Any, x: Any, weight: Any, bias: Any, star: str) -> tuple[int, ...]:
    """`normalized_shape` as a tuple, checked against the input and the parameters."""
    if not isinstance(value, (tuple, list)):
        raise ArgumentError(
            f"{operator}(): argument 'normalized_shape' (position 2) must be tuple of ints, not {type(value).__name__}"
        )
    shape = tuple(int(v) for v in value)
    if not shape:
        raise ShapeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.data.shape != shape:
            raise ShapeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(parameter.data.shape)} and normalized_shape = {list(shape)}"
            )
    if x.shape[max(x.ndim - len(shape), 0) :] != shape:
        raise ShapeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*{star}{', '.join(map(str, shape))}], "
            "but "
            f"got input of size{list(x.shape)}"
        )
    return shape


@composite(
    "layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), (3,)),
        call(t(2, 3), (3,), t(3), t(3)),
        call(t(2, 2, 2), (2, 2), t(2, 2), None, 0.1),
        call(t(3), [3], t(3), t(3)),
        call(t(3, 2, strided=True), (2,), t(2)),
    ],
    formula="input: (g w - mean(g w) - normal mean(g w normal)) / deviation; "
    "weight: the sum of g * normal over the samples; bias: g, summed over the samples",
    example="layer_norm(tensor([[1., 2., 6.]]), (3,))",
)
def layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """The last dims with mean 0 and variance 1, times weight plus bias."""
    x = input.data
    shape = normalized_shape_of("layer_norm", normalized_shape, x, weight, bias, ", ")
    if x.dtype.kind != "f":
        raise DtypeError(
            f"\"LayerNormKernelImpl\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError"
        )
    if any(v is not None and v.data.dtype != x.dtype for v in (weight, bias)):
        raise DtypeError(f"mixed dtype (CPU): expect parameter to have scalar type of {OF[x.dtype].title}")
    return T.layer_normalize(input, weight, bias, len(shape), eps, Statistics())


@composite(
    "rms_norm(input, normalized_shape, weight=None, eps=None)",
    layout="contiguous",
    python=True,
    method=False,
    samples=lambda: [call(t(2, 3), (3,)), call(t(2, 2, 2), (2, 2), t(2, 2), 0.1), call(t(3), (3,), t(3))],
    formula="(g - normal mean(g normal)) / rms",
    example="rms_norm(tensor([3., 4.]), (2,))",
)
def rms_norm(input: Any, normalized_shape: Any, weight: Any, eps: Any) -> Any:
    """The last dims divided by their root mean square, times weight."""
    x = input.data
    shape = normalized_shape_of("rms_norm", normalized_shape, x, weight, None, "")
    if x.dtype.kind != "f":
        raise DtypeError(f"\"rms_norm\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError")
    if eps is None:
        eps = float(np.finfo(x.dtype).eps)
    axes = tuple(range(x.ndim - len(shape), x.ndim))
    wide = T.to(input, OF[np.dtype(np.float32)]) if x.dtype == float16 else input
    out = wide * T.rsqrt(T.mean(T.pow(wide, 2), axes, True) + eps)
    if wide is not input:
        out = T.to(out, OF[float16])
    return out if weight is None else out * weight


@op(
    "group_normalize(input, weight, bias, groups, eps, statistics)",
    layout="images",
    work="elements",
    grad_fn="NativeGroupNormBackward0",
    private=True,
)
def group_normalize(x: Any, weight: Any, bias: Any, groups: int, eps: float, statistics: Statistics) -> Any:
    """Groups of channels with mean 0 and variance 1, times weight plus bias."""
    n, channels = x.shape[:2]
    rows = _rows(x, n * groups, x.size // max(n * groups, 1))
    if not x.size:
        statistics.mean = statistics.inverse = alloc.zeros((n * groups, 1), rows.dtype)
        return x.copy()
    variance = _row_statistics(rows, statistics)
    mean = statistics.mean
    inverse = statistics.inverse = _inverse(variance, eps)
    out = alloc.empty(rows.shape, rows.dtype)
    if weight is None and bias is None:
        np.subtract(rows, mean, out=out)
        out *= inverse
    else:
        w, b = (_by_group(v, n, groups, rows.dtype) for v in (weight, bias))
        scale = inverse if w is None else inverse * w
        shift = fused(-scale, mean, _zero(rows) if b is None else b)
        shown = (n * channels, -1)
        scale, shift = (np.broadcast_to(v, (n * groups, channels // groups)).reshape(shown) for v in (scale, shift))
        planes, made = rows.reshape(shown), out.reshape(shown)
        share(lambda part: fused(planes[part], scale[part], shift[part], made[part]), _row_blocks(planes))
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _by_group(v: Any, n: int, groups: int, dtype: Any) -> Any:
    """[n * groups, channels of a group] of a parameter, or None."""
    if v is None:
        return None
    rows = v.astype(dtype, copy=False).reshape(groups, -1)
    return np.broadcast_to(rows, (n, *rows.shape)).reshape(n * groups, -1)


@group_normalize.vjp("input", "weight", "bias", saves="input weight")
def _(
    F: Any,
    needs: Any,
    g: Any,
    out: Any,
    x: Any,
    weight: Any,
    bias: Any,
    groups: int,
    eps: float,
    statistics: Statistics,
) -> Any:
    n, channels = x.shape[:2]
    shape = (channels, *(1,) * (x.ndim - 2))
    axes = (0, *range(2, x.ndim))
    rest = math.prod(x.shape) // max(n * groups, 1)
    if F is not A:
        gw = g if weight is None else g * F.reshape(weight, shape)
        normal, inverse = _normal(F, F.reshape(x, (n * groups, rest)), (1,), eps)
        gw = F.reshape(gw, (n * groups, rest))
        dx = inverse * (gw - F.mean(gw, (1,), True) - normal * F.mean(gw * normal, (1,), True)) if needs[0] else None
        return (
            None if dx is None else F.reshape(dx, tuple(x.shape)),
            F.sum(g * F.reshape(normal, tuple(x.shape)), axes) if needs[1] else None,
            F.sum(g, axes) if needs[2] else None,
        )
    if not x.size:
        return tuple(
            alloc.zeros(v, g.dtype) if need else None
            for v, need in zip((x.shape, channels, channels), needs, strict=True)
        )
    xs, gs = (_rows(v, n * channels, -1)[None] for v in (x, g))
    ds = normalizing.row_sums(gs, xs, xs.itemsize == 8).reshape(n * groups, -1)
    db = normalizing.row_sums(gs).reshape(ds.shape)
    mean, inverse = statistics.mean, statistics.inverse
    dx = dw = None
    if needs[0]:
        w = _by_group(weight, n, groups, xs.dtype)
        part_of_row = xs.dtype.type(1) / xs.dtype.type(rest)
        gds, gdb = (normalizing.weighted_sums(v, w)[:, None] for v in (ds, db))
        slope = normalizing.slope_of(gds, gdb, mean, inverse, part_of_row)
        shift = fused(-(gdb * inverse), part_of_row, -slope * mean)
        scale = inverse if w is None else inverse * w
        scale, slope, shift = (np.broadcast_to(v, ds.shape).reshape(-1, 1) for v in (scale, slope, shift))
        dx = alloc.empty(xs.shape[1:], xs.dtype)

        def work(part: slice) -> None:
            target = dx[part]
            np.multiply(xs[0, part], slope[part], out=target)
            fused(gs[0, part], scale[part], target, target)
            target += shift[part]

        share(work, _row_blocks(dx))
    if needs[1]:
        moved = fused(-db, mean, ds).reshape(n, channels)
        dw = normalizing.column_dots(moved, np.broadcast_to(inverse, ds.shape).reshape(n, channels))
    return (
        None if dx is None else dx.reshape(x.shape),
        dw,
        normalizing.column_sums(db.reshape(n, channels)) if needs[2] else None,
    )


@composite(
    "group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 4), 2),
        call(t(1, 4, 2), 2, t(4), t(4)),
        call(t(1, 2, 2, 2), 2, t(2), None, 0.1),
        call(t(2, 2, 3), 1, None, t(2)),
    ],
    formula="input: (g w - mean(g w) - normal mean(g w normal)) / deviation over the group; "
    "weight: the sum of g * normal; bias: the sum of g over a channel",
    example="group_norm(tensor([[1., 2., 4., 8.]]), 2)",
)
def group_norm(input: Any, num_groups: Any, weight: Any, bias: Any, eps: Any) -> Any:
    """Groups of channels with mean 0 and variance 1, times weight plus bias."""
    x = input.data
    if x.ndim < 2:
        raise ShapeError(f"Expected at least 2 dimensions for input tensor but received {x.ndim}")
    if num_groups == 0:
        raise ZeroDivision("integer division or modulo by zero")
    size = [x.shape[0] * x.shape[1] // num_groups, num_groups, *x.shape[2:]]
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError_(f"Expected more than 1 value per channel when training, got input size {size}")
    if num_groups < 0:
        raise ValueProblem(f"Expected num groups to be greater than 0, got {num_groups}")
    if x.shape[1] % num_groups:
        raise ShapeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={num_groups}"
        )
    for name, parameter in (("weight", weight), ("bias", bias)):
        if parameter is not None and parameter.data.shape != (x.shape[1],):
            raise ShapeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                "shape "
                f"{list(parameter.data.shape)} and input of shape {list(x.shape)}"
            )
    if x.dtype.kind != "f":
        raise DtypeError(
            f"\"GroupNormKernelImpl\" not implemented for '{OF[x.dtype].title}'", kind="NotImplementedError"
        )
    return T.group_normalize(input, weight, bias, int(num_groups), eps, Statistics())


@composite(
    "local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(1, 3, 2), 2, 0.5),
        call(t(1, 3, 2, 1), 3, 0.5, 0.5, 2.0),
    ],
    formula="that of input / (k + alpha mean(input**2 over neighbouring channels))**beta",
    example="local_response_norm(ones(1, 3, 2), 2)",
)
def local_response_norm(input: Any, size: Any, alpha: Any, beta: Any, k: Any) -> Any:
    """The input divided by a power of the mean square over `size` neighbouring channels."""
    shape = input.data.shape
    if len(shape) < 3:
        raise ValueError_(
            f"Expected 3D or higher dimensionality                          input (got {len(shape)} dimensions)"
        )
    if not input.data.size:
        return input
    div = input * input
    if len(shape) == 3:
        div = T.pad(T.unsqueeze(div, 1), (0, 0, size // 2, (size - 1) // 2))
        div = T.squeeze(T.avg_pool2d(div, (size, 1), 1), 1)
    else:
        div = T.reshape(div, shape[0], 1, shape[1], shape[2], -1)
        div = T.pad(div, (0, 0, 0, 0, size // 2, (size - 1) // 2))
        div = T.reshape(T.squeeze(T.avg_pool3d(div, (size, 1, 1), 1), 1), *shape)
    return input / T.pow(div * alpha + k, beta)
