"""What a `class` statement of a Python program makes, and what `super()` finds."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from gradsh.engine.nn.module import Model
from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import text
from gradsh.frontend.access import host_method, put
from gradsh.frontend.classes import BASES, SPECIAL, Object, ProgramType, abstract, bound, object_text, slots_of, special
from gradsh.frontend.kinds import Program, python_of
from gradsh.frontend.networks import inherited, network

__acts_for_programs__ = True


def define(bases: tuple[Any, ...], annotated: tuple[str, ...]) -> Callable[..., Any]:
    """What stands for the metaclass of a class with these bases; `annotated`: the names that its body annotates."""

    def make(name: str, _: tuple[Any, ...], body: dict[str, Any], **keywords: Any) -> Any:
        written = {key[1:]: value for key, value in body.items() if key[0] == "."}
        parts: dict[str, Any] = {"written": written, "__module__": body["__module__"]}
        if "__classcell__" in body:
            parts["__classcell__"] = body["__classcell__"]
        written["@annotated"] = annotated
        full = text.qualified_name(body.get("__qualname__", name))
        if len(bases) == 1 and hasattr(bases[0], "__base__") and not isinstance(bases[0], type):  # NamedTuple
            host, written = bases[0].__base__(name[1:], written)
            if "__doc__" in body:
                written["__doc__"] = body["__doc__"]
            parts |= {"written": written, "__qualname__": full}
            return host if host is not dict and len(written) == 1 else _plain(name[1:], (host,), parts)
        if "__doc__" in body:
            written["__doc__"] = body["__doc__"]
        kinds = [python_of(base) for base in bases]
        for base, kind in zip(bases, kinds, strict=True):
            if kind is None and getattr(base, "__name__", "") != "Generic" and not hasattr(base, "__typing__"):
                raise TypeError_(f"{text.shown(base)} cannot be the base of a class")
        found = tuple(kind for kind in kinds if kind is not None and kind is not object)
        parts["__qualname__"] = full
        if any(issubclass(kind, Model) for kind in found):
            return network(name[1:], found, parts)
        return _plain(name[1:], found, parts)

    return make


def _plain(name: str, bases: tuple[type, ...], parts: dict[str, Any]) -> Any:
    for base in bases:
        if not isinstance(base, ProgramType) and not (
            base in BASES or issubclass(base, BaseException) or _is_named_tuple(base)
        ):
            raise TypeError_(f"type '{base.__name__}' is not an acceptable base type")
    hosted = any(not isinstance(base, ProgramType) or base.hosted for base in bases)
    if not any(isinstance(base, ProgramType) for base in bases) and not hosted:
        bases = (*bases, Object)
    written = parts["written"]
    parts["hosted"], parts["slots"] = hosted, slots_of(written, bases)
    parts |= {key: value for key, value in written.items() if not key.startswith("__") or key in SPECIAL}
    parts.update(special(written))
    shown = any(issubclass(base, BASES) or hasattr(base, "stands_for") for base in bases)
    if hosted and "__repr__" not in parts and not shown:
        parts["__repr__"] = object_text
    made = ProgramType(name, bases, parts)
    left = abstract(written, bases)
    if left:
        made.__abstractmethods__ = left  # type: ignore[attr-defined]  # so that Python itself makes no instance
    made.finish()
    return made


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


# --- super() ------------------------------------------------------------------------------------------------------


class Super:
    """`super()` of a method: what the classes behind its own bind."""

    __slots__ = ("kind", "owner")

    def __init__(self, kind: Any, owner: Any) -> None:
        self.kind = kind
        self.owner = owner

    def __member__(self, name: str) -> Any:
        owner = self.owner
        start = owner if isinstance(owner, type) else type(owner)
        mro = start.__mro__
        if self.kind not in mro:
            raise TypeError_("super(type, obj): obj must be an instance or subtype of type")
        for base in mro[mro.index(self.kind) + 1 :]:
            own = base.__dict__.get("written")
            if own is not None and name in own:
                return bound(own[name], owner)
        if isinstance(owner, Model):
            return inherited(owner, name, self.kind)
        return _of_python(owner, start, name)

    def __set_member__(self, name: str, value: Any) -> None:
        raise AttributeError_(f"'super' object has no attribute '{name}'")


def _of_python(owner: Any, kind: Any, name: str) -> Any:
    """What `super()` finds where no class of the program has it: Python's own, for what is safe of it."""
    if name == "__new__":
        return lambda cls, *arguments, **keywords: _host(cls).__new__(cls, *(arguments if kind.hosted else ()))
    if name == "__init__":
        if isinstance(owner, BaseException):
            return lambda *arguments: setattr(owner, "args", arguments)
        host = _host(kind)
        begin: Any = vars(host).get("__init__")
        return lambda *a, **k: begin(owner, *a, **k) if host is not object else None
    if name == "__setattr__":
        return lambda key, value: put(owner, key, value)
    if name == "__getattribute__":
        return lambda key: getattr(owner, key) if not key.startswith("__") else None
    if name in SPECIAL or (kind.hosted and not name.startswith("_")):
        host = _host(kind)
        if host is not object or name in ("__repr__", "__str__", "__eq__", "__hash__"):
            found = host_method(host if host is not object else Object, name)
            if found is not None:
                return MethodType(found, owner)
    raise AttributeError_(f"'super' object has no attribute '{name}'")


def _host(kind: type) -> type:
    """The base of Python's own that a class has; object."""
    return next((base for base in kind.__mro__ if not isinstance(base, Program)), object)


def super_of(kind: Any, owner: Any = None) -> Any:
    """`super()`, with the class and the instance written out."""
    found = python_of(kind)
    if found is None or owner is None:
        raise TypeError_("super(): no arguments")
    return Super(found, owner)
