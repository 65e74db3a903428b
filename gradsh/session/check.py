"""`gradsh check`: parse, resolve and lint a text and run nothing, without the engine.

What the resolver must know of the built-ins is taken from a table in the user's cache folder; the first check after
gradsh has changed loads the engine, once, to write it.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable

from gradsh import cache
from gradsh.calls.signature import Signature
from gradsh.errors import GradshError, Refused, Source, WarningRecord
from gradsh.language import program
from gradsh.language.words import CommandWord
from gradsh.lints.registry import warnings

Entry = tuple[str, tuple[tuple[str, str, bool, bool], ...] | None, bool, bool, bool, bool]


class Table:
    """The built-ins as a plain table; see `gradsh.language.resolve.Builtins`."""

    def __init__(self, entries: Iterable[Entry], commands: Iterable[tuple[str, bool, bool]]) -> None:
        self.forms = commands
        self.signatures: dict[str, Signature] = {}
        for name, parameters, effect, checked, python, model in entries:
            signature = Signature(name, parameters, effect=effect, checked=checked, python=python, model=model)
            self.signatures[name] = signature

    def lookup(self, name: str) -> Signature | None:
        """What is known of a built-in; None when there is none of that name."""
        return self.signatures.get(name)

    def names(self) -> Iterable[str]:
        """All names, for suggestions."""
        return self.signatures

    def commands(self) -> Iterable[CommandWord]:
        """The words that can be called without parentheses."""
        return [CommandWord(name, alone=alone, asks=asks) for name, alone, asks in self.forms]


def check(name: str, text: str) -> tuple[list[GradshError], list[WarningRecord]]:
    """Everything that is wrong with a program text before it runs, and what is to be warned of where nothing is.

    `name` is what they call it.
    """
    source, builtins = Source(name, text), table()
    try:
        program.compile_program(source, {}, builtins)
        return [], warnings(source, builtins)
    except Refused as refused:
        return refused.errors, []


def table() -> Table:
    """The table of this version of gradsh, from the cache or from the engine."""
    key = "signatures-" + cache.digest(cache.fingerprint().encode()).hex()
    stored = cache.read(key)
    if stored is not None:
        try:
            return Table(*marshal.loads(stored))
        except (ValueError, EOFError, TypeError):
            pass  # written by another Python: made anew below
    from gradsh.runtime.builtins import BUILTINS

    entries: list[Entry] = []
    for builtin in sorted(BUILTINS.names()):
        known = BUILTINS.lookup(builtin)
        if known is not None:
            parameters = tuple(p.row() for p in known.parameters) if known.known else None
            entries.append((builtin, parameters, known.effect, known.checked, known.python, known.model))
    forms = [(command.name, command.alone, command.asks) for command in BUILTINS.commands()]
    cache.write(key, marshal.dumps((entries, forms)))
    return Table(entries, forms)
