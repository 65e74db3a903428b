"""What stands inside one token: the value of a number, a string's escapes, the pieces of an f-string."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradsh import errors
from gradsh.language import nodes

SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "0": "\0", "\n": ""}
SIMPLE |= {"a": "\a", "b": "\b", "f": "\f", "v": "\v"}
ESCAPE = re.compile(r"\\([0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|N\{[^{}]*\}|.)", re.DOTALL)

# What stands in for a plain character when a text was copied from a web page or a word processor.
MEANT = {
    '"': "\u201c\u201d\u201e\u00ab\u00bb",
    "'": "\u2018\u2019\u201a",
    "-": "\u2212\u2013\u2014",
    "*": "\u00d7\u00b7",
    "/": "\u00f7",
    "<=": "\u2264",
    ">=": "\u2265",
    "!=": "\u2260",
    "|>": "\u2192",
    "not": "\u00ac",
    "**2": "\u00b2",
    "**3": "\u00b3",
    "(": "\uff08",
    ")": "\uff09",
    ",": "\uff0c",
    ";": "\uff1b",
    ":": "\uff1a",
    "=": "\uff1d",
    "...": "\u2026",
}
LOOKALIKES = {character: meant for meant, characters in MEANT.items() for character in characters}
SPACES = {"\xa0": "a no-break space", "\u200b": "a zero-width space", "\u202f": "a narrow no-break space"}
SPACES |= {
    "\u3000": "a full-width space",
    "\ufeff": "a byte-order mark",
    "\u2009": "a thin space",
    "\x0b": "a vertical tab",
}


class BadEscape(Exception):
    """A fault inside a string token, `length` characters long, `at` characters after the token's start."""

    def __init__(self, message: str, at: int, length: int = 1, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.length = length
        self.help = help


def strange(character: str) -> tuple[type[errors.GradshError], str]:
    """The error for a character that no gradsh text holds outside of strings and comments."""
    if character in LOOKALIKES:
        return errors.BadToken, f"the character `{character}` is no part of gradsh; write `{LOOKALIKES[character]}`"
    if character in SPACES or (character.isspace() and character not in " \t\n\f"):
        what = SPACES.get(character, f"the space U+{ord(character):04X}")
        return errors.BadToken, f"{what} stands here; write an ordinary space"
    if character.isprintable():
        return errors.BadToken, f"the character `{character}` has no meaning here"
    return errors.BadToken, f"the character U+{ord(character):04X} cannot stand in a program"


def as_meant(line: str) -> str:
    """A line with what its lookalikes stand for, and `√x`, `∇f`, `∂f/∂x` as calls."""
    line = re.sub(r"\u2202\(?(\w+)\)?[ \t]*/[ \t]*\u2202\(?(\w+)\)?", r"grad(\1, \2)", line)
    line = re.sub(r"\u2207[ \t]*(\w+)", r"grad(\1)", line)
    line = re.sub(r"\u221a[ \t]*(\w+|(?=\())", lambda found: f"sqrt({found[1]})" if found[1] else "sqrt", line)
    return line.translate(
        {ord(character): meant for character, meant in LOOKALIKES.items()} | {ord(c): " " for c in SPACES}
    )


def number(text: str) -> int | float:
    """The value of a NUMBER token; ValueError with the user's words where it has none."""
    try:
        if text[:1] == "0" and text[1:2] in ("x", "X", "o", "O", "b", "B"):
            return int(text, 0)
        if text.isdigit() or not any(mark in text for mark in ".eE"):
            if text[0] == "0" and text.strip("0_"):
                raise ValueError("a number does not begin with 0; octal ones are written 0o17")
            return int(text)
        return float(text)
    except ValueError as problem:
        if "octal" in str(problem):
            raise
        if len(text) > 4000:
            raise ValueError(f"an integer of {len(text)} digits is too long to read") from None
        raise ValueError(f"`{text}` is no number: `_` stands between two digits only") from None


def unescape(text: str, at: int) -> str:
    """Replace Python's escapes in `text`, which stands `at` characters into its token. Unknown ones stay."""
    if "\\" not in text:
        return text

    def replace(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in SIMPLE:
            return SIMPLE[code]
        first = code[0]
        if first in "01234567":
            return chr(int(code, 8))
        where = at + match.start()
        if first in "xuU" and len(code) > 1:
            value = int(code[1:], 16)
            if value > 0x10FFFF:
                raise BadEscape(f"`\\{code}` is beyond the last character, `\\U0010ffff`", where, len(code) + 1)
            return chr(value)
        if first == "N" and len(code) > 1:
            import unicodedata

            try:
                return unicodedata.lookup(code[2:-1])
            except KeyError:
                raise BadEscape(f"there is no character named `{code[2:-1]}`", where, len(code) + 1) from None
        if first in "xuUN":
            form = {"x": "\\x41", "u": "\\u03b1", "U": "\\U0001f600", "N": "\\N{GREEK SMALL LETTER ALPHA}"}[first]
            raise BadEscape(f"`\\{first}` is not complete: it is written `{form}`", where, 2, f'print "{form}"')
        return match.group()

    return ESCAPE.sub(replace, text)


def opened(token: str) -> tuple[str, int, int]:
    """The prefix of a string token in lower case, and where its content begins and ends."""
    start = 0
    while token[start] not in "\"'":
        start += 1
    quotes = 3 if token[start : start + 3] in ('"""', "'''") else 1
    return token[:start].lower(), start + quotes, len(token) - quotes


def string(token: str) -> str:
    """The value of a STRING token; BadEscape where it has none."""
    prefix, start, end = opened(token)
    text = token[start:end]
    return text if prefix else unescape(text, start)


# --- f-strings ----------------------------------------------------------------------------------------------

# In an expression: strings and brackets are skipped over as wholes, the rest is passed by.
INSIDE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""|' r"'''(?:[^'\\]|\\.|'(?!''))*+'''|"
    r'"(?:[^"\\\n]|\\.)*+"|' r"'(?:[^'\\\n]|\\.)*+'|"
    r"[=!<>]=|[^\"'()\[\]{}=!:<>\\#]++|.", re.DOTALL
)  # fmt: skip
DEBUG = re.compile(r"=\s*(?=[!:}])")

SubParse = Callable[[int, int], nodes.Expr]
Pieces = list[str | nodes.FormatPart]


def format_pieces(token: str, offset: int, parse: SubParse) -> Pieces:
    """The pieces of an FSTRING token that stands at `offset`; `parse` reads the expression between two offsets."""
    prefix, start, end = opened(token)
    raw = "r" in prefix
    pieces, _ = pieces_until(token, start, end, offset, parse, raw, 0)
    return pieces


def pieces_until(
    token: str, at: int, end: int, offset: int, parse: SubParse, raw: bool, depth: int
) -> tuple[Pieces, int]:
    """Read text and `{…}` parts up to `end`, or, in a format spec (`depth` > 0), up to the closing brace."""
    pieces: Pieces = []
    text: list[str] = []

    def add(literal: str, where: int) -> None:
        text.append(literal if raw else unescape(literal, where))

    def flush() -> None:
        if text:
            pieces.append("".join(text))
            text.clear()

    while at < end:
        stop = at
        while stop < end and token[stop] not in "{}":
            # `\N{…}` is one character, and its braces hold no expression
            if token[stop] == "\\" and not raw:
                named = token.find("}", stop) if token[stop + 1 : stop + 3] == "N{" else -1
                stop = named + 1 if named >= 0 else stop + 2
            else:
                stop += 1
        stop = min(stop, end)
        if stop > at:
            add(token[at:stop], at)
            at = stop
            continue
        if token[at] == "}":
            if depth:
                break
            if token[at + 1 : at + 2] != "}" or at + 1 >= end:
                raise BadEscape("a single `}` in an f-string is written `}}`", at, 1, 'print f"{{x}}"')
            text.append("}")
            at += 2
        elif token[at + 1 : at + 2] == "{" and at + 1 < end and not depth:
            text.append("{")
            at += 2
        else:
            if depth > 1:
                raise BadEscape("an f-string is nested too deeply here", at)
            part, said, at = replacement(token, at, end, offset, parse, raw, depth)
            if said:
                text.append(said)
            flush()
            pieces.append(part)
    flush()
    return pieces, at


def replacement(
    token: str, opening: int, end: int, offset: int, parse: SubParse, raw: bool, depth: int
) -> tuple[nodes.FormatPart, str, int]:
    """Read one `{…}` that begins at `opening`: the part, the text that `=` asks for, and where it ends."""
    stop = expression_end(token, opening, end)
    if not token[opening + 1 : stop].strip():
        raise BadEscape("nothing stands between the braces of this f-string", opening, max(2, stop + 1 - opening))
    value = parse(offset + opening + 1, offset + stop)
    at, said, conversion = stop, "", None
    spec: Pieces = []
    if debug := DEBUG.match(token, at):
        said = token[opening + 1 : debug.end()]
        at = debug.end()
        conversion = None if token[at] == ":" else "r"
    if token[at] == "!":
        conversion = token[at + 1 : at + 2]
        if conversion not in ("r", "s", "a"):
            raise BadEscape("after `!` stands r, s or a", at, 2, 'print f"{1.5!r}"')
        at += 2
    if token[at : at + 1] == ":":
        spec, at = pieces_until(token, at + 1, end, offset, parse, raw, depth + 1)
    if at >= end or token[at] != "}":
        raise BadEscape("this `{` of an f-string is not closed", opening, 1, 'print f"{1.5:.3f}"')
    return nodes.FormatPart(offset + opening, offset + at + 1, value, conversion, spec), said, at + 1


def expression_end(token: str, opening: int, end: int) -> int:
    """Where the expression after the brace at `opening` ends: at `}`, `:`, `!` or `=` outside of all brackets."""
    depth = 0
    at = opening + 1
    while at < end:
        match = INSIDE.match(token, at, end)
        assert match is not None  # the last alternative takes any character
        piece = match.group()
        if piece in ("(", "[", "{"):
            depth += 1
        elif depth and piece in (")", "]", "}"):
            depth -= 1
        elif not depth and (piece in ("}", ":", "!") or (piece == "=" and DEBUG.match(token, at, end))):
            return at
        elif piece == "\\":
            raise BadEscape("a backslash cannot stand in the expression of an f-string", at)
        elif piece == "#":
            raise BadEscape("a comment cannot stand in the expression of an f-string", at)
        at = match.end()
    raise BadEscape("this `{` of an f-string is not closed", opening, 1, 'print f"{1.5:.3f}"')
