"""What PyTorch says of a call whose arguments an operator could not use."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.arguments import (
    dim_error,
    type_word,
)
from gradsh.engine.core.dtypes import OF, DType
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, DtypeError


class Misused(ArgumentError):
    """Found by looking for what is wrong after a Python operation had failed; an outer operator may know better."""


# what a kernel or a composite raises for arguments that it did not expect
FAILURES = (AttributeError, TypeError, ValueError, IndexError, KeyError, OverflowError, Misused)


def blame(entry: Any, values: list[Any], error: Exception) -> Exception:
    """The error to raise for a failed operator: of the argument of a wrong type, or what failed if there is none.

    An exception that no argument explains is a fault of gradsh, and stays what it is.
    """
    knows_nothing = entry.samples is None and not entry.method
    if entry.private or knows_nothing or any(callable(v) and not isinstance(v, type) for v in values):
        return error
    return wrong_argument(entry, values) or _wrong_tensor(entry, values, error) or error


def _wrong_tensor(entry: Any, values: list[Any], error: Exception) -> Exception | None:
    """In PyTorch's words, what NumPy said of a dtype that it has no routine for, a missing dim, shapes that differ."""
    tensors = [v.data for v in values if v.__class__ is Tensor]
    said = str(error)
    if not tensors:
        return None
    if isinstance(error, TypeError):
        for data in tensors:
            if data.dtype.kind == "b" or data.dtype.itemsize <= 2:
                name = entry.name.replace(".", "_")
                return DtypeError(
                    f"\"{name}\" not implemented for '{OF[data.dtype].title}'", kind="NotImplementedError"
                )
    if isinstance(error, IndexError) and "tuple index out of range" in said:
        return dim_error(min(data.ndim for data in tensors))
    if isinstance(error, ValueError) and "broadcast" in said:
        from gradsh.engine.core.promotion import broadcast_error

        for data in tensors[1:]:
            try:
                np.broadcast_shapes(tensors[0].shape, data.shape)
            except ValueError:
                return broadcast_error(tensors[0].shape, data.shape)
    return None


# parameters that are plain ints wherever they occur
_INTS = frozenset(
    ("dim", "dim0", "dim1", "dim2", "dimension", "start", "length", "diagonal", "offset", "k", "chunks", "step")
)


def wrong_argument(entry: Any, values: list[Any]) -> Misused | None:
    """What is wrong with the arguments of an operator that failed, None if nothing is.

    What an argument may be is known from the parameter's default and from the operator's samples.
    """
    known = _known_kinds(entry)
    for at, (parameter, value) in enumerate(zip(entry.signature.parameters, values, strict=True)):
        kinds = known[at]
        given = _kind(value)
        if not kinds or given in kinds or any(given in _ALSO[k] for k in kinds):
            continue
        if (
            given == "Tensor"
            and value.__class__ is Tensor
            and value.data.size == 1
            and kinds & {"int", "float", "bool"}
        ):
            continue
        word = next(w for k, w in _WORDS.items() if k in kinds)
        overloaded = _overloaded(entry, values)
        if overloaded is not None:
            return overloaded
        return Misused(
            f"{entry.name.replace('.', '_')}(): argument '{parameter.name}' (position {at + 1}) must be {word}, "
            f"not {type_word(value)}"
        )
    return None


def _overloaded(entry: Any, values: list[Any]) -> Misused | None:
    """PyTorch's list of forms for an overloaded function, called with these values."""
    from gradsh.engine.operators.typed import overload_error

    parameters = entry.signature.parameters
    given = len(values)
    while given and parameters[given - 1].has_default and values[given - 1] == parameters[given - 1].default:
        given -= 1
    error = overload_error(entry.name, values[:given], {})
    return None if error is None else Misused(error.message)


_WORDS = {
    "Tensor": "Tensor",
    "tensors": "tuple of Tensors",
    "ints": "tuple of ints",
    "floats": "tuple of floats",
    "int": "int",
    "float": "float",
    "bool": "bool",
    "str": "str",
    "dtype": "torch.dtype",
    "None": "NoneType",
    "other": "another type",
}


# what else PyTorch takes where it takes the first
_ALSO = {
    "Tensor": (),
    "tensors": ("Tensor", "ints"),
    "ints": ("int",),
    "floats": ("float", "ints", "int"),
    "int": (),
    "float": ("int", "bool"),
    "bool": (),
    "str": (),
    "dtype": ("None",),
    "None": (),
    "other": (),
}


def _kind(value: Any) -> str:
    """Of an argument, or of what stands for one in a sample, the key of _WORDS."""
    if value.__class__ is Tensor or value.__class__.__name__ in ("t", "Batched"):
        return "Tensor"
    if isinstance(value, (list, tuple)):
        inside = {_kind(v) for v in value}
        return (
            "tensors"
            if "Tensor" in inside
            else "floats"
            if "float" in inside
            else "ints"
            if inside <= {"int"}
            else "other"
        )
    if value is None:
        return "None"
    for name, cls in (("bool", bool), ("int", int), ("float", float), ("str", str), ("dtype", DType)):
        if isinstance(value, cls):
            return name
    return "other"


def _known_kinds(entry: Any) -> list[set[str]]:
    """For each parameter what kinds of values it takes; empty where nothing tells."""
    parameters = entry.signature.parameters
    known: list[set[str]] = [set() for _ in parameters]
    for sample in entry.samples() if entry.samples is not None else ():
        try:
            values = entry.signature.bind(tuple(sample.args), sample.kwargs)
        except ArgumentError:
            continue
        for kinds, value in zip(known, values, strict=True):
            kinds.add(_kind(value))
    for at, (parameter, kinds) in enumerate(zip(parameters, known, strict=True)):
        if parameter.name in _INTS:
            kinds.add("int")
        elif parameter.has_default and parameter.default is not None:
            kinds.add(_kind(parameter.default))
        if not kinds and at == 0 and parameter.name in ("input", "A", "x", "tensor"):
            kinds.add("Tensor")
        if kinds == {"None"}:  # nothing but the default was seen
            kinds.clear()
        elif parameter.has_default and parameter.default is None:
            kinds.add("None")
    return known
