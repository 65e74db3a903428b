"""Activation functions, as in torch.nn.functional."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, not_implemented
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import converted, in_dtype
from gradsh.engine.core.strided import contiguous
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.kernels.fused import fused
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import binary, unary
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import (
    backward_of,
    floats_only,
    kept,
    not_bool,
    pick,
    where_over_zero,
    with_settings,
    written,
)
from gradsh.errors import AutogradError, DtypeError, ShapeError

ndarray = np.ndarray
_getframe = sys._getframe

# --- relu and its family -------------------------------------------------------------------------------------------


def _no_bool_relu(dtype: Any) -> None:
    if dtype.kind == "b":
        raise DtypeError("Boolean inputs not supported for relu")


@unary(
    "relu(input, inplace=False)",
    python=True,
    grad_fn="ReluBackward0",
    keeps_int=True,
    check=_no_bool_relu,
    samples=lambda: unary_samples(away=0.2),
    formula="g where input > 0, else 0",
    kinks="0 at 0",
    at_kink=(("input == 0", "0 and 1", "0"),),
    example="relu(tensor([-1., 2.]))",
)
def relu(x: Any) -> Any:
    """Every element, or 0 if it is negative."""
    return np.maximum(x, 0)


relu.vjp(saves="out")(lambda F, g, out, x: F.threshold_backward(g, out, 0))


@backward_of(
    "threshold_backward(grad, input, threshold)", "ThresholdBackwardBackward0", call(t(2, 3), t(2, 3, away=0.2), 0)
)
def threshold_backward(g: Any, x: Any, threshold: Any) -> Any:
    """`grad` where `input` is over the threshold, else 0."""
    if g.__class__ is not ndarray and x.__class__ is not ndarray:
        if hasattr(x, "deferred") and threshold == 0:
            return x.deferred("where_over_zero", g, x)
        return g.__class__(0) if x <= threshold else g
    if x.__class__ is ndarray and threshold == 0:
        return where_over_zero(g, x)
    under = x <= threshold
    return kept(g, np.logical_not(under, out=under) if under.__class__ is ndarray else not under)


@with_settings(
    "threshold(input, threshold, value, inplace=False)",
    python=True,
    grad_fn="ThresholdBackward0",
    slopes=False,
    check=not_bool("threshold_cpu"),
    method=False,
    samples=lambda: [call(t(2, 3, away=0.2), 0.1, 20.0), call(t(3, 2, strided=True), 5.0, -1), call(t(), -5.0, 0.0)],
    formula="g where input > threshold, else 0",
    kinks="0 at the threshold",
    at_kink=(("input == threshold", "0 and 1", "0"),),
    example="threshold(tensor([0.1, 2.]), 1., 0.)",
)
def threshold(x: Any, threshold: Any, value: Any, inplace: bool) -> Any:
    """Every element over `threshold`, `value` in place of the others."""
    if x.dtype.kind in "iu":
        threshold = converted(threshold, x.dtype)
    return pick(x <= threshold, x.dtype.type(in_dtype(value, x.dtype)), x)


threshold.vjp("input", saves="input")(
    lambda F, g, out, x, threshold, value, inplace: F.threshold_backward(g, x, threshold)
)


@with_settings(
    "leaky_relu(input, negative_slope=0.01, inplace=False)",
    python=True,
    grad_fn="LeakyReluBackward0",
    slopes=True,
    check=floats_only("leaky_relu_cpu"),
    method=False,
    samples=lambda: [*unary_samples(away=0.2), call(t(2, 3, away=0.2), 0.3)],
    formula="g where input > 0, else g * negative_slope",
    kinks="the negative slope at 0",
    at_kink=(("input == 0", "the negative slope and 1", "the negative slope"),),
    example="leaky_relu(tensor([-1., 2.]))",
)
def leaky_relu(x: Any, slope: Any, inplace: bool) -> Any:
    """Every element; negative ones times `negative_slope`."""
    return pick(x > 0, x, x * slope)


leaky_relu.vjp("input", saves="input")(lambda F, g, out, x, slope, inplace: F.leaky_relu_backward(g, x, slope))


@backward_of(
    "leaky_relu_backward(grad, input, slope)", "LeakyReluBackwardBackward0", call(t(2, 3), t(2, 3, away=0.2), 0.3)
)
def leaky_relu_backward(g: Any, x: Any, slope: Any) -> Any:
    """`grad`, times the slope where `input` is not positive."""
    return pick(x > 0, g, g * slope)


@binary(
    "prelu_kernel(input, weight)",
    at_kink=(("input == 0", "the weight and 1", "the weight"),),
    names=("PreluKernelBackward0", "PreluKernelBackward0", "PreluKernelBackward0"),
    second="Backward",
    numbers="none",
    method=False,
    private=True,
    inplace=False,
    samples=lambda: [call(t(2, 3, away=0.2), t(3))],
)
def prelu_kernel(x: Any, weight: Any) -> Any:
    """leaky_relu with slopes from a tensor that broadcasts."""
    if x.dtype.kind != "f":
        raise not_implemented("prelu_cpu", x.dtype)
    return pick(x > 0, x, weight * x)


@prelu_kernel.vjp("input", saves="input weight")
def _(F: Any, g: Any, out: Any, x: Any, weight: Any) -> Any:
    return F.keep_where(g, x > 0) + weight * F.drop_where(g, x > 0)


prelu_kernel.vjp("weight", saves="input")(lambda F, g, out, x, weight: F.drop_where(x * g, x > 0))


@composite(
    "prelu(input, weight)",
    samples=lambda: [
        call(t(2, 3, away=0.2), t(1)),
        call(t(2, 3, away=0.2), t(3)),
        call(t(2, 3, 2, away=0.2), t(3)),
        call(t(away=0.2), t(1)),
    ],
    formula="input: g where input > 0, else g * weight; weight: g * input where input <= 0, summed",
    kinks="the weight at 0",
    example="prelu(tensor([-1., 2.]), tensor([0.25]))",
)
def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """leaky_relu with a learnt slope, one for all or one per channel (dim 1)."""
    for position, name, v in ((1, "input", x), (2, "weight", weight)):
        if not isinstance(v, Tensor):
            need_tensor("prelu", name, position, v)
    if x.data.dtype != weight.data.dtype:
        raise DtypeError(f"prelu: Type promoting not supported. Got {x.dtype.title} and {weight.dtype.title}")
    if weight.data.ndim > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.data.ndim}")
    if weight.data.size != 1:
        if not x.data.ndim:
            raise ShapeError("Not allow zero-dim input tensor.")
        channels = x.data.shape[1] if x.data.ndim > 1 else 1
        if channels != weight.data.size:
            raise ShapeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {weight.data.size} "
                f"and channel size = {channels}."
            )
    if x.data.ndim != weight.data.ndim:
        shape = [1] * x.data.ndim
        if x.data.ndim > 1:
            shape[1] = weight.data.size
        weight = T.reshape(weight, tuple(shape))
    return prelu_kernel.apply(x, weight)  # type: ignore[no-any-return]  # a Tensor


def _slopes(data: Any, lower: float, upper: float) -> Any:
    """A random slope for each element that is not positive, drawn in their order; 1 for the others."""
    from gradsh.engine.kernels.stream import stream

    wanted = data <= 0
    noise = alloc.ones(data.shape, data.dtype)
    noise[wanted] = stream().doubles(int(np.count_nonzero(wanted))) * (upper - lower) + lower
    return noise if data.ndim else noise[()]


@composite(
    "rrelu(input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False)",
    layout="contiguous",
    python=True,
    rename="RreluWithNoiseBackward0",
    method=False,
    samples=lambda: [call(t(2, 3, away=0.2)), call(t(2, away=0.2), 0.1, 0.3)],
    formula="g where input > 0, else g * slope",
    kinks="the slope at 0",
    example="rrelu(tensor([-1., 2.]))",
)
def rrelu(x: Tensor, lower: float, upper: float, training: bool, inplace: bool) -> Any:
    """leaky_relu with a random slope per element while training, the middle of `lower` and `upper` otherwise."""
    if lower > upper:
        raise DtypeError("Lower bound should be less than or equal to the upper bound")
    if inplace:
        return written(rrelu.apply, x, lower, upper, training, slope=0 if training else lower + upper)
    if x.__class__ is Batched:
        raise AutogradError("vmap: we do not yet support aten::rrelu. Please file an issue")
    if training:
        return prelu_kernel.apply(x, make(_slopes(x.data, lower, upper)))
    return leaky_relu.apply(x, (lower + upper) / 2)


# --- exponential ones ----------------------------------------------------------------------------------------------


def _elu_second(F: Any, g: Any, grad: Any, x: Any, alpha: Any, scale: Any, inner: Any) -> Any:
    bend = F.exp(F.drop_where(x, x > 0) * inner) * (inner * inner * alpha * scale)
    return g * grad * F.keep_where(bend, x < 0)


@with_settings(
    "elu_full(input, alpha, scale, input_scale)",
    grad_fn="EluBackward0",
    check=floats_only("elu_cpu"),
    method=False,
    private=True,
    samples=lambda: [call(t(2, 3, away=0.2), 1.3, 0.9, 1.1)],
)
def elu_full(x: Any, alpha: Any, scale: Any, inner: Any) -> Any:
    """scale * input where positive, scale * alpha * (exp(input_scale * input) - 1) elsewhere."""
    return pick(x <= 0, exact.expm1(np.minimum(x, 0) * inner) * (alpha * scale), x * scale)


@elu_full.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, alpha: Any, scale: Any, inner: Any) -> Any:
    return F.elu_backward(g, x, alpha, scale, inner)


@backward_of(
    "elu_backward(grad, input, alpha, scale, input_scale)",
    "EluBackwardBackward0",
    call(t(2, 3), t(2, 3, away=0.2), 1.3, 0.9, 1.1),
    _elu_second,
)
def elu_backward(g: Any, x: Any, alpha: Any, scale: Any, inner: Any) -> Any:
    """The gradient of elu_full."""
    return pick(x <= 0, g * inner * (alpha * scale) * exact.exp(np.minimum(x, 0) * inner), g * scale)


@composite(
    "elu(input, alpha=1.0, inplace=False)",
    python=True,
    method=False,
    samples=lambda: [*unary_samples(away=0.2), call(t(2, 3, away=0.2), 0.7)],
    formula="g where input > 0, else g * alpha * exp(input)",
    kinks="alpha at 0",
    example="elu(tensor([-1., 2.]))",
)
def elu(x: Any, alpha: float, inplace: bool) -> Any:
    """Every element; alpha * (exp(input) - 1) for negative ones."""
    if inplace:
        return written(elu.apply, x, alpha, slope=alpha)
    return elu_full.apply(x, alpha, 1.0, 1.0)


@composite(
    "celu(input, alpha=1.0, inplace=False)",
    python=True,
    rename="CeluBackward0",
    method=False,
    samples=lambda: [*unary_samples(away=0.2), call(t(2, 3, away=0.2), 0.7)],
    formula="g where input > 0, else g * exp(input / alpha)",
    kinks="1 at 0",
    example="celu(tensor([-1., 2.]))",
)
def celu(x: Any, alpha: float, inplace: bool) -> Any:
    """Every element; alpha * (exp(input / alpha) - 1) for negative ones."""
    if alpha == 0:
        raise DtypeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    if inplace:
        return written(celu.apply, x, alpha, slope=alpha)
    return elu_full.apply(x, alpha, 1.0, 1.0 / alpha)


@composite(
    "selu(input, inplace=False)",
    python=True,
    method=False,
    samples=lambda: unary_samples(away=0.2),
    formula="as elu with alpha 1.6733, times 1.0507",
    kinks="scale * alpha at 0",
    at_kink=(("input == 0", "1.75810 and 1.05070", "1.75810"),),
    example="selu(tensor([-1., 2.]))",
)
def selu(x: Any, inplace: bool) -> Any:
    """elu with fixed alpha and scale that keep mean 0 and variance 1."""
    if inplace:
        return written(selu.apply, x)
    return elu_full.apply(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0)


@unary(
    "sigmoid(input)",
    python=True,
    grad_fn="SigmoidBackward0",
    samples=unary_samples,
    formula="g * (1 - out) * out",
    example="sigmoid(tensor([0., 2.]))",
)
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-input)), element by element."""
    return 1 / (1 + exact.exp(-x))


sigmoid.vjp(saves="out")(lambda F, g, out, x: F.sigmoid_backward(g, out))


@binary(
    "sigmoid_backward(grad, output)",
    names=("SigmoidBackwardBackward0", "SigmoidBackwardBackward0", "SigmoidBackwardBackward0"),
    method=False,
    private=True,
    inplace=False,
    samples=lambda: [call(t(2, 3), t(2, 3))],
)
def sigmoid_backward(g: Any, out: Any) -> Any:
    """The gradient of sigmoid, from its output."""
    return exact.sigmoid_backward(g, out)


sigmoid_backward.vjp("grad", saves="output")(lambda F, g, out, grad, y: F.sigmoid_backward(g, y))
sigmoid_backward.vjp("output", saves="grad output")(lambda F, g, out, grad, y: g * grad * (-2 * y + 1))


@unary(
    "logsigmoid(input)",
    grad_fn="LogSigmoidBackward0",
    check=floats_only("log_sigmoid_cpu"),
    method=False,
    inplace=False,
    samples=unary_samples,
    formula="g * (1 - sigmoid(input))",
    example="logsigmoid(tensor([0., -50.]))",
)
def logsigmoid(x: Any) -> Any:
    """log(sigmoid(input)), without overflow."""
    out = np.minimum(x, 0) - exact.log1p(exact.exp(-np.abs(x)))
    return contiguous(out) if out.ndim > 1 else out


logsigmoid.vjp(saves="input")(lambda F, g, out, x: F.log_sigmoid_backward(g, x))


def _log_sigmoid_second(F: Any, g: Any, grad: Any, x: Any) -> Any:
    small = F.exp(-F.abs(x))
    s = (small * (x < 0) + (x >= 0)) / (1 + small)  # sigmoid(x), far out too
    return (s - 1) * s * (g * grad)  # PyTorch's order, whose zeros have this sign


@backward_of(
    "log_sigmoid_backward(grad, input)", "LogSigmoidBackwardBackward0", call(t(2, 3), t(2, 3)), _log_sigmoid_second
)
def log_sigmoid_backward(g: Any, x: Any) -> Any:
    """The gradient of logsigmoid."""
    small = exact.exp(-np.abs(x))
    small = small / (1 + small)
    return g * pick(x < 0, 1 - small, small)


@unary(
    "silu(input, inplace=False)",
    python=True,
    grad_fn="SiluBackward0",
    check=floats_only("silu_cpu"),
    method=False,
    inplace=False,
    samples=unary_samples,
    formula="g * sigmoid(input) * (1 + input * (1 - sigmoid(input)))",
    example="silu(tensor([0., 2.]))",
)
def silu(x: Any) -> Any:
    """input * sigmoid(input), element by element."""
    return x / (1 + exact.exp(-x))


@silu.vjp(saves="input")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    s = F.sigmoid(x)
    return g * s * (fused(x, 1 - s, x.dtype.type(1)) if F is A and x.dtype != np.float16 else 1 + x * (1 - s))


@unary(
    "mish(input, inplace=False)",
    python=True,
    grad_fn="MishBackward0",
    check=floats_only("mish_cpu"),
    method=False,
    inplace=False,
    samples=unary_samples,
    formula="g * (tanh(softplus(input)) + input * sigmoid(input) * (1 - tanh(softplus(input))**2))",
    example="mish(tensor([0., 2.]))",
)
def mish(x: Any) -> Any:
    """input * tanh(softplus(input)), element by element."""
    return x * exact.tanh(exact.log1p(exact.exp(x)))


@mish.vjp(saves="input")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    squashed = F.tanh(F.softplus(x, 1.0, 20.0))
    return g * (squashed + x * F.sigmoid(x) * (1 - squashed * squashed))


@with_settings(
    "softplus(input, beta=1.0, threshold=20.0)",
    grad_fn="SoftplusBackward0",
    check=floats_only("softplus_cpu"),
    method=False,
    samples=lambda: [*unary_samples(), call(t(2, 3), 2.0), call(t(2, 3, away=0.5), 1.0, 0.1)],
    formula="g * sigmoid(beta * input)",
    example="softplus(tensor([0., 30.]))",
)
def softplus(x: Any, beta: Any, threshold: Any) -> Any:
    """log(1 + exp(beta * input)) / beta; `input` itself where beta * input is over the threshold."""
    scaled = x * beta
    return pick(scaled > threshold, x, exact.log1p(exact.exp(np.minimum(scaled, threshold))) / beta)


@softplus.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, beta: Any, threshold: Any) -> Any:
    return F.softplus_backward(g, x, beta, threshold)


def _softplus_second(F: Any, g: Any, grad: Any, x: Any, beta: Any, threshold: Any) -> Any:
    s = F.sigmoid(x * beta)
    return g * grad * F.fill_where(s * (1 - s) * beta, x * beta >= threshold, 0.0)


@backward_of(
    "softplus_backward(grad, input, beta, threshold)",
    "SoftplusBackwardBackward0",
    call(t(2, 3), t(2, 3), 2.0, 20.0),
    _softplus_second,
)
def softplus_backward(g: Any, x: Any, beta: Any, threshold: Any) -> Any:
    """The gradient of softplus."""
    scaled = x * beta
    grown = exact.exp(np.minimum(scaled, threshold))
    return pick(scaled > threshold, g, g * grown / (grown + 1))


_ROOT = math.sqrt(0.5)
_DENSITY = 1 / math.sqrt(2 * math.pi)
_GELU = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


@with_settings(
    "gelu(input, *, approximate='none')",
    grad_fn="GeluBackward0",
    check=floats_only("GeluKernelImpl"),
    method=False,
    samples=lambda: [*unary_samples(), call(t(2, 3), approximate="tanh")],
    formula="g * (ndtr(input) + input * exp(-input**2 / 2) / sqrt(2 * pi))",
    example="gelu(tensor([-1., 2.]))",
)
def gelu(x: Any, approximate: str) -> Any:
    """input * P(input) with the normal distribution's P, or its approximation with tanh."""
    if approximate == "none":
        from gradsh.engine.ops.elementwise.special import erf

        return x * 0.5 * (1 + erf.kernel(x * _ROOT))
    if approximate == "tanh":
        return 0.5 * x * (1 + exact.tanh(_GELU * (x + _CUBIC * (x * x * x))))
    raise DtypeError("approximate argument must be either none or tanh.")


@gelu.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, approximate: str) -> Any:
    return F.gelu_backward(g, x, approximate)


def _gelu_second(F: Any, g: Any, grad: Any, x: Any, approximate: str) -> Any:
    if approximate == "none":
        return g * grad * (F.exp(x * x * -0.5) * _DENSITY * (2 - x * x))
    inside = (x + x * x * x * _CUBIC) * _GELU
    squashed = F.tanh(inside)
    slope = 1 / F.square(F.cosh(inside))  # 1 - tanh**2 is 0 far out
    inner = (x * x * (3 * _CUBIC) + 1) * _GELU
    return (
        g * grad * (slope * inner + 0.5 * x * (slope * x * (6 * _CUBIC * _GELU) - 2 * squashed * slope * inner * inner))
    )


@backward_of(
    "gelu_backward(grad, input, approximate)", "GeluBackwardBackward0", call(t(2, 3), t(2, 3), "tanh"), _gelu_second
)
def gelu_backward(g: Any, x: Any, approximate: str) -> Any:
    """The gradient of gelu."""
    if approximate == "none":
        from gradsh.engine.ops.elementwise.special import erf

        return g * (0.5 * (1 + erf.kernel(x * _ROOT)) + x * (exact.exp(x * x * -0.5) * _DENSITY))
    squashed = exact.tanh(_GELU * (x + _CUBIC * (x * x * x)))
    inner = _GELU * (1 + 3 * _CUBIC * (x * x))
    return g * (0.5 * (1 + squashed) + 0.5 * x * (1 - squashed * squashed) * inner)


alias("special.expit", sigmoid, method=False)
