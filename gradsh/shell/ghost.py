"""Ghost text: how a line went on the last time, offered in grey where it would run today."""

from __future__ import annotations

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from gradsh.language.words import ROOTS
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.session import Session
from gradsh.shell import registry
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
                if self.would_run(past):
                    return Suggestion(past[len(text) :])
                if tried == TRIED:
                    return None
        return None

    def would_run(self, text: str) -> bool:
        """Is every name in it there?"""
        if registry.is_command(text):
            return text.strip()[1:].partition(" ")[0] in registry.WORDS
        bound = self.session.globals
        return all("." + name in bound or name in ROOTS or BUILTINS.lookup(name) is not None for name in names_in(text))


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
    calls = [""]  # what is called by the brackets that are open
    for number, (kind, piece) in enumerate(said):
        before = said[number - 1][1] if number else ""
        after = said[number + 1][1] if number + 1 < len(said) else ""
        if piece == "(" and (before == "fn" or (number and said[number - 1][0] == "definition")):
            parameters = 1
        elif parameters and kind == "bracket":
            parameters += 1 if piece in "([{" else -1
        if kind == "bracket":
            calls = [*calls, before] if piece in "([{" else calls[:-1] or [""]
        elif kind == "command":
            calls[-1] = piece
        if kind == "definition":
            bound.add(piece)
        elif kind in NAMES:
            is_new = before in BEFORE_NEW or after == "=" or (parameters == 1 and before in ("(", ",", "*"))
            is_new = is_new or (after in (",", "in") and _binds(said, number))
            if is_new:
                bound.add(piece)
            elif before != "," or after not in (",", ")", "") or not is_flag(calls[-1], piece):
                used.add(piece)
    return used, bound


def is_flag(callee: str, name: str) -> bool:
    """Is a bare word among the arguments a flag of that built-in, `sum(x, 0, keepdim)`?"""
    signature = BUILTINS.lookup(callee) if callee else None
    return signature is not None and signature.flag(name) is not None


def _binds(said: list[tuple[str, str]], number: int) -> bool:
    """Is the name one of several between `let` or `for` and what they get?"""
    while number > 0 and (said[number][0] in NAMES or said[number][1] in (",", "(", ")")):
        number -= 1
    return said[number][1] in ("let", "for")
