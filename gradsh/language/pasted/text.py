"""The text of a Python program: where its nodes and comments stand, and pieces of it moved to another place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from gradsh.language import brackets

COMMENT = re.compile(r"#[^\n]*")
JOINED = re.compile(r"[ \t]*\\\n[ \t]*")  # a backslash at the end of a line; gradsh has none
STRING = re.compile(
    r"(?P<prefix>[a-zA-Z]{0,2})"
    r"(?:'''(?:[^'\\]|\\.|'(?!''))*+'''"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'(?:[^'\\\n]|\\.)*+'"
    r'|"(?:[^"\\\n]|\\.)*+")',
    re.DOTALL,
)


class Comment:
    """A comment: its line, column and text, and whether it has the line to itself."""

    __slots__ = ("alone", "column", "line", "said", "text")

    def __init__(self, line: int, column: int, text: str, alone: bool) -> None:
        self.line = line
        self.column = column
        self.text = text
        self.alone = alone
        self.said = False


class Text:
    """A program's text; offsets count characters, where `ast` counts bytes of a line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        """The offset of a place that `ast` names."""
        said = self.lines[line - 1]
        return self.starts[line - 1] + (column if said.isascii() else len(said.encode()[:column].decode()))

    def start(self, node: ast.AST) -> int:
        return self.at(node.lineno, node.col_offset)  # type: ignore[attr-defined]  # of nodes that have a place

    def end(self, node: ast.AST) -> int:
        return self.at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def spread(self, node: ast.AST, left: int) -> tuple[int, int]:
        """A node with the parentheses around it, none of which opens before `left`."""
        start, end = self.start(node), self.end(node)
        for _ in range(COMMENT.sub("", self.text[left:start]).count("(")):
            end = self.text.index(")", end) + 1
        opening = start
        while end > self.end(node) and self.text[left:opening].count("(") and opening > left:
            opening = self.text.rindex("(", left, opening)
        return opening, end

    def enclosed(self, node: ast.AST) -> bool:
        """Do brackets stand directly around a node?"""
        before, after = self.start(node) - 1, self.end(node)
        while before >= 0 and self.text[before].isspace():
            before -= 1
        while after < len(self.text) and self.text[after].isspace():
            after += 1
        return before >= 0 and self.text[before] == "(" and self.text[after : after + 1] == ")"

    def comments(self) -> list[Comment]:
        """All comments, in the order of the text."""
        found = []
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                found.append(Comment(line, column, token.string, not self.lines[line - 1][:column].strip()))
        return found


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nearest nodes below one that have a place in the text, in its order."""

    def nearest(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if hasattr(child, "lineno"):
                yield child
            else:
                yield from nearest(child)

    return iter(sorted(nearest(node), key=lambda child: (child.lineno, child.col_offset)))  # type: ignore[attr-defined]


def moved(text: str, by: int) -> str:
    """A statement of several lines, those after the first moved by so many columns; strings stay as they are."""
    if not by or "\n" not in text:
        return text
    pieces: list[str] = []
    for match in brackets.PIECE.finditer(text):
        piece = match.group()
        if pieces and pieces[-1].endswith("\n") and match.lastgroup == "other" and piece.isspace() and piece != "\n":
            piece = " " * max(0, len(piece) + by)
        elif pieces and pieces[-1].endswith("\n") and match.lastgroup == "other":
            indent = len(piece) - len(piece.lstrip(" "))
            piece = " " * max(0, indent + by) + piece.lstrip(" ")
        pieces.append(piece)
    return "".join(pieces)
