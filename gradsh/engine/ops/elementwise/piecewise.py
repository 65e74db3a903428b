"""Activation functions made of straight pieces, and those written in other functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import dim_index
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.from_values import INT64
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import in_dtype
from gradsh.engine.core.strided import settled
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.batch_rules import along
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import unary
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import backward_of, floats_only, pick, refused_dtype, with_settings
from gradsh.errors import DtypeError, ShapeError

# --- piecewise linear ones, and those written in others ------------------------------------------------------------


def _no_bool_hardtanh(dtype: Any) -> None:
    if dtype.kind == "b":
        raise DtypeError("Bool inputs not supported for hardtanh")


@with_settings(
    "hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)",
    python=True,
    grad_fn="HardtanhBackward0",
    check=_no_bool_hardtanh,
    method=False,
    samples=lambda: [
        call(t(2, 3, values=[[-2, -0.5, 0.5], [0.1, 1.2, 3]])),
        call(t(2, 3), -5.0, 5.0),
        call(t(), -3, 3),
    ],
    formula="g where (input > min_val) & (input < max_val), else 0",
    kinks="0 at both ends",
    at_kink=(("(input == min_val) | (input == max_val)", "0 and 1", "0"),),
    example="hardtanh(tensor([-2., 0.5]))",
)
def hardtanh(x: Any, low: Any, high: Any, inplace: bool) -> Any:
    """Every element, brought between `min_val` and `max_val`; whole numbers stay whole."""
    if low > high:
        raise DtypeError("min_val cannot be greater than max_val", kind="ValueError")
    if x.dtype.kind != "f":
        low, high = (int(in_dtype(end, INT64)) for end in (low, high))  # as C++ cuts them
        if x.dtype.kind == "u" and low < 0:
            raise DtypeError("cannot do hardtanh on an unsigned type with negative limits")
    return np.minimum(np.maximum(x, low), high)


hardtanh.vjp("input", saves="input")(lambda F, g, out, x, low, high, inplace: F.hardtanh_backward(g, x, low, high))


@backward_of(
    "hardtanh_backward(grad, input, min_val, max_val)",
    "HardtanhBackwardBackward0",
    call(t(3), t(3, values=[-2, 0.5, 2]), -1.0, 1.0),
)
def hardtanh_backward(g: Any, x: Any, low: Any, high: Any) -> Any:
    """`grad` strictly between the ends, else 0."""
    return pick((x <= low) | (x >= high), g.dtype.type(0), g)


@composite(
    "relu6(input, inplace=False)",
    python=True,
    method=False,
    samples=lambda: [call(t(3, values=[-1, 2, 7])), call(t(2, 3, away=0.2)), call(t(low=1))],
    formula="g where (input > 0) & (input < 6), else 0",
    kinks="0 at 0 and 6",
    example="relu6(tensor([-1., 8.]))",
)
def relu6(x: Any, inplace: bool) -> Any:
    """Every element, brought between 0 and 6."""
    return hardtanh.apply(x, 0.0, 6.0, inplace)


@unary(
    "hardsigmoid(input, inplace=False)",
    python=True,
    grad_fn="HardsigmoidBackward0",
    check=floats_only("hardsigmoid_cpu"),
    method=False,
    inplace=False,
    samples=lambda: [*unary_samples(), call(t(3, values=[-4, 1, 4]))],
    formula="g / 6 where (input > -3) & (input < 3), else 0",
    kinks="0 at -3 and 3",
    at_kink=(("(input == -3) | (input == 3)", "0 and 1/6", "0"),),
    example="hardsigmoid(tensor([-4., 0.]))",
)
def hardsigmoid(x: Any) -> Any:
    """relu6(input + 3) / 6, element by element."""
    return np.minimum(np.maximum(x + 3, 0), 6) / 6


# PyTorch has the slope as a float32, for float64 tensors too
_SIXTH = float(np.float32(1 / 6))

hardsigmoid.vjp(saves="input")(lambda F, g, out, x: F.hardsigmoid_backward(g, x))


@backward_of("hardsigmoid_backward(grad, input)", "HardsigmoidBackwardBackward0", call(t(2, 3), t(2, 3)))
def hardsigmoid_backward(g: Any, x: Any) -> Any:
    """The gradient of hardsigmoid."""
    return pick((x > -3) & (x < 3), g * _SIXTH, g.dtype.type(0))


@unary(
    "hardswish(input, inplace=False)",
    python=True,
    grad_fn="HardswishBackward0",
    check=floats_only("hardswish_cpu"),
    method=False,
    inplace=False,
    samples=lambda: [*unary_samples(), call(t(3, values=[-4, 1, 4]))],
    formula="0 below -3, g * (input / 3 + 1 / 2) up to 3, g above",
    kinks="0 at -3, 1 at 3",
    at_kink=(
        ("input == -3", "0 and -1/2", "0"),
        ("input == 3", "3/2 and 1", "1"),
    ),
    example="hardswish(tensor([-4., 1.]))",
)
def hardswish(x: Any) -> Any:
    """input * relu6(input + 3) / 6, element by element."""
    return x * np.minimum(np.maximum(x + 3, 0), 6) / 6


hardswish.vjp(saves="input")(lambda F, g, out, x: F.hardswish_backward(g, x))


@backward_of(
    "hardswish_backward(grad, input)",
    "HardswishBackwardBackward0",
    call(t(2, 3), t(2, 3)),
    lambda F, g, grad, x: F.keep_where(g * grad * (1 / 3), (x > -3) & (x < 3)),
)
def hardswish_backward(g: Any, x: Any) -> Any:
    """The gradient of hardswish."""
    return pick(x <= -3, g.dtype.type(0), pick(x < 3, g * (x / 3 + 0.5), g))


def _shrink_samples() -> list[call]:
    return [call(t(2, 3, away=0.7)), call(t(3, values=[-0.3, 0.1, 2])), call(t(2, away=1.2), 1.0), call(t(away=0.7))]


@with_settings(
    "softshrink(input, lambd=0.5)",
    grad_fn="SoftshrinkBackward0",
    check=floats_only("softshrink_check"),
    method=False,
    samples=_shrink_samples,
    formula="g where abs(input) > lambd, else 0",
    kinks="0 at both ends",
    at_kink=(("abs(input) == lambd", "0 and 1", "0"),),
    example="softshrink(tensor([0.2, 2.]))",
)
def softshrink(x: Any, lambd: Any) -> Any:
    """Every element, moved by `lambd` towards 0 and not past it."""
    if lambd < 0:
        most = np.finfo(x.dtype).max
        title = OF[x.dtype].title
        raise DtypeError(f"lambda must be in range [0, {most:g}] for input dtype {title}, but found {lambd:g}")
    return pick(x > lambd, x - lambd, pick(x < -lambd, x + lambd, x * 0))


@with_settings(
    "hardshrink(input, lambd=0.5)",
    grad_fn="HardshrinkBackward0",
    check=floats_only("hardshrink_cpu"),
    samples=_shrink_samples,
    formula="g where abs(input) > lambd, else 0",
    kinks="0 at both ends",
    at_kink=(("abs(input) == lambd", "a jump", "0"),),
    example="hardshrink(tensor([0.2, 2.]))",
)
def hardshrink(x: Any, lambd: Any) -> Any:
    """Every element outside [-lambd, lambd], 0 in place of the others."""
    return pick((x >= -lambd) & (x <= lambd), x.dtype.type(0), x)


def _shrink_backward(g: Any, x: Any, lambd: Any) -> Any:
    """`grad` outside [-lambd, lambd], else 0."""
    return pick((x >= -lambd) & (x <= lambd), g.dtype.type(0), g)


_SHRINK = call(t(3), t(3, values=[-2, 0.2, 2]), 0.5)
backward_of("softshrink_backward(grad, input, lambd)", "SoftshrinkBackwardBackward0", _SHRINK)(_shrink_backward)
backward_of("hardshrink_backward(grad, input, lambd)", "HardshrinkBackwardBackward0", _SHRINK)(_shrink_backward)
softshrink.vjp("input", saves="input")(lambda F, g, out, x, lambd: F.softshrink_backward(g, x, lambd))
hardshrink.vjp("input", saves="input")(lambda F, g, out, x, lambd: F.hardshrink_backward(g, x, lambd))


@composite(
    "tanhshrink(input)",
    python=True,
    method=False,
    samples=unary_samples,
    formula="g * tanh(input)**2",
    example="tanhshrink(tensor([0.2, 2.]))",
)
def tanhshrink(x: Any) -> Any:
    """input - tanh(input), element by element."""
    return x - T.tanh(x)


@composite(
    "softsign(input)",
    python=True,
    method=False,
    samples=lambda: unary_samples(away=0.2),
    formula="g / (1 + abs(input))**2",
    example="softsign(tensor([-1., 3.]))",
)
def softsign(x: Any) -> Any:
    """input / (1 + abs(input)), element by element."""
    return x / (abs(x) + 1)


@op(
    "glu(input, dim=-1)",
    layout="own",
    work="elements",
    python=True,
    grad_fn="GluBackward0",
    second="Backward",
    method=False,
    samples=lambda: [call(t(2, 4)), call(t(4, 3), 0), call(t(2, 4, 3), dim=1), call(t(2))],
    formula="the first half a: g * sigmoid(b); the second half b: g * a * sigmoid(b) * (1 - sigmoid(b))",
    example="glu(tensor([1., 2., 3., 4.]))",
)
def glu(x: Any, dim: int) -> Any:
    """The first half of `input` along `dim` times the sigmoid of the second half."""
    a, b = _halves(x, dim)
    if x.dtype.kind != "f":
        raise refused_dtype("glu_cpu", x.dtype)
    return settled(a / (1 + exact.exp(-b)), a, b)


def _halves(x: Any, dim: int) -> tuple[Any, Any]:
    if x.ndim == 0:
        raise ShapeError("glu does not support scalars because halving size must be even")
    dim = dim_index(dim, x.ndim)
    if x.shape[dim] % 2:
        raise ShapeError(f"Halving dimension must be even, but dimension {dim} is size {x.shape[dim]}")
    half = x.shape[dim] // 2
    index: list[Any] = [slice(None)] * x.ndim
    index[dim] = slice(0, half)
    first = x[tuple(index)]
    index[dim] = slice(half, None)
    return first, x[tuple(index)]


@glu.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, dim: int) -> Any:
    dim %= len(x.shape)
    half = x.shape[dim] // 2
    a, b = F.narrow(x, dim, 0, half), F.narrow(x, dim, half, half)
    s = F.sigmoid(b)
    return F.cat([g * s, g * a * (s * (1 - s))], dim)


along(glu, 1)
