"""`gradsh why FILE NAME`: run a program, and tell why the gradient of one of its tensors is what it is.

What the program prints is left out; what it is told, warnings and errors, is not.
"""

from __future__ import annotations

from argparse import ArgumentParser

from gradsh.cli.options import Options
from gradsh.cli.quiet import look


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("name", metavar="NAME", help="the tensor, or any expression of the program's names")
    parser.add_argument("loss", nargs="?", metavar="LOSS", help="what was differentiated, if not the last that was")


def run(options: Options) -> int:
    given = options.given
    names = ", ".join(name for name in (given.name, given.loss) if name)
    return look(options, given.file, lambda _: f"why {names}", names)
