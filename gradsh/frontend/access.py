"""Attributes of values in Python programs: what the program bound, and the lists here. There is no other way to any."""

from __future__ import annotations

import collections
import datetime
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
)
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.engine.nn.module import Model, ModelType
from gradsh.errors import AttributeError_, NotHere
from gradsh.frontend import specials, text
from gradsh.frontend.arrays import ARRAY, of_array
from gradsh.frontend.classes import ABSENT, Object, ProgramType, bound, lookup, object_text
from gradsh.frontend.classes import OWN as OWN_OF_CLASSES
from gradsh.frontend.fields import drop_field, field, names_of, put_field, takes_fields
from gradsh.frontend.functions import Function, apply_of
from gradsh.frontend.kinds import Program, class_text, is_class, kind_of, python_of
from gradsh.frontend.networks import EXTRA, Mixin, NetworkType, begins, inherited, resets
from gradsh.runtime import access
from gradsh.runtime.text import function_name

__acts_for_programs__ = True


def _names(kind: type, *but: str) -> frozenset[str]:
    """The public methods and attributes of a type of Python's."""
    return frozenset(name for name in dir(kind) if name[0] != "_") - frozenset(but)


def _format(template: str, /, *arguments: Any, **keywords: Any) -> str:
    from gradsh.runtime.templates import filled

    return filled(template, arguments, keywords, attribute)


def _format_map(template: str, /, mapping: Any) -> str:
    return _format(template, **mapping)


# what is open of types of Python's own
HOST: dict[type, frozenset[str]] = {
    list: _names(list),
    dict: _names(dict),
    set: _names(set),
    frozenset: _names(frozenset),
    tuple: _names(tuple),
    str: _names(str, "format", "format_map"),
    bytes: _names(bytes),
    int: frozenset(
        (
            "bit_length",
            "to_bytes",
            "from_bytes",
            "as_integer_ratio",
            "real",
            "imag",
            "numerator",
            "denominator",
            "conjugate",
            "bit_count",
        )
    ),
    float: frozenset(("is_integer", "fromhex", "real", "imag", "hex", "as_integer_ratio", "conjugate")),
    complex: frozenset(("real", "imag", "conjugate")),
    range: frozenset(("start", "stop", "step", "index", "count")),
    slice: frozenset(("start", "stop", "step", "indices")),
    collections.OrderedDict: _names(collections.OrderedDict),
    collections.defaultdict: _names(collections.defaultdict),
    collections.Counter: _names(collections.Counter),
    collections.ChainMap: _names(collections.ChainMap) | {"maps"},
    collections.deque: _names(collections.deque),
    re.Pattern: _names(re.Pattern),
    re.Match: _names(re.Match),
    datetime.datetime: _names(datetime.datetime),
    datetime.date: _names(datetime.date),
    datetime.timedelta: _names(datetime.timedelta),
    datetime.time: _names(datetime.time),
    datetime.timezone: frozenset(("utc",)),
    bytearray: _names(bytearray),
    GeneratorType: frozenset(("send", "close", "throw")),
    CoroutineType: frozenset(("send", "close", "throw")),
    AsyncGeneratorType: frozenset(("asend", "aclose", "athrow")),
    property: frozenset(("setter", "getter", "deleter", "fget", "fset", "fdel")),
    memoryview: _names(memoryview),
    MappingProxyType: frozenset(("get", "items", "keys", "values", "copy")),
    BaseException: frozenset(("args", "add_note")),
    BaseExceptionGroup: frozenset(("message", "exceptions", "split", "subgroup", "derive")),
    SystemExit: frozenset(("code", "args")),
    UnicodeError: frozenset(("start", "end", "reason", "encoding", "object")),
    re.error: frozenset(("msg", "pattern", "pos", "lineno", "colno")),
    StopIteration: frozenset(("value", "args")),
    KeyError: frozenset(("args",)),
    OSError: frozenset(("args", "errno", "strerror", "filename", "filename2")),
    AttributeError: frozenset(("args", "name", "obj")),
    NameError: frozenset(("args", "name")),
    ImportError: frozenset(("args", "name", "path", "msg")),
    SyntaxError: frozenset(("args", "msg", "lineno", "offset", "text", "filename")),
    np.random.RandomState: _names(np.random.RandomState),
    type(np.zeros(1).flags): frozenset(("c_contiguous", "f_contiguous", "writeable", "owndata", "contiguous")),
    np.dtype: frozenset(
        (
            "name",
            "names",
            "fields",
            "itemsize",
            "kind",
            "char",
            "str",
            "byteorder",
            "type",
            "descr",
            "alignment",
            "shape",
        )
    ),
    np.finfo: frozenset(("bits", "dtype", "eps", "epsneg", "max", "min", "resolution", "smallest_normal", "tiny")),
    np.iinfo: frozenset(("bits", "dtype", "max", "min")),
    np.random.Generator: _names(np.random.Generator, "bit_generator", "spawn"),
}


def _dated(name: str, kind: type) -> Callable[..., Any]:
    """A method that imports when it runs, which no code of a program's may: called from here it may."""
    method = getattr(kind, name)

    def call(*arguments: Any) -> Any:
        return method(*arguments)

    call.__name__ = call.__qualname__ = name
    return call


OWN: dict[type, dict[str, Callable[..., Any]]] = {
    str: {"format": _format, "format_map": _format_map, "join": access.METHODS[str]["join"]},
    datetime.datetime: {"strftime": _dated("strftime", datetime.datetime)},
    datetime.date: {"strftime": _dated("strftime", datetime.date)},
}
# the same of methods that belong to classes
OF_CLASSES = {datetime.datetime: {"strptime": _dated("strptime", datetime.datetime)}}
NONE_PUT: dict[str, Any] = {}  # what an instance without a dict has in it
GENERATORS = (GeneratorType, CoroutineType, AsyncGeneratorType)
FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)


def attribute(value: Any, name: str) -> Any:
    """`value.name`. Errors: AttributeError_ in Python's words."""
    kind = type(value)
    if type(kind) is ProgramType or (isinstance(kind, ProgramType) and not isinstance(value, Model)):
        return _of_object(value, kind, name)
    if kind is Tensor:
        if name[:2] == "__":
            return _special(value, kind, name)
        own = None if value.extra is None else value.extra.own
        if own is not None and name in own:
            return own[name]
        try:
            return access.attribute(value, name)
        except (AttributeError_, NotHere):
            return _of_tensor(value, name)
    if isinstance(value, Model):
        return _of_model(value, kind, name)
    if isinstance(value, type) or is_class(value):
        return _of_class(value, name)
    if name[:2] == "__" and not hasattr(kind, "__member__"):
        return _special(value, kind, name)
    if takes_fields(kind):
        return field(value, name)
    open_ = HOST.get(kind)
    if open_ is not None:
        own = OWN.get(kind)
        if own is not None and name in own:
            return MethodType(own[name], value)
        if name in open_:
            return getattr(value, name)
        raise missing(value, name)
    if isinstance(value, (np.ndarray, np.generic)):
        return of_array(value, name)
    if hasattr(kind, "__member__"):
        try:
            return kind.__member__(value, name)
        except KeyError:
            if name == "__class__":
                return kind_of(value)
            raise missing(value, name) from None
    if isinstance(value, FunctionType):
        return _of_function(value, name)
    found = host_attribute(value, kind, name)
    return access.attribute(value, name) if found is ABSENT else found


def method(value: Any, name: str) -> Any:
    """`value.name`, to be called."""
    if type(value) is Tensor and name[0] != "_" and (value.extra is None or not value.extra.own):
        try:
            return access.method(value, name)
        except (AttributeError_, NotHere):
            return _of_tensor(value, name)
    return attribute(value, name)


def _tensors() -> Any:
    return import_module("gradsh.frontend.tensors")


def _of_tensor(value: Any, name: str) -> Any:
    """What gradsh's tensors have no word for; in an `except`, whose error is the one where there is none either."""
    found = _tensors().EXTRA
    if name not in found:
        raise
    return found[name](value)


def host_attribute(value: Any, kind: type, name: str) -> Any:
    """Of an instance of a subclass of a type of Python's: named tuples, exceptions."""
    for base in kind.__mro__:
        if name in HOST.get(base, ()):
            return getattr(value, name)
    if isinstance(value, tuple) and (
        name in getattr(kind, "_fields", ()) or name in getattr(kind, "__match_args__", ())
    ):
        return getattr(value, name)
    if isinstance(value, tuple) and name in ("_asdict", "_replace", "_fields") and hasattr(kind, "_fields"):
        return getattr(value, name)
    return ABSENT


def host_method(host: type, name: str) -> Any:
    """A method of a type of Python's, for `super()`."""
    if name.startswith("__") or any(name in HOST.get(base, ()) for base in host.__mro__):
        return OWN.get(host, {}).get(name) or getattr(host, name, None)
    return None


def _of_object(value: Any, kind: Any, name: str) -> Any:
    """Of an instance of a class of the program's."""
    if name[:2] == "__" and name[-2:] == "__":
        return _special(value, kind, name)
    if not kind.hosted:  # all that Python finds there is the program's
        try:
            if name in OWN_OF_CLASSES and name not in value.__dict__:
                found = lookup(kind, name)
                if found is ABSENT:
                    raise AttributeError
                return bound(found, value)
            return getattr(value, name)
        except AttributeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise  # out of a property, or of `__getattr__`
            if isinstance(lookup(kind, name), property):  # without a getter
                raise AttributeError_(str(error)) from None
            raise missing(value, name) from None
    if name in kind.inside:
        found = value.__dict__.get("@" + name, ABSENT)
        if found is not ABSENT:
            return found
        found = lookup(kind, name)
        if found is ABSENT:
            raise missing(value, name)
        return bound(found, value)
    if name in value.__dict__ or lookup(kind, name) is not ABSENT:
        own = name in OWN_OF_CLASSES and name not in value.__dict__
        return bound(lookup(kind, name), value) if own else getattr(value, name)
    if isinstance(value, str) and name in OWN[str]:
        return MethodType(OWN[str][name], value)
    found = host_attribute(value, kind, name)
    if found is not ABSENT:
        return found
    asked = lookup(kind, "__getattr__")
    if asked is not ABSENT:
        return asked(value, name)
    raise missing(value, name)


def plain_attribute(value: Any, name: str) -> Any:
    """`object.__getattribute__(value, name)`: past what the class itself says of its attributes."""
    kind = type(value)
    of_plain = isinstance(kind, ProgramType) and not isinstance(value, Model) and not kind.hosted
    if not of_plain or name[:2] == "__" or name in OWN_OF_CLASSES:
        return attribute(value, name)
    try:
        return object.__getattribute__(value, name)
    except AttributeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise
        raise missing(value, name) from None


def _special(value: Any, kind: type, name: str) -> Any:
    """`__class__`, `__dict__`, `__len__` …: those that lead nowhere else."""
    if name == "__class__":
        return kind_of(value)
    if name == "__cause__" and isinstance(value, BaseException):
        return value.__cause__  # which only `raise … from` sets
    if name in ("__context__", "__suppress_context__", "__traceback__") and isinstance(value, BaseException):
        return import_module("gradsh.frontend.traces").of_exception(value, name)
    if name == "__notes__" and isinstance(value, BaseException) and hasattr(value, name):
        return value.__notes__
    if isinstance(kind, Program):
        if name == "__dict__" and getattr(kind, "slots", None) is None:
            return value.__dict__ if not isinstance(value, Model) else EXTRA[name](value)
        if name in specials.OF_INSTANCES and name in (own := getattr(value, "__dict__", NONE_PUT)):
            return own[name]
        found = lookup(kind, name)
        if found is not ABSENT:
            return bound(found, value)
        if name in ("__module__", "__doc__"):
            return kind.__module__ if name == "__module__" else specials.doc_of_class(kind)
    found = specials.of_function(value, name)
    if found is not ABSENT:
        return found
    if name == "__doc__":
        return _doc_of_property(value) if isinstance(value, property) else None
    if isinstance(value, FUNCTIONS) and name in ("__name__", "__qualname__", "__module__"):
        if name == "__module__":
            return "builtins"
        return _alias(value) or function_name(value) if name == "__name__" else text.qualified(value)
    if name in ("__name__", "__qualname__") and (kind in specials.METHODS or kind in GENERATORS):
        return text.qualified_name(value.__name__)
    found = specials.host_special(value, kind, name)
    if found is not ABSENT:
        return found
    if kind is Tensor and name == "__array__":
        return _tensors().EXTRA[name](value)
    raise missing(value, name)


def _doc_of_property(value: property) -> Any:
    return value.__doc__ if value.fget is None else specials.of_function(value.fget, "__doc__") or value.__doc__


def _of_model(value: Any, kind: Any, name: str) -> Any:
    extra = EXTRA.get(name)
    if extra is not None and (not isinstance(kind, NetworkType) or lookup(kind, name) is ABSENT):
        return extra(value)
    if name[:2] == "__" and name[-2:] == "__":
        return _special(value, kind, name)
    if name == "forward" and not isinstance(kind, NetworkType):
        return value.run
    if name == "_get_name":
        return lambda: kind.__name__
    try:
        return value.__member__(name) if name != "reset_parameters" else _resetting(value)
    except KeyError:
        raise missing(value, name) from None


def _resetting(value: Any) -> Any:
    try:
        return value.__member__("reset_parameters")  # the program's own
    except KeyError:
        return resets(value)


def _alias(function: Any) -> str | None:
    """`clip` of `torch.clip`, which is `clamp`, and `special_expit`: a function that it has by another name too."""
    module, _, name = text.qualified(function).partition(".")
    return name.replace(".", "_") if module == "torch" and function.__module__.startswith("gradsh.") else None


def _of_class(value: Any, name: str) -> Any:
    python = python_of(value)
    if name == "__qualname__" and isinstance(value, Program) and "stands_for" not in value.__dict__:
        return value.__qualname__
    if name in ("__name__", "__qualname__"):
        return class_text(value).rpartition(".")[2]
    if name == "__module__":
        return class_text(value).rpartition(".")[0] or "builtins"
    if name == "__doc__":
        return specials.doc_of_class(value)
    if name == "__class__":
        return kind_of(value)
    if isinstance(value, Program):
        special = specials.of_class(value, name)
        if special is not ABSENT:
            return special
        if value is Object and name in OF_OBJECT:
            return OF_OBJECT[name]
        found = lookup(value, name) if name[:1] != "@" else ABSENT
        if found is not ABSENT:
            return bound(found, value)
        found = lookup(type(value), name)  # of a metaclass of the program's
        if found is not ABSENT:
            return found.__get__(value, type(value)) if hasattr(type(found), "__get__") else found
        if issubclass(value, Function) and name == "apply":
            return apply_of(value)
        if isinstance(value, NetworkType):
            try:
                return type(value).__member__(value, name)
            except KeyError:
                return _of_layers(value, name)
        if name == "__init__":
            return lambda self, *arguments, **keywords: None
        if name == "__new__":
            return lambda cls, *arguments, **keywords: object.__new__(cls)
        if name in ("_fields", "_make", "_field_defaults") and issubclass(value, tuple) and hasattr(value, "_fields"):
            return getattr(value, name)
        for base in value.__mro__:
            if name in HOST.get(base, ()) or (name == "__init__" and base in HOST):
                return getattr(base, name)
            if base in HOST and (special := specials.of_host_class(base, name)) is not ABSENT:
                return special
        asked = lookup(type(value), "__getattr__")
        if asked is not ABSENT:
            return asked(value, name)
        raise missing_in_class(value, name)
    if python is value and issubclass(value, BaseException) and name in ("__mro__", "mro", "__bases__", "__base__"):
        return specials.of_class(value, name)
    if isinstance(value, ModelKind):
        if name == "__init__":
            return begins(value)
        if name in ("__mro__", "mro", "__bases__", "__base__"):
            above = import_module("gradsh.frontend.bases").above(value, name)
            if above is None:  # PyTorch's classes are not all here
                raise missing_in_class(value, name)
            return above
        if name == "forward":  # `nn.Linear.forward(self, x)`
            return lambda model, *given, **named: _forward(model, value)(*given, **named)
        try:
            return type(value).__member__(value, name)  # type: ignore[attr-defined]  # not an instance's
        except KeyError:
            return _of_layers(value, name)
    found = _of_base(python, value, name)
    if found is not None:
        return found
    if python is not None and name in HOST.get(python, ()):
        return OWN.get(python, {}).get(name) or OF_CLASSES.get(python, {}).get(name) or getattr(python, name)
    if python is Tensor:
        found = access.find_method(Tensor, name) or (getattr(Tensor, name, None) if name in specials.OPEN else None)
        if found is not None:
            return found
    if python is not None and name == "__init__" and issubclass(python, BaseException):
        return lambda self, *arguments: setattr(self, "args", arguments)
    if isinstance(value, type) and issubclass(value, tuple) and name in ("_fields", "_make", "_field_defaults"):
        return getattr(value, name)
    if name == "__annotations__" and isinstance(value, type) and "written" in value.__dict__:
        return specials.of_class(value, name)
    if python in HOST and (special := specials.of_host_class(python, name)) is not ABSENT:
        return special
    raise missing_in_class(value, name)


def _of_base(python: Any, value: Any, name: str) -> Any:
    """A method of a class of PyTorch's that a program may derive from, `Adam.__init__(self, params)`; None for none."""
    if not takes_fields(python) or isinstance(python, Program):
        return None
    return import_module("gradsh.frontend.concrete").own_base(python, value).written.get(name)


def _of_layers(value: Any, name: str) -> Any:
    """Of a class of layers: `nn.Linear.reset_parameters(self)`, `class Words(nn.Embedding)`'s `Words.from_pretrained`.

    Errors: AttributeError_ in Python's words.
    """
    if name in ("reset_parameters", "__call__") or (
        name[:1] != "_" and isinstance(getattr(Model, name, None), FunctionType)
    ):
        return lambda model, *given, **named: _of_layer(model, name, value)(*given, **named)
    for base in value.__mro__[1:]:
        if isinstance(base, ModelType) and base.library:
            with suppress(KeyError):
                found = type(base).__member__(base, name)
                return found if name != "from_pretrained" else partial(_pretrained, value)
    raise missing_in_class(value, name)


def _of_layer(model: Any, name: str, kind: Any) -> Any:
    return inherited(model, name, kind) if isinstance(type(model), NetworkType) else method(model, name)


def _pretrained(kind: Any, embeddings: Any, freeze: Any = True, **options: Any) -> Any:
    """`from_pretrained` of a class of the program's."""
    made = kind(*embeddings.shape, _weight=embeddings, **options)
    set_attribute(not freeze, attribute(made, "weight"), "requires_grad")
    return made


def _forward(model: Any, kind: Any) -> Any:
    """What a layer of PyTorch's does, whatever the program's class says."""
    return inherited(model, "forward", kind) if isinstance(type(model), NetworkType) else model.run


def _of_function(value: Any, name: str) -> Any:
    if name in value.__dict__ and name[0] != "@":
        return value.__dict__[name]
    raise missing(value, name)


def missing_in_class(value: Any, name: str) -> AttributeError_:
    return AttributeError_(f"type object '{class_text(value).rpartition('.')[2]}' has no attribute '{name}'")


def missing(value: Any, name: str) -> Any:
    """The error for an attribute that is not there."""
    kind = type(value)
    if isinstance(kind, ProgramType) or name[:1] == "_":
        return AttributeError_(f"'{class_text(kind).rpartition('.')[2]}' object has no attribute '{name}'")
    if isinstance(value, FUNCTIONS):
        return AttributeError_(f"'function' object has no attribute '{name}'")
    return access.missing(value, name)


def put(value: Any, name: str, new: Any) -> None:
    """Set an attribute of an instance of a class of the program's, past its own `__setattr__`."""
    if name[:2] == "__" and name[-2:] == "__" and name != "__dict__":
        specials.set_of_instance(value, name, new)
        return
    if isinstance(value, Model):
        value.assign(name, new)  # type: ignore[attr-defined]  # a Network's
        return
    object.__setattr__(value, name, new)


def set_attribute(new: Any, value: Any, name: str) -> None:
    """`value.name = new`. Errors: AttributeError_ in Python's words."""
    kind = type(value)
    if type(kind) is ProgramType or (isinstance(kind, ProgramType) and not isinstance(value, Model)):
        if name[:2] == "__" and name[-2:] == "__":
            specials.set_of_instance(value, name, new)
            return
        if kind.slots is not None and name not in kind.slots and lookup(kind, name) is ABSENT:
            raise missing(value, name)
        if name in kind.inside:
            value.__dict__["@" + name] = new
            return
        try:
            setattr(value, name, new)
        except AttributeError as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
                raise
            raise AttributeError_(str(error)) from None
        return
    if isinstance(value, ProgramType) and not isinstance(value, NetworkType):
        if name[:2] == "__":
            raise AttributeError_(f"'{name}' of a class cannot be changed")
        if name in value.__dict__.get("members", ()):  # of an enumeration
            raise AttributeError_(f"cannot reassign member '{name}'")
        value.written[name] = new
        if name not in OWN_OF_CLASSES:
            type.__setattr__(value, name, new)
        return
    if isinstance(value, NetworkType):
        value.written[name] = new
        if name == "forward":
            value.runs = new
        return
    if isinstance(value, FunctionType):
        specials.set_of_function(value, name, new)
        return
    if isinstance(value, np.ndarray):
        if name != "shape":
            raise missing(value, name)
        value.shape = new
        return
    if isinstance(value, tuple) and name in getattr(kind, "_fields", ()):
        raise AttributeError_("can't set attribute")
    if isinstance(value, collections.defaultdict) and name == "default_factory":
        value.default_factory = new
        return
    if takes_fields(kind):
        put_field(value, name, new)
        return
    try:
        access.set_attribute(new, value, name)
    except AttributeError_:
        if kind is not Tensor or not _tensors().put_own(value, name, new):
            raise


def take(value: Any, name: str) -> None:
    """Delete an attribute of an instance of a class of the program's, past its own `__delattr__`."""
    if name[:2] == "__" and name[-2:] == "__":
        raise AttributeError_(f"'{type(value).__name__}' object attribute '{name}' is read-only")
    try:
        object.__delattr__(value, name)
    except AttributeError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise
        if isinstance(lookup(type(value), name), property):
            raise AttributeError_(str(error)) from None
        raise missing(value, name) from None


# what `object` itself does
def _put(value: Any, name: str, new: Any) -> None:
    if isinstance(value, Mixin):  # as PyTorch's own code keeps a module from being registered
        value.put_aside(name, new)
    else:
        put(value, name, new) if isinstance(type(value), Program) else set_attribute(new, value, name)


OF_OBJECT: dict[str, Any] = {"__setattr__": _put, "__delattr__": lambda value, name: delete_attribute(value, name)}
OF_OBJECT |= {"__repr__": object_text, "__str__": text.written, "__eq__": lambda value, other: value is other}
OF_OBJECT |= {"__hash__": object.__hash__, "__getattribute__": lambda value, name: plain_attribute(value, name)}


def delete_attribute(value: Any, name: str) -> None:
    """`del value.name`."""
    if isinstance(type(value), ProgramType) and not isinstance(value, Model):
        own = lookup(type(value), "__delattr__")
        take(value, name) if own is ABSENT else own(value, name)
    elif isinstance(value, ProgramType) and not isinstance(value, NetworkType) and name in value.written:
        if name in value.__dict__.get("members", ()):
            raise AttributeError_(f"'{value.__name__}' cannot delete member '{name}'.")
        del value.written[name]
        if name not in OWN_OF_CLASSES:
            type.__delattr__(value, name)
    elif (isinstance(value, Mixin) and value.take_aside(name)) or (isinstance(value, Model) and value.drop(name)):
        return
    elif isinstance(value, Tensor) and name == "grad":
        value.grad = None
    elif (isinstance(value, Tensor) and _tensors().drop_own(value, name)) or (
        takes_fields(type(value)) and drop_field(value, name)
    ):
        return
    elif hasattr(value, "__drop_member__"):
        value.__drop_member__(name)
    else:
        raise missing(value, name)


def names(value: Any) -> list[str]:
    """What `dir` gives."""
    kind = type(value)
    own: Any = lookup(kind, "__dir__") if isinstance(kind, Program) else ABSENT
    if own is not ABSENT:
        return sorted(own(value))
    found: set[str] = set()
    for each in value.__mro__ if isinstance(value, type) else kind.__mro__:
        found.update(n for n in each.__dict__.get("written", ()) if n[0] != "@")
        found.update(HOST.get(each, ()))
    if isinstance(kind, ProgramType):
        found.update(value.__dict__)
    elif isinstance(value, (np.ndarray, np.generic)):
        found.update(ARRAY)
    else:
        found.update(access.names(value))
        found.update(_tensors().own_of(value) if isinstance(value, Tensor) else ())
        if takes_fields(kind):
            found.difference_update(getattr(value, "__options__", ()))
            found.update(kind.__public__, names_of(value))
    return sorted(found)
