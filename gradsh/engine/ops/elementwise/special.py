"""Special functions: logarithms of sums, gamma and error functions, Bessel functions, entropies."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, too_large, type_word, wrong_call
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import Unary, binary, unary
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import METHODS, alias
from gradsh.engine.operators.samples import binary_samples, call, t, unary_samples
from gradsh.engine.ops.elementwise.masks import floats_only, with_settings
from gradsh.errors import ArgumentError, NotDifferentiable, ValueProblem

_scipy: Any = None


def scipy_special() -> Any:
    """scipy.special, imported when it is first needed."""
    global _scipy
    if _scipy is None:
        try:
            from scipy import special  # type: ignore[import-untyped]  # SciPy ships no types
        except ImportError:
            raise ValueProblem("this function needs SciPy: pip install gradsh[scipy]", kind="ImportError") from None
        _scipy = special
    return _scipy


def wide(function: Any, *arrays: Any) -> Any:
    """A SciPy function in the dtype of its inputs; float16 by way of float32."""
    dtype = arrays[0].dtype
    if dtype == np.float16:
        arrays = tuple(a.astype(np.float32) for a in arrays)
    return function(*arrays).astype(dtype)


# --- logarithms of sums, products with logarithms --------------------------------------------------------------------


@binary(
    "logaddexp(input, other)",
    names=("LogaddexpBackward0", "LogaddexpBackward0", "LogaddexpBackward0"),
    numbers="none",
    check=floats_only("logaddexp_cpu"),
    inplace=False,
    samples=lambda: binary_samples(numbers=False),
    formula="input: g / (1 + exp(other - input)); other: g / (1 + exp(input - other))",
    example="logaddexp(tensor([1000.]), tensor([1000.]))",
)
def logaddexp(a: Any, b: Any) -> Any:
    """log(exp(input) + exp(other)), without overflow."""
    return exact.logaddexp(a, b)


logaddexp.vjp("input", saves="input other")(lambda F, g, out, a, b: g / (1 + F.exp(b - a)))
logaddexp.vjp("other", saves="input other")(lambda F, g, out, a, b: g / (1 + F.exp(a - b)))


_ONE_OVER_LOG_2 = 1 / math.log(2)


@binary(
    "logaddexp2(input, other)",
    names=("Logaddexp2Backward0", "Logaddexp2Backward0", "Logaddexp2Backward0"),
    numbers="none",
    check=floats_only("logaddexp2_cpu"),
    inplace=False,
    samples=lambda: binary_samples(numbers=False),
    formula="input: g / (1 + 2**(other - input)); other: g / (1 + 2**(input - other))",
    example="logaddexp2(tensor([1000.]), tensor([1000.]))",
)
def logaddexp2(a: Any, b: Any) -> Any:
    """log2(2**input + 2**other), without overflow."""
    high = np.maximum(a, b)
    total = high + exact.log1p(exact.exp2(-np.abs(a - b))) * _ONE_OVER_LOG_2
    return np.where((a == b) & np.isinf(a), a, total)[()]


logaddexp2.vjp("input", saves="input other")(lambda F, g, out, a, b: g / (1 + F.exp2(b - a)))
logaddexp2.vjp("other", saves="input other")(lambda F, g, out, a, b: g / (1 + F.exp2(a - b)))


def _times_log(a: Any, b: Any, log: Any, pole: float) -> Any:
    a, b = (float(v) if v.__class__ is int else v for v in (a, b))  # NumPy has no logarithm of large ints
    value = a * log(b)
    value = np.where(np.equal(a, 0), 0, value)
    return np.where(np.isnan(b), np.nan, value).astype(np.result_type(a, b), copy=False)[()]


def _log(F: Any, x: Any) -> Any:
    if x.__class__ is float or x.__class__ is int:
        return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan
    return F.log(x)


def _log1p(F: Any, x: Any) -> Any:
    if x.__class__ is float or x.__class__ is int:
        return math.log1p(x) if x > -1 else -math.inf if x == -1 else math.nan
    return F.log1p(x)


def _xlog_samples() -> list[call]:
    return [
        call(t(2, 3, low=0.2, high=2), t(2, 3, low=0.2, high=2)),
        call(t(2, 1), t(3, low=0.2, high=2)),
        call(t(), t(low=0.2, high=2)),
        call(t(0, 3), t(3)),
        call(t(2, 3), 1.5),
        call(1.5, t(2, 3, low=0.2, high=2)),
        call(t(2, values=[0.0, 1.0], grad=False), t(2, low=0.2, high=2)),
    ]


@binary(
    "xlogy(input, other)",
    names=("XlogyBackward0", "XlogyBackward2", "XlogyBackward1"),
    promote="float",
    numbers="either",
    samples=_xlog_samples,
    formula="input: g * log(other); other: g * input / other",
    kinks="input: 0 where input is 0 and other <= 0",
    example="xlogy(tensor([0., 2.]), tensor([0., 3.]))",
)
def xlogy(a: Any, b: Any) -> Any:
    """input * log(other), 0 where input is 0."""
    return _times_log(a, b, exact.log, 0.0)


@xlogy.vjp("input", saves="input other")
def _(F: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    if b.__class__ is float or b.__class__ is int:
        return F.drop_where(F.xlogy(g, b), a == 0) if b <= 0 else F.xlogy(g, b)
    return F.fill_where(F.xlogy(g, b), (a == 0) & (b <= 0), 0.0)


xlogy.vjp("other", saves="input other")(lambda F, g, out, a, b: g * a / b)


@binary(
    "special.xlog1py(input, other)",
    names=("SpecialXlog1PyBackward0", "SpecialXlog1PyBackward2", "SpecialXlog1PyBackward1"),
    promote="float",
    numbers="either",
    method=False,
    inplace=False,
    samples=_xlog_samples,
    formula="input: g * log1p(other); other: g * input / (other + 1)",
    kinks="input: 0 where input is 0 and other <= -1",
    example="special.xlog1py(tensor([0., 2.]), tensor([-1., 3.]))",
)
def xlog1py(a: Any, b: Any) -> Any:
    """input * log1p(other), 0 where input is 0."""
    return _times_log(a, b, exact.log1p, -1.0)


@xlog1py.vjp("input", saves="input other")
def _(F: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    if b.__class__ is float or b.__class__ is int:
        return F.drop_where(F.special_xlog1py(g, b), a == 0) if b <= -1 else F.special_xlog1py(g, b)
    return F.fill_where(F.special_xlog1py(g, b), (a == 0) & (b <= -1), 0.0)


xlog1py.vjp("other", saves="input other")(lambda F, g, out, a, b: g * a / (b + 1))

# --- error functions ---------------------------------------------------------------------------------------------

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


@unary(
    "erf(input)",
    grad_fn="ErfBackward0",
    number=math.erf,
    samples=unary_samples,
    formula="g * 2 / sqrt(pi) * exp(-input**2)",
    example="erf(tensor([0., 1.]))",
)
def erf(x: Any) -> Any:
    """The error function of every element."""
    try:
        special = scipy_special()
    except ValueProblem:
        return alloc.asarray(np.frompyfunc(math.erf, 1, 1)(x)).astype(x.dtype)[()]  # slow, but always there
    return wide(special.erf, x)


erf.vjp(saves="input")(lambda F, g, out, x: g * (F.exp(-(x * x)) * _TWO_OVER_ROOT_PI))


@unary(
    "erfc(input)",
    grad_fn="ErfcBackward0",
    number=math.erfc,
    samples=unary_samples,
    formula="-g * 2 / sqrt(pi) * exp(-input**2)",
    example="erfc(tensor([0., 1.]))",
)
def erfc(x: Any) -> Any:
    """1 - erf(input), exact for large elements."""
    return wide(scipy_special().erfc, x)


erfc.vjp(saves="input")(lambda F, g, out, x: g * (F.exp(-(x * x)) * -_TWO_OVER_ROOT_PI))


@unary(
    "erfinv(input)",
    grad_fn="ErfinvBackward0",
    samples=lambda: unary_samples(-0.9, 0.9),
    formula="g * sqrt(pi) / 2 * exp(out**2)",
    example="erfinv(tensor([0., 0.5]))",
)
def erfinv(x: Any) -> Any:
    """The inverse of the error function; inf at 1, nan beyond."""
    return wide(scipy_special().erfinv, x)


@erfinv.vjp(saves="input")
def _(F: Any, g: Any, out: Any, x: Any) -> Any:
    y = F.erfinv(x)
    return g * (F.exp(y * y) * (math.sqrt(math.pi) / 2))


def _special(
    name: str, grad_fn: str, words: str, rule: Any, *, kernel: Any = None, saves: str = "input", **options: Any
) -> Unary:
    """Register `special.name` with SciPy's function of that name."""

    def forward(x: Any) -> Any:
        return wide(kernel or getattr(scipy_special(), name), x)

    forward.__doc__ = words
    options.setdefault("samples", unary_samples)
    entry = unary(
        f"special.{name}(input)",
        grad_fn=grad_fn,
        method=False,
        inplace=False,
        example=f"special.{name}(tensor([0.5, 1.]))",
        **options,
    )(forward)
    if rule is not None:
        entry.vjp(saves=saves)(rule)
    return entry


erfcx = _special(
    "erfcx",
    "SpecialErfcxBackward0",
    "exp(input**2) * erfc(input), exact for large elements.",
    lambda F, g, out, x: g * (2 * x * F.special_erfcx(x) - _TWO_OVER_ROOT_PI),
    formula="g * (2 * input * out - 2 / sqrt(pi))",
    refuses={"erfcx_cpu": "Half"},
)
ndtri = _special(
    "ndtri",
    "SpecialNdtriBackward0",
    "The number below which a standard normal variable lies with the element's probability.",
    lambda F, g, out, x: g * (F.exp(F.special_ndtri(x) * F.special_ndtri(x) / 2) * math.sqrt(2 * math.pi)),
    samples=lambda: unary_samples(0.1, 0.9),
    formula="g * sqrt(2 * pi) * exp(out**2 / 2)",
    refuses={"ndtri_cpu": "Half"},
)


@composite(
    "special.ndtr(input)",
    rename="MulBackward1",
    method=False,
    samples=unary_samples,
    formula="g * exp(-input**2 / 2) / sqrt(2 * pi)",
    example="special.ndtr(tensor([0., 1.]))",
)
def ndtr(x: Any) -> Any:
    """The probability that a standard normal variable is below the element."""
    return (1 + erf.apply(x * math.sqrt(0.5))) * 0.5


log_ndtr = _special(
    "log_ndtr",
    "SpecialLogNdtrBackward0",
    "The logarithm of special.ndtr, without underflow.",
    lambda F, g, out, x: g * (F.exp(-(F.special_log_ndtr(x) + x * x / 2)) * (1 / math.sqrt(2 * math.pi))),
    formula="g * exp(-input**2 / 2) / (sqrt(2 * pi) * ndtr(input))",
    refuses={"log_ndtr_cpu": "Half"},
)


def _entropy(x: Any) -> Any:
    return scipy_special().entr(x)


entr = _special(
    "entr",
    "SpecialEntrBackward0",
    "-input * log(input): entropy of every element; 0 at 0, -inf below.",
    lambda F, g, out, x: g * (-F.log(x) - 1),
    samples=lambda: unary_samples(0.2, 2),
    kernel=_entropy,
    formula="g * (-log(input) - 1)",
)

# --- Bessel functions ----------------------------------------------------------------------------------------------


def grown(scaled: Any, x: Any) -> Any:
    """What SciPy scaled down by exp(abs(x)), in its size; overflows where the exponential in x's dtype does."""
    return wide(scaled, x) * exact.exp(np.abs(x))


@unary(
    "i0(input)",
    grad_fn="I0Backward0",
    samples=unary_samples,
    formula="g * special.i1(input)",
    example="i0(tensor([0., 1.]))",
)
def i0(x: Any) -> Any:
    """The modified Bessel function of the first kind, order 0."""
    return grown(scipy_special().i0e, x)


i0.vjp(saves="input")(lambda F, g, out, x: g * F.special_i1(x))
alias("special.i0", i0, method=False)

i0e = _special(
    "i0e",
    "SpecialI0EBackward0",
    "exp(-abs(input)) * i0(input), without overflow.",
    lambda F, g, out, x: g * (F.special_i1e(x) - F.sgn(x) * F.special_i0e(x)),
    samples=lambda: unary_samples(away=0.2),
    formula="g * (i1e(input) - sign(input) * out)",
)


_EPS = 2.0**-23


def _i1_slope(F: Any, g: Any, out: Any, x: Any) -> Any:
    # i1(x) / x tends to 1/2 at 0; PyTorch has 1/2 for nan too
    tiny = F.logical_not((x > _EPS) | (x < -_EPS))
    safe = F.fill_where(x, tiny, _EPS)
    return g * F.fill_where(F.i0(safe) - F.special_i1(x) / safe, tiny, 0.5)


i1 = _special(
    "i1",
    "SpecialI1Backward0",
    "The modified Bessel function of the first kind, order 1.",
    _i1_slope,
    samples=lambda: unary_samples(away=0.2),
    kernel=lambda x: grown(scipy_special().i1e, x),
    formula="g * (i0(input) - out / input)",
)


def _i1e_slope(F: Any, g: Any, out: Any, x: Any) -> Any:
    tiny = F.logical_not((x > _EPS) | (x < -_EPS))
    safe = F.fill_where(x, tiny, _EPS)
    slope = F.special_i0e(safe) - F.special_i1e(x) * (F.sgn(safe) + 1 / safe)
    return g * F.fill_where(slope, tiny, 0.5)


i1e = _special(
    "i1e",
    "SpecialI1EBackward0",
    "exp(-abs(input)) * i1(input), without overflow.",
    _i1e_slope,
    samples=lambda: unary_samples(away=0.2),
    formula="g * (i0e(input) - out * (sign(input) + 1 / input))",
)

for _name, _scipy_name, _words in (
    ("bessel_j0", "j0", "The Bessel function of the first kind, order 0."),
    ("bessel_j1", "j1", "The Bessel function of the first kind, order 1."),
    ("bessel_y0", "y0", "The Bessel function of the second kind, order 0."),
    ("bessel_y1", "y1", "The Bessel function of the second kind, order 1."),
    ("modified_bessel_i0", "i0e", "The modified Bessel function of the first kind, order 0."),
    ("modified_bessel_i1", "i1e", "The modified Bessel function of the first kind, order 1."),
    ("modified_bessel_k0", "k0", "The modified Bessel function of the second kind, order 0."),
    ("modified_bessel_k1", "k1", "The modified Bessel function of the second kind, order 1."),
    ("scaled_modified_bessel_k0", "k0e", "modified_bessel_k0 times exp(input)."),
    ("scaled_modified_bessel_k1", "k1e", "modified_bessel_k1 times exp(input)."),
):
    _special(
        _name,
        "",
        _words,
        None,
        kernel=lambda x, name=_scipy_name: (
            grown(getattr(scipy_special(), name), x) if name in ("i0e", "i1e") else getattr(scipy_special(), name)(x)
        ),
        samples=lambda: [call(t(3, low=0.2, high=2))],
        refuses={f"{_name}_cpu": "Half"},
    )

# --- gamma functions -----------------------------------------------------------------------------------------------


@unary(
    "lgamma(input)",
    grad_fn="LgammaBackward0",
    samples=lambda: unary_samples(0.3, 3),
    formula="g * digamma(input)",
    example="lgamma(tensor([3., 5.]))",
)
def lgamma(x: Any) -> Any:
    """log(abs(gamma(input))), element by element."""
    y = wide(scipy_special().gammaln, x)
    # where gamma(x) itself, 1 / x, is out of range
    y = np.where(np.abs(x) < np.finfo(x.dtype).tiny, -exact.log(np.abs(x)), y)
    return np.where(np.isinf(x), x.dtype.type(np.inf), y)[()]


lgamma.vjp(saves="input")(lambda F, g, out, x: g * F.digamma(x))


@unary(
    "digamma(input)",
    grad_fn="DigammaBackward0",
    samples=lambda: unary_samples(0.3, 3),
    formula="g * polygamma(1, input)",
    example="digamma(tensor([1., 2.]))",
)
def digamma(x: Any) -> Any:
    """The derivative of lgamma; -inf at 0, nan at negative whole numbers."""
    if x.dtype == np.float16:
        return digamma.kernel(x.astype(np.float32)).astype(np.float16)
    number = x.dtype.type
    left = x < 0
    y = _digamma(np.where(left, 1 - x, x))
    if left.any():  # by reflection, in float64
        part = np.modf(x.astype(np.float64))[0]
        y = np.where(left, y - (np.pi / np.tan(np.pi * part)).astype(x.dtype), y)
        y = np.where(left & (x == np.trunc(x)), number(np.nan), y)
    return np.where(x == 0, np.copysign(number(np.inf), -x), y)[()]


# of digamma's asymptotic series in 1 / x**2, the highest power first (Cephes, psi.c)
_DIGAMMA = (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)


def _digamma(x: Any) -> Any:
    """For x >= 0, in its own precision, as PyTorch's loop of C has it: recurrence up to 10, then Cephes' series."""
    number = x.dtype.type
    low = alloc.zeros_like(x)
    while (small := x < 10).any():
        low, x = np.where(small, low - 1 / x, low), np.where(small, x + 1, x)
    z = 1 / (x * x)
    series = alloc.zeros_like(z)
    for factor in _DIGAMMA:
        series = series * z + number(factor)
    series = np.where(x < 1e17, z * series, 0)
    return np.where(x == 10, low + number(2.25175258906672110764), low + exact.log(x) - number(0.5) / x - series)


digamma.vjp(saves="input")(lambda F, g, out, x: g * F.polygamma_n(x, 1))


@op(
    "polygamma_n(input, n)",
    grad_fn="PolygammaBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3, low=0.5, high=3), 1)],
)
def polygamma_n(x: Any, n: int) -> Any:
    """polygamma with the tensor first."""
    if x.dtype.kind != "f":
        from gradsh.engine.core.modes import mode

        x = x.astype(mode.default)
    if n == 0:
        return digamma.kernel(x)
    if n == 1:
        return _trigamma(x)
    special = scipy_special()
    factorial = math.factorial(n) if n <= 170 else math.inf  # the largest that a float64 has room for
    return wide(lambda v: (-1.0) ** (n + 1) * factorial * _zeta(special, n + 1, v), x)


def _trigamma(x: Any) -> Any:
    """polygamma(1, x) in x's own precision, as PyTorch has it: by reflection, recurrence and an asymptotic series."""
    if x.dtype == np.float16:
        return _trigamma(x.astype(np.float32)).astype(np.float16)
    reflected = x < 0.5
    sine = exact.sin(np.pi * x)
    total = np.where(reflected, -(np.pi * np.pi) / (sine * sine), 0).astype(x.dtype)
    z = np.where(reflected, 1 - x, x)
    for _ in range(6):
        total = total + 1 / (z * z)
        z = z + 1
    s = 1 / (z * z)
    total = total + (1 + 1 / (2 * z) + s * (1 / 6 - s * (1 / 30 - s * (1 / 42)))) / z
    return np.where(reflected, -total, total)[()]


def _zeta(special: Any, n: int, x: Any) -> Any:
    """Hurwitz's zeta function, below 0 too for even and odd n by recurrence."""
    wide_x = alloc.asarray(x, np.float64)
    total = alloc.zeros(wide_x.shape)
    shifted = alloc.array(wide_x)
    while np.any((shifted <= 0) & (shifted > -1000)):
        low = (shifted <= 0) & (shifted > -1000)
        total = np.where(low, total + shifted**-n, total)
        shifted = np.where(low, shifted + 1, shifted)
    return (total + special.zeta(n, shifted))[()]


polygamma_n.vjp("input", saves="input")(lambda F, g, out, x, n: g * F.polygamma_n(x, n + 1))


@composite(
    "polygamma(n, input)",
    inplace=True,
    samples=lambda: [call(1, t(2, 3, low=0.5, high=3)), call(0, t(low=0.5, high=3)), call(2, t(2, low=0.5, high=3))],
    formula="g * polygamma(n + 1, input)",
    example="polygamma(1, tensor([1., 2.]))",
)
def polygamma(n: Any, x: Any) -> Any:
    """The n-th derivative of digamma."""
    if isinstance(n, Tensor) and not isinstance(x, Tensor):
        n, x = x, n  # x.polygamma_(n)
    if not is_int(n):
        raise ArgumentError(f"polygamma(): argument 'n' (position 1) must be int, not {type_word(n)}")
    if n < 0:
        raise ValueProblem("polygamma(n, x) does not support negative n.")
    return polygamma_n.apply(x, n)


def _polygamma_method(*args: Any, **kwargs: Any) -> Any:
    """`x.polygamma(n)`: the tensor comes first."""
    if len(args) + len(kwargs) != 2 or not args or kwargs.keys() - {"n"} or not is_int([*args, *kwargs.values()][1]):
        raise wrong_call(polygamma.signature, sys._getframe(0))
    return polygamma.apply(*args[1:], *kwargs.values(), args[0])


METHODS["polygamma"] = _polygamma_method


TERMS = 10**5  # more of them would take minutes


@composite(
    "mvlgamma(input, p)",
    rename="MvlgammaBackward0",
    inplace=True,
    samples=lambda: [call(t(2, low=2.1, high=4), 2), call(t(low=2.1, high=4), 3)],
    formula="g * sum of digamma(input - i / 2) over i < p",
    example="mvlgamma(tensor([3.]), 2)",
    refuses={"The input tensor may not be a boolean tensor.": "Bool"},
)
def mvlgamma(x: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    if p < 1:
        raise ValueProblem("p has to be greater than or equal to 1")
    result = lgamma.apply(x)
    if p > TERMS:  # PyTorch makes a tensor of p times the size here
        raise too_large(f"mvlgamma: p = {p} is more terms than can be added up")
    for i in range(1, p):
        result = result + lgamma.apply(x - i / 2)
    return result + p * (p - 1) / 4 * math.log(math.pi)


def _refuse(name: str) -> Any:
    """A rule that says, in PyTorch's words, that there is none."""

    def rule(*_: Any) -> Any:
        raise NotDifferentiable(f"the derivative for '{name}' is not implemented.")

    return rule


def _incomplete(name: str, words: str, scipy_name: str) -> None:
    lower = name == "igamma"

    def kernel(a: Any, b: Any) -> Any:
        a, b = np.broadcast_arrays(a, b)
        y = wide(getattr(scipy_special(), scipy_name), a, b)
        # the ends, in PyTorch's order
        begin, end = (0, 1) if lower else (1, 0)
        y = np.where(np.isinf(b), end, y)
        y = np.where(np.isinf(a), np.where(np.isinf(b), np.nan, begin), y)
        y = np.where(b == 0, begin, y)
        y = np.where(a == 0, np.where(b > 0, end, np.nan), y)
        return np.where((a < 0) | (b < 0), np.nan, y).astype(a.dtype)[()]

    kernel.__doc__ = words
    entry = binary(
        f"{name}(input, other)",
        names=(f"{name.capitalize()}Backward0",) * 3,
        numbers="none",
        check=floats_only(f"{name}_cpu"),
        samples=lambda: [call(t(3, low=0.5, high=2, grad=False), t(3, low=0.5, high=2))],
        formula="input: not implemented, as in PyTorch; other: the density",
        example=f"{name}(tensor([2.]), tensor([1.]))",
    )(kernel)
    sign = 1 if lower else -1
    entry.vjp("input")(_refuse(f"{name}: input"))

    @entry.vjp("other", saves="input other")
    def _(F: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
        a = F.to(a, b.dtype)  # of which the gamma function has none but floats
        return g * (sign * F.exp((a - 1) * F.log(b) - b - F.lgamma(a)))

    alias("special.gammainc" if lower else "special.gammaincc", entry, method=False)


_incomplete("igamma", "The regularized lower incomplete gamma function.", "gammainc")
_incomplete("igammac", "The regularized upper incomplete gamma function.", "gammaincc")


@binary(
    "special.zeta(input, other)",
    names=("SpecialZetaBackward0", "SpecialZetaBackward2", "SpecialZetaBackward1"),
    promote="float",
    numbers="either",
    method=False,
    inplace=False,
    samples=lambda: [call(t(3, low=1.5, high=3, grad=False), t(3, low=1, high=2, grad=False))],
    formula="not implemented, as in PyTorch",
    example="special.zeta(tensor([2.]), 1)",
    refuses={"zeta_cpu": "Half"},
)
def zeta(a: Any, b: Any) -> Any:
    """Hurwitz's zeta function, the sum of (other + k)**-input."""
    a, b = np.broadcast_arrays(a, b)
    dtype = next(v.dtype for v in (a, b) if v.dtype.kind == "f")
    return wide(scipy_special().zeta, a.astype(dtype), b.astype(dtype))[()]


zeta.vjp("input")(_refuse("zeta"))
zeta.vjp("other")(_refuse("zeta"))


@with_settings(
    "logit(input, eps=None)",
    grad_fn="LogitBackward0",
    inplace=True,
    samples=lambda: [
        *unary_samples(0.1, 0.9),
        call(t(3, values=[0.01, 0.5, 0.99]), 0.1),
        call(t(2, low=0.2, high=0.8), 1e-6),
    ],
    formula="g / (input * (1 - input))",
    kinks="0 outside [eps, 1 - eps], nan outside [0, 1] without eps",
    example="logit(tensor([0.5, 0.9]))",
)
def logit(x: Any, eps: Any) -> Any:
    """log(input / (1 - input)), of `input` brought between eps and 1 - eps if eps is given."""
    if x.dtype.kind != "f":
        from gradsh.engine.core.modes import mode

        x = x.astype(mode.default)
    if eps is not None:
        low, high = x.dtype.type(eps), x.dtype.type(1 - eps)
        x = np.where(x < low, low, np.where(x > high, high, x))  # over a half, eps is the larger of the two
    return exact.log(x / (1 - x))


@logit.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, eps: Any) -> Any:
    if eps is not None:
        return F.keep_where(g / (x * (1 - x)), (x >= eps) & (x <= 1 - eps))
    return F.fill_where(g / (x * (1 - x)), (x < 0) | (x > 1), math.nan)


# --- other names -------------------------------------------------------------------------------------------------

alias("special.erf", erf, method=False)
alias("special.erfc", erfc, method=False)
alias("special.erfinv", erfinv, method=False)
alias("special.gammaln", lgamma, method=False)
alias("special.digamma", digamma, method=False)
alias("special.psi", digamma, method=False)
alias("special.polygamma", polygamma, method=False)
alias("special.multigammaln", mvlgamma, method=False)
alias("special.xlogy", xlogy, method=False)
alias("special.logit", logit, method=False)
