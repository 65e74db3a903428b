"""The place in the user's program that an operator works for."""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

from gradsh.engine.core.graph import Storage, Unrecorded, Where
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import PROGRAM

_getframe = sys._getframe

BETWEEN: set[CodeType] = set()  # of what stands between the program and an operator, and gives what that gives


def here(frame: Any) -> tuple[Any, int]:
    return (frame.f_code, frame.f_lasti)


def unrecorded(out: Tensor, frame: Any) -> None:
    """Note on a result without history where it was made, and whether that was inside `inference_mode`."""
    made = mode.where or (frame.f_code, frame.f_lasti)
    out.origin = made if mode.grad else Unrecorded(made)
    if mode.inference:
        out.storage = Storage(inference=True)


def caller(frame: Any) -> tuple[Any, int]:
    """The place in the user's program that `frame`, or what called it, stands at."""
    where = mode.where
    if where is not None:
        return where
    start = frame
    while frame is not None:
        if PROGRAM in frame.f_globals:
            return (frame.f_code, frame.f_lasti)
        frame = frame.f_back
    return (start.f_code, start.f_lasti)


class placed:
    """`with placed(where)`: what is recorded is said to have been made there; None for where it is done."""

    __slots__ = ("before", "where")

    def __init__(self, where: Where | None) -> None:
        self.where = where

    def __enter__(self) -> None:
        self.before = mode.where
        mode.where = self.where

    def __exit__(self, *_: object) -> None:
        mode.where = self.before


def type_name(value: Any) -> str:
    """A value's type in the words of PyTorch's errors; `__full_name__` of a class is its name in C++."""
    kind = type(value)
    return "NoneType" if value is None else getattr(kind, "__full_name__", kind.__name__)
