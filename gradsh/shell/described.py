"""One line on every built-in: how it is called, what it does, what its gradient is. For completion and the toolbar.

Saying so of all of them loads every operator, which takes most of a second: it is done once, and kept in the user's
cache folder under the fingerprint of gradsh's own files.
"""

from __future__ import annotations

import marshal

from gradsh import cache
from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import NAMES
from gradsh.interrupts import held
from gradsh.language.words import WORDS
from gradsh.runtime import commands, library
from gradsh.runtime.builtins import BUILTINS, MODES

Row = tuple[str, str, str, str]  # what it is; its usage, its summary, its gradient in gradsh, "" where there is none

_table: dict[str, Row] | None = None
_looked = False  # for one in the cache
_rows: dict[str, Row | None] = {}  # of single names, while there is none


def table() -> dict[str, Row]:
    """The rows of all built-ins by name, and those of the language's words where no built-in has the name."""
    global _table
    if _table is None:
        with held():
            _table = _stored() or _made()
    return _table


def row(name: str) -> Row | None:
    """The row of one name, which may cost to load its operator, but never all; None where there is no such name."""
    global _table
    if _table is None:
        with held():
            _table = _stored()
    if _table is not None:
        return _table.get(name)
    if name not in _rows:
        with held():
            _rows[name] = _row(name) if BUILTINS.lookup(name) is not None else None
    return _rows[name]


def _stored() -> dict[str, Row] | None:
    global _looked
    if _looked:
        return None
    _looked = True
    return cache.table(_key(), dict)


def _key() -> str:
    return "described-" + cache.digest(cache.fingerprint().encode()).hex()


def _made() -> dict[str, Row]:
    from gradsh.engine.ops.families import load_all

    load_all()
    found = {name: _row(name) for name in sorted(BUILTINS.names())}
    found |= {word.name: ("word", word.usage, word.summary, "") for word in WORDS.values() if word.name not in found}
    cache.write(_key(), marshal.dumps(found))
    return found


def _row(name: str) -> Row:
    from gradsh.commands.help import summary_of

    entry = catalogue.operator(name)
    if name in commands.WORDS:
        return "command", commands.load(name).usage, commands.load(name).summary, ""
    if entry is not None:
        kind = "optimiser" if ".optim." in catalogue.table().families[name] else "function"
        return kind, entry.signature.text.replace(": bool=", "="), str(entry.summary), str(entry.formula or "")
    if library.has(name):
        return "layer", library.described(name).usage, summary_of(name), ""
    if name in NAMES:
        return "dtype", name, f"A dtype, {NAMES[name].itemsize * 8} bits.", ""
    if name in MODES:
        return "mode", WORDS[name].usage, WORDS[name].summary, ""
    if name in WORDS and WORDS[name].usage:
        return "word", WORDS[name].usage, WORDS[name].summary, ""
    return "value", name, summary_of(name), ""
