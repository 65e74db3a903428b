"""`:explain`."""

from __future__ import annotations

import re

from gradsh.shell.asking import ask, page, tensors
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import shell_command

CODE = re.compile(r"[EeWw]\d{4}")


@shell_command(":explain NAME, …|CODE", example=":explain loss", offers=tensors)
def explain(shell: Shell, rest: str) -> None:
    """Backward from a tensor, step by step; of a code, E0402, the page on that error."""
    if CODE.fullmatch(rest):
        page(shell, rest)
    else:
        ask(shell, "explain", rest)
