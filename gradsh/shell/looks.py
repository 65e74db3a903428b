"""How the prompt looks: its colours, from the one table of themes, and what it is painted with."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from gradsh.shell import registry
from gradsh.shell.reading import read
from gradsh.view.color import STYLES, sgr

COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan")
# prompt_toolkit's classes that are painted as one of ours
CLASSES = {
    "prompt": "prompt",
    "continuation": "continuation",
    "suggestion": "auto-suggestion",
    "match": "matching-bracket.cursor",
    "signature": "bottom-toolbar",
    "parameter": "parameter",
}
# the menu of completions has a ground of its own, so that it reads the same on a dark one and on a light one
MENU = [
    ("completion-menu", "bg:#303030 #e4e4e4"),
    ("completion-menu.completion.current", "noreverse bg:#ffffff #000000"),
    ("completion-menu.meta.completion", "bg:#444444 #f0f0f0"),
    ("completion-menu.meta.completion.current", "bg:#d0d0d0 #000000"),
]


def attributes(parameters: str) -> str:
    """SGR parameters in the words of prompt_toolkit: "bold ansired" for "1;31", "#af0000" for "38;5;124"."""
    parameters, _, fixed = parameters.partition("38;5;")
    words = ["#" + "".join(f"{part:02x}" for part in rgb(int(fixed)))] if fixed else []
    for code in map(int, filter(None, parameters.split(";"))):
        if code == 2:  # not all that it runs on know of dim
            words.append("ansibrightblack")
        elif code < 30:
            words.append({1: "bold", 3: "italic", 4: "underline", 7: "reverse"}[code])
        else:
            bright, color = divmod(code - 30, 60)
            name = COLORS[color] if color < 7 else ""
            words.append("ansi" + ("bright" * bright + name if name else "white" if bright else "gray"))
    return " ".join(words)


def rgb(number: int) -> tuple[int, ...]:
    """One of the 256 colours of terminals, beyond the first sixteen: the cube of 216, and 24 greys."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    return tuple(
        55 + 40 * level if level else 0 for level in ((number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6)
    )


def style_of_theme() -> Style:
    """The style of the prompt in the theme that is in use (gradsh.view.color)."""
    rules = [(f"gradsh.{name}", attributes(sgr(name))) for name in STYLES]
    rules += [(theirs, attributes(sgr(ours))) for ours, theirs in CLASSES.items()]
    rules += [
        ("aborting", attributes(sgr("suggestion"))),  # a line that Ctrl-C gave up
        ("bottom-toolbar", "noreverse " + attributes(sgr("signature"))),
        ("bottom-toolbar.text", "noreverse"),
        ("matching-bracket.cursor", "noinherit " + attributes(sgr("match"))),
        ("matching-bracket.other", "noinherit " + attributes(sgr("match"))),
    ]
    return Style(rules + MENU * bool(sgr("prompt")))


class CodeLexer(Lexer):
    """Colours for what is typed: a program, or a command of the shell."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        text = document.text
        if registry.is_command(text):
            return lambda number: _command(document.lines[number])
        reading = read(text)

        def line(number: int) -> StyleAndTextTuples:
            if number >= len(reading.lines):
                return []
            return [(f"class:gradsh.{kind}" if kind in STYLES else "", piece) for kind, piece in reading.pieces(number)]

        return line


def _command(line: str) -> StyleAndTextTuples:
    word, blank, rest = line.partition(" ")
    return [("class:gradsh.command", word), ("", blank + rest)]
