"""What PyTorch says of a call whose arguments an operator could not use."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.calls.words import TOO_BIG, of_program
from gradsh.engine.autograd import backward
from gradsh.engine.core.arguments import dim_error, ended, misused, type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.numpys import of_numpy
from gradsh.engine.core.tensor import Tensor, is_foreign
from gradsh.engine.core.users import PROGRAM, acts_for_programs
from gradsh.errors import ArgumentError, DtypeError, GradshError, ZeroDivision

PYTHONS = (" not supported between instances of ", "unsupported operand type(s) for ", "must be real number, not ")
WALK = backward.__file__  # whose frames call rules: what is wrong there is no argument of the operator


def blame(entry: Any, values: list[Any], error: Exception, depth: int = 1) -> Exception:
    """The error of an operator that failed: what PyTorch refuses in the call, or what failed if it refuses nothing.

    An exception that no argument explains is a fault of gradsh, and stays what it is. `depth` frames up runs whoever
    the operator's `apply` called.
    """
    if mode.interpreter is None and any(
        is_foreign(v) or (v.__class__ is list and any(map(is_foreign, v))) for v in values
    ):
        return ended(entry.name, values)
    if entry.signature.python and isinstance(error, TypeError) and any(words in str(error) for words in PYTHONS):
        return ArgumentError(str(error))  # as in PyTorch's own Python
    if entry.signature.python and isinstance(error, ZeroDivisionError):
        return ZeroDivision(str(error))  # likewise: `dirac_(x, groups=0)`
    if entry.private or in_the_program(error):
        return error
    wrong = misused(entry.signature, sys._getframe(depth))
    if wrong is not None and wrong.message != getattr(error, "message", ""):
        return wrong
    if isinstance(error, GradshError):
        return error
    return (
        of_numpy(error)
        or _array(entry, values, of_program(sys._getframe(depth)))
        or _wrong_tensor(entry, values, error)
        or _odd(entry, values, error)
        or error
    )


def _array(entry: Any, values: list[Any], of_program: bool) -> Exception | None:
    """An array of NumPy's from the program, which few operators take; an int that C has no room for."""
    for at, value in enumerate(values):
        if of_program and isinstance(value, (np.ndarray, np.generic)):
            return ArgumentError(f"{_place(entry, at)} cannot be numpy.{type_word(value)}")
        if value.__class__ is int and not -(2**63) <= value < 2**64:
            return ArgumentError(TOO_BIG, kind="OverflowError")
    return None


def _place(entry: Any, at: int) -> str:
    return f"{entry.signature.short}(): argument '{entry.signature.parameters[at].name}' (position {at + 1})"


def in_the_program(error: Exception) -> bool:
    """Was it raised in a function of the program that the operator called, in what acts for programs, or by a rule?"""
    traceback = error.__traceback__
    while traceback is not None:
        if PROGRAM in traceback.tb_frame.f_globals or traceback.tb_frame.f_code.co_filename == WALK:
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


def _odd(entry: Any, values: list[Any], error: Exception) -> Exception | None:
    """An argument of a kind that the operator is not made for, by its defaults and its samples."""
    made_for = _made_for(entry)
    for at, value in enumerate(values):
        kinds = made_for[at]
        kind = _kind(value)
        if kind in kinds or (kind == "int" and "float" in kinds) or (kind == "bool" and kinds & {"int", "float"}):
            continue
        if kinds == {"None"} and isinstance(value, (Tensor, int, float, str)):
            continue  # no sample says what is given for it
        if "Tensor" in kinds and kind != "float":
            return ArgumentError(f"{_place(entry, at)} must be Tensor, not {type_word(value)}")
        return ArgumentError(f"{_place(entry, at)} cannot be {type_word(value)}")
    said = str(error)
    for at, value in enumerate(values):  # no sample has it, but Python names it
        if f"'{type(value).__name__}' object has no attribute" in said and not isinstance(value, Tensor):
            return ArgumentError(f"{_place(entry, at)} must be Tensor, not {type_word(value)}")
        if value is None or isinstance(value, (Tensor, int, float)):
            continue
        if f"'{type(value).__name__}'" in said or repr(value) in said:
            return ArgumentError(f"{_place(entry, at)} cannot be {type_word(value)}")
    return None


def _made_for(entry: Any) -> list[set[str]]:
    """The kinds of values that each parameter has by default and in the samples."""
    parameters = entry.signature.parameters
    kinds: list[set[str]] = [{_kind(p.default)} if p.has_default else set() for p in parameters]
    names = [p.name for p in parameters]
    for sample in entry.samples() if entry.samples is not None else ():
        args, kwargs = sample.draw()
        for at, value in enumerate(args[: len(names)]):
            kinds[at].add(_kind(args[at:] if parameters[at].kind == "rest" else value))
            if parameters[at].kind == "rest":
                break
        for name, value in kwargs.items():
            kinds[names.index(name)].add(_kind(value))
    return [some or {"None"} for some in kinds]


def _kind(value: Any) -> str:
    """The kind of a value: its type, and of lists the kinds that are inside."""
    if isinstance(value, Tensor):
        return "Tensor"
    if isinstance(value, (list, tuple)):
        return "list of " + ", ".join(sorted({_kind(item) for item in value if item is not None}))
    return "None" if value is None else type(value).__name__
