"""Sessions of PyTorch's own source: a file, or the cells of a notebook one after the other."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, BinaryIO, cast

from gradsh import interrupts
from gradsh.engine.core.modes import mode
from gradsh.errors import CELL, FILE, GradshError, Label, Source, Span, WarningRecord
from gradsh.frontend import exceptions, text
from gradsh.frontend.namespace import bound, namespace
from gradsh.language.signatures import Builtins
from gradsh.reports import Report
from gradsh.session.display import Display
from gradsh.session.results import Results
from gradsh.session.session import DONE, FAILED, REFUSED, Result, Session


def _warned(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """What NumPy's own C warns of, complex numbers cast to real ones: said of the program's line."""
    mode.warn(str(message), category=category.__name__)


def _writer(cells: bool) -> Any:
    """Who knows how values are written: what a notebook shows is laid out."""
    if cells:
        from gradsh.frontend import pretty

        return pretty
    return text


class PythonSession(Session):
    """A session whose programs are in Python.

    `argv` is what they find in `sys.argv`; `cells`: what it runs are cells, whose last expression is shown.
    """

    builtins: Builtins

    def __init__(self, display: Display, *, argv: Sequence[str] = (), cells: bool = False, **options: Any) -> None:
        self.argv = argv
        self.results = Results()
        self.paths: list[Any] = [os.path.dirname(argv[0]) if argv else ""]  # `sys.path`: where modules of its own are
        self.cells = cells
        self.at_end: list[Callable[[], None]] = []  # what shows at the end of a cell
        self.array_options: Any = None  # the process's own, once `np.set_printoptions` was called
        self.kept: dict[str, Any] = {}  # what `torch.save` was given of the program's own classes
        self.writing: list[Callable[[], Any]] = []  # weak references to files that are being written
        self.asks: Callable[[str], str] | None = None  # what asks the user for a line, where it is no stream
        super().__init__(display, **options)
        self.context.writer = _writer(cells)
        self.builtins = self.globals["@table"]

    def _globals(self) -> dict[str, Any]:
        file = {} if self.cells or not self.argv else {"__file__": os.path.abspath(self.argv[0])}
        return namespace(self, more=file)

    def _source(self, name: str, text: str) -> Source:
        return Source(name, text, CELL if self.cells else FILE)

    def _execute(self, source: Source, name: str, arguments: Sequence[str] | Mapping[str, object]) -> None:
        self.warm(source.text)
        if self.array_options is not None:
            self._swap_options()
        shows, warnings.showwarning = warnings.showwarning, _warned
        try:
            super()._execute(source, name, arguments)
        finally:
            warnings.showwarning = shows
            for found in [reference() for reference in self.writing]:
                if found is not None:
                    found.flush()
            if self.array_options is not None:
                self._swap_options()
            if self.cells:
                for show in self.at_end:
                    show()

    def _swap_options(self) -> None:
        """Let arrays print as this session's, or again as the process's."""
        import numpy as np

        between, self.array_options = self.array_options, np.get_printoptions()
        np.set_printoptions(**between)

    def given(self, value: object) -> None:
        if self.cells:
            self.results.given(value)

    def warm(self, *texts: str) -> None:
        """Where a door is about to be shut: load what programs of these texts may come to need behind it."""
        if self.door is not None:
            from gradsh.frontend.warming import warm

            warm(texts)

    def cell(self, text: str, name: str, number: int) -> tuple[Result, list[str]]:
        """Run a cell of a notebook, the one of that number; what came of it, and what of the cell was not run.

        Lines of `%` and `!` are not, nor cells of another language; `%%writefile` writes, `%%capture` shows nothing.
        """
        from gradsh.language.python.cells import cell_magic, is_foreign, magics

        self.results.begin(text, number, self.globals)
        magic = cell_magic(text)
        word, beside, below = magic or ("", "", "")
        if word == "writefile":
            return self._write_cell(text, name, beside, below), []
        if is_foreign(text):
            return Result(DONE, []), [text.strip().partition("\n")[0] + ", and with it the cell"]
        if word != "capture":
            result = self.run(text, name)
            return result, [words for _, words in magics(text)] if result.status != REFUSED else []
        shown, self.display = self.display, Display()
        try:
            result = self.run(text, name)
        finally:
            self.display = shown
        shown.errors(result.errors)
        return result, []

    def _write_cell(self, text: str, name: str, beside: str, below: str) -> Result:
        """`%%writefile [-a] PATH`: IPython's own words for it."""
        path = beside.removeprefix("-a").strip().strip("'\"")
        try:
            self.files.check(path, "write")
            there = os.path.exists(self.files.real(path))
            before = self.files.read(path) if there and beside.startswith("-a") else b""

            def produce(file: BinaryIO) -> None:
                file.write(before + (below.rstrip("\n") + "\n").encode("utf-8", "backslashreplace"))

            self.files.write(path, produce)
        except GradshError as error:
            error.labels.append(Label(Span(self._source(name, text), 0, len(text.partition("\n")[0]))))
            return self._ended(FAILED, [error])
        doing = ("Appending to" if before else "Overwriting") if there else "Writing"
        self.display.printed((f"{doing} {path}",), [None])
        return Result(DONE, [])

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
