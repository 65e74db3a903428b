"""What PyTorch says of a call whose arguments an operator could not use."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import (
    dim_error,
    ended,
    misused,
    type_word,
)
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, is_foreign
from gradsh.engine.core.users import PROGRAM, acts_for_programs
from gradsh.errors import ArgumentError, DtypeError, GradshError


def blame(entry: Any, values: list[Any], error: Exception) -> Exception:
    """The error of an operator that failed: what PyTorch refuses in the call, or what failed if it refuses nothing.

    An exception that no argument explains is a fault of gradsh, and stays what it is.
    """
    if mode.interpreter is None and any(
        is_foreign(v) or (v.__class__ is list and any(map(is_foreign, v))) for v in values
    ):
        return ended(entry.name)
    if entry.signature.python and isinstance(error, TypeError) and " not supported between instances of " in str(error):
        return ArgumentError(str(error))  # as in PyTorch's own Python
    if entry.private or _in_the_program(error):
        return error
    wrong = misused(entry.signature, sys._getframe(1))
    if wrong is not None and wrong.message != getattr(error, "message", ""):
        return wrong
    if isinstance(error, GradshError):
        return error
    return _wrong_tensor(entry, values, error) or _of_a_wrong_type(entry, values, error) or error


def _in_the_program(error: Exception) -> bool:
    """Was it raised in a function of the program that the operator called, or in what acts for programs?"""
    traceback = error.__traceback__
    while traceback is not None:
        if PROGRAM in traceback.tb_frame.f_globals:
            return True
        if traceback.tb_next is None:
            return acts_for_programs(traceback.tb_frame.f_globals)
        traceback = traceback.tb_next
    return False


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


def _of_a_wrong_type(entry: Any, values: list[Any], error: Exception) -> Exception | None:
    """What Python said of an argument that is of no type the operator can use, where PyTorch has no words for it."""
    said = str(error)
    plain = (Tensor, int, float)
    places = sorted(range(len(values)), key=lambda i: isinstance(values[i], plain))  # what is odd is looked at first
    for at in places:
        value = values[at]
        if isinstance(value, Tensor) or not (f"'{type(value).__name__}'" in said or repr(value) in said.split(": ")):
            continue
        name = f"{entry.signature.short}(): argument '{entry.signature.parameters[at].name}' (position {at + 1})"
        if isinstance(error, AttributeError):
            return ArgumentError(f"{name} must be Tensor, not {type_word(value)}")
        return ArgumentError(f"{name} cannot be {type_word(value)}")
    return None
