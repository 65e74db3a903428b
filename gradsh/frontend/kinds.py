"""The types that Python programs see: Python's own, PyTorch's, and those of their own classes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import FunctionType, MappingProxyType
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import OF, DType, Size
from gradsh.engine.core.graph import AccumulateGrad, Node
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind, is_users
from gradsh.engine.nn.module import is_parameter
from gradsh.engine.operators.composite import MAKERS
from gradsh.frontend import titles
from gradsh.runtime import python
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.python import AsType, Converter, ConverterDType, Kind
from gradsh.runtime.text import written

__acts_for_programs__ = True


class Program(type):
    """The class of the classes that a program writes."""


class Hints(dict[str, str]):
    """What the body of a class says of its names, as it is written, and the globals that it stands in."""

    __slots__ = ("space",)

    def __init__(self, said: Any, space: Mapping[str, Any]) -> None:
        super().__init__(said)
        self.space = space


def is_hint(value: Any) -> bool:
    """Is it what is written behind colons, `List[int]`: see gradsh.frontend.hints?"""
    return hasattr(type(value), "__hint__")


def hints_module() -> Any:
    """gradsh.frontend.hints, which few programs need, and which needs what is here."""
    return import_module("gradsh.frontend.hints")


class Hinted:
    """A type that may stand in a hint: `list[int]`, `int | None`."""

    __slots__ = ()

    def __getitem__(self, item: Any) -> Any:
        return hints_module().alias(self, item)

    def __or__(self, other: Any) -> Any:
        return hints_module().union(self, other, plain=True)

    def __ror__(self, other: Any) -> Any:
        return hints_module().union(other, self, plain=True)


class Items(Hinted, python.Items):
    """`list`, `tuple`."""

    __slots__ = ()


class Dict(Hinted, python.DictConverter):
    """`dict`."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return super().__call__(*map(as_dict, arguments), **keywords)


def as_dict(value: Any) -> Any:
    """The dictionary of what has keys as one has: a mapping of the program's own, or what only shows one."""
    kind = type(value)
    if kind is MappingProxyType or (isinstance(kind, Program) and not issubclass(kind, dict) and hasattr(kind, "keys")):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118 - what it goes through may be other things
    return value


class Number(Hinted, ConverterDType):
    """`int`, `float`, `bool`: as a dtype, what NumPy and PyTorch read there, `torch.zeros(2, dtype=float).dtype` is
    torch.float64. None of them is a dtype of PyTorch's: `x.dtype == float` is False."""

    __slots__ = ()

    def __init__(self, name: str, python: type) -> None:
        super().__init__(name, python, OF[np.dtype(python)])

    def __eq__(self, other: object) -> bool:
        return other is self if isinstance(other, DType) else NotImplemented

    __hash__ = ConverterDType.__hash__

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type, and where it may stand."""
        return "type", ("torch.dtype",)


class TensorType(Hinted, python.TensorType):
    """`torch.Tensor`."""

    __slots__ = ()


class SizeType(Hinted, python.SizeConverter):
    """`torch.Size`."""

    __slots__ = ()


class PythonType(Hinted, Converter):
    """A type of Python's own, whose constructor needs no care."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.python(*arguments, **keywords)


class Text(Hinted, Converter):
    """`str`."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) == 1 and not keywords:
            return written(arguments[0])
        return str(*arguments, **keywords)


class Only(AsType):
    """A type that programs ask of values, and make none of."""

    __slots__ = ("kinds", "name")

    def __init__(self, name: str, *kinds: type) -> None:
        self.name = name
        self.kinds = kinds

    def __repr__(self) -> str:
        return f"<class '{self.name}'>"

    def __instance__(self, value: Any) -> bool:
        return isinstance(value, self.kinds)


# the types of plain values, by what Python has: `type(x)` of each is what the name gives
TYPES: dict[type, Any] = {
    list: Items("list", list),
    tuple: Items("tuple", tuple),
    dict: Dict("dict", dict),
    **{one: Number(one.__name__, one) for one in (float, int, bool)},
    **{
        one: PythonType(one.__name__, one)
        for one in (complex, bytes, bytearray, frozenset, memoryview, slice, set, range, property, map, type(None))
    },
    str: Text("str", str),
    Tensor: TensorType("Tensor", Tensor),
    Size: SizeType("Size", Size),
}


# the classes of the nodes of graphs, by name
NODES: dict[str, Any] = {}


def kept(kind: Any, name: str, default: Any = None) -> Any:
    """What gradsh keeps of a class or a function under a name, not what the program binds there: `title = "Loss"`."""
    space = kind.__dict__
    if name in space.get("written", ()) or (isinstance(kind, FunctionType) and is_users(kind)):
        return default
    return space.get(name, default)


def is_class(value: Any) -> bool:
    """Is it what a program sees as a type, though it is none of Python's?"""
    if isinstance(value, FunctionType):
        return kept(value, "makes") is not None or kept(value, "title") is not None
    return isinstance(value, (Converter, ConverterDType, Kind))


def python_of(kind: Any) -> Any:
    """The type behind what a program sees as one; None of what is none."""
    if isinstance(kind, (Converter, ConverterDType, Kind)):
        return kind.python
    if isinstance(kind, type):
        return kind
    made = kept(kind, "makes") if isinstance(kind, FunctionType) else None
    return made if isinstance(made, type) else None


def kind_of(value: Any) -> Any:
    """`type(value)` as programs see it."""
    kind = type(value)
    if kind is Tensor and is_parameter(value):
        return BUILTINS.value("Parameter")
    if kind in TYPES:
        return TYPES[kind]
    if isinstance(value, (Node, AccumulateGrad)):
        name = repr(value).strip("<>").rpartition(".")[2]
        return NODES.setdefault(name, PythonType(name, kind))
    return MAKERS.get(kind, kind)


def class_text(kind: Any) -> str:
    """What stands in `<class '…'>`."""
    told = kept(kind, "title") if isinstance(kind, (FunctionType, Program)) else None
    if told is not None:
        return str(told)
    python = python_of(kind)
    if python in (Node, AccumulateGrad) and kind is not python:
        return str(kind.__name__)
    if python is None:
        return str(getattr(kind, "__name__", kind))
    if python is Tensor:
        return "torch.Tensor"
    if python is Size:
        return "torch.Size"
    if issubclass(python, DType):
        return "torch.dtype"
    if issubclass(python, type) and not isinstance(python, Program):
        return "type"
    if python.__qualname__ == "object":  # what stands for Python's own
        return "object"
    python = kept(python, "stands_for", python)
    if isinstance(python, Program) or python.__module__ == "__main__":
        return f"{python.__module__}.{python.__qualname__}"
    if isinstance(python, ModelKind):
        return titles.of_layer(python.__name__)
    if issubclass(python, tuple) and hasattr(python, "_fields") and python.__module__ == "gradsh.frontend.imports.pure":
        return f"__main__.{python.__qualname__}"  # a namedtuple
    if python.__module__.partition(".")[0] == "gradsh":
        return "collections.OrderedDict" if python.__name__ == "StateDict" else titles.of_engine(python)
    return python.__qualname__ if python.__module__ == "builtins" else f"{python.__module__}.{python.__qualname__}"
