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


def exact(x: Any) -> Any:
    """What tells a number or a text of Python's from others: its `repr`, in which -0.0 is not 0.0 and NaN is NaN; of an
    int it itself, for Python writes none of more than 4,300 digits."""
    return x if type(x) is int else repr(x)


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
    window = None

    # --- what is read ---

    def looked(self) -> Any:
        self.record.add("guard", None, (self,), None)
        return self.plain

    def __bool__(self) -> bool:
        self.record.add("decide", None, (self,), None, bool(self.plain))
        return bool(self.plain)

    def __hash__(self) -> int:
        why = NoPlan("a number that changes is a key")
        NoPlan.raised -= 1  # who remembers numbers does without
        raise why

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
        return self.record.called(ufunc, method, inputs, options)

    # --- what makes another number of it ---

    def through(self, function: Callable[..., Any], *others: Any) -> Any:
        """What a function of it and of other numbers gives, in C or not."""
        return called(function, (self, *others))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self.plain), name):  # else as of a number: who asks may do without
            raise NoPlan(f"a number's {name} is not known")
        raise AttributeError(name)

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


def _of_two(function: Callable[..., Any]) -> None:
    def left(self: Number, other: Any) -> Any:
        return called(function, (self, other))

    def right(self: Number, other: Any) -> Any:
        return called(function, (other, self))

    name = function.__name__.strip("_")
    setattr(Number, f"__{name}__", left)
    setattr(Number, f"__r{name}__", right)


def _of_one(function: Callable[..., Any]) -> None:
    setattr(Number, f"__{function.__name__}__", lambda self: called(function, (self,)))


def _compared(function: Callable[..., Any]) -> None:
    setattr(Number, f"__{function.__name__}__", lambda self, other: called(function, (self, other)))


o = operator
for _f in (o.add, o.sub, o.mul, o.truediv, o.floordiv, o.mod, o.pow, o.and_, o.or_, o.xor, o.lshift, o.rshift):
    _of_two(_f)
for _f in (o.lt, o.le, o.eq, o.ne, o.gt, o.ge):
    _compared(_f)
for _g in (o.neg, o.pos, o.abs, o.invert, math.trunc, math.floor, math.ceil):
    _of_one(_g)
