"""`:show`."""

from __future__ import annotations

from gradsh.shell.asking import ask, shown
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command


@shell_command(":show [NAME, …]", example=":show w, net", offers=shown)
def show(shell: Shell, rest: str) -> None:
    """The state table of these tensors, or of all; of a model, its parameters."""
    ask(shell, "show", rest)
