"""`:theme`."""

from __future__ import annotations

from gradsh.shell.commands.set import set
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command
from gradsh.shell.settings import SETTINGS


@shell_command(
    ":theme [NAME]", example=":theme light", offers=lambda shell, typed: SETTINGS["theme"].choices, while_paused=True
)
def theme(shell: Shell, rest: str) -> None:
    """The colours: dark, light or none; `:set theme` is the same."""
    set(shell, f"theme {rest}")
