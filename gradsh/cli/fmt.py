"""`gradsh fmt FILE …`: canonical text in the place of a file's; `--check` only names the files that would change."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from gradsh.cli.options import Options, UsageError, gradshs, read, say
from gradsh.errors import GradshError, Refused, Source
from gradsh.files import Files, concealed, decode, read_stream, shows_lines
from gradsh.language.formatting import formatted
from gradsh.session.check import table
from gradsh.view.diagnostics import write

REFUSED = 3


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="`-`: standard input, to standard output")
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 where a file would change")


def run(options: Options) -> int:
    """Names the files that change. A file that is no program stays as it is, and the others are gone on with."""
    files = Files(sandboxed=bool(options.sandbox))
    status = 0
    for file in options.given.files:
        gradshs(file, "fmt")  # before any is written
    for file in options.given.files:
        raw = _standard_input() if file == "-" else read(file)
        try:
            text = _canonical(file, raw).encode()
            if file == "-" and not options.given.check:
                say(text.decode())
            elif text != raw:
                if not options.given.check:
                    files.write(file, lambda out, text=text: out.write(text))  # type: ignore[misc]
                status = status or int(options.given.check)
            _name(options, file, text != raw)
        except Refused as refused:
            errors = refused.errors
            if file != "-" and not shows_lines(file, raw):
                errors = concealed(file, errors)
            _tell(options, errors)
            status = REFUSED
        except GradshError as error:  # it cannot be written
            _tell(options, [error])
            status = status or 1
    return status


def _canonical(file: str, raw: bytes) -> str:
    text = decode(file, raw)
    if not isinstance(text, str):
        raise Refused([text])
    return formatted(Source("<stdin>" if file == "-" else file, text), table().commands())


def _standard_input() -> bytes:
    try:
        return read_stream(sys.stdin.buffer) if sys.stdin is not None else b""
    except OSError as error:
        raise UsageError(f"cannot read standard input: {error.strerror}") from None


def _name(options: Options, file: str, changes: bool) -> None:
    if options.json:
        import json

        say(json.dumps({"fmt": file, "changes": changes}, ensure_ascii=False) + "\n")
    elif changes and (file != "-" or options.given.check):
        say(f"{file}\n")


def _tell(options: Options, errors: list[GradshError]) -> None:
    write(errors, sys.stderr, color=options.color, style=options.errors)
