"""What only a prompt takes: the last values, questions, lines that go on, an `else` that comes late."""

from __future__ import annotations

import re

import pytest

from gradsh.shell import last
from tests.shell.driving import ENTER, Driven, driven


@pytest.fixture(scope="module")
def prompt():  # type: ignore[no-untyped-def]
    with driven() as shell:
        yield shell


def says(shell: Driven, line: str) -> str:
    before = len(shell.out.getvalue())
    shell.shell.enter(line)
    return shell.out.getvalue()[before:]


def test_the_last_value_goes_on() -> None:
    with driven() as shell:
        says(shell, "6 * 7")
        assert says(shell, "_ + 1") == "43\n" and says(shell, "_1 + _2") == "85\n"
        assert says(shell, "100;") == "" and says(shell, "_") == "85\n"  # what is muted is not shown
        says(shell, "let x = tensor([1., 2.])")
        says(shell, "x * 2")
        assert says(shell, ".sum()") == "tensor(6.)\n" and says(shell, "|> exp |> log") == "tensor(6.)\n"
        assert "_" not in shell.session.bound() and "\n_" not in says(shell, "show")
        assert says(shell, "fn f() = _ * 0; f()") == "tensor(0.)\n"


def test_a_program_that_binds_it_keeps_its_own() -> None:
    with driven() as shell:
        for line, shown in (("7", "7\n"), ("let _ = 7", ""), ("8", "8\n"), ("_", "7\n"), ("del _", "")):
            assert says(shell, line) == shown
        assert "name '_' is not defined" in says(shell, "_")
        says(shell, "let _3 = 1; 2")
        assert says(shell, "_3") == "1\n"


def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last, "LINES", 5)
    monkeypatch.setattr(last, "GRAPHS", 2)
    monkeypatch.setattr(last, "BYTES", 10_000)
    with driven() as shell:
        says(shell, "let x = ones(2, grad)")
        for _ in range(4):
            says(shell, "x * 2")  # lines 2 to 5
        assert "not defined" in says(shell, "print _2") and "not defined" not in says(shell, "print _5")
        for _ in range(9):
            says(shell, "1")
        assert len(shell.shell.last.held) == 6
        for _ in range(4):
            says(shell, "ones(1000)")
        assert len(shell.shell.last.held) == 3 and "[1" in says(shell, "_.shape")


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("?log", "The natural logarithm"),
        ("log?", "The natural logarithm"),
        ("? log", "The natural logarithm"),
        ("torch.log?", "The natural logarithm"),
        ("?while", "while condition"),
        ("?linalg", "linalg"),
        ("?E0201", "E0201"),
        ("?", "help"),
        ("x.sum?", "The sum of all"),
        ("?sigmoit", "did you mean `help sigmoid`?"),
    ],
)
def test_questions(prompt: Driven, asked: str, wanted: str) -> None:
    says(prompt, "let x = ones(2)")
    assert wanted in says(prompt, asked)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("??f", "fn f(a, b=2) {\n    return a * b\n}\n"),
        ("f??", "fn f(a, b=2) {\n    return a * b\n}\n"),
        ("??M", "model M() { forward(x) = x }\n"),
        ("??Linear", "model Linear("),
        ("??mse_loss", "def mse_loss("),
        (":source log", "def log("),
        ("apropos entropy", "cross_entropy"),
        ("?cross entropy", "binary_cross_entropy"),
        ("??pi", ""),
    ],
)
def test_sources(prompt: Driven, asked: str, wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    says(prompt, "let g = 1; fn f(a, b=2) {\n    return a * b\n}\nmodel M() { forward(x) = x }")
    says(prompt, asked)
    shown, complained = capsys.readouterr()
    shown = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert wanted in shown and bool(complained) is (wanted == "")


def test_what_ipython_has(prompt: Driven) -> None:
    says(prompt, "let counted = 0")
    assert "median of" in says(prompt, "%timeit -n 3 counted + 1")
    assert "counted" in says(prompt, "%whos")
    assert "`%debug` is IPython's" in says(prompt, "%debug")


def test_an_else_that_comes_late() -> None:
    with driven() as shell:
        says(shell, "let x = 1")
        says(shell, "if x > 2 { print 1 }")
        said = says(shell, "else { print 2 }")
        assert "error[E0101]" in said and "help: if x > 2 { print 1 } else { print 2 }" in said
        assert shell.enter(ENTER) == "2\n"  # it stands in the edit buffer
        assert "no `if` that this `else` belongs to" in says(shell, "else { 3 }")
