"""Normalisation: to mean 0 and variance 1 over a batch, a layer, groups of channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.kernels.pieces import share
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import size_text
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueError_, ValueProblem, ZeroDivision

add_reduce: Any = np.add.reduce
float16 = np.dtype(np.float16)


class Statistics:
    """The means and the inverse deviations that a forward found and its backward needs again; `moved`, the input minus
    the means, is there until the forward has made its output of it."""

    __slots__ = ("inverse", "mean", "moved")

    mean: Any
    inverse: Any
    moved: Any

    def __init__(self) -> None:
        self.moved = None

    def anew(self) -> Statistics:
        """Those of one sample of many: each forward has its own."""
        return Statistics()


# --- over the batch --------------------------------------------------------------------------------------------------
# Everything works on (batch, channels, positions); statistics are one number per channel.


def _flat(x: Any) -> Any:
    """(batch, channels, positions), C-ordered."""
    return x.reshape(x.shape[0], x.shape[1], -1 if x.size else math.prod(x.shape[2:]))


# elements that are worked on at a time: they stay in the cache from one pass to the next
BLOCK = 1 << 17
# terms that are added up in the array's own dtype; what they give is added in float64, as PyTorch adds all of them
TERMS = 64
# samples from which sums across them are accumulated in float64, and positions that make a row worth a call of BLAS
MANY, LONG = 512, 64


def _blocks(x: Any) -> list[slice]:
    """The channels in slices of about BLOCK elements."""
    channels = x.shape[1]
    step = max(1, BLOCK * channels // max(x.size, 1))
    return [slice(i, min(i + step, channels)) for i in range(0, channels, step)]


def _channel_sums(x: Any) -> Any:
    """Sums over batch and positions."""
    n, channels, positions = x.shape
    if positions < LONG:
        rows = x.reshape(n, channels * positions)
        sums = add_reduce(rows, 0, np.float64).astype(x.dtype) if n > MANY else add_reduce(rows, 0)
        return sums if positions == 1 else add_reduce(sums.reshape(channels, positions), 1)
    return _over_samples(x, None)


def _channel_dots(x: Any, y: Any) -> Any:
    """Sums over batch and positions of `x * y`."""
    return _channel_sums(x * y) if x.shape[2] < LONG else _over_samples(x, y)


def _over_samples(x: Any, y: Any) -> Any:
    """The sums of long rows, of `x` or of `x * y`."""
    n, channels, positions = x.shape
    even = positions - positions % TERMS
    sums: Any = 0
    for part, terms in ((slice(0, even), TERMS), (slice(even, positions), positions - even)):
        if not terms or part.start == part.stop:
            continue
        shape = (n, channels, -1, terms)
        a = x[:, :, part].reshape(shape)
        rows = np.matmul(a, alloc.ones(terms, x.dtype)) if y is None else np.vecdot(a, y[:, :, part].reshape(shape))
        sums = sums + add_reduce(rows, (0, 2), np.float64)
    return sums.astype(x.dtype)


def _laid_out(x: Any) -> tuple[Any, Any]:
    """`x` as it is best combined with numbers per channel, and what makes those fit: the rows of a sample are joined,
    as NumPy begins anew for each run of memory that it combines with one number."""
    n, channels, positions = x.shape
    if positions == 1 or (n > 1 and channels > 1):
        return x.reshape(n, channels * positions), lambda v: v if positions == 1 else v.repeat(positions)
    return x, lambda v: v[:, None]


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
    half = x.dtype == float16
    flat = _flat(x.astype(np.float32) if half else x)
    scale = statistics.inverse if weight is None else statistics.inverse * weight
    out = statistics.moved
    statistics.moved = None
    if out is None:
        shift = -statistics.mean * scale
        if bias is not None:
            shift += bias
        out = alloc.empty(flat.shape, np.result_type(flat, scale))
    else:
        flat, shift = out, bias

    def work(part: slice) -> None:
        some, fit = _laid_out(flat[:, part])
        target = _laid_out(out[:, part])[0]
        np.multiply(some, fit(scale[part]), out=target)
        if shift is not None:
            target += fit(shift[part])

    share(work, _blocks(flat))
    return out.reshape(x.shape).astype(float16) if half else out.reshape(x.shape)


def batch_statistics(x: Any, eps: float) -> tuple[Statistics, Any]:
    """Mean and inverse deviation of each channel, and the variance (biased)."""
    flat = _flat(x if x.dtype != float16 else x.astype(np.float32))
    n = flat.shape[0] * flat.shape[2]
    found = Statistics()
    moved = alloc.empty(flat.shape, flat.dtype)
    found.mean = alloc.empty(flat.shape[1], flat.dtype)
    variance = alloc.empty(flat.shape[1], flat.dtype)

    def work(part: slice) -> None:
        some, target = flat[:, part], moved[:, part]
        mean = found.mean[part] = _channel_sums(some) / n
        rows, fit = _laid_out(some)
        np.subtract(rows, fit(mean), out=_laid_out(target)[0])
        variance[part] = _channel_dots(target, target) / n

    share(work, _blocks(flat))
    found.moved = moved
    found.inverse = (1 / np.sqrt(variance.astype(np.float64) + eps)).astype(flat.dtype)
    return found, variance


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
    if not all(g.strides):  # that of a sum is one number, shown many times, which NumPy walks slowly
        g = alloc.ascontiguousarray(g)
    flat, gs = _flat(x), _flat(g)
    if x.dtype == float16:
        flat, gs = flat.astype(np.float32), gs.astype(np.float32)
    inverse = statistics.inverse
    scale = inverse if weight is None else inverse * weight
    n = flat.shape[0] * flat.shape[2]
    frozen = mean is not None  # the running statistics are constants
    channels = flat.shape[1]
    dx: Any = alloc.empty(flat.shape, np.result_type(gs, scale)) if needs[0] else None
    total: Any = alloc.empty(channels, gs.dtype) if needs[2] or (needs[0] and not frozen) else None
    dot: Any = alloc.empty(channels, gs.dtype) if needs[1] or (needs[0] and not frozen) else None

    def work(part: slice) -> None:
        g_part = gs[:, part]
        grows, fit = _laid_out(g_part)
        if total is not None:
            total[part] = _channel_sums(g_part)
        if dot is not None:
            moved = np.subtract(_laid_out(flat[:, part])[0], fit(statistics.mean[part]))
            dot[part] = _channel_dots(moved.reshape(g_part.shape), g_part)
        if dx is not None:
            target = _laid_out(dx[:, part])[0]
            factor = scale[part]
            np.multiply(grows, fit(factor), out=target)
            if not frozen:
                moved *= fit(dot[part] * inverse[part] * inverse[part] * factor / n)
                target -= moved
                target -= fit(total[part] * factor / n)

    share(work, _blocks(flat))
    dw = dot * inverse if needs[1] else None
    return None if dx is None else dx.reshape(x.shape), dw, total if needs[2] else None


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
    """Move running statistics towards the batch's. As in PyTorch, this is no in-place write that backward would "
    "notice."""
    if running is not None:
        data = running.data
        data *= 1 - momentum
        data += (momentum * value).astype(data.dtype)


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
        found, variance = batch_statistics(x, eps)
        if running_mean is not None and n:
            _update(running_mean, found.mean, momentum)
        if running_var is not None and n:
            _update(running_var, variance * (n / (n - 1)), momentum)
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
            running.data[...] = found.data.reshape(n, channels).mean(0)
    return T.reshape(out, *shape)


# --- over rows -------------------------------------------------------------------------------------------------------
# Layers and groups are both rows of a matrix, each with mean and deviation of its own.


def _row_blocks(rows: Any) -> list[slice]:
    step = max(1, BLOCK // max(rows.shape[1], 1))
    return [slice(i, i + step) for i in range(0, len(rows), step)]


def _normalized(rows: Any, eps: float, found: Statistics) -> Any:
    """The rows with mean 0 and variance 1, in an array of their own; the statistics are noted."""
    m, n = rows.shape
    found.mean, found.inverse = alloc.empty((m, 1), rows.dtype), alloc.empty((m, 1), rows.dtype)
    out = alloc.empty((m, n), rows.dtype)

    def work(part: slice) -> None:
        some, mean, inverse, moved = rows[part], found.mean[part], found.inverse[part], out[part]
        add_reduce(some, 1, None, mean, True)
        mean /= n
        np.subtract(some, mean, out=moved)
        add_reduce(moved * moved, 1, None, inverse, True)
        inverse /= n
        inverse += eps
        np.true_divide(1, np.sqrt(inverse, out=inverse), out=inverse)
        moved *= inverse

    share(work, _row_blocks(rows))
    return out


def _row_gradients(
    rows: Any, gs: Any, weight: Any, found: Statistics, needs_rows: bool, needs_weight: bool
) -> tuple[Any, Any]:
    """The gradient of the rows, and the gradients of the normalised ones times these, which sum to that of a weight.
    `weight` is a row, as many rows, or None."""
    n = rows.shape[1]
    dx = alloc.empty(rows.shape, gs.dtype) if needs_rows else None
    products = alloc.empty(rows.shape, gs.dtype) if needs_weight else None

    def work(part: slice) -> None:
        g = gs[part]
        normal = rows[part] - found.mean[part]
        normal *= found.inverse[part]
        if products is not None:
            np.multiply(normal, g, out=products[part])
        if dx is None:
            return
        gw, target = g, dx[part]
        if weight is not None:
            gw = np.multiply(g, weight if weight.ndim == 1 else weight[part], out=target)
        products_here = gw * normal if products is None or weight is not None else products[part]
        dot = add_reduce(products_here, 1, keepdims=True)
        dot /= n
        mean = add_reduce(gw, 1, keepdims=True)
        mean /= n
        normal *= dot
        normal += mean
        np.subtract(gw, normal, out=target)
        target *= found.inverse[part]

    share(work, _row_blocks(rows))
    return dx, products


def _long_sum(x: Any, axis: Any) -> Any:
    """A sum across rows; many are added in float64."""
    from gradsh.engine.ops.reduce.sums import total

    return total(x, axis, False, x.dtype)


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
    rows = x.reshape(-1, n) if x.size else x.reshape(math.prod(x.shape[: x.ndim - dims]), n)
    if x.dtype == float16:
        rows = rows.astype(np.float32)
    out = _normalized(rows, eps, statistics)
    if weight is not None:
        out *= weight.reshape(-1)
    if bias is not None:
        out += bias.reshape(-1)
    out = out.reshape(x.shape)
    return out if out.dtype == x.dtype else out.astype(x.dtype)


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
    rows, gs = x.reshape(-1, n), g.reshape(-1, n)
    if x.dtype == float16:
        rows, gs = rows.astype(np.float32), gs.astype(np.float32)
    dx = dw = db = None
    if needs[0] or needs[1]:
        factor = None if weight is None else weight.reshape(-1)
        dx, products = _row_gradients(rows, gs, factor, statistics, needs[0], needs[1])
        if products is not None:
            dw = _long_sum(products, 0).reshape(weight.shape)
    if needs[2]:
        db = _long_sum(gs, 0).reshape(bias.shape)
    return None if dx is None else dx.reshape(x.shape), dw, db


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
    rows = x.reshape(n * groups, x.size // max(n * groups, 1))
    if x.dtype == float16:
        rows = rows.astype(np.float32)
    out = _normalized(rows, eps, statistics)
    shape = (channels, *(1,) * (x.ndim - 2))
    out = out.reshape(x.shape)
    if weight is not None:
        out *= weight.reshape(shape)
    if bias is not None:
        out += bias.reshape(shape)
    return out if out.dtype == x.dtype else out.astype(x.dtype)


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
    rows, gs = x.reshape(n * groups, rest), g.reshape(n * groups, rest)
    if x.dtype == float16:
        rows, gs = rows.astype(np.float32), gs.astype(np.float32)
    dx = dw = None
    if needs[0] or needs[1]:
        factor = None
        if weight is not None:
            factor = np.broadcast_to(weight.reshape(shape), x.shape).reshape(rows.shape)
        dx, products = _row_gradients(rows, gs, factor, statistics, needs[0], needs[1])
        if products is not None:
            dw = _channel_sums(_flat(products.reshape(x.shape)))
    return (
        None if dx is None else dx.reshape(x.shape),
        dw,
        _channel_sums(_flat(gs.reshape(x.shape))) if needs[2] else None,
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
