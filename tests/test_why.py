"""`why` beside what its recorded outputs show: other roots, functions, JSON, bad input, and what it must not do."""

from __future__ import annotations

import gc
import io
import json
from typing import Any

import pytest

from gradsh import Session
from gradsh.advice.warnings import fresh_nan
from gradsh.reports import Report
from gradsh.reports.why import Why
from gradsh.view.display import Display
from gradsh.view.json_lines import JsonDisplay


class Kept(Display):
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.found: list[Why] = []
        super().__init__(self.stream, self.stream)

    def report(self, report: Report) -> None:
        assert isinstance(report, Why)
        self.found.append(report)


def asked(text: str, name: str = "<input>") -> list[Why]:
    display = Kept()
    result = Session(display=display).run(text, name)
    assert result.ok, result.errors
    return display.found


def test_another_root() -> None:
    head = "let x = tensor(2.0, grad); let y = x * 3; let z = x ** 2\nlet both = z + y; backward both\n"
    (report,) = asked(head + "why x, z")
    assert report.words.startswith("z depends on x in one way")


def test_another_root_that_was_not_differentiated() -> None:
    """It had been 'cleared after the backward of line 2', which is that of another."""
    head = "let x = tensor(2.0, grad); let v = tensor(3.0, grad); let z = log(v ** 3)\nbackward x ** 2\n"
    (report,) = asked(head + "why v, z")
    assert (report.kind, report.words, report.help) == ("not run", "no backward from z has run.", "`backward z`")
    (report,) = asked(head + "backward z; zero_grad v\nwhy v, z")
    assert report.kind == "cleared"


def test_in_a_function_its_own_variables_are_meant() -> None:
    (report,) = asked("let w = 1\nfn f(w) {\n    backward w.detach().sum() + w.sum()\n    why w\n}\nf(ones(2, grad))")
    assert report.kind == "partly cut" and report.rows


def test_the_gradient_that_comes_in_is_the_first_factor() -> None:
    (report,) = asked("let x = tensor(2.0, grad)\nlet y = x ** 3\nbackward y, tensor(10.0)\nwhy x.grad")
    assert [(row.left, row.words) for row in report.rows] == [("120", "10 * 12")]


def test_a_later_backward_of_something_else() -> None:
    head = "let v = tensor([2.0, 3.0], grad)\nlet w = tensor(4.0, grad)\nbackward v.prod()\nbackward w**2\n"
    (report,) = asked(head + "why v")
    assert report.words == "what v.prod() was made of is gone since the backward of line 3."
    display = Kept()
    session = Session(display=display)
    for number, line in enumerate([*head.splitlines(), "why v\nwhy w"]):  # what ran before the first `why` is not noted
        session.run(line, f"<prompt {number + 1}>")
    said = [report.words for report in display.found]
    assert said == [
        "from which backward is not known; the last, w**2 (prompt 4), is made of other things.",
        "what w**2 was made of is gone since the backward of prompt 4.",
    ]


def test_an_explain_is_a_backward() -> None:
    """It leaves its gradient in `x.grad`, so it is what that came from, and one of those that add up."""

    def after(words: str) -> str:
        out = io.StringIO()
        assert Session(out=out, err=out).run(f"let x = tensor(3.0, grad)\nlet y = x ** 2\nlet z = log(y)\n{words}").ok
        return out.getvalue()

    assert "x.grad is 0.666667: z depends on x in one way." in after("explain z\nwhy x")
    result = after("explain z\nwhy y")
    assert "Backward (`explain z`, line 4) did compute it: 0.111111." in result
    assert "help: `y.retain_grad()` before line 4" in result
    assert "the sum of 2 backward passes (lines 4 and 5)" in after("explain z, retain_graph\nexplain z\nwhy x")


def test_many_ways_are_counted_and_the_largest_shown() -> None:
    (report,) = asked("let x = tensor(1.0, grad)\nlet y = x\nrepeat 20 { y = y * 2 + y * 3 }\nbackward y\nwhy x")
    assert "more than 10,000 ways" in report.words and len(report.rows) == 3
    (report,) = asked("let x = tensor(1.0, grad)\nlet y = x\nrepeat 4 { y = y * 2 + y * 3 }\nbackward y\nwhy x")
    assert "16 ways" in report.words and [row.left for row in report.rows] == ["81", "54", "54"]
    # where all of them are more than anybody could list, and the last is the largest
    (report,) = asked("let x = tensor(1.0, grad)\nlet y = x\nrepeat 400 { y = y + 0.001 * x }\nbackward y * 3\nwhy x")
    assert "401 ways" in report.words and [row.left for row in report.rows] == ["3", "0.003", "0.003"]
    assert max(len(row.text) for row in report.rows) < 300


def test_nothing_is_changed() -> None:
    text = "manual_seed(0)\nlet x = randn(3, grad)\nlet y = x * 2\nbackward y.sum()\n"
    end = "print x.grad, x._version, y.requires_grad, randn(1)"
    outs = []
    for middle in ("", "why x\nwhy y\n"):
        out = io.StringIO()
        assert Session(out=out, err=out).run(text + middle + end).ok
        outs.append(out.getvalue())
    assert outs[1].endswith(outs[0])


def test_a_program_that_does_not_ask_notes_nothing() -> None:
    session = Session(out=io.StringIO(), err=io.StringIO())
    session.run("let x = ones(2, grad); backward (x * 2).sum(); print x.grad")
    assert session.context.notes is None


def test_what_was_noted_goes_with_its_tensors() -> None:
    session = Session(display=Kept())
    session.run("let x = ones(2, grad); let y = x * 2; repeat 5 { backward y.sum(), retain_graph }; why x")
    assert session.context.notes is not None
    passes: Any = session.context.notes.passes
    assert len(passes.summed) == 1
    session.run("del x; del y; let z = ones(1, grad); backward z * 1")
    gc.collect()
    assert len(passes.summed) == 1 and passes.summed[next(iter(passes.summed))][1].count == 1


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("why 3", "why: 3 is not a tensor but int", "`print 3` shows any value"),
        ("let net = Linear(1, 1)\nwhy net", "why: net is not a tensor but Linear", None),
        ("let x = ones(1, grad)\nwhy x, 3", "why: one tensor, and what was differentiated", "`why w, loss`"),
    ],
)
def test_bad_input(text: str, message: str, help: str | None) -> None:
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run(text).errors
    assert error.message == message and (help is None or error.help == help)


def test_as_json() -> None:
    out = io.StringIO()
    Session(display=JsonDisplay(out, out)).run(
        "let x = tensor([0.0, 4.0], grad)\nlet y = where(x > 0, sqrt(x), 0.0)\nbackward y.sum()\nwhy x.grad\nshow x"
    )
    report, table = map(json.loads, out.getvalue().splitlines())
    assert (report["why"], report["cause"], report["at"]) == ("x", "nan", [[0]])
    assert report["grad"] == {"shape": [2], "value": ["nan", 0.25]} and report["help"].startswith("give sqrt")
    assert table["show"][0]["backwards"] == 1


def test_a_prompt_is_told_of_a_gradient_that_has_become_nan() -> None:
    session = Session(display=Kept())
    session.run("why ones(1)")
    notes: Any = session.context.notes
    notes.passes.fresh_nan = {}
    session.run("let x = tensor([1.0, 0.0], grad); backward (0 * log(x)).sum()", "<prompt 1>")
    (warning,) = fresh_nan(session.globals, notes.passes)
    assert warning.message == "x.grad has nan at [1]; `why x.grad` tells where from"
    assert fresh_nan(session.globals, notes.passes) == []


def test_show_of_a_model() -> None:
    out = io.StringIO()
    text = "let net = Linear(2, 1)\nshow net\nrepeat 2 { backward net(ones(1, 2)).sum() }\nshow net"
    Session(out=out, err=out).run(text)
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[2][-1] == "none" and lines[6][0] == "net.weight" and lines[6][-3:] == ["2.828", "(2", "backwards)"]
