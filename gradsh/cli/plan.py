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
from gradsh.reports.plans import LoopPlan


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what follows FILE is the script's")
    rest.required = False


def run(options: Options) -> int:
    display = silent(options)
    came: list[LoopPlan] = []
    file = options.given.file
    try:
        _, status = ran(
            options, display, file, lambda session: session.plan(told=came.append, steady=True), options.given.arguments
        )
    except BadArguments as error:
        raise UsageError(str(error), f"gradsh {file} --help") from None
    display.running = False
    for report in chosen(came):
        display.report(report)
    if not came and not status:
        display.told(f"no loop of {file} that could have a plan runs, and no function of it is called often")
    return status


def chosen(came: list[LoopPlan]) -> list[LoopPlan]:
    """In the order of the program, what is to be told of a loop that has run again and again: the plan by which most
    of its iterations ran; or why it has none, each reason once."""
    found: dict[object, list[LoopPlan]] = {}
    for report in came:
        found.setdefault(report.header, []).append(report)
    told: list[LoopPlan] = []
    for reports in found.values():
        plans = [report for report in reports if report.plan is not None]
        reasons = {report.reason: report for report in reports}
        told += [max(plans, key=lambda report: report.plan.ran)] if plans else reasons.values()  # type: ignore[union-attr]
    return sorted(told, key=lambda report: report.loop or 0)
