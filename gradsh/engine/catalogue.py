"""Which file of operators has which built-in, and its signature: a program loads only the files that it uses.

Loading all of them takes as long as `import numpy`. The table is made once by doing so, and kept in the user's cache
folder under the fingerprint of gradsh's own files.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from gradsh import cache
from gradsh.engine.operators import registry
from gradsh.interrupts import held

SHIPPED = "operators"
ALL = "*"  # in place of a family: what only exists when all are loaded

Parameters = tuple[tuple[str, str, bool, bool], ...]


class Catalogue:
    """families: operator -> its module; methods: likewise; signatures: operator -> (parameters, effect, python)."""

    __slots__ = ("families", "methods", "signatures")

    def __init__(
        self,
        families: dict[str, str],
        methods: dict[str, str],
        signatures: dict[str, tuple[Parameters, bool, bool]],
    ) -> None:
        self.families = families
        self.methods = methods
        self.signatures = signatures


_table: Catalogue | None = None


def table() -> Catalogue:
    """The table of this version of gradsh, from the cache or made now."""
    global _table
    if _table is None:
        with held():
            _table = _read() or _made()
    return _table


def operator(name: str) -> Any:
    """The registry's entry of that name, loaded if need be; None when there is none that programs see.

    `torch.sum` is that of `sum`, which a program may mean Python's by.
    """
    name = name.removeprefix("torch.")
    entry = registry.OPERATORS.get(name)
    if entry is None:
        family = table().families.get(name)
        if family is None:
            return None
        _load(family)
        entry = registry.OPERATORS.get(name)
        if entry is None:  # a function in place is made of its operator
            from gradsh.engine.ops.program.twins import add_function

            entry = add_function(name)
    return entry if entry is not None and not entry.private else None


def method(name: str) -> Callable[..., Any] | None:
    """What `x.name(...)` calls for a tensor x, loaded if need be; None when tensors have no such method."""
    found = registry.METHODS.get(name)
    if found is None:
        family = table().methods.get(name)
        if family is None:
            return None
        _load(family)
        found = registry.METHODS.get(name)
    return found


def _load(family: str) -> None:
    if family == ALL:
        from gradsh.engine.ops.families import load_all

        load_all()
    else:
        with held():
            import_module(family)


def _key() -> str:
    return "operators-" + cache.digest((sys.version + cache.fingerprint()).encode()).hex()


def _read() -> Catalogue | None:
    return cache.table(_key(), lambda stored: Catalogue(*stored), SHIPPED)


def _made() -> Catalogue:
    """Load all files and see what each has brought."""
    found = contents()
    cache.write(_key(), marshal.dumps(found))
    return Catalogue(*found)


def contents() -> tuple[Any, Any, Any]:
    """What is in the table; loads all files."""
    from gradsh.engine.ops import families  # only where there is no table yet

    signatures = {
        name: (tuple(tuple(parameter) for parameter in entry.parameters), bool(entry.effect), entry.signature.python)
        for name, entry in families.functions().items()
    }
    homes = {name: entry.home for name, entry in registry.OPERATORS.items()}
    of_operators = {id(entry.apply): entry.home for entry in registry.OPERATORS.values()}
    methods = {name: of_operators.get(id(found), found.__module__) for name, found in registry.METHODS.items()}
    methods |= dict.fromkeys(families.twins, ALL)
    return homes, methods, signatures
