"""The source notebooks, cell by cell, print what PyTorch prints: values, errors and warnings."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

import gradsh

ROOT = Path(__file__).parents[2]
CELLS = json.loads((Path(__file__).parent / "notebooks.json").read_text())["cells"]


def cells_of(text: str) -> list[str]:
    """The cells of a notebook program: what stands between the `# %%` lines."""
    return [part for part in re.split(r"^# %%.*\n", text, flags=re.MULTILINE) if part.strip()]


@pytest.mark.parametrize("name", sorted(CELLS))
def test_notebook(name):
    text = (ROOT / "examples" / "notebooks" / f"{name}.grad").read_text()
    out, err = io.StringIO(), io.StringIO()
    session = gradsh.Session(out=out, err=err)
    cells = cells_of(text)
    assert len(cells) == len(CELLS[name])
    for cell, expected in zip(cells, CELLS[name], strict=True):
        for sink in (out, err):
            sink.seek(0)
            sink.truncate()
        result = session.run(cell, f"{name}.grad")
        shown = expected["stdout"] + (expected["display"] + "\n" if expected["display"] is not None else "")
        assert out.getvalue() == shown, cell
        if expected["error"] is None:
            assert result.ok, err.getvalue()
        else:
            assert result.status == 1
            assert result.errors[0].kind == expected["error"]["type"]
            assert result.errors[0].message == expected["error"]["text"]
        for warning in expected["warnings"]:
            words = warning.partition("(Triggered")[0].removeprefix("UserWarning: ").strip()
            assert words in err.getvalue()


def test_every_notebook_program_has_a_record():
    assert {p.stem for p in (ROOT / "examples" / "notebooks").glob("*.grad")} == set(CELLS)
