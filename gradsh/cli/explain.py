"""`gradsh explain CODE|FILE`: the page on an error or a warning, or a program's gradients, step by step.

gradsh explain E0402         the page, which needs no engine; without a code, the list of all
gradsh explain FILE NAME     run the program, and backward from one of its tensors; without a name, from the tensor
                             that it has differentiated last
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.calls.suggest import suggest
from gradsh.cli.options import Options, UsageError
from gradsh.files import ENDING, PYTHON
from gradsh.lints.pages import code_page, topics
from gradsh.reports import Index, Report
from gradsh.view.color import terminal_width, wanted
from gradsh.view.plain import in_json, undriving_report
from gradsh.view.registry import Look, view_of

PROGRAMS = (ENDING, *PYTHON)  # their names' ends: no code has a dot


def takes(parser: ArgumentParser) -> None:
    said = "of errors and warnings; or a program, and one of its names"
    parser.add_argument("codes", nargs="*", metavar="CODE", help=said)


def run(options: Options) -> int:
    codes = options.given.codes
    if codes and codes[0].endswith(PROGRAMS):
        return _file(options, *codes)
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


def _file(options: Options, file: str, *names: str) -> int:
    from gradsh.cli.quiet import look

    if len(names) > 1:
        raise UsageError(f"{names[1]!r} is left over: a file, and one name of it", "gradsh explain --help")
    return look(options, file, lambda name: f"explain {name}", names[0] if names else None)


def _page(code: str) -> Report:
    page = code_page(code.upper())
    if page is None:
        near = suggest(code.upper(), [name for topic in topics() for name in topic.names])
        hint = f"; did you mean {near}?" if near is not None else ""
        raise UsageError(f"there is no error or warning with the code {code!r}{hint}", "gradsh explain")
    return page
