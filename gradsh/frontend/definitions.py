"""What a `class` statement of a Python program makes, and what `super()` finds."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import FunctionType, MethodType
from typing import Any

from gradsh.engine.core.place import type_name
from gradsh.engine.core.users import spelled
from gradsh.engine.nn.module import Model
from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import text
from gradsh.frontend.access import host_method, plain_attribute, put, take
from gradsh.frontend.classes import (
    ABSENT,
    BASES,
    OWN,
    SPECIAL,
    Object,
    ProgramType,
    abstract,
    bound,
    lookup,
    object_text,
    slots_of,
    special,
)
from gradsh.frontend.fields import takes_fields
from gradsh.frontend.kinds import Hints, Program, hints_module, is_hint, kept, python_of
from gradsh.frontend.networks import inherited, network

__acts_for_programs__ = True


def define(
    space: dict[str, Any], bases: tuple[Any, ...], hints: tuple[tuple[str, str], ...], /, **keywords: Any
) -> Callable[..., Any]:
    """What stands for the metaclass of a class with these bases; `hints`: the names that its body annotates, and how.

    `space`: the globals that it stands in.

    `keywords` are the class statement's: `metaclass`, and what `__init_subclass__` takes.
    """

    def make(name: str, _: tuple[Any, ...], body: dict[str, Any], **__: Any) -> Any:
        written = {key[1:]: value for key, value in body.items() if key[0] == "."}
        parts: dict[str, Any] = {"written": written, "__module__": body["__module__"]}
        if "__classcell__" in body:
            parts["__classcell__"] = body["__classcell__"]
        written["@hints"] = Hints(hints, space)
        full = text.qualified_name(body.get("__qualname__", name))
        if len(bases) == 1 and hasattr(bases[0], "__base__") and not isinstance(bases[0], type):  # NamedTuple
            host, written = bases[0].__base__(name[1:], written)
            if "__doc__" in body:
                written["__doc__"] = body["__doc__"]
            parts |= {"written": written, "__qualname__": full}
            return host if host is not dict and len(written) == 1 else _plain(name[1:], (host,), parts)
        if "__doc__" in body:
            written["__doc__"] = body["__doc__"]
        for implicit in ("__init_subclass__", "__class_getitem__"):
            if isinstance(written.get(implicit), FunctionType):
                written[implicit] = classmethod(written[implicit])
        kinds = [python_of(base.origin if is_hint(base) else base) for base in bases]
        for base, kind in [*zip(bases, kinds, strict=True)]:
            if kind is None and not is_hint(base):
                raise TypeError_(f"{text.shown(base)} cannot be the base of a class")
            if takes_fields(kind) and not isinstance(kind, ProgramType):  # `class Clipped(Adam)`
                kinds[kinds.index(kind)] = import_module("gradsh.frontend.concrete").own_base(kind, base)
        found = tuple(kind for kind in kinds if kind is not None and kind is not object)
        if any(is_hint(base) for base in bases) and "__class_getitem__" not in written:  # `Generic[T]`
            written["__class_getitem__"] = classmethod(_alias)
        parts["__qualname__"] = full
        given = dict(keywords)
        meta = metaclass_of(given.pop("metaclass", None), found)
        if any(kind is type or isinstance(kind, MetaKind) for kind in found):
            return metaclass(name[1:], found, parts)
        if any(issubclass(kind, Model) for kind in found):
            if meta is not None:
                raise TypeError_("gradsh does not have metaclasses of classes that are modules")
            made = network(name[1:], found, parts)
        elif meta is not None:
            return made_by(meta, name[1:], found, parts, given)
        else:
            made = _plain(name[1:], found, parts)
        subclassed(made, given)
        if any(is_hint(base) and base.name == "Protocol" for base in bases):
            import_module("gradsh.frontend.imports.typed").protocol(made)
        return made

    return make


def _alias(kind: Any, item: Any) -> Any:
    return hints_module().alias(kind, item)


def made_class(name: str, bases: tuple[Any, ...], body: dict[str, Any]) -> Any:
    """`type(name, bases, body)`."""
    given = {"." + key: value for key, value in body.items()}
    given |= {"__module__": "__main__", "__qualname__": name}
    return define({}, bases, ())("." + name, (), given)


def _plain(name: str, bases: tuple[type, ...], parts: dict[str, Any], meta: type = ProgramType) -> Any:
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
    parts |= open_of(written)
    if "__iter__" not in written and any("__iter__" in each.__dict__ for base in bases for each in base.__mro__):
        parts.pop("__iter__", None)  # a dict's keys, though a class below it has a `__getitem__` of its own
    for base in bases:
        for inside in getattr(base, "inside", ()):
            parts.pop(inside, None)
    if hosted and "__repr__" not in parts:
        own = any("__repr__" in base.__dict__.get("written", ()) for each in bases for base in each.__mro__)
        host = next(
            (base for each in bases for base in each.__mro__ if base in BASES[1:] or _is_named_tuple(base)), None
        )
        if not any(issubclass(base, BASES) or _stands(base) for base in bases):
            parts["__repr__"] = object_text
        elif host is not None and not own:  # Python's, not that of what else the class is
            parts["__repr__"] = host.__repr__
    if meta is ProgramType:
        made: Any = ProgramType(name, bases, parts)
    else:
        made = type.__new__(meta, name, bases, parts)
        type.__init__(made, name, bases, parts)
    left = abstract(written, bases)
    if left:
        made.__abstractmethods__ = left  # so that Python itself makes no instance
    made.finish()
    return made


def _stands(kind: Any) -> bool:
    return any(kept(base, "stands_for") is not None for base in kind.__mro__)


def open_of(written: dict[str, Any]) -> dict[str, Any]:
    """What of a body is Python's to find; what a class keeps of itself, no program says."""
    named = {key: value for key, value in written.items() if not key.startswith("__") or key in SPECIAL}
    return {key: value for key, value in (named | special(written)).items() if key not in OWN}


def subclassed(made: Any, keywords: dict[str, Any]) -> None:
    """Tell the classes above of a new one: `__init_subclass__`."""
    for base in made.__mro__[1:]:
        found = base.__dict__.get("written", {}).get("__init_subclass__")
        if found is not None:
            function = found.__func__
            function(made, **spelled(function, keywords))
            return
    if keywords:
        refuse(made)


# --- metaclasses --------------------------------------------------------------------------------------------------


class MetaKind(Program):
    """The class of the metaclasses that a program writes."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        raise TypeError_("a metaclass makes classes in the class statement only")


def metaclass_of(given: Any, bases: tuple[type, ...]) -> Any:
    """The metaclass of the program's that a class with these bases has; None where it has none."""
    kinds = [kind for kind in (given, *map(type, bases)) if isinstance(kind, MetaKind)]
    return max(kinds, key=lambda kind: len(kind.__mro__)) if kinds else None


def metaclass(name: str, bases: tuple[type, ...], parts: dict[str, Any]) -> Any:
    """`class Meta(type)`: of what makes classes Python itself finds nothing, see `made_by`."""
    found = open_of(parts["written"])
    found = {key: value for key, value in found.items() if key not in ("__new__", "__init__")}
    above = tuple(ProgramType if base is type else base for base in bases)
    return MetaKind(name, above, {**parts, **found, "hosted": False, "slots": None})


PENDING: list[tuple[Any, dict[str, Any]]] = []  # what a body left, of the classes that metaclasses are making


def made_by(meta: Any, name: str, bases: tuple[type, ...], parts: dict[str, Any], keywords: dict[str, Any]) -> Any:
    """A class that a metaclass of the program's makes."""
    written = parts["written"]
    body = {key: value for key, value in written.items() if key[0] != "@"}
    new, begin = lookup(meta, "__new__"), lookup(meta, "__init__")
    if new is ABSENT:
        made = _plain(name, bases, parts, meta)
        subclassed(made, {} if begin is not ABSENT else keywords)
    else:
        PENDING.append((meta, parts))
        try:
            made = getattr(new, "__func__", new)(meta, name, bases, body, **spelled(new, keywords))
        finally:
            PENDING.pop()
    if begin is not ABSENT:
        begin(made, name, bases, body, **spelled(begin, keywords))
    return made


def new_class(meta: Any, name: str, bases: tuple[Any, ...], body: dict[str, Any], /, **keywords: Any) -> Any:
    """`super().__new__(meta, name, bases, body)` of a metaclass."""
    if not PENDING or PENDING[-1][0] is not meta:
        raise TypeError_("a metaclass makes classes in the class statement only")
    left = PENDING[-1][1]
    hidden = {key: value for key, value in left["written"].items() if key[0] == "@"}
    made = _plain(name, tuple(map(python_of, bases)), {**left, "written": {**body, **hidden}}, meta)
    subclassed(made, keywords)
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
        of_meta = isinstance(self.kind, MetaKind)
        if of_meta and not isinstance(owner, MetaKind):
            start = type(owner)
        mro = start.__mro__
        if self.kind not in mro:
            raise TypeError_("super(type, obj): obj must be an instance or subtype of type")
        for base in mro[mro.index(self.kind) + 1 :]:
            own = base.__dict__.get("written")
            if own is not None and name in own:
                if of_meta and start is not owner and isinstance(own[name], FunctionType):
                    return MethodType(own[name], owner)
                return bound(own[name], owner)
        if of_meta:
            return _of_type(owner, name)
        if isinstance(owner, Model):
            return inherited(owner, name, self.kind)
        return _of_python(owner, start, name)

    def __set_member__(self, name: str, value: Any) -> None:
        raise AttributeError_(f"'super' object has no attribute '{name}'")


def _of_type(owner: Any, name: str) -> Any:
    """What `super()` of a metaclass finds of `type`."""
    if name == "__new__":
        return new_class
    if name == "__call__":
        return lambda *arguments, **keywords: ProgramType.__call__(owner, *arguments, **keywords)
    if name == "__repr__":
        return lambda: ProgramType.__repr__(owner)
    if name in ("__init__", "__prepare__"):
        return lambda *arguments, **keywords: None if name == "__init__" else {}
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
    if name == "__delattr__":
        return lambda key: take(owner, key)
    if name == "__init_subclass__":
        return lambda **keywords: refuse(owner) if keywords else None
    if name == "__getattribute__":
        return lambda key: plain_attribute(owner, key)
    if name in SPECIAL or (kind.hosted and not name.startswith("_")):
        host = _host(kind)
        if host is not object or name in ("__repr__", "__str__", "__eq__", "__hash__"):
            found = host_method(host if host is not object else Object, name)
            if found is not None:
                return MethodType(found, owner)
    raise AttributeError_(f"'super' object has no attribute '{name}'")


def refuse(kind: type) -> None:
    raise TypeError_(f"{kind.__name__}.__init_subclass__() takes no keyword arguments")


def _host(kind: type) -> type:
    """The base of Python's own that a class has; object."""
    return next((base for base in kind.__mro__ if not isinstance(base, Program)), object)


class Unbound:
    """`super(Class)`, of no instance: its own `__init__`, which is `super`'s, is all that programs call of it.

    `super(Net).__init__()` stands for `super(Net, self).__init__()` in PyTorch's own examples too, and does nothing.
    """

    __slots__ = ("kind",)

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<super: <class '{self.kind.__name__}'>, NULL>"

    def __member__(self, name: str) -> Any:
        if name != "__init__":
            raise AttributeError_(f"'super' object has no attribute '{name}'")
        return self._begun

    def _begun(self, *arguments: Any, **keywords: Any) -> None:
        if keywords:
            raise TypeError_("super() takes no keyword arguments")
        if arguments and not isinstance(python_of(arguments[0]), type):
            raise TypeError_(f"super() argument 1 must be a type, not {type_name(arguments[0])}")


def super_of(kind: Any = None, owner: Any = None) -> Any:
    """`super()`, with the class and the instance written out."""
    found = python_of(kind)
    if found is None:
        raise TypeError_("super(): no arguments")
    return Unbound(found) if owner is None else Super(found, owner)
