"""PyTorch pasted: Python text to gradsh text, with its comments, by Python's own parser.

    found = converted("for i in range(3):\\n    print(i)")
    found.text          # for i in range(3) {
                        #     print(i)
                        # }
    found.notes         # what has no counterpart: (line of the Python text, words)
    converted_at("let x = 3\nfor i in range(x):\n    print(i)", 20)     # (10, 41, that block as gradsh)

It knows no engine and no prompt: names are translated as they are written (`names.py`), and whether there is such a
built-in is for whoever reads the result. What has no counterpart stays as a comment. A value that stands last is
shown, as in a notebook; others are muted.
"""

from __future__ import annotations

import re


class Converted:
    """A Python text in gradsh; `notes` are what had to be left out or is another thing here, by line of the Python."""

    __slots__ = ("notes", "text")

    def __init__(self, text: str, notes: list[tuple[int, str]]) -> None:
        self.text = text
        self.notes = notes

    @property
    def remarks(self) -> list[str]:
        """The notes as words."""
        return [f"line {line}: {words}" for line, words in self.notes]


def converted(text: str) -> Converted | None:
    """A Python program, or a block of one, as gradsh; None where it is no Python, or nothing in it is to be changed.

    Single lines in it may be gradsh already, `let x = 3` or `backward loss`: they stay.
    """
    import ast
    import textwrap

    from gradsh.language.pasted.classes import Classes
    from gradsh.language.pasted.families import written_out
    from gradsh.language.pasted.masks import parsed

    text = textwrap.dedent(text.expandtabs(4)).strip("\n")
    found = parsed(text)
    if found is None:
        return None
    tree, text, masked = found
    flat, notes = written_out(tree, text)
    if notes:
        tree, text = ast.parse(flat), flat
    writer = Classes(text, tree, masked)
    try:
        result = writer.program()
    except RecursionError:
        return None
    for name, line in masked.items():
        text = text.replace(name, line)
    unnamed = result
    for name, other in writer.facts.renamed.items():  # words that are reserved here make no Python of a program
        unnamed = unnamed.replace(other, name)
    if _plain(unnamed) == _plain(text) or not any(line.strip()[:1] not in ("", "#") for line in result.split("\n")):
        return None
    assert isinstance(tree, ast.Module)
    return Converted(result, sorted([*notes, *writer.notes]))


def converted_at(text: str, at: int) -> tuple[int, int, Converted] | None:
    """What is Python around a place where the parser stopped: from where to where, and it as gradsh.

    All of the text if it is Python; else the statement on that line with what is indented below it.
    """
    from gradsh.language.pasted.blocks import block_at

    whole = converted(text)
    if whole is not None:
        return 0, len(text), whole
    start, end = block_at(text, at)
    block = converted(text[start:end])
    return None if block is None else (start, end, block)


def _plain(text: str) -> str:
    return re.sub(r"[\s;]", "", text)
