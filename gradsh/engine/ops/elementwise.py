"""Arithmetic, powers, exponentials and logarithms, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.batching import Batched
from gradsh.engine.checks import need_tensor
from gradsh.engine.dtypes import OF
from gradsh.engine.general import op
from gradsh.engine.pointwise import binary, no_step, unary
from gradsh.engine.registry import alias, composite
from gradsh.engine.registry import T as tensors
from gradsh.engine.samples import binary_samples, call, t, unary_samples
from gradsh.engine.tensor import Tensor, make
from gradsh.errors import DtypeError, ValueProblem, ZeroDivision

ndarray = np.ndarray

# --- helpers of rules ------------------------------------------------------------------------------------------


def zeros(F: Any, g: Any) -> Any:
    """Zeros like `g`, for rules: an array for arrays, a tensor for tensors."""
    cls = g.__class__
    if cls is Batched:
        return Batched(zeros(F, g.value), g.level)
    data = g.data if cls is Tensor else g
    z = np.zeros(data.shape, data.dtype)[()]
    return make(z) if cls is Tensor else z


# the checks stand first: entries name them when they are registered


def refused_dtype(kernel_name: str, dtype: Any) -> DtypeError:
    """PyTorch's words for a dtype that its kernel does not know."""
    return DtypeError(f"\"{kernel_name}\" not implemented for '{OF[dtype].title}'", kind="NotImplementedError")


def floats_only(kernel_name: str) -> Any:
    """A check that refuses integers, of one dtype or of two inputs, with the name of PyTorch's kernel in the words."""

    def check(first: Any, second: Any = None) -> None:
        a = getattr(first, "dtype", first)
        b = getattr(second, "dtype", a)
        if a.kind != "f" and b.kind != "f":
            raise refused_dtype(kernel_name, a)

    return check


def not_bool(kernel_name: str) -> Any:
    """A check that refuses bools only."""

    def check(dtype: Any) -> None:
        if dtype.kind == "b":
            raise refused_dtype(kernel_name, dtype)

    return check


@op(
    "drop_where(grad, mask)",
    grad_fn="WhereBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"))],
)
def drop_where(g: Any, mask: Any) -> Any:
    """`grad`, with 0 where the mask is true."""
    if g.__class__ is not ndarray and mask.__class__ is not ndarray:
        return g.__class__(0) if mask else g
    return np.where(mask, g.dtype.type(0), g)


drop_where.vjp("grad", saves="mask")(lambda F, g, out, grad, mask: F.drop_where(g, mask))


@op(
    "keep_where(grad, mask)",
    grad_fn="WhereBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"))],
)
def keep_where(g: Any, mask: Any) -> Any:
    """`grad` where the mask is true, else 0."""
    if g.__class__ is not ndarray and mask.__class__ is not ndarray:
        return g if mask else g.__class__(0)
    return np.where(mask, g, g.dtype.type(0))


@op(
    "fill_where(input, mask, value)",
    grad_fn="MaskedFillBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"), 0.5)],
)
def fill_where(x: Any, mask: Any, value: float) -> Any:
    """`input`, with a number where the mask is true."""
    return np.where(mask, x.dtype.type(value), x)[()]


fill_where.vjp("input", saves="mask")(lambda F, g, out, x, mask, value: F.drop_where(g, mask))
keep_where.vjp("grad", saves="mask")(lambda F, g, out, grad, mask: F.keep_where(g, mask))

# --- sums and products -----------------------------------------------------------------------------------------


@binary(
    "add(input, other, *, alpha=1)",
    names=("AddBackward0", "AddBackward0", "AddBackward0"),
    numbers="both",
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
    names=("SubBackward0", "SubBackward0", "RsubBackward1"),
    numbers="both",
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


def _scaled(name: str, other: Any, alpha: Any, *inputs: Any) -> Any:
    """`other * alpha`, with PyTorch's refusal of a fractional alpha for integers."""
    if isinstance(alpha, float) and all(not isinstance(v, float) and not _floating(v) for v in (*inputs, other)):
        raise DtypeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, bool) and not all(isinstance(v, Tensor) and v.data.dtype.kind == "b" for v in (*inputs, other)):
        raise DtypeError("Boolean alpha only supported for Boolean results.")
    if other.__class__ is Tensor and other.data.dtype.kind == "b":
        alpha = bool(alpha)
    return other * alpha


def _floating(value: Any) -> bool:
    return value.__class__ is Tensor and value.data.dtype.kind == "f"


add.variant = lambda a, b, alpha: add.apply(a, _scaled("add", b, alpha, a))
sub.variant = lambda a, b, alpha: sub.apply(a, _scaled("sub", b, alpha, a))


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
        input = _scaled("rsub", input, alpha, other)
    return sub.apply(other, input) if isinstance(other, (int, float)) else rsub_tensor.apply(input, other)


@binary(
    "mul(input, other)",
    names=("MulBackward0", "MulBackward0", "MulBackward0"),
    numbers="both",
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
    "div(input, other, *, rounding_mode=None)",
    names=("DivBackward0", "DivBackward0", "DivBackward0"),
    promote="float",
    numbers="both",
    samples=lambda: [
        *binary_samples(away=0.5),
        call(1.5, t(2, 3, away=0.5)),
        call(t(2, low=1.1, high=1.9), t(2, low=0.4, high=0.5), rounding_mode=None),
        call(t(2, low=1.1, high=1.9), 0.55, rounding_mode="floor"),
        call(t(2, values=[-3.3, 3.3]), t(2, low=2.3, high=2.5), rounding_mode="trunc"),
    ],
    formula="input: g / other; other: -g * input / other / other; 0 when rounded",
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
    numbers="both",
    samples=lambda: binary_samples(away=0.5),
    formula="input: g / other; other: -g * input / other / other",
    example="true_divide(tensor([1., 2.]), 4.)",
)
def true_divide(a: Any, b: Any) -> Any:
    """Divides `input` by `other`, without rounding."""
    return np.true_divide(a, b)


true_divide.vjp("input", saves="other")(lambda F, g, out, a, b: g / b)
true_divide.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * ((a / b) / b))


def _by_zero(b: Any) -> None:
    """PyTorch refuses integers divided by 0."""
    if not np.all(b):
        raise ZeroDivision("ZeroDivisionError", kind="RuntimeError")


def _not_bools(kernel_name: str, a: Any, b: Any) -> None:
    if all(v.__class__ is bool or getattr(v, "dtype", None) == np.bool_ for v in (a, b)):
        raise refused_dtype(kernel_name, a.dtype if hasattr(a, "dtype") else b.dtype)


def _is_float(a: Any, b: Any) -> bool:
    return any(v.__class__ is float or (v.__class__ is not int and v.dtype.kind == "f") for v in (a, b))


def _floored(a: Any, b: Any) -> Any:
    if not _is_float(a, b):
        _not_bools("div_floor_cpu", a, b)
        _by_zero(b)
    return np.floor_divide(a, b)


@binary(
    "div_floor(input, other)",
    names=("DivBackward2", "DivBackward2", "DivBackward2"),
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
    numbers="both",
    method=False,
    private=True,
    samples=lambda: [call(t(2, low=1.1, high=1.9), 0.55)],
)
def div_trunc(a: Any, b: Any) -> Any:
    """The quotient, rounded towards zero."""
    if _is_float(a, b):
        return np.trunc(np.true_divide(a, b))
    _not_bools("div_trunc_cpu", a, b)
    _by_zero(b)
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
    raise ValueProblem(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
    )


div.variant = _div_variant


@binary(
    "floor_divide(input, other)",
    names=("NotImplemented", "NotImplemented", "NotImplemented"),
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
    if not _is_float(a, b):
        _not_bools("remainder_cpu", a, b)
        _by_zero(b)
    return np.remainder(a, b)


remainder.vjp("input")(lambda F, g, out, a, b: g)
remainder.vjp("other", saves="input other")(lambda F, g, out, a, b: -g * F.div_floor(a, b))
remainder.kinds[2].step = remainder.kinds[2].tensor_step = no_step


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
    if not _is_float(a, b):
        _not_bools("fmod_cpu", a, b)
        _by_zero(b)
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
)
def neg(x: Any) -> Any:
    """The negative of every element."""
    return -x


neg.vjp()(lambda F, g, out, x: -g)


@composite("positive(input)", samples=unary_samples, formula="g", example="positive(tensor([1., -2.]))")
def positive(x: Any) -> Any:
    """`input` itself."""
    if not isinstance(x, (Tensor, Batched)):
        if isinstance(x, (int, float)):
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
    example="abs(tensor([-1., 2.]))",
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
    example="sign(tensor([-1., 0., 2.]))",
)
def sign(x: Any) -> Any:
    """-1, 0 or 1 by the sign of every element; 0 for nan."""
    if x.dtype.kind == "b":
        return x.copy()
    if x.dtype.kind != "f":
        return np.sign(x)
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

# --- powers ----------------------------------------------------------------------------------------------------


def _number_power(a: Any, b: Any) -> Any:
    """Two plain numbers; inf or nan where Python raises."""
    try:
        result = a**b
        return math.nan if isinstance(result, complex) else result
    except (OverflowError, ZeroDivisionError):
        return float(np.power(np.float64(a), np.float64(b)))


def _int_power(x: Any, q: Any) -> Any:
    """Integers to integer powers; negative ones of a tensor round towards zero, as PyTorch's do."""
    if not np.any(np.less(q, 0)):
        return np.power(x, q)
    parity = np.where(np.remainder(q, 2) == 0, 1, -1)
    low = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), parity, 0))
    result = np.where(np.less(q, 0), low, np.power(x, np.maximum(q, 0)))
    return result.astype(np.result_type(x, q))


@binary(
    "pow(input, exponent)",
    names=("PowBackward1", "PowBackward0", "PowBackward2"),
    numbers="either",
    number=_number_power,
    samples=lambda: [
        *binary_samples(0.3, 3, numbers=False),
        *(call(t(2, 3, low=0.3, high=3), q) for q in (2, 3, 0.5, -0.5, -1, -2, 1.7, -3.0, 1, 0)),
        call(t(low=0.3, high=3), 2.5),
        call(t(2, low=-2, high=-0.5), 3),
        call(t(2, low=-2, high=-0.5), t(2, values=[2.0, 3.0], grad=False)),
        call(2.5, t(2, 3)),
        call(1, t(2)),
    ],
    formula="input: g * exponent * input**(exponent - 1); exponent: g * out * log(input)",
    kinks="input: 0 for exponent 0; exponent: 0 where input is 0 and exponent >= 0",
    example="pow(tensor([2., 3.]), 2)",
)
def pow(x: Any, q: Any) -> Any:
    """`input` to the power of `exponent` (`**`)."""
    cls = q.__class__
    if cls is int or cls is float:
        # products where PyTorch uses them; and NumPy's `x ** 3` differs between its scalars and its arrays
        if q == 2:
            return x * x
        if q == 3:
            return x * x * x
        if q == 1:
            return x.copy()
        if q == 0:
            return np.ones(x.shape, x.dtype)[()]
        if x.dtype.kind != "f":
            if q < 0:
                raise ValueProblem("Integers to negative integer powers are not allowed.")
            return np.power(x, q)
        if q == 0.5:
            return np.sqrt(x)
        if q == -0.5:
            return 1 / np.sqrt(x)
        if q == -1:
            return 1 / x
        if q == -2:
            return 1 / (x * x)
        return np.power(x, q)
    if q.dtype.kind == "f" or _is_float(x, q):
        return np.power(x, q)
    if q.dtype.kind == "b":
        raise refused_dtype("pow", q.dtype)
    return _int_power(x, q)


@pow.vjp("input", saves="input exponent")
def _(F: Any, g: Any, out: Any, x: Any, q: Any) -> Any:
    if q.__class__ is float or q.__class__ is int:
        if q == 2:
            return g * (2 * x)
        return zeros(F, g) if q == 0 else g * (q * F.pow(x, q - 1))
    return F.drop_where(g * (q * F.pow(x, q - 1)), q == 0)


@pow.vjp("exponent", saves="input exponent out")
def _(F: Any, g: Any, out: Any, x: Any, q: Any) -> Any:
    # float32 rounds g * (out * log x) as PyTorch does
    if x.__class__ is float or x.__class__ is int:
        if x == 0:
            return g * F.drop_where(out * -math.inf, q >= 0)
        return g * (out * (math.log(x) if x > 0 else math.nan))
    return g * F.drop_where(out * F.log(x), (x == 0) & (q >= 0))


@composite(
    "float_power(input, exponent)",
    inplace=True,
    samples=lambda: [call(t(2, 3, low=0.3, high=2), 2), call(t(2, low=0.3, high=2), t(2)), call(2, t(3))],
    formula="as pow",
    example="float_power(tensor([2., 3.]), 2)",
)
def float_power(x: Any, q: Any) -> Any:
    """`pow`, computed in float64."""
    if all(isinstance(v, (Tensor, Batched, int, float)) for v in (x, q)):
        x, q = _double(x), _double(q)
    return pow.apply(x, q)


def _double(value: Any) -> Any:
    from gradsh.engine.dtypes import float64

    if value.__class__ is Tensor or value.__class__ is Batched:
        return value if value.data.dtype == np.float64 else tensors.to(value, float64)
    return float(value)


@unary(
    "square(input)",
    grad_fn="PowBackward0",
    number=lambda v: v * v,
    keeps_int=True,
    samples=unary_samples,
    formula="2 * g * input",
    example="square(tensor([1., -2.]))",
)
def square(x: Any) -> Any:
    """Every element multiplied by itself."""
    if x.dtype.kind == "b":
        return x.astype(np.int64)
    return x * x


square.vjp(saves="input")(lambda F, g, out, x: g * (2 * x))


@unary(
    "sqrt(input)",
    grad_fn="SqrtBackward0",
    number=math.sqrt,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / (2 * out)",
    kinks="inf at 0",
    example="sqrt(tensor([4., 2.]))",
)
def sqrt(x: Any) -> Any:
    """The square root of every element; nan below 0."""
    return np.sqrt(x)


sqrt.vjp(saves="out")(lambda F, g, out, x: g / (2 * out))


@unary(
    "rsqrt(input)",
    grad_fn="RsqrtBackward0",
    samples=lambda: unary_samples(0.2, 3),
    formula="-g / 2 * out**3",
    example="rsqrt(tensor([4., 2.]))",
)
def rsqrt(x: Any) -> Any:
    """One over the square root of every element."""
    return 1 / np.sqrt(x)


rsqrt.vjp(saves="out")(lambda F, g, out, x: -0.5 * g * F.pow(out, 3))


@unary(
    "reciprocal(input)",
    grad_fn="ReciprocalBackward0",
    samples=lambda: unary_samples(0.3, 3),
    formula="-g * out * out",
    kinks="-inf at 0",
    example="reciprocal(tensor([4., 2.]))",
)
def reciprocal(x: Any) -> Any:
    """One over every element."""
    return 1 / x


reciprocal.vjp(saves="out")(lambda F, g, out, x: -g * (out * out))

# --- exponentials and logarithms -------------------------------------------------------------------------------


@unary(
    "exp(input)",
    grad_fn="ExpBackward0",
    number=math.exp,
    samples=unary_samples,
    formula="g * exp(input)",
    example="exp(tensor([0., 1.]))",
)
def exp(x: Any) -> Any:
    """e to the power of every element."""
    return np.exp(x)


exp.vjp(saves="out")(lambda F, g, out, x: g * out)


@unary("exp2(input)", grad_fn="Exp2Backward0", samples=unary_samples, formula="g * out * log(2)", example="exp2(tensor([0., 3.]))")
def exp2(x: Any) -> Any:
    """2 to the power of every element."""
    return np.exp2(x)


exp2.vjp(saves="out")(lambda F, g, out, x: g * out * 0.6931471805599453)


@unary(
    "expm1(input)",
    grad_fn="Expm1Backward0",
    number=math.expm1,
    samples=unary_samples,
    formula="g * (out + 1)",
    example="expm1(tensor([0., 1e-6]))",
)
def expm1(x: Any) -> Any:
    """exp(input) - 1, exact for small elements."""
    return np.expm1(x)


expm1.vjp(saves="out")(lambda F, g, out, x: g * (out + 1))


@unary(
    "log(input)",
    grad_fn="LogBackward0",
    number=math.log,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / input",
    kinks="inf at 0",
    example="log(tensor([1., 10.]))",
)
def log(x: Any) -> Any:
    """The natural logarithm of every element; -inf at 0, nan below."""
    return np.log(x)


log.vjp(saves="input")(lambda F, g, out, x: g / x)


@unary(
    "log2(input)",
    grad_fn="Log2Backward0",
    number=math.log2,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / (input * log(2))",
    example="log2(tensor([1., 8.]))",
)
def log2(x: Any) -> Any:
    """The logarithm to base 2 of every element."""
    return np.log2(x)


log2.vjp(saves="input")(lambda F, g, out, x: g / (x * 0.6931471805599453))


@unary(
    "log10(input)",
    grad_fn="Log10Backward0",
    number=math.log10,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / (input * log(10))",
    example="log10(tensor([1., 100.]))",
)
def log10(x: Any) -> Any:
    """The logarithm to base 10 of every element."""
    return np.log10(x)


log10.vjp(saves="input")(lambda F, g, out, x: g / (x * 2.3025850929940456))


@unary(
    "log1p(input)",
    grad_fn="Log1PBackward0",
    number=math.log1p,
    samples=lambda: unary_samples(-0.7, 3),
    formula="g / (input + 1)",
    example="log1p(tensor([0., 1e-6]))",
)
def log1p(x: Any) -> Any:
    """log(1 + input), exact for small elements."""
    return np.log1p(x)


log1p.vjp(saves="input")(lambda F, g, out, x: g / (x + 1))

# --- other names -------------------------------------------------------------------------------------------------

alias("multiply", mul)
alias("subtract", sub)
alias("divide", div)
alias("negative", neg)
alias("absolute", absolute)
alias("special.exp2", exp2, method=False)
alias("special.expm1", expm1, method=False)
alias("special.log1p", log1p, method=False)
