"""Wrong programs and the exact text that the user sees: tests/errors/NAME.grad and NAME.out.

To add one, write NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import REGISTRY

FOLDER = Path(__file__).parent / "errors"
PROGRAMS = sorted(FOLDER.glob("*.grad"))


def shown(program: Path) -> str:
    """Everything that the program prints, on both streams as they come, and its exit status."""
    out = io.StringIO()
    result = Session(out=out, err=out).run(program.read_text(encoding="utf-8"), program.name)
    return f"{out.getvalue()}[exit status {result.status}]\n"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_recorded(program: Path) -> None:
    assert shown(program) == program.with_suffix(".out").read_text(encoding="utf-8")


def test_there_are_enough_and_none_is_a_fault_of_gradsh() -> None:
    assert len(PROGRAMS) >= 62
    for program in PROGRAMS:
        text = program.with_suffix(".out").read_text(encoding="utf-8")
        said = text.replace("Traceback of forward call that caused the error", "")  # PyTorch's words
        assert "Traceback" not in said and "[exit status 70]" not in text, program.name
        assert text.endswith(("[exit status 1]\n", "[exit status 3]\n")), program.name


@pytest.mark.parametrize("code", sorted(code for code, kind in REGISTRY.items() if kind.example))
def test_the_example_of_every_error_triggers_it(code: str) -> None:
    result = Session(out=io.StringIO(), err=io.StringIO()).run(REGISTRY[code].example)
    assert [error.code for error in result.errors][:1] == [code]
    for error in result.errors:
        assert error.labels, "an error points at something"


def test_nearly_every_error_has_an_example() -> None:
    """The others need a file, a sandbox, more memory than there is, or a fault of gradsh."""
    without = {code for code, kind in REGISTRY.items() if not kind.example}
    assert without <= {"E0106", "E0109", "E0212", "E0502", "E0505", "E0613", "E0902", "E0903", "E0999"}
