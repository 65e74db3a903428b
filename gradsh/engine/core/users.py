"""What a program hands to the engine, its functions and its models: how they are known, and how they are called."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FunctionType, MethodType
from typing import Any

from gradsh.calls.signature import ACTS_FOR_PROGRAMS, IN_PYTHON
from gradsh.calls.signature import PROGRAM as PROGRAM

ANYTHING = 4 | 8  # of a code's flags: it has `*args` and `**kwargs`; `inspect`, which names them, takes 8 ms to load


class ModelKind(type):
    """The class of the classes of models; the module of models itself is not loaded where there are none."""

    body: Any  # the function that stands for the braces; None where the model is the engine's


def is_users(function: FunctionType) -> bool:
    """Was the function written in gradsh?"""
    return PROGRAM in function.__globals__


def takes_numbers(frame: Any) -> bool:
    """May the code of a frame call operators with plain numbers alone? gradsh's may, `sqrt(2)`; to Python's that is
    PyTorch's error."""
    return bool(frame.f_globals.get(PROGRAM) != IN_PYTHON)


def body_takes_numbers(frame: Any) -> bool:
    """The same, asked by the body of an operator: of the code that called `apply(*args, **kwargs)` around it."""
    while frame.f_code.co_flags & ANYTHING != ANYTHING:
        frame = frame.f_back
    return takes_numbers(frame.f_back)


def spelled(function: Any, keywords: dict[str, Any]) -> dict[str, Any]:
    """Keywords as the function wants them: parameters of the program's own are spelled `.name`."""
    inner = function.__func__ if type(function) is MethodType else function
    if type(inner) is FunctionType and PROGRAM in inner.__globals__:
        return {"." + name: value for name, value in keywords.items()}
    return keywords


def acts_for_programs(module: Mapping[str, Any]) -> bool:
    """Does the module with these globals act for programs?"""
    package = sys.modules.get(module.get("__package__") or "")
    return ACTS_FOR_PROGRAMS in module or ACTS_FOR_PROGRAMS in getattr(package, "__dict__", ())
