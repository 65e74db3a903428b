"""`gradsh check`: parse, resolve and lint a text and run nothing, without the engine.

What the resolver must know of the built-ins is taken from a table in the user's cache folder; the first check after
gradsh has changed loads the engine, once, to write it.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterable

from gradsh import cache
from gradsh.calls.signature import Signature
from gradsh.errors import GradshError, Refused, Source, WarningRecord
from gradsh.files import PYTHON, Files
from gradsh.language import program
from gradsh.language.signatures import Builtins, Facts
from gradsh.language.words import CommandWord
from gradsh.lints.registry import warnings

TOLD_BY_RUNS = {"W0509", "W0521", "W0522"}  # a prompt need not say it twice
Form = tuple[str, list[str]]  # of a command: its word and options
Row = tuple[bool, bool, bool, bool, str, str]
Entry = tuple[str, tuple[tuple[str, str, bool, bool], ...] | None, bool, bool, bool, bool]


class Table:
    """The built-ins as a plain table; see `gradsh.language.resolve.Builtins`."""

    def __init__(self, entries: Iterable[Entry], commands: Iterable[Form], facts: dict[str, Row]) -> None:
        self.forms = commands
        self.rows = facts
        self.entries = {entry[0]: entry for entry in entries}
        self.signatures: dict[str, Signature] = {}  # of those that were asked about

    def lookup(self, name: str) -> Signature | None:
        """What is known of a built-in; None when there is none of that name."""
        signature = self.signatures.get(name)
        if signature is None and name in self.entries:
            _, parameters, effect, checked, python, model = self.entries[name]
            signature = Signature(name, parameters, effect=effect, checked=checked, python=python, model=model)
            self.signatures[name] = signature
        return signature

    def facts(self, name: str) -> Facts | None:
        """How gradients get through it."""
        row = self.rows.get(name) or self.rows.get(name.removeprefix("Tensor."))
        return Facts(*row) if row is not None else None

    def of_torch(self, name: str) -> str:
        """What is only checked calls nothing."""
        return name

    def names(self) -> Iterable[str]:
        """All names, for suggestions."""
        return self.entries

    def commands(self) -> Iterable[CommandWord]:
        """The words that can be called without parentheses."""
        return [CommandWord(name, **dict.fromkeys(options, True)) for name, options in self.forms]


def check(name: str, text: str, files: Files | None = None) -> tuple[list[GradshError], list[WarningRecord]]:
    """Everything that is wrong with a program text before it runs, and what is to be warned of where nothing is.

    `name` is what they call it; `files` reads what it uses.
    """
    if name.endswith(PYTHON):
        from gradsh.session.checking import check as check_python

        return check_python(name, text, files or Files(), table), []
    source, builtins = Source(name, text), table()
    try:
        program.compile_program(source, {}, builtins, files=files)
        return [], warnings(source, builtins, files=files)
    except Refused as refused:
        return refused.errors, []


class Entered:
    """What is entered at a prompt, piece by piece, which the lints read as one program."""

    LONGEST = 20_000  # characters that are read again for each piece

    def __init__(self, builtins: Builtins, files: Files) -> None:
        self.builtins = builtins
        self.files = files  # reads what it uses
        self.sources: list[Source] = []
        self.said: set[tuple[str, str, int]] = set()

    def warnings(self, name: str, text: str) -> list[WarningRecord]:
        """What is to be warned of since this piece has been entered; none when the text is wrong."""
        self.sources.append(Source(name, text))
        while sum(len(source.text) for source in self.sources) > self.LONGEST and len(self.sources) > 1:
            del self.sources[0]
        pieces: list[tuple[int, Source]] = []
        whole = ""
        for source in self.sources:
            pieces.append((len(whole), source))
            whole += source.text + "\n"
        try:
            found = warnings(Source(name, whole), self.builtins, pieces, self.files)
        except Refused:
            self.sources.pop()
            return []
        except Exception:  # what is said on top of a program must never stop it
            if os.environ.get("GRADSH_DEBUG") == "1":
                raise
            return []
        new = []
        for warning in found:
            place = warning.span
            key = (warning.code, place.source.name, place.start) if place is not None else (warning.code, "", 0)
            if key not in self.said and warning.code not in TOLD_BY_RUNS:
                self.said.add(key)
                new.append(warning)
        return new


def table() -> Table:
    """The table of this version of gradsh, from the cache or from the engine; read once."""
    global _table
    if _table is None:
        _table = _read()
    return _table


SHIPPED = "signatures"
_table: Table | None = None


def _read() -> Table:
    key = "signatures-" + cache.digest(cache.fingerprint().encode()).hex()
    found = cache.table(key, lambda stored: Table(*stored), SHIPPED)
    if found is not None:
        return found
    made = contents()
    cache.write(key, marshal.dumps(made))
    return Table(*made)


def contents() -> tuple[list[Entry], list[Form], dict[str, Row]]:
    """What is in the table, as the engine has it."""
    from gradsh.runtime.builtins import BUILTINS

    entries: list[Entry] = []
    facts: dict[str, Row] = {}
    for builtin in sorted(BUILTINS.names()):
        known = BUILTINS.lookup(builtin)
        if known is not None:
            parameters = tuple(p.row() for p in known.parameters) if known.known else None
            entries.append((builtin, parameters, known.effect, known.checked, known.python, known.model))
        for way in (builtin, f"Tensor.{builtin}"):
            found = BUILTINS.facts(way)
            if found is not None and facts.get(builtin) != found.row():
                facts[way] = found.row()
    forms = [(command.name, command.options()) for command in BUILTINS.commands()]
    return entries, forms, facts
