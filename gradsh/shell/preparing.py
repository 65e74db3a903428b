"""What the first lines of a shell need, loaded while the first of them is typed: the parser with its table, the tables
of built-ins and of what Tab says. A checkout that has never run makes these tables then, which takes seconds."""

from __future__ import annotations

import os
import sys
from threading import Thread

_begun = False


def prepare() -> None:
    """Begin with it, once for the process."""
    global _begun
    if not _begun:
        _begun = True
        Thread(target=_load, daemon=True, name="gradsh-preparing").start()


def _load() -> None:
    try:
        from gradsh.session import tables

        tables.ready()
        from gradsh.session import check  # noqa: F401  # the lints
        from gradsh.shell import described, forms  # noqa: F401

        described.table()
    except Exception as error:  # whoever needs it will meet it again, and say it
        if os.environ.get("GRADSH_DEBUG") == "1":
            sys.stderr.write(f"gradsh: preparing failed: {error}\n")
