"""`:set`."""

from __future__ import annotations

from collections.abc import Iterable

from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.shell.settings import SETTINGS, SPELLED, Setting, read, unknown, written


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
    lines = ["  ".join([*map(str.ljust, row[:3], wide), row[3]]) for row in rows]
    return "\n".join([*lines, shell.configuration.described(), ""])


def where(shell: Shell, name: str) -> str:
    """Where the value of a setting comes from, and what it would be else."""
    source, default = shell.settings.sources[name], SETTINGS[name].default
    return source if shell.settings[name] == default else f"{source}, by default {written(default)}"
