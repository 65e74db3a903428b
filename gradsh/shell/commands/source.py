"""`:source`."""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any

from gradsh.engine import catalogue
from gradsh.engine.core.users import is_users
from gradsh.language import nodes
from gradsh.language.places import text_of
from gradsh.runtime import library
from gradsh.runtime.builtins import BUILTINS
from gradsh.runtime.text import function_name, is_model
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command
from gradsh.view.code import painted


@shell_command(
    ":source NAME",
    example=":source Linear",
    offers=lambda shell, typed: sorted(shell.session.bound()),
    while_paused=True,
)
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
    value: Any = shell.session.globals.get("." + name)
    body = value.body if is_model(value) else value
    if isinstance(body, FunctionType) and is_users(body) and not (is_model(value) and library.has(name)):
        text = text_of(body.__code__)
        return (_definition(text.source.text, function_name(value)) if text is not None else "", True)
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


def _definition(text: str, name: str) -> str:
    """The statement of a program that defines a name last; all of the program for a function without one."""
    from gradsh.errors import Refused, Source
    from gradsh.language.syntax import parse

    try:
        tree = parse(Source("", text), BUILTINS.commands())
    except Refused:
        return text
    kinds = (nodes.Function, nodes.Model, nodes.Op)
    found = [each for each in nodes.walk(tree) if isinstance(each, kinds) and each.name == name]
    return text[found[-1].start : found[-1].end] if found else text
