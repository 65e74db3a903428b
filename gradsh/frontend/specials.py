"""Attributes such as `__defaults__`: those of functions, classes and Python's own types that lead nowhere else.

What a program bound is its own to see: the defaults of its functions, the bodies of its classes. What Python keeps
beside that, code, globals and frames, is nobody's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from types import FunctionType, MappingProxyType, MethodType
from typing import Any

from gradsh.engine.core.place import type_name
from gradsh.engine.core.users import is_users
from gradsh.engine.nn.module import Model
from gradsh.errors import AttributeError_, TypeError_
from gradsh.frontend import text
from gradsh.frontend.classes import ABSENT, BASES, SPECIAL, Object, ProgramType, bound, lookup
from gradsh.frontend.kinds import TYPES, Program, hints_module, kept
from gradsh.runtime.text import function_name

__acts_for_programs__ = True

CACHED: Any = type(functools.cache(int))  # what `lru_cache` makes
METHODS = (type(list.append), type(int.__add__), type([].__len__), type(dict.fromkeys))  # as Python's types have them
# methods of Python's own types that a program may call by these names: not those that find or keep attributes
_OTHERS = """
class_getitem delattr delete dir fspath get getattr getstate init init_subclass new post_init set set_name setattr
setstate
"""
OPEN = SPECIAL - frozenset(f"__{name}__" for name in _OTHERS.split())
WRITES = {"__str__": text.written, "__repr__": text.shown}  # in which no thing lies where it really does


def host_special(value: Any, kind: type, name: str) -> Any:
    """Such a method of a value of Python's or the engine's own; ABSENT."""
    if name in WRITES:
        return lambda: WRITES[name](value)
    if (name in OPEN or name == "__array__") and hasattr(kind, name):
        return MethodType(getattr(kind, name), value)
    return ABSENT


def of_host_class(host: Any, name: str) -> Any:
    """`dict.__setitem__`, `int.__add__`, `tuple.__new__`; ABSENT."""
    if name in WRITES:
        return lambda value: _text(host, value, name)
    if name == "__new__" and host in BASES:
        return lambda kind, *arguments, **keywords: _new(host, kind, arguments, keywords)
    found = getattr(host, name, None) if name in OPEN else None
    formats = name == "__mod__" and issubclass(host, (str, bytes))  # the values as Python would write them
    return found if type(found) in METHODS and not formats else ABSENT


def _text(host: Any, value: Any, name: str) -> str:
    """What a type of Python's writes of an instance, past what a subclass of the program's says."""
    if not isinstance(type(value), Program):
        return WRITES[name](value)
    if host in (list, tuple, dict, set, frozenset):
        return text.shown(host(value))
    return text.of_host(value, getattr(host, name)(value))


def _new(host: Any, kind: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    if not isinstance(kind, Program) or not issubclass(kind, host):
        raise TypeError_(f"{host.__name__}.__new__(X): X is not a class of the program's that has it as its base")
    return host.__new__(kind, *arguments, **keywords)


# --- functions ------------------------------------------------------------------------------------------------------


def function_of(value: Any) -> Any:
    """The program's own function behind a method, what keeps its results, or `torch.no_grad()` before it; None."""
    if isinstance(value, CACHED):
        value = value.__wrapped__
    if isinstance(value, MethodType):
        value = value.__func__
    while stands_before(value):
        value = value.__dict__["__wrapped__"]
    return value if isinstance(value, FunctionType) and is_users(value) else None


def stands_before(value: Any) -> bool:
    """Is it what `torch.no_grad()` and its kin make of a function, which goes by that one's name?"""
    return isinstance(value, FunctionType) and "__wrapped__" in value.__dict__ and not is_users(value)


def of_function(value: Any, name: str) -> Any:
    """Such an attribute of a program's function, or of a method; ABSENT for those that are not for programs."""
    inner = function_of(value)
    if inner is None:
        return ABSENT
    if isinstance(value, MethodType):
        if name in ("__func__", "__self__"):
            return value.__func__ if name == "__func__" else value.__self__
        if name == "__call__":
            return value
        value = value.__func__
    if stands_before(value):
        if name == "__wrapped__":
            return value.__dict__[name]
        if name == "__get__":
            return lambda owner, kind=None: bound(value, kind if owner is None else owner)
        if name == "__call__":
            return value
    if name in inner.__dict__ and name[0] != "@":
        return inner.__dict__[name]
    if isinstance(value, CACHED) and name == "__wrapped__":
        return inner
    get = OF_FUNCTIONS.get(name) if isinstance(value, (FunctionType, MethodType)) or name not in CALLS else None
    return ABSENT if get is None else get(inner)


def _defaults_by_name(function: Any) -> Any:
    given = function.__kwdefaults__
    return None if given is None else {name.removeprefix("."): value for name, value in given.items()}


def _annotations(function: Any) -> Any:
    return hints_module().of_function(function)


OF_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "__doc__": lambda function: function.__doc__,
    "__name__": function_name,
    "__qualname__": text.qualified,
    "__module__": lambda function: function.__module__,
    "__defaults__": lambda function: function.__defaults__,
    "__kwdefaults__": _defaults_by_name,
    "__dict__": lambda function: {key: value for key, value in function.__dict__.items() if key[0] != "@"},
    "__call__": lambda function: function,
    "__annotations__": _annotations,
    "__get__": lambda function: lambda owner, kind=None: bound(function, kind if owner is None else owner),
}


CALLS = frozenset(("__get__", "__call__"))  # which go past what keeps the results


def _named(function: Any, new: Any) -> None:
    function.__name__ = "." + new


def _by_name(function: Any, new: Any) -> None:
    function.__kwdefaults__ = None if new is None else {"." + name: value for name, value in new.items()}


def _settable(name: str) -> Callable[[Any, Any], None]:
    return lambda function, new: setattr(function, name, new)


SET_OF_FUNCTIONS: dict[str, Callable[[Any, Any], None]] = {
    "__name__": _named,
    "__kwdefaults__": _by_name,
    **{name: _settable(name) for name in ("__doc__", "__qualname__", "__module__", "__defaults__")},
}
KEPT = frozenset(
    ("__wrapped__", "__annotations__", "__signature__", "__isabstractmethod__")
)  # in a function's own dict


def set_of_function(function: Any, name: str, new: Any) -> None:
    """`function.name = new`. Errors: AttributeError_; TypeError_ for a value that such a thing is not."""
    write = SET_OF_FUNCTIONS.get(name)
    if not is_users(function) or name[:1] == "@":
        raise AttributeError_(f"'function' object has no attribute '{name}'")
    if write is not None:
        try:
            write(function, new)
        except (TypeError, AttributeError) as error:
            raise TypeError_(str(error)) from None
    elif name[:2] == "__" and name[-2:] == "__" and name not in KEPT:
        raise AttributeError_(f"attribute '{name}' of 'function' objects is not writable")
    else:
        function.__dict__[name] = new


# --- instances ------------------------------------------------------------------------------------------------------

# what a program may put on an instance, of which Python itself looks at nothing
OF_INSTANCES = frozenset(("__doc__", "__name__", "__qualname__", "__module__", "__wrapped__", "__annotations__"))


def set_of_instance(value: Any, name: str, new: Any) -> None:
    """`value.__doc__ = new`, `value.__class__ = Other`. Errors: AttributeError_, TypeError_ in Python's words."""
    kind: Any = type(value)
    plain = isinstance(kind, Program) and not isinstance(value, Model) and getattr(kind, "slots", None) is None
    if name == "__class__" and _of_programs_alone(kind):
        if not isinstance(new, type):
            raise TypeError_(f"__class__ must be set to a class, not '{type_name(new)}' object")
        if not _of_programs_alone(new) or kind.slots != getattr(new, "slots", None):
            differ = f"'{new.__name__}' object layout differs from '{kind.__name__}'"
            raise TypeError_(f"__class__ assignment: {differ}")
        object.__setattr__(value, name, new)
    elif plain and name == "__dict__" and isinstance(new, dict):
        object.__setattr__(value, name, new)
    elif plain and name in OF_INSTANCES:
        value.__dict__[name] = new
    else:
        raise AttributeError_(f"'{kind.__name__}' object attribute '{name}' is read-only")


def _of_programs_alone(kind: Any) -> bool:
    """Has the program written the class, and all that are above it?"""
    return type(kind) is ProgramType and all(
        base is Object or "@hints" in base.__dict__.get("written", ()) for base in kind.__mro__ if base is not object
    )


# --- classes --------------------------------------------------------------------------------------------------------


def above(bases: tuple[type, ...]) -> tuple[Any, ...]:
    """The classes among these that a program sees, `object` last in an order that ends with it."""
    found: list[Any] = []
    for base in bases:
        if base in TYPES:
            found.append(TYPES[base])
        elif base is object:
            found.append(Object)
        elif isinstance(base, Program) or issubclass(base, BaseException):
            found.append(kept(base, "over", base))
    return tuple(dict.fromkeys(each for each in found if each is not Object)) + (Object,) * (Object in found)


def _order(kind: Any) -> tuple[Any, ...]:
    """`__mro__`, those of PyTorch's classes that a layer here is without included."""
    found: list[Any] = []
    for each in above(kind.__mro__):
        layers = None if isinstance(each, Program) else getattr(each, "library", None)
        found += import_module("gradsh.frontend.bases").mro(each) or (each,) if layers else (each,)
    return tuple(dict.fromkeys(each for each in found if each is not Object)) + (Object,) * (Object in found)


def of_class(kind: Any, name: str) -> Any:
    """Such an attribute of a class of the program's; ABSENT."""
    if name == "__mro__":
        return _order(kind)
    if name == "mro":
        return lambda: list(_order(kind))
    if name == "__bases__":
        return () if kind is Object else above(kind.__bases__) or (Object,)
    if name == "__base__":
        return None if kind is Object else (above((kind.__base__,)) or (Object,))[0]
    if name == "__subclasses__" and "@hints" in kind.__dict__["written"]:  # of what a program wrote, in this session
        return lambda: [each for each in type.__subclasses__(kind) if isinstance(each, Program)]
    if name == "__abstractmethods__":
        return frozenset(kind.__dict__.get(name, ()))
    if name == "__annotations__" and "@hints" in kind.__dict__["written"]:
        return hints_module().of_class(kind)
    if name == "__dict__" and kind is not Object:
        return MappingProxyType({"__module__": kind.__module__, "__doc__": None, **own_members(kind)})
    return ABSENT


def own_members(kind: Any) -> dict[str, Any]:
    """What the body of a class binds, as the program sees it."""
    return {key: value for key, value in kind.__dict__.get("written", {}).items() if key[0] != "@"}


def doc_of_class(kind: Any) -> Any:
    if "@fields" in kind.__dict__.get("written", ()) and "__doc__" not in kind.__dict__["written"]:
        made = import_module("gradsh.frontend.imports.inspecting").signature(kind)
        return f"{kind.__name__}{made}".removesuffix(" -> None")
    found = lookup(kind, "__doc__") if isinstance(kind, type) else ABSENT
    return None if found is ABSENT or "__doc__" not in kind.__dict__.get("written", ()) else found
