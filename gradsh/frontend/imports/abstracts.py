"""`collections.abc`, `UserDict` and its kin as bases: the rest of their methods comes from Python's, as it is there."""

from __future__ import annotations

import collections
import collections.abc
from types import FunctionType
from typing import Any

from gradsh.frontend import text
from gradsh.frontend.classes import Object, ProgramType
from gradsh.frontend.imports import NONE, Module

__acts_for_programs__ = True

# each behind those that it is made of
_ABSTRACT = """
Hashable Sized Iterable Container Iterator Reversible Collection Callable Generator Set MutableSet Mapping
MutableMapping Sequence MutableSequence
"""
NOT_FOR_PROGRAMS = frozenset(("__class_getitem__", "__subclasshook__", "__new__", "__init_subclass__"))
KINDS: dict[str, Any] = {}


def _made(name: str, host: Any) -> Any:
    """A class of programs' that has the methods of one of Python's, for which it stands."""
    bases = tuple(KINDS[base.__name__] for base in host.__bases__ if base.__name__ in KINDS) or (Object,)
    named = vars(host).items()
    written = {key: value for key, value in named if isinstance(value, FunctionType) and key not in NOT_FOR_PROGRAMS}
    parts: dict[str, Any] = {"written": written, "hosted": False, "slots": None, "__module__": host.__module__}
    hidden = {key: value for key, value in named if isinstance(value, classmethod) or key.endswith("__marker")}
    hidden = {key: value for key, value in hidden.items() if key not in NOT_FOR_PROGRAMS}
    made: Any = ProgramType(name, bases, {**hidden, **written, **parts, "stands_for": host})
    if "__eq__" in written and "__hash__" not in written:
        made.__hash__ = None
    if host.__abstractmethods__:
        made.__abstractmethods__ = host.__abstractmethods__
    host.register(made)
    return made


def _shows(self: Any) -> str:
    return text.shown(self.data)


def kind(name: str) -> Any:
    """`collections.abc.Mapping`, or `UserDict`. Errors: KeyError."""
    if not KINDS:
        for each in _ABSTRACT.split():
            KINDS[each] = _made(each, getattr(collections.abc, each))
        for each in ("UserDict", "UserList", "UserString"):
            made = KINDS[each] = _made(each, getattr(collections, each))
            if each != "UserString":
                made.__repr__ = made.written["__repr__"] = _shows
    return KINDS[name]


def abc() -> Module:
    """`collections.abc`. What cannot be a base here is Python's own."""

    def find(name: str) -> Any:
        try:
            return kind(name)
        except KeyError:
            return getattr(collections.abc, name, NONE) if name in collections.abc.__all__ else NONE

    return Module("collections.abc", find, has=collections.abc.__all__)
