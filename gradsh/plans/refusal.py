"""Why a loop or a call has no plan, or not this one."""

from __future__ import annotations

from types import CodeType
from typing import Any


class NoPlan(Exception):
    """Raised with a sentence wherever a plan could be wrong: the loop then runs as it is written."""


class Seen:
    """Whether a mistake of our own, which means no plan to who uses it, is raised: tests set it."""

    mistakes = False


def mistaken(why: BaseException) -> None:
    """Something was raised that says nothing of the program, whose iteration or call is none the worse. Errors: it,
    where mistakes are to be seen.

    None is where a recording, which is deeper than the program, goes too deep or takes more memory than there is.
    """
    if Seen.mistakes and not isinstance(why, (NoPlan, RecursionError, MemoryError)):
        raise why


class Changed(Exception):
    """What is another in each iteration, and can be in a plan once that is known.

    moving    names, and (the identity of a holder, a key), of numbers
    growing   the identities of lists that get items
    """

    def __init__(self, moving: set[Any], growing: set[int]) -> None:
        super().__init__()
        self.moving, self.growing = moving, growing


class Moved(NoPlan):
    """Raised where a plan begins again and numbers are others, which can be in a plan once that is known: `moving`."""

    def __init__(self, moving: set[Any]) -> None:
        super().__init__("a number is another when the loop runs again")
        self.moving = moving


class Closed:
    """Something of which the body of a loop reads nothing: NoPlan says `why` where it does."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise NoPlan(self.why)

    def __getattr__(self, name: str) -> Any:
        raise NoPlan(self.why)

    def _read(self, *_: Any) -> Any:
        raise NoPlan(self.why)

    __len__ = __iter__ = __getitem__ = __setitem__ = __delitem__ = __contains__ = __bool__ = __call__ = _read
    __float__ = __int__ = __index__ = __neg__ = __pos__ = __abs__ = __invert__ = __reversed__ = _read
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _read
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _read
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __iadd__ = __imul__ = _read
    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __enter__ = __exit__ = _read
    __repr__ = __str__ = __format__ = __array__ = _read
    __hash__ = None  # type: ignore[assignment]


class TooLong(NoPlan):
    """Raised where a recording has more steps than it may have: for what runs often it may have more."""


MISSED: Any = object()  # what is given where a plan is not for what it is given


class Outcome:
    """What became of a loop.

    where   (code, number of the line) of its header
    lines   its plan, [] where it has none
    reason  why it has none, and `place`, (code, lasti) in the program, or None where that is not one place
    """

    def __init__(self, where: tuple[CodeType, int], lines: list[str], reason: str = "", place: Any = None) -> None:
        self.where, self.lines, self.reason, self.place = where, lines, reason, place
