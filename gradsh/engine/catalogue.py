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
    """The registry's entry of that name, loaded if need be; None when there is none that programs see."""
    entry = registry.OPERATORS.get(name)
    if entry is None:
        family = table().families.get(name)
        if family is None:
            return None
        _load(family)
        entry = registry.OPERATORS.get(name)
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
    stored = cache.read(_key())
    if stored is None:
        return None
    try:
        return Catalogue(*marshal.loads(stored))
    except (ValueError, EOFError, TypeError):
        return None


def _lowest_first(families: list[str]) -> list[str]:
    """The files, each after those that it imports, so that what comes with an import is its own."""
    import re
    from importlib.util import find_spec

    imported = re.compile(r"^from (gradsh\.engine\.[\w.]+) import \(?([^)#\n]*)", re.MULTILINE)
    ordered: dict[str, None] = {}

    def visit(family: str) -> None:
        path = find_spec(family).origin  # type: ignore[union-attr]  # it is there
        with open(path, encoding="utf-8") as file:  # type: ignore[arg-type]  # likewise
            found = imported.findall(file.read())
        for module, names in found:
            for name in ("", *re.findall(r"\w+", names)):
                below = f"{module}.{name}".rstrip(".")
                if below in families and below not in ordered:
                    visit(below)
        ordered[family] = None

    for family in families:
        if family not in ordered:
            visit(family)
    return list(ordered)


def _made() -> Catalogue:
    """Load file after file and see what each brings."""
    from gradsh.engine.ops import families  # only where there is no table yet

    homes = dict.fromkeys(registry.OPERATORS, ALL)
    methods = dict.fromkeys(registry.METHODS, ALL)
    owner: dict[int, str] = {}
    ordered = _lowest_first(families.families())
    for family in ordered:
        module = import_module(family)
        for value in vars(module).values():
            if isinstance(value, registry.Operator):
                owner.setdefault(id(value), family)
        for table, known in ((homes, registry.OPERATORS), (methods, registry.METHODS)):
            for name in known:
                table.setdefault(name, family)
    families.load_all()
    # what had been loaded before, told by the file that holds the entry
    for name, entry in registry.OPERATORS.items():
        if homes.setdefault(name, ALL) == ALL:
            home = getattr(entry.body or entry.kernel, "__module__", ALL)
            homes[name] = owner.get(id(entry), home if home in ordered else ALL)
        if registry.METHODS.get(name) is entry.apply and methods.setdefault(name, ALL) == ALL:
            methods[name] = homes[name]
    for name in registry.METHODS:
        methods.setdefault(name, ALL)
    signatures = {
        name: (tuple(tuple(parameter) for parameter in entry.parameters), bool(entry.effect), entry.signature.python)
        for name, entry in families.functions().items()
    }
    cache.write(_key(), marshal.dumps((homes, methods, signatures)))
    return Catalogue(homes, methods, signatures)  # type: ignore[arg-type]  # rows of four, as the registry gives them
