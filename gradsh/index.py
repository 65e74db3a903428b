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
from gradsh.engine import registry
from gradsh.language.program import fingerprint

ALL = "*"  # in place of a family: what only exists when all are loaded

Parameters = tuple[tuple[str, str, bool, bool], ...]


class Index:
    """families: operator -> file under engine/ops; methods: likewise; signatures: operator ->
    (parameters, effect, python).

    models: model of the library -> (file under gradsh/lib, parameters).
    """

    __slots__ = ("families", "methods", "models", "signatures")

    def __init__(
        self,
        families: dict[str, str],
        methods: dict[str, str],
        signatures: dict[str, tuple[Parameters, bool, bool]],
        models: dict[str, tuple[str, Parameters]],
    ) -> None:
        self.families = families
        self.methods = methods
        self.signatures = signatures
        self.models = models


_index: Index | None = None


def index() -> Index:
    """The table of this version of gradsh, from the cache or made now."""
    global _index
    if _index is None:
        _index = _read() or _made()
    return _index


def operator(name: str) -> Any:
    """The registry's entry of that name, loaded if need be; None when there is none that programs see."""
    entry = registry.OPERATORS.get(name)
    if entry is None:
        family = index().families.get(name)
        if family is None:
            return None
        _load(family)
        entry = registry.OPERATORS.get(name)
    return entry if entry is not None and not entry.private else None


def method(name: str) -> Callable[..., Any] | None:
    """What `x.name(...)` calls for a tensor x, loaded if need be; None when tensors have no such method."""
    found = registry.METHODS.get(name)
    if found is None:
        family = index().methods.get(name)
        if family is None:
            return None
        _load(family)
        found = registry.METHODS.get(name)
    return found


def _load(family: str) -> None:
    if family == ALL:
        registry.load_all()
    else:
        import_module(f"gradsh.engine.ops.{family}")


def _key() -> str:
    return "operators-" + cache.digest((sys.version + fingerprint()).encode()).hex()


def _read() -> Index | None:
    stored = cache.read(_key())
    if stored is None:
        return None
    try:
        return Index(*marshal.loads(stored))
    except (ValueError, EOFError, TypeError):
        return None


def _made() -> Index:
    """Load file after file and see what each brings."""
    from gradsh import library

    families = dict.fromkeys(registry.OPERATORS, ALL)
    methods = dict.fromkeys(registry.METHODS, ALL)
    owner: dict[int, str] = {}
    for family in registry.FAMILIES:
        module = import_module(f"gradsh.engine.ops.{family}")
        for value in vars(module).values():
            if isinstance(value, registry.Operator):
                owner.setdefault(id(value), family)
        for table, known in ((families, registry.OPERATORS), (methods, registry.METHODS)):
            for name in known:
                table.setdefault(name, family)
    registry.load_all()
    # what had been loaded before, told by the file that holds the entry
    for name, entry in registry.OPERATORS.items():
        if families.setdefault(name, ALL) == ALL:
            families[name] = owner.get(id(entry), ALL)
        if registry.METHODS.get(name) is entry.apply and methods.setdefault(name, ALL) == ALL:
            methods[name] = families[name]
    for name in registry.METHODS:
        methods.setdefault(name, ALL)
    signatures = {
        name: (tuple(tuple(parameter) for parameter in entry.parameters), bool(entry.effect), entry.signature.python)
        for name, entry in registry.functions().items()
    }
    models = library.table()
    cache.write(_key(), marshal.dumps((families, methods, signatures, models)))
    return Index(families, methods, signatures, models)  # type: ignore[arg-type]  # rows of four, as the registry gives them
