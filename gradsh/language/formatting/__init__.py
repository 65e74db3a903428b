"""Canonical text: `formatted(source, words)` is a program as it is laid out in gradsh; its tree is the same.

What is written stays: words, numbers, quotes, parentheses, comments. What is between is the formatter's: indents of
four, one blank between operands and operators (none around `**`, prefixes and the `=` of an argument), one statement
to a line or those of a line together, at most two blank lines, one in blocks. A bracket that ends a line keeps its
lines, and gets a comma at the end; a line that is too long is broken at the brackets that stand furthest right.

The parser's tokens are read into pieces, brackets with what is in them (`pieces.py`), and these are printed
(`printing.py`). Between tokens there are only blanks, line ends and comments.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradsh import errors
from gradsh.language import nodes
from gradsh.language.words import CommandWord


def formatted(source: errors.Source, words: Iterable[CommandWord] = ()) -> str:
    """The canonical text of a program. Errors: Refused where it is none, TooDeep."""
    from gradsh.language import syntax
    from gradsh.language.formatting.pieces import read
    from gradsh.language.formatting.printing import printed

    words = list(words)
    seen: list[syntax.Token] = []
    tree = syntax.parse(source, words, seen)
    try:
        text = printed(source.text, read(source.text, seen))
        again = syntax.parse(errors.Source(source.name, text), words)
        same = signature(again) == signature(tree)
    except RecursionError:
        raise errors.Refused([errors.TooDeep("nested too deeply to be formatted")]) from None
    if not same:
        raise AssertionError("the formatter changed the program")
    return text


def signature(tree: nodes.Program) -> list[object]:
    """All that a tree says but for places: classes, words, numbers, what is in parentheses, what is muted."""
    found: list[object] = []
    for node in nodes.walk(tree):
        found.append(type(node))
        found += [
            value for name in node.fields[2:] if type(value := getattr(node, name)) in PLAIN and name not in PLACES
        ]
        found.append((getattr(node, "grouped", None), getattr(node, "muted", None)))
    return found


PLAIN = (str, int, float, bool, type(None), type(...))
PLACES = ("name_start", "backward_start")
