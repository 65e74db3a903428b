"""`typing`: what is written behind colons, and the bases that are there: NamedTuple, TypedDict, Generic, Protocol."""

from __future__ import annotations

import collections
from typing import Any

from gradsh.errors import TypeError_
from gradsh.frontend import access, hints, text
from gradsh.frontend.builtins import type_of
from gradsh.frontend.classes import ABSENT, Object, lookup
from gradsh.frontend.exceptions import failed
from gradsh.frontend.hints import ForwardRef, Hint, TypeVar
from gradsh.frontend.imports import NONE, Module
from gradsh.frontend.imports.abstracts import kind
from gradsh.frontend.kinds import TYPES, kept

__acts_for_programs__ = True


class NamedKind:
    """`typing.NamedTuple`: a base, or called with the fields."""

    __name__ = "NamedTuple"

    def __call__(self, name: str, fields: Any = (), **more: Any) -> Any:
        return collections.namedtuple(name, [field for field, _ in (*fields, *more.items())])

    def __repr__(self) -> str:
        return "<function NamedTuple>"

    def __base__(self, name: str, body: dict[str, Any]) -> Any:
        """The class with that body: its fields are the names that it annotates."""
        fields = list(body["@hints"])
        defaults = [body[field] for field in fields if field in body]
        make: Any = collections.namedtuple
        made: Any = make(name, fields, defaults=defaults)
        made.written = {"@hints": body["@hints"]}
        return made, {key: value for key, value in body.items() if key not in fields}


class DictKind(NamedKind):
    """`typing.TypedDict`: a dict."""

    __name__ = "TypedDict"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return dict

    def __base__(self, name: str, body: dict[str, Any]) -> Any:
        return dict, body


class Protocol(Object):
    """`typing.Protocol`: see `protocol`."""


Protocol.written, Protocol.hosted, Protocol.slots, Protocol.__module__ = {}, False, None, "typing"


def protocol(made: Any) -> None:
    """Make a class one whose instances are told by what they have, once `@runtime_checkable` stands above it."""
    made.told = True

    def refuse(_: Any) -> bool:
        raise TypeError_("Instance and class checks can only be used with @runtime_checkable protocols")

    made.tells = made.tells_class = refuse


def runtime_checkable(made: Any) -> Any:
    """`@runtime_checkable`. Errors: TypeError_ for what is no protocol."""
    if not isinstance(made, type) or not kept(made, "told"):
        raise TypeError_(f"@runtime_checkable can be only applied to protocol classes, got {text.shown(made)}")
    names: list[str] = []
    for base in made.__mro__:
        if kept(base, "told"):
            own = base.__dict__["written"]
            names += [name for name in (*own, *own.get("@hints", ())) if name[0] != "@" and name not in UNTOLD]

    def tells(value: Any) -> bool:
        return isinstance(value, made) or all(_has(value, name) for name in names)

    def tells_class(found: Any) -> bool:
        if any(base.__dict__["written"].get("@hints") for base in made.__mro__ if kept(base, "told")):
            raise TypeError_("Protocols with non-method members don't support issubclass()")
        return issubclass(found, made) or all(_has(found, name) for name in names)

    kind: Any = made
    kind.tells, kind.tells_class = tells, tells_class
    return made


UNTOLD = frozenset(("__doc__", "__init__", "__slots__", "__new__", "__init_subclass__", "__class_getitem__"))


def _has(value: Any, name: str) -> bool:
    if isinstance(value, type) and lookup(value, name) is not ABSENT:
        return lookup(value, name) is not None
    try:
        access.attribute(value, name)
    except Exception:
        return False
    return True


class NewType:
    """`NewType("UserId", int)`: called, it gives what it is given."""

    def __init__(self, name: str, kind: Any) -> None:
        self.__name__ = name
        self.__supertype__ = kind

    def __call__(self, value: Any) -> Any:
        return value

    def __member__(self, name: str) -> Any:
        if name not in ("__name__", "__qualname__", "__supertype__", "__module__"):
            raise KeyError(name)
        return "__main__" if name == "__module__" else getattr(self, name.replace("qual", ""))

    def __members__(self) -> list[str]:
        return ["__name__", "__supertype__"]

    def __or__(self, other: Any) -> Any:
        return Hint(self.__name__, None, None, "__main__") | other

    def __repr__(self) -> str:
        return f"__main__.{self.__name__}"


def _itself(value: Any = None, *_: Any, **__: Any) -> Any:
    return value


def _never(value: Any) -> Any:
    """`assert_never(value)`. Errors: AssertionFailed, always."""
    raise failed(f"Expected code to be unreachable, but got: {text.shown(value)}")


def _overload(function: Any) -> Any:
    return function


OF_TYPES = {
    "List": list, "Dict": dict, "Set": set, "FrozenSet": frozenset, "Tuple": tuple, "Deque": collections.deque,
    "DefaultDict": collections.defaultdict, "OrderedDict": collections.OrderedDict, "Counter": collections.Counter,
    "ChainMap": collections.ChainMap,
}  # fmt: skip
OF_ABC = {"AbstractSet": "Set"} | {
    name: name
    for name in """
    Callable Collection Container Generator Hashable Iterable Iterator Mapping MutableMapping MutableSequence MutableSet
    Reversible Sequence Sized
    """.split()  # noqa: SIM905 - one each line would be fourteen lines
}
FUNCTIONS: dict[str, Any] = {
    "NamedTuple": NamedKind(),
    "TypedDict": DictKind(),
    "TypeVar": TypeVar,
    "ParamSpec": TypeVar,
    "TypeVarTuple": TypeVar,
    "ForwardRef": ForwardRef,
    "NewType": NewType,
    "cast": lambda kind, value: value,
    "get_type_hints": hints.type_hints,
    "get_origin": hints.get_origin,
    "get_args": hints.get_args,
    "runtime_checkable": runtime_checkable,
    "overload": _overload,
    "final": _itself,
    "override": _itself,
    "no_type_check": _itself,
    "dataclass_transform": lambda **_: _itself,
    "reveal_type": _itself,
    "assert_type": _itself,
    "assert_never": _never,
    "is_typeddict": lambda kind: False,
    "TYPE_CHECKING": False,
    "AnyStr": TypeVar("AnyStr"),
}


def typed(name: str) -> Any:
    """A member of the module."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in OF_TYPES:
        python = OF_TYPES[name]
        return Hint(name, None, TYPES.get(python, python))
    if name in OF_ABC:
        return Hint(name, None, kind(OF_ABC[name]))
    if name == "Protocol":
        return Hint(name, None, Protocol)
    if name in ("Type", "Text"):
        return Hint(name, None, type_of) if name == "Type" else TYPES[str]
    return Hint(name) if name[:1].isupper() else NONE


def module(session: Any, name: str) -> Module:
    import typing

    return Module("typing", typed, has=[name for name in typing.__all__ if typed(name) is not NONE])
