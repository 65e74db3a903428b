"""What a command line said, and that it was wrong. Every start-up loads this, so it is little."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def say(text: str) -> None:
    """Write to standard output, whole. Raises BrokenPipeError, and ClosedPipe where it cannot be written."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from gradsh.errors import ClosedPipe

        raise ClosedPipe(error.strerror) from None


class UsageError(Exception):
    """The command line was wrong; the message says how, `more` which command says how it should be."""

    def __init__(self, message: str, more: str = "gradsh --help") -> None:
        super().__init__(message)
        self.more = more


class Options:
    """What the command line said."""

    __slots__ = (
        "arguments",
        "cell",
        "code",
        "color",
        "command",
        "dtype",
        "errors",
        "file",
        "given",
        "interactive",
        "json",
        "keep_going",
        "max_memory",
        "no_config",
        "own",
        "plans",
        "quiet",
        "sandbox",
        "seed",
        "set",
        "timeout",
        "verbose",
        "write",
    )

    def __init__(self, code: str | None = None, file: str | None = None) -> None:
        self.code = code
        self.file = file
        self.given: Any = None  # what its `takes` asked for
        self.arguments: list[str] = []
        self.cell: int | None = None  # of a notebook: how many of its cells of code are run
        self.color = "auto"
        self.command = ""  # the sub-command, if any
        self.dtype: str | None = None
        self.errors = "full"
        self.interactive = False
        self.json = False
        self.keep_going = False  # of a notebook: whether it goes on after a cell that fails
        self.max_memory: int | None = None  # bytes
        self.no_config = False
        self.own: Sequence[str] = ()  # the words of gradsh's own options before the file, as they were given
        self.plans = True  # whether loops run by plans: gradsh.plans
        self.quiet = False
        self.sandbox = ""  # "kernel": and the door below is shut, "language": what the language refuses
        self.seed: int | None = None
        self.set: list[str] = []
        self.timeout: float | None = None  # seconds
        self.verbose = False
        self.write: str | None = None  # of a notebook: where it goes, with its outputs


def read(file: str) -> bytes:
    """The bytes of a program that the command line names. Errors: UsageError."""
    from gradsh.files import read_program

    try:
        return read_program(file)
    except OSError as error:
        meant = near(file) if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"cannot read {file!r}: {error.strerror}{meant}") from None
    except ValueError as error:  # a NUL in the name
        raise UsageError(f"cannot read {file!r}: {error}") from None


def gradshs(file: str, command: str) -> str:
    """The file, which is to be a program of gradsh's own for this command. Errors: UsageError where it is another's."""
    from gradsh.files import PYTHON

    if file.endswith(PYTHON):
        what = "a notebook" if file.endswith(".ipynb") else "a Python program"
        raise UsageError(
            f"{command} takes programs of gradsh's own, and {file!r} is {what}", f"gradsh {command} --help"
        )
    return file


def near(file: str) -> str:
    """ "; did you mean 'train.grad'?" when a file or command of a similar name exists."""
    import difflib

    from gradsh.cli.subcommands import SUBCOMMANDS
    from gradsh.files import ENDING, PYTHON

    folder, name = os.path.split(file)
    try:
        there = [entry for entry in os.listdir(folder or ".") if entry.endswith((ENDING, *PYTHON))]
    except OSError:
        there = []
    if not folder:
        there += SUBCOMMANDS
    close = difflib.get_close_matches(name, there, 1)
    return f"; did you mean {os.path.join(folder, close[0])!r}?" if close else ""
