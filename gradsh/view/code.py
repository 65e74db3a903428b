"""Program text in colour: what an error shows of it, and the examples of `help`."""

from __future__ import annotations

from gradsh.language.scanning import scan
from gradsh.runtime.commands import WORDS
from gradsh.view.color import paint


def painted(text: str, on: bool) -> str:
    """A piece of program text with colours, or as it is; it may begin and end anywhere."""
    if not on:
        return text
    return "".join(paint(piece, kind, True) for kind, piece in scan(text, commands=WORDS)[0])
