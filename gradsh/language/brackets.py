"""Brackets and strings of a text that need not be a program: what is open, what closes what."""

from __future__ import annotations

import re

PIECE = re.compile(
    r"""(?P<open>[(\[{])|(?P<close>[)\]}])"""
    r'''|(?P<triple>(?:"""(?:[^"\\]|\\.|"(?!""))*+(?P<end1>"""|\Z)|\'\'\'(?:[^'\\]|\\.|'(?!''))*+(?P<end2>\'\'\'|\Z)))'''
    r"""|(?P<other>"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?|\#[^\n]*+|\n|[^()\[\]{}"'\#\n]++)""",
    re.DOTALL,
)
PAIRS = {"(": ")", "[": "]", "{": "}"}


def is_open(text: str) -> bool:
    """Whether `text` ends inside of a bracket or a triple-quoted string; brackets that do not match end the wait."""
    stack: list[str] = []
    for match in PIECE.finditer(text):
        kind = match.lastgroup
        if kind == "open":
            stack.append(PAIRS[match.group()])
        elif kind == "close":
            if not stack or stack.pop() != match.group():
                return False
        elif match.group()[:3] in ('"""', "'''") and not (match.group("end1") or match.group("end2")):
            return True
    return bool(stack)


def partner(text: str, at: int) -> int | None:
    """Where the bracket that opens at `at` is closed; None if it is not, or if the brackets inside do not match."""
    stack: list[str] = []
    for match in PIECE.finditer(text, at):
        kind = match.lastgroup
        if kind == "open":
            stack.append(PAIRS[match.group()])
        elif kind == "close":
            if stack.pop() != match.group():
                return None
            if not stack:
                return match.start()
    return None


def items(text: str) -> list[str]:
    """What stands between the commas that are in no bracket and no string; the pieces of a text without one: itself."""
    found, depth = [""], 0
    for match in PIECE.finditer(text):
        piece, kind = match.group(), match.lastgroup
        depth += {"open": 1, "close": -1}.get(kind or "", 0)
        if depth or kind != "other" or piece[0] in "\"'#":
            found[-1] += piece
        else:
            first, *rest = piece.split(",")
            found[-1] += first
            found += rest
    return found


def next_line(text: str, start: int, at: int) -> int | None:
    """The first line end from `at` on that is outside of all brackets opened since `start`; None if that is unknown."""
    stack: list[str] = []
    for match in PIECE.finditer(text, start):
        piece = match.group()
        kind = match.lastgroup
        if kind == "open":
            stack.append(PAIRS[piece])
        elif kind == "close":
            if not stack or stack.pop() != piece:
                return None
        elif piece == "\n" and not stack and match.start() >= at:
            return match.start()
    return None
