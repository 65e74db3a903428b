"""`:quit`."""

from __future__ import annotations

from gradsh.shell.asking import nothing
from gradsh.shell.prompt import Leave, Shell
from gradsh.shell.registry import shell_command


@shell_command(":quit")
def quit(shell: Shell, rest: str) -> None:
    """Leave the shell; Ctrl-D does as well."""
    nothing(rest, ":quit")
    raise Leave
