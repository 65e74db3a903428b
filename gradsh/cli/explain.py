"""`gradsh explain E0402`: the page on an error or a warning; without a code, the list of all. Needs no engine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.calls.suggest import suggest
from gradsh.cli.options import Options, UsageError
from gradsh.lints.pages import code_page, topics
from gradsh.reports import Index, Report
from gradsh.view.color import terminal_width, wanted
from gradsh.view.plain import in_json, undriving_report
from gradsh.view.registry import Look, view_of


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("codes", nargs="*", metavar="CODE")


def run(options: Options) -> int:
    pages: list[Report] = [_page(code) for code in options.given.codes] or [Index("codes", topics())]
    if options.json or options.errors == "json":
        import json

        lines = (json.dumps(view_of(page).data(page), ensure_ascii=False) + "\n" for page in pages)
        sys.stdout.writelines(map(in_json, lines))
        return 0
    look = Look(wanted(sys.stdout, options.color), terminal_width(sys.stdout))
    texts = (undriving_report(view_of(page).text(page, look), look.color) for page in pages)
    sys.stdout.write("\n".join(texts))
    return 0


def _page(code: str) -> Report:
    page = code_page(code.upper())
    if page is None:
        near = suggest(code.upper(), [name for topic in topics() for name in topic.names])
        hint = f"; did you mean {near}?" if near is not None else ""
        raise UsageError(f"there is no error or warning with the code {code!r}{hint}", "gradsh explain")
    return page
