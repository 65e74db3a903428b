"""The tables that a start of gradsh would otherwise make: a wheel brings them along, a checkout makes them once.

`python -m gradsh.session.tables FOLDER` writes them, for the wheel (hatch_build.py).
"""

from __future__ import annotations

import marshal
import sys
from pathlib import Path

from gradsh import cache
from gradsh.engine import catalogue
from gradsh.language import syntax
from gradsh.runtime import library
from gradsh.runtime.builtins import BUILTINS
from gradsh.session import check

FORMAT = 4  # of marshal: every Python from 3.4 on reads it


def contents() -> dict[str, bytes]:
    """The tables by the names of their files. It loads all of the engine."""
    return {
        cache.VERSION: cache.content().encode(),
        catalogue.SHIPPED: marshal.dumps(catalogue.contents(), FORMAT),
        library.SHIPPED: marshal.dumps(library.read(), FORMAT),
        check.SHIPPED: marshal.dumps(check.contents(), FORMAT),
        syntax.SHIPPED: syntax.contents(list(BUILTINS.commands())),
    }


def ready() -> None:
    """Have all tables that the first line of a prompt asks for: read, or made where there are none yet."""
    catalogue.table()
    syntax.parser_for(list(BUILTINS.commands()))
    library.models()


if __name__ == "__main__":
    for name, data in contents().items():
        (Path(sys.argv[1]) / name).write_bytes(data)
