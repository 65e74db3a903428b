"""`:time`."""

from __future__ import annotations

from gradsh.shell.measuring import timed
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command


@shell_command(":time LINE", example=":time mse_loss(net(x), y)")
def time(shell: Shell, rest: str) -> None:
    """How long a line takes, forward and backward: what changes nothing is repeated, the rest runs once."""
    timed(shell, rest)
