"""`:graph`."""

from __future__ import annotations

from gradsh.shell.asking import ask, tensors
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command


@shell_command(":graph NAME, …", example=":graph loss", offers=tensors)
def graph(shell: Shell, rest: str) -> None:
    """The graph behind a tensor, drawn."""
    ask(shell, "graph", rest)
