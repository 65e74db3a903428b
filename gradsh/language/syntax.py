"""Program text to tree; the only file that imports lark.

`parse` gives a `nodes.Program` or raises `errors.Refused` with everything that is wrong with the text;
`is_incomplete` tells a prompt whether to wait for another line. The grammar is `grammar/gradsh.lark`, the tree is made
by `builder.Builder` while the parser runs, and what a wrong text is told is in `mistakes.py`.
"""

from __future__ import annotations

import functools
import io
import os
import pickle
import sys
import threading
from collections.abc import Iterator
from typing import Any

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from gradsh import cache, errors
from gradsh.language import brackets, mistakes, nodes
from gradsh.language.builder import Builder

LIMIT = 20  # errors of one text that are reported

# A line end after one of these is only white space: an operand must follow.
JOINING = frozenset(
    "PLUS MINUS STAR TIMES POWER TILDE VBAR CIRCUMFLEX AMPERSAND PIPE COMPARE IN IS AND OR NOT ELSE"
    " COMMA EQUAL AUGMENTED BLOCK DICT".split()
)
CLOSED_BY = {"LPAR": "RPAR", "LSQB": "RSQB", "BLOCK": "RBRACE", "DICT": "RBRACE"}
CLOSING = frozenset(CLOSED_BY.values())


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

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        self.open = []
        self.last = None
        return self.separate(stream, self.open, self.in_brackets)

    def separate(
        self, stream: Iterator[lark.Token], opened: list[lark.Token], in_brackets: bool
    ) -> Iterator[lark.Token]:
        last, before = "COMMA", ""  # a program may begin with empty lines
        for token in stream:
            kind = token.type
            if kind == "END":
                inside = opened[-1].type != "BLOCK" if opened else in_brackets
                if (inside or last in JOINING) and not mistakes.increments(last, before) and not has_semicolon(token):
                    continue
                yield token
            elif kind == "NAME":
                if token.value in mistakes.RESERVED:
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


def has_semicolon(end: lark.Token) -> bool:
    """Whether a run of line ends and comments holds a `;` outside of the comments."""
    run: str = end.value
    if ";" not in run:
        return False
    return any(";" in line.partition("#")[0] for line in run.split("\n"))


# --- the parser, made once ------------------------------------------------------------------------------------

GRAMMAR_PLACES = (
    os.path.join(os.path.dirname(__file__), "..", "grammar", "gradsh.lark"),  # in the wheel
    os.path.join(os.path.dirname(__file__), "..", "..", "grammar", "gradsh.lark"),  # in the repository
)
LOCK = threading.RLock()  # builder and layout hold the parse that is going on
builder = Builder()
layout = Layout()
parser: lark.Lark | None = None


def grammar() -> str:
    """The text of the grammar."""
    for place in GRAMMAR_PLACES:
        if os.path.exists(place):
            with open(place, encoding="utf-8") as file:
                return file.read()
    raise FileNotFoundError("gradsh.lark is in neither place: " + ", ".join(GRAMMAR_PLACES))


def make_parser() -> lark.Lark:
    """The parser with the tree builder inside; its table comes from the cache when it was made before."""
    text = grammar()
    own: dict[str, Any] = {"transformer": builder, "postlex": layout}
    version = f"{lark.__version__} {sys.version} {text}".encode()
    key = f"grammar-{cache.digest(version).hex()}.table"
    if stored := cache.read(key):
        try:
            return lark.Lark._load_from_dict(**pickle.loads(stored), **own)
        except (pickle.UnpicklingError, KeyError, TypeError, AttributeError, lark.exceptions.LarkError):
            pass  # another lark's table: made anew below
    made = lark.Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=["program", "expr"],
        keep_all_tokens=True,
        maybe_placeholders=False,
        **own,
    )
    table = io.BytesIO()
    made.save(table, exclude_options=own)
    cache.write(key, table.getvalue())
    return made


# --- parsing --------------------------------------------------------------------------------------------------


def normalise(text: str) -> str:
    """Without byte-order mark, and with line ends as `\\n`; all offsets count in this text."""
    text = text.removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def parse(source: errors.Source) -> nodes.Program:
    """The tree of a program. `source.text` is normalised in place, so that spans fit what is shown.

    Raises errors.Refused with every syntax error that can be told reliably, up to 20, in the order of the text.
    """
    source.text = normalise(source.text)
    source._starts = None
    text = source.text
    found: list[errors.GradshError] = []
    with LOCK:
        start = 0
        while True:
            body, trouble = attempt(source, start, len(text), "program")
            found += builder.faults
            if trouble is None:
                break
            if start and mistakes.follows_another(text, trouble.start):
                break
            found.append(mistakes.explain(trouble))
            resume = None if len(found) >= LIMIT else mistakes.resume(trouble, start)
            if resume is None:
                break
            start = resume
        for error in found:
            if error.help is not None and not reads(error.help):
                error.help = None
    if found:
        raise errors.Refused(found[:LIMIT])
    return nodes.Program(0, len(text), body)


def reads(text: str) -> bool:
    """Whether a text is a program; what is offered as help must be one."""
    _, trouble = attempt(errors.Source("<help>", text), 0, len(text), "program")
    return trouble is None and not builder.faults


def attempt(source: errors.Source, start: int, end: int, rule: str) -> tuple[Any, mistakes.Trouble | None]:
    """Parse one stretch of text; the tree, or where the parser stopped. `builder.faults` holds what else is wrong."""
    global parser
    if parser is None:
        parser = make_parser()
    builder.source = source
    builder.faults = []
    builder.sub_parse = sub_parse
    try:
        return parser.parse(lark.TextSlice(source.text, start, end), start=rule), None
    except Reserved as problem:
        token = problem.token
        trouble = mistakes.Trouble(source, token.start_pos, token.end_pos, end, "RESERVED", layout.open, layout.last)
    except UnexpectedToken as problem:
        token = problem.token
        kind = token.type
        first, last = (end, end) if kind == "$END" else (token.start_pos, token.end_pos)
        trouble = mistakes.Trouble(source, first, last, end, kind, layout.open, layout.last)
        trouble.expected = functools.partial(expected, problem)
    except UnexpectedCharacters as problem:
        at = problem.pos_in_stream
        trouble = mistakes.Trouble(source, at, at + 1, end, "", layout.open, layout.last)
        trouble.expected = functools.partial(expected, problem)
    return None, trouble


def expected(problem: UnexpectedInput) -> set[str]:
    """The terminals that could have stood there instead."""
    return problem.interactive_parser.accepts()


def sub_parse(start: int, end: int) -> nodes.Expr:
    """Read the expression of an f-string, in the middle of the parse that met the string."""
    outer = builder.source, builder.faults, layout.open, layout.last
    layout.in_brackets = True
    try:
        value, trouble = attempt(builder.source, start, end, "expr")
        inner = builder.faults + ([mistakes.explain(trouble)] if trouble else [])
    finally:
        layout.in_brackets = False
        builder.source, builder.faults, layout.open, layout.last = outer
    builder.faults += inner
    return nodes.Constant(start, end, None) if value is None else value


def is_incomplete(text: str) -> bool:
    """Whether a prompt should wait for more lines: while a bracket, a brace or a triple-quoted string is open."""
    return brackets.is_open(normalise(text))
