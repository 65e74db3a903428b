"""What a reader of a program is shown and the program does not say: names that look alike and are not, hidden turns.

A Cyrillic a beside a Latin one, and characters in a string or comment that turn the direction in which the line is
shown. Only programs with characters beyond ASCII are looked at. A Greek letter is as good a name as any: alpha is not
taken for an a, but omicron is shown as o is. The idea is that of Unicode's Technical Standard 39, the letters are those
of it that look the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from gradsh.errors import Label, Source, Span, WarningRecord

# of Cyrillic, Greek, Armenian and Latin's own, with what they are shown as
LETTERS = (
    "аеорсухіјѕԁԛԝһӏѵАВЕКМНОРСТУХІЈЅԚԜԌ" "ονϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹ" "օսհոգցՕՍ" "ıɑɡ",  # noqa: RUF001
    "aeopcyxijsdqwhlvABEKMHOPCTYXIJSQWG" "ovcjABEZHIKMNOPTYXC" "ouhnqgOU" "iag",
)  # fmt: skip
SHOWN_AS = str.maketrans(*LETTERS)
# embeddings, overrides and isolates; a mark of direction, U+200E, is part of how Arabic and Hebrew are written
TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
PIECE = re.compile(
    r'''(?P<string>[rRfF]{0,2}(?:"""(?:[^"\\]|\\.|"(?!""))*+"""|\'\'\'(?:[^'\\]|\\.|'(?!''))*+\'\'\''''
    r"""|"(?:[^"\\\n]|\\.)*+"?|'(?:[^'\\\n]|\\.)*+'?))|(?P<comment>\#[^\n]*+)|(?P<name>[^\W\d]\w*)""",
    re.DOTALL,
)


def shown_as(name: str) -> str:
    """What a name is taken for by who reads it: the same for two names that look alike."""
    return unicodedata.normalize("NFKC", name).translate(SHOWN_AS)


def alike(source: Source, is_known: Callable[[str], bool]) -> Iterator[WarningRecord]:
    """Names that look like another of the program, or like one that `is_known` besides; and those of two alphabets."""
    if source.text.isascii():
        return
    names: dict[str, Span] = {}
    for match in PIECE.finditer(source.text):
        if match.lastgroup == "name":
            names.setdefault(match.group(), Span(source, match.start(), match.end()))
    first: dict[str, str] = {}
    for name in sorted(names, key=lambda name: not name.isascii()):  # ASCII is what is meant
        other = first.setdefault(shown_as(name), name)
        if name.isascii():
            continue
        span, plain = names[name], shown_as(name)
        if other != name:
            yield _another(span, name, other, [Label(names[other], f"`{other}`")])
        elif plain != name and plain.isascii() and is_known(plain):
            yield _another(span, name, plain, [])
        elif letter := _stray(name):
            said = f"`{name}` mixes two alphabets: its `{letter}` is {unicodedata.name(letter)}"
            yield WarningRecord(said, span, help=f"`{plain}`", words="not what it looks like")


def _another(span: Span, name: str, other: str, labels: list[Label]) -> WarningRecord:
    letter = next((a for a, b in zip(name, other + " " * len(name), strict=False) if a != b), name[-1])
    said = f"`{name}` looks like `{other}` and is another name: its `{letter}` is {unicodedata.name(letter, 'another')}"
    return WarningRecord(said, span, labels=labels, help=f"`{other}`", words="another name")


def _stray(name: str) -> str:
    """A letter of Cyrillic or Armenian that looks like a Latin one, among Latin ones; Greek ones are mathematics."""
    scripts = {letter: unicodedata.name(letter, "").partition(" ")[0] for letter in name}
    if "LATIN" not in scripts.values():
        return ""
    foreign = (letter for letter in name if scripts[letter] in ("CYRILLIC", "ARMENIAN") and shown_as(letter) != letter)
    return next(foreign, "")


def turned(source: Source) -> Iterator[WarningRecord]:
    """Strings and comments that turn the direction of the line that they stand in."""
    if source.text.isascii():
        return
    for match in PIECE.finditer(source.text):
        piece = match.group()
        found = TURNS.search(piece)
        if found is None:
            continue
        kind = match.lastgroup or ""
        said = f"this {kind} holds {unicodedata.name(found.group())}: the line is not shown as it is read"
        quote = piece.lstrip("rRfF")[0]
        escapes = kind == "string" and "r" not in piece.partition(quote)[0].lower()
        plain = TURNS.sub(_escape if escapes else "", piece)
        help = f"`{plain}`" if "\n" not in plain and "`" not in plain and len(plain) < 80 else None
        yield WarningRecord(said, Span(source, *match.span()), help=help, words="turns the direction")


def _escape(turn: re.Match[str]) -> str:
    return f"\\u{ord(turn.group()):04x}"


def doubts(source: Source, is_known: Callable[[str], bool]) -> list[WarningRecord]:
    """All of it, in the order of the text, with the codes that `gradsh check` has for them."""
    found: list[WarningRecord] = []
    for code, warnings in (("W0521", alike(source, is_known)), ("W0522", turned(source))):
        for warning in warnings:
            warning.code = code
            found.append(warning)
    return sorted(found, key=lambda warning: warning.span.start if warning.span is not None else 0)
