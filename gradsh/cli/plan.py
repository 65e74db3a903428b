"""`gradsh plan FILE`: show of each loop what one iteration does to arrays, or why it has no plan.

The program runs as it does with --plans, but shows nothing; errors are shown.
"""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from gradsh.cli.opening import opened
from gradsh.cli.options import Options, read
from gradsh.cli.quiet import silent
from gradsh.files import concealed, decode, shows_lines
from gradsh.reports import LoopPlan


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what follows FILE is the script's")
    rest.required = False


def run(options: Options) -> int:
    file = options.given.file
    data = read(file)
    text = decode(file, data)
    shown = shows_lines(file, data)
    display = silent(options)
    if not isinstance(text, str):
        display.errors([text] if shown else concealed(file, [text]))
        return 3
    session = opened(options, display)
    session.shows_lines = shown
    came: list[LoopPlan] = []
    session.plan(told=came.append)
    result = session.run(text, file, options.given.arguments)
    display.running = False
    told: set[object] = set()
    for report in came:  # a loop that is run again is told of once
        key = (report.loop, report.reason)
        if key not in told:
            told.add(key)
            display.report(report)
    return result.status
