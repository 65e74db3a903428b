"""`gradsh config`: the settings of the shell as a configuration file, with a word on each. Needs no engine."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser

from gradsh.cli.options import Options, UsageError, say
from gradsh.shell.configuration import PROGRAM, Configuration, document, folder
from gradsh.shell.settings import SETTINGS, Settings


def takes(parser: ArgumentParser) -> None:
    parser.add_argument("--path", action="store_true", help="where the file is, or would be")
    parser.add_argument("--write", action="store_true", help="write it there, where there is none yet")


def run(options: Options) -> int:
    """A whole `config.toml` on standard output, as the user has it; what is wrong in theirs on standard error."""
    found = folder()
    if found is None:
        raise UsageError("there is no folder for a configuration")
    configuration, settings = Configuration(found), Settings()
    if options.given.path:
        say(f"{configuration.file}\n")
        return 0
    if options.given.write:
        _write(configuration.file, document(settings))
        say(f"{configuration.file}\n")
        return 0
    wrong = configuration.apply(settings)
    if wrong:
        from gradsh.view.diagnostics import write

        write(wrong, sys.stderr, color=options.color, style=options.errors)
    if options.json:
        import json

        values = {
            name: {"value": settings[name], "default": setting.default, "from": settings.sources[name]}
            for name, setting in SETTINGS.items()
        }
        say(json.dumps({"config": configuration.file, "settings": values}) + "\n")
    else:
        init = os.path.join(found, PROGRAM)
        say(f"# {configuration.file}; {init} is the program that a shell begins with\n\n{document(settings)}")
    return 1 if wrong else 0


def _write(path: str, text: str) -> None:
    """Make a new file. Errors: UsageError."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path!r}: {error.strerror}") from None
