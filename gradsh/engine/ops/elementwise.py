"""Arithmetic, powers, exponentials, trigonometric functions: one number in, one number out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.pointwise import binary, unary
from gradsh.engine.samples import binary_samples, unary_samples

# --- arithmetic ----------------------------------------------------------------------------------------------


@binary(
    "add(input, other)",
    names=("AddBackward0", "AddBackward0", "AddBackward0"),
    samples=binary_samples,
    formula="input: g; other: g",
    example="add(tensor([1., 2.]), 10.)",
)
def add(a: Any, b: Any) -> Any:
    """Adds `other` to `input`, element by element."""
    return a + b


add.vjp("input")(lambda F, g, out, a, b: g)
add.vjp("other")(lambda F, g, out, a, b: g)


@binary(
    "sub(input, other)",
    names=("SubBackward0", "SubBackward0", "RsubBackward1"),
    samples=binary_samples,
    formula="input: g; other: -g",
    example="sub(tensor([1., 2.]), 10.)",
)
def sub(a: Any, b: Any) -> Any:
    """Subtracts `other` from `input`, element by element."""
    return a - b


sub.vjp("input")(lambda F, g, out, a, b: g)
sub.vjp("other")(lambda F, g, out, a, b: -g)


@binary(
    "mul(input, other)",
    names=("MulBackward0", "MulBackward0", "MulBackward0"),
    samples=binary_samples,
    formula="input: g * other; other: g * input",
    example="mul(tensor([1., 2.]), 10.)",
)
def mul(a: Any, b: Any) -> Any:
    """Multiplies `input` by `other`, element by element."""
    return a * b


mul.vjp("input", saves="other")(lambda F, g, out, a, b: g * b)
mul.vjp("other", saves="input")(lambda F, g, out, a, b: g * a)


@unary("neg(input)", grad_fn="NegBackward0", keeps_int=True, samples=unary_samples, formula="-g", example="neg(tensor([1., -2.]))")
def neg(x: Any) -> Any:
    """The negative of every element."""
    return -x


neg.vjp()(lambda F, g, out, x: -g)

# --- exponentials and logarithms --------------------------------------------------------------------------------


@unary("exp(input)", grad_fn="ExpBackward0", number=math.exp, samples=unary_samples, formula="g * exp(input)", example="exp(tensor([0., 1.]))")
def exp(x: Any) -> Any:
    """e to the power of every element."""
    return np.exp(x)


exp.vjp(saves="out")(lambda F, g, out, x: g * out)


@unary(
    "log(input)",
    grad_fn="LogBackward0",
    number=math.log,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / input",
    example="log(tensor([1., 10.]))",
)
def log(x: Any) -> Any:
    """The natural logarithm of every element; -inf at 0, nan below."""
    return np.log(x)


log.vjp(saves="input")(lambda F, g, out, x: g / x)

# --- trigonometric -----------------------------------------------------------------------------------------------


@unary("sin(input)", grad_fn="SinBackward0", number=math.sin, samples=unary_samples, formula="g * cos(input)", example="sin(tensor([0., 1.]))")
def sin(x: Any) -> Any:
    """The sine of every element, in radians."""
    return np.sin(x)


sin.vjp(saves="input")(lambda F, g, out, x: g * F.cos(x))


@unary("cos(input)", grad_fn="CosBackward0", number=math.cos, samples=unary_samples, formula="-g * sin(input)", example="cos(tensor([0., 1.]))")
def cos(x: Any) -> Any:
    """The cosine of every element, in radians."""
    return np.cos(x)


cos.vjp(saves="input")(lambda F, g, out, x: g * -F.sin(x))


@unary("tanh(input)", grad_fn="TanhBackward0", number=math.tanh, samples=unary_samples, formula="g * (1 - tanh(input)**2)", example="tanh(tensor([0., 1.]))")
def tanh(x: Any) -> Any:
    """The hyperbolic tangent of every element."""
    return np.tanh(x)


tanh.vjp(saves="out")(lambda F, g, out, x: g * (1 - out * out))
