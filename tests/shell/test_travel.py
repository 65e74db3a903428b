"""The way back in time at the prompt: :undo :redo :at :diff :fix :save :load :reset :session."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradsh.session.session import Session
from gradsh.session.state import state
from gradsh.shell.prompt import Shell
from gradsh.view.display import Display
from gradsh.view.json_lines import JsonDisplay


class Prompt:
    """A shell without a terminal: `enter` gives what a line writes."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *, json: bool = False, seed: int | None = 1) -> None:
        self.out = io.StringIO()
        display = JsonDisplay(self.out, self.out) if json else Display(self.out, self.out)
        self.shell = Shell(Session(display, seed=seed))
        self.shell.session.options = ("looking",)
        self.shell.editor = SimpleNamespace(prompt="gradsh> ")  # type: ignore[assignment]
        self.capsys = capsys

    def enter(self, *lines: str) -> str:
        """What the last of these lines writes."""
        for line in lines:
            self.out.seek(0)
            self.out.truncate()
            self.capsys.readouterr()
            self.shell.enter(line)
        said = self.capsys.readouterr()
        return self.out.getvalue() + said.out + said.err


@pytest.fixture
def prompt(capsys: pytest.CaptureFixture[str]) -> Prompt:
    return Prompt(capsys)


def test_undo_and_redo_say_what_they_do(prompt: Prompt) -> None:
    prompt.enter("let x = tensor([1., 2.], grad)", "let y = x * x", "y", "backward y.sum()", "x.grad")
    assert prompt.enter(":undo") == (
        "undone: line 4, `backward y.sum()`\nthe graph of `y` had been freed: line 2 ran again for it\n"
    )
    assert prompt.enter("x.grad").startswith("None\n")
    assert "nothing has been undone" in prompt.enter(":redo"), "a new line goes on from here"
    assert prompt.enter("backward y.sum()", "x.grad") == "tensor([2., 4.])\n"
    assert prompt.enter(":undo 2").startswith("undone: line 7, `backward y.sum()`\nundone: line 2, `let y = x * x`\n")
    assert prompt.enter(":redo 2") == "done again: line 2, `let y = x * x`\ndone again: line 7, `backward y.sum()`\n"
    assert prompt.enter("x.grad") == "tensor([2., 4.])\n"
    said = prompt.enter(":undo 9")
    assert said.count("undone:") == 3 and said.endswith("that is all: there is nothing before that could be undone\n")
    assert "takes a number" in prompt.enter(":undo x")


def test_at_looks_and_keeps_nothing(prompt: Prompt) -> None:
    prompt.enter("let w = ones(2, grad)", "let loss = (w * w).sum()", "backward loss", "no_grad { w -= 0.5 }")
    assert "ran again for it" in prompt.enter(":at 2")
    assert prompt.shell.editor.prompt == "at 2> "
    assert prompt.enter("w") == "tensor([1., 1.], requires_grad=True)\n"
    assert "nothing of that is kept: this is line 2; `:at` comes back" in prompt.enter("backward loss")
    assert prompt.enter("w.grad").startswith("None\n")
    assert "nothing can be changed" in prompt.enter(":undo")
    assert prompt.enter(":at 4", "w.grad") == "tensor([2., 2.])\n"
    assert prompt.enter(":at").startswith("back: this is now")
    assert prompt.enter("w") == "tensor([0.5000, 0.5000], requires_grad=True)\n"
    assert "there is no line 99 to go to" in prompt.enter(":at 99")


def test_diff_says_values_gradients_versions_and_the_stream(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["let w = ones(2, grad)", "backward (w * randn(2)).sum()", "no_grad { w[0] = 5 }", "let k = 3"]
    prompt = Prompt(capsys)
    prompt.enter(*lines)
    assert prompt.enter(":diff 1 2").splitlines()[1].split()[:2] == ["w.grad", "new"]
    said = prompt.enter(":diff 2")
    assert re.search(r"w +value +\[1, 1\] → \[5, 1\]   by up to 4   version 0 → 1", said)
    assert re.search(r"k +new +3", said) and "random stream: the same" in said
    assert "random stream: moved on" in prompt.enter(":diff 1 2")
    data = Prompt(capsys, json=True)
    found = json.loads(data.enter(*lines, ":diff 1 4"))
    assert found["diff"] == [1, 4] and found["random_stream"] == "moved on"
    row = next(row for row in found["rows"] if row["path"] == "w" and row["what"] == "value")
    assert row["after"]["value"] == [5.0, 1.0] and row["largest_difference"] == 4.0


def test_fix_edits_the_line_and_runs_what_depends_on_it(prompt: Prompt) -> None:
    prompt.enter("let x = tensor(2.)", "let y = x ** 3", "let n = 0", "backward y")
    assert prompt.enter(":fix") == "line 1 is now `let x = tensor(2., grad)`\nlines 2, 4 ran again\n"
    assert prompt.enter("x.grad") == "tensor(12.)\n"
    assert prompt.shell.lines[0].text == "let x = tensor(2., grad)"
    assert "no line has failed" in prompt.enter("let z = 1", ":fix")
    assert prompt.enter("retu(x)", ":fix") == "tensor(2., grad_fn=<ReluBackward0>)\n`relu(x)`\n"  # two streams
    assert "line 9 is not fixed: its error has no help" in prompt.enter("assert x < 0", ":fix")


def test_a_saved_program_ends_in_the_same_state(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prompt = Prompt(capsys, seed=None)
    prompt.enter(
        "let x = randn(3, grad)", "let junk = 5", "x + 1", "wrong(", "let y = x * x", "backward y.sum()",
        "let junk = 6", "fn f(u) = u * junk", "f(2)", "let gone = 1", "del gone", "let undone = 1", ":undo",
        "assert junk == 6", "1 / 0",
        "let net = Linear(3, 1)", "let opt = SGD(net.parameters(), lr=0.1)", "backward net(x).sum()", "step opt",
    )  # fmt: skip
    assert re.fullmatch(r"run.grad: 10 of \d+ lines\n", prompt.enter(":save run.grad"))
    text = Path("run.grad").read_text(encoding="utf-8")
    assert text.startswith("manual_seed(") and "junk = 5" not in text and "undone" not in text and "assert" in text
    file = Session(Display(io.StringIO(), io.StringIO()))
    assert file.run(text, "run.grad").ok
    wanted, got = state(prompt.shell.session.globals), state(file.globals)
    assert {path for path in {*wanted, *got} if path not in got or not wanted[path].equal(got[path])} == set()
    assert stream(prompt.shell.session) == stream(file)
    Path("mine.grad").write_text("let a = 1\n", encoding="utf-8")
    assert "is there already: `:save -f mine.grad`" in prompt.enter(":save mine.grad")
    assert Path("mine.grad").read_text(encoding="utf-8") == "let a = 1\n"
    prompt.enter(":save -f mine.grad")
    assert Path("mine.grad").read_text(encoding="utf-8") == text


def test_lines_that_go_on_from_what_was_shown(prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`_` is what it was then, in a line that runs again and in a program that is saved."""
    monkeypatch.chdir(tmp_path)
    prompt.enter("let x = tensor([1., 2.], grad)", "x * x", ".sum()", "let k = _ * 2", "5", "let z = _2.sum()")
    prompt.enter("backward k")
    assert prompt.enter("backward k", ":fix") == (
        "line 7 is now `backward k, retain_graph`\nlines 2, 4, 6, 8 ran again\n"
    )
    assert prompt.enter("x.grad") == "tensor([ 8., 16.])\n"
    assert "ran again" in prompt.enter(":undo 2") and prompt.enter("k") == "tensor(10., grad_fn=<MulBackward0>)\n"
    prompt.enter("backward k", ":save run.grad")
    file = Session(Display(io.StringIO(), io.StringIO()))
    assert file.run(Path("run.grad").read_text(encoding="utf-8")).ok
    assert file.globals[".x"].gradient.data.tolist() == [4, 8]
    assert file.globals[".z"].data == prompt.shell.session.globals[".z"].data


def stream(session: Session) -> bytes:
    return bytes(session.context.generator.as_bytes().tobytes())


def test_load_runs_a_file_as_one_line(prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("two.grad").write_text("let a = 1\nlet b = a + missing\n", encoding="utf-8")
    Path("one.grad").write_text("let a = 1\nlet b = ones(2) + ones(3)\n", encoding="utf-8")
    assert "two.grad:2:13" in prompt.enter(":load two.grad")
    assert "one.grad:2:9" in prompt.enter(':load "one.grad"')
    assert prompt.enter("a") == "1\n" and prompt.enter(":undo").startswith("undone: line 2, `let a = 1")
    assert "cannot read 'three.grad'" in prompt.enter(":load three.grad")


def test_reset_is_a_fresh_session_and_can_be_undone(prompt: Prompt) -> None:
    first = prompt.enter("randn(2)")
    prompt.enter("let x = 1", "let relu = 2", "set_default_dtype(float64)")
    assert prompt.enter(":reset") == "2 names forgotten; `:undo` brings them back\n"
    assert prompt.enter("randn(2)") == first and "E0201" in prompt.enter("x")
    assert prompt.enter("relu(tensor(-1.))") == "tensor(0.)\n"
    prompt.enter(":undo", ":undo")
    assert prompt.enter("x + relu") == "3\n" and "float64" in prompt.enter("ones(1).dtype")


def test_a_session_comes_back_in_another_shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    here = Prompt(capsys)
    here.enter(
        "let x = tensor([1., 2.], grad)", "let y = x * 2", "backward y.sum()", "let both = [x, {3: (x, none)}, inf]",
        "model Net(n) { let fc = Linear(n, 2); let steps = 0; forward(v) { steps += 1; return relu(fc(v)) } }",
        "let net = Net(3)", "let opt = Adam(net.parameters(), lr=0.01)", "let s = StepLR(opt, 1)",
        "backward net(ones(4, 3)).sum()", "step opt", "step s", "fn f(a) = a * 2", "for q in [1] { let g = fn(z) = z }",
        'let these = [{1}, {"b", "a"}, {(2, none)}, {*[]}]', "these[0].add(7)",
    )  # fmt: skip
    said = here.enter(":session save t1")
    assert "`y`: the values are kept, the graphs behind them are not" in said
    assert "`g` is a function, and which line made it is not known" in said
    assert here.enter(":session") == "t1\n"
    there = Prompt(capsys, seed=5)
    assert "10 names brought back" in there.enter("let q = 3", ":session restore t1")
    wanted, got = state(here.shell.session.globals), state(there.shell.session.globals)
    different = {path for path in {*wanted, *got} if path not in got or not wanted[path].equal(got[path])}
    assert different <= {"g", "y", "q", "net.fc.weight", "net.fc.bias"}, different  # of the last two the versions
    for line in (
        "net.fc.weight.grad",
        "opt.state_dict()",
        "s.last_epoch",
        "f(4)",
        "these",
        "net.steps",
        "randn(2)",
        "x.grad",
    ):
        assert there.enter(line) == here.enter(line)
    there.enter(":undo", ":undo")
    assert there.enter("q") == "3\n"
    Path(tmp_path, "odd.npz").write_bytes(b"PK")
    assert "error" in there.enter(f":session restore {tmp_path}/odd.npz") and there.enter("q") == "3\n"


def test_a_sandbox_writes_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    prompt = Prompt(capsys)
    prompt.shell.session.files.sandboxed = True
    for line in (":save run.grad", ":session save ./x.npz", ":load run.grad"):
        assert "the program runs in a sandbox" in prompt.enter("let x = 1", line)
    assert not list(tmp_path.iterdir())
