"""What the commands of the shell share: the language's own words asked from the shell, and the names to ask about."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.lints.pages import code_page
from gradsh.runtime.namespace import bound
from gradsh.shell.lines import Line
from gradsh.shell.registry import Misused
from gradsh.view.color import terminal_width

if TYPE_CHECKING:
    from gradsh.shell.prompt import Shell

WIDEST = 100  # columns of a line
RESULT = re.compile(r"_\d*")  # what the prompt itself binds


def ask(shell: Shell, word: str, rest: str) -> None:
    """Run `word rest` as a line of the prompt: it may change what is bound, `explain` fills in gradients."""
    shell.execute(f"{word} {rest}".rstrip())


def named(shell: Shell) -> dict[str, Any]:
    """What the user has bound, by name, in the order of binding; not the results that the prompt keeps."""
    space = shell.session.globals
    return {name: space["." + name] for name in bound(space) if not RESULT.fullmatch(name)}


def names(shell: Shell, typed: str) -> Iterable[str]:
    """Every name."""
    return named(shell)


def shown(shell: Shell, typed: str) -> Iterable[str]:
    """Tensors and models."""
    return [name for name, value in named(shell).items() if isinstance(value, Tensor) or is_net(value)]


def tensors(shell: Shell, typed: str) -> Iterable[str]:
    """Tensors."""
    return [name for name, value in named(shell).items() if isinstance(value, Tensor)]


def is_net(value: object) -> bool:
    """Is it a model that has been made?"""
    return isinstance(type(value), ModelKind)


def room() -> int:
    """How many columns a line may have."""
    return min(terminal_width(sys.stdout) or WIDEST, WIDEST)


def wrapped(text: str, wide: int, indent: int) -> str:
    """The text in lines of at most `wide` columns, all of them indented."""
    blanks = " " * indent
    lines = textwrap.wrap(text, wide, initial_indent=blanks, subsequent_indent=blanks, break_on_hyphens=False)
    return "".join(line + "\n" for line in lines)


def nothing(rest: str, usage: str) -> None:
    """Errors: Misused, where something stands behind a command that takes nothing."""
    if rest:
        raise Misused(f"`{usage}` takes nothing behind it, and {rest!r} is there")


def line_of(shell: Shell, number: str) -> Line:
    """The line of that number, the last where none is said. Errors: Misused."""
    if number and not number.isdecimal():
        raise Misused(f"a line has a number, as errors call it, not {number!r}")
    if not shell.lines:
        raise Misused("nothing has been entered yet")
    wanted = int(number) if number else shell.lines[-1].number
    first, last = shell.lines[0].number, shell.lines[-1].number
    if not first <= wanted <= last:
        raise Misused(f"there is no line {wanted}: they are {first} to {last}")
    return shell.lines[wanted - first]


def page(shell: Shell, code: str) -> None:
    """Show the page on an error or a warning, E0402. Errors: Misused, where there is none of that code."""
    found = code_page(code.upper())
    if found is None:
        raise Misused(f"there is no error or warning {code!r}; `gradsh explain` lists all")
    shell.session.display.report(found)
