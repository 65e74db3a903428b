"""Sessions of PyTorch's own source: a file, or the cells of a notebook one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradsh import interrupts
from gradsh.errors import CELL, FILE, GradshError, Source, WarningRecord
from gradsh.frontend import exceptions, text
from gradsh.frontend.namespace import bound, namespace
from gradsh.language.signatures import Builtins
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
        super().__init__(display, **options)
        self.context.writer = text
        self.builtins = self.globals["@table"]

    def _globals(self) -> dict[str, Any]:
        return namespace(self)

    def _source(self, name: str, text: str) -> Source:
        return Source(name, text, CELL if self.cells else FILE)

    def bound(self) -> dict[str, tuple[str, ...]]:
        return bound(self.globals)

    def known(self, text: str) -> dict[str, tuple[str, ...]]:
        return self.bound()

    def _ended(self, status: int, errors: list[GradshError]) -> Result:
        from gradsh.frontend.dialect import speak

        with interrupts.held():
            for error in errors:
                speak(error, self.bound())
        return super()._ended(status, errors)

    def _say(self, warning: WarningRecord) -> None:
        if warning.help is not None or warning.labels:
            from gradsh.frontend.dialect import speak

            speak(warning, self.bound())
        super()._say(warning)

    def look(self, statement: str) -> Result:
        """Run a statement of gradsh's, `graph loss`, on what the programs have bound."""
        session = Session(self.display)
        session.globals |= {key: self.globals["." + name] for name in self.bound() if (key := "." + name)}
        return session.run(statement, "<command line>")

    def _translated(self, raised: BaseException) -> GradshError:
        return exceptions.translated(raised)
