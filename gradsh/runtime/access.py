"""Which attributes and methods a program may reach, by the type of the value. There is no other way to any of them.

Everything that is not listed here does not exist: nothing looks an attribute up on a host object by a name that the
program gave. A class of the engine or the library opens its own with `__public__ = frozenset({"name", ...})` and, for
what may be assigned, `__settable__`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.calls.signature import as_called
from gradsh.engine import catalogue
from gradsh.engine.core import place
from gradsh.engine.core.dtypes import DType, Size
from gradsh.engine.core.graph import Node
from gradsh.engine.core.named import Named
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AttributeError_, GradshError
from gradsh.interrupts import held
from gradsh.runtime import steps
from gradsh.runtime.faults import Message
from gradsh.runtime.keys import as_key, as_pairs
from gradsh.runtime.text import function_name

__acts_for_programs__ = True

Getter = Callable[[Any], Any]
Setter = Callable[[Any, Any], None]


def _join(separator: str, items: Any) -> str:
    return separator.join(steps.collected(items))


def _format(template: str, /, *arguments: Any, **keywords: Any) -> str:
    from gradsh.runtime.templates import filled  # few programs have any

    return filled(template, arguments, keywords, attribute)


def _set(name: str) -> Setter:
    def write(value: Any, new: Any) -> None:
        setattr(value, name, new)

    return write


# What the engine's tensor has as properties of its own; the registry has the rest.
TENSOR_ATTRIBUTES = (
    "_version",
    "dtype",
    "grad",
    "grad_fn",
    "is_leaf",
    "ndim",
    "output_nr",
    "requires_grad",
    "retains_grad",
    "shape",
)
ARRAY_ATTRIBUTES = ("shape", "dtype", "ndim", "size", "T")
ARRAY_METHODS = ("tolist", "item", "sum", "mean", "max", "min", "copy", "astype", "reshape")
SCALAR_METHODS = ("item", "tolist", "astype")


def _array_method(name: str) -> Callable[..., Any]:
    def call(array: Any, *arguments: Any, **keywords: Any) -> Any:
        from gradsh.runtime import arrays  # few programs have NumPy's arrays

        return arrays.call(name, array, arguments, keywords)

    call.__name__ = call.__qualname__ = name
    return call


# by exact type; what a lookup misses is looked for along the type's bases and remembered


def _keyed(name: str) -> Callable[..., Any]:
    """A method of dicts that takes a key, which is looked at first."""
    of_dict: Callable[..., Any] = getattr(dict, name)

    def call(mapping: Any, /, *arguments: Any) -> Any:
        if arguments:
            as_key(arguments[0])
        return of_dict(mapping, *arguments)

    call.__name__ = call.__qualname__ = name
    return call


def _update(mapping: Any, /, *arguments: Any, **keywords: Any) -> None:
    dict.update(mapping, *map(as_pairs, arguments), **keywords)


def _own(kind: type, names: str) -> dict[str, Callable[..., Any]]:
    """Methods of Python's own that need no care: no time or memory but what their arguments have."""
    return {name: getattr(kind, name) for name in names.split()}


METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    list: {
        **_own(list, "append clear copy count index insert pop remove reverse sort"),
        "extend": steps.extend,
    },
    tuple: _own(tuple, "count index"),
    dict: {
        **_own(dict, "clear copy items keys popitem values"),
        **{name: _keyed(name) for name in ("get", "pop", "setdefault")},
        "update": _update,
    },
    str: {
        **_own(
            str,
            """
            capitalize casefold center count endswith expandtabs find index isalnum isalpha isascii isdecimal isdigit
            isidentifier islower isnumeric isprintable isspace istitle isupper ljust lower lstrip partition removeprefix
            removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase
            title upper zfill
            """,
        ),
        "join": _join,
        "format": _format,
    },
    Size: {"numel": Size.numel},
    Node: {"name": Node.name, "register_hook": Node.register_hook, "register_prehook": Node.register_prehook},
    np.ndarray: {name: _array_method(name) for name in ARRAY_METHODS},
    np.generic: {name: _array_method(name) for name in SCALAR_METHODS},
}
# the methods of plain values that change them
_CHANGING = """
add append clear extend insert pop popitem remove reverse setdefault sort update discard difference_update
intersection_update symmetric_difference_update
"""
CHANGING = frozenset(_CHANGING.split())
GETTERS: dict[type, dict[str, Getter]] = {
    Tensor: {name: getattr(getattr(Tensor, name), "fget", attrgetter(name)) for name in TENSOR_ATTRIBUTES},
    Node: {"next_functions": attrgetter("next_functions"), "metadata": attrgetter("metadata")},
    Message: {"code": attrgetter("code")},
    DType: {name: attrgetter(name) for name in ("is_floating_point", "is_complex", "is_signed", "itemsize")},
    np.ndarray: {name: attrgetter(name) for name in ARRAY_ATTRIBUTES},
    np.generic: {name: attrgetter(name) for name in ARRAY_ATTRIBUTES},
    slice: {name: attrgetter(name) for name in ("start", "stop", "step")},
    **{kind: {"__name__": function_name} for kind in (FunctionType, BuiltinFunctionType)},
}
SETTERS: dict[type, dict[str, Setter]] = {Tensor: {name: _set(name) for name in ("grad", "requires_grad")}}

FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)


def _tensor_attributes() -> dict[str, Any]:
    """The registry's attributes of tensors, each with `get` and `set`."""
    with held():
        from gradsh.engine.ops.attributes import ATTRIBUTES

    return ATTRIBUTES


def type_name(value: object) -> str:
    """A value's type as Python's errors call it."""
    return "function" if isinstance(value, FUNCTIONS) else place.type_name(value)


def method(value: Any, name: str, user: Callable[[], Any] | None = None) -> Any:
    """`value.name`, to be called: a method, else a callable attribute, else the user's function of that name.

    `user` gives that function; it comes after the type's own methods.
    Errors: AttributeError_ in Python's words.
    """
    try:
        return MethodType(METHODS[type(value)][name], value)
    except KeyError:
        pass
    of_model = getattr(type(value), "__member__", None)
    if of_model is not None:
        try:
            return of_model(value, name)
        except KeyError:
            pass
    found = find_method(type(value), name)
    if found is not None:
        return MethodType(found, value)
    getter = find_getter(value, name)
    if getter is not None:
        return getter(value)
    if user is not None:
        return MethodType(user(), value)
    raise missing(value, name)


def attribute(value: Any, name: str) -> Any:
    """`value.name`. Errors: AttributeError_ in Python's words."""
    table = GETTERS.get(type(value))
    of_model = getattr(type(value), "__member__", None) if table is None else None
    if of_model is not None:  # its fields, which each instance has of its own
        try:
            return of_model(value, name)
        except KeyError:
            pass
    getter = (table.get(name) if table is not None else None) or find_getter(value, name)
    if getter is not None:
        return getter(value)
    found = find_method(type(value), name)
    if found is not None:
        return MethodType(found, value)
    raise missing(value, name)


def set_attribute(new: Any, value: Any, name: str) -> None:
    """`value.name = new`. Errors: AttributeError_ in Python's words."""
    kind = type(value)
    table = SETTERS.get(kind)
    setter = table.get(name) if table is not None else None
    if setter is None:
        if isinstance(value, Tensor):
            entry = _tensor_attributes().get(name)
            setter = entry.set if entry is not None else None
        elif hasattr(kind, "__set_member__"):
            kind.__set_member__(value, name, new)
            return
        elif name in getattr(kind, "__settable__", ()):
            setattr(value, name, new)
            return
        elif name in getattr(value, "__options__", ()):  # of an optimiser
            value.set_option(name, new)
            return
        if setter is None:
            if find_getter(value, name) is not None:
                if isinstance(value, Named):
                    raise AttributeError_("readonly attribute")
                title = "torch._C.TensorBase" if value.__class__ is Tensor else type_name(value)
                raise AttributeError_(f"attribute '{name}' of '{title}' objects is not writable")
            raise missing(value, name)
        SETTERS.setdefault(kind, {})[name] = setter
    setter(value, new)


def find_method(kind: type, name: str) -> Callable[..., Any] | None:
    """The method of a type, from its own table or that of a base; remembered in the type's own."""
    found: Callable[..., Any] | None = None
    for base in kind.__mro__:
        table = METHODS.get(base)
        found = table.get(name) if table is not None else None
        if base is not kind and name in getattr(base, "__public__", ()):
            found = None  # a base's opened methods are not always this one's too
        if found is None and base is Tensor:
            found = catalogue.method(name)
            if found is not None:
                found = as_called(found, "Tensor." + name)
        if found is not None:
            METHODS.setdefault(kind, {})[name] = found
            return found
    return _opened_method(kind, name)


def _opened_method(kind: type, name: str) -> Callable[..., Any] | None:
    """The method of a class that opens it in `__public__`, remembered too: `opt.step()` stands in loops.

    Not that of a model, whose own fields come first, and nothing that a program may put something else in the place of.
    """
    if name not in getattr(kind, "__public__", ()) or name in getattr(kind, "__settable__", ()):
        return None
    found = next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), None)
    if not isinstance(found, FunctionType) or hasattr(kind, "__member__"):
        return None
    METHODS.setdefault(kind, {})[name] = found
    return found


def find_getter(value: Any, name: str) -> Getter | None:
    """How to read an attribute of a value, or None when it has no such attribute."""
    kind = type(value)
    for base in kind.__mro__:
        table = GETTERS.get(base)
        getter = table.get(name) if table is not None else None
        if getter is None and base is Tensor:
            entry = _tensor_attributes().get(name)
            getter = entry.get if entry is not None else None
        if getter is not None:
            GETTERS.setdefault(kind, {})[name] = getter
            return getter
    if kind is Node and name.startswith("_saved_") and name[7:] in value.saved_values():
        return lambda node: node.saved_values()[name[7:]]
    if kind is Node and hasattr(value.kind, "told"):  # of an `autograd.Function`: what its `ctx` has
        return value.kind.told(value, name)  # type: ignore[no-any-return]  # of a kind that floors above do not know
    if isinstance(value, Named) and name in value.names:
        return lambda named: named.field(name)
    if name in getattr(value, "__options__", ()):
        return lambda optimiser: optimiser.option(name)
    if name in getattr(kind, "__public__", ()):
        return attrgetter(name)
    return None


def names(value: Any) -> list[str]:
    """All attributes and methods that a program may reach on the value: for suggestions and completion."""
    found = names_of(type(value))
    if isinstance(value, Named):
        found.update(value.names)
    if hasattr(type(value), "__members__"):
        found.update(value.__members__())
    found.update(getattr(value, "__options__", ()))
    return sorted(found)


def names_of(kind: type) -> set[str]:
    """Those that every value of the type has."""
    found: set[str] = set()
    for base in kind.__mro__:
        found.update(METHODS.get(base, ()), GETTERS.get(base, ()))
        if base is Tensor:
            found.update(catalogue.table().methods, _tensor_attributes())
    found.update(getattr(kind, "__public__", ()))
    return found


def missing(value: Any, name: str) -> GradshError:
    """The error for an attribute that is not there."""
    from gradsh.calls.suggest import suggest
    from gradsh.errors import NotHere
    from gradsh.language.absent import absent

    close = suggest(name, names(value))
    of_torch = getattr(type(value), "__torch__", None)
    why = absent(f"{of_torch}.{name}") if of_torch is not None else None
    if why is not None and why.path != f"torch.{of_torch}":  # the class itself is a name that is not here
        return NotHere(f"{why.path}: {why.words}", help=why.help)
    title = "torch.dtype" if isinstance(value, DType) else type_name(value)
    text = f"'{title}' object has no attribute '{name}'"
    return AttributeError_(text, help=f"did you mean `.{close}`?" if close else None)
