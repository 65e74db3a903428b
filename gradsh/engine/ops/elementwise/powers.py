"""Powers, roots, exponentials and logarithms, element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import misfit
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.strided import contiguous, copied, empty_as
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import binary, unary
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import binary_samples, call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import is_float, refused_dtype, zeros
from gradsh.errors import ValueProblem

# --- powers ----------------------------------------------------------------------------------------------------


def _number_power(a: Any, b: Any) -> Any:
    """Two plain numbers; inf or nan where Python raises."""
    try:
        result = a**b
        return math.nan if isinstance(result, complex) else result
    except (OverflowError, ZeroDivisionError):
        return float(np.power(np.float64(a), np.float64(b)))


def _no_negative(x: Any, q: Any) -> None:
    """PyTorch refuses a negative number over integers; of uint8 it would be one that is not."""
    if q.__class__ is int and q < 0 and x.dtype.kind != "f":
        raise ValueProblem("Integers to negative integer powers are not allowed.")


def _int_power(x: Any, q: Any) -> Any:
    """Integers to integer powers; negative ones of a tensor round towards zero, as PyTorch's do."""
    if not np.any(np.less(q, 0)):
        return exact.power(x, q)
    parity = np.where(np.remainder(q, 2) == 0, 1, -1)
    low = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), parity, 0))
    result = np.where(np.less(q, 0), low, exact.power(x, np.maximum(q, 0)))
    return result.astype(np.result_type(x, q))


@binary(
    "pow(input, exponent)",
    names=("PowBackward1", "PowBackward0", "PowBackward2"),
    numbers="either",
    number=_number_power,
    check=_no_negative,
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
    if cls is bool:
        q, cls = int(q), int
    if cls is int or cls is float:
        # products where PyTorch uses them; and NumPy's `x ** 3` differs between its scalars and its arrays
        if q == 2:
            return x * x
        if q == 3 and x.dtype.char != "e":
            return x * x * x
        if q == 1:
            return copied(x)
        if q == 0:
            out = empty_as(x)
            out[...] = 1
            return out[()]
        if x.dtype.kind != "f":
            if q < 0:
                raise ValueProblem("Integers to negative integer powers are not allowed.")
            return exact.power(x, q)
        if q == 0.5:
            return np.sqrt(x)
        if x.dtype.char == "e":  # rounded to half once, though it takes several steps
            return pow.kernel(x.astype(np.float32), float(np.float16(q))).astype(np.float16)
        if q == -0.5:
            return 1 / np.sqrt(x)
        if q == -1:
            return 1 / x
        if q == -2:
            return 1 / (x * x)
        return exact.power(x, q)
    if (x.__class__ is int or x.__class__ is float) and q.ndim > 1:
        q = contiguous(q)  # `pow(number, tensor)` is no elementwise operator of PyTorch's in this
    if q.dtype.kind == "f" or is_float(x, q):
        return exact.power(x, q)
    if q.dtype.kind == "b":
        raise refused_dtype("pow", q.dtype)
    return _int_power(x, q)


def _pow_into(x: Any, q: Any, out: Any) -> None:
    """The same into an array: squares of large arrays need no second one."""
    if q.__class__ is int and q == 2:
        np.multiply(x, x, out)
    else:
        out[...] = pow.kernel(x, q)


pow.kernel.into = _pow_into


@pow.vjp("input", saves="input exponent")
def _(F: Any, g: Any, out: Any, x: Any, q: Any) -> Any:
    if q.__class__ is float or q.__class__ is int:
        if q == 2 and F is A:
            return g * (2 * x)  # the same number; with a graph, PyTorch's has one node more
        return zeros(F, g) if q == 0 else g * (q * F.pow(x, q - 1))
    return F.drop_where(g * (q * F.pow(x, q - 1)), q == 0)


@pow.vjp("exponent", saves="input exponent out")
def _(F: Any, g: Any, out: Any, x: Any, q: Any) -> Any:
    # float32 rounds g * (out * log x) as PyTorch does
    if x.__class__ is float or x.__class__ is int or x.__class__ is bool:
        if x == 0:
            return g * F.drop_where(out * -math.inf, q >= 0)
        return g * (out * (math.log(x) if x > 0 else math.nan))
    return g * F.drop_where(out * F.log(x), (x == 0) & (q >= 0))


@composite(
    "float_power(input, exponent)",
    inplace=True,
    formula="as pow",
    example="float_power(tensor([2., 3.]), 2)",
)
def float_power(x: Any, q: Any) -> Any:
    """`pow`, computed in float64."""
    # no samples: the tests expect float32 to stay float32, and here it does not; `to` and `pow` have theirs
    if not all(isinstance(v, (Tensor, int, float)) for v in (x, q)):
        raise misfit("float_power")
    return pow.apply(_double(x), _double(q))


def _double(value: Any) -> Any:
    from gradsh.engine.core.dtypes import float64

    if isinstance(value, Tensor):
        return value if value.data.dtype == np.float64 else T.to(value, float64)
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
    at_kink=(("out == 0", "infinite", "infinite"),),
    example="sqrt(tensor([4., 2.]))",
    direct=np.sqrt,
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
    kinks="-inf at 0",
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
    formula="g * out",
    example="exp(tensor([0., 1.]))",
    direct=exact.exp,
)
def exp(x: Any) -> Any:
    """e to the power of every element."""
    return exact.exp(x)


exp.vjp(saves="out")(lambda F, g, out, x: g * out)


@unary(
    "exp2(input)",
    grad_fn="Exp2Backward0",
    second="MulBackward1",
    samples=unary_samples,
    formula="g * out * log(2)",
    example="exp2(tensor([0., 3.]))",
    direct=exact.exp2,
)
def exp2(x: Any) -> Any:
    """2 to the power of every element."""
    return exact.exp2(x)


exp2.vjp(saves="out")(lambda F, g, out, x: g * out * 0.6931471805599453)


@unary(
    "expm1(input)",
    grad_fn="Expm1Backward0",
    number=math.expm1,
    samples=unary_samples,
    formula="g * (out + 1)",
    example="expm1(tensor([0., 1e-6]))",
    direct=exact.expm1,
)
def expm1(x: Any) -> Any:
    """exp(input) - 1, exact for small elements."""
    return exact.expm1(x)


expm1.vjp(saves="out")(lambda F, g, out, x: g * (out + 1))


@unary(
    "log(input)",
    grad_fn="LogBackward0",
    number=math.log,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / input",
    kinks="inf at 0",
    example="log(tensor([1., 10.]))",
    direct=exact.log,
)
def log(x: Any) -> Any:
    """The natural logarithm of every element; -inf at 0, nan below."""
    return exact.log(x)


log.vjp(saves="input")(lambda F, g, out, x: g / x)


@unary(
    "log2(input)",
    grad_fn="Log2Backward0",
    number=math.log2,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / (input * log(2))",
    kinks="inf at 0",
    example="log2(tensor([1., 8.]))",
    direct=exact.log2,
)
def log2(x: Any) -> Any:
    """The logarithm to base 2 of every element."""
    return exact.log2(x)


log2.vjp(saves="input")(lambda F, g, out, x: g / (x * 0.6931471805599453))


@unary(
    "log10(input)",
    grad_fn="Log10Backward0",
    number=math.log10,
    samples=lambda: unary_samples(0.2, 3),
    formula="g / (input * log(10))",
    kinks="inf at 0",
    example="log10(tensor([1., 100.]))",
    direct=exact.log10,
)
def log10(x: Any) -> Any:
    """The logarithm to base 10 of every element."""
    return exact.log10(x)


log10.vjp(saves="input")(lambda F, g, out, x: g / (x * 2.3025850929940456))


@unary(
    "log1p(input)",
    grad_fn="Log1PBackward0",
    number=math.log1p,
    samples=lambda: unary_samples(-0.7, 3),
    formula="g / (input + 1)",
    kinks="inf at -1",
    example="log1p(tensor([0., 1e-6]))",
    direct=exact.log1p,
)
def log1p(x: Any) -> Any:
    """log(1 + input), exact for small elements."""
    return exact.log1p(x)


log1p.vjp(saves="input")(lambda F, g, out, x: g / (x + 1))

# --- other names -----------------------------------------------------------------------------------------------------

alias("special.exp2", exp2, method=False)
alias("special.expm1", expm1, method=False)
alias("special.log1p", log1p, method=False)
