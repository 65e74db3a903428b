"""Python's own helpers that people reach for, on plain values; on tensors the operator of the same name."""

from __future__ import annotations

import sys
import time as clock
from collections.abc import Callable
from types import FunctionType
from typing import Any

from gradsh import errors
from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import NAMES, OF, DType, Size
from gradsh.engine.core.graph import Node, Unrecorded
from gradsh.engine.core.modes import mode
from gradsh.engine.core.place import BETWEEN, caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import TypeError_
from gradsh.runtime import steps
from gradsh.runtime.keys import as_pairs
from gradsh.runtime.text import is_model, shown, written

__acts_for_programs__ = True

_getframe = sys._getframe


def dtype_of(python: type) -> Any:
    """NumPy's dtype of a type of Python's: `float` is float64 there."""
    import numpy as np

    return np.dtype(python)


class AsType:
    """What a program sees as a type: Python's and PyTorch's errors call it one, `unsupported operand type(s) for +:
    'int' and 'type'`, where a class was given for an object of it."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        cls.__name__ = "type"

    @property
    def dtype(self) -> Any:
        """What NumPy asks whatever stands for a dtype: `np.finfo(float).eps`, `x.dtype == int`."""
        python = getattr(self, "python", None)
        if python is None:
            raise AttributeError("dtype")
        return dtype_of(python)


class Converter(AsType):
    """`int`, `str`, `list` …: called it converts, after `isinstance(x, …)` it is the type."""

    __slots__ = ("__name__", "python")

    def __init__(self, name: str, python: type) -> None:
        self.__name__ = name
        self.python = python

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.python(*arguments, **keywords)

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


class Items(Converter):
    """`list` and `tuple`."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.python(*map(steps.collected, arguments), **keywords)


class Text(Converter):
    """`str(x)`: what `print` shows."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) > 1 or keywords:
            raise errors.CallError("str() takes one argument")
        return written(arguments[0]) if arguments else ""


class TensorType(Converter):
    """`Tensor`: after `isinstance(x, …)` the type; called, PyTorch's `torch.Tensor(data)`, which is float32."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        maker = catalogue.operator("FloatTensor")
        if maker is None:
            raise TypeError_("Tensor() cannot be called; tensor(data) makes one")
        if len(arguments) == 1 and arguments[0].__class__ is Tensor:  # an alias, whatever the dtype
            maker = catalogue.operator(f"{OF[arguments[0].data.dtype].title}Tensor") or maker
        return maker.apply(*arguments, **keywords)


class DictConverter(Converter):
    """`dict`: what becomes a key is looked at first."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return super().__call__(*map(as_pairs, arguments), **keywords)


class SetConverter(Converter):
    """`set`, whose class few programs need."""

    __slots__ = ()

    def __init__(self) -> None:
        self.__name__ = "set"

    @property
    def python(self) -> type:  # type: ignore[override]  # what others have as a slot
        from gradsh.runtime.sets import Set

        return Set


class SizeConverter(Converter):
    """`Size`: what a shape is."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        if len(arguments) != 1 or keywords:
            return super().__call__(*arguments, **keywords)
        items = list(arguments[0])
        for at, item in enumerate(items):
            if not isinstance(item, int):
                raise TypeError_(f"torch.Size() takes an iterable of 'int' (item {at} is '{type(item).__name__}')")
        return self.python(items)


class ConverterDType(AsType, DType):
    """`float`, `int`, `bool`: PyTorch's dtype of that name, and Python's conversion when called."""

    __slots__ = ("__name__", "python")

    def __init__(self, name: str, python: type, dtype: DType | None = None) -> None:
        dtype = dtype or NAMES[name]
        super().__init__(dtype.name, dtype.category, dtype.title, dtype.c_name)
        self.__name__ = name
        self.python = python

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.python(*arguments, **keywords)

    def __eq__(self, other: object) -> bool:
        return other.np == self.np if isinstance(other, DType) else NotImplemented

    def __hash__(self) -> int:
        return hash(NAMES[self.name])


KINDS: dict[type, Kind] = {}


class Kind(AsType):
    """What `type(x)` gives where that is no model: it compares, with `int` and `Tensor` too, and converts as they."""

    __slots__ = ("__name__", "python")
    __public__ = frozenset({"__name__"})

    def __init__(self, python: type) -> None:
        self.__name__ = "dtype" if python is DType else python.__name__
        self.python = python

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        for one in OWN.values():
            if isinstance(one, (Converter, ConverterDType)) and one.python is self.python:
                return one(*arguments, **keywords)
        raise TypeError_(f"cannot create '{self.title}' instances")

    @property
    def title(self) -> str:
        """The name with its module, as errors and `print` say it."""
        if self.python in (Tensor, DType, Size):
            return f"torch.{self.__name__}"
        return f"numpy.{self.__name__}" if self.python.__module__ == "numpy" else self.__name__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Kind, Converter, ConverterDType)) and other.python is self.python

    def __hash__(self) -> int:
        return hash(self.python)

    def __repr__(self) -> str:
        return f"<class '{self.title}'>"


def _type(*arguments: Any, **keywords: Any) -> Any:
    """`type(x)`, to compare with; the method's other form, `type(x, float64)`, is the operator."""
    if len(arguments) != 1 or keywords:
        entry = catalogue.operator("type")
        if entry is not None and arguments and isinstance(arguments[0], Tensor):
            return entry.apply(*arguments, **keywords)
        raise TypeError_("type() takes 1 or 3 arguments")
    kind = type(arguments[0])
    return kind if is_model(kind) else KINDS.setdefault(kind, Kind(kind))


_type.__name__ = _type.__qualname__ = "type"


def _isinstance(value: Any, kind: Any) -> bool:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(_is_of(value, one) for one in kinds)


def _is_of(value: Any, kind: Any) -> bool:
    if isinstance(kind, (Converter, ConverterDType, Kind)):
        return isinstance(value, kind.python)
    tells = getattr(kind, "tells", None) if isinstance(kind, FunctionType) else None
    if tells is not None:
        return bool(tells(value))
    made = getattr(kind, "makes", None) if isinstance(kind, FunctionType) else kind if is_model(kind) else None
    if isinstance(made, type):
        return isinstance(value, made)
    raise TypeError_("isinstance() arg 2 must be a type, such as int, float, str, list or Tensor, or a tuple of these")


_isinstance.__name__ = _isinstance.__qualname__ = "isinstance"


def _repr(value: Any, /) -> str:
    return shown(value)


def _map(function: Any, /, *items: Any) -> Any:
    if not items:
        raise TypeError_("map() must have at least two arguments.")
    return map(function, *items)


def _same(value: Any) -> Any:
    return value


def _iter(items: Any, /) -> Any:
    return map(_same, items)  # reads what is asked for, and has no attributes


def _next(items: Any, /, *default: Any) -> Any:
    if items.__class__ not in steps.LAZY or items.__class__ is range:
        raise TypeError_(
            f"'{type(items).__name__}' object is not an iterator", help="`next(iter(xs))` is its first item"
        )
    for item in items:
        return item
    if default:
        return default[0]
    raise errors.NotIterable("there is no further item", kind="StopIteration")


def _time() -> float:
    return clock.time()


for _function, _name in ((_time, "time"), (_repr, "repr"), (_map, "map"), (_iter, "iter"), (_next, "next")):
    _function.__name__ = _function.__qualname__ = _name


def _sum(*arguments: Any, **keywords: Any) -> Any:
    with placed(caller(_getframe(2))):
        return steps.total(*arguments, **keywords)


_sum.__name__ = _sum.__qualname__ = "sum"

# Whose first argument decides: a tensor goes to the operator, anything else to Python.
SHARED: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "round": steps.rounded,
    "min": steps.smallest,
    "max": steps.largest,
    "sum": _sum,
    "any": steps.any_of,
    "all": steps.all_of,
}

OWN: dict[str, Callable[..., Any]] = {
    "len": len,
    "range": range,
    "zip": zip,
    "enumerate": enumerate,
    "sorted": steps.ordered,
    "reversed": reversed,
    "isinstance": _isinstance,
    "type": _type,
    "time": _time,
    "str": Text("str", str),
    "Tensor": TensorType("Tensor", Tensor),
    "list": Items("list", list),
    "tuple": Items("tuple", tuple),
    "dict": DictConverter("dict", dict),
    "set": SetConverter(),
    "Size": SizeConverter("Size", Size),
    "repr": _repr,
    "map": _map,
    "filter": filter,
    "iter": _iter,
    "next": _next,
    "float": ConverterDType("float", float),
    "int": ConverterDType("int", int),
    "bool": ConverterDType("bool", bool),
}


def shared(name: str, operator: Callable[..., Any] | None) -> Callable[..., Any]:
    """Python's function of that name on plain values, the operator on tensors."""
    python = SHARED[name]
    if operator is None:
        return python

    def call(*arguments: Any, **keywords: Any) -> Any:
        if arguments:
            first = arguments[0]
            if first.__class__ is not Tensor and not isinstance(first, Tensor):
                return python(*arguments, **keywords)
        out = operator(*arguments, **keywords)
        if out.__class__ is Tensor and mode.where is None:  # a fast path took this function for the program
            frame = _getframe(1)
            made = out.node
            if made.__class__ is Node:
                if made.code is own:
                    made.code, made.lasti = frame.f_code, frame.f_lasti
            elif made is None and out.made_at is not None and out.made_at[0] is own:
                here = (frame.f_code, frame.f_lasti)
                out.origin = Unrecorded(here) if out.origin.__class__ is Unrecorded else here
        return out

    own = call.__code__
    BETWEEN.add(own)
    call.__name__ = call.__qualname__ = name
    return call
