"""`enum`: classes whose members are the names that their bodies bind."""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from gradsh.errors import AttributeError_, TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.classes import Object, ProgramType, lookup
from gradsh.frontend.imports import Module, of_members

__acts_for_programs__ = True

NOT_MEMBERS = (FunctionType, staticmethod, classmethod, property, type)


class Auto:
    """`auto()`: the next number, or the name in small letters."""

    __slots__ = ()


class EnumType(ProgramType):
    """The class of such a class. `members` are by name, `by_value` by value; an alias is in the first alone."""

    members: dict[str, Any]

    def __copies__(cls, value: Any, memo: dict[int, Any]) -> Any:
        return value

    def finish(cls) -> None:
        enumerate_(cls)

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """The member of that value. Errors: ValueError_ in Python's words."""
        if len(arguments) != 1:
            raise TypeError_(f"{cls.__name__}() takes the value of a member")
        value = arguments[0]
        for member in cls.members.values():
            if member is value or member.__dict__["_value_"] == value:
                return member
        missing = lookup(cls, "_missing_")
        found = missing.__get__(None, cls)(value) if isinstance(missing, classmethod) else None
        if found is None:
            raise ValueError_(f"{text.shown(value)} is not a valid {cls.__qualname__}")
        return found

    def __iter__(cls) -> Iterator[Any]:
        members: list[Any] = [member for name, member in cls.members.items() if member.__dict__["_name_"] == name]
        return iter(members)

    def __reversed__(cls) -> Iterator[Any]:
        members: list[Any] = list(iter(cls))
        return iter(members[::-1])

    def __len__(cls) -> int:
        return len(list(iter(cls)))

    def __bool__(cls) -> bool:
        return True

    def __getitem__(cls, name: str) -> Any:
        return cls.members[name]

    def __contains__(cls, value: object) -> bool:
        return any(member is value for member in cls.members.values())

    def __repr__(cls) -> str:
        return f"<enum '{cls.__qualname__}'>"

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in cls.__dict__.get("members", ()):
            raise AttributeError_(f"cannot reassign member '{name}'")
        type.__setattr__(cls, name, value)


def _name(self: Any) -> Any:
    return self.__dict__["_name_"]


def _value(self: Any) -> Any:
    return self.__dict__["_value_"]


def _shown(self: Any) -> str:
    return f"<{type(self).__qualname__}.{_name(self)}: {text.shown(_value(self))}>"


def _written(self: Any) -> str:
    return f"{type(self).__qualname__}.{_name(self)}"


def _format(self: Any, spec: str) -> str:
    return format(str(self), spec)


class Enum(Object, metaclass=EnumType):
    """`enum.Enum`."""

    name, value = property(_name), property(_value)
    __repr__, __str__, __format__ = _shown, _written, _format

    def __hash__(self) -> int:
        return hash(self.__dict__["_name_"])


class IntEnum(int, Enum):
    """`enum.IntEnum`: members are numbers."""

    __repr__, __str__, __format__ = _shown, int.__repr__, int.__format__  # type: ignore[assignment]
    __hash__ = int.__hash__


class StrEnum(str, Enum):
    """`enum.StrEnum`: members are strings."""

    __repr__, __str__, __format__ = _shown, str.__str__, str.__format__  # type: ignore[assignment]
    __hash__ = str.__hash__


PROPERTIES = {"name": Enum.name, "value": Enum.value, "_name_": Enum.name, "_value_": Enum.value}
for _kind in (Enum, IntEnum, StrEnum):
    _kind.written = dict(PROPERTIES) if _kind is Enum else {}
    _kind.hosted, _kind.members, _kind.slots = _kind is not Enum, {}, None


def enumerate_(kind: Any) -> None:
    """Make the members of a class whose body has run."""
    kind.members = {}
    made: list[Any] = []
    host = next((base for base in kind.__mro__ if base in (int, str, float)), None)
    init = lookup(kind, "__init__")
    for name, value in list(kind.written.items()):
        if name[0] in "_@" or isinstance(value, NOT_MEMBERS):
            continue
        if isinstance(value, Auto):
            value = name.lower() if host is str else 1 + max((v for v in made if isinstance(v, int)), default=0)
        known = next((each for each in kind.members.values() if each.__dict__["_value_"] == value), None)
        if known is None:
            made.append(value)
            known = object.__new__(kind) if host is None else host.__new__(kind, value)
            known.__dict__.update(_name_=name, _value_=value)
            if isinstance(init, FunctionType):
                init(known, *(value if isinstance(value, tuple) else (value,)))
        kind.written[name] = known
        type.__setattr__(kind, name, known)
        kind.members[name] = known
    kind.written["__members__"] = kind.members


def unique(kind: Any) -> Any:
    """`@unique`. Errors: ValueError_ for two names of one value."""
    doubled = [f"{name} -> {_name(member)}" for name, member in kind.members.items() if _name(member) != name]
    if doubled:
        raise ValueError_(f"duplicate values found in {text.shown(kind)}: {', '.join(doubled)}")
    return kind


def module(session: Any, name: str) -> Module:
    kinds = {"Enum": Enum, "IntEnum": IntEnum, "StrEnum": StrEnum}
    return of_members("enum", {**kinds, "auto": Auto, "unique": unique})
