"""Ctrl-C in a loop at the prompt: what can be done while it is paused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gradsh import Session
from gradsh.errors import Span
from gradsh.interrupts import own
from gradsh.shell.prompt import Shell
from gradsh.view.display import Display


class Pressing(Display):
    """Ctrl-C comes when `now` is printed."""

    def printed(self, values: tuple[object, ...], spans: list[Span | None], **ends: Any) -> None:
        if values == ("now",):
            own.pauses.append(True)
        else:
            super().printed(values, spans, **ends)


class Answers:
    """An editor whose user types these at the pauses; `asked` are the prompts."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def read(self, prompt: str) -> str:
        self.asked.append(prompt)
        answer = self.answers.pop(0)
        if answer in ("^C", "^D"):
            raise KeyboardInterrupt if answer == "^C" else EOFError
        return answer


class Paused:
    """A shell that has entered `lines`, paused where `now` is printed, and there been answered."""

    def __init__(self, *lines: str, answers: tuple[str, ...], capture: pytest.CaptureFixture[str]) -> None:
        self.out = io.StringIO()
        self.session = Session(display=Pressing(self.out, self.out))
        self.shell = Shell(self.session, history=False)
        self.editor = Answers(*answers)
        self.shell.editor = self.editor  # type: ignore[assignment]
        for line in lines:
            self.line = self.shell.execute(line)
        self.said = "".join(capture.readouterr())
        assert not own.pauses and own.pauser is None

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()


LOOP = 'let lr = 1; let n = 0\nfor i in range(4) {\n  n += lr\n  if i == 1 { print "now" }\n  let done = i\n}'


def test_it_can_be_looked_at_and_changed(capsys: pytest.CaptureFixture[str]) -> None:
    answers = ("i, n", "lr = 10", "n +", "nosuch", "show n", ":vars lr", ":quit", "", "continue")
    at = Paused(LOOP, "n, lr, done", answers=answers, capture=capsys)
    assert at.editor.asked == ["paused at step 2, <prompt 1>:5> "] * len(answers)
    assert at.line.worked and at.lines[0] == "(1, 2)" and at.lines[-1] == "(22, 10, 3)"
    text = at.out.getvalue()
    assert "error[E0102]" in text and "name 'nosuch' is not defined" in text and "<pause>:1:1" in text
    assert "`continue` goes on, `abort` ends" in at.said and "`:quit` has to wait" in at.said and "int 10" in text


@pytest.mark.parametrize("answer", ["abort", "^C", "^D"])
def test_it_can_be_ended(answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = LOOP.replace("n += lr", "try { n += lr").replace("let done = i", "let done = i } catch e { }")
    at = Paused(text, "n, done", answers=("n", answer), capture=capsys)
    assert at.said.endswith("interrupted at <prompt 1>:5\n") and at.lines == ["2", "(2, 0)"]
    assert at.shell.lines[0].interrupted and not at.shell.lines[0].worked


def test_in_a_function_its_variables_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    text = 'let y = 7\nfn train(n) {\n  let y = 1\n  repeat n {\n    y *= 2\n    if y == 4 { print "now" }\n  }\n  y\n}'
    at = Paused(text, "train(3)", "y", answers=("y, n", "y = 100", "let fresh = y", "continue"), capture=capsys)
    assert at.editor.asked[0] == "paused at <prompt 1>:5> "
    assert at.lines == ["(4, 3)", "8", "7"] and at.session.binds("fresh")
    assert "`y` is a variable of the function that is paused" in at.said


def test_modes_and_the_random_stream_are_those_of_the_place(capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "let x = ones(1, grad); manual_seed(3)\nrepeat 1 {\n  no_grad {\n    print 'now'\n    rand(1)\n  }\n"
        "  (x * 2).requires_grad; rand(1)\n}\nlet last = rand(1)"
    )
    at = Paused(text, "last", answers=("(x * 2).requires_grad", "rand(1)", "continue"), capture=capsys)
    plain = io.StringIO()
    Session(out=plain).run("manual_seed(3); repeat 4 { rand(1) }")
    drawn = plain.getvalue().splitlines()
    assert at.lines == ["False", *drawn[:2], "True", *drawn[2:]]


def test_where_values_are_stand_ins_it_waits(capsys: pytest.CaptureFixture[str]) -> None:
    text = "fn f(x) {\n  print 'now'\n  return x * 2\n}\nfor i in range(2) {\n  let y = grad(f)(tensor(1.))\n  y\n}"
    at = Paused(text, answers=("i", "continue", "i", "continue"), capture=capsys)
    assert at.editor.asked == ["paused at step 1, <prompt 1>:7> "] * 2 + ["paused at step 2, <prompt 1>:7> "] * 2


def test_what_is_in_no_loop_is_stopped(capsys: pytest.CaptureFixture[str]) -> None:
    at = Paused("fn f() {\n  print 'now'\n  let a = 1\n  a\n}\nf()", answers=(), capture=capsys)
    assert at.said == "interrupted at <prompt 1>:3\n" and at.lines == []


def test_a_time_for_each_statement_leaves_none_for_pauses() -> None:
    found = []

    class Looking(Display):
        def printed(self, values: tuple[object, ...], spans: list[Span | None], **ends: Any) -> None:
            found.append(own.pauser)

    for timeout in (None, 60):
        Shell(Session(display=Looking(), timeout=timeout), history=False).execute("print 1")
    assert found[0] is not None and found[1] is None
