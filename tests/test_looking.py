"""The words that look at graphs: programs and what they show, tests/looking/NAME.grad and NAME.out.

Each output stands there as a terminal of 80 and one of 140 columns shows it, and one without Unicode. To add one, write
NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.reports import Report
from gradsh.view.display import Display
from gradsh.view.registry import Look, view_of

FOLDER = Path(__file__).parent / "looking"
PROGRAMS = sorted(FOLDER.glob("*.grad"))
LOOKS = {
    "80 columns": Look(width=80),
    "140 columns": Look(width=140),
    "without Unicode": Look(width=80, unicode=False),
}


class Shown(Display):
    """Shows everything on several terminals at once."""

    def __init__(self) -> None:
        self.texts = dict.fromkeys(LOOKS, "")
        self.buffer = io.StringIO()
        super().__init__(self.buffer, self.buffer)

    def report(self, report: Report) -> None:
        self.flush()
        for name, look in LOOKS.items():
            self.texts[name] += view_of(report).text(report, look)

    def flush(self) -> None:
        """What was written beside reports looks the same on all."""
        for name in LOOKS:
            self.texts[name] += self.buffer.getvalue()
        self.buffer.seek(0)
        self.buffer.truncate()


def shown(program: Path) -> str:
    """All that the program shows; where two terminals show the same, it stands there once."""
    display = Shown()
    result = Session(display=display).run(program.read_text(encoding="utf-8"), program.name)
    display.flush()
    found: dict[str, list[str]] = {}
    for name, text in display.texts.items():
        found.setdefault(text, []).append(name)
    parts = [f"=== {', '.join(names)} ===\n{text}" for text, names in found.items()]
    return "".join(parts) + f"[exit status {result.status}]\n"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_recorded(program: Path) -> None:
    assert shown(program) == program.with_suffix(".out").read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal() -> None:
    for program in PROGRAMS:
        narrow = program.with_suffix(".out").read_text(encoding="utf-8").partition("=== 140")[0]
        reports = [line for line in narrow.split("\n") if not line.startswith(("warning", "error[", "help: "))]
        assert not [line for line in reports if len(line) > 80], program.name


def test_a_terminal_without_unicode_gets_none() -> None:
    for program in PROGRAMS:
        ascii_part = program.with_suffix(".out").read_text(encoding="utf-8").partition("without Unicode ===")[2]
        assert ascii_part.isascii(), program.name
