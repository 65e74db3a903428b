"""Comparisons, logic, bits, tests for nan and inf: nothing here has a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.promotion import sizes_first
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.elementwise import Binary, Unary, binary, unary
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ValueProblem

NOTHING = ("", "", "")


def _pairs() -> list[call]:
    return [
        call(t(2, 3), t(3)),
        call(t(2), 0.5),
        call(t(), t()),
        call(t(0, 3), t(3)),
        call(t(2, dtype="int64"), t(2)),
        call(t(3, dtype="bool"), True),
    ]


def _tests() -> list[call]:
    return [call(t(2, 3)), call(t()), call(t(0)), call(t(3, dtype="int64")), call(t(3, dtype="bool"))]


# --- comparisons -------------------------------------------------------------------------------------------------


def _comparison(name: str, sign: str, ufunc: Any) -> Binary:
    def kernel(a: Any, b: Any) -> Any:
        return ufunc(a, b)

    kernel.__doc__ = f"Whether input {sign} other, element by element."
    form = binary(
        f"{name}(input, other)",
        names=NOTHING,
        inplace=f"{name.title()}Backward",
        samples=_pairs,
        example=f"{name}(tensor([1., 2.]), 2)",
    )
    return form(kernel)


eq = _comparison("eq", "==", np.equal)
ne = _comparison("ne", "!=", np.not_equal)
lt = _comparison("lt", "<", np.less)
le = _comparison("le", "<=", np.less_equal)
gt = _comparison("gt", ">", np.greater)
ge = _comparison("ge", ">=", np.greater_equal)

for _name, _entry in (
    ("not_equal", ne),
    ("less", lt),
    ("less_equal", le),
    ("greater", gt),
    ("greater_equal", ge),
):
    alias(_name, _entry)


@op(
    "isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)",
    grad_fn="",
    elementwise=True,
    samples=lambda: [call(t(3), t(3)), call(t(3), t(3), equal_nan=True)],
    example="isclose(tensor([1., 2.]), tensor([1., 2.1]))",
)
def isclose(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    """Whether |input - other| <= atol + rtol * |other|, element by element."""
    for position, name, v in ((1, "input", a), (2, "other", b)):
        if not isinstance(v, (np.ndarray, np.generic)):
            need_tensor("isclose", name, position, v)
    if a.dtype != b.dtype:
        raise DtypeError(f"{OF[a.dtype].title} did not match {OF[b.dtype].title}")
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise ValueProblem(f"{name} must be greater than or equal to zero, but got {tolerance:g}")
    return _close(a, b, rtol, atol, equal_nan)


def _close(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    same = np.equal(a, b)
    if a.dtype.kind == "b":
        return same
    if equal_nan and a.dtype.kind == "f":
        same = same | (np.isnan(a) & np.isnan(b))
    if not rtol and not atol:
        return same
    if a.dtype.kind != "f":
        a, b = a.astype(np.float64), b.astype(np.float64)
    allowed = atol + np.abs(rtol * b)
    error = np.abs(a - b)
    return same | (np.isfinite(error) & (error <= allowed))


@composite(
    "allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)",
    differentiable=False,
    example="allclose(tensor([1., 2.]), tensor([1., 2.]))",
)
def allclose(input: Tensor, other: Tensor, rtol: float, atol: float, equal_nan: bool) -> bool:
    """Whether all elements are close, see `isclose`; a plain bool."""
    _both_tensors("allclose", input, other)
    if input.data.dtype != other.data.dtype:
        raise DtypeError(f"{input.dtype.title} did not match {other.dtype.title}")
    return bool(np.all(isclose.apply(input, other, rtol, atol, equal_nan).data))


@composite(
    "equal(input, other)", work="elements", differentiable=False, example="equal(tensor([1., 2.]), tensor([1., 2.]))"
)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and elements; a plain bool."""
    _both_tensors("equal", input, other)
    return input.data.shape == other.data.shape and bool(np.all(np.equal(input.data, other.data)))


def _both_tensors(name: str, a: Any, b: Any) -> None:
    need_tensor(name, "input", 1, a)
    need_tensor(name, "other", 2, b)


# --- logic -------------------------------------------------------------------------------------------------------


def _logic(name: str, words: str, ufunc: Any) -> Binary:
    def kernel(a: Any, b: Any) -> Any:
        return ufunc(a, b)

    kernel.__doc__ = f"Whether {words}, element by element; what is not 0 counts as true."
    samples: Any = lambda: [call(t(2, 3), t(3)), call(t(3, dtype="bool"), t(3, dtype="bool"))]  # noqa: E731  # short
    form = binary(
        f"{name}(input, other)",
        names=NOTHING,
        numbers="none",
        samples=samples,
        shared="inplace arithmetic",
        example=f"{name}(tensor([True, False]), tensor([1., 2.]))",
    )
    return form(kernel)


logical_and = _logic("logical_and", "both are true", np.logical_and)
logical_or = _logic("logical_or", "one of both is true", np.logical_or)
logical_xor = _logic("logical_xor", "exactly one of both is true", np.logical_xor)


@unary("logical_not(input)", keeps_int=True, samples=_tests, example="logical_not(tensor([0., 2.]))")
def logical_not(x: Any) -> Any:
    """Whether every element is 0."""
    return np.logical_not(x)


def _bits(name: str, words: str, ufunc: Any, torch_name: str) -> Binary:
    def check(a: Any, b: Any) -> None:
        for v in (a, b):
            if v.__class__ is float or (hasattr(v, "dtype") and v.dtype.kind == "f"):
                raise DtypeError(f"\"{torch_name}\" not implemented for '{_title(a, b)}'", kind="NotImplementedError")

    def kernel(a: Any, b: Any) -> Any:
        try:
            if name.endswith("shift") and all(v.dtype.kind == "b" for v in (a, b) if hasattr(v, "dtype")):
                raise DtypeError(f"\"{torch_name}\" not implemented for 'Bool'", kind="NotImplementedError")
            return ufunc(a, b)
        except TypeError:
            sizes_first(a, b)
            check(a, b)
            raise

    kernel.__doc__ = f"{words} of integers, or of bools."
    form = binary(
        f"{name}(input, other)",
        names=NOTHING,
        numbers="either",
        check=check,
        shared="shape",
        samples=lambda: [
            call(t(3, dtype=kind), t(3, dtype=kind))
            for kind in ("int64", "int32" if name.endswith("shift") else "bool")
        ],
        example=f"{name}(tensor([1, 2]), 3)",
    )
    return form(kernel)


def _title(a: Any, b: Any) -> str:
    from gradsh.engine.core.modes import mode

    kinds = [OF[v.dtype].title if hasattr(v, "dtype") else OF[mode.default].title for v in (a, b)]
    return next((k for k in kinds if k in ("Double", "Float", "Half")), kinds[0])


bitwise_and = _bits("bitwise_and", "Bitwise and", np.bitwise_and, "bitwise_and_cpu")
bitwise_or = _bits("bitwise_or", "Bitwise or", np.bitwise_or, "bitwise_or_cpu")
bitwise_xor = _bits("bitwise_xor", "Bitwise exclusive or", np.bitwise_xor, "bitwise_xor_cpu")
bitwise_left_shift = _bits("bitwise_left_shift", "The bits shifted left", np.left_shift, "lshift_cpu")
bitwise_right_shift = _bits("bitwise_right_shift", "The bits shifted right", np.right_shift, "rshift_cpu")


@unary(
    "bitwise_not(input)",
    keeps_int=True,
    samples=lambda: [call(t(3, dtype="int64")), call(t(3, dtype="bool"))],
    example="bitwise_not(tensor([True, False]))",
)
def bitwise_not(x: Any) -> Any:
    """Every bit turned around (`~`); not, for bools."""
    if x.dtype.kind == "f":
        raise DtypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors", kind="TypeError"
        )
    return np.invert(x)


# --- tests -------------------------------------------------------------------------------------------------------


def _test(name: str, words: str, kernel: Any) -> Unary:
    def wrapped(x: Any) -> Any:
        return kernel(x)

    wrapped.__doc__ = f"Whether every element is {words}."
    example = f"{name}(tensor([1., inf, nan]))"
    return unary(f"{name}(input)", keeps_int=True, inplace=False, samples=_tests, example=example)(wrapped)


def _infinite(positive: bool) -> Any:
    def kernel(x: Any) -> Any:
        if x.dtype.kind != "f":
            return alloc.zeros(x.shape, np.bool_)[()]
        return np.equal(x, np.inf if positive else -np.inf)

    return kernel


isnan = _test("isnan", "nan", np.isnan)
isinf = _test("isinf", "inf or -inf", np.isinf)
isfinite = _test("isfinite", "neither nan nor inf", np.isfinite)
isposinf = _test("isposinf", "inf", _infinite(True))
isneginf = _test("isneginf", "-inf", _infinite(False))
isreal = _test("isreal", "a real number", lambda x: np.equal(x, x) | True)
signbit = _test(
    "signbit", "negative, or -0.", lambda x: np.signbit(x) if x.dtype.kind != "b" else alloc.zeros_like(x)[()]
)


def _same_dtypes(a: Any, b: Any) -> None:
    if a.dtype != b.dtype:
        raise DtypeError("heaviside is not yet implemented for tensors with different dtypes.")


@binary(
    "heaviside(input, values)",
    names=("NotImplemented", "NotImplemented", "NotImplemented"),
    numbers="none",
    check=_same_dtypes,
    samples=lambda: [call(t(3, grad=False), t(3, grad=False))],
    formula="not implemented, as in PyTorch",
    example="heaviside(tensor([-1., 0., 2.]), tensor([0.5]))",
)
def heaviside(x: Any, values: Any) -> Any:
    """0 below 0, 1 above, `values` at 0."""
    return np.where(np.equal(x, 0), values, np.greater(x, 0).astype(x.dtype))[()]


heaviside.not_implemented("PyTorch has none")

# --- Python's operators ----------------------------------------------------------------------------------------------

Operators: Any = Tensor  # its methods until now load this file, see operators.py

Operators.__eq__ = eq.operator
Operators.__ne__ = ne.operator
Operators.__lt__ = lt.operator
Operators.__le__ = le.operator
Operators.__gt__ = gt.operator
Operators.__ge__ = ge.operator

Operators.__and__ = bitwise_and.operator
Operators.__rand__ = bitwise_and.reflected
Operators.__or__ = bitwise_or.operator
Operators.__ror__ = bitwise_or.reflected
Operators.__xor__ = bitwise_xor.operator
Operators.__rxor__ = bitwise_xor.reflected
Operators.__lshift__ = bitwise_left_shift.operator
Operators.__rlshift__ = bitwise_left_shift.reflected
Operators.__rshift__ = bitwise_right_shift.operator
Operators.__rrshift__ = bitwise_right_shift.reflected
Operators.__invert__ = bitwise_not.apply
