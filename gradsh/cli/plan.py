"""`gradsh plan FILE`: show of each loop what one iteration does to arrays, or why it has no plan.

The program runs as it does with --plans, but shows nothing; errors are shown.
"""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from collections.abc import Callable

from gradsh.cli.opening import opened
from gradsh.cli.options import Options, UsageError, read
from gradsh.cli.quiet import Json, Plain, silent
from gradsh.errors import BadArguments
from gradsh.files import concealed, decode, shows_lines
from gradsh.reports import LoopPlan
from gradsh.session.session import Session


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what follows FILE is the script's")
    rest.required = False


def run(options: Options) -> int:
    display = silent(options)
    came: list[LoopPlan] = []
    status = _ran(options, display, lambda session: session.plan(told=came.append))
    display.running = False
    told: set[object] = set()
    for report in came:  # a loop that is run again is told of once
        key = (report.loop, report.reason)
        if key not in told:
            told.add(key)
            display.report(report)
    return status


def _ran(options: Options, display: Plain | Json, prepare: Callable[[Session], None]) -> int:
    """Run the file in a session that was prepared; the exit status."""
    file = options.given.file
    data = read(file)
    if file.endswith((".py", ".ipynb")):
        from gradsh.cli import notebook, source

        options.arguments = options.given.arguments
        quietly = source.quietly if file.endswith(".py") else notebook.quietly
        return quietly(options, display, file, data, prepare)[1]
    text = decode(file, data)
    shown = shows_lines(file, data)
    if not isinstance(text, str):
        display.errors([text] if shown else concealed(file, [text]))
        return 3
    session = opened(options, display)
    session.shows_lines = shown
    prepare(session)
    try:
        return session.run(text, file, options.given.arguments).status
    except BadArguments as error:
        raise UsageError(str(error), f"gradsh {file} --help") from None
