"""Python's own functions in Python programs."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import FunctionType
from typing import Any

from gradsh import errors
from gradsh.engine.core.users import spelled
from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import access, text
from gradsh.frontend.classes import ABSENT, Object, lookup
from gradsh.frontend.kinds import TYPES, Program, is_class, kept, kind_of, python_of
from gradsh.runtime import steps
from gradsh.runtime.python import OWN, SHARED

__acts_for_programs__ = True


def is_instance(value: Any, kind: Any) -> bool:
    """`isinstance(value, kind)`."""
    if isinstance(kind, tuple):
        return any(is_instance(value, one) for one in kind)
    tells = kept(kind, "tells") if isinstance(kind, (FunctionType, Program)) else None
    if tells is not None:
        return bool(tells(value))
    asks: Any = lookup(type(kind), "__instancecheck__") if isinstance(kind, Program) else ABSENT
    if asks is not ABSENT:
        return type(value) is kind or bool(asks(kind, value))
    python = python_of(kind)
    if python is None:
        if hasattr(kind, "__instance__"):
            return bool(kind.__instance__(value))
        raise TypeError_("isinstance() arg 2 must be a type, a tuple of types, or a union")
    if python is Object:
        return True
    return isinstance(value, kept(python, "stands_for", python))


def is_subclass(kind: Any, of: Any) -> bool:
    """`issubclass(kind, of)`."""
    if isinstance(of, tuple):
        return any(is_subclass(kind, one) for one in of)
    asks: Any = lookup(type(of), "__subclasscheck__") if isinstance(of, Program) else ABSENT
    if asks is not ABSENT:
        return bool(asks(of, kind))
    first, second = python_of(kind), python_of(of)
    if first is not None and isinstance(of, Program) and kept(of, "tells_class") is not None:
        return bool(kept(of, "tells_class")(first))
    if first is None or second is None:
        raise TypeError_("issubclass() arg 1 must be a class")
    second = kept(second, "stands_for", second)
    return second is Object or issubclass(first, second)


def type_of(*arguments: Any) -> Any:
    """`type(value)`."""
    if len(arguments) == 3:
        from gradsh.frontend.definitions import made_class

        return made_class(*arguments)
    if len(arguments) != 1:
        raise TypeError_("type() takes 1 or 3 arguments")
    value = arguments[0]
    if isinstance(value, type) or is_class(value):
        if "written" in type(value).__dict__ and type(value).__module__[:7] != "gradsh.":
            return type(value)  # a metaclass of the program's
        return type_of  # not the class of that class, which would make others
    return kind_of(value)


type_of.makes = type  # type: ignore[attr-defined]  # `isinstance(x, type)`


def get_attribute(value: Any, name: Any, *default: Any) -> Any:
    """`getattr(value, name, default)`."""
    if not isinstance(name, str):
        raise TypeError_("attribute name must be string, not '" + type(name).__name__ + "'")
    try:
        return access.attribute(value, name)
    except (AttributeError_, AttributeError):
        if default:
            return default[0]
        raise


def has_attribute(value: Any, name: Any) -> bool:
    """`hasattr(value, name)`."""
    return get_attribute(value, name, NOTHING) is not NOTHING


NOTHING = object()


def set_attribute(value: Any, name: Any, new: Any) -> None:
    """`setattr(value, name, new)`."""
    access.set_attribute(new, value, name)


def delete_attribute(value: Any, name: Any) -> None:
    """`delattr(value, name)`."""
    access.delete_attribute(value, name)


def variables(*value: Any) -> Any:
    """`vars(value)`."""
    if len(value) != 1:
        raise TypeError_("vars() takes 1 argument here")
    return access.attribute(value[0], "__dict__")


def directory(*value: Any) -> list[str]:
    """`dir(value)`."""
    return access.names(value[0]) if value else []


def identity(value: Any) -> int:
    """`id(value)`: a number that no other value has while this one lives."""
    return text.address(value)


def is_callable(value: Any) -> bool:
    return callable(value)


def keyed(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python's that reads all of its items at once."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        return function(*map(steps.collected, arguments), **keywords)

    call.__name__ = call.__qualname__ = function.__name__
    return call


def power(base: Any, exponent: Any, modulus: Any = None) -> Any:
    """`pow(base, exponent)`."""
    if modulus is not None:
        return pow(base, exponent, modulus)
    return base ** steps.exponent(base, exponent)


def refused(name: str) -> Callable[..., Any]:
    """A function of Python's that would lead out of the program."""

    def call(*arguments: Any, **keywords: Any) -> Any:
        raise errors.Sandboxed(f"{name}() is not in gradsh: a program reaches only what it has bound")

    call.__name__ = call.__qualname__ = name
    return call


def ignored(*arguments: Any, **keywords: Any) -> None:
    """`help(x)` and the like: nothing that a program can use."""


def next_of(items: Any, /, *default: Any) -> Any:
    """`next(items, default)`."""
    return next(items, *default)


def iterator(items: Any, /, *end: Any) -> Any:
    return iter(items, *end)


def formatted(value: Any, spec: str = "") -> str:
    """`format(value, spec)`."""
    return text.formatted(value, None, spec)


def called(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """A call with keywords of what may be the program's."""
    return function(*arguments, **spelled(function, keywords))


NAMES: dict[str, Any] = {
    **{kind.__name__: TYPES[kind] for kind in (int, float, bool, complex, str, bytes, list, tuple, dict, set)},
    **{kind.__name__: TYPES[kind] for kind in (frozenset, slice, bytearray, memoryview, property, map)},
    **{name: OWN[name] for name in ("len", "zip", "enumerate", "reversed", "filter", "range")},
    **{name: SHARED[name] for name in ("abs", "round", "min", "max", "sum", "any", "all")},
    "sorted": steps.ordered,
    "isinstance": is_instance,
    "issubclass": is_subclass,
    "type": type_of,
    "getattr": get_attribute,
    "hasattr": has_attribute,
    "setattr": set_attribute,
    "delattr": delete_attribute,
    "vars": variables,
    "dir": directory,
    "id": identity,
    "callable": is_callable,
    "repr": text.shown,
    "ascii": lambda value: text.formatted(value, "a", ""),
    "format": formatted,
    "iter": iterator,
    "next": next_of,
    "aiter": aiter,
    "anext": anext,
    "pow": power,
    "divmod": divmod,
    "hash": hash,
    "ord": ord,
    "chr": chr,
    "hex": hex,
    "bin": bin,
    "oct": oct,
    "object": Object,
    "staticmethod": staticmethod,
    "classmethod": classmethod,
    "NotImplemented": NotImplemented,
    "Ellipsis": ...,
    "__name__": "__main__",
    "__debug__": True,
    "__doc__": None,
    "help": ignored,
    **{name: refused(name) for name in ("__import__", "breakpoint")},
    **{
        name: kind
        for name, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    },
}
