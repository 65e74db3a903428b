"""`:profile`."""

from __future__ import annotations

from gradsh.shell.measuring import profiled
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command


@shell_command(":profile LINE", example=":profile backward mse_loss(net(x), y)")
def profile(shell: Shell, rest: str) -> None:
    """Run a line, and show what each operator took of the time, forward and backward."""
    profiled(shell, rest)
