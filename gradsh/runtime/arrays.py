"""The methods of NumPy's arrays that programs may call, each with a signature: nothing is handed on to NumPy unread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import index
from typing import Any

import numpy as np

from gradsh.calls.bind import Binder
from gradsh.engine.core.dtypes import NAMES, DType
from gradsh.engine.core.numpys import warning
from gradsh.errors import ArgumentError, TypeError_
from gradsh.runtime.text import without_addresses

__acts_for_programs__ = True

SIGNATURES = {
    text.partition("(")[0]: Binder("ndarray." + text, python=True)
    for text in (
        "sum(axis=None, dtype=None, out=None, keepdims=False, initial=None, where=True)",
        "mean(axis=None, dtype=None, out=None, keepdims=False, *, where=True)",
        "max(axis=None, out=None, keepdims=False, initial=None, where=True)",
        "min(axis=None, out=None, keepdims=False, initial=None, where=True)",
        "astype(dtype)",
        "copy(order='C')",
        "tolist()",
        "item(*index)",
        "reshape(*shape)",
    )
}


def call(name: str, array: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """`array.name(*args, **kwargs)`.

    Errors: ArgumentError for an argument of a wrong type; Python's own, in NumPy's words, for a wrong value.
    """
    signature = SIGNATURES[name]
    values = signature.bind(tuple(args), kwargs)
    given: list[Any] = []
    named: dict[str, Any] = {}
    for parameter, value in zip(signature.parameters, values, strict=True):
        word, read = KINDS[parameter.name]
        if parameter.kind == "rest":
            given = [_read(name, parameter.name, word, read, item) for item in value]
        elif value is not parameter.default or not parameter.has_default:
            named[parameter.name] = _read(name, parameter.name, word, read, value)
    try:
        return warning(getattr(array, name), given, named) if name == "mean" else getattr(array, name)(*given, **named)
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        if array.dtype.hasobject:  # `a + [10**30, 1]`, which then was given a function to hold, and `.max()` of it
            raise TypeError_(without_addresses(str(error))) from None
        raise error.with_traceback(None) from None  # some of these methods are Python: what they say is of the call


class _Wrong(Exception):
    """An argument of another type."""


def _read(name: str, parameter: str, word: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except _Wrong:
        kind = "NoneType" if value is None else type(value).__name__
        raise ArgumentError(f"ndarray.{name}(): argument '{parameter}' must be {word}, not {kind}") from None


def _int(value: Any) -> int:
    try:
        number = index(value)
    except TypeError:
        raise _Wrong from None
    if isinstance(value, bool):
        raise _Wrong
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C long")
    return number


def _ints(value: Any) -> Any:
    return tuple(map(_int, value)) if isinstance(value, (tuple, list)) else _int(value)


def _dtype(value: Any) -> Any:
    """gradsh's dtypes, also by their names, and NumPy's own; another string could name a dtype that holds anything."""
    if isinstance(value, str):
        value = NAMES.get(value, value)
    wanted = np.dtype(value.np) if isinstance(value, DType) else value
    if not isinstance(wanted, np.dtype) or wanted.kind not in "biuf":
        raise _Wrong
    return wanted


def _flag(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise _Wrong
    return bool(value)


def _number(value: Any) -> Any:
    if not isinstance(value, (int, float, np.number, np.bool_)):
        raise _Wrong
    return value


def _mask(value: Any) -> Any:
    if not isinstance(value, (bool, np.bool_)) and getattr(value, "dtype", None) != np.bool_:
        raise _Wrong
    return value if isinstance(value, (bool, np.ndarray)) else np.asarray(getattr(value, "data", value))


def _array(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        raise _Wrong
    return value


def _order(value: Any) -> Any:
    if not isinstance(value, str):
        raise _Wrong
    return value


# by the parameter's name: the word for the type, and what reads it
KINDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "axis": ("an int or a tuple of ints", _ints),
    "dtype": ("a dtype such as float32", _dtype),
    "out": ("an array", _array),
    "keepdims": ("bool", _flag),
    "initial": ("a number", _number),
    "where": ("bools", _mask),
    "order": ("str", _order),
    "index": ("ints", _ints),
    "shape": ("ints", _ints),
}
