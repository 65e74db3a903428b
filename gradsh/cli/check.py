"""`gradsh check FILE …`: parse and resolve, run nothing. Needs no engine, and so does not import NumPy."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.cli.options import Options, read
from gradsh.files import decode
from gradsh.session.check import check
from gradsh.view.diagnostics import write


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")


def run(options: Options) -> int:
    status = 0
    for file in options.given.files:
        program = decode(file, read(file))
        errors = check(file, program) if isinstance(program, str) else [program]
        if errors:
            write(errors, sys.stderr, color=options.color, style=options.errors)
            status = 3
    return status
