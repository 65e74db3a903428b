"""Places of the program as people read them: the text of an expression, the name that it is bound to, its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from types import CodeType
from typing import Any

from gradsh.errors import Source, Span
from gradsh.language import brackets
from gradsh.language.places import LIBRARY, span_of, text_of

BINDING = re.compile(r"(?:^|[;{}\n])[ \t]*(?:let[ \t]+)?([^\W\d]\w*(?:[ \t]*,[ \t]*[^\W\d]\w*)*)[ \t]*=[ \t]*$")
AFTER = re.compile(r"[ \t\r]*(?:$|[;}\n#])")

_spans: dict[tuple[str, int], Span | None] = {}  # of a loop's nodes the same few
_tables: dict[CodeType, tuple[list[int], list[int | None]]] = {}


def line_at(code: Any, lasti: int) -> int:
    """The number of the place in its program's table of spans; 0 for code that is not the user's."""
    if not isinstance(code, CodeType) or text_of(code) is None:
        return 0
    table = _tables.get(code)
    if table is None:
        if len(_tables) > 1000:
            _tables.clear()
        rows = list(code.co_lines())
        table = _tables[code] = ([start for start, _, _ in rows], [line for _, _, line in rows])
    starts, lines = table
    at = bisect_right(starts, lasti) - 1
    return (lines[at] or 0) if at >= 0 else 0


def span_at(code: Any, line: int) -> Span | None:
    """The place with that number."""
    if not line or not isinstance(code, CodeType):
        return None
    place = (code.co_filename, line)
    if place not in _spans:
        if len(_spans) > 10_000:
            _spans.clear()
        _spans[place] = span_of(code, line)
    return _spans[place]


def made(t: Any) -> Span | None:
    """Where a tensor was made."""
    where = t.made_at
    return span_at(where[0], line_at(*where)) if where is not None else None


def is_library(code: Any) -> bool:
    """Is it the code of one of gradsh's own models?"""
    return isinstance(code, CodeType) and code.co_filename.startswith(LIBRARY)


def within(inner: Span | None, outer: Span | None) -> bool:
    """Does a piece of text stand in another?"""
    return (
        inner is not None
        and outer is not None
        and inner.source is outer.source
        and outer.start <= inner.start
        and inner.end <= outer.end
    )


@lru_cache(maxsize=1000)
def flat(text: str) -> str:
    """A piece of the program on one line, without its comments and the parentheses around all of it."""
    if "\n" in text:
        text = "\n".join(_uncommented(line) for line in text.split("\n"))
    text = " ".join(text.split())
    while text.startswith("(") and brackets.partner(text, 0) == len(text) - 1:
        if _depth(text[1:-1], text.find(",", 1) - 1) == 0 and "," in text:
            return text  # a tuple
        text = text[1:-1].strip()
    return text


def _uncommented(line: str) -> str:
    at = line.find("#")
    return line[:at] if at >= 0 and line.count('"', 0, at) % 2 == 0 and line.count("'", 0, at) % 2 == 0 else line


def bound_to(span: Span) -> str:
    """The name that the statement binds this very expression to, "a, b" for several; "" if it binds none."""
    text = span.source.text
    if not AFTER.match(text, span.end):
        return ""
    found = BINDING.search(text[text.rfind("\n", 0, span.start) + 1 : span.start])
    return "".join(found.group(1).split()).replace(",", ", ") if found is not None else ""


def place_of(span: Span | None, main: Source | None) -> str:
    """Where it stands, in words: "line 3", "line 3 of lib.grad", "prompt 2"."""
    if span is None:
        return ""
    name, line = span.source.name, span.line
    if name.startswith("<prompt "):
        alone = "\n" not in span.source.text.strip()
        return name[1:-1] if alone else f"{name[1:-1]}, line {line}"
    if main is None or span.source is main or name.startswith("<"):
        return f"line {line}"
    return f"line {line} of {name.rpartition('/')[2]}"


@lru_cache(maxsize=1000)
def shortened(text: str, room: int, dots: str = "…") -> str:
    """The text in `room` columns: the middle of the arguments goes, never a name.

    `cross_entropy(net(x), t, label_smoothing=0.1)` is `cross_entropy(net(x), …)`, then `cross_entropy(…)`.
    """
    if len(text) <= room:
        return text
    for cut in (_without_arguments, _without_middle):
        found = cut(text, room, dots)
        if found:
            return found
    return text


def _without_arguments(text: str, room: int, dots: str) -> str:
    """The text with what is innermost or last in brackets left out, as little as is needed."""
    pairs = []
    for at, character in enumerate(text):
        if character in "([":
            end = brackets.partner(text, at)
            if end is not None and end - at > len(dots) + 1:
                pairs.append((at, end))
    best = ""
    for at, end in pairs:
        inner = text[at + 1 : end]
        # the last arguments first, then all of them
        stops = [m.start() + 2 for m in re.finditer(", ", inner) if _depth(inner, m.start()) == 0]
        for stop in [*reversed(stops), 0]:
            short = text[: at + 1] + inner[:stop] + dots + text[end:]
            if len(short) <= room and len(short) > len(best):
                best = short
    if best or not pairs:
        return best
    outer = [p for p in pairs if not any(a < p[0] and p[1] < b for a, b in pairs)]
    short, end_of = "", 0
    for at, end in outer:
        short += text[end_of : at + 1] + dots
        end_of = end
    short += text[end_of:]
    return short if len(short) <= room else _without_middle(short, room, dots)


def _depth(text: str, at: int) -> int:
    return sum(1 for c in text[:at] if c in "([{") - sum(1 for c in text[:at] if c in ")]}")


def _without_middle(text: str, room: int, dots: str) -> str:
    """The first and the last words of the text; of what stands in brackets all or nothing."""
    words: list[str] = []
    for at, character in enumerate(text):
        if not words or (character == " " and _depth(text, at) == 0):
            words.append("")
        words[-1] += character
    start = words.index(" =") + 1 if " =" in words else 1
    left, right = start, len(words)
    head, tail = "".join(words[:left]), ""
    while left < right:
        forward = len(head) <= len(tail) or left <= start
        word = words[left] if forward else words[right - 1]
        if len(head) + len(tail) + len(word) + len(dots) + 1 > room:
            if not forward or len(head) + len(tail) + len(words[right - 1]) + len(dots) + 1 > room:
                break
            forward, word = False, words[right - 1]
        if forward:
            head, left = head + word, left + 1
        else:
            tail, right = word + tail, right - 1
    return f"{head} {dots}{tail}" if left < right else text
