"""`gradsh lsp`: the language server, which editors start and talk to on standard input and output. Runs no program."""

from __future__ import annotations

from argparse import ArgumentParser

from gradsh.cli.options import Options, UsageError
from gradsh.errors.e05_files import lacking


def takes(parser: ArgumentParser) -> None:
    """Nothing: what an editor wants it says in the protocol."""
    parser.add_argument("--stdio", action="store_true", help="as it does anyway; some editors say it")


def run(options: Options) -> int:
    """Serve until the editor ends it."""
    try:
        from gradsh.editors.server import make
    except ImportError as missing:
        raise UsageError(lacking("the language server", missing.name, "lsp")) from None
    make().start_io()
    return 0
