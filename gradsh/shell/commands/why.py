"""`:why`."""

from __future__ import annotations

from gradsh.shell.asking import ask, tensors
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command


@shell_command(":why NAME, …", example=":why w", offers=tensors)
def why(shell: Shell, rest: str) -> None:
    """Why the gradient of a tensor is what it is, or why there is none."""
    ask(shell, "why", rest)
