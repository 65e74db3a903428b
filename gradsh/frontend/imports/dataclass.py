"""`dataclasses`: what `@dataclass` adds to a class of the program's."""

from __future__ import annotations

import itertools
import operator
import re
from types import MappingProxyType
from typing import Any

from gradsh.engine.nn.module import Model
from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.classes import ABSENT, lookup
from gradsh.frontend.exceptions import raised
from gradsh.frontend.kinds import hints_module

__acts_for_programs__ = True


def hints_of(name: str) -> Any:
    return hints_module().Hint(name, module="dataclasses")


class Field:
    """`field(default=…, default_factory=…)`."""

    __slots__ = ("compare", "factory", "hash", "init", "kept", "kw_only", "metadata", "name", "owner", "repr")
    __public__ = frozenset(
        "name type default default_factory init repr compare hash metadata kw_only".split()  # noqa: SIM905 - one line
    )

    def __init__(
        self,
        *,
        default: Any = ABSENT,
        default_factory: Any = ABSENT,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
        hash: Any = None,
        metadata: Any = None,
        kw_only: bool = False,
    ) -> None:
        if default is not ABSENT and default_factory is not ABSENT:
            raise ValueError_("cannot specify both default and default_factory")
        self.name = ""
        self.owner: Any = None
        self.kept = default
        self.factory = default_factory
        self.init, self.repr, self.compare, self.hash, self.kw_only = init, repr, compare, hash, bool(kw_only)
        self.metadata = MappingProxyType(metadata or {})

    def __repr__(self) -> str:
        said = {"name": self.name or None, "type": self.type if self.owner else None, "default": self.default}
        said["default_factory"] = self.default_factory
        said |= {name: getattr(self, name) for name in ("init", "repr", "hash", "compare")}
        said |= {"metadata": self.metadata, "kw_only": self.kw_only if self.owner else MISSING}
        parts = ",".join(f"{name}={text.shown(value)}" for name, value in said.items())
        return f"Field({parts},_field_type={'_FIELD' if self.owner else 'None'})"

    @property
    def default(self) -> Any:
        return MISSING if self.kept is ABSENT else self.kept

    @property
    def default_factory(self) -> Any:
        return MISSING if self.factory is ABSENT else self.factory

    @property
    def type(self) -> Any:
        """What the class says behind the colon."""
        return hints_module().of_class(self.owner).get(self.name)

    def value(self) -> Any:
        return self.factory() if self.factory is not ABSENT else self.kept


class Word:
    """`MISSING`, `KW_ONLY`."""

    __slots__ = ("said",)

    def __init__(self, said: str) -> None:
        self.said = said

    def __repr__(self) -> str:
        return self.said if self.said[0] != "<" else f"{self.said} {text.at(self)}>"


MISSING = Word("<dataclasses._MISSING_TYPE object")


PLAIN = Field()
ORDER = (operator.lt, operator.le, operator.gt, operator.ge)


def names_of(kind: type) -> list[str]:
    """The names that the class and its bases annotate, in order."""
    found: list[str] = []
    for base in reversed(kind.__mro__):
        hints = base.__dict__.get("written", {}).get("@hints", {})
        fields = [name for name, hint in hints.items() if not CLASS_VAR.match(hint) and not BY_NAME.match(hint)]
        found += [name for name in fields if name not in found]
    return found


CLASS_VAR = re.compile(r"['\"]?(typing\.)?ClassVar\b")  # of the class, not of instances
BY_NAME = re.compile(r"['\"]?(dataclasses\.)?KW_ONLY\b")  # what is behind it is given by name
INIT_VAR = re.compile(r"['\"]?(dataclasses\.)?InitVar\b")  # given to `__post_init__`, and not kept


def given_on(kind: type) -> list[str]:
    """The names of fields that are only handed to `__post_init__`."""
    hints: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        hints |= base.__dict__.get("written", {}).get("@hints", {})
    return [name for name, hint in hints.items() if INIT_VAR.match(hint)]


def field_of(kind: type, name: str) -> Field:
    """What the class says of a field."""
    for base in kind.__mro__:
        said = base.__dict__.get("written", {}).get("@fields", {}).get(name)
        if said is not None:
            return said  # type: ignore[no-any-return]  # a Field
    return PLAIN


def _said_of(kind: Any, names: list[str], by_name: bool) -> dict[str, Field]:
    """What the body of a class says of its fields, which it keeps no longer. Errors: ValueError_."""
    said: dict[str, Field] = {}
    for name, hint in kind.written["@hints"].items():
        by_name = by_name or BY_NAME.match(hint) is not None
        held = kind.written.get(name, ABSENT)
        if by_name and name in names and not isinstance(held, Field):
            said[name] = Field(default=held, kw_only=True)
            said[name].name, said[name].owner = name, kind
        elif isinstance(held, Field):
            said[name] = held
            held.name, held.owner = name, kind
            held.kw_only = held.kw_only or by_name
            del kind.written[name]
            type.__delattr__(kind, name)
            if held.kept is not ABSENT:
                kind.written[name] = held.kept
                type.__setattr__(kind, name, held.kept)
        elif type(held) in (list, dict, set):
            said_of = f"mutable default {text.shown(type(held))} for field {name} is not allowed"
            raise ValueError_(f"{said_of}: use default_factory")
    return said


def _shows(names: list[str]) -> Any:
    """The `__repr__` with these fields; within itself an instance is `...`."""
    within: set[int] = set()

    def shown(self: Any) -> str:
        if id(self) in within:
            return "..."
        within.add(id(self))
        try:
            parts = [f"{name}={text.shown(getattr(self, name))}" for name in names]
        finally:
            within.discard(id(self))
        return f"{type(self).__qualname__}({', '.join(parts)})"

    return shown


def dataclass(kind: Any = None, **options: Any) -> Any:
    """`@dataclass`, `@dataclass(frozen=True)`."""
    if kind is None:
        return lambda decorated: dataclass(decorated, **options)
    names = names_of(kind)
    kind.written["@fields"] = _said_of(kind, names, bool(options.get("kw_only")))
    in_init = [name for name in names if field_of(kind, name).init]
    placed = [name for name in in_init if not field_of(kind, name).kw_only]
    for before, name in itertools.pairwise(placed):
        if not _required(kind, before) and _required(kind, name):
            raise TypeError_(f"non-default argument '{name}' follows default argument")
    in_init = [*placed, *(name for name in in_init if name not in placed)]
    handed = given_on(kind)
    names = [name for name in names if name not in handed]
    compared = [name for name in names if field_of(kind, name).compare]

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        keywords = {name.removeprefix("."): value for name, value in keywords.items()}
        given = _given(kind, in_init, len(placed), arguments, keywords)
        _fill(self, kind, names, given)
        after = lookup(type(self), "__post_init__")
        if after is not ABSENT:
            after(self, *(given.get(name, lookup(kind, name)) for name in handed))

    shown_names = [name for name in names if field_of(kind, name).repr]

    def key(self: Any) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in compared)

    def equal(self: Any, other: Any) -> Any:
        return NotImplemented if type(other) is not type(self) else key(self) == key(other)

    def ordered(compare: Any) -> Any:
        return lambda self, other: NotImplemented if type(other) is not type(self) else compare(key(self), key(other))

    made: dict[str, Any] = {
        "__init__": init,
        "__repr__": _shows(shown_names),
        "__eq__": equal,
        "__match_args__": tuple(placed),
    }
    if options.get("slots"):
        made["__slots__"] = tuple(name for name in names if name in kind.written["@hints"])
    if options.get("order"):
        made |= {f"__{compare.__name__}__": ordered(compare) for compare in ORDER}
    if options.get("frozen") or options.get("unsafe_hash"):
        hashed = [name for name in names if _in_hash(field_of(kind, name))]
        made["__hash__"] = lambda self: hash(tuple(getattr(self, name) for name in hashed))
    left = {f"__{each}__" for each in ("init", "repr", "eq") if not options.get(each, True)}
    for name, function in made.items():
        if name not in kind.written and name not in left:
            kind.written[name] = function
            type.__setattr__(kind, name, function)
    if "__hash__" not in kind.written and "__eq__" not in left:
        type.__setattr__(kind, "__hash__", None)
    kind.written["__dataclass_fields__"] = {each.name: each for each in fields(kind)}
    if options.get("frozen"):
        type.__setattr__(kind, "__setattr__", _frozen)
        type.__setattr__(kind, "__delattr__", _kept)
        kind.written["__delattr__"] = _kept
    return kind


def _in_hash(said: Field) -> bool:
    return bool(said.compare if said.hash is None else said.hash)


def _required(kind: Any, name: str) -> bool:
    """Has a field no value but the one that is given?"""
    return lookup(kind, name) is ABSENT and field_of(kind, name).factory is ABSENT


def _given(
    kind: Any, names: list[str], most: int, arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> dict[str, Any]:
    """The arguments by name, of which the first `most` may have their place. Errors: TypeError_ in Python's words."""
    if len(arguments) > most:
        least = 1 + sum(_required(kind, each) for each in names[:most])
        taken = f"from {least} to {most + 1}" if least <= most else str(most + 1)
        said = f"takes {taken} positional argument{'' if taken == '1' else 's'} but {len(arguments) + 1} were given"
        raise TypeError_(f"{kind.__name__}.__init__() {said}")
    given = dict(zip(names, arguments, strict=False))
    for name in keywords:
        if name not in names:
            raise TypeError_(f"{kind.__name__}.__init__() got an unexpected keyword argument '{name}'")
        if name in given:
            raise TypeError_(f"{kind.__name__}.__init__() got multiple values for argument '{name}'")
    given |= keywords
    left = [name for name in names if name not in given and _required(kind, name)]
    missing = [repr(name) for name in left if name in names[:most]] or [repr(name) for name in left]
    if missing:
        by = "positional" if left[0] in names[:most] else "keyword-only"
        listed = missing[0] if len(missing) == 1 else ", ".join(missing[:-1]) + " and " + missing[-1]
        plural = "s" if len(missing) > 1 else ""
        raise TypeError_(f"{kind.__name__}.__init__() missing {len(missing)} required {by} argument{plural}: {listed}")
    return given


def _fill(self: Any, kind: Any, names: list[str], given: dict[str, Any]) -> None:
    for name in names:
        if name in given:
            value = given[name]
        else:
            said = field_of(kind, name)
            value = said.value() if said is not PLAIN else lookup(kind, name)
        if value is not ABSENT:
            if isinstance(self, Model):
                self.__set_member__(name, value)
            else:
                object.__setattr__(self, name, value)


class FrozenInstanceError(AttributeError):
    """What a frozen instance raises where a field is set."""


FrozenInstanceError.__module__ = "dataclasses"


def _frozen(self: Any, name: str, value: Any) -> None:
    raise raised(FrozenInstanceError(f"cannot assign to field '{name}'"))


def _kept(self: Any, name: str) -> None:
    raise raised(FrozenInstanceError(f"cannot delete field '{name}'"))


def fields_of(kind: type) -> list[str]:
    handed = given_on(kind)
    return [name for name in names_of(kind) if name not in handed]


def is_dataclass(value: Any) -> bool:
    """`is_dataclass(instance)`, and of a class."""
    kind = value if isinstance(value, type) else type(value)
    return lookup(kind, "@fields") is not ABSENT


def _all(value: Any, into: Any) -> Any:
    """A value with the data classes in it as what `into` makes of them."""
    if is_dataclass(value) and not isinstance(value, type):
        return into([(name, _all(getattr(value, name), into)) for name in fields_of(type(value))])
    if type(value) in (list, tuple):
        return type(value)(_all(item, into) for item in value)
    if type(value) is dict:
        return {key: _all(item, into) for key, item in value.items()}
    return value


def _instance(value: Any, name: str) -> Any:
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError_(f"{name}() should be called on dataclass instances")
    return value


def asdict(value: Any, *, dict_factory: Any = dict) -> Any:
    """`asdict(instance)`, with those that it holds."""
    return _all(_instance(value, "asdict"), dict_factory)


def astuple(value: Any) -> Any:
    """`astuple(instance)`."""
    return _all(_instance(value, "astuple"), lambda pairs: tuple(item for _, item in pairs))


def replace(value: Any, /, **changes: Any) -> Any:
    """`replace(instance, name=value)`."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError_("replace() should be called on dataclass instances")
    kind = type(value)
    for name in changes:
        if name in fields_of(kind) and not field_of(kind, name).init:
            said = "is declared with init=False, it cannot be specified with replace()"
            raise ValueError_(f"field {name} {said}")
    kept = {name: getattr(value, name) for name in fields_of(kind) if field_of(kind, name).init}
    return kind(**{**kept, **changes})


def fields(value: Any) -> tuple[Field, ...]:
    """`fields(instance)`: `name` and `default` of each."""
    kind = value if isinstance(value, type) else type(value)
    found = []
    for name in fields_of(kind):
        said = field_of(kind, name)
        if said is PLAIN:
            said = Field(default=lookup(kind, name))
            said.name = name
            said.owner = next(
                base for base in kind.__mro__ if name in base.__dict__.get("written", {}).get("@hints", ())
            )
        found.append(said)
    return tuple(found)


def make_dataclass(
    name: str, fields: Any, *, bases: tuple[Any, ...] = (), namespace: Any = None, **options: Any
) -> Any:
    """`make_dataclass(name, [name, (name, type), (name, type, default)])`."""
    from gradsh.frontend.definitions import define

    given = [(field,) if isinstance(field, str) else tuple(field) for field in fields]
    body = {"." + key: value for key, value in (namespace or {}).items()}
    body |= {"." + each[0]: each[2] for each in given if len(each) > 2}
    body |= {"__module__": "types", "__qualname__": name}
    hints = tuple((each[0], "Any") for each in given)
    return dataclass(define({}, bases, hints)("." + name, (), body), **options)


MEMBERS = {
    "make_dataclass": make_dataclass,
    "dataclass": dataclass,
    "field": Field,
    "asdict": asdict,
    "astuple": astuple,
    "replace": replace,
}
MEMBERS |= {"MISSING": MISSING, "KW_ONLY": Word("KW_ONLY"), "InitVar": hints_of("InitVar"), "Field": Field}
MEMBERS |= {"fields": fields, "is_dataclass": is_dataclass, "FrozenInstanceError": FrozenInstanceError}
