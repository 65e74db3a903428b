"""How reports are shown: one file each in this folder, which has the name of its report, with one entry.

    @renders(HelpPage)
    class HelpPageView(View[HelpPage]):
        def text(self, report, look): …
        def data(self, report): …

A file is imported when its report is first shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, Generic, TypeVar

from gradsh.interrupts import held
from gradsh.reports import Report

R = TypeVar("R", bound=Report)


class Look:
    """What the text is for: `width` columns of a terminal, None in a pipe; with colour or not, with Unicode or not.

    `none` and `flag` are how the language of the program spells these.
    """

    __slots__ = ("color", "flag", "none", "unicode", "width")

    def __init__(
        self, color: bool = False, width: int | None = None, unicode: bool = True, python: bool = False
    ) -> None:
        self.color = color
        self.width = width
        self.unicode = unicode
        self.none = "None" if python else "none"
        self.flag = "requires_grad=True" if python else "grad"


class View(Generic[R]):
    """One class of reports: as text for a pipe or a terminal, and as data for `--json`."""

    note = False  # said on the standard error, beside the program's output
    aside = False  # likewise, but where the output is a terminal: it opens a window elsewhere, and is no output

    def text(self, report: R, look: Look) -> str:
        """The report as text that ends in a newline."""
        raise NotImplementedError

    def data(self, report: R) -> dict[str, object]:
        """The object that `--json` writes for it."""
        raise NotImplementedError


VIEWS: dict[type, View[Any]] = {}


def renders(kind: type[R]) -> Callable[[type[View[R]]], type[View[R]]]:
    """Register a class as the view of a class of reports."""

    def register(view: type[View[R]]) -> type[View[R]]:
        VIEWS[kind] = view()
        return view

    return register


def view_of(report: Report) -> View[Any]:
    """The view of a report: that of `StateTable` is in `state_table.py`."""
    kind = type(report)
    if kind not in VIEWS:
        with held():
            import_module("gradsh.view." + re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower())
    return VIEWS[kind]
