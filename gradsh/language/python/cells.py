"""What a cell of a notebook may hold beside Python: `%time`, `!pip install …`, `name?`, and what it may begin with:
the indentation of where it was copied from, prompts."""

from __future__ import annotations

import ast
import re

# of these a cell is Python below its first line, of all others it is none
PYTHON = ("time", "timeit", "capture", "prun", "memit")
CELL = re.compile(r"\s*%%(\w+)([^\n]*)\n?")
MAGIC = re.compile(r"^[ \t]*(?=[%!?]|[\w.*]+\?+[ \t]*$|\w+[ \t]*=[ \t]*[%!])([^\n]*)$", re.MULTILINE)
# `%time f(x)`: what stands behind it runs
TIMED = re.compile(r"^[ \t]*(%(time|timeit)(?:[ \t]+-[a-z]+[ \t]*\d*)*[ \t]+)(?=[^\s%!-])", re.MULTILINE)
# before an expression, and before a statement, these change nothing
OPERAND, STATEMENT = "1 and", "if 1:"

# Prompts before the lines of what was copied from a session: how one looks, and how the first of them does.
PROMPTS = (
    (re.compile(r"(>>>|\.\.\.)( |$)"), re.compile(r">>>( |$)")),
    (re.compile(r"((\[nav\]|\[ins\])? )?In \[\d+\]: |\s*\.{3,}: ?"),) * 2,
)


def cleaned(text: str) -> str:
    """A cell's text without what IPython takes from the head of its lines: the first one's indentation, and prompts.
    Lines keep their numbers."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    empty, lines = lines[:first], lines[first:]
    if not lines:
        return text
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip(" \t"))]
    lines = [line.removeprefix(indent) for line in lines]
    for prompt, begins in PROMPTS:
        if begins.match(lines[0]) or (len(lines) > 1 and prompt.match(lines[1])):
            lines = [prompt.sub("", line, count=1) if prompt.match(line) else line for line in lines]
    return "\n".join((*empty, *lines))


def cell_magic(text: str) -> tuple[str, str, str] | None:
    """The word of a cell's `%%word`, what stands beside it, and the lines below; None where there is none."""
    found = CELL.match(text)
    return (found[1], found[2].strip(), text[found.end() :]) if found is not None else None


def is_foreign(text: str) -> bool:
    """Is the cell another language's, `%%bash`, `%%html`?"""
    magic = cell_magic(text)
    return magic is not None and magic[0] not in PYTHON


def magics(text: str) -> list[tuple[int, str]]:
    """The lines of a cell that are none of Python's: where each begins, and its words."""
    return [
        (found.start(1), found[1].strip()) for found in MAGIC.finditer(text) if not TIMED.match(text, found.start())
    ]


def without_magics(text: str) -> tuple[str, set[int]]:
    """The text with a number in the place of each such line, as long as that was, and where these stand."""
    places = magics(text)
    for at, _ in places:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        text = f"{text[:at]}0{' ' * (end - at - 1)}{text[end:]}"
    return TIMED.sub(_untimed, text), {at for at, _ in places}


def _untimed(found: re.Match[str]) -> str:
    """The same without `%time`: its value is that of what stands behind it; `%timeit` has none."""
    rest = found.string[found.end() :].partition("\n")[0]
    valued = found[2] == "time" and _is_expression(rest)
    return found[0][: -len(found[1])] + (OPERAND if valued else STATEMENT).ljust(len(found[1]))


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip().rstrip(";"), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True
