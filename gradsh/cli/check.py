"""`gradsh check FILE …`: parse, resolve and warn, run nothing. Needs no engine, and so does not import NumPy."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.cli.options import Options, read
from gradsh.files import Files, concealed, decode, shows_lines
from gradsh.session.check import check
from gradsh.view.diagnostics import write


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--strict", action="store_true", help="exit status 1 where there are warnings")


def run(options: Options) -> int:
    status = 0
    files = Files(sandboxed=bool(options.sandbox))
    for file in options.given.files:
        text = read(file)
        program = decode(file, text)
        errors, warnings = check(file, program, files) if isinstance(program, str) else ([program], [])
        if errors and not shows_lines(file, text):
            errors = concealed(file, errors)
        if errors or warnings:
            write(errors or warnings, sys.stderr, color=options.color, style=options.errors)
        if errors:
            status = 3
        elif warnings and options.given.strict:
            status = status or 1
    return status
