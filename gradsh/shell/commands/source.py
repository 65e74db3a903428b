"""`:source`."""

from __future__ import annotations

import inspect

from gradsh.engine import catalogue
from gradsh.runtime import library
from gradsh.runtime.namespace import is_builtin
from gradsh.runtime.sources import definition
from gradsh.shell.asking import names
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.view.code import painted


@shell_command(":source NAME", example=":source Linear", offers=names, while_paused=True)
def source(shell: Shell, rest: str) -> None:
    """The text of a function or model: yours, or the definition of a built-in. `??NAME` is short for it."""
    name = rest.strip("`\"'")
    if not name:
        raise Misused(":source wants the name of a function, `:source relu`")
    text, is_gradsh = written(shell, name)
    if not text:
        raise Misused(f"there is no text of {name}: it is no function of yours, and no built-in that has one")
    shell.code(text, painted if is_gradsh else None)


def written(shell: Shell, name: str) -> tuple[str, bool]:
    """The text of a definition, "" where there is none; whether it is gradsh, else it is Python."""
    value = shell.session.globals.get("." + name)
    if value is not None and not is_builtin(shell.session.globals, name, value):
        span = definition(value)
        return span.text if span is not None else "", True
    if library.has(name):
        return library.text_of(name), True
    entry = catalogue.operator(name)
    if entry is None:
        return "", False
    if entry.definition:
        return f"# {name} is, in gradsh:\n{entry.definition}\n", True
    try:
        return inspect.getsource(entry.body or entry.kernel), False
    except (OSError, TypeError):  # made when gradsh starts, or gradsh's files are not readable
        return "", False
