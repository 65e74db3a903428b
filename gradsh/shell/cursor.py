"""What the cursor stands in: an attribute of what, an argument of which call, a string, the beginning of a statement.

    here = at(Document("print sum(x, ke"))
    here.word                   # "ke"
    here.call.callee            # ["sum"]

Read off the pieces before the cursor, so that it answers for a line that is no program yet.
"""

from __future__ import annotations

from prompt_toolkit.document import Document

from gradsh.language.scanning import Piece
from gradsh.shell.reading import read, scanned

FARTHEST = 200  # lines that are looked back for the beginning of a call
SILENT = ("space", "comment")
UNKNOWN = "?"  # in a chain: a value that is not looked up, that of a call or an operator


class Call:
    """A call that is being written: `callee`, a chain as `chain` gives it; the `number` of the argument, from 0, and
    whether the cursor is at its beginning (`begins`); the keywords `given` so far, the one of this argument in `of`."""

    __slots__ = ("begins", "callee", "given", "number", "of", "opening")

    def __init__(self, opening: str, callee: list[str]) -> None:
        self.opening = opening
        self.callee = callee
        self.number = 0
        self.begins = True
        self.given: list[str] = []
        self.of = ""


class Here:
    """What stands around the cursor.

    word     the letters before it that are being written, "" behind a blank
    owner    what stands before the dot, as a chain; None where there is no dot
    call     the innermost call around, or the command that the statement is
    fresh    whether a statement may begin with the word
    inside   "string" or "comment"; `quoted` is the string so far
    before   the piece before the word, blanks aside
    """

    __slots__ = ("before", "call", "fresh", "inside", "owner", "quoted", "word")

    def __init__(self) -> None:
        self.word = ""
        self.owner: list[str] | None = None
        self.call: Call | None = None
        self.fresh = False
        self.inside = ""
        self.quoted = ""
        self.before = ""


def at(document: Document) -> Here:
    """What the cursor of a document stands in."""
    here = Here()
    pieces = pieces_before(document)
    here.inside = inside(document)
    if here.inside == "comment":
        return here
    if here.inside:
        while pieces and pieces[-1][0] in ("string", "escape"):
            here.quoted = pieces.pop()[1] + here.quoted
            if here.quoted.lstrip("rRfF")[:1] in ("'", '"'):
                break
        here.quoted = here.quoted.lstrip("rRfF").lstrip("\"'")
    elif pieces and pieces[-1][1].isidentifier():
        here.word = pieces.pop()[1]
    said = [piece for piece in pieces if piece[0] not in SILENT]
    here.before = said[-1][1] if said else ""
    here.fresh = is_fresh(said)
    if here.before == "." and not here.inside:
        here.owner = chain(said, len(said) - 2)
    here.call = innermost(said)
    return here


def inside(document: Document) -> str:
    """ "string" or "comment" where a letter at the cursor would belong to one, else ""."""
    reading, row = read(document.text), document.cursor_position_row
    kind = scanned(document.current_line_before_cursor + "x", reading.states[row])[0][-1][0]
    return "string" if kind == "escape" else kind if kind in ("string", "comment") else ""


def pieces_before(document: Document) -> list[Piece]:
    """The pieces before the cursor, from the line on in which the brackets around it were opened."""
    reading = read(document.text)
    row, column = document.cursor_position_row, document.cursor_position_col
    first = row
    while first > 0 and row - first < FARTHEST and _goes_on(reading.opened(first)):
        first -= 1
    pieces: list[Piece] = []
    for number in range(first, row):
        pieces += [*reading.pieces(number), ("space", "\n")]
    return pieces + scanned(reading.lines[row][:column], reading.states[row])[0]


def _goes_on(opened: str) -> bool:
    """Does a line with that open before it go on with the one before, and is no statement of a block?"""
    return bool(opened) and (len(opened) == 1 or opened[-1] != "{")


def is_fresh(said: list[Piece]) -> bool:
    """May a statement begin behind these?"""
    if not said or said[-1] in (("separator", ";"), ("bracket", "}")):
        return True
    opens = said[-1] == ("bracket", "{")
    return opens and len(said) > 1 and said[-2][1] not in ("=", "(", "[", ",", ":", "return", "in")


def chain(said: list[Piece], end: int) -> list[str]:
    """The postfix expression that ends with the piece at `end`, from its root on: ["net", ".", "layers", "[0]"].

    An index stands for itself where it is a constant; a call, or any other value, is UNKNOWN with all before it.
    """
    found: list[str] = []
    while end >= 0:
        kind, piece = said[end]
        if piece in (")", "]", "}"):
            start = _opening(said, end)
            inner = "".join(text for _, text in said[start + 1 : end])
            if piece != "]" or start < 1 or not _is_value(said[start - 1]) or not _is_index(inner):
                root = {"]": "[]", "}": "{}"}.get(piece, UNKNOWN)
                is_display = start < 1 or not _is_value(said[start - 1])
                return [root if is_display else UNKNOWN, *found]
            found.insert(0, f"[{inner}]")
            end = start - 1
        elif kind in ("name", "function", "definition", "command", "constant", "attribute", "number", "keyword"):
            found.insert(0, piece)
            if end > 0 and said[end - 1][1] == ".":
                found.insert(0, ".")
                end -= 2
            else:
                return found
        elif kind in ("string", "escape"):
            return ['""', *found]
        else:
            break
    return [UNKNOWN, *found]


def _opening(said: list[Piece], end: int) -> int:
    depth = 0
    for position in range(end, -1, -1):
        if said[position][0] == "bracket":
            depth += 1 if said[position][1] in ")]}" else -1
            if not depth:
                return position
    return -1


def _is_value(piece: Piece) -> bool:
    return piece[1] in (")", "]") or piece[0] in ("name", "function", "attribute", "string")


def _is_index(text: str) -> bool:
    return text.lstrip("-").isdecimal() or (len(text) > 1 and text[0] == text[-1] and text[0] in "\"'")


def innermost(said: list[Piece]) -> Call | None:
    """The call whose arguments the pieces end in; a command without parentheses is one."""
    calls: list[Call | None] = [None]
    for position, (kind, piece) in enumerate(said):
        current = calls[-1]
        if kind == "bracket" and piece in "([{":
            if current is not None:
                current.begins = False
            is_call = piece == "(" and position > 0 and _is_callee(said[position - 1])
            is_call = is_call and (position < 2 or said[position - 2][1] not in ("fn", "model", "op"))
            calls.append(Call(piece, chain(said, position - 1)) if is_call else Call(piece, []))
        elif kind == "bracket":
            if len(calls) > 1:
                calls.pop()
            if piece == "}":
                calls[-1] = None if len(calls) == 1 else calls[-1]
        elif piece in (";", "\n") and len(calls) == 1:
            calls[-1] = None
        elif kind == "command" and len(calls) == 1:
            calls[-1] = Call("", [piece])
        elif current is None:
            continue
        elif piece == ",":
            current.number += 1
            current.begins, current.of = True, ""
        elif piece == "=" and said[position - 1][0] in ("name", "function"):
            current.of = said[position - 1][1]
            current.given.append(current.of)
        else:
            following = said[position + 1][1] if position + 1 < len(said) else ""
            if current.begins and kind == "name" and following in (",", ")") and current.opening in ("(", ""):
                current.given.append(piece)  # may be a flag
            current.begins = False
    for each in reversed(calls):
        if each is None or each.opening == "{" or each.callee:
            break
    if each is not None and each is not calls[-1]:
        each.begins = False  # in a list or tuple that is an argument
    return each if each is not None and each.callee else None


def _is_callee(piece: Piece) -> bool:
    return piece[0] in ("function", "attribute", "name", "command") or piece[1] in (")", "]")
