"""What programs are warned of before they run: one file each in this folder, which begins with its code, `w0511_….py`.

    @lint("W0511", summary="A leaf that has no name.", example="…", cure="…")
    def leaf_without_a_name(reading):
        yield reading.warning(node, "what is wrong", …)

This is all that there is of a lint: `gradsh check`, `help W0511` and the tests loop over the files. Nothing that runs a
program imports them.

A lint is right or silent: it says nothing where the program may be as it was meant.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

from gradsh.errors import Source, WarningRecord
from gradsh.files import Files
from gradsh.language.program import understood
from gradsh.language.signatures import Builtins
from gradsh.lints.reading import Reading

Find = Callable[[Reading], Iterable[WarningRecord]]


class Lint:
    """`summary`: one line; `happened`: what goes wrong, a paragraph; `example`: a program that it warns of; `cure`: the
    same without what it warns of; `see`: other pages."""

    __slots__ = ("code", "cure", "example", "find", "happened", "see", "summary")

    def __init__(
        self, code: str, find: Find, summary: str, example: str, cure: str, happened: str = "", see: str = ""
    ) -> None:
        self.code = code
        self.find = find
        self.summary = summary
        self.example = example
        self.cure = cure
        self.happened = happened
        self.see = see


FILES = {
    file[:5].upper(): file[:-3]
    for file in sorted(os.listdir(os.path.dirname(os.path.abspath(__file__))))
    if file.endswith(".py") and file[0] == "w" and file[1:5].isdigit()
}
_loaded: dict[str, Lint] = {}


def lint(
    code: str, *, summary: str = "", happened: str = "", example: str = "", cure: str = "", see: str = ""
) -> Callable[[Find], Find]:
    """Register a function as the lint of that code."""

    def register(find: Find) -> Find:
        if code in _loaded:
            raise TypeError(f"{find.__name__} and {_loaded[code].find.__name__} both claim {code}")
        _loaded[code] = Lint(code, find, summary, example, cure, happened, see)
        return find

    return register


def load(code: str) -> Lint | None:
    """The lint of that code, if there is one."""
    if code not in _loaded and code in FILES:
        import_module(f"gradsh.lints.{FILES[code]}")
    return _loaded.get(code)


def warnings(
    source: Source, builtins: Builtins, pieces: Sequence[tuple[int, Source]] = (), files: Files | None = None
) -> list[WarningRecord]:
    """What all lints say of a program, in the order of the text; `pieces` as in Reading, `files` reads what it uses.

    Errors: Refused for one that is wrong, without what is: who runs it says that.
    """
    tree, resolution, uses = understood(source, {}, builtins, files, brief=True)
    reading = Reading(tree, source, resolution, builtins, bool(uses), pieces)
    found: list[WarningRecord] = []
    for code in FILES:
        entry = load(code)
        for warning in entry.find(reading) if entry is not None else ():
            warning.code = code
            found.append(warning)
    return sorted(found, key=lambda warning: warning.span.start if warning.span is not None else 0)
