"""The line that a loop of backward passes has on a terminal."""

from __future__ import annotations

import io
import re

import pytest

from gradsh.reports.training import Odd, TrainingState
from gradsh.runtime import training
from gradsh.view.display import Display, Session
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.training_line import line

LOOP = """\
let w = tensor([3., -2.], grad)
for epoch in range(2) {
  for i in range(40) {
    let loss = ((w - 1)**2).sum()
    backward loss
    no_grad { w -= 0.1 * w.grad }
    zero_grad w
  }
}
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pass is read: no test waits."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(training, "PATIENCE", 0.0)
    monkeypatch.setattr(training, "EVERY", 0.0)
    monkeypatch.setattr(training, "SHARE", 0.0)


def drawn(text: str) -> list[str]:
    """The lines one after the other, as a program run on a terminal draws them."""
    err = Terminal()
    result = Session(out=io.StringIO(), err=err).run(text, "loop.grad")
    assert result.ok
    assert err.getvalue() == "" or err.getvalue().endswith("\r\x1b[K")  # gone when it is done
    return [each for each in re.split(r"\r(?:\x1b\[K)?|\x1b\[K", err.getvalue()) if each]


def test_where_it_is_and_how_it_goes() -> None:
    lines = drawn(LOOP)
    assert lines[0].startswith("1/2 · 1/40  loss 13  |g| 7e0")
    assert any(each.startswith("2/2 · 39/40  loss ") and "█" in each for each in lines)
    assert all(re.search(r"\d it/s  ETA \d+ s$", each) for each in lines)


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("let n = 4; repeat n { (x**2).sum().backward() }", "3/4  loss 1"),
        ("let i = 0; while i < 4 { i += 1; backward (x**2).sum() }", "3  loss 1"),
        ("for y in [1., 2., 3.] { let error = x * y; backward error }", "2/3  error 2"),
        ("for i, y in enumerate([1., 2., 3.]) { let error = x * y; backward error }", "2/3  error 2"),
        ("fn step(y) { backward x * y }; for i in range(6, 0, -2) { step(i) }", "2/3  loss 4"),
    ],
)
def test_any_loop(text: str, begins: str) -> None:
    lines = drawn("let x = tensor(1., grad)\n" + text)
    assert any(each.startswith(begins) for each in lines), lines


def test_a_nan_names_its_operator_and_step() -> None:
    lines = drawn("let x = tensor(2., grad)\nfor i in range(5) {\n  let loss = log(x - i) + x\n  backward loss\n}")
    assert lines[2].startswith("3/5  -inf at step 3: log (loop.grad:3)  loss -inf")


@pytest.mark.parametrize(
    ("loss", "maker"),
    [
        ("(x * 0) / (x - x)", "div"),
        ("sqrt(0 - x)", "sqrt"),
        ("(b * x).sum()", "b"),
        ("(x - 4)**0.5", "pow"),
    ],
)
def test_what_makes_nans(loss: str, maker: str) -> None:
    lines = drawn(f"let x = tensor(2., grad); let b = tensor(nan, grad)\nrepeat 3 {{ backward {loss} }}")
    assert f"nan at step 1: {maker} (loop.grad:2)" in lines[0]


def test_what_is_printed_stands_alone() -> None:
    both = Terminal()
    assert Session(out=both, err=both).run("let x = tensor(1., grad)\nrepeat 3 { backward x * 2; print x.grad }").ok
    assert re.findall(r"tensor\(\d\.\)\n", both.getvalue()) == ["tensor(2.)\n", "tensor(4.)\n", "tensor(6.)\n"]
    for at in re.finditer("tensor", both.getvalue()):
        assert at.start() == 0 or both.getvalue()[: at.start()].endswith(("\n", "\r\x1b[K"))


def test_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, terminal = io.StringIO(), Terminal()
    assert Session(out=io.StringIO(), err=quiet).run(LOOP).ok
    assert quiet.getvalue() == ""
    assert Session(display=JsonDisplay(io.StringIO(), terminal)).run(LOOP).ok
    off = Display(io.StringIO(), terminal)
    off.follows = False
    assert Session(display=off).run(LOOP).ok
    assert Session(out=io.StringIO(), err=terminal).run("let x = tensor(1., grad); backward x * 2").ok  # no loop
    monkeypatch.setenv("TERM", "dumb")
    assert Session(out=io.StringIO(), err=terminal).run(LOOP).ok
    assert terminal.getvalue() == ""


def test_a_bar_of_the_programs_own_goes_before() -> None:
    err = Terminal()
    text = "let x = tensor(1., grad)\nfor i in progress(range(5)) { backward x * 2 }"
    assert Session(out=io.StringIO(), err=err).run(text).ok
    assert "it/s" not in err.getvalue()


def test_it_fits() -> None:
    odd = Odd(812, "nan", "log", "loop.grad:7")
    state = TrainingState([(3, 10), (1240, 5000)], "loss", 0.0113, [9.0, 3.0, 1.0], 0.003, 412.3, 7.5, 75.2, odd)
    assert line(state, 200).startswith("3/10 · 1,240/5,000  nan at step 812: log (loop.grad:7)  loss 0.0113")
    assert line(state, 200).endswith("  |g| 3e-3  412 it/s  ETA 1:15")
    for width in range(10, 120):
        assert len(line(state, width)) <= width
    state.odd = None
    assert line(state, 60, unicode=False) == "3/10 1,240/5,000  loss 0.0113 #._  |g| 3e-3  ETA 1:15"
