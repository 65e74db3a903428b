"""The files of operators, one per family, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from gradsh.engine.operators.registry import METHODS, OPERATORS, Operator, families

_loaded = False


def load_all() -> None:
    """Import every family."""
    global _loaded
    if not _loaded:
        _loaded = True
        for family in families():
            import_module(family)
        from gradsh.engine.ops.program.inplace import add_twins

        add_twins()


def functions() -> dict[str, Operator]:
    """Every operator that programs see, `linalg.` and `special.` ones with their prefix; aliases under both names."""
    load_all()
    return {name: entry for name, entry in OPERATORS.items() if not entry.private}


def methods() -> dict[str, Callable[..., Any]]:
    """What `x.name(...)` calls for a tensor x."""
    load_all()
    return METHODS
