"""`gradsh graph FILE NAME`: run a program, and draw the graph behind one of its tensors.

What the program prints is left out; what it is told, warnings and errors, is not.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser

from gradsh.cli.options import Options
from gradsh.cli.quiet import look


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("name", metavar="NAME", help="the tensor, or any expression of the program's names")
    parser.add_argument(
        "-o", "--output", metavar="PICTURE", help="a .svg, .png, .dot or .json in place of the terminal"
    )
    parser.add_argument("--open", action="store_true", help="models are not folded")


def run(options: Options) -> int:
    given = options.given

    def statement(name: str) -> str:
        words = [name, *([json.dumps(given.output)] if given.output else []), *(["open"] if given.open else [])]
        return "graph " + ", ".join(words)

    return look(options, given.file, statement, given.name)
