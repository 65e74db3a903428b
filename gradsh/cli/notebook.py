"""`gradsh FILE.ipynb`: the cells of a notebook, PyTorch's or gradsh's own, in order, in one session.

An error ends it, unless its cell carries Jupyter's tag `raises-exception` or --keep-going is given. `--write OUT.ipynb`
writes the notebook with what its cells have shown.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, BinaryIO

from gradsh.cli.arguments import Parser, notebook_options
from gradsh.cli.opening import OVER, displayed, opened
from gradsh.cli.options import Options, UsageError
from gradsh.cli.source import given_input, session_of, status_of
from gradsh.errors import GradshError, Span, WarningRecord
from gradsh.reports import Report
from gradsh.reports.plotting import Live
from gradsh.runtime import text
from gradsh.session.display import Display as Shows
from gradsh.session.notebook import Cell, NotANotebook, Notebook, Outputs
from gradsh.session.python import PythonSession
from gradsh.session.session import Session
from gradsh.view.display import Display
from gradsh.view.plain import visible
from gradsh.view.rich import of_report, of_value


def options_of(options: Options, name: str) -> Any:
    """What stands behind the file, and before it."""
    parser = Parser(prog=f"gradsh {name}", allow_abbrev=False, description="Run the cells of a notebook, in order.")
    parser.words = options.arguments
    notebook_options(parser, options)
    return parser.parse_args(options.arguments)


def run(options: Options, name: str, data: bytes) -> int:
    """Run the notebook; the exit status."""
    given = options_of(options, name)
    options.arguments = []
    shown = displayed(options)
    notebook = _read(shown, name, data)
    if notebook is None:
        return 3
    cells = notebook.cells
    if given.cell is not None and not 1 <= given.cell <= len(cells):
        raise UsageError(f"--cell {given.cell}: there are {len(cells)} cells of code, from 1 to {len(cells)}")
    kept = (KeptOwn if notebook.own else Kept)(shown) if given.write else None
    session = _session_of(options, kept or shown, name, notebook)
    if given.write:
        _allowed(session, given.write)
    gc.freeze()
    try:
        status = _run(options, session, cells if given.cell is None else cells[: given.cell], kept, given.keep_going)
    finally:  # also of a program that `sys.exit` ends, or an interrupt
        if given.write:
            session.files.write(given.write, partial(_put, notebook))
    return status


def _put(notebook: Notebook, file: BinaryIO) -> None:
    file.write(notebook.text())


def _allowed(session: Session, path: str) -> None:
    """Errors: UsageError where nothing may be written there."""
    folder = os.path.dirname(session.files.real(path))
    try:
        session.files.check(path, "write")
    except GradshError as error:
        raise UsageError(f"--write: {error.message}") from None
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise UsageError(f"--write: cannot write {path!r}: there is no folder {folder!r} that may be written to")


def _run(options: Options, session: Session, cells: list[Cell], kept: Kept | None, keep_going: bool) -> int:
    """Run the cells; the status of the first that failed and may not."""
    status = 0
    python = session if isinstance(session, PythonSession) else None
    if python is not None:
        texts = [cell.text for cell in cells]
        python.warm(*texts)
        python.results.look(texts)
    for count, cell in enumerate(cells, 1):
        if kept is not None:
            kept.outputs = Outputs()
        skipped: list[str] = []
        try:
            if python is None:
                result = session.run(cell.text, cell.name)
            else:
                result, skipped = python.cell(cell.text, cell.name, count)
            for words in skipped:
                (kept or session.display).note(f"note: {cell.name}: skipped: {visible(words)}\n")
        finally:
            if kept is not None:
                cell.keep(kept.outputs, count)
        failed = status_of(result)
        if failed and not cell.may_fail:
            status = status or failed
            if not keep_going or failed == OVER:
                break
    return status


def quietly(
    options: Options, display: Shows, name: str, data: bytes, prepare: Callable[[Session], None]
) -> tuple[Session, int]:
    """Run all cells for whoever looks at what they have bound or done; the session and the exit status."""
    notebook = _read(display, name, data)
    session = _session_of(options, display, name, notebook)
    prepare(session)
    return session, 3 if notebook is None else _run(options, session, notebook.cells, None, False)


def _session_of(options: Options, display: Shows, name: str, notebook: Notebook | None) -> Session:
    """A session for the cells."""
    if notebook is not None and notebook.own:
        return given_input(opened(options, display))
    return session_of(options, display, name, cells=True)


def _read(shown: Shows, name: str, data: bytes) -> Notebook | None:
    """The notebook; None, after a word, where the file is none."""
    try:
        return Notebook(data)
    except NotANotebook as problem:
        shown.errors([problem.error(name)])
        return None


class Kept(Shows):
    """Shows all as another does, and keeps what a cell shows for its outputs."""

    def __init__(self, inner: Display) -> None:
        self.inner = inner
        self.outputs = Outputs()
        self.latest: dict[object, Live] = {}

    def value(self, value: object, span: Span | None) -> None:
        self.outputs.shown(of_value(value), result=True)
        self.inner.value(value, span)

    def display(self, value: object) -> None:
        self.outputs.shown(of_value(value))
        self.inner.display(value)

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.outputs.stream("stdout", sep.join(map(text.written, values)) + end)
        self.inner.printed(values, spans, sep, end)

    def report(self, report: Report) -> None:
        data = of_report(report, png=True)
        if data is not None:
            self.outputs.shown(data)
        self.inner.report(report)

    def live(self, picture: Live) -> None:
        """Of a picture that is redrawn in a loop the last is kept."""
        self.latest[picture.place] = picture
        self.inner.live(picture)

    def ended(self) -> None:
        latest, self.latest = self.latest, {}
        for picture in latest.values():
            data = of_report(picture.make(), png=True)
            if data is not None:
                self.outputs.shown(data)
        self.inner.ended()

    def warning(self, warning: WarningRecord) -> None:
        self.outputs.stream("stderr", _written([warning]))
        self.inner.warning(warning)

    def clear(self, wait: bool) -> None:
        self.outputs.clear(wait)
        self.inner.clear(wait)

    def note(self, line: str) -> None:
        self.outputs.note(line)
        self.inner.note(line)

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        return self.inner.progress(items, title, total)

    def errors(self, errors: list[GradshError]) -> None:
        if errors:
            self.outputs.error(errors[0].kind, errors[0].message, _written(errors))
        self.inner.errors(errors)


class KeptOwn(Kept):
    """The same of cells of gradsh, where each bare expression is a line of text."""

    def value(self, value: object, span: Span | None) -> None:
        self.outputs.stream("stdout", text.displayed(value) + "\n")
        self.inner.value(value, span)


def _written(problems: list[GradshError] | list[WarningRecord]) -> str:
    from io import StringIO

    from gradsh.view.diagnostics import write

    told = StringIO()
    write(problems, told, color="never", style="full")
    return told.getvalue()
