"""`gradsh FILE.ipynb`: the cells of a notebook of PyTorch's, in order, in one session.

An error ends it, unless its cell carries Jupyter's tag `raises-exception` or --keep-going is given. `--write OUT.ipynb`
writes the notebook with what its cells have shown.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

from gradsh.cli.arguments import Parser
from gradsh.cli.opening import displayed
from gradsh.cli.options import Options, UsageError
from gradsh.cli.source import ended, session_of
from gradsh.errors import GradshError, Label, Source, Span, SyntaxError_, WarningRecord
from gradsh.language.program import LOOKING
from gradsh.language.python.cells import is_foreign, magics
from gradsh.runtime import text
from gradsh.session import display
from gradsh.session.display import Display as Shows
from gradsh.session.notebook import Cell, NotANotebook, Notebook
from gradsh.session.python import PythonSession
from gradsh.view.display import Display
from gradsh.view.plain import visible


def options_of(options: Options, name: str) -> Any:
    """What stands behind the file."""
    parser = Parser(prog=f"gradsh {name}", allow_abbrev=False, description="Run the cells of a notebook, in order.")
    parser.words = options.arguments
    parser.add_argument(
        "--cell",
        type=int,
        metavar="N",
        help="run the first N cells of code only, counted from 1, and show the last of them",
    )
    parser.add_argument("--keep-going", action="store_true", help="go on after a cell that fails")
    parser.add_argument("--write", metavar="OUT.ipynb", help="write the notebook with its outputs")
    return parser.parse_args(options.arguments)


def run(options: Options, name: str, data: bytes) -> int:
    """Run the notebook; the exit status."""
    given = options_of(options, name)
    options.arguments = []
    shown = displayed(options)
    notebook = _cells(shown, name, data)
    if notebook is None:
        return 3
    cells = notebook.cells
    if given.cell is not None and not 1 <= given.cell <= len(cells):
        raise UsageError(f"--cell {given.cell}: there are {len(cells)} cells of code, from 1 to {len(cells)}")
    kept = Kept(shown) if given.write else None
    session = session_of(options, kept or shown, name, cells=True)
    gc.freeze()
    status = 0
    for cell in cells if given.cell is None else cells[: given.cell]:
        if kept is not None:
            kept.begin()
        if is_foreign(cell.text):
            note(cell, [cell.text.split("\n", 1)[0].strip() + ", and with it the cell"])
            continue
        skipped = magics(cell.text)
        failed = ended(options, session, cell.text, cell.name)
        if kept is not None:
            cell.keep("".join(kept.printed_texts), kept.shown, kept.failed)
        if skipped and not failed:
            note(cell, [words for _, words in skipped])
        if failed and not cell.may_fail:
            status = status or failed
            if not given.keep_going:
                break
    if given.write:
        session.files.write(given.write, lambda stream: _put(stream, notebook.text()))
    return status


def quietly(options: Options, display: Shows, name: str, data: bytes) -> tuple[PythonSession, int]:
    """Run all cells for whoever looks at the graphs of what they have bound; the session and the exit status."""
    session = session_of(options, display, name, cells=True)
    session.options = (LOOKING,)
    cells = _cells(display, name, data)
    if cells is None:
        return session, 3
    for cell in cells.cells:
        failed = 0 if is_foreign(cell.text) else ended(options, session, cell.text, cell.name)
        if failed and not cell.may_fail:
            return session, failed
    return session, 0


def _cells(shown: Shows, name: str, data: bytes) -> Notebook | None:
    """The notebook; None, after a word, where the file is none."""
    try:
        return Notebook(data)
    except NotANotebook as problem:
        shown.errors(
            [SyntaxError_(str(problem), [Label(Span(Source(name, problem.text), problem.at, problem.at + 1))])]
        )
        return None


def _put(stream: BinaryIO, text: str) -> None:
    stream.write(text.encode("utf-8", "surrogatepass"))


class Kept(display.Display):
    """Shows all as another does, and keeps what a cell shows for its outputs."""

    def __init__(self, inner: Display) -> None:
        self.inner = inner
        self.begin()

    def begin(self) -> None:
        self.printed_texts: list[str] = []
        self.shown: str | None = None
        self.failed: tuple[str, str, str] | None = None

    def value(self, value: object, span: Span | None) -> None:
        self.shown = text.shown(value)
        self.inner.value(value, span)

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.printed_texts.append(sep.join(map(text.written, values)) + end)
        self.inner.printed(values, spans, sep, end)

    def warning(self, warning: WarningRecord) -> None:
        self.inner.warning(warning)

    def note(self, line: str) -> None:
        """Write a line to the standard error."""
        self.inner.note(line)

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        return self.inner.progress(items, title, total)

    def errors(self, errors: list[GradshError]) -> None:
        from io import StringIO

        from gradsh.view.diagnostics import write

        told = StringIO()
        write(errors, told, color="never", style="full")
        self.failed = (errors[0].kind, errors[0].message, told.getvalue())
        self.inner.errors(errors)


def note(cell: Cell, lines: list[str]) -> None:
    """Say on standard error what was not run."""
    for line in lines:
        sys.stderr.write(f"note: {cell.name}: skipped: {visible(line)}\n")
