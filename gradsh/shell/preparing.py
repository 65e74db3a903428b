"""What the first lines of a shell need, loaded while the first of them is typed: the parser with its table, the tables
of built-ins and of what Tab says, the lints, what compiles, and last plans and all operators, whose loading is half of
the time of a short loop. A checkout that has never run makes these tables then, which takes seconds."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from threading import Event, Thread
from time import sleep

BETWEEN = 0.001  # seconds between two files, in which a key that was pressed meanwhile is answered
PATIENCE = 0.5  # seconds of a wait that nobody need be told of
# what compiles a text that the parser has read
COMPILING = tuple(f"gradsh.language.{name}" for name in ("resolve", "using", "lower", "copies", "scripts"))
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
        from gradsh.session import check  # noqa: F401
        from gradsh.shell import described, forms  # noqa: F401

        described.table()
        for name in modules():
            import_module(name)
            sleep(BETWEEN)
        from gradsh.plans.trust import machine

        machine()
        gc.collect(1)  # of all that has been made here, which the line that is entered would else wait for
    except Exception as error:  # whoever needs it will meet it again, and say it
        if os.environ.get("GRADSH_DEBUG") == "1":
            sys.stderr.write(f"gradsh: preparing failed: {error}\n")


def modules() -> Iterator[str]:
    """What a first program comes to need, in this order: the lints, what compiles, plans, models, operators."""
    from gradsh import lints, plans
    from gradsh.engine import nn
    from gradsh.engine.ops.families import families
    from gradsh.lints.registry import FILES

    yield from (f"{lints.__name__}.{file}" for file in FILES.values())
    yield from COMPILING
    for room in (plans, nn):
        names = sorted(os.listdir(room.__path__[0]))
        yield from (f"{room.__name__}.{name[:-3]}" for name in names if name.endswith(".py") and name[0] != "_")
    yield from families()
