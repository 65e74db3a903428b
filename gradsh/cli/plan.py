"""`gradsh plan FILE`: show of each loop what one iteration does to arrays, or why it has no plan.

The program runs as it does otherwise, but shows nothing; errors are shown. Loops of fewer than 100 iterations have no
plan here.
"""

from __future__ import annotations

import argparse
from argparse import ArgumentParser

from gradsh.cli.options import Options, UsageError
from gradsh.cli.quiet import ran, silent
from gradsh.errors import BadArguments
from gradsh.reports import LoopPlan


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what follows FILE is the script's")
    rest.required = False


def run(options: Options) -> int:
    display = silent(options)
    came: list[LoopPlan] = []
    file = options.given.file
    try:
        _, status = ran(options, display, file, lambda session: session.plan(told=came.append), options.given.arguments)
    except BadArguments as error:
        raise UsageError(str(error), f"gradsh {file} --help") from None
    display.running = False
    told: set[object] = set()
    for report in came:  # a loop that is run again is told of once
        key = (report.loop, report.reason)
        if key not in told:
            told.add(key)
            display.report(report)
    return status
