"""Packages that take longer to import than a look may: they are not imported then, but noted for later."""

from __future__ import annotations

import sys
from _thread import get_ident
from importlib import import_module
from typing import Any

LARGE = ("scipy",)  # a fifth of a second


class Later:
    """`with Later(wanted):` what of LARGE this thread would import fails to, and is noted in `wanted`."""

    def __init__(self, wanted: set[str]) -> None:
        self.wanted = wanted
        self.thread = get_ident()

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Errors: ImportError for what is large."""
        if name.partition(".")[0] in LARGE and get_ident() == self.thread:
            self.wanted.add(name)
            raise ImportError(name)


def bring(names: set[str]) -> None:
    """Import them, those that are there."""
    for name in names:
        try:
            import_module(name)
        except ImportError:
            continue
