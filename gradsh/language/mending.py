"""A wrong text with what would mend it, as a program: the user's own line, or block.

An edit is (start, end, new): what stands between these offsets becomes `new`. What is wrong after that is mended too,
as long as there is an edit for it, so that one help line is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gradsh.errors import GradshError, Incomplete
from gradsh.language import brackets

Edit = tuple[int, int, str]
Wrong = Callable[[str], GradshError | None]  # what is wrong first in a text

ROUNDS = 60  # of mending: a loop of PyTorch's has a dozen things that are written otherwise here
WIDE = 100  # characters that a help of one line may have
LONG = 4000  # characters of a text that is mended
# a line that begins so belongs to the one before
GOES_ON = re.compile(r"\s*(?:\|>|\.[^\W\d]|(?:else|elif|elsif|elseif|catch|except|finally)\b)")
CLOSES = re.compile(r"\s*[\])}]")


def mended(text: str, edit: Edit, wrong: Wrong) -> Edit | None:
    """The edit that makes of the line, or of the lines around it, a program; None where none is found."""
    start, end, new = edit
    tried = set()
    for first, last in _stretches(text, start, end):
        if (first, last) in tried or last - first > LONG:
            continue
        tried.add((first, last))
        whole = _program(text[first:start] + new + text[end:last], wrong, not text[last:].strip())
        if whole is not None:
            return first, last, dedented(whole)
    return None


def _program(text: str, wrong: Wrong, is_all: bool) -> str | None:
    """The text, mended until it is a program. Where more follows, a `{` that is open is closed there."""
    for _ in range(ROUNDS):
        error = wrong(text)
        if error is None:
            return text
        if error.edit is None or (isinstance(error, Incomplete) and not is_all and error.labels[0].span.text == "{"):
            return None
        start, end, new = error.edit
        text = text[:start] + new + text[end:]
    return None


def _stretches(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of whole lines around a place, the smallest first: the line, the statement with its block."""
    first = text.rfind("\n", 0, start) + 1
    last = _line_end(text, end)
    below = _end_of_block(text, first, last)
    if not text[first:last].partition("#")[0].rstrip().endswith(":") and not GOES_ON.match(text, last):
        yield first, last
    yield first, below
    top = first
    while top and (GOES_ON.match(text, top) or CLOSES.match(text, top) or _is_within(text, top)):
        top = text.rfind("\n", 0, top - 1) + 1
    yield top, last
    yield top, max(below, _end_of_block(text, top, last))


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _is_within(text: str, at: int) -> bool:
    """Does a bracket stand open before this line?"""
    return brackets.is_open(text[max(0, at - LONG) : at])


def _end_of_block(text: str, first: int, last: int) -> int:
    """Where the lines end that belong to the one that begins at `first`: brackets that it opens, what is indented."""
    indent = indentation(text, first)
    while last < len(text):
        following = last + 1
        end = _line_end(text, following)
        line = text[following:end]
        deeper = indentation(text, following) > indent
        if line.strip() and not deeper and not GOES_ON.match(line) and not brackets.is_open(text[first:last]):
            break
        last = end
    return first + len(text[first:last].rstrip()) if last > first else last


def indentation(text: str, at: int) -> int:
    """How far the line that begins at `at` is indented."""
    line = text[at : _line_end(text, at)].expandtabs()
    return len(line) - len(line.lstrip())


def block(text: str, colon: int, limit: int) -> Edit:
    """The edit that puts into braces what stands behind a `:`, or is indented below it."""
    first = text.rfind("\n", 0, colon) + 1
    end = min(_line_end(text, colon), limit)
    behind = text[colon + 1 : end].partition("#")[0].strip()
    if behind:
        return colon, end, f" {{ {behind} }}"
    indent = indentation(text, first)
    last = end
    while last < limit:
        following = last + 1
        close = min(_line_end(text, following), limit)
        if text[following:close].strip() and indentation(text, following) <= indent:
            break
        last = close
    suite = text[end:last].rstrip()
    if not suite:
        loops = re.match(r"\s*while\b", text[first:colon])
        return colon, end, " { break }" if loops else " { }"
    head = text[first:colon]
    margin = head[: len(head) - len(head.lstrip())]
    return colon, end + len(suite), f" {{{text[colon + 1 : end]}{suite}\n{margin}}}"


def dedented(text: str) -> str:
    """A text without the indentation that all its lines have."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[margin:] for line in lines)


def one_line(text: str, wrong: Wrong) -> str:
    """A program on one line where it is short; else as it stands."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    joined = lines[0] if lines else ""
    for line in lines[1:]:
        tight = joined[-1:] in "{([,|+-*/=&" or GOES_ON.match(line) or CLOSES.match(line)
        joined += (" " if tight else "; ") + line
    if len(lines) == 1 or (len(joined) <= WIDE and "#" not in joined and '"""' not in joined and wrong(joined) is None):
        return joined
    return text


def offered(help: str) -> list[str]:
    """What a help line shows as gradsh: all between backticks, or all of a line that has none.

    The name of an attribute, `.grad`, stands for any value's.
    """
    pieces = help.split("`")[1::2] if "`" in help else [help]
    return ["x" + piece if piece[:1] == "." else piece for piece in pieces]
