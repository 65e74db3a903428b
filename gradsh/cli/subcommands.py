"""The sub-commands of the command line, `gradsh check FILE ...`: a row here, and a file of that name in this folder.

The first line of the file says what it does. It has two functions: `takes(parser)` adds what it takes beyond --json,
--errors and --color, which all have; `run(options)` does it, with that in `options.given`, and gives the exit status.
`--help`, the dispatch, the completion of shells, the manual and what a misspelt file may have been meant to be come
from the table.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Protocol

    from gradsh.cli.options import Options

    class Subcommand(Protocol):
        __doc__: str | None

        @staticmethod
        def takes(parser: ArgumentParser) -> None: ...
        @staticmethod
        def run(options: Options) -> int: ...


# what stands behind the word in `--help`
SUBCOMMANDS = {
    "check": "[--strict] FILE ...",
    "fmt": "[--check] FILE ...",
    "explain": "CODE ... | FILE [NAME]",
    "graph": "[--open] [-o PICTURE] FILE NAME",
    "why": "FILE NAME [LOSS]",
    "plan": "FILE [--NAME VALUE ...]",
    "export": "--to latex|torch FILE [NAME]",
    "watch": "FILE [--NAME VALUE ...]",
    "sweep": "[--seed SEEDS] [--best NAME] [--out RESULTS] FILE [--NAME VALUES ...]",
    "config": "[--path | --write]",
    "lsp": "",
    "kernel": "install [--user | --prefix FOLDER]",
    "completion": "bash|zsh|fish",
}


def summary(word: str) -> str:
    """What a sub-command does: the first sentence of its file."""
    said = (load(word).__doc__ or "").partition("\n")[0].partition(": ")[2].partition(". ")[0]
    return said[:1].upper() + said[1:].rstrip(".") + "."


def load(word: str) -> Subcommand:
    """The file of a sub-command."""
    from importlib import import_module

    return import_module(f"gradsh.cli.{word}")  # type: ignore[return-value]  # a test sees that each has both functions
