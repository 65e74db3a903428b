"""A page of `help`: plain lines, so that it reads the same in a terminal and in a pipe."""

from __future__ import annotations

import textwrap

from gradsh.reports import HelpPage
from gradsh.view.color import paint

WIDTH = 100
LABEL = len("gradient  ")


def render(page: HelpPage, *, color: bool = False, width: int | None = None) -> str:
    """The page as text that ends in a newline."""
    room = max(40, min(WIDTH, width or WIDTH))
    out = [paint(page.usage, "bold", color), *_wrapped(page.summary, "  ", room)]
    rows = (
        ("method", page.method),
        ("forward", page.forward),
        ("gradient", page.formula),
        ("kinks", page.kinks),
    )
    for label, text in rows:
        if text:
            lines = _wrapped(text, " " * (LABEL + 2), room)
            out.append("  " + paint(label, "line", color) + " " * (LABEL - len(label)) + lines[0].lstrip())
            out += lines[1:]
    if page.example:
        out.append("  " + paint("example", "line", color) + " " * (LABEL - len("example")) + page.example)
        out += [" " * (LABEL + 2) + line for line in page.output]
    return "\n".join(out) + "\n"


def _wrapped(text: str, indent: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent) or [indent.rstrip()]


def as_data(page: HelpPage) -> dict[str, object]:
    """The page for `--json`."""
    return {
        "help": page.name,
        "usage": page.usage,
        "summary": page.summary,
        "method": page.method,
        "forward": page.forward,
        "gradient": page.formula,
        "kinks": page.kinks,
        "example": page.example,
        "output": page.output,
    }
