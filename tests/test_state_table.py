"""The state table in terminals of two widths, and plain."""

from __future__ import annotations

import numpy as np
import pytest

from gradsh.engine.core.tensor import make
from gradsh.reports import STATE_COLUMNS, StateRow, StateTable
from gradsh.view import state_table
from gradsh.view.diagnostics import columns_of

SCALAR = make(np.float32(0.6))
MATRIX = make(np.arange(6, dtype=np.float32).reshape(2, 3) * np.float32(1.5))
LONG = make(np.arange(40, dtype=np.float64) / 8)

TABLE = StateTable(
    [
        StateRow("x", SCALAR, (), "float32", True, True, False, None, SCALAR),
        StateRow("weights", MATRIX, (2, 3), "float32", True, True, False, None, None),
        StateRow("hidden", MATRIX, (2, 3), "float32", True, False, False, "LogSoftmaxBackward0", None),
        StateRow("kept", SCALAR, (), "float32", True, False, True, "MulBackward0", None),
        StateRow("a_very_long_name_of_a_variable", LONG, (40,), "float64", False, True, False, None, None),
        StateRow("損失", SCALAR, (), "float32", True, False, True, "MulBackward0", SCALAR),
    ]
)


def written(width: int, color: bool = False) -> str:
    return state_table.rich(TABLE, color, width)


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
def test_it_fits(width: int) -> None:
    lines = written(width).splitlines()
    assert max(map(columns_of, lines)) <= width


@pytest.mark.parametrize("width", [80, 140])
def test_what_decides_is_never_cut(width: int) -> None:
    text = written(width)
    for line, name in ((line, line.split()[0]) for line in text.splitlines() if line.strip()):
        if name == "x":
            assert line.split() == ["x", "0.6000", "[]", "float32", "True", "True", "False", "None", "0.6000"]
        if name == "kept":
            assert "True" in line and line.rstrip().endswith("None")
    assert "not kept" in text and "(non-leaf)" in text
    assert text.count("LogSoftmax") == 1
    assert len(text.splitlines()) < 30


def test_at_140_columns_headings_and_words_stay_whole() -> None:
    text = written(140)
    assert text.splitlines()[0].split() == list(STATE_COLUMNS)
    assert "LogSoftmaxBackward0" in text and "not kept (non-leaf)" in text


def test_colour_only_when_asked_for() -> None:
    assert "\x1b" not in written(80)
    assert "\x1b" in written(80, color=True)


def test_plain_cuts_nothing_and_lines_up() -> None:
    lines = state_table.plain(TABLE).splitlines()
    assert lines[0].split() == list(STATE_COLUMNS)
    assert "a_very_long_name_of_a_variable" in "\n".join(lines)
    assert "4.8750" in "\n".join(lines)
    start = lines[0].index("dtype")
    for line in lines[1:]:
        if "float" in line:
            before = line[: line.index("float")]
            assert columns_of(before) == start
    assert "\x1b" not in "".join(lines)


def test_an_empty_table_is_its_heading() -> None:
    assert state_table.plain(StateTable([])).split() == list(STATE_COLUMNS)
