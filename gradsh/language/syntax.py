"""Program text to tree; with `lalr` the only file that imports lark.

`parse` gives a `nodes.Program` or raises `errors.Refused` with everything that is wrong with the text;
`is_incomplete` tells a prompt whether to wait for another line. The grammar is `grammar/gradsh.lark`, the tree is made
by `builder.Builder` while the parser runs, and what a wrong text is told is in `trouble.py` and `mistakes.py`.
"""

from __future__ import annotations

import functools
import io
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from gradsh import cache, errors
from gradsh.interrupts import held
from gradsh.language import nodes
from gradsh.language.builder import Builder
from gradsh.language.lalr import PLUGINS
from gradsh.language.words import RESERVED, CommandWord, fill

if TYPE_CHECKING:  # what explains errors is imported when there is one
    from collections.abc import Iterable, Iterator

    from gradsh.language.trouble import Trouble

LIMIT = 20  # errors of one text that are reported

# A line end after one of these is only white space: an operand must follow.
JOINING = frozenset(
    (
        "PLUS", "MINUS", "STAR", "TIMES", "POWER", "TILDE", "VBAR", "CIRCUMFLEX", "AMPERSAND", "PIPE", "COMPARE",
        "SHIFT", "IN", "IS", "AND", "OR", "NOT", "ELSE", "COMMA", "EQUAL", "AUGMENTED", "BLOCK", "DICT"
    )
)  # fmt: skip
CLOSED_BY = {"LPAR": "RPAR", "LSQB": "RSQB", "BLOCK": "RBRACE", "DICT": "RBRACE"}
CLOSING = frozenset(CLOSED_BY.values())


Token = lark.Token


class Reserved(Exception):
    """A reserved word stands where the parser takes a name."""

    def __init__(self, token: lark.Token) -> None:
        super().__init__(token)
        self.token = token


class Layout:
    """Between lexer and parser: drops the line ends that separate nothing, and keeps the stack of open brackets.

    It never looks ahead: the contextual lexer must not read a token before the parser has taken the one before.
    """

    always_accept = ("END",)

    def __init__(self) -> None:
        self.open: list[lark.Token] = []
        self.last: lark.Token | None = None
        self.in_brackets = False  # set while the expression of an f-string is read
        self.seen: list[lark.Token] | None = None  # the tokens of a program, where they are asked for

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        self.open = []
        self.last = None
        tokens = self.separate(stream, self.open, self.in_brackets)
        return tokens if self.seen is None or self.in_brackets else noting(tokens, self.seen)

    def separate(
        self, stream: Iterator[lark.Token], opened: list[lark.Token], in_brackets: bool
    ) -> Iterator[lark.Token]:
        last, before = "COMMA", ""  # a program may begin with empty lines
        for token in stream:
            kind = token.type
            if kind == "END":
                inside = opened[-1].type != "BLOCK" if opened else in_brackets
                if (inside or last in JOINING) and not ends(last, before) and not has_semicolon(token):
                    continue
                yield token
            elif kind == "NAME":
                if token.value in RESERVED:
                    raise Reserved(token)
                yield token
            elif kind in CLOSED_BY:
                opened.append(token)
                yield token
            elif kind in CLOSING:
                yield token
                opened.pop()  # the parser has taken it, so it does close the last one
            else:
                yield token
            before, last = last, kind
            self.last = token


def noting(tokens: Iterator[lark.Token], seen: list[lark.Token]) -> Iterator[lark.Token]:
    """The tokens, put into a list as they are read."""
    for token in tokens:
        seen.append(token)
        yield token


def ends(last: str, before: str) -> bool:
    """Whether a line ends with `++` or `--`, or with `import *`: never meant as an operator that wants an operand."""
    return (last == before and last in ("PLUS", "MINUS")) or (last == "STAR" and before == "IMPORT")


def has_semicolon(end: lark.Token) -> bool:
    """Whether a run of line ends and comments holds a `;` outside of the comments."""
    run: str = end.value
    if ";" not in run:
        return False
    return any(";" in line.partition("#")[0] for line in run.split("\n"))


# --- the parsers, each made once ------------------------------------------------------------------------------------

GRAMMAR_PLACES = (
    os.path.join(os.path.dirname(__file__), "..", "grammar", "gradsh.lark"),  # in the wheel
    os.path.join(os.path.dirname(__file__), "..", "..", "grammar", "gradsh.lark"),  # in the repository
)
LOCK = threading.RLock()  # builder and layout hold the parse that is going on
builder = Builder()
layout = Layout()
commands: list[CommandWord] = []  # of the parse that is going on
parsers: dict[tuple[tuple[str, bool, bool], ...], lark.Lark] = {}  # by the commands
parser: lark.Lark


def grammar() -> str:
    """The text of the grammar, before words are filled in."""
    for place in GRAMMAR_PLACES:
        if os.path.exists(place):
            with open(place, encoding="utf-8") as file:
                return file.read()
    raise FileNotFoundError("gradsh.lark is in neither place: " + ", ".join(GRAMMAR_PLACES))


def parser_for(words: list[CommandWord]) -> lark.Lark:
    """The parser that knows these commands, made now if need be."""
    key = tuple((word.name, word.alone, word.asks) for word in words)
    if key not in parsers:
        with held():  # else a session whose limit is shorter than this would never have one
            parsers[key] = make_parser(fill(grammar(), words))
    return parsers[key]


SHIPPED = "grammar"
# `Lark.load` takes no transformer; this is what it, and Lark's own stand-alone parsers, are made of.
OWN: dict[str, Any] = {"transformer": builder, "postlex": layout, "_plugins": PLUGINS}


def make_parser(text: str) -> lark.Lark:
    """A parser with the tree builder inside; its table came with the wheel, or is in the cache when made before."""
    version = f"{lark.__version__} {sys.version} {text}".encode()
    key = f"grammar-{cache.digest(version).hex()}.table"
    for stored in (_shipped(text), cache.read(key)):
        if stored is not None and (loaded := _loaded(stored)) is not None:
            return loaded
    made = _made(text)
    cache.write(key, table_of(made))
    return made


def _made(text: str) -> lark.Lark:
    return lark.Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=["program", "expr"],
        keep_all_tokens=True,
        maybe_placeholders=False,
        **OWN,
    )


def _loaded(stored: bytes) -> lark.Lark | None:
    import pickle

    try:
        made: lark.Lark = cast(Any, lark.Lark)._load_from_dict(**pickle.loads(stored), **OWN)
        return made
    except (pickle.UnpicklingError, KeyError, TypeError, AttributeError, lark.exceptions.LarkError):
        return None  # another lark's table


def table_of(made: lark.Lark) -> bytes:
    """What a parser is made of again, pickled."""
    table = io.BytesIO()
    made.save(table, exclude_options=OWN)
    return table.getvalue()


def _shipped(text: str) -> bytes | None:
    """The table of the wheel, if it is this grammar's and this lark's; what it was made of stands before it."""
    stored = cache.shipped(SHIPPED)
    own = made_of(text)
    return stored[len(own) :] if stored is not None and stored.startswith(own) else None


def made_of(text: str) -> bytes:
    """The digest of what the table of a wheel depends on; of plain lists, it is the same for every Python."""
    return cache.digest(f"{lark.__version__} {text}".encode())


def contents(words: list[CommandWord]) -> bytes:
    """The table for these commands, for a wheel."""
    text = fill(grammar(), words)
    return made_of(text) + table_of(_made(text))


# --- parsing --------------------------------------------------------------------------------------------------


def normalise(text: str) -> str:
    """Without byte-order mark, and with line ends as `\\n`; all offsets count in this text."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def parse(
    source: errors.Source,
    words: Iterable[CommandWord] = (),
    seen: list[lark.Token] | None = None,
    brief: bool = False,
) -> nodes.Program:
    """The tree of a program; `words` are the commands that it can call without parentheses.

    `source.text` is normalised in place, so that spans fit what is shown. Tokens are put into `seen`, if given.

    Raises errors.Refused with every syntax error that can be told reliably, up to 20, in the order of the text; with
    none where the caller wants it `brief`, and to know no more than that there are.
    """
    source.text = normalise(source.text)
    source._starts = None
    text = source.text
    global commands, parser
    with LOCK:
        commands = list(words)
        parser = parser_for(commands)
        layout.seen = seen
        try:
            body, trouble = attempt(source, 0, len(text), "program")
        finally:
            layout.seen = None
        if trouble is None and not builder.faults:
            return nodes.Program(0, len(text), body)
        raise errors.Refused([] if brief else all_errors(source, trouble))


def tree_of(source: errors.Source, words: Iterable[CommandWord] = ()) -> nodes.Program | None:
    """The tree of a program; None of what is none, of which nothing is said: what is being typed mostly is not."""
    global commands, parser
    with LOCK:
        commands = list(words)
        parser = parser_for(commands)
        body, trouble = attempt(source, 0, len(source.text), "program")
        return nodes.Program(0, len(source.text), body) if trouble is None and not builder.faults else None


def all_errors(source: errors.Source, trouble: Trouble | None) -> list[errors.GradshError]:
    """What is wrong with a text: what the first attempt at it found, and what is found when going on after that."""
    from gradsh.language.trouble import explain, follows_another, resume_after

    found = builder.faults
    start = 0
    while trouble is not None and not (start and follows_another(source.text, trouble.start)):
        error = explain(trouble)
        python = python_at(source, trouble.start)
        if python is None:
            found.append(error)
            resume = None if len(found) >= LIMIT else resume_after(trouble, start)
        else:
            begin, resume, text, error.note = python
            error.edit = (begin, resume, text)
            found = [*found, error] if begin or resume < len(source.text) else [error]
            if resume == len(source.text):  # nothing else is wrong with a program that is all Python
                break
        if resume is None:
            break
        start = resume
        _, trouble = attempt(source, start, len(source.text), "program")
        found += builder.faults
    for error in found[:LIMIT]:
        offer(error, source.text)
    return found[:LIMIT]


def python_at(source: errors.Source, at: int) -> tuple[int, int, str, str | None] | None:
    """What is Python around a place: from where to where, as gradsh, and a note on what that lacks; else None."""
    from gradsh.language.pasted import converted_at

    found = converted_at(source.text, at)
    if found is None or first_wrong(found[2].text) is not None:
        return None
    start, end, block = found
    above = source.position(start)[0] - 1
    return (
        start,
        end,
        block.text,
        "\n".join(f"line {line + above}: {words}" for line, words in block.notes) or None,
    )


def offer(error: errors.GradshError, text: str) -> None:
    """Make of an error's edit the line that is shown as help; a help that is no program is not shown."""
    from gradsh.language.mending import mended, offered, one_line

    if error.edit is not None:
        error.edit = mended(text, error.edit, first_wrong)
        if error.edit is not None and error.edit[2].strip():
            error.help = one_line(error.edit[2], first_wrong)
            return
    if error.help is not None and any(first_wrong(piece) is not None for piece in offered(error.help)):
        error.help = None


def first_wrong(text: str) -> errors.GradshError | None:
    """What is wrong first in a text; None of a program."""
    source = errors.Source("<help>", text)
    _, trouble = attempt(source, 0, len(text), "program")
    if trouble is None:
        return builder.faults[0] if builder.faults else None
    from gradsh.language.trouble import explain

    return explain(trouble)


def attempt(source: errors.Source, start: int, end: int, rule: str) -> tuple[Any, Trouble | None]:
    """Parse one stretch of text; the tree, or where the parser stopped. `builder.faults` holds what else is wrong."""
    builder.source = source
    builder.faults = []
    builder.generators = {}
    builder.sub_parse = sub_parse
    wanted: UnexpectedInput | None
    first: int | None
    last: int | None
    try:
        tree = parser.parse(lark.TextSlice(source.text, start, end), start=rule)
        builder.end()
        return tree, None
    except Reserved as problem:
        first, last, kind, wanted = problem.token.start_pos, problem.token.end_pos, "RESERVED", None
    except UnexpectedToken as problem:
        kind, wanted = problem.token.type, problem
        first, last = (end, end) if kind == "$END" else (problem.token.start_pos, problem.token.end_pos)
    except UnexpectedCharacters as problem:
        first, last, kind, wanted = problem.pos_in_stream, None, "", problem
    from gradsh.language.trouble import Trouble

    first = end if first is None else first
    trouble = Trouble(source, first, first + 1 if last is None else last, end, kind, layout.open, layout.last)
    trouble.commands = commands
    if wanted is not None:
        trouble.expected = functools.partial(expected, wanted)
    return None, trouble


def expected(problem: UnexpectedInput) -> set[str]:
    """The terminals that could have stood there instead."""
    state: Any = problem.interactive_parser
    terminals: set[str] = state.accepts()
    return terminals


def sub_parse(start: int, end: int) -> nodes.Expr:
    """Read the expression of an f-string, in the middle of the parse that met the string."""
    outer = builder.source, builder.faults, builder.generators, layout.open, layout.last
    layout.in_brackets = True
    try:
        value, trouble = attempt(builder.source, start, end, "expr")
        inner = builder.faults
        if trouble is not None:
            from gradsh.language.trouble import explain

            inner.append(explain(trouble))
    finally:
        layout.in_brackets = False
        builder.source, builder.faults, builder.generators, layout.open, layout.last = outer
    builder.faults += inner
    return nodes.Constant(start, end, None) if value is None else value


def is_incomplete(text: str) -> bool:
    """Whether a prompt should wait for more lines: while a bracket, a brace or a triple-quoted string is open."""
    from gradsh.language import brackets

    return brackets.is_open(normalise(text))
