"""How values are written out in Python programs: as PyTorch and Python do, `torch.` and class paths included.

Addresses are made up, so that a program prints the same each time: the first object that shows one has the first.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CoroutineType,
    FunctionType,
    GeneratorType,
    GenericAlias,
    MappingProxyType,
    MethodType,
)
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import DType, Size
from gradsh.engine.core.graph import AccumulateGrad, Handle, Node
from gradsh.engine.core.named import Named
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.errors import TypeError_
from gradsh.frontend.kinds import Program, class_text, hints_module, is_class
from gradsh.runtime.text import function_name

__acts_for_programs__ = True

WRITTEN = frozenset(
    ("signal", "numpy", "datetime", "fractions", "decimal", "inspect", "uuid")
)  # whose `str` is not their `repr`
VIEWS = frozenset((type({}.keys()), type({}.values()), type({}.items())))
PLAIN = frozenset((int, float, bool, type(None), Tensor, str, complex, bytes))
GENERATORS: dict[type, str] = {
    GeneratorType: "generator", CoroutineType: "coroutine", AsyncGeneratorType: "async_generator"
}  # fmt: skip
FIRST, STEP = 0x7F3A00000000, 0x10
REALLY = re.compile(rf"\bat 0x(?!{FIRST >> 16:x})[0-9a-fA-F]+(?=>)")  # where something lies in memory
OWN_FUNCTION = "torch.autograd.function."  # before the nodes of a program's own functions

_seen: dict[int, int] = {}


def address(value: object) -> int:
    """A number that stands for where a value is."""
    return _seen.setdefault(id(value), FIRST + STEP * len(_seen))


def at(value: object) -> str:
    return f"at 0x{address(value):x}"


def written(value: Any) -> str:
    """What `print` and `str` show."""
    kind = type(value)
    if kind in PLAIN or isinstance(value, (str, Tensor)) or hasattr(kind, "__printed__"):
        return str(value)
    if isinstance(kind, Program):
        return str(value)
    if kind is MappingProxyType:
        return _collection(dict(value), dict, ())
    if isinstance(value, BaseException) or (
        kind.__module__.partition(".")[0] in WRITTEN and not hasattr(kind, "_fields")
    ):
        return of_host(value, str(value))
    return shown(value)


def of_host(value: Any, text: str) -> str:
    """What Python has to show of a value, in which no thing lies where it really does."""
    if " at 0x" not in text:
        return text
    return REALLY.sub(lambda found: at(value), text)


def shown(value: Any) -> str:
    """What `repr` shows."""
    return repr(value) if type(value) in PLAIN else _shown(value, ())


def displayed(value: Any) -> str:
    """What a value by itself shows; in cells that is what `pretty` says."""
    return shown(value)


def _shown(value: Any, outer: tuple[int, ...]) -> str:
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if kind in (list, tuple, dict, set):
        return _collection(value, kind, outer)
    if kind is Size:
        return repr(value)
    if getattr(type(value), "says", False):  # an Enum's class
        return repr(value)
    if isinstance(value, type) or is_class(value):
        return f"<class '{class_text(value)}'>"
    if isinstance(value, DType):
        return f"torch.{value!r}"
    if isinstance(value, (Node, AccumulateGrad)):
        own = OWN_FUNCTION if getattr(getattr(value, "kind", None), "custom", None) is not None else ""
        return f"<{own}{repr(value)[1:-1]} object {at(value)}>"
    if kind is FunctionType and not is_users(value) and value.__module__.startswith("gradsh."):
        return f"<built-in function {function_name(value)}>"
    if kind is FunctionType:
        return f"<function {qualified(value)} {at(value)}>"
    if kind is MethodType:
        return _method(value)
    if kind is BuiltinFunctionType:
        return f"<built-in function {function_name(value)}>"
    if kind in GENERATORS:
        return f"<{GENERATORS[kind]} object {value.__qualname__.replace('.<locals>.', '').lstrip('.')} {at(value)}>"
    if isinstance(value, Named):
        return repr(value)
    if isinstance(value, tuple) and hasattr(kind, "_fields") and not isinstance(kind, Program):
        fields: Any = kind
        parts = [f"{name}={_shown(held, outer)}" for name, held in zip(fields._fields, value, strict=True)]
        return f"{kind.__qualname__.rpartition('<locals>.')[2]}({', '.join(parts)})"
    if kind is GenericAlias:
        return str(hints_module().generic_text(value))
    if isinstance(value, Handle):
        return f"<torch.utils.hooks.RemovableHandle object {at(value)}>"
    if kind in VIEWS:
        return f"{'o' * getattr(value.mapping.copy(), 'ordered', False)}{kind.__name__}({_shown(list(value), outer)})"
    if kind in _OF_COLLECTIONS:
        return _OF_COLLECTIONS[kind](value, outer)
    if isinstance(value, Tensor):
        return repr(value)
    if kind.__module__.partition(".")[0] == "gradsh" and repr(value) == f"<{kind.__name__}>":
        return f"<{class_text(kind)} object {at(value)}>"
    if type(kind) is type and isinstance(value, tuple) and hasattr(kind, "_fields"):
        held = zip(kind._fields, value, strict=True)
        return f"{kind.__name__}({', '.join([f'{name}={_shown(item, outer)}' for name, item in held])})"
    if any("__repr__" in base.__dict__ for base in kind.__mro__[:-1]) and _keeps_addresses_out(kind):
        return of_host(value, repr(value))
    return f"<{class_text(kind)} object {at(value)}>"


def _keeps_addresses_out(kind: type) -> bool:
    return isinstance(kind, Program) or kind.__module__.partition(".")[0] in ("gradsh", "numpy", "torch", *OPEN)


OPEN = (
    "array",
    "uuid",
    "builtins",
    "collections",
    "datetime",
    "fractions",
    "decimal",
    "argparse",
    "statistics",
    "urllib",
    "signal",
    "re",
    "itertools",
    "functools",
    "inspect",
)


def _collection(value: Any, kind: type, outer: tuple[int, ...]) -> str:
    if id(value) in outer:
        return "[...]" if kind is list else "{...}" if kind is dict else "(...)"
    outer = (*outer, id(value))
    if kind is dict:
        return "{" + ", ".join([f"{_shown(k, outer)}: {_shown(v, outer)}" for k, v in value.items()]) + "}"
    items = ", ".join([_shown(item, outer) for item in value])
    if kind is list:
        return f"[{items}]"
    if kind is set:
        return f"{{{items}}}" if value else "set()"
    return f"({items},)" if len(value) == 1 else f"({items})"


def _counted(value: Any, outer: tuple[int, ...]) -> str:
    return f"Counter({_shown(dict(value.most_common()), outer)})" if value else "Counter()"


def _queue(value: Any, outer: tuple[int, ...]) -> str:
    most = "" if value.maxlen is None else f", maxlen={value.maxlen}"
    return f"deque({_shown(list(value), outer)}{most})"


_OF_COLLECTIONS: dict[type, Callable[[Any, tuple[int, ...]], str]] = {
    collections.OrderedDict: lambda value, outer: f"OrderedDict({_shown(list(value.items()), outer) if value else ''})",
    collections.defaultdict: lambda value, outer: (
        f"defaultdict({_shown(value.default_factory, outer)}, {_shown(dict(value), outer)})"
    ),
    collections.Counter: _counted,
    collections.ChainMap: lambda value, outer: f"ChainMap({', '.join([_shown(each, outer) for each in value.maps])})",
    MappingProxyType: lambda value, outer: f"mappingproxy({_shown(dict(value), outer)})",
    collections.deque: _queue,
}


def qualified(function: Any) -> str:
    """`Net.forward`, `outer.<locals>.inner`: the name with where it was defined."""
    return qualified_name(getattr(function, "__qualname__", None) or function_name(function))


def qualified_name(name: str) -> str:
    """The same of a name of lowered code's."""
    parts = [part.removeprefix(".") for part in name.replace("..", ".").split(".")]
    if any(part.startswith("@") for part in parts):
        parts = ["<lambda>" if part.startswith("@") else part for part in parts]
    return ".".join(part for part in parts if part)


def _method(value: Any) -> str:
    owner = value.__self__
    if isinstance(owner, Tensor):
        name = value.__func__.__name__.rpartition(".")[2]
        if name in OF_PYTHON:
            return f"<bound method Tensor.{name} of {owner!r}>"
        return f"<built-in method {name} of Tensor object {at(owner)}>"
    if isinstance(value.__func__, FunctionType):
        return f"<bound method {_of_torch(qualified(value.__func__), owner)} of {shown(owner)}>"
    return f"<built-in method {function_name(value.__func__)} of {type(owner).__name__} object {at(owner)}>"


def _of_torch(name: str, owner: Any) -> str:
    """The name of a method as PyTorch has it: `Module.train`, and `SGD.step`, which each optimiser has its own of."""
    room, _, method = name.rpartition(".")
    if room == "Model":
        return f"Module.{method}"
    return f"{type(owner).__name__}.step" if name == "Optimizer.step" else name


# tensors' methods that PyTorch has written in Python; all others are built in
_OF_PYTHON = """
backward norm register_hook register_post_accumulate_grad_hook split unique unique_consecutive unflatten storage
share_memory_ is_shared lu stft istft resize rename
"""
OF_PYTHON = frozenset(_OF_PYTHON.split())


def formatted(value: Any, conversion: str | None, spec: str) -> str:
    """One `{value!conversion:spec}`. Errors: Python's for a spec that the value does not take."""
    if conversion is None:
        kind = type(value)
        if kind in PLAIN or isinstance(value, (Tensor, str, int, float, np.generic)) or isinstance(kind, Program):
            return format(value, spec)
        if isinstance(value, np.ndarray) and not value.ndim:  # as `loss.numpy()` is: formatted as its number
            return format(value, spec)
        if not spec:
            return written(value)
        if kind.__module__ in ("datetime", "decimal", "fractions"):
            return format(value, spec)
        raise TypeError_(f"unsupported format string passed to {class_text(kind)}.__format__")
    text = written(value) if conversion == "s" else shown(value)
    if conversion == "a":
        text = text.encode("ascii", "backslashreplace").decode()
    return format(text, spec)
