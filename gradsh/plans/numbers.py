"""What stands for a number of Python's that is another in each iteration, while the body of a loop is recorded.

It computes as the number does, by Python's own functions, and each computation is a step of the plan, which does it
again with Python's own numbers: an int stays an int of any size, and what raises in the program stops the plan. Where
it decides (`if`, `while`, `and`) the plan goes on only as long as the answer is that of the recording; where it is read
in any other way (an index, a text, C code) there is no plan.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from gradsh.plans.refusal import NoPlan

KINDS = (int, float, bool)
# Functions whose result is of another type for other values of the same types.
UNSURE = frozenset({operator.pow, min, max, round})


class Unhashable(NoPlan, TypeError):
    """Nothing may be found by a number that changes; who remembers numbers does without."""


class Number:
    """A number of the recorded iteration.

    plain    it itself
    record   where its steps are written down
    """

    __slots__ = ("__weakref__", "plain", "record")

    def __init__(self, record: Any, plain: Any) -> None:
        if type(plain) not in KINDS:
            raise NoPlan("a number becomes something else")
        self.record = record
        self.plain = plain

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.plain)

    root = property(lambda self: self)

    # --- what is read ---

    def looked(self) -> Any:
        self.record.add("guard", None, (self,), None)
        return self.plain

    def __bool__(self) -> bool:
        self.record.add("decide", None, (self,), None, bool(self.plain))
        return bool(self.plain)

    def __hash__(self) -> int:
        raise Unhashable("a number that changes is a key")

    def __float__(self) -> float:
        return float(self.looked())

    def __int__(self) -> int:
        return int(self.looked())

    def __index__(self) -> int:
        return operator.index(self.looked())

    def __complex__(self) -> complex:
        return complex(self.looked())

    def __repr__(self) -> str:
        return repr(self.looked())

    def __format__(self, spec: str) -> str:
        return format(self.looked(), spec)

    def __array__(self, *given: Any, **options: Any) -> Any:
        raise NoPlan("a number that changes is handed to code that is not known")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        for each in inputs:
            if type(each) is not Number and hasattr(type(each), "__array_ufunc__") and hasattr(each, "record"):
                return each.__array_ufunc__(ufunc, method, *inputs, **options)
        raise NoPlan("a number that changes meets an array that is not known")

    # --- what makes another number of it ---

    def bit_length(self) -> Any:
        return called(int.bit_length, (self,))

    def is_integer(self) -> Any:
        return called(type(self.plain).is_integer, (self,))

    def __round__(self, digits: Any = None) -> Any:
        return called(round, (self,) if digits is None else (self, digits))


def called(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What a function of numbers gives, as a step; a plain number where none of them changes.

    The function gives the same for the same numbers, whatever else there is. Errors: as it raises; NotImplemented
    where something is no number.
    """
    record = None
    plain = []
    for each in arguments:
        if type(each) is Number:
            record = each.record
            plain.append(each.plain)
        elif type(each) in KINDS:
            plain.append(each)
        else:
            return NotImplemented
    result = function(*plain)
    if record is None:
        return result
    if result is NotImplemented:
        return result
    out = Number(record, result)
    record.add("number", function, arguments, out, type(result) if function in UNSURE else None)
    return out


def _of_two(name: str) -> None:
    function = getattr(operator, name.strip("_") + "_" if name in ("__and__", "__or__") else name.strip("_"))

    def left(self: Number, other: Any) -> Any:
        return called(function, (self, other))

    def right(self: Number, other: Any) -> Any:
        return called(function, (other, self))

    setattr(Number, name, left)
    setattr(Number, "__r" + name[2:], right)


def _of_one(name: str, function: Callable[..., Any]) -> None:
    setattr(Number, name, lambda self: called(function, (self,)))


def _compared(name: str) -> None:
    function = getattr(operator, name.strip("_"))
    setattr(Number, name, lambda self, other: called(function, (self, other)))


for _name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift"]:
    _of_two(f"__{_name}__")
for _name in ["lt", "le", "eq", "ne", "gt", "ge"]:
    _compared(f"__{_name}__")
for _name in ["neg", "pos", "abs", "invert"]:
    _of_one(f"__{_name}__", getattr(operator, _name))
for _name in ["trunc", "floor", "ceil"]:
    _of_one(f"__{_name}__", getattr(math, _name))
