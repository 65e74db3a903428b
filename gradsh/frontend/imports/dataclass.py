"""`dataclasses`: what `@dataclass` adds to a class of the program's."""

from __future__ import annotations

from typing import Any

from gradsh.errors import TypeError_
from gradsh.frontend import text
from gradsh.frontend.classes import ABSENT, lookup

__acts_for_programs__ = True


class Field:
    """`field(default=…, default_factory=…)`."""

    __slots__ = ("default", "factory")

    def __init__(self, *, default: Any = ABSENT, default_factory: Any = ABSENT, **_: Any) -> None:
        self.default = default
        self.factory = default_factory

    def value(self) -> Any:
        return self.factory() if self.factory is not ABSENT else self.default


def fields_of(kind: type) -> list[str]:
    """The names that the class and its bases annotate, in order."""
    found: list[str] = []
    for base in reversed(kind.__mro__):
        found += [name for name in base.__dict__.get("written", {}).get("@annotated", ()) if name not in found]
    return found


def dataclass(kind: Any = None, **options: Any) -> Any:
    """`@dataclass`, `@dataclass(frozen=True)`."""
    if kind is None:
        return lambda decorated: dataclass(decorated, **options)
    names = fields_of(kind)

    def init(self: Any, *arguments: Any, **keywords: Any) -> None:
        keywords = {name.removeprefix("."): value for name, value in keywords.items()}
        given = dict(zip(names, arguments, strict=False)) | keywords
        if len(arguments) > len(names):
            said = f"takes {len(names) + 1} positional arguments but {len(arguments) + 1} were given"
            raise TypeError_(f"{kind.__name__}.__init__() {said}")
        for name in keywords:
            if name not in names:
                raise TypeError_(f"{kind.__name__}.__init__() got an unexpected keyword argument '{name}'")
        missing = []
        for name in names:
            default = lookup(kind, name)
            if isinstance(default, Field):
                default = ABSENT if name in given else default.value()
            value = given.get(name, default)
            if value is ABSENT:
                missing.append(repr(name))
            else:
                object.__setattr__(self, name, value)
        if missing:
            listed = missing[0] if len(missing) == 1 else ", ".join(missing[:-1]) + " and " + missing[-1]
            plural = "s" if len(missing) > 1 else ""
            raise TypeError_(
                f"{kind.__name__}.__init__() missing {len(missing)} required positional argument{plural}: {listed}"
            )
        after = lookup(kind, "__post_init__")
        if after is not ABSENT:
            after(self)

    def shown(self: Any) -> str:
        inside = ", ".join(f"{name}={text.shown(getattr(self, name))}" for name in names)
        return f"{kind.__qualname__}({inside})"

    def equal(self: Any, other: Any) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in names)

    made = {"__init__": init, "__repr__": shown, "__eq__": equal}
    for name, function in made.items():
        if name not in kind.written:
            kind.written[name] = function
            type.__setattr__(kind, name, function)
    if options.get("frozen"):
        type.__setattr__(kind, "__setattr__", _frozen)
    return kind


def _frozen(self: Any, name: str, value: Any) -> None:
    from gradsh.errors import AttributeError_

    raise AttributeError_(f"cannot assign to field '{name}'", kind="FrozenInstanceError")


def asdict(value: Any) -> dict[str, Any]:
    """`asdict(instance)`."""
    return {name: getattr(value, name) for name in fields_of(type(value))}


def astuple(value: Any) -> tuple[Any, ...]:
    return tuple(asdict(value).values())


MEMBERS = {"dataclass": dataclass, "field": Field, "asdict": asdict, "astuple": astuple}
