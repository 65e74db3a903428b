"""The tokens of a program as pieces: brackets hold theirs, blocks hold statements."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

# What a bracket is for: arguments or parameters, an expression or a tuple, a list, subscripts, a dict, statements.
CALL, PAREN, LIST, INDEX, DICT, BLOCK = "call", "paren", "list", "index", "dict", "block"
CLOSED_BY = {"LPAR": "RPAR", "LSQB": "RSQB", "BLOCK": "RBRACE", "DICT": "RBRACE"}
ATOMS = frozenset(("NAME", "WORD", "VERB", "NUMBER", "STRING", "FSTRING", "CONSTANT", "ELLIPSIS"))
HEADS = frozenset(("FN", "FORWARD", "GRADIENT"))  # directly before parameters
OPERATORS = frozenset(
    (
        "PLUS", "MINUS", "STAR", "TIMES", "POWER", "TILDE", "VBAR", "CIRCUMFLEX", "AMPERSAND", "PIPE", "COMPARE",
        "EQUAL", "AUGMENTED", "SHIFT",
    )
)  # fmt: skip
PREFIXES = frozenset(("PLUS", "MINUS", "TILDE", "STAR", "POWER"))
COMMENT = re.compile(r"#[^\n]*")


class Piece:
    """A token; or a bracket, with what is in it under `items`, or under `body` for a block."""

    __slots__ = ("blank", "body", "close", "end", "items", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end  # of a bracket, behind the closing one
        self.items: list[Piece] = []
        self.body: Body | None = None
        self.close = ""  # the closing bracket
        self.blank = False  # does a blank stand before it, where it does not begin a line?

    @property
    def is_group(self) -> bool:
        return bool(self.close)

    @property
    def is_keyword(self) -> bool:
        """A word of the language, or of a command, that something follows."""
        return not self.close and self.kind not in ATOMS and self.text[0].isalpha()

    @property
    def opens(self) -> int:
        """Where what is in a bracket begins."""
        return self.start + 1


class Statement:
    """One statement; `muted` by a `;`, `together` with the one before on a line."""

    __slots__ = ("items", "muted", "together")

    def __init__(self, items: list[Piece]) -> None:
        self.items = items
        self.muted = False
        self.together = False

    @property
    def start(self) -> int:
        return self.items[0].start

    @property
    def end(self) -> int:
        return self.items[-1].end


class Body:
    """The statements between two offsets of the text: all of a program, or what is between braces."""

    __slots__ = ("end", "start", "statements")

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.statements: list[Statement] = []


def read(text: str, tokens: Sequence[Any]) -> Body:
    """The pieces of a program's text."""
    body = Body(0)
    body.end = len(text)
    _statements(text, iter(tokens), body, "")
    return body


def _statements(text: str, tokens: Iterator[Any], body: Body, closing: str) -> None:
    """Read statements into a body, up to the token that closes it."""
    items: list[Piece] = []
    separator = ""  # the last one, and what is to know of it

    def finish() -> None:
        nonlocal items
        if items:
            space(items, "")
            statement = Statement(items)
            before = body.statements[-1] if body.statements else None
            statement.together = before is not None and "\n" not in text[before.end : statement.start]
            body.statements.append(statement)
            items = []

    for token in tokens:
        if token.type == closing:
            finish()
            body.end = token.start_pos
            break
        if token.type == "END":
            finish()
            separator = token.value
            if separator[0] == ";" and ("\n" in separator or "#" in separator):
                body.statements[-1].muted = True
            continue
        separator = ""
        items.append(_piece(text, tokens, token, items))
    finish()
    if separator[:1] == ";":
        body.statements[-1].muted = True


def _piece(text: str, tokens: Iterator[Any], token: Any, before: list[Piece]) -> Piece:
    """A token, or a bracket with all that it holds."""
    piece = Piece(token.type, token.value, token.start_pos, token.end_pos)
    closing = CLOSED_BY.get(token.type)
    if closing is None:
        return piece
    piece.close = {"(": ")", "[": "]", "{": "}"}[token.value]
    if token.type == "BLOCK":
        piece.kind = BLOCK
        piece.body = Body(piece.opens)
        _statements(text, tokens, piece.body, closing)
        piece.end = piece.body.end + 1
        return piece
    piece.kind = _purpose(token.type, before[-1] if before else None)
    for inner in tokens:
        if inner.type == closing:
            piece.end = inner.end_pos
            break
        if inner.type != "END":
            piece.items.append(_piece(text, tokens, inner, piece.items))
    space(piece.items, piece.kind)
    return piece


def _purpose(bracket: str, before: Piece | None) -> str:
    """What a bracket is for, by what stands before it."""
    if bracket == "DICT":
        return DICT
    operand = before is not None and (before.kind in ATOMS or (before.is_group and before.kind != BLOCK))
    if bracket == "LSQB":
        return INDEX if operand else LIST
    return CALL if operand or (before is not None and before.kind in HEADS) else PAREN


# --- blanks ---------------------------------------------------------------------------------------------------------


def space(items: Sequence[Piece], kind: str) -> None:
    """Say of each item of a statement, or of a bracket of this kind, whether a blank stands before it."""
    for at in range(1, len(items)):
        items[at].blank = blank_before(items, at, kind)


def is_prefix(items: Sequence[Piece], at: int) -> bool:
    """Is an operator one of what follows it, and not between two?"""
    if items[at].kind not in PREFIXES:
        return False
    before = items[at - 1] if at else None
    return before is None or before.is_keyword or before.kind in OPERATORS or before.kind in ("COMMA", "COLON")


def blank_before(items: Sequence[Piece], at: int, kind: str) -> bool:
    """Does a blank stand before an item? Commas and dots first, then prefixes, `**` and the `=` of an argument."""
    before, here = items[at - 1], items[at]
    if here.kind == "DOT":
        return before.kind == "NUMBER"  # 1 .sum()
    if here.kind == "COMMA" or before.kind == "DOT":
        return False
    if before.kind == "COMMA":
        return True
    if here.kind == "COLON" or before.kind == "COLON":
        return kind == DICT and before.kind == "COLON"
    if is_prefix(items, at - 1) or here.kind in (CALL, INDEX):
        return False
    if (here.kind == "POWER" and not is_prefix(items, at)) or before.kind == "POWER":
        return False
    equal = at if here.kind == "EQUAL" else at - 1
    if items[equal].kind == "EQUAL" and items[equal - 1].kind == "NAME":  # `dim=0`, but `fn(x) = x` and `x = 1`
        return kind != CALL and items[0].kind != "COMMAND"
    return True
