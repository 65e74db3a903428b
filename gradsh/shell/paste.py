"""What is pasted: a session of a prompt, whose prompts and outputs go, and Python, which becomes gradsh."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradsh.language.brackets import is_open

if TYPE_CHECKING:
    from gradsh.language.pasted import Converted

LONGEST = 200_000  # characters of a text that is looked at for Python
# what stands before a line that was typed: Python's prompt, IPython's, gradsh's own
PRIMARY = re.compile(r"[ \t]*(?:>>>|In \[\d+\]:|gradsh>)(?: |$)")
CONTINUED = re.compile(r"[ \t]*(?:\w*(?:[(\[{]|\"\"\"|''')[ \t]+)?\.\.\.[>:]?(?: |$)")
BANNER = re.compile(r"[ \t]*(?:\$ |gradsh \d|Python \d|IPython \d|Type |\[GCC|\[Clang)")


def pasted(text: str) -> str:
    """The text as it goes into the edit buffer: without prompts and what was printed between them, tabs as blanks."""
    lines = [_expanded(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    first = next((line for line in lines if line.strip() and not BANNER.match(line)), "")
    if PRIMARY.match(first):
        lines = typed(lines)
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines)


def in_gradsh(text: str) -> tuple[str, str]:
    """A pasted text as gradsh, and what is to be said of it: of Python that is no gradsh, which becomes it."""
    found = converted_text(text)
    if found is None:
        return text, ""
    return found.text, "; ".join(["Python that was pasted, as gradsh: Enter runs it", *found.remarks])


def converted_text(text: str) -> Converted | None:
    """Python that is no gradsh, as gradsh; None for any other text."""
    from gradsh.language.pasted import converted
    from gradsh.shell.forms import problems

    if len(text) > LONGEST or is_open(text) or not problems(text):  # what is not whole is no Python either
        return None
    found = converted(text)
    return None if found is None or problems(found.text) else found


def typed(lines: list[str]) -> list[str]:
    """Of the lines of a terminal those that somebody typed."""
    found: list[str] = []
    in_block = False  # behind a line that was typed: what goes on looks like an ellipsis elsewhere
    for line in lines:
        match = PRIMARY.match(line) or (CONTINUED.match(line) if in_block else None)
        in_block = match is not None
        if match is not None:
            found.append(line[match.end() :].rstrip())
    return [line for number, line in enumerate(found) if line or found[number - 1 : number] != [""]]


def _expanded(line: str) -> str:
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)].expandtabs(4) + body
