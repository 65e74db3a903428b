"""`:help`."""

from __future__ import annotations

from gradsh.shell.asking import room, wrapped
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import WORDS, Misused, load, shell_command

LEAST = 30  # columns of a summary that stands beside the call


@shell_command(":help [WORD]", example=":help save", offers=lambda shell, typed: WORDS, while_paused=True)
def help(shell: Shell, rest: str) -> None:
    """What the commands of the shell are, or how one of them is called."""
    word = rest.removeprefix(":")
    wide = room()
    if not word:
        shell.say("".join(entry(load(each).usage, load(each).summary, wide) for each in WORDS))
        return
    if word not in WORDS:
        raise Misused(f"there is no command `:{word}`; `:help` lists them, and `help {word}` asks the language")
    found = load(word)
    shell.say(f"{found.usage}\n{wrapped(found.summary, wide, 4)}example: {found.example}\n")


def entry(usage: str, summary: str, wide: int) -> str:
    """How a command is called, and beside it what it does, in as many lines as that takes."""
    column = max(len(load(each).usage) for each in WORDS) + 2
    if wide - column < LEAST:
        return f"{usage}\n{wrapped(summary, wide, 4)}"
    return usage.ljust(column) + wrapped(summary, wide, column).lstrip(" ")
