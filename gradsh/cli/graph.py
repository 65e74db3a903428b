"""`gradsh graph FILE NAME`: run a program, and draw the graph behind one of its tensors.

What the program prints is left out; what it is told, warnings and errors, is not.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from gradsh.cli.opening import opened
from gradsh.cli.options import Options, read
from gradsh.errors import Span
from gradsh.files import concealed, decode, shows_lines
from gradsh.reports import Report
from gradsh.view.display import Display
from gradsh.view.json_lines import JsonDisplay


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("name", metavar="NAME", help="the tensor, or any expression of the program's names")
    parser.add_argument(
        "-o", "--output", metavar="PICTURE", help="a .svg, .png, .dot or .json in place of the terminal"
    )
    parser.add_argument("--open", action="store_true", help="models are not folded")


class Silent:
    """What a display does while the program runs."""

    running = True

    def value(self, value: object, span: Span | None) -> None: ...

    def printed(
        self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n"
    ) -> None: ...

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        return items


class Plain(Silent, Display):
    def report(self, report: Report) -> None:
        if not self.running:
            super().report(report)


class Json(Silent, JsonDisplay):
    def report(self, report: Report) -> None:
        if not self.running:
            super().report(report)


def run(options: Options) -> int:
    from gradsh.language.program import LOOKING

    given = options.given
    data = read(given.file)
    text = decode(given.file, data)
    shown = shows_lines(given.file, data)
    display = Json() if options.json else Plain(color=options.color, style=options.errors)
    if not isinstance(text, str):
        display.errors([text] if shown else concealed(given.file, [text]))
        return 3
    if given.file.endswith(".py"):
        return _python(options, display, text)
    session = opened(options, display)
    session.options = (LOOKING,)
    session.shows_lines = shown
    result = session.run(text, given.file)
    if not result.ok:
        return result.status
    display.running = False
    return session.run(command(given), "<command line>").status


def command(given: Any) -> str:
    """The statement of gradsh that draws it."""
    words = [given.name, *([json.dumps(given.output)] if given.output else []), *(["open"] if given.open else [])]
    return "graph " + ", ".join(words)


def _python(options: Options, display: Plain | Json, text: str) -> int:
    """The same of a program in Python; what is drawn is one of its names."""
    from gradsh.cli.source import session_of

    given = options.given
    session = session_of(options, display, given.file, cells=False)
    result = session.run(text, given.file)
    if not result.ok:
        return int(result.status)
    display.running = False
    return int(session.look(command(given)).status)
