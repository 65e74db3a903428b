"""Ghost text: how a line went on the last time, offered in grey where it would run today."""

from __future__ import annotations

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from gradsh.runtime.builtins import BUILTINS
from gradsh.session.session import Session
from gradsh.shell.reading import read

TRIED = 20  # lines of the history that begin like this one
NAMES = ("name", "function")
BEFORE_NEW = ("let", "for", "catch", "as", "param")


class FromHistory(AutoSuggest):
    """The newest input that begins like the text, if every name in it is there."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        text = document.text
        if not text.strip() or "\n" in text:
            return None
        tried = 0
        for past in buffer.history._loaded_strings:  # `get_strings` copies all of them, the oldest first
            if past.startswith(text) and past != text:
                tried += 1
                if names_in(past) <= self._known(names_in(past)):
                    return Suggestion(past[len(text) :])
                if tried == TRIED:
                    return None
        return None

    def _known(self, names: set[str]) -> set[str]:
        bound = self.session.globals
        return {name for name in names if "." + name in bound or BUILTINS.lookup(name) is not None}


def names_in(text: str) -> set[str]:
    """The names that a program uses and does not bind itself, as far as can be told without parsing it."""
    used, bound = _names(text)
    return used - bound


def names_bound(text: str) -> set[str]:
    """The names that a program binds, likewise."""
    return _names(text)[1]


def _names(text: str) -> tuple[set[str], set[str]]:
    reading = read(text)
    said = [piece for row in range(len(reading.lines)) for piece in reading.pieces(row) if piece[0] != "space"]
    used: set[str] = set()
    bound: set[str] = set()
    parameters = 0  # depth in the brackets of a definition
    for number, (kind, piece) in enumerate(said):
        before = said[number - 1][1] if number else ""
        after = said[number + 1][1] if number + 1 < len(said) else ""
        if piece == "(" and (before == "fn" or (number and said[number - 1][0] == "definition")):
            parameters = 1
        elif parameters and kind == "bracket":
            parameters += 1 if piece in "([{" else -1
        if kind == "definition":
            bound.add(piece)
        elif kind in NAMES:
            is_new = before in BEFORE_NEW or after == "=" or (parameters == 1 and before in ("(", ",", "*"))
            is_new = is_new or (after in (",", "in") and _binds(said, number))
            (bound if is_new else used).add(piece)
    return used, bound


def _binds(said: list[tuple[str, str]], number: int) -> bool:
    """Is the name one of several between `let` or `for` and what they get?"""
    while number > 0 and (said[number][0] in NAMES or said[number][1] in (",", "(", ")")):
        number -= 1
    return said[number][1] in ("let", "for")
