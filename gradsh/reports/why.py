"""The report of `why`."""

from __future__ import annotations

from gradsh.reports import Report
from gradsh.reports.looking import Amount


class WhyRow:
    """One line of a way: `left` is its place, or what it brings; `text` is the program's, `words` say what happens.

    `cut`: gradients do not pass here.
    """

    __slots__ = ("cut", "left", "text", "words")

    def __init__(self, left: str, text: str, words: str = "", cut: bool = False) -> None:
        self.left = left
        self.text = text
        self.words = words
        self.cut = cut


class Why(Report):
    """Why a gradient is what it is.

    name    the tensor, as the program calls it
    kind    the row of the table of causes, "cut"
    value   the gradient, None where there is none
    odd     the positions at which it is nan or inf (`odd_value` says which), or 0 for kind "zero"
    words   the cause, which goes on after "w.grad is 12: "
    rows    the way, line by line
    notes   further sentences
    help    one line that helps, "" where nothing is wrong
    """

    __slots__ = ("help", "kind", "name", "notes", "odd", "odd_value", "rows", "value", "words")

    def __init__(self, name: str, kind: str, value: Amount | None, words: str) -> None:
        self.name = name
        self.kind = kind
        self.value = value
        self.words = words
        self.odd: list[list[int]] = []
        self.odd_value = ""
        self.rows: list[WhyRow] = []
        self.notes: list[str] = []
        self.help = ""
