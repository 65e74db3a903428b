"""What each piece of a text is, for colours and for what a prompt does with brackets; it need not be a program.

    pieces, state = scan("for i in range(3) {")      # [("keyword", "for"), ("space", " "), ("name", "i"), …]
    pieces, state = scan("    print i", state)       # the next line of the same text

A scan knows words and brackets, no grammar: it costs microseconds, and goes on behind whatever is wrong. Its words are
those of the table of words; the commands of a session are handed in, as to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gradsh.language.strings import ESCAPE
from gradsh.language.words import (
    CAPITALS,
    INFIX,
    MODE,
    NAMESPACES,
    OPERATOR,
    PART,
    STATEMENT,
    TABLE,
    VALUE,
    VERB,
    WORDS,
)

Piece = tuple[str, str]  # its kind, one of KINDS, and its characters
# The open triple-quoted string, if any; the last word that a block belongs to; whether a statement may begin here; the
# open brackets from the outermost, each with that word before it, `for{`.
State = tuple[str, str, bool, tuple[str, ...]]

KINDS = (
    "space", "comment", "string", "escape", "interpolation", "number", "constant", "keyword", "command", "definition",
    "function", "attribute", "name", "operator", "bracket", "separator", "error",
)  # fmt: skip
START: State = ("", "", True, ())
BROKEN = ("",)  # the open brackets behind one that closes nothing
CLOSED_BY = {"(": ")", "[": "]", "{": "}"}

TOKEN = re.compile(
    r"""(?P<space>[^\S\n]+|\n)|(?P<comment>\#[^\n]*)"""
    r"""|(?P<string>(?:[rR][fF]?|[fF][rR]?)?(?:\"{3}|'{3}|["']))"""
    r"""|(?P<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)"""
    r"""|(?P<name>[^\W\d][\w\x80-\U0010ffff]*)"""
    r"""|(?P<operator>\.\.\.|\|>|(?:\*\*|//|<<|>>|[-+*/%=!<>@&|^])=?|~)"""
    r"""|(?P<bracket>[()\[\]{}])|(?P<separator>[,;:.])|(?P<error>.)""",
    re.DOTALL,
)
BODIES = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*+(?P<end>"?)', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*+(?P<end>'?)", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*+(?P<end>"""|\\?\Z)', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*+(?P<end>'''|\\?\Z)", re.DOTALL),
}
BRACE = re.compile(r"\{\{|\}\}|\{")
ARGUMENT = re.compile(rf"[\"'{{]|[ \t]+(?!(?:{'|'.join(INFIX)})\b)(?:[\w\"'(\[{{~]|[-+]\S|\.\d)")
NOTHING = re.compile(r"[ \t]*(?:[;\n}#]|\Z)")
IS_CALL = re.compile(r"[ \t]*\(")
IS_BLOCK = re.compile(r"[ \t]*[({]")
# a block belongs to the last of these before it
DEFINING = frozenset(
    word.name for word in TABLE if re.match(r"\w+ [nN]ame\(", word.usage) or word.name == "param"
)  # what stands behind these is named there, and not used
HEADS = frozenset(word.name for word in TABLE if "{" in word.usage)


def scan(text: str, state: State = START, commands: Iterable[str] = ()) -> tuple[list[Piece], State]:
    """The pieces of a text, which together are the text, and the state in which it ends.

    The text goes on from `state`: a line end between two calls is no part of either. `commands` are the words that are
    called without parentheses besides the language's own.
    """
    scanning = _Scanning(text, state, commands)
    return scanning.pieces, scanning.end()


def is_open(state: State) -> bool:
    """Does a text that ends in that state want another line? As `brackets.is_open` says of its text."""
    return bool(state[0]) or (bool(state[3]) and state[3] != BROKEN)


class _Scanning:
    """One scan: `last` is the piece before, blanks aside."""

    def __init__(self, text: str, state: State, commands: Iterable[str]) -> None:
        self.text = text
        self.commands = commands
        self.pieces: list[Piece] = []
        self.quote, self.head, self.fresh, self.open = state
        self.last = ""
        position = self.string(0, self.quote) if self.quote else 0
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match is not None, "any character is a piece"
            kind, piece = str(match.lastgroup), match.group()
            position = match.end()
            if kind == "string":
                self.fresh = False
                self.pieces.append((kind, piece))
                position = self.string(position, piece)
                continue
            if kind == "name":
                kind = self.word(piece, position)
            elif kind == "bracket":
                self.bracket(piece)
            elif piece == "\n" or piece == ";":
                self.fresh = self.fresh or piece == ";" or not self.open or self.open[-1][-1:] == "{"
            elif kind not in ("space", "comment"):
                self.fresh = False
            if kind not in ("space", "comment"):
                self.last = piece
            self.pieces.append((kind, piece))

    def end(self) -> State:
        """The state for the next line."""
        return self.quote, self.head, self.fresh or not self.open or self.open[-1][-1:] == "{", self.open

    def bracket(self, piece: str) -> None:
        """Keep what is open."""
        self.fresh = piece in "{}"
        if self.open == BROKEN:
            return
        if piece in CLOSED_BY:
            # a brace where a value is wanted begins a dict
            dictionary = piece != "{" or not self.head or self.last in ("=", "(", "[", ",", ":", "return", "in")
            self.open += ((piece if dictionary else self.head + piece),)
            self.fresh = piece == "{" and not dictionary
            if piece == "{":
                self.head = ""
        elif self.open and CLOSED_BY[self.open[-1][-1]] == piece:
            if self.open[-1] == "op{":
                self.head = "op"
            self.open = self.open[:-1]
        else:
            self.open = BROKEN

    def word(self, name: str, end: int) -> str:
        """The kind of a name that ends at `end`."""
        fresh, self.fresh = self.fresh, False
        if self.last == ".":
            return "attribute"
        word = WORDS.get(name)
        if name in CAPITALS or (word is not None and word.kind == VALUE):
            return "constant"
        if self.last in DEFINING and (word is None or not word.reserved):
            return "definition"
        if word is None:
            begins = name in self.commands and fresh and (self.argument(end) or self.alone(end))
            return "command" if begins else self.plain(name, end)
        if not word.reserved and not self.stands(name, word.kind, fresh, end):
            return self.plain(name, end)
        if name in HEADS:
            self.head = name
        if name == "backward" and self.head == "op" and self.last in ("}", ""):  # its second block
            self.head = name
            return "keyword"
        return "keyword" if word.kind in (STATEMENT, PART, OPERATOR, MODE) else "command"

    def stands(self, name: str, kind: str, fresh: bool, end: int) -> bool:
        """Is a word that may be a name the word here?"""
        if kind == MODE:
            return fresh and IS_BLOCK.match(self.text, end) is not None
        if kind in (STATEMENT, VERB):
            return fresh and self.argument(end)
        if name == "forward":
            return fresh and "model{" in self.open and IS_CALL.match(self.text, end) is not None
        return name == "as" and self.last[-1:] in ('"', "'")

    def argument(self, end: int) -> bool:
        return ARGUMENT.match(self.text, end) is not None

    def alone(self, end: int) -> bool:
        return NOTHING.match(self.text, end) is not None

    def plain(self, name: str, end: int) -> str:
        called = name not in NAMESPACES and IS_CALL.match(self.text, end) is not None
        return "function" if called else "name"

    # --- strings --------------------------------------------------------------------------------------------------

    def string(self, start: int, opening: str) -> int:
        """Read the rest of a string from `start` on, which `opening` has begun; where it ends."""
        quote = opening.lstrip("rRfF")
        prefix = opening[: len(opening) - len(quote)].lower()
        match = BODIES[quote].match(self.text, start)
        assert match is not None, "a body may be empty"
        closing = match["end"] if match["end"] == quote else ""
        body = self.text[start : match.end() - len(closing)]
        self.quote = opening if len(quote) == 3 and not closing else ""
        if "f" in prefix:
            self.formatted(body, prefix)
        else:
            self.characters(body, prefix)
        if closing:
            self.pieces.append(("string", closing))
        self.last = quote
        return match.end()

    def characters(self, body: str, prefix: str) -> None:
        """A stretch of a string that is nothing but characters and escapes."""
        done = 0
        if "r" not in prefix and "\\" in body:
            for match in ESCAPE.finditer(body):
                if match.start() > done:
                    self.pieces.append(("string", body[done : match.start()]))
                self.pieces.append(("escape", match.group()))
                done = match.end()
        if done < len(body):
            self.pieces.append(("string", body[done:]))

    def formatted(self, body: str, prefix: str) -> None:
        """The body of an f-string, whose expressions are scanned."""
        done = 0
        while match := BRACE.search(body, done):
            self.characters(body[done : match.start()], prefix)
            done = match.end()
            if match.group() != "{":
                self.pieces.append(("escape", match.group()))
                continue
            end = _expression(body, done)
            self.pieces.append(("interpolation", "{"))
            self.pieces += scan(body[done:end], ("", "", False, ("(",)))[0]
            close = body.find("}", end)
            done = len(body) if close < 0 else close + 1
            if end < done - (close >= 0):
                self.pieces.append(("string", body[end : done - (close >= 0)]))  # how it is formatted
            if close >= 0:
                self.pieces.append(("interpolation", "}"))
        self.characters(body[done:], prefix)


def _expression(body: str, start: int) -> int:
    """Where the expression of an f-string ends that begins at `start`: at its brace, `:`, or `!r`."""
    depth = 0
    for position in range(start, len(body)):
        char = body[position]
        if char in "([{":
            depth += 1
        elif char in ")]}" and depth:
            depth -= 1
        elif char == "}" or (not depth and (char == ":" or (char == "!" and body[position + 1 : position + 2] != "="))):
            return position
    return len(body)
