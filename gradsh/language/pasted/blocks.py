"""A block of Python inside of a text that is gradsh otherwise."""

from __future__ import annotations

import re

from gradsh.language import brackets

GOES_ON = re.compile(r"(?:elif|else|except|finally)\b")


def block_at(text: str, at: int) -> tuple[int, int]:
    """Where the statement begins and ends that stands on the line of `at`, with the lines indented below it."""
    start = text.rfind("\n", 0, at) + 1
    lines = text[start:].split("\n")
    indent = _indent(lines[0])
    taken = 0  # lines
    end = 1
    decorated = lines[0].lstrip().startswith("@")
    for number, line in enumerate(lines):
        if number and line.strip():
            below = _indent(line) > indent
            goes_on = _indent(line) == indent and GOES_ON.match(line.lstrip())
            if not below and not goes_on and not decorated and not brackets.is_open("\n".join(lines[:taken])):
                break
            decorated = decorated and line.lstrip().startswith("@")
        taken = number + 1
        if line.strip():
            end = taken
    return start, start + len("\n".join(lines[:end]))


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
