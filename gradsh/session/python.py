"""Sessions of PyTorch's own source: a file, or the cells of a notebook one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

from gradsh import interrupts
from gradsh.errors import CELL, FILE, GradshError, Source, WarningRecord
from gradsh.frontend import exceptions, text
from gradsh.frontend.namespace import bound, namespace
from gradsh.language.signatures import Builtins
from gradsh.reports import Report
from gradsh.session.display import Display
from gradsh.session.session import Result, Session


class PythonSession(Session):
    """A session whose programs are in Python.

    `argv` is what they find in `sys.argv`; `cells`: what it runs are cells, whose last expression is shown.
    """

    builtins: Builtins

    def __init__(self, display: Display, *, argv: Sequence[str] = (), cells: bool = False, **options: Any) -> None:
        self.argv = argv
        self.cells = cells
        self.at_end: list[Callable[[], None]] = []  # what shows at the end of a cell
        super().__init__(display, **options)
        self.context.writer = text
        self.builtins = self.globals["@table"]

    def _globals(self) -> dict[str, Any]:
        return namespace(self)

    def _source(self, name: str, text: str) -> Source:
        return Source(name, text, CELL if self.cells else FILE)

    def _execute(self, source: Source, name: str, arguments: Sequence[str] | Mapping[str, object]) -> None:
        try:
            super()._execute(source, name, arguments)
        finally:
            if self.cells:
                for show in self.at_end:
                    show()

    def bound(self) -> dict[str, tuple[str, ...]]:
        return bound(self.globals)

    def known(self, text: str) -> dict[str, tuple[str, ...]]:
        return self.bound()

    def _ended(self, status: int, errors: list[GradshError]) -> Result:
        spoken(errors, self.bound())
        return super()._ended(status, errors)

    def _say(self, warning: WarningRecord) -> None:
        if warning.help is not None or warning.labels:
            from gradsh.frontend.dialect import speak

            speak(warning, self.bound())
        super()._say(warning)

    def look(self, statement: str) -> Result:
        """Run a statement of gradsh's, `graph loss`, on what the programs have bound; its words are Python's."""
        session = Looking(self.display)
        session.display = cast("Display", Spoken(self.display, self.bound()))
        session.context = self.context
        session.shows_lines = self.shows_lines
        session.globals |= {key: self.globals["." + name] for name in self.bound() if (key := "." + name)}
        return session.run(statement, "<command line>")

    def _translated(self, raised: BaseException) -> GradshError:
        return exceptions.translated(raised)


class Spoken:
    """A display that says in Python what reports on a program's gradients advise."""

    def __init__(self, inner: Display, bound: Collection[str]) -> None:
        self.inner = inner
        self.bound = bound
        inner.python = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def report(self, report: Report) -> None:
        from gradsh.frontend.dialect import speak_of_gradients
        from gradsh.reports.why import Why

        if isinstance(report, Why):
            speak_of_gradients(report, self.bound)
        self.inner.report(report)


class Looking(Session):
    """The session of one statement of gradsh's on the values of a program in Python."""

    def _ended(self, status: int, errors: list[GradshError]) -> Result:
        spoken(errors, self.bound())
        return super()._ended(status, errors)


def spoken(errors: list[GradshError], bound: Collection[str]) -> None:
    """Say what errors advise in Python."""
    from gradsh.frontend.dialect import speak

    with interrupts.held():
        for error in errors:
            speak(error, bound)
