"""What stands in the edit buffer, read line by line: pieces, and what is open where.

Each key changes one line of a text of perhaps a thousand, so that lines are remembered by what they are and how they
begin; a text is read once, whoever asks.
"""

from __future__ import annotations

from functools import lru_cache

from gradsh.language import brackets
from gradsh.language.scanning import BROKEN, CLOSED_BY, START, Piece, State, scan
from gradsh.runtime.commands import WORDS

STEP = "    "


@lru_cache(maxsize=8192)
def scanned(line: str, state: State) -> tuple[list[Piece], State]:
    """The pieces of one line that begins in `state`, and the state of the next."""
    return scan(line, state, WORDS)


class Reading:
    """A text: its `lines`, and `states`, the one in which each begins, with one more for what would follow."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.states = [START]
        for line in self.lines:
            self.states.append(scanned(line, self.states[-1])[1])

    def pieces(self, row: int) -> list[Piece]:
        """What the line is made of."""
        return scanned(self.lines[row], self.states[row])[0]

    @property
    def incomplete(self) -> bool:
        """Does it want another line?"""
        return brackets.is_open(self.text)

    @property
    def is_python(self) -> bool:
        """Does it begin a block as Python does: a line that ends with `:`, or a decorator, outside of brackets?"""
        return any(self.begins_python(row) for row in range(len(self.lines)))

    def begins_python(self, row: int) -> bool:
        """Does that line begin a block of Python?"""
        before, after = self.states[row], self.states[row + 1]
        if before[0] or after[0] or before[3] or after[3]:
            return False
        said = [piece for kind, piece in self.pieces(row) if kind not in ("space", "comment")]
        return len(said) > 1 and (said[-1] == ":" or said[0] == "@")

    def opened(self, row: int) -> str:
        """The innermost that is open where the line begins: `for{`, `(`, a quote; "" where nothing is."""
        quote, _, _, opened = self.states[row]
        return quote or ("" if opened == BROKEN or not opened else opened[-1])

    def indent_after(self, row: int, column: int) -> str:
        """The blanks that a line begins with which is broken off there."""
        line = self.lines[row][:column]
        before, after = self.states[row], scanned(line, self.states[row])[1]
        if before[0] or after[0]:  # inside of a string every blank is meant
            return ""
        own = line[: len(line) - len(line.lstrip())]
        opens = len(after[3]) > len(before[3]) and after[3] != BROKEN
        return own + STEP if opens or (line.rstrip().endswith(":") and self.begins_python(row)) else own

    def indent_of_closing(self, row: int, closing: str) -> str | None:
        """The blanks before a bracket that closes what is open where the line begins; None if it closes nothing."""
        depth = len(self.states[row][3])
        opened = self.opened(row)
        if not opened or CLOSED_BY.get(opened[-1]) != closing or self.states[row][0]:
            return None
        while row > 0 and len(self.states[row][3]) >= depth:
            row -= 1
        line = self.lines[row]
        return line[: len(line) - len(line.lstrip())]


@lru_cache(maxsize=4)
def read(text: str) -> Reading:
    """The reading of a text; of the one that is being edited it is made once."""
    return Reading(text)
