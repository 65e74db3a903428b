"""`gradsh FILE.ipynb`: the cells of a notebook of PyTorch's, in order, in one session.

An error ends it, unless its cell carries Jupyter's tag `raises-exception` or --keep-going is given. `--write OUT.ipynb`
writes the notebook with what its cells have shown.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from gradsh.cli.arguments import Parser
from gradsh.cli.main import displayed
from gradsh.cli.options import Options, UsageError
from gradsh.cli.source import ended, session_of
from gradsh.errors import Label, Source, Span, SyntaxError_
from gradsh.language.python.cells import is_foreign, magics
from gradsh.session.notebook import Cell, NotANotebook, Notebook
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
    display = displayed(options)
    try:
        notebook = Notebook(data)
    except NotANotebook as problem:
        error = SyntaxError_(str(problem), [Label(Span(Source(name, problem.text), problem.at, problem.at + 1))])
        display.errors([error])
        return 3
    cells = notebook.cells
    if given.cell is not None and not 1 <= given.cell <= len(cells):
        raise UsageError(f"--cell {given.cell}: there are {len(cells)} cells of code, from 1 to {len(cells)}")
    session = session_of(options, display, name, cells=True)
    gc.freeze()
    status = 0
    for cell in cells if given.cell is None else cells[: given.cell]:
        if is_foreign(cell.text):
            note(cell, [cell.text.split("\n", 1)[0].strip() + ", and with it the cell"])
            continue
        skipped = magics(cell.text)
        failed = ended(options, session, cell.text, cell.name)
        if skipped and not failed:
            note(cell, [words for _, words in skipped])
        if failed and not cell.may_fail:
            status = status or failed
            if not given.keep_going:
                break
    return status


def note(cell: Cell, lines: list[str]) -> None:
    """Say on standard error what was not run."""
    for line in lines:
        sys.stderr.write(f"note: {cell.name}: skipped: {visible(line)}\n")
