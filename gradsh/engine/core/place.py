"""The place in the user's program that an operator works for."""

from __future__ import annotations

import sys
from typing import Any

from gradsh.engine.core.graph import Storage, Unrecorded
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import PROGRAM

_getframe = sys._getframe


def here(frame: Any) -> tuple[Any, int]:
    return (frame.f_code, frame.f_lasti)


def untracked(out: Tensor, frame: Any) -> None:
    """Note on a result without history where it was made, and whether that was inside `inference_mode`."""
    made = mode.where or (frame.f_code, frame.f_lasti)
    out.made = made if mode.grad else Unrecorded(made)
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


def type_name(value: Any) -> str:
    """A value's type in the words of PyTorch's errors."""
    return "NoneType" if value is None else type(value).__name__
