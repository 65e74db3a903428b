"""`gradsh plan FILE`: programs and what is shown of their loops and functions, tests/plans/shown/NAME.grad and NAME.py.

Each output stands there as a terminal of 80 and one of 140 columns shows it, a pipe, and one without Unicode. To add
one, write NAME.grad and run `make record`; then read what it wrote.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.cli.plan import chosen
from gradsh.plans.trust import machine
from gradsh.reports.plans import LoopPlan
from gradsh.session.python import PythonSession
from gradsh.view import color
from gradsh.view.display import Display
from gradsh.view.loop_plan import LoopPlanView
from gradsh.view.registry import Look
from tests.conftest import ROOT, Here
from tests.test_python_source import a_notebook

FOLDER = Path(__file__).parent / "plans" / "shown"
DOCS = ROOT / "docs" / "plans.md"
PROGRAMS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".out")
LOOKS = {
    "80 columns": Look(width=80),
    "140 columns": Look(width=140),
    "a pipe": Look(),
    "without Unicode": Look(width=80, unicode=False),
}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def told(program: Path) -> list[LoopPlan]:
    """What is told of a program's loops and functions."""
    display = Display(io.StringIO(), io.StringIO())
    session = PythonSession(display, argv=("program.py",)) if program.suffix == ".py" else Session(display=display)
    came: list[LoopPlan] = []
    session.plan(told=came.append, steady=True)
    session.run(program.read_text(encoding="utf-8"), program.name)
    return chosen(came)


def shown(program: Path) -> str:
    """All that is shown; where two terminals show the same, it stands there once."""
    reports = told(program)
    found: dict[str, list[str]] = {}
    for name, look in LOOKS.items():
        found.setdefault("".join(LoopPlanView().text(report, look) for report in reports), []).append(name)
    return "".join(f"=== {', '.join(names)} ===\n{text}" for text, names in found.items())


def apart(program: Path) -> str:
    """The same of a process of its own: which kernels in C are there depends on what has run before."""
    code = f"from tests.test_plans_shown import *; sys.stdout.buffer.write(shown(Path({str(program)!r})).encode())"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()


def recorded(program: Path) -> Path:
    return program.with_name(program.name + ".out")


@pytest.mark.skipif(machine() is None, reason="what is shown has the kernels in C")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_recorded(program: Path) -> None:
    assert apart(program) == recorded(program).read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal() -> None:
    for program in PROGRAMS:
        parts = re.split(r"^=== (.*) ===\n", recorded(program).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for names, text in zip(parts[::2], parts[1::2], strict=True):
            width = 80 if "80" in names or "Unicode" in names else 140 if "140" in names else 100
            assert not [line for line in text.split("\n") if len(line) > width], (program.name, names)
            assert text.isascii() or "without Unicode" not in names


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_colour_is_all_that_colour_adds(program: Path) -> None:
    for report in told(program):
        painted = LoopPlanView().text(report, Look(color=True, width=80))
        assert "\x1b[" in painted
        assert ESCAPES.sub("", painted) == LoopPlanView().text(report, Look(width=80))


def test_to_be_told_changes_nothing_of_a_program() -> None:
    """What it prints is the same to the byte, also where its loops have no plan."""
    for program in PROGRAMS:
        texts = []
        for how in ("plain", "planned", "told"):
            out = io.StringIO()
            display = Display(out, out)
            python = program.suffix == ".py"
            session = PythonSession(display, plans=False) if python else Session(display=display, plans=False)
            if how != "plain":
                session.plan(told=[].append if how == "told" else None, steady=True)
            with redirect_stdout(out):
                session.run(program.read_text(encoding="utf-8"), program.name)
            texts.append(out.getvalue())
        assert texts[0] == texts[1] == texts[2] != "", program.name


def test_the_page_shows_what_is_shown(here: Here) -> None:
    page = DOCS.read_text(encoding="utf-8")
    program, output = re.findall(r"^```\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    (here.folder / "fit.grad").write_text(program)
    assert output == "$ gradsh plan fit.grad\n" + here("plan", "fit.grad")[1].rstrip() + "\n"


def test_a_terminal_is_told_the_same(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line on the training is shown on none: it would be in the way of the plans."""
    out = here("plan", str(FOLDER / "regression.grad"))[1]
    monkeypatch.setattr(color, "is_terminal", lambda _: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "a plan of 18 steps" in here("plan", str(FOLDER / "regression.grad"))[1] and "a plan of 18 steps" in out


def test_files_of_each_kind(here: Here) -> None:
    """Scripts and notebooks alike; what is said where there is nothing to tell; data for programs."""
    source = (FOLDER / "network.py").read_text(encoding="utf-8")
    (here.folder / "a.py").write_text(source)
    first, word, second = source.partition("net = Net()")
    (here.folder / "a.ipynb").write_text(a_notebook(first, word + second))
    (here.folder / "none.grad").write_text("print 1 + 1\n")
    for file, line in (("a.py", 23), ("a.ipynb", 5)):
        status, out, error = here("plan", file)
        assert status == 0 and not error
        assert f"line {line}: for i in range(0, 64, 4):\n  a plan of " in out, out
        assert "net.fc1.weight float32[16, 8]" in out
    status, out, error = here("plan", "none.grad")
    assert (status, out) == (0, "")
    assert error == "note: no loop of none.grad that could have a plan runs, and no function of it is called often\n"
    status, out, _ = here("--json", "plan", "a.py")
    assert status == 0 and '"step": "h = maximum(t1, 0)", "form": "float32[4, 16]"' in out
