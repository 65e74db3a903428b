"""What the first lines of a shell need, loaded while the first of them is typed: the parser with its table, the tables
of built-ins and of what Tab says, and last plans, whose loading is half of the time of a short loop. A checkout that
has never run makes these tables then, which takes seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from threading import Event, Thread

PATIENCE = 0.5  # seconds of a wait that nobody need be told of
_begun = False
_read = Event()  # the parser is there, or it is not to be had


def prepare() -> None:
    """Begin with it, once for the process."""
    global _begun
    if not _begun:
        _begun = True
        Thread(target=_load, daemon=True, name="gradsh-preparing").start()


def wait(say: Callable[[str], None]) -> None:
    """A line is about to run: where the parser is still being made, say so."""
    if _begun and not _read.wait(PATIENCE):
        say("making the tables of the language, once for this version of gradsh …\n")
        _read.wait()


def _load() -> None:
    try:
        from gradsh.session import tables

        try:
            tables.ready()
        finally:
            _read.set()
        from gradsh.session import check  # noqa: F401  # the lints
        from gradsh.shell import described, forms  # noqa: F401

        described.table()
        from gradsh.plans import calls, loops  # noqa: F401
    except Exception as error:  # whoever needs it will meet it again, and say it
        if os.environ.get("GRADSH_DEBUG") == "1":
            sys.stderr.write(f"gradsh: preparing failed: {error}\n")
