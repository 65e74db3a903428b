"""PyTorch's own source, run as it stands: tests/python has programs and notebooks, and what PyTorch shows for them.

To add one, write it there and run `python -m tests.record.python_source NAME` with a Python that has PyTorch.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from gradsh.session.notebook import Notebook
from gradsh.session.python import PythonSession
from gradsh.view.display import Display
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "python"
PROGRAMS, NOTEBOOKS = sorted(FOLDER.glob("*.py")), sorted(FOLDER.glob("*.ipynb"))


class Run:
    """A session of Python, and what it has shown."""

    def __init__(self, cells: bool = False, argv: tuple[str, ...] = ("program.py",)) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.session = PythonSession(Display(self.out, self.err), cells=cells, argv=argv, seed=0)

    def run(self, text: str, name: str = "program.py") -> int:
        return self.session.run(text, name).status

    def shown(self) -> str:
        """What has come since this was last asked."""
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return text


def without_addresses(text: str) -> str:
    return re.sub(r"\bat 0x[0-9a-f]+", "at 0x", text)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_program(program: Path) -> None:
    run = Run()
    assert run.run(program.read_text(encoding="utf-8"), program.name) == 0, run.err.getvalue()
    wanted = program.with_suffix(".out").read_text(encoding="utf-8")
    assert without_addresses(run.shown()) == without_addresses(wanted)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path) -> None:
    """Each cell shows what PyTorch shows, and fails where it fails, in its words; those of no recorded output run."""
    run = Run(cells=True)
    vision = False
    for cell in Notebook(path.read_bytes()).cells:
        vision = vision or "torchvision" in cell.text  # whose weights are not there: from here on cells just run
        status = run.run(cell.text, cell.name)
        assert (status != 0) == cell.may_fail, run.err.getvalue()
        shown = run.shown()
        if not vision:
            assert without_addresses(shown) == without_addresses(text_of(cell.data["outputs"])), cell.text
        for output in cell.data["outputs"]:
            if output["output_type"] == "error":
                assert str(output["evalue"]).partition("\n")[0][:60] in run.err.getvalue(), cell.text


def text_of(outputs: list[dict[str, object]]) -> str:
    parts = []
    for output in outputs:
        if output["output_type"] == "stream":
            parts.append("".join(output["text"]))  # type: ignore[arg-type]  # a list of lines
        elif output["output_type"] == "execute_result":
            parts.append("".join(output["data"]["text/plain"]) + "\n")  # type: ignore[index]
    return "".join(parts)


def test_cells_are_all_there() -> None:
    count = sum(len(json.loads(path.read_text(encoding="utf-8"))["cells"]) for path in NOTEBOOKS)
    assert count == 92
