"""The files of operators, one per family, and how they are loaded."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from threading import RLock
from typing import Any

from gradsh.engine.operators.registry import METHODS, OPERATORS, Operator
from gradsh.interrupts import held

ROOMS = ("gradsh.engine.ops", "gradsh.engine.optim", "gradsh.engine.nn.functions")

twins: list[str] = []  # the in-place methods that are made of operators when all are loaded

_loaded = False
_loading = False
_lock = RLock()


def families() -> list[str]:
    """The modules that register operators when they are imported: every file in these rooms."""
    found = []
    for room in ROOMS:
        folder = import_module(room).__path__[0]
        for where, _, files in os.walk(folder):
            below = [] if where == folder else os.path.relpath(where, folder).split(os.sep)
            found += [".".join((room, *below, name[:-3])) for name in files if name.endswith(".py") and name[0] != "_"]
    return sorted(found)


def load_all() -> None:
    """Import every family; whole, or, after a failure, to be tried again."""
    global _loaded, _loading
    if _loaded:
        return
    with _lock, held():  # a prompt prepares in a thread: who asks meanwhile waits, and sees no half of them
        if _loaded or _loading:  # a family that is being imported asks for another's operator
            return
        _loading = True
        try:
            for family in families():
                import_module(family)
            from gradsh.engine.ops.program.inplace import add_twins
            from gradsh.engine.ops.program.twins import add_functions

            twins.extend(add_twins())
            add_functions()
            _loaded = True
        finally:
            _loading = False


def functions() -> dict[str, Operator]:
    """Every operator that programs see, `linalg.` and `special.` ones with their prefix; aliases under both names."""
    load_all()
    return {name: entry for name, entry in OPERATORS.items() if not entry.private}


def methods() -> dict[str, Callable[..., Any]]:
    """What `x.name(...)` calls for a tensor x."""
    load_all()
    return METHODS
