"""The commands of the shell, `:word …`: one file each in gradsh/shell/commands/, which has the name of its word.

    @shell_command(":save FILE", example=":save run.grad")
    def save(shell, rest):
        'Write what worked to a file, in the order of need.'
        shell.say(…)

This is all that there is of a command: Tab, `:help` and the documentation loop over the files. One is imported when it
first runs, or is asked about. What is wrong with how it was called is a `Misused`, shown in one line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from gradsh.interrupts import held

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell

    Act = Callable[[Shell, str], None]  # the shell, and what stands behind the word, without blanks around
    Offers = Callable[[Shell, str], Iterable[str]]  # what Tab offers for that, given what is typed of it so far

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "commands")
WORDS = tuple(sorted(file[:-3] for file in os.listdir(FOLDER) if file.endswith(".py") and file[0] != "_"))


class Misused(Exception):
    """A command of the shell was called in a way that it does not take; the message says how it is called."""


class ShellCommand:
    """`act` does it; `usage` shows how it is called, `example` is one call; `offers` completes what stands behind.

    `while_paused`: it can be used while a program is paused in a loop, of which it changes nothing.
    """

    __slots__ = ("act", "example", "name", "offers", "summary", "usage", "while_paused")

    def __init__(
        self, act: Act, usage: str, *, example: str = "", offers: Offers | None = None, while_paused: bool = False
    ) -> None:
        self.act = act
        self.name = act.__module__.rpartition(".")[2]  # the file's
        self.summary = (act.__doc__ or "").partition("\n")[0]
        self.usage = usage
        self.example = example or usage
        self.offers = offers
        self.while_paused = while_paused


_loaded: dict[str, ShellCommand] = {}


def shell_command(
    usage: str, *, example: str = "", offers: Offers | None = None, while_paused: bool = False
) -> Callable[[Act], Act]:
    """Register a function as the command that its file is named after; its docstring's first line is the summary."""

    def register(act: Act) -> Act:
        entry = ShellCommand(act, usage, example=example, offers=offers, while_paused=while_paused)
        _loaded[entry.name] = entry
        return act

    return register


def load(word: str) -> ShellCommand:
    """The command of that word. Errors: KeyError."""
    if word not in _loaded and word in WORDS:
        with held():
            import_module(f"gradsh.shell.commands.{word}")
    return _loaded[word]


def is_command(text: str) -> bool:
    """Is that line for the shell, and not a program?"""
    return text.lstrip().startswith(":")


def run(shell: Shell, line: str) -> None:
    """Do what `:word rest` says. Errors: Misused."""
    meant(line).act(shell, line.strip().removeprefix(":").strip().partition(" ")[2].strip())


def meant(line: str) -> ShellCommand:
    """The command that a line begins with, in full or as far as it is clear. Errors: Misused."""
    word = line.strip().removeprefix(":").strip().partition(" ")[0]
    if not word:
        raise Misused("a command's name stands behind the colon; `:help` lists them")
    if word not in WORDS:
        from difflib import get_close_matches

        begun = [each for each in WORDS if each.startswith(word)]
        if len(begun) != 1:
            close = begun or get_close_matches(word, WORDS, 1)
            meant = f"; did you mean {' or '.join(f'`:{each}`' for each in close)}?" if close else ""
            raise Misused(f"there is no command `:{word}`{meant or '; `:help` lists them'}")
        word = begun[0]
    return load(word)
