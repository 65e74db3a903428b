"""`enum`: classes whose members are the names that their bodies bind."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from types import FunctionType, MappingProxyType
from typing import Any

from gradsh.engine.core.place import type_name
from gradsh.errors import AttributeError_, TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.classes import ABSENT, Object, ProgramType, lookup
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.kinds import Only

__acts_for_programs__ = True

HOSTS = (int, str, float, tuple)  # what members may be beside
NOT_MEMBERS = (FunctionType, staticmethod, classmethod, property, type)


class Auto:
    """`auto()`: the next number, the next bit, or the name in small letters."""

    __slots__ = ()

    def __or__(self, other: Any) -> Bits:
        return Bits((self, other))

    __ror__ = __or__


class Bits(Auto):
    """`READ | WRITE` in the body of a class of flags, whose numbers are not known there."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts

    def bits(self, numbers: dict[int, int]) -> int:
        """What it stands for, by the numbers that the members before it have got."""
        found = 0
        for each in self.parts:
            found |= (
                each.bits(numbers) if isinstance(each, Bits) else numbers[id(each)] if isinstance(each, Auto) else each
            )
        return found


class Member:
    """`member(value)`: in the body of an enumeration, what is a member whatever it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class NonMember(Member):
    """`nonmember(value)`: what is none."""


class EnumType(ProgramType):
    """The class of such a class. `members` are by name, `by_value` by value; an alias is in the first alone."""

    members: dict[str, Any]
    says = True  # what `repr` shows of it: see `frontend.text`

    def __copies__(cls, value: Any, memo: dict[int, Any]) -> Any:
        return value

    def finish(cls) -> None:
        for base in cls.__mro__[1:]:
            if base.__dict__.get("members"):
                raise TypeError_(f"{cls!r} cannot extend {base!r}")
        enumerate_(cls)

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """The member of that value, or `Enum("Name", "A B C")`. Errors: ValueError_ in Python's words."""
        if not cls.members and arguments and (len(arguments) == 2 or "names" in keywords):
            return functional(cls, *arguments, **keywords)
        if len(arguments) != 1:
            raise TypeError_(f"{cls.__name__}() takes the value of a member")
        value = arguments[0]
        for member in cls.members.values():
            if member is value or member.__dict__["_value_"] == value:
                return member
        if issubclass(cls, Flag) and isinstance(value, int):
            return flag(cls, value)
        missing = lookup(cls, "_missing_")
        found = missing.__get__(None, cls)(value) if isinstance(missing, classmethod) else None
        if found is None:
            raise ValueError_(f"{text.shown(value)} is not a valid {cls.__qualname__}")
        return found

    def __iter__(cls) -> Iterator[Any]:
        members: list[Any] = [member for name, member in cls.members.items() if member.__dict__["_name_"] == name]
        return iter(filter(single, members) if issubclass(cls, Flag) else members)

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
        if not isinstance(type(value), EnumType):
            raise TypeError_(f"unsupported operand type(s) for 'in': '{type_name(value)}' and 'EnumType'")
        return any(member is value for member in cls.members.values())

    def __repr__(cls) -> str:
        return f"<{'flag' if issubclass(cls, Flag) else 'enum'} '{cls.__qualname__}'>"

    def __setattr__(cls, name: str, value: Any) -> None:
        if name in cls.__dict__.get("members", ()):
            raise AttributeError_(f"cannot reassign member '{name}'")
        type.__setattr__(cls, name, value)


def _name(self: Any) -> Any:
    return self.__dict__["_name_"]


def _value(self: Any) -> Any:
    return self.__dict__["_value_"]


def _settled(name: str) -> Any:
    def refuse(self: Any, _: Any) -> None:
        raise AttributeError_(f"<enum 'Enum'> cannot set attribute '{name}'")

    return refuse


def _shown(self: Any) -> str:
    return f"<{type(self).__qualname__}.{_name(self)}: {text.shown(_value(self))}>"


def _written(self: Any) -> str:
    return f"{type(self).__qualname__}.{_name(self)}"


def _format(self: Any, spec: str) -> str:
    return format(str(self), spec)


class Enum(Object, metaclass=EnumType):
    """`enum.Enum`."""

    name, value = property(_name, _settled("name")), property(_value, _settled("value"))
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


def functional(base: Any, name: str, names: Any, *, start: int = 1, module: Any = None, **_: Any) -> Any:
    """`Enum("Color", "RED GREEN")`, `Enum("Color", {"RED": 1})`."""
    from gradsh.frontend.definitions import made_class

    if isinstance(names, str):
        names = names.replace(",", " ").split()
    pairs = list(names.items()) if isinstance(names, dict) else list(names)
    numbers = (1 << at for at in range(len(pairs))) if issubclass(base, Flag) else range(start, start + len(pairs))
    body = dict(
        (each, each.lower() if issubclass(base, StrEnum) else number) if isinstance(each, str) else tuple(each)
        for each, number in zip(pairs, numbers, strict=True)
    )
    return made_class(name, (base,), body)


# --- flags ----------------------------------------------------------------------------------------------------------


def single(member: Any) -> bool:
    """Has a flag one bit, no more and no less?"""
    value = _value(member)
    return bool(value > 0 and value & (value - 1) == 0)


def flag(kind: Any, value: int) -> Any:
    """The flag of that value, made where there is none by name. Errors: ValueError_ for bits that no member has."""
    found = next((each for each in kind.members.values() if _value(each) == value), None) or kind.made.get(value)
    if found is not None:
        return found
    every = 0
    for each in kind.members.values():
        every |= _value(each)
    if value < 0:
        value = every & value if not issubclass(kind, int) or value & ~every == ~every else value
        return flag(kind, value)
    if value & ~every and not issubclass(kind, int):
        width = max(value.bit_length(), every.bit_length())
        given, allowed = (f"0b0 {number:0{width}b}" for number in (value, every))
        raise ValueError_(f"{kind!r} invalid value {value}\n    given {given}\n  allowed {allowed}")
    made = int.__new__(kind, value) if issubclass(kind, int) else object.__new__(kind)
    parts = [_name(each) for each in kind if _value(each) & value]
    left = value & ~every
    named = "|".join([*parts, *([str(left)] if left else [])])
    made.__dict__.update(_name_=named or None, _value_=value)
    kind.made[value] = made
    return made


def _bits(self: Any, other: Any) -> Any:
    """The bits of the other operand; None of what is none."""
    if isinstance(other, type(self)):
        return _value(other)
    return other if isinstance(self, int) and isinstance(other, int) else None


def _with(operate: Any) -> Any:
    def call(self: Any, other: Any) -> Any:
        bits = _bits(self, other)
        return NotImplemented if bits is None else flag(type(self), operate(_value(self), bits))

    return call


def _flag_shown(self: Any) -> str:
    name = _name(self)
    return f"<{type(self).__qualname__}{'' if name is None else '.' + name}: {_value(self)!r}>"


class Flag(Enum):
    """`enum.Flag`: members that are put together with `|`."""

    made: dict[int, Any]

    __or__ = __ror__ = _with(operator.or_)
    __and__ = __rand__ = _with(operator.and_)
    __xor__ = __rxor__ = _with(operator.xor)
    __repr__ = _flag_shown

    def __str__(self) -> str:
        name = _name(self)
        return f"{type(self).__qualname__}({_value(self)})" if name is None else f"{type(self).__qualname__}.{name}"

    def __invert__(self) -> Any:
        return flag(type(self), ~_value(self))

    def __bool__(self) -> bool:
        return bool(_value(self))

    def __contains__(self, other: Any) -> bool:
        if not isinstance(other, type(self)):
            raise TypeError_(
                f"unsupported operand type(s) for 'in': '{type(other).__name__}' and '{type(self).__name__}'"
            )
        return bool(_value(other) & _value(self) == _value(other))

    def __iter__(self) -> Iterator[Any]:
        every: Any = type(self)
        return iter([each for each in every if _value(each) & _value(self)])

    def __len__(self) -> int:
        return _value(self).bit_count()  # type: ignore[no-any-return]  # an int

    def __hash__(self) -> int:
        return hash(_value(self))


class IntFlag(int, Flag):
    """`enum.IntFlag`: flags that are numbers."""

    __repr__, __str__, __format__ = _flag_shown, int.__repr__, int.__format__  # type: ignore[assignment]
    __or__ = __ror__ = Flag.__or__  # type: ignore[assignment]
    __and__ = __rand__ = Flag.__and__
    __xor__ = __rxor__ = Flag.__xor__
    __invert__ = Flag.__invert__
    __bool__, __hash__ = int.__bool__, int.__hash__


PROPERTIES = {"name": Enum.name, "value": Enum.value, "_name_": Enum.name, "_value_": Enum.value}
for _kind in (Enum, IntEnum, StrEnum, Flag, IntFlag):
    _kind.written = dict(PROPERTIES) if _kind is Enum else {"__repr__": _kind.__repr__}
    _kind.hosted, _kind.members, _kind.slots = _kind not in (Enum, Flag), {}, None
    _kind.__module__ = "enum"


def enumerate_(kind: Any) -> None:
    """Make the members of a class whose body has run."""
    kind.members, kind.made = {}, {}
    if issubclass(kind, HOSTS) and not issubclass(kind, (IntEnum, StrEnum, Flag)):
        _mixed(kind)
    made: list[Any] = []
    flags = any(base.__qualname__ == "Flag" and base.__module__ in ("enum", __name__) for base in kind.__mro__)
    numbers: dict[int, Any] = {}  # of what stands in the body
    next_value = lookup(kind, "_generate_next_value_")
    host = next((base for base in kind.__mro__ if base in HOSTS), None)
    init = lookup(kind, "__init__")
    ignored = kind.written.pop("_ignore_", ())
    ignored = ignored.replace(",", " ").split() if isinstance(ignored, str) else ignored
    for name in ignored:
        if name in kind.written:
            del kind.written[name]
            type.__delattr__(kind, name)
    for name, value in list(kind.written.items()):
        if isinstance(value, NonMember):
            kind.written[name] = value.value
            type.__setattr__(kind, name, value.value)
            continue
        inside = isinstance(value, Member)
        value = value.value if inside else value
        if name[0] in "_@" or (isinstance(value, NOT_MEMBERS) and not inside) or name in ignored:
            continue
        given = value
        if isinstance(value, Bits):
            value = value.bits(numbers)
        elif isinstance(value, Auto):
            if next_value is not ABSENT:
                value = getattr(next_value, "__func__", next_value)(name, 1, len(made), list(made))
            elif flags:
                value = 1 << max((v.bit_length() for v in made), default=0)
            else:
                value = name.lower() if host is str else 1 + max((v for v in made if isinstance(v, int)), default=0)
        numbers[id(given)] = value
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
    kind.written["__members__"] = MappingProxyType(kind.members)
    kind.written["_member_map_"] = kind.members
    named = [name for name, member in kind.members.items() if _name(member) == name]
    kind.written["_member_names_"] = named
    of_values = [(_value(kind.members[name]), kind.members[name]) for name in named]
    kind.written["_value2member_map_"] = {value: member for value, member in of_values if _hashes(value)}


def _hashes(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _mixed(kind: Any) -> None:
    """Members that are strings too, `class Mode(str, Enum)`, show and print as members, but for what the body says."""
    for name in ("__repr__", "__str__", "__format__"):
        if lookup(kind, name) is ABSENT:
            type.__setattr__(kind, name, getattr(Enum, name))


def unique(kind: Any) -> Any:
    """`@unique`. Errors: ValueError_ for two names of one value."""
    doubled = [f"{name} -> {_name(member)}" for name, member in kind.members.items() if _name(member) != name]
    if doubled:
        raise ValueError_(f"duplicate values found in {text.shown(kind)}: {', '.join(doubled)}")
    return kind


CONTINUOUS, NAMED_FLAGS, UNIQUE = "one integer after the other", "no unnamed bits", "one name per value"


def verify(*checks: str) -> Any:
    """`@verify(UNIQUE, CONTINUOUS)`. Errors: ValueError_ for a class that is not so."""

    def decorate(kind: Any) -> Any:
        if UNIQUE in checks:
            doubled = [f"{name} -> {_name(member)}" for name, member in kind.members.items() if _name(member) != name]
            if doubled:
                raise ValueError_(f"aliases found in {kind!r}: {', '.join(doubled)}")
        if CONTINUOUS in checks:
            values = {_value(each) for each in kind.members.values()}
            bits = issubclass(kind, Flag)
            low, high = min(values), max(values)
            wanted = {1 << at for at in range(high.bit_length())} if bits else set(range(low, high + 1))
            left = ", ".join(map(str, sorted(wanted - values)))
            if left:
                raise ValueError_(f"invalid {'flag' if bits else 'enum'} {kind.__name__!r}: missing values {left}")
        return kind

    return decorate


MORE = {"member": Member, "nonmember": NonMember, "verify": verify}
MORE |= {"CONTINUOUS": CONTINUOUS, "NAMED_FLAGS": NAMED_FLAGS, "UNIQUE": UNIQUE}
MORE["EnumType"] = Only("enum.EnumType", EnumType)


def module(session: Any, name: str) -> Module:
    kinds = {"Enum": Enum, "IntEnum": IntEnum, "StrEnum": StrEnum, "Flag": Flag, "IntFlag": IntFlag}
    return of_members("enum", {**kinds, "auto": Auto, "unique": unique} | MORE)
