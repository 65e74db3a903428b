"""What a cell of a notebook may hold beside Python: `%time`, `!pip install …`, `name?`."""

from __future__ import annotations

import re

# of these a cell is no Python below its first line
OTHERS = re.compile(r"\s*%%(?!time|timeit|capture|prun|memit)(\w+)")
MAGIC = re.compile(r"^[ \t]*(?=[%!?]|[\w.]+\?+[ \t]*$)([^\n]*)$", re.MULTILINE)


def is_foreign(text: str) -> bool:
    """Is the cell another language's, `%%bash`, `%%html`?"""
    return OTHERS.match(text) is not None


def magics(text: str) -> list[tuple[int, str]]:
    """The lines of a cell that are none of Python's: where each begins, and its words."""
    return [(found.start(1), found[1].strip()) for found in MAGIC.finditer(text)]


def without_magics(text: str) -> tuple[str, set[int]]:
    """The text with a number in the place of each such line, as long as that was, and where these stand."""
    places = magics(text)
    for at, _ in places:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        text = f"{text[:at]}0{' ' * (end - at - 1)}{text[end:]}"
    return text, {at for at, _ in places}
