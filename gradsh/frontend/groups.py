"""Groups of exceptions as `except*` takes them apart, and puts together again what is left of them."""

from __future__ import annotations

from typing import Any

from gradsh.errors import TypeError_
from gradsh.frontend.exceptions import MARK, matches, seen
from gradsh.frontend.kinds import python_of

__acts_for_programs__ = True


class Parts:
    """What one `try` has caught.

    whole   the exception; `is_group`: it is a group, none that stands alone
    rest    what of it no clause has taken yet; None for nothing
    raised  what the clauses have raised
    again   what of the whole they have raised again
    """

    __slots__ = ("again", "is_group", "raised", "rest", "whole")

    def __init__(self, whole: BaseException) -> None:
        self.whole = whole
        self.is_group = isinstance(whole, BaseExceptionGroup)
        self.rest: Any = whole
        self.raised: list[BaseException] = []
        self.again: list[BaseException] = []


def part(parts: Parts, *given: Any) -> Any:
    """What a clause with these kinds gets; with what it has raised, and what it got, note that; else what goes on."""
    if len(given) == 1:
        return _taken(parts, given[0])
    if given:
        _noted(parts, *given)
        return None
    return _left(parts)


def _taken(parts: Parts, kinds: Any) -> Any:
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        found = python_of(kind)
        if not isinstance(found, type) or not issubclass(found, BaseException):
            raise TypeError_("catching classes that do not inherit from BaseException is not allowed")
        if issubclass(found, BaseExceptionGroup):
            raise TypeError_("catching ExceptionGroup with except* is not allowed. Use except instead.")
    if parts.rest is None:
        return None
    if parts.is_group:
        taken, parts.rest = parts.rest.split(lambda each: matches(each, kinds))
    elif matches(parts.rest, kinds):
        taken, parts.rest = BaseExceptionGroup("", (parts.rest,)), None  # whose args Python has as a tuple
    else:
        return None
    if taken is not None:
        taken.__dict__.setdefault(MARK, True)
    return taken


def _noted(parts: Parts, raised: BaseException, caught: BaseException) -> None:
    error = seen(raised)  # which raises Ctrl-C and limits again
    if error is parts.whole or error is caught:  # `raise` alone
        parts.again.append(caught)
        return
    if raised.__context__ is not None and seen(raised.__context__) is parts.whole:
        raised.__context__ = caught
    parts.raised.append(error)


def _left(parts: Parts) -> Any:
    again = [*parts.again, *([] if parts.rest is None else [parts.rest])]
    if not parts.is_group:
        return parts.raised[0] if parts.raised else again[0] if again else None
    left = None
    if again:
        kept: set[int] = set()
        for each in again:
            _leaves(each, kept)
        left = parts.whole.subgroup(lambda each: id(each) in kept)  # type: ignore[attr-defined]  # it is a group
    if parts.raised:
        found = [*parts.raised, *([] if left is None else [left])]
        left = found[0] if len(found) == 1 else _group(found)
    if left is not None:
        left.__dict__.setdefault(MARK, True)
    return left


def _group(errors: list[BaseException]) -> BaseException:
    return BaseExceptionGroup("", errors)  # an ExceptionGroup, where it can be one


def _leaves(group: BaseException, found: set[int]) -> None:
    """Add the ids of what is in a group, and in those within it."""
    if not isinstance(group, BaseExceptionGroup):
        found.add(id(group))
        return
    for each in group.exceptions:
        _leaves(each, found)
