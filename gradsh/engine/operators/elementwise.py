"""Elementwise operators of one and of two inputs: the tiny-op path, kept as short as Python allows.

`unary` and `binary` register an operator; what they return to the program is one closure per operator with everything
it needs in cells. Both are forms of the registry's entry (gradsh/engine/operators/registry.py).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import FAILURES, wrong_call
from gradsh.engine.core.graph import Kind
from gradsh.engine.core.modes import mode, truth
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.promotion import sizes_first
from gradsh.engine.core.tensor import Tensor, is_foreign, make
from gradsh.engine.core.users import takes_numbers
from gradsh.engine.operators.fast import MISSING, binary_path, unary_path
from gradsh.engine.operators.registry import Operator, foreign, refusing
from gradsh.engine.operators.steps import (
    binary_step,
    describe_binary,
    describe_unary,
    mixed_step,
    no_step,
    pieced,
    unary_step,
)
from gradsh.errors import DtypeError

ndarray = np.ndarray
float32 = np.float32
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)
_getframe = sys._getframe


# --- unary elementwise --------------------------------------------------------------------------------------------


class Unary(Operator):
    """An elementwise operator of one tensor: dtype and shape are kept, integers become the default dtype.

    `number` is the same function of a plain number (`sqrt(2.0)` is a plain number), where Python has a faster one than
    the kernel; `keeps_int` for operators that are defined on integers too (neg, abs, square, sign); `check(dtype)` may
    raise for dtypes that the operator refuses. Without a grad_fn it is not differentiable (isnan).
    """

    number: Any = None
    keeps_int = False
    check: Any = None
    kind: Kind
    large: Kind  # the same for large arrays

    def finish(self) -> None:
        if not self.rules:
            return
        name = next(iter(self.rules))
        self.kind.saves = bool(self.saves[name])
        self.kind.step = unary_step(self.rules[name], self.saves[name])
        self.large.saves = self.kind.saves
        self.large.tiled = True
        self.large.step = unary_step(pieced(self.rules[name]), self.saves[name])


def unary(
    signature: str,
    *,
    grad_fn: str = "",
    number: Any = None,
    keeps_int: bool = False,
    check: Any = None,
    inplace: bool = True,
    direct: Any = None,
    **options: Any,
) -> Callable[[Any], Unary]:
    """Register an elementwise operator of one input; see Unary. `direct` is the function of C that the kernel calls and
    nothing else: the fast path calls it without a Python call in between."""

    def register(function: Any) -> Unary:
        entry = Unary(
            signature, grad_fn=grad_fn, inplace=inplace, elementwise=True, differentiable=bool(grad_fn), **options
        )
        entry.kernel = refusing(entry, function)
        entry.number = number
        entry.keeps_int = keeps_int
        entry.check = check
        tracks = bool(grad_fn)
        compute = direct or entry.kernel
        entry.kind = Kind(grad_fn, no_step, saves=False, operator=entry.name, describe=describe_unary)
        entry.large = Kind(grad_fn, no_step, saves=False, operator=entry.name, describe=describe_unary)
        entry.kind.second = entry.large.second = entry.second
        apply, saves = unary_path(entry, compute, tracks, _plain, _to_floating)
        original = entry.finish

        def finish() -> None:
            original()
            saves(entry.saves[next(iter(entry.rules))] == {"input"})

        entry.finish = finish  # type: ignore[method-assign]  # apply's closure must hear of what the rule saves
        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(function)
        return entry

    return register


def _plain(entry: Unary, value: Any, inplace: Any, frame: Any) -> Any:
    """A call that is not of one tensor: a plain number, `inplace=True`, or an error."""
    if value is MISSING or inplace is not False:
        given = () if value is MISSING else (value,)
        if inplace is False or ", inplace=" not in entry.signature.text:
            entry.signature.bind(given if inplace is False else (*given, inplace), {})  # raises
        if value.__class__ is Tensor:
            from gradsh.calls.words import called
            from gradsh.engine.autograd.inplace import apply_in_place

            if called(_getframe(1)).startswith("Tensor."):  # the method has no such flag
                raise entry.signature.refused((value, inplace), {})

            return apply_in_place(entry.apply, value, (), {}, frame) if truth(inplace) else entry.apply(value)
    if isinstance(value, Tensor):
        return foreign(entry, [value])
    if isinstance(value, (int, float)) and value.__class__ is not bool and takes_numbers(frame):
        if entry.number is not None:
            try:
                return entry.number(value)
            except (ValueError, OverflowError):
                pass  # where Python raises for 1/0 or log(-1), a tensor holds inf or nan, and so does the number
        if entry.keeps_int and not isinstance(value, float):
            return entry.kernel(np.int64(value)).item()
        return entry.kernel(np.float64(value)).item()
    raise entry.signature.refused((value,) if inplace is False else (value, inplace), {})


def _to_floating(entry: Unary, x: Any) -> Any:
    if entry.check is not None:
        entry.check(x.dtype)
    if entry.keeps_int:
        return x
    return x.astype(mode.default)


# --- binary elementwise -------------------------------------------------------------------------------------------


class Binary(Operator):
    """An elementwise operator of two tensors, or of a tensor and a number, with broadcasting and promotion.

    `names` are the grad_fn names of tensor-tensor, tensor-number and number-tensor; all empty: not differentiable.
    `apply` is what programs call by name; `operator` and `reflected` are Python's special methods. `variant` is called
    instead, with all arguments, when a keyword beyond the two inputs is given (`alpha`, `rounding_mode`); `number` for
    two plain numbers.
    """

    kinds: tuple[Kind, Kind, Kind]
    large: tuple[Kind, Kind, Kind]  # the same for large arrays
    operator: Any = None
    reflected: Any = None
    variant: Any = None
    numbers = "other"
    constants = False
    number: Any = None
    wide = False

    def finish(self) -> None:
        """Compile the rules into steps once both are there."""
        if len(self.rules) < 2:
            return
        one, two = (p.name for p in self.signature.parameters[:2])
        first, second = self.rules[one], self.rules[two]
        self.plan[:] = [name in self.saves[input] for input in (one, two) for name in (one, two, "out")]
        one_saves, two_saves = self.plan[:3], self.plan[3:]
        self.keeps[:] = [
            tuple(p or q for p, q in zip(one_saves, two_saves, strict=True)),
            tuple(one_saves),
            tuple(two_saves),
        ]
        both, left, right = self.kinds
        both.saves, left.saves, right.saves = any(self.plan), any(self.plan[:3]), any(self.plan[3:])
        for small, large in zip(self.kinds, self.large, strict=True):
            large.saves = small.saves
            large.number_slot = small.number_slot
            large.tiled = True
        for kinds, one, other in (
            (self.kinds, first, second),
            (self.large, pieced(first), pieced(second)),
        ):
            both, left, right = kinds
            both.step = binary_step(one, other, both.saves)
            left.step = mixed_step(one, 0, left.saves, self.constants)
            right.step = mixed_step(other, 1, right.saves, self.constants)

    plan: list[bool]
    keeps: list[Any]  # which of the first, the second and the output: both want gradients, the first, the second


def _kinds(entry: Binary, names: tuple[str, str, str]) -> tuple[Kind, Kind, Kind]:
    both, left, right = (
        Kind(name, no_step, saves=False, operator=entry.name, describe=partial(describe_binary, entry, form))
        for form, name in enumerate(names)
    )
    return both, left, right


def binary(
    signature: str,
    *,
    names: tuple[str, str, str],
    promote: str = "same",
    check: Any = None,
    numbers: str = "other",
    number: Any = None,
    inplace: bool | str = True,
    direct: Any = None,
    constants: bool = False,
    wide: bool = False,
    **options: Any,
) -> Callable[[Any], Binary]:
    """Register an elementwise operator of two inputs; see Binary.

    promote "same" computes in the promoted dtype, "float" turns integers into the default dtype first.
    check(a, b) may raise for dtypes that the operator refuses (bool - bool).
    direct: the function of C that the kernel calls and nothing else, to save that call.
    constants: the kernel and the rules treat a number as they would a 0-d array, so numbers may be turned into such.
    wide: a number beside halves is not rounded to half first.
    numbers "none": both inputs must be tensors; "other": the second may be a number; "either"; "both": also both.
    """
    check = None if check is None else _after_sizes(check)

    def register(function: Any) -> Binary:
        entry = Binary(
            signature, grad_fn=names[0], inplace=inplace, elementwise=True, differentiable=bool(names[0]), **options
        )
        entry.numbers = numbers
        entry.constants = constants
        entry.wide = wide
        entry.number = number
        tracks = bool(names[0])
        entry.kernel = refusing(entry, function)
        compute = direct or entry.kernel
        entry.kinds = _kinds(entry, names)
        entry.large = _kinds(entry, names)
        for form in (*entry.kinds, *entry.large):
            form.second = entry.second
        for form in entry.kinds[1:]:
            # a form with the name of the form of two tensors is that form, with the number as a tensor without history
            form.number_slot = form.name == names[0]
        entry.plan = [False] * 6
        entry.keeps = [(False, False, False)] * 3
        operator, mixed = binary_path(entry, compute, tracks, check, promote == "float", constants)

        reflected = _reflected(operator, mixed, check)
        apply = _by_name(entry, operator, mixed, check)
        entry.apply = apply
        entry.operator = operator
        entry.reflected = reflected
        for method in (apply, operator, reflected):
            method.__name__ = method.__qualname__ = entry.name
        entry.register(function)
        return entry

    return register


def _after_sizes(check: Any) -> Any:
    """PyTorch looks at the sizes of two tensors before it looks for a kernel of their dtype."""

    def checked(*operands: Any) -> None:
        try:
            check(*operands)
        except DtypeError:
            if len(operands) == 2:
                sizes_first(*operands)
            raise

    return checked


def _reflected(operator: Callable[..., Any], mixed: Callable[..., Any], check: Any) -> Callable[..., Any]:
    def reflected(x: Tensor, y: Any) -> Any:
        """`y op x` where x is a tensor and y is not."""
        cls = y.__class__
        if cls is float or cls is int:
            return mixed(x, y, 1)
        if cls is bool:
            if check is not None:
                check(x.data, y)
            return mixed(x, y, 1)
        if isinstance(y, (np.generic, int, float)):
            return mixed(x, y.item() if isinstance(y, np.generic) else y, 1)
        return operator(y, x, 2) if cls is Tensor else NotImplemented

    return reflected


def _by_name(entry: Binary, operator: Callable[..., Any], mixed: Callable[..., Any], check: Any) -> Callable[..., Any]:
    """What programs call by the operator's name."""
    numbers = entry.numbers
    bind = entry.signature.bind

    def apply(*args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != 2:
            values = bind(args, kwargs)
            if len(args) > 2 or any(parameter.name in kwargs for parameter in entry.signature.parameters[2:]):
                return _variant(entry, values, _getframe(1))
            x, y = values[0], values[1]
        else:
            x, y = args
        if x.__class__ is Tensor:
            if y.__class__ is Tensor:
                return operator(x, y, 2)
            if numbers != "none" and isinstance(y, (int, float, np.generic)):
                if check is not None and y.__class__ is bool:
                    check(x.data, y)
                return mixed(x, y.item() if isinstance(y, np.generic) else y, 0)
        elif numbers in ("either", "both") and isinstance(x, (int, float)):
            if y.__class__ is Tensor:
                if check is not None and x.__class__ is bool:
                    check(y.data, x)
                return mixed(y, x, 1)
            if numbers == "both" and isinstance(y, (int, float)):
                return operator(number_tensor(x), number_tensor(y), 2)
            if entry.number is not None and isinstance(y, (int, float)) and takes_numbers(_getframe(1)):
                return entry.number(x, y)
        if is_foreign(x) or is_foreign(y):
            return foreign(entry, [x, y])
        raise wrong_call(entry.signature, _getframe(0))

    return apply


def number_tensor(value: Any) -> Tensor:
    """A plain number as a 0-d tensor."""
    if isinstance(value, float):
        return make(mode.default.type(value))
    return make(np.bool_(value) if isinstance(value, bool) else np.int64(value))


def _variant(entry: Binary, values: list[Any], frame: Any) -> Any:
    try:
        with placed(caller(frame)):
            return entry.variant(*values)
    except FAILURES as error:
        from gradsh.engine.operators.blame import blame  # only an error needs it

        raise blame(entry, values, error) from None
