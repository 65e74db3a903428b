"""Arithmetic and signs, element by element."""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.promotion import broadcast_error, converted, promoted
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import body_takes_numbers
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import binary, unary
from gradsh.engine.operators.general import General, op
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import binary_samples, call, t, unary_samples
from gradsh.engine.operators.steps import no_step
from gradsh.engine.ops.elementwise.masks import by_zero, is_float, not_bool, not_bools, zeros
from gradsh.errors import DtypeError, ValueProblem

# --- sums and products -----------------------------------------------------------------------------------------

_getframe = sys._getframe


@binary(
    "add(input, other, *, alpha=1)",
    shared="shape",
    names=("AddBackward0", "AddBackward0", "AddBackward0"),
    numbers="both",
    direct=operator.add,
    constants=True,
    samples=lambda: [*binary_samples(), call(t(2, 3), t(3), alpha=2.5), call(t(2), 1.5, alpha=-1)],
    formula="input: g; other: g * alpha",
    example="add(tensor([1., 2.]), 10., alpha=2)",
)
def add(a: Any, b: Any) -> Any:
    """Adds `other`, multiplied by `alpha`, to `input`, element by element."""
    return a + b


add.vjp("input")(lambda F, g, out, a, b: g)
add.vjp("other")(lambda F, g, out, a, b: g)


def _no_bools(a: Any, b: Any) -> None:
    """PyTorch does not subtract bools."""
    first = a.__class__ is bool or getattr(a, "dtype", None) == np.bool_
    second = b.__class__ is bool or getattr(b, "dtype", None) == np.bool_
    if first and second:
        raise DtypeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    if first or second:
        raise DtypeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


@binary(
    "sub(input, other, *, alpha=1)",
    shared="inplace arithmetic",
    names=("SubBackward0", "SubBackward0", "RsubBackward1"),
    numbers="both",
    direct=operator.sub,
    constants=True,
    check=_no_bools,
    samples=lambda: [*binary_samples(), call(t(2, 3), t(3), alpha=2.5), call(t(2), 1.5, alpha=-1)],
    formula="input: g; other: -g * alpha",
    example="sub(tensor([1., 2.]), 10.)",
)
def sub(a: Any, b: Any) -> Any:
    """Subtracts `other`, multiplied by `alpha`, from `input`, element by element."""
    return a - b


sub.vjp("input")(lambda F, g, out, a, b: g)
sub.vjp("other")(lambda F, g, out, a, b: -g)


def _alpha_checks(other: Any, alpha: Any, *inputs: Any) -> None:
    """PyTorch's refusal of a fractional alpha for integers, and of a bool for numbers."""
    if isinstance(alpha, float) and all(not isinstance(v, float) and not _floating(v) for v in (*inputs, other)):
        raise DtypeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, bool) and not all(
        isinstance(v, Tensor) and v.data.dtype.kind == "b" for v in (*inputs, other)
    ):
        raise DtypeError("Boolean alpha only supported for Boolean results.")


def _floating(value: Any) -> bool:
    return isinstance(value, Tensor) and value.data.dtype.kind == "f"


def _added(name: str, grad_fn: str, sign: int) -> General:
    """`input + sign * alpha * other` as one node, as in PyTorch."""

    @op(f"{name}(input, other, alpha)", grad_fn=grad_fn, method=False, private=True, elementwise=True)
    def kernel(a: Any, b: Any, alpha: Any) -> Any:
        if sign < 0:
            _no_bools(a, b)
        a, b = promoted(a, b, False)
        try:
            scaled = b * (bool(alpha) if b.dtype.kind == "b" else converted(alpha, b.dtype))
            return a + scaled if sign > 0 else a - scaled
        except ValueError:
            raise broadcast_error(a.shape, b.shape) from None

    kernel.vjp("input")(lambda F, g, out, a, b, alpha: g)
    kernel.vjp("other")(lambda F, g, out, a, b, alpha: g * (sign * alpha))
    return kernel


add_scaled = _added("add_scaled", "AddBackward0", 1)
sub_scaled = _added("sub_scaled", "SubBackward0", -1)
rsub_scaled = _added("rsub_scaled", "RsubBackward0", -1)


def _with_alpha(plain: Any, scaled: General, a: Any, b: Any, alpha: Any) -> Any:
    if alpha.__class__ is int and alpha == 1:
        return plain.apply(a, b)
    if plain is sub:
        _no_bools(*(v.data if v.__class__ is Tensor else v for v in (a, b)))
    _alpha_checks(b, alpha, a)
    if a.__class__ is Tensor and b.__class__ is Tensor:
        return scaled.apply(a, b, alpha)
    return plain.apply(a, b * alpha)


add.variant = lambda a, b, alpha: _with_alpha(add, add_scaled, a, b, alpha)
sub.variant = lambda a, b, alpha: _with_alpha(sub, sub_scaled, a, b, alpha)


@composite("rsub_tensor(input, other)", rename="RsubBackward0", method=False, private=True)
def rsub_tensor(input: Any, other: Any) -> Any:
    """rsub of a tensor, which PyTorch names differently."""
    return sub.apply(other, input)


@composite(
    "rsub(input, other, *, alpha=1)",
    method=False,
    samples=lambda: [call(t(2, 3), t(3)), call(t(2), 1.5), call(t(2), t(2), alpha=2)],
    formula="input: -g * alpha; other: g",
    example="rsub(tensor([1., 2.]), 10.)",
)
def rsub(input: Any, other: Any, alpha: Any) -> Any:
    """Subtracts `input`, multiplied by `alpha`, from `other`."""
    if alpha != 1:
        if other.__class__ is Tensor and input.__class__ is Tensor:
            _alpha_checks(input, alpha, other)
            return rsub_scaled.apply(other, input, alpha)
        input = input * alpha
    return sub.apply(other, input) if isinstance(other, (int, float)) else rsub_tensor.apply(input, other)


@binary(
    "mul(input, other)",
    shared="inplace arithmetic",
    names=("MulBackward0", "MulBackward0", "MulBackward0"),
    wide=True,
    numbers="both",
    direct=operator.mul,
    constants=True,
    samples=binary_samples,
    formula="input: g * other; other: g * input",
    example="mul(tensor([1., 2.]), 10.)",
)
def mul(a: Any, b: Any) -> Any:
    """Multiplies `input` by `other`, element by element."""
    return a * b


mul.vjp("input", saves="other")(lambda F, g, out, a, b: g * b)
mul.vjp("other", saves="input")(lambda F, g, out, a, b: g * a)


@binary(
    "div(input, other, *, rounding_mode: str=None)",
    shared="inplace arithmetic",
    names=("DivBackward0", "DivBackward0", "DivBackward0"),
    promote="float",
    wide=True,
    numbers="both",
    direct=operator.truediv,
    constants=True,
    samples=lambda: [
        *binary_samples(away=0.5),
        call(1.5, t(2, 3, away=0.5)),
        call(t(2, low=1.1, high=1.9), t(2, low=0.4, high=0.5), rounding_mode=None),
        call(t(2, low=1.1, high=1.9), 0.55, rounding_mode="floor"),
        call(t(2, values=[-3.3, 3.3]), t(2, low=2.3, high=2.5), rounding_mode="trunc"),
    ],
    formula="input: g / other; other: -g * input / other / other",
    example="div(tensor([1., 2.]), 4.)",
)
def div(a: Any, b: Any) -> Any:
    """Divides `input` by `other`; `rounding_mode` "trunc" rounds towards zero, "floor" down."""
    return np.true_divide(a, b)


div.vjp("input", saves="other")(lambda F, g, out, a, b: g / b)
div.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * ((a / b) / b))


@binary(
    "true_divide(input, other)",
    names=("DivBackward0", "DivBackward0", "DivBackward0"),
    promote="float",
    wide=True,
    numbers="both",
    direct=operator.truediv,
    constants=True,
    samples=lambda: binary_samples(away=0.5),
    formula="input: g / other; other: -g * input / other / other",
    example="true_divide(tensor([1., 2.]), 4.)",
)
def true_divide(a: Any, b: Any) -> Any:
    """Divides `input` by `other`, without rounding."""
    return np.true_divide(a, b)


true_divide.vjp("input", saves="other")(lambda F, g, out, a, b: g / b)
true_divide.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * ((a / b) / b))


def _floored(a: Any, b: Any) -> Any:
    if not is_float(a, b):
        not_bools("div_floor_cpu", a, b)
        by_zero(b)
    return np.floor_divide(a, b)


@binary(
    "div_floor(input, other)",
    names=("DivBackward2", "DivBackward2", "DivBackward2"),
    wide=True,
    numbers="both",
    method=False,
    private=True,
    samples=lambda: [call(t(2, low=1.1, high=1.9), 0.55)],
)
def div_floor(a: Any, b: Any) -> Any:
    """The quotient, rounded down."""
    return _floored(a, b)


@binary(
    "div_trunc(input, other)",
    names=("DivBackward2", "DivBackward2", "DivBackward2"),
    wide=True,
    numbers="both",
    method=False,
    private=True,
    samples=lambda: [call(t(2, low=1.1, high=1.9), 0.55)],
)
def div_trunc(a: Any, b: Any) -> Any:
    """The quotient, rounded towards zero."""
    if is_float(a, b):
        return np.trunc(np.true_divide(a, b))
    not_bools("div_trunc_cpu", a, b)
    by_zero(b)
    down = np.floor_divide(a, b)
    return down + ((down < 0) & (np.remainder(a, b) != 0)).astype(down.dtype)


for _entry in (div_floor, div_trunc):
    _entry.vjp("input", saves="other")(lambda F, g, out, a, b: zeros(F, g))
    _entry.vjp("other", saves="input other")(lambda F, g, out, a, b: zeros(F, g))


@composite("div_mode(input, other)", rename="DivBackward2", method=False, private=True)
def div_mode(a: Any, b: Any) -> Any:
    """`div` with `rounding_mode=None` said aloud, which PyTorch gives another name."""
    return div.apply(a, b)


def _div_variant(a: Any, b: Any, rounding_mode: Any) -> Any:
    if rounding_mode is None:
        return div_mode.apply(a, b)
    if rounding_mode == "floor":
        return div_floor.apply(a, b)
    if rounding_mode == "trunc":
        return div_trunc.apply(a, b)
    raise ValueProblem(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'")


div.variant = _div_variant


@binary(
    "floor_divide(input, other)",
    names=("NotImplemented", "NotImplemented", "NotImplemented"),
    wide=True,
    numbers="both",
    samples=lambda: [call(t(2, 3, dtype="int64"), t(3, dtype="int64", low=1, high=3)), call(t(2, grad=False), 0.7)],
    formula="not implemented, as in PyTorch",
    example="floor_divide(tensor([7., -7.]), 2.)",
)
def floor_divide(a: Any, b: Any) -> Any:
    """The quotient, rounded down (`//`)."""
    return _floored(a, b)


floor_divide.not_implemented("PyTorch has none")


@binary(
    "remainder(input, other)",
    names=("RemainderBackward1", "RemainderBackward0", "NotImplemented"),
    numbers="both",
    samples=lambda: [
        call(t(2, 3, low=0.1, high=0.4), t(2, 3, low=0.5, high=0.9)),
        call(t(3, values=[-1.1, 0.3, 1.3]), 0.5),
        call(t(2, 1, low=2.1, high=2.4), t(1, 3, low=0.85, high=0.95)),
        call(t(low=0.1, high=0.4), t(low=0.5, high=0.9)),
    ],
    formula="input: g; other: -g * floor(input / other)",
    kinks="g passes to input also where the remainder jumps",
    example="remainder(tensor([-3., 3.]), 2)",
)
def remainder(a: Any, b: Any) -> Any:
    """What is left of a division rounded down (`%`); it has the sign of `other`."""
    if not is_float(a, b):
        not_bools("remainder_cpu", a, b)
        by_zero(b)
    return np.remainder(a, b)


remainder.vjp("input")(lambda F, g, out, a, b: g)
remainder.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * F.div_floor(a, b))
for _kind in (remainder.kinds[2], remainder.large[2]):
    _kind.step = no_step


@binary(
    "fmod(input, other)",
    names=("FmodBackward1", "FmodBackward0", "FmodBackward1"),
    numbers="other",
    samples=lambda: [
        call(t(2, 3, low=0.1, high=0.4), t(2, 3, low=0.5, high=0.9)),
        call(t(3, values=[-1.1, 0.3, 1.3]), 0.5),
        call(t(2, 1, low=-2.4, high=-2.1), t(1, 3, low=0.85, high=0.95)),
    ],
    formula="input: g; other: -g * trunc(input / other)",
    kinks="g passes to input also where the remainder jumps",
    example="fmod(tensor([-3., 3.]), 2)",
)
def fmod(a: Any, b: Any) -> Any:
    """What is left of a division rounded towards zero; it has the sign of `input`."""
    if not is_float(a, b):
        not_bools("fmod_cpu", a, b)
        by_zero(b)
    return np.fmod(a, b)


fmod.vjp("input")(lambda F, g, out, a, b: g)
fmod.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * F.div_trunc(a, b))

# --- signs -----------------------------------------------------------------------------------------------------


def _no_bool_neg(dtype: Any) -> None:
    if dtype.kind == "b":
        raise DtypeError(
            "Negation, the `-` operator, on a bool tensor is not supported. "
            "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


@unary(
    "neg(input)",
    grad_fn="NegBackward0",
    number=lambda v: -v,
    keeps_int=True,
    check=_no_bool_neg,
    samples=unary_samples,
    formula="-g",
    example="neg(tensor([1., -2.]))",
    direct=operator.neg,
)
def neg(x: Any) -> Any:
    """The negative of every element."""
    return -x


neg.vjp()(lambda F, g, out, x: -g)


@composite("positive(input)", samples=unary_samples, formula="g", example="positive(tensor([1., -2.]))")
def positive(x: Any) -> Any:
    """`input` itself."""
    if not isinstance(x, Tensor):
        if isinstance(x, (int, float)) and body_takes_numbers(_getframe(0)):
            return +x
        need_tensor("positive", "input", 1, x)
    if x.data.dtype.kind == "b":
        raise DtypeError("The `+` operator, on a bool tensor is not supported.")
    return x


@unary(
    "abs(input)",
    grad_fn="AbsBackward0",
    number=abs,
    keeps_int=True,
    check=not_bool("abs_cpu"),
    samples=lambda: unary_samples(away=0.2),
    formula="g * sign(input)",
    kinks="0 at 0",
    at_kink=(("input == 0", "-1 and 1", "0"),),
    example="abs(tensor([-1., 2.]))",
    direct=np.abs,
)
def absolute(x: Any) -> Any:
    """The absolute value of every element."""
    return np.abs(x)


absolute.vjp(saves="input")(lambda F, g, out, x: g * F.sign(x))


@unary(
    "sign(input)",
    grad_fn="SignBackward0",
    keeps_int=True,
    samples=lambda: unary_samples(away=0.2),
    formula="0",
    kinks="0 at 0",
    at_kink=(("input == 0", "a jump", "0"),),
    example="sign(tensor([-1., 0., 2.]))",
)
def sign(x: Any) -> Any:
    """-1, 0 or 1 by the sign of every element; 0 for nan."""
    if x.dtype.kind == "b":
        return x.copy()
    if x.dtype.kind != "f":
        return np.sign(x)
    if x.__class__ is not np.ndarray and hasattr(x, "deferred"):
        return x.deferred("sign_of", x)
    # np.sign(nan) is nan, PyTorch's is 0
    return (x > 0).astype(x.dtype) - (x < 0)


sign.vjp()(lambda F, g, out, x: zeros(F, g))


@unary(
    "sgn(input)",
    grad_fn="SgnBackward0",
    keeps_int=True,
    samples=lambda: unary_samples(away=0.2),
    formula="0",
    kinks="0 at 0",
    example="sgn(tensor([-1., 0., 2.]))",
)
def sgn(x: Any) -> Any:
    """The same as `sign` for real numbers."""
    return sign.kernel(x)


sgn.vjp(saves="input")(lambda F, g, out, x: zeros(F, g))

# --- other names -----------------------------------------------------------------------------------------------------

alias("multiply", mul)
alias("subtract", sub)
alias("divide", div)
alias("negative", neg)
alias("absolute", absolute)
