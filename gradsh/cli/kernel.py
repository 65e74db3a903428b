"""`gradsh kernel install`: makes gradsh a language that Jupyter offers for notebooks."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.cli.options import Options, UsageError, say
from gradsh.errors.e05_files import lacking


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=["install"], metavar="install")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user, as without it")
    where.add_argument("--prefix", metavar="FOLDER", help="below a folder: that of a virtual environment")
    where.add_argument("--sys-prefix", action="store_true", help="below the folder of this Python")


def run(options: Options) -> int:
    """Write the entry, and say where."""
    try:
        from gradsh.jupyter import kernel  # noqa: F401 - what it needs is there
        from gradsh.jupyter.install import install
    except ImportError as missing:
        raise UsageError(lacking("a kernel", missing.name, "jupyter")) from None
    try:
        folders = install(sys.prefix if options.given.sys_prefix else options.given.prefix)
    except OSError as error:
        raise UsageError(f"cannot write the entry: {error.strerror}") from None
    say("".join(f"{folder}\n" for folder in folders))
    return 0
