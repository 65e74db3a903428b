"""`:set`."""

from __future__ import annotations

from collections.abc import Iterable

from gradsh.shell.asking import room, wrapped
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.settings import SETTINGS, SPELLED, Setting, read, unknown, written

LEAST = 30  # columns of a summary that stands beside the value


def offers(shell: Shell, typed: str) -> Iterable[str]:
    """The names; behind a name what it may be."""
    name, blank, _ = typed.partition(" ")
    if not blank:
        return SETTINGS
    return values(SETTINGS[name]) if name in SETTINGS else ()


def values(setting: Setting) -> Iterable[str]:
    """What it may be, where that is a few."""
    if isinstance(setting.default, bool):
        return [word for word in SPELLED if word in ("on", "off")]
    return setting.choices or (written(setting.default),)


@shell_command(":set [NAME [VALUE]]", example=":set live off", offers=offers, while_paused=True)
def set(shell: Shell, rest: str) -> None:
    """Set something, or show all that can be set, with what it is now and where that comes from."""
    name, _, value = rest.replace("=", " ", 1).partition(" ")
    if not name:
        shell.say(table(shell))
        return
    if name not in SETTINGS:
        raise Misused(unknown(name))
    if value.strip():
        try:
            shell.settings.set(name, read(name, value))
        except ValueError as error:
            raise Misused(str(error)) from None
        return
    shell.say(f"{name} is {written(shell.settings[name])} ({where(shell, name)}): {SETTINGS[name].summary}\n")
    shell.say(f"`:set {name} VALUE`: {SETTINGS[name].takes}\n")


def table(shell: Shell) -> str:
    """A line for each setting, and the file."""
    rows = [(name, written(shell.settings[name]), where(shell, name), SETTINGS[name].summary) for name in SETTINGS]
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    heads = ["".join(f"{part:{most}}  " for part, most in zip(row[:3], wide, strict=True)) for row in rows]
    beside = room() - len(heads[0]) >= LEAST
    indent = len(heads[0]) if beside else 4
    summaries = [wrapped(row[3], room(), indent) for row in rows]
    said = [
        head + summary.lstrip(" ") if beside else f"{head.rstrip()}\n{summary}"
        for head, summary in zip(heads, summaries, strict=True)
    ]
    return "".join(said) + shell.configuration.described() + "\n"


def where(shell: Shell, name: str) -> str:
    """Where the value of a setting comes from, and what it would be else."""
    source, default = shell.settings.sources[name], SETTINGS[name].default
    return source if shell.settings[name] == default else f"{source}, by default {written(default)}"
