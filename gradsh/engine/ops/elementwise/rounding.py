"""Rounding, clamping, the larger and the smaller of two, and mixtures of two or three tensors, element by element."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import is_int, misfit, need_tensor
from gradsh.engine.core.promotion import broadcast_error, converted, in_dtype, result_dtype
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import body_takes_numbers
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import Unary, binary, unary
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import NOT_FLOATS, alias
from gradsh.engine.operators.samples import binary_samples, call, t
from gradsh.engine.ops.elementwise.arithmetic import mul
from gradsh.engine.ops.elementwise.masks import floats_only, not_bool, refused_dtype, with_settings, zeros
from gradsh.engine.ops.elementwise.powers import pow as power
from gradsh.errors import DtypeError, ValueProblem

# --- rounding ----------------------------------------------------------------------------------------------------

_getframe = sys._getframe


def _between() -> list[call]:
    """Samples away from whole and half numbers."""
    return [
        call(t(2, 3, low=0.6, high=0.9)),
        call(t(low=0.1, high=0.4)),
        call(t(3, values=[-1.7, -0.2, 2.3])),
        call(t(0, 3)),
        call(t(3, 2, low=1.1, high=1.4, strided=True)),
    ]


def _rounding(name: str, words: str, ufunc: Any, **options: Any) -> Unary:
    def kernel(x: Any) -> Any:
        return ufunc(x) if x.dtype.kind == "f" else x.copy()

    kernel.__doc__ = f"{words}."
    title = name.partition("(")[0]
    entry = unary(
        name,
        grad_fn=f"{title.removesuffix('_even').capitalize()}Backward0",
        keeps_int=True,
        check=not_bool(f"{title.removesuffix('_even')}_vml_cpu"),
        samples=_between,
        formula="0",
        kinks="0 everywhere",
        example=f"{title.removesuffix('_even')}(tensor([-1.5, 2.7]))",
        **options,
    )(kernel)
    entry.vjp()(lambda F, g, out, x: zeros(F, g))
    return entry


floor = _rounding("floor(input)", "The largest whole number that is not larger than the element", np.floor)
ceil = _rounding("ceil(input)", "The smallest whole number that is not smaller than the element", np.ceil)
trunc = _rounding("trunc(input)", "The element without its fraction", np.trunc)
round_even = _rounding("round_even(input)", "The nearest whole number", np.rint, method=False, private=True)


@op(
    "round_decimals(input, decimals)",
    elementwise=True,
    grad_fn="RoundBackward1",
    method=False,
    private=True,
    samples=lambda: [call(t(3, values=[0.123, 1.27, -0.44]), 1)],
)
def round_decimals(x: Any, decimals: int) -> Any:
    """The nearest number with so many decimals."""
    if x.dtype.kind != "f":
        raise refused_dtype("round_cpu", x.dtype)
    ten = x.dtype.type(10.0 ** abs(decimals) if abs(decimals) <= 308 else math.inf)
    return np.rint(x * ten) / ten if decimals > 0 else np.rint(x / ten) * ten


round_decimals.vjp("input")(lambda F, g, out, x, decimals: zeros(F, g))


@composite(
    "round(input, *, decimals=0)",
    inplace=True,
    samples=lambda: [*_between(), call(t(3, values=[0.123, 1.27, -0.44]), decimals=1)],
    formula="0",
    kinks="0 everywhere; halves go to the even number",
    example="round(tensor([0.5, 1.5, 2.7]))",
)
def round(x: Any, decimals: int) -> Any:
    """The nearest whole number, or the nearest with `decimals` decimals; halves go to the even one."""
    if x.__class__ is not Tensor and isinstance(x, (int, float)):
        if not body_takes_numbers(_getframe(0)):
            need_tensor("round", "input", 1, x)
        return float(np.round(x, decimals)) if isinstance(x, float) else x
    if not is_int(decimals):
        raise misfit("round")
    return round_decimals.apply(x, decimals) if decimals else round_even.apply(x)


@composite(
    "special.round(input, *, decimals=0)",
    method=False,
    samples=lambda: [*_between(), call(t(3, values=[0.123, 1.27, -0.44]), decimals=1)],
    formula="0",
    kinks="0 everywhere; halves go to the even number",
    example="special.round(tensor([0.5, 1.5, 2.7]))",
)
def special_round(x: Any, decimals: int) -> Any:
    """As `round`, but not for integers: PyTorch's has decimals, though none may be asked for."""
    if x.__class__ is Tensor and x.data.dtype.kind in "iu" and not decimals:
        raise refused_dtype("round_vml_cpu", x.data.dtype)
    return round.apply(x, decimals=decimals)


@unary(
    "frac(input)",
    grad_fn="FracBackward0",
    check=floats_only("frac_cpu"),
    samples=_between,
    formula="g",
    kinks="g also where it jumps",
    example="frac(tensor([-1.25, 2.5]))",
)
def frac(x: Any) -> Any:
    """The fraction of every element, with its sign."""
    return x - np.trunc(x)


frac.vjp()(lambda F, g, out, x: g)

# --- clamp -------------------------------------------------------------------------------------------------------


def _numbers(x: Any, *bounds: Any) -> Any:
    """Integers become floating when a bound is."""
    from gradsh.engine.core.promotion import promoted_number

    if x.dtype.kind != "f":
        for b in bounds:
            if b is not None:
                x, _ = promoted_number(x, b, False)
    return x


@op(
    "clamp_numbers(input, min, max)",
    elementwise=True,
    at_kink=(("input == min", "0 and 1", "1"), ("input == max", "1 and 0", "1")),
    grad_fn="ClampBackward1",
    method=False,
    private=True,
    samples=lambda: [call(t(3, values=[-2, 0.5, 2]), -1.0, 1)],
)
def clamp_numbers(x: Any, low: Any, high: Any) -> Any:
    """clamp with numbers as bounds."""
    x = _numbers(x, low, high)
    if x.dtype.kind == "b":
        which = "" if low is not None and high is not None else "max_" if low is None else "min_"
        raise refused_dtype(f"clamp_{which}scalar_cpu", x.dtype)
    if x.dtype.kind in "iu":
        low, high = (None if b is None else converted(b, x.dtype) for b in (low, high))
    if low is not None:
        x = np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


@clamp_numbers.vjp("input", saves="input")
def _(F: Any, g: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    if high is None:
        return F.keep_where(g, x >= low)
    return F.keep_where(g, x <= high if low is None else (x >= low) & (x <= high))


@op(
    "clamp_tensors(input, min, max)",
    elementwise=True,
    at_kink=(("input == min", "0 and 1", "1"), ("input == max", "1 and 0", "1")),
    grad_fn="ClampBackward0",
    method=False,
    private=True,
    samples=lambda: [call(t(3, values=[-2, 0.5, 2]), t(1, values=[-1.0]), t(3, values=[1, 1.2, 1.4]))],
)
def clamp_tensors(x: Any, low: Any, high: Any) -> Any:
    """clamp with tensors as bounds."""
    arrays = together(*(v for v in (x, low, high) if v is not None))
    x = arrays[0]
    if x.dtype.kind == "b" and len(arrays) == 3:
        raise refused_dtype("clamp_cpu", x.dtype)
    if low is not None:
        x = np.maximum(x, arrays[1])
    return x if high is None else np.minimum(x, arrays[-1])


@clamp_tensors.vjp("input", saves="input min max")
def _(F: Any, g: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    if high is None:
        return F.keep_where(g, x >= low)
    return F.keep_where(g, x <= high if low is None else (x >= low) & (x <= high))


@clamp_tensors.vjp("min", saves="input min max")
def _(F: Any, g: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    return F.keep_where(g, x < low if high is None else (x < low) & (low < high))


@clamp_tensors.vjp("max", saves="input min max")
def _(F: Any, g: Any, out: Any, x: Any, low: Any, high: Any) -> Any:
    return F.keep_where(g, x > high if low is None else (x > high) | (high < low))


@composite(
    "clamp(input, min=None, max=None)",
    inplace=True,
    samples=lambda: [
        call(t(2, 3, values=[[-2, -0.5, 0.5], [0.1, 1.2, 3]]), -1.0, 1.0),
        call(t(3, values=[-2, 0.5, 2]), min=0),
        call(t(3, values=[-2, 0.5, 2]), max=0.7),
        call(t(2, 3, values=[[-2, -0.5, 0.5], [0.1, 1.2, 3]]), t(3, values=[-1.5, -1, 1]), t(2, 1, values=[[0], [2]])),
        call(t(3, values=[-2, 0.5, 2]), t(3, values=[0, 0.1, 3])),
        call(t(values=-2), max=t(values=0.5)),
        call(t(0), 0, 1),
    ],
    formula="input: g where out == input, else 0; min and max: g where they are what comes out",
    kinks="g at both ends; 0 for nan",
    example="clamp(tensor([-2., 0.5, 2.]), -1., 1.)",
)
def clamp(x: Any, min: Any, max: Any) -> Any:
    """Every element, brought between `min` and `max`, which are numbers or tensors."""
    bounds = [b for b in (min, max) if b is not None]
    numbers = all(isinstance(b, (int, float)) for b in bounds)
    plain = x.__class__ is not Tensor and isinstance(x, (int, float)) and bounds and numbers
    if plain and body_takes_numbers(_getframe(0)):  # what called `apply`
        return clamp_numbers.kernel(np.float64(x) if isinstance(x, float) else np.int64(x), min, max).item()
    if not isinstance(x, Tensor) or not (numbers or all(isinstance(b, Tensor) for b in bounds)):
        raise misfit("clamp")
    if not bounds:
        raise ValueProblem("torch.clamp: At least one of 'min' or 'max' must not be None")
    return (clamp_numbers if numbers else clamp_tensors).apply(x, min, max)


def _no_bools(kernel_name: str) -> Any:
    """A check that refuses bools with a bool for a bound."""

    def check(x: Any, bound: Any) -> None:
        if bound.__class__ is bool and x.dtype.kind == "b":
            raise refused_dtype(kernel_name, x.dtype)

    return check


def _clamp_samples() -> list[call]:
    return [
        call(t(3, values=[-2, 0.5, 2]), 0),
        call(t(3, values=[-2, 0.5, 2]), t(3, values=[0, 0.1, 3])),
        call(t(2, 1, values=[[-2], [2]]), t(3, values=[0, 0.1, 3])),
        call(t(values=0.3), 0.5),
    ]


@binary(
    "clamp_min(input, min)",
    shared="inplace arithmetic",
    names=("ClampMinBackward1", "ClampMinBackward0", "ClampMinBackward0"),
    check=_no_bools("clamp_min_scalar_cpu"),
    samples=_clamp_samples,
    formula="input: g where input >= min, else 0; min: 0 where input >= min, else g",
    kinks="g at the end",
    at_kink=(("input == min", "0 and 1", "1"),),
    example="clamp_min(tensor([-2., 2.]), 0)",
)
def clamp_min(x: Any, low: Any) -> Any:
    """Every element, or `min` if it is smaller."""
    return np.maximum(x, low)


clamp_min.vjp("input", saves="input min")(lambda F, g, out, x, low: F.keep_where(g, x >= low))
clamp_min.vjp("min", saves="input min")(lambda F, g, out, x, low: F.keep_where(g, x < low))


@binary(
    "clamp_max(input, max)",
    shared="inplace arithmetic",
    names=("ClampMaxBackward1", "ClampMaxBackward0", "ClampMaxBackward0"),
    check=_no_bools("clamp_max_scalar_cpu"),
    samples=_clamp_samples,
    formula="input: g where input <= max, else 0; max: 0 where input <= max, else g",
    kinks="g at the end",
    at_kink=(("input == max", "1 and 0", "1"),),
    example="clamp_max(tensor([-2., 2.]), 0)",
)
def clamp_max(x: Any, high: Any) -> Any:
    """Every element, or `max` if it is larger."""
    return np.minimum(x, high)


clamp_max.vjp("input", saves="input max")(lambda F, g, out, x, high: F.keep_where(g, x <= high))
clamp_max.vjp("max", saves="input max")(lambda F, g, out, x, high: F.keep_where(g, x > high))

# --- the larger and the smaller of two ---------------------------------------------------------------------------


@op(
    "share(grad, a, b)",
    elementwise=True,
    grad_fn="MaskedFillBackward0",
    method=False,
    private=True,
    samples=lambda: [call(t(3), t(3, grad=False), t(3, grad=False))],
)
def share(g: Any, a: Any, b: Any) -> Any:
    """The part of `grad` that `a` gets when the larger of `a` and `b` was taken: half where they are equal."""
    return np.where(a < b, g.dtype.type(0), np.where(a == b, g / 2, g))[()]


share.vjp("grad", saves="a b")(lambda F, g, out, grad, a, b: F.share(g, a, b))


def _pairs() -> list[call]:
    return binary_samples(numbers=False)


@binary(
    "maximum(input, other)",
    names=("MaximumBackward0", "MaximumBackward0", "MaximumBackward0"),
    numbers="none",
    inplace=False,
    samples=_pairs,
    formula="input: g * (input > other) + g / 2 * (input == other); "
    "other: g * (other > input) + g / 2 * (input == other)",
    kinks="equal ones share g",
    at_kink=(("input == other", "a tie", "half to each"),),
    example="maximum(tensor([1., 5.]), tensor([2., 3.]))",
)
def maximum(a: Any, b: Any) -> Any:
    """The larger of both; nan where one is nan."""
    return np.maximum(a, b)


maximum.vjp("input", saves="input other")(lambda F, g, out, a, b: F.share(g, a, b))
maximum.vjp("other", saves="input other")(lambda F, g, out, a, b: F.share(g, b, a))


@binary(
    "minimum(input, other)",
    names=("MinimumBackward0", "MinimumBackward0", "MinimumBackward0"),
    numbers="none",
    inplace=False,
    samples=_pairs,
    formula="input: g * (input < other) + g / 2 * (input == other); "
    "other: g * (other < input) + g / 2 * (input == other)",
    kinks="equal ones share g",
    at_kink=(("input == other", "a tie", "half to each"),),
    example="minimum(tensor([1., 5.]), tensor([2., 3.]))",
)
def minimum(a: Any, b: Any) -> Any:
    """The smaller of both; nan where one is nan."""
    return np.minimum(a, b)


minimum.vjp("input", saves="input other")(lambda F, g, out, a, b: F.share(g, b, a))
minimum.vjp("other", saves="input other")(lambda F, g, out, a, b: F.share(g, a, b))


@binary(
    "fmax(input, other)",
    names=("FmaxBackward0", "FmaxBackward0", "FmaxBackward0"),
    numbers="none",
    inplace=False,
    samples=_pairs,
    formula="g to the larger of both",
    kinks="input gets g where both are equal",
    at_kink=(("input == other", "a tie", "the first"),),
    example="fmax(tensor([1., nan]), tensor([2., 3.]))",
)
def fmax(a: Any, b: Any) -> Any:
    """The larger of both; nan only where both are nan."""
    return np.fmax(a, b)


fmax.vjp("input", saves="input other")(lambda F, g, out, a, b: F.keep_where(g, (a >= b) | (b != b)))
fmax.vjp("other", saves="input other")(lambda F, g, out, a, b: F.drop_where(g, (a >= b) | (b != b)))


@binary(
    "fmin(input, other)",
    names=("FminBackward0", "FminBackward0", "FminBackward0"),
    numbers="none",
    inplace=False,
    samples=_pairs,
    formula="g to the smaller of both",
    kinks="input gets g where both are equal",
    at_kink=(("input == other", "a tie", "the first"),),
    example="fmin(tensor([1., nan]), tensor([2., 3.]))",
)
def fmin(a: Any, b: Any) -> Any:
    """The smaller of both; nan only where both are nan."""
    return np.fmin(a, b)


fmin.vjp("input", saves="input other")(lambda F, g, out, a, b: F.keep_where(g, (a <= b) | (b != b)))
fmin.vjp("other", saves="input other")(lambda F, g, out, a, b: F.drop_where(g, (a <= b) | (b != b)))


@binary(
    "copysign(input, other)",
    shared="shape",
    names=("CopysignBackward0", "CopysignBackward1", "CopysignBackward0"),
    promote="float",
    samples=lambda: binary_samples(away=0.3),
    formula="input: g, negated where the sign changed; other: 0",
    kinks="0 where input is 0",
    at_kink=(("input == 0", "a jump", "0"),),
    example="copysign(tensor([1., -2.]), tensor([-1., 1.]))",
)
def copysign(a: Any, b: Any) -> Any:
    """The size of `input` with the sign of `other`."""
    return np.copysign(a, b)


copysign.vjp("input", saves="input out")(lambda F, g, out, a, b: g * F.drop_where(out / a, a == 0))
copysign.vjp("other")(lambda F, g, out, a, b: zeros(F, g))


@binary(
    "nextafter(input, other)",
    names=("NextafterBackward0", "NextafterBackward0", "NextafterBackward0"),
    numbers="none",
    check=floats_only("nextafter_cpu"),
    samples=lambda: [call(t(3, grad=False), t(3, grad=False))],
    formula="input: g, 0 where both are equal; other: 0",
    example="nextafter(tensor([1.]), tensor([2.]))",
)
def nextafter(a: Any, b: Any) -> Any:
    """The next floating number after `input` in the direction of `other`."""
    return np.nextafter(a, b)


nextafter.vjp("input", saves="input other")(lambda F, g, out, a, b: F.drop_where(g, a == b))
nextafter.vjp("other")(lambda F, g, out, a, b: zeros(F, g))

# --- mixtures ----------------------------------------------------------------------------------------------------


def together(*arrays: Any) -> tuple[Any, ...]:
    """Arrays in their common dtype; raises PyTorch's error for shapes that do not broadcast."""
    first = arrays[0]
    if any(a.dtype != first.dtype for a in arrays):
        dtype = first
        for a in arrays[1:]:
            kind = result_dtype(dtype, a).np
            dtype = alloc.empty((1,) * max(dtype.ndim, a.ndim), kind)
        arrays = tuple(a if a.dtype == dtype.dtype else a.astype(dtype.dtype) for a in arrays)
    shape = first.shape
    for a in arrays[1:]:
        try:
            shape = np.broadcast_shapes(shape, a.shape)
        except ValueError:
            raise broadcast_error(shape, a.shape) from None
    return arrays


def _same(name: str, *arrays: Any) -> None:
    from gradsh.engine.core.dtypes import OF

    for a in arrays[1:]:
        if a.dtype != arrays[0].dtype:
            raise DtypeError(
                f"expected dtype {OF[arrays[0].dtype].c_name} for `{name}` but got dtype {OF[a.dtype].c_name}"
            )


@op(
    "lerp_number(input, end, weight)",
    elementwise=True,
    grad_fn="LerpBackward0",
    method=False,
    private=True,
    samples=lambda: [call(t(2, 3), t(3), 0.3), call(t(2), t(2), 0.8)],
)
def lerp_number(a: Any, b: Any, weight: Any) -> Any:
    """lerp with a number as weight."""
    if a.dtype.kind != "f" and b.dtype.kind != "f":
        raise refused_dtype("lerp_kernel_scalar", a.dtype)
    _same("end", a, b)
    a, b = together(a, b)
    return a + weight * (b - a) if abs(weight) < 0.5 else b - (b - a) * (1 - weight)


lerp_number.vjp("input")(lambda F, g, out, a, b, weight: g * (1 - weight))
lerp_number.vjp("end")(lambda F, g, out, a, b, weight: g * weight)


@op(
    "lerp_tensor(input, end, weight)",
    elementwise=True,
    grad_fn="LerpBackward1",
    method=False,
    private=True,
    refuses={"lerp_kernel_tensor": NOT_FLOATS},
    samples=lambda: [call(t(2, 3), t(3), t(2, 1))],
)
def lerp_tensor(a: Any, b: Any, weight: Any) -> Any:
    """lerp with a tensor as weight."""
    _same("end", a, b)
    if weight.dtype != a.dtype:
        from gradsh.engine.core.dtypes import OF

        raise DtypeError(f"expected dtype {OF[a.dtype].c_name} for `weight` but got dtype {OF[weight.dtype].c_name}")
    a, b, weight = together(a, b, weight)
    near = np.abs(weight) < 0.5
    return np.where(near, a + weight * (b - a), b - (b - a) * (1 - weight))[()]


lerp_tensor.vjp("input", saves="weight")(lambda F, g, out, a, b, weight: g * (1 - weight))
lerp_tensor.vjp("end", saves="weight")(lambda F, g, out, a, b, weight: g * weight)
lerp_tensor.vjp("weight", saves="input end")(lambda F, g, out, a, b, weight: g * (b - a))


@composite(
    "lerp(input, end, weight)",
    inplace=True,
    samples=lambda: [call(t(2, 3), t(3), 0.3), call(t(2), t(2), t()), call(t(), t(), t()), call(t(2), t(2), t(2))],
    formula="input: g * (1 - weight); end: g * weight; weight: g * (end - input)",
    example="lerp(tensor([0.]), tensor([10.]), 0.3)",
)
def lerp(a: Any, b: Any, weight: Any) -> Any:
    """The point between `input` (weight 0) and `end` (weight 1)."""
    tensors = isinstance(weight, Tensor)
    if not (isinstance(a, Tensor) and isinstance(b, Tensor) and (tensors or isinstance(weight, (int, float)))):
        raise misfit("lerp")
    return (lerp_tensor if tensors else lerp_number).apply(a, b, weight)


def _need_three(name: str, x: Any, a: Any, b: Any) -> None:
    for position, parameter, v in ((1, "input", x), (2, "tensor1", a), (3, "tensor2", b)):
        if not isinstance(v, (np.ndarray, np.generic)):
            need_tensor(name, parameter, position, v)


@op(
    "addcmul(input, tensor1, tensor2, *, value=1)",
    elementwise=True,
    grad_fn="AddcmulBackward0",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), t(2, 3), t(2, 3)),
        call(t(3), t(2, 1), t(3), value=0.5),
        call(t(), t(), t(), value=-2),
    ],
    formula="input: g; tensor1: g * tensor2 * value; tensor2: g * tensor1 * value",
    example="addcmul(tensor([1.]), tensor([2.]), tensor([3.]), value=0.1)",
)
def addcmul(x: Any, a: Any, b: Any, value: Any) -> Any:
    """input + value * tensor1 * tensor2, element by element."""
    _need_three("addcmul", x, a, b)
    x, a, b = together(x, a, b)
    if x.dtype.kind == "b":
        raise refused_dtype("addcmul_cpu_out", x.dtype)
    if x.dtype.kind != "f":
        value = converted(value, x.dtype)
    return x + (a * b if value == 1 else in_dtype(value, x.dtype) * a * b)


addcmul.vjp("input")(lambda F, g, out, x, a, b, value: g)
addcmul.vjp("tensor1", saves="tensor2")(lambda F, g, out, x, a, b, value: g * (b * value))
addcmul.vjp("tensor2", saves="tensor1")(lambda F, g, out, x, a, b, value: g * (a * value))


@op(
    "addcdiv(input, tensor1, tensor2, *, value=1)",
    elementwise=True,
    grad_fn="AddcdivBackward0",
    inplace=True,
    samples=lambda: [
        call(t(2, 3), t(2, 3), t(2, 3, away=0.5)),
        call(t(3), t(2, 1), t(3, away=0.5), value=0.5),
        call(t(), t(), t(away=0.5), value=-2),
    ],
    formula="input: g; tensor1: g * value / tensor2; tensor2: -g * value * tensor1 / tensor2**2",
    example="addcdiv(tensor([1.]), tensor([2.]), tensor([4.]), value=0.1)",
)
def addcdiv(x: Any, a: Any, b: Any, value: Any) -> Any:
    """input + value * tensor1 / tensor2, element by element."""
    _need_three("addcdiv", x, a, b)
    x, a, b = together(x, a, b)
    if x.dtype.kind != "f":
        raise DtypeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value "
            "* torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value "
            "* tensor1 / tensor2), for all dtypes."
        )
    return x + (a / b if value == 1 else value * a / b)


addcdiv.vjp("input")(lambda F, g, out, x, a, b, value: g)
addcdiv.vjp("tensor1", saves="tensor2")(lambda F, g, out, x, a, b, value: g * (value / b))
addcdiv.vjp("tensor2", saves="tensor1 tensor2")(lambda F, g, out, x, a, b, value: -g * (value * a / (b * b)))


@composite(
    "ldexp(input, other)",
    rename="LdexpBackward0",
    inplace=True,
    samples=lambda: [call(t(2, 3), t(3)), call(t(2), t(2, dtype="int64")), call(t(), t())],
    formula="input: g * 2.0**other; other: g * out * log(2)",
    example="ldexp(tensor([1.5]), tensor([3]))",
)
def ldexp(a: Any, b: Any) -> Any:
    """input * 2**other, element by element."""
    for position, name, v in ((1, "input", a), (2, "other", b)):
        if not isinstance(v, Tensor):
            need_tensor("ldexp", name, position, v)
    if a.data.dtype.kind != "f":
        return mul.apply(a, power.apply(2.0, b))
    return mul.apply(a, power.apply(make(a.data.dtype.type(2)), b))  # which counts as a tensor of its dtype


@with_settings(
    "nan_to_num(input, nan=None, posinf=None, neginf=None)",
    grad_fn="NanToNumBackward0",
    inplace=True,
    samples=lambda: [call(t(2, 3)), call(t()), call(t(0)), call(t(2), 1.0, 2.0, 3.0)],
    formula="g where input is finite, else 0",
    kinks="0 where input was replaced",
    example="nan_to_num(tensor([nan, inf, 1.]))",
)
def nan_to_num(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    """`input` with nan as 0 and infinities as the largest numbers, or as given."""
    if x.dtype.kind != "f":
        return x.copy()
    info = np.finfo(x.dtype)
    kind = x.dtype.type
    y = np.where(x != x, kind(nan or 0.0), x)
    y = np.where(y == np.inf, info.max if posinf is None else kind(posinf), y)
    return np.where(x == -np.inf, info.min if neginf is None else kind(neginf), y)[()]


nan_to_num.vjp("input", saves="input")(lambda F, g, out, x, nan, posinf, neginf: F.keep_where(g, F.isfinite(x)))

# --- other names -------------------------------------------------------------------------------------------------

alias("clip", clamp)
alias("fix", trunc)
