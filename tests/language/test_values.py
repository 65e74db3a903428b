"""Python's plain values: lists, dicts, sets and texts, their methods, and stars.

values.txt has programs, and what they give: `=` is what the last line shows, `!` how the error begins.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import GradshError

ENTRIES = (Path(__file__).parent / "values.txt").read_text(encoding="utf-8").strip().split("\n\n")


@pytest.mark.parametrize("entry", ENTRIES)
def test_value(entry: str) -> None:
    *lines, expected = entry.split("\n")
    out = io.StringIO()
    program = "\n".join(lines)
    if expected.startswith("!"):
        errors: list[GradshError] = Session(out=out, err=io.StringIO()).run(program).errors
        assert errors and errors[0].message.startswith(expected[2:]), errors
    else:
        session = Session(out=out, err=io.StringIO())
        assert session.run(program).ok
        assert out.getvalue().splitlines()[-1] == expected[2:]


def test_a_set_says_the_same_in_every_run() -> None:
    """Python's order of texts changes with each process."""
    names = [f"name{n}" for n in range(50)]
    out = io.StringIO()
    Session(out=out).run(f"let s = set({names}); print list(s) == {names}, s - {{'name0'}}")
    assert out.getvalue() == f"True {{{', '.join(map(repr, names[1:]))}}}\n"
