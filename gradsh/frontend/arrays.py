"""NumPy's arrays in Python programs: which of their attributes are open, and how tensors are handed to NumPy."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.numpys import warning
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AttributeError_
from gradsh.runtime import access
from gradsh.runtime.python import Converter, ConverterDType

__acts_for_programs__ = True

# Not open: what writes files, and what leads to memory or to objects of the host's.
_CLOSED = """
base ctypes data dump dumps getfield setfield setflags tofile to_device newbyteorder
"""
ARRAY = frozenset(name for name in dir(np.ndarray) if name[0] != "_") - frozenset(_CLOSED.split())

# Written in Python, and warn: of means and spreads of nothing, of fits to too little, of what is no array to shuffle.
_WARN = "average corrcoef cov mean median nanmax nanmean nanmedian nanmin nanpercentile nanquantile nanstd nanvar"
_OF_BINS = "histogram histogram2d histogram_bin_edges histogramdd"
WARN = frozenset(f"{_WARN} {_OF_BINS} polyfit shuffle std var".split())


def plain(value: Any) -> Any:
    """A value as NumPy takes it: tensors as arrays, dtypes and Python's types as NumPy's.

    What holds none of them is the same object, which functions of NumPy's write in: `np.random.shuffle(pairs)`.
    """
    if isinstance(value, Tensor):
        return access.method(value, "detach")().data if not value.requires else _of_tracked(value)
    if isinstance(value, ConverterDType):
        return value.python
    if isinstance(value, DType):
        return value.np
    if isinstance(value, Converter):
        return value.python
    if value.__class__ in (list, tuple) and any(map(_holds, value)):
        made = [plain(item) for item in value]
        if any(map(operator.is_not, made, value)):
            return made if value.__class__ is list else tuple(made)
    return value


def _holds(value: Any) -> bool:
    return isinstance(value, (Tensor, list, tuple, DType, Converter))


def _of_tracked(value: Tensor) -> Any:
    return access.method(value, "numpy")()  # PyTorch's error


def called(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's as programs call it."""
    name = getattr(function, "__name__", "")
    warns, swaps = name in WARN, name == "shuffle"

    def call(*arguments: Any, **keywords: Any) -> Any:
        # a list changes places itself, whatever it holds
        kept = swaps and bool(arguments) and arguments[0].__class__ is list
        given = arguments if kept else tuple(map(plain, arguments))
        named = {key: plain(value) for key, value in keywords.items()}
        try:
            return warning(function, given, named) if warns else function(*given, **named)
        except np.linalg.LinAlgError as error:  # which elsewhere is the engine's: PyTorch's words
            error.__dict__["@raised"] = True
            raise

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "function")
    return call


def of_array(value: Any, name: str) -> Any:
    """`array.name`. Errors: AttributeError_ in NumPy's words."""
    if name not in ARRAY:
        raise AttributeError_(f"'{type(value).__module__}.{type(value).__name__}' object has no attribute '{name}'")
    found = getattr(value, name)
    return called(found) if callable(found) and not isinstance(found, np.ndarray) else found
