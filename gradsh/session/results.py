"""What the cells before have given: `_`, `__`, `___`, `_3`, `Out[3]`, and `In[3]`, their text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

USED = re.compile(r"(?<![\w.])(?:_{1,3}|_\d+|Out|In)(?!\w)")


class Results:
    """The values of a notebook's cells by the numbers of these, and the names that stand for them.

    A name is there for a cell that has it. What the program binds itself (`for _ in range(3)`) stays the program's.
    """

    def __init__(self) -> None:
        self.kept = True  # whether some cell may ask for them
        self.number = 0  # of the cell that runs
        self.values: dict[int, Any] = {}
        self.texts = [""]
        self.latest: list[Any] = ["", "", ""]
        self.own: dict[str, Any] = {}  # what was bound here, by name

    def look(self, texts: Iterable[str]) -> None:
        """These are all the cells there will be."""
        self.kept = any(USED.search(text) is not None for text in texts)

    def begin(self, text: str, number: int, space: dict[str, Any]) -> None:
        """A cell is about to run: bind the names that are in it."""
        if not self.kept:
            return
        self.number = number
        self.texts += [""] * (number + 1 - len(self.texts))
        self.texts[number] = text
        for name in {found[0] for found in USED.finditer(text)}:
            key = f".{name}"
            programs = key in space and not (name in self.own and space[key] is self.own[name])
            if not programs and (not name[1:].isdigit() or int(name[1:]) in self.values):
                self.own[name] = space[key] = self._value(name)

    def given(self, value: Any) -> None:
        """A cell has shown this as its value."""
        if self.kept:
            self.latest = [value, *self.latest[:2]]
            if value is not self.values:
                self.values[self.number] = value

    def _value(self, name: str) -> Any:
        if name in ("Out", "In"):
            return self.values if name == "Out" else self.texts
        return self.values[int(name[1:])] if name[1:].isdigit() else self.latest[len(name) - 1]
