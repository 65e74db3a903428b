"""Ctrl-C in a loop at the prompt: what can be done while it is paused."""

from __future__ import annotations

import io
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from gradsh import Session
from gradsh.errors import Span
from gradsh.interrupts import own
from gradsh.session.deadline import RUNNING
from gradsh.shell.editor import Editor
from gradsh.shell.history import BoundedHistory
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


def test_what_it_says_at_first_can_be_done(capsys: pytest.CaptureFixture[str]) -> None:
    text = "let opt = SGD([ones(1, grad)], lr=0.5)\n" + LOOP
    at = Paused(text, "opt.lr", answers=("opt.lr", "opt.lr = 0.01", "continue"), capture=capsys)
    assert "`opt.lr = 0.01`" in at.said and at.lines[0] == "0.5" and at.lines[-1] == "0.01"


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


def test_the_time_of_a_statement_stands_still_in_a_pause(capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(Answers):
        def read(self, prompt: str) -> str:
            sleep(3.2 if self.answers[0] == "continue" else 0)
            return super().read(prompt)

    session = Session(display=Pressing(io.StringIO(), io.StringIO()), timeout=3)
    shell = Shell(session, history=False)
    shell.editor = Slow("n = 10", "while true { n }", "continue")  # type: ignore[assignment]
    line = shell.execute(LOOP.replace("range(4)", "range(2)"))
    assert line.worked, line.result
    assert not RUNNING and session.globals[".n"] == 10
    assert "interrupted" not in "".join(capsys.readouterr())
    assert [error.code for error in shell.execute("while true { n }").result.errors] == ["E0903"]  # type: ignore[union-attr]


def test_what_was_entered_meanwhile_is_known_afterwards(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = ("lr", "lr = 10", "w.mul_(2);", "rand(1);", "[\n  i\n]", "continue")
    at = Paused("let w = ones(2)", LOOP, answers=answers, capture=capsys)
    at.shell.editor = Editor(at.shell, BoundedHistory())
    at.shell.command(":save run.grad")
    said = "".join(capsys.readouterr())
    place = "paused at step 2, <prompt 2>:5"
    assert f"not quite: line 2 was {place}, where `lr = 10` was entered, and 2 more\n" in said
    comments = [line for line in Path("run.grad").read_text().splitlines() if line[0] == "#"]
    assert comments == [f"# {place}: lr = 10", f"# {place}: w.mul_(2);", f"# {place}: rand(1);"]
    at.shell.command(":history")
    assert f"     2  {LOOP.splitlines()[0]}\n" in (said := "".join(capsys.readouterr()))
    assert f"        # {place}: lr = 10\n" in said
    at.shell.command(":undo")  # what the loop itself has no name for too
    assert at.session.globals[".w"].data.tolist() == [1, 1]
    at.shell.command(":redo")
    at.shell.execute("w, n")
    assert at.lines[-1] == "(tensor([2., 2.]), 22)"


def test_what_was_paused_does_not_run_again_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    text = "let z = (w * w).sum()\nrepeat 2 {\n  print 'now'\n  z = z * k\n}"
    at = Paused(
        "let w = ones(2, grad); let k = 1", text, "backward z", answers=("k = 3", "continue") * 2, capture=capsys
    )
    at.shell.editor = Editor(at.shell, BoundedHistory())
    at.shell.command(":at 2")
    said = "".join(capsys.readouterr())
    assert "`z` stays freed: line 2 was paused at" in said and "where `k = 3` was entered, and 1 more" in said
