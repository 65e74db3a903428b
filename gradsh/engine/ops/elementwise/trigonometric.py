"""Sines, cosines, tangents, hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.elementwise import binary, unary
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import binary_samples, call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import backward_of, floats_only

# --- circular functions ------------------------------------------------------------------------------------------


@unary(
    "sin(input)",
    grad_fn="SinBackward0",
    number=math.sin,
    samples=unary_samples,
    formula="g * cos(input)",
    example="sin(tensor([0., 1.]))",
    direct=exact.sin,
)
def sin(x: Any) -> Any:
    """The sine of every element, in radians."""
    return exact.sin(x)


sin.vjp(saves="input")(lambda F, g, out, x: g * F.cos(x))


@unary(
    "cos(input)",
    grad_fn="CosBackward0",
    number=math.cos,
    samples=unary_samples,
    formula="-g * sin(input)",
    example="cos(tensor([0., 1.]))",
    direct=exact.cos,
)
def cos(x: Any) -> Any:
    """The cosine of every element, in radians."""
    return exact.cos(x)


cos.vjp(saves="input")(lambda F, g, out, x: g * -F.sin(x))


@unary(
    "tan(input)",
    grad_fn="TanBackward0",
    number=math.tan,
    samples=lambda: unary_samples(-1.2, 1.2),
    formula="g * (1 + out**2)",
    example="tan(tensor([0., 1.]))",
    direct=exact.tan,
)
def tan(x: Any) -> Any:
    """The tangent of every element, in radians."""
    return exact.tan(x)


tan.vjp(saves="out")(lambda F, g, out, x: g * (1 + out * out))


@unary(
    "asin(input)",
    grad_fn="AsinBackward0",
    number=math.asin,
    samples=lambda: unary_samples(-0.9, 0.9),
    formula="g / sqrt(1 - input**2)",
    kinks="inf at -1 and 1",
    example="asin(tensor([0., 1.]))",
    direct=exact.arcsin,
)
def asin(x: Any) -> Any:
    """The angle in radians whose sine is the element."""
    return exact.arcsin(x)


asin.vjp(saves="input")(lambda F, g, out, x: g * F.rsqrt(1 - x * x))


@unary(
    "acos(input)",
    grad_fn="AcosBackward0",
    number=math.acos,
    samples=lambda: unary_samples(-0.9, 0.9),
    formula="-g / sqrt(1 - input**2)",
    kinks="-inf at -1 and 1",
    example="acos(tensor([0., 1.]))",
    direct=exact.arccos,
)
def acos(x: Any) -> Any:
    """The angle in radians whose cosine is the element."""
    return exact.arccos(x)


acos.vjp(saves="input")(lambda F, g, out, x: g * -F.rsqrt(1 - x * x))


@unary(
    "atan(input)",
    grad_fn="AtanBackward0",
    number=math.atan,
    samples=unary_samples,
    formula="g / (input**2 + 1)",
    example="atan(tensor([0., 1.]))",
    direct=exact.arctan,
)
def atan(x: Any) -> Any:
    """The angle in radians whose tangent is the element."""
    return exact.arctan(x)


atan.vjp(saves="input")(lambda F, g, out, x: g / (x * x + 1))


def _around(F: Any, a: Any, b: Any) -> Any:
    """1 / (a**2 + b**2), 0 at the origin."""
    square = a * a + b * b
    return F.drop_where(F.reciprocal(square), square == 0)


@binary(
    "atan2(input, other)",
    shared="shape",
    names=("Atan2Backward0", "Atan2Backward0", "Atan2Backward0"),
    promote="float",
    numbers="none",
    samples=lambda: binary_samples(away=0.4, numbers=False),
    formula="input: g * other / (input**2 + other**2); other: -g * input / (input**2 + other**2)",
    kinks="0 where both are 0",
    at_kink=(("(input == 0) & (other == 0)", "none", "0"),),
    example="atan2(tensor([1.]), tensor([-1.]))",
)
def atan2(a: Any, b: Any) -> Any:
    """The angle of the point (`other`, `input`), in radians."""
    return exact.arctan2(a, b)


atan2.vjp("input", saves="input other")(lambda F, g, out, a, b: g * b * _around(F, a, b))
atan2.vjp("other", saves="input other")(lambda F, g, out, a, b: g * -a * _around(F, a, b))


@binary(
    "hypot(input, other)",
    names=("HypotBackward0", "HypotBackward0", "HypotBackward0"),
    check=floats_only("hypot_cpu"),
    numbers="none",
    samples=lambda: binary_samples(away=0.4, numbers=False),
    formula="input: g * input / out; other: g * other / out",
    kinks="nan where both are 0",
    at_kink=(("out == 0", "all from -1 to 1", "nan"),),
    example="hypot(tensor([3.]), tensor([4.]))",
)
def hypot(a: Any, b: Any) -> Any:
    """The length of the hypotenuse, sqrt(input**2 + other**2)."""
    return np.hypot(a, b)


hypot.vjp("input", saves="input out")(lambda F, g, out, a, b: g * a / out)
hypot.vjp("other", saves="other out")(lambda F, g, out, a, b: g * b / out)


@unary(
    "sinc(input)",
    grad_fn="SincBackward0",
    samples=lambda: unary_samples(away=0.3),
    formula="g * (cos(pi * input) - sinc(input)) / input",
    kinks="0 at 0",
    example="sinc(tensor([0., 0.5]))",
)
def sinc(x: Any) -> Any:
    """sin(pi * input) / (pi * input), 1 at 0."""
    product = x * math.pi
    if x.__class__ is not np.ndarray:
        return exact.sin(product) / product if product != 0 else product.__class__(1)
    return np.where(product == 0, x.dtype.type(1), exact.sin(product) / product)


sinc.vjp(saves="input")(lambda F, g, out, x: F.sinc_backward(g, x))


def _sinc_second(F: Any, g: Any, grad: Any, x: Any) -> Any:
    """The closed form is 0 / 0 at 0 and noise next to it, so there it is the series, whose next term is of x**8."""
    near = abs(x) < 0.1
    y = (x * math.pi) ** 2
    series = math.pi**2 * (-1 / 3 + y * (1 / 10 + y * (-1 / 168 + y * (1 / 6480 - y / 443520))))
    apart = F.masked_fill(x, near, 1)
    around = apart * math.pi
    closed = (2 * F.sin(around) - 2 * around * F.cos(around) - around**2 * F.sin(around)) / (around * apart**2)
    return g * grad * F.where(near, series, closed)


@backward_of("sinc_backward(grad, input)", "WhereBackward0", call(t(2, 3), t(2, 3, away=0.3)), _sinc_second)
def sinc_backward(g: Any, x: Any) -> Any:
    """The gradient of sinc."""
    around = x * math.pi
    square = around * x
    slope = (around * exact.cos(around) - exact.sin(around)) / square
    return g * np.where(square == 0, x.dtype.type(0), slope)


@unary(
    "deg2rad(input)",
    grad_fn="Deg2RadBackward0",
    samples=unary_samples,
    formula="g * pi / 180",
    example="deg2rad(tensor([180.]))",
)
def deg2rad(x: Any) -> Any:
    """Degrees as radians."""
    return x * (math.pi / 180)


deg2rad.vjp()(lambda F, g, out, x: g * (math.pi / 180))


@unary(
    "rad2deg(input)",
    grad_fn="Rad2DegBackward0",
    samples=unary_samples,
    formula="g * 180 / pi",
    example="rad2deg(tensor([pi]))",
)
def rad2deg(x: Any) -> Any:
    """Radians as degrees."""
    return x * (180 / math.pi)


rad2deg.vjp()(lambda F, g, out, x: g * (180 / math.pi))

# --- hyperbolic functions ----------------------------------------------------------------------------------------


@unary(
    "sinh(input)",
    grad_fn="SinhBackward0",
    number=math.sinh,
    samples=unary_samples,
    formula="g * cosh(input)",
    example="sinh(tensor([0., 1.]))",
    direct=exact.sinh,
)
def sinh(x: Any) -> Any:
    """The hyperbolic sine of every element."""
    return exact.sinh(x)


sinh.vjp(saves="input")(lambda F, g, out, x: g * F.cosh(x))


@unary(
    "cosh(input)",
    grad_fn="CoshBackward0",
    number=math.cosh,
    samples=unary_samples,
    formula="g * sinh(input)",
    example="cosh(tensor([0., 1.]))",
    direct=exact.cosh,
)
def cosh(x: Any) -> Any:
    """The hyperbolic cosine of every element."""
    return exact.cosh(x)


cosh.vjp(saves="input")(lambda F, g, out, x: g * F.sinh(x))


@unary(
    "tanh(input)",
    python=True,
    grad_fn="TanhBackward0",
    number=math.tanh,
    samples=unary_samples,
    formula="g * (1 - out**2)",
    example="tanh(tensor([0., 1.]))",
    direct=exact.tanh,
)
def tanh(x: Any) -> Any:
    """The hyperbolic tangent of every element."""
    return exact.tanh(x)


tanh.vjp(saves="out")(lambda F, g, out, x: F.tanh_backward(g, out))


@binary(
    "tanh_backward(grad, output)",
    names=("TanhBackwardBackward0", "TanhBackwardBackward0", "TanhBackwardBackward0"),
    method=False,
    private=True,
    samples=lambda: [call(t(2, 3), t(2, 3))],
)
def tanh_backward(g: Any, out: Any) -> Any:
    """The gradient of tanh, from its output."""
    if out.dtype == np.float16:
        wide = out.astype(np.float32)
        return (g * (1 - wide * wide)).astype(out.dtype)
    return exact.tanh_backward(g, out)


tanh_backward.vjp("grad", saves="output")(lambda F, g, out, grad, y: F.tanh_backward(g, y))
tanh_backward.vjp("output", saves="grad output")(lambda F, g, out, grad, y: grad * (-2 * y * g))


@unary(
    "asinh(input)",
    grad_fn="AsinhBackward0",
    number=math.asinh,
    samples=unary_samples,
    formula="g / sqrt(input**2 + 1)",
    example="asinh(tensor([0., 1.]))",
    direct=exact.arcsinh,
)
def asinh(x: Any) -> Any:
    """The inverse hyperbolic sine of every element."""
    return exact.arcsinh(x)


asinh.vjp(saves="input")(lambda F, g, out, x: g * F.rsqrt(x * x + 1))


@unary(
    "acosh(input)",
    grad_fn="AcoshBackward0",
    number=math.acosh,
    samples=lambda: unary_samples(1.2, 3),
    formula="g / sqrt(input**2 - 1)",
    kinks="inf at 1",
    example="acosh(tensor([1., 2.]))",
    direct=exact.arccosh,
)
def acosh(x: Any) -> Any:
    """The inverse hyperbolic cosine of every element; nan below 1."""
    return exact.arccosh(x)


acosh.vjp(saves="input")(lambda F, g, out, x: g * F.rsqrt(x * x - 1))


@unary(
    "atanh(input)",
    grad_fn="AtanhBackward0",
    number=math.atanh,
    samples=lambda: unary_samples(-0.8, 0.8),
    formula="g / (1 - input**2)",
    kinks="inf at -1 and 1",
    example="atanh(tensor([0., 0.5]))",
    direct=exact.arctanh,
)
def atanh(x: Any) -> Any:
    """The inverse hyperbolic tangent of every element; inf at 1."""
    return exact.arctanh(x)


atanh.vjp(saves="input")(lambda F, g, out, x: g / (1 - x * x))

# --- other names -------------------------------------------------------------------------------------------------

alias("arcsin", asin)
alias("arccos", acos)
alias("arctan", atan)
alias("arctan2", atan2)
alias("arcsinh", asinh)
alias("arccosh", acosh)
alias("arctanh", atanh)
alias("special.sinc", sinc, method=False)
