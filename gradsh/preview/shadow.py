"""The globals that a line is looked at in: the session's, in which nothing can be changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.dtypes import Size
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.preview.purity import Reach
from gradsh.preview.refusals import Dear, Impure
from gradsh.runtime import access, commands, python
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.namespace import prepare
from gradsh.runtime.sets import Set

if TYPE_CHECKING:
    from gradsh.session.session import Session

FUNCTIONS = (FunctionType, BuiltinFunctionType)
PLAIN = (Tensor, str, dict, Size, np.ndarray, np.generic)  # whose methods change nothing, or are met by the guard
# methods that make a text as long as a number says
GROWING = frozenset(("center", "expandtabs", "format", "ljust", "replace", "rjust", "zfill"))
LONG = 10_000  # items that Python's own functions may go over, and that a list may be made of at once


class Shadow:
    """A copy of a session's globals as `space`, and as `reach` all that the line can come to from there.

    The session's own functions look their names up in the copy. Errors: Impure, for a line with a command in it.
    """

    def __init__(self, session: Session, builtins: Collection[str], echo: Callable[[Any, int], None]) -> None:
        if any(name in commands.WORDS for name in builtins):
            raise Impure
        real = session.globals
        space = self.space = dict(real)
        self.reach = Reach(space)
        prepare(space, builtins)
        for key, value in space.items():
            if key[0] == ".":
                if value.__class__ is FunctionType and value.__globals__ is real:
                    space[key] = renewed(value, space)
                elif value is not len and isinstance(value, FUNCTIONS) and is_pythons(key[1:], value):
                    space[key] = bounded(value)
        space["@times"] = times
        space["@echo"], space["@method"], space["@attr"] = echo, self.method, self.attribute

    def method(self, value: Any, name: str, user: Callable[[], Any] | None = None) -> Any:
        """`value.name`, to be called. Errors: Impure, where the call would change the value."""
        found = access.method(value, name, user)
        kind = value.__class__
        if kind in (list, dict, Set) and id(value) not in self.reach.seen:
            return found  # it has been made by the line itself
        if kind is dict and name in access.CHANGING:
            raise Impure
        if kind is str and name in GROWING:
            raise Dear
        if isinstance(value, PLAIN) or name in getattr(type(value), "__looks__", ()):
            return found
        inner = found.__func__ if found.__class__ is MethodType else found
        if inner.__class__ is FunctionType and is_users(inner):
            self.reach.value(inner)
            return found
        raise Impure

    def attribute(self, value: Any, name: str) -> Any:
        """`value.name`. Errors: Impure for what is a method, and would change the value."""
        found = access.attribute(value, name)
        return self.method(value, name) if found.__class__ in (FunctionType, MethodType) else found


def times(one: Any, two: Any) -> Any:
    """`one * two`. Errors: Dear, for a list or text repeated often, and for long integers."""
    for items, count in ((one, two), (two, one)):
        if count.__class__ is int and items.__class__ in (list, tuple, str) and len(items) * count > LONG:
            raise Dear
    if one.__class__ is two.__class__ is int and one.bit_length() + two.bit_length() > LONG:
        raise Dear
    return one * two


def renewed(function: FunctionType, space: dict[str, Any]) -> FunctionType:
    """The function with other globals."""
    made = FunctionType(function.__code__, space, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def is_pythons(name: str, value: Any) -> bool:
    """Is it one of Python's own functions on plain values, which take as long as these have items?"""
    return python.OWN.get(name) is value or (name in python.SHARED and BUILTINS.values.get(name) is value)


def bounded(function: Any) -> Any:
    """One of Python's own functions, which nothing stops while it goes over its items."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        if any(value.__class__ in (list, tuple, dict, str, Set) and len(value) > LONG for value in arguments):
            raise Dear
        return function(*arguments, **keywords)

    call.__name__ = call.__qualname__ = function.__name__
    return call
