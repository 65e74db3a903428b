"""`gradsh.Session`, the embedding interface."""

from __future__ import annotations

import io
import json
import sys

import numpy as np
import pytest

import gradsh
from gradsh.errors import GradshError
from gradsh.session.display import Display
from gradsh.session.session import Session as BareSession
from gradsh.view.json_lines import JsonDisplay


class Run:
    """A session with its streams caught."""

    def __init__(self, **options: object) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.session = gradsh.Session(out=self.out, err=self.err, **options)  # type: ignore[arg-type]  # test options

    def __call__(self, text: str, name: str = "<input>") -> str:
        self.out.truncate(self.out.seek(0))
        self.err.truncate(self.err.seek(0))
        self.result = self.session.run(text, name)
        return self.out.getvalue()


def test_the_first_program() -> None:
    run = Run()
    assert run("let x = tensor(5.0, grad); z = log(x**3); backward z") == ""
    assert run.result.ok and run.result.status == 0 and run.result.errors == []
    assert run("x.grad") == "tensor(0.6000)\n"


def test_standard_streams_are_looked_up_when_written_to(capsys: pytest.CaptureFixture[str]) -> None:
    session = gradsh.Session()
    session.run("print 1 + 1")
    session.run("lss")
    out, err = capsys.readouterr()
    assert out == "2\n" and err.startswith("error[E0201]")


def test_what_prints() -> None:
    run = Run()
    assert run("let a = 3") == ""
    assert run("a") == "3\n"
    assert run("a;") == ""
    assert run("none") == ""
    assert run('"s"\nprint "s", a') == "'s'\ns 3\n"
    assert run("[1.0, true, none]") == "[1.0, True, None]\n"


def test_an_error_keeps_every_earlier_binding() -> None:
    run = Run()
    run("let x = tensor(2.0)")
    assert run("let y = 5\nlet q = x + ones(2) @ ones(3)") == ""
    assert run.result.status == 1
    assert [type(error).__name__ for error in run.result.errors]
    assert run("x\ny") == "tensor(2.)\n5\n"
    run("q")
    assert run.result.status == 3  # it was never bound
    run("let x = ")
    assert run.result.status == 3
    assert run("x") == "tensor(2.)\n"


def test_refused_programs_do_not_start() -> None:
    run = Run()
    assert run("print 1\nlss\nlass") == ""
    assert run.result.status == 3
    assert [error.code for error in run.result.errors] == ["E0201", "E0201"]


def test_every_error_points_into_the_program_that_ran() -> None:
    run = Run()
    run("fn f(x) = x + ones(3)", "first")
    run("\nf(ones(2))", "second")
    (error,) = run.result.errors
    span = error.labels[0].span
    assert (span.source.name, span.text) == ("first", "x + ones(3)")
    assert isinstance(error, GradshError)


def test_two_sessions_do_not_meet() -> None:
    one, two = Run(dtype="float64", seed=1), Run(seed=1)
    one("let a = 1\nset_grad_enabled(false)")
    assert one("tensor(1.0).dtype\nis_grad_enabled()") == "float64\nFalse\n"
    assert two("tensor(1.0).dtype\nis_grad_enabled()") == "float32\nTrue\n"
    two("a")
    assert two.result.status == 3
    first = two("rand(2)")
    one("manual_seed(5)")
    assert two("rand(2)") != first


def test_advice_quotes_the_lines_of_its_own_session() -> None:
    out = io.StringIO()
    one, two = gradsh.Session(out=out, err=out), gradsh.Session(out=out, err=out)
    one.run("let x = tensor(1., grad)", "<prompt 1>")
    one.run("let c = x.item()", "<prompt 2>")
    two.run("let x = ones(2, grad); let c = x.tolist()", "<prompt 1>")
    one.run("let loss = tensor(c * 2.)", "<prompt 3>")
    one.run("backward loss", "<prompt 4>")
    assert "| let c = x.item()" in out.getvalue() and "tolist" not in out.getvalue()


def test_the_engine_is_as_before_after_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.engine.core.modes import mode

    before = (mode.grad, mode.default, mode.warn_sink, np.geterr())
    run = Run(dtype="float64")
    run("no_grad { backward tensor(1.0) }")
    assert run.result.status == 1
    assert (mode.grad, mode.default, mode.warn_sink, np.geterr()) == before
    assert run("is_grad_enabled()") == "True\n"

    class Interrupting(Display):
        def printed(self, values: object, spans: object) -> None:
            raise KeyboardInterrupt

    session = BareSession(Interrupting())
    with pytest.raises(KeyboardInterrupt):
        session.run("let k = 1\nno_grad { print 1 }")
    assert (mode.grad, mode.default, mode.warn_sink, np.geterr()) == before
    assert session.run("k").ok


def test_numpy_stays_silent() -> None:
    run = Run()
    assert run("log(tensor(-1.0))\ntensor(1.0) / 0") == "tensor(nan)\ntensor(inf)\n"
    assert run.err.getvalue() == ""


def test_warnings_name_the_line() -> None:
    run = Run()
    run("let x = ones(2, grad)\nlet y = x * 2")
    assert run("y.grad", "<prompt 2>") == ""
    lines = run.err.getvalue().splitlines()
    assert lines[0].startswith("warning: UserWarning: The .grad attribute of a Tensor that is not a leaf")
    assert lines[1:5] == [" --> <prompt 2>:1:1", "  |", "1 | y.grad", "  | ^^^^^^"]
    assert lines[5] == " ::: <input>:2:9"  # where y was made
    assert lines[-1] == "help: `y.retain_grad()` before the backward keeps it"


def test_a_fault_of_gradsh_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Display):
        def __init__(self) -> None:
            self.shown: list[GradshError] = []

        def value(self, value: object, span: object) -> None:
            raise ZeroDivisionError("deep inside")

        def errors(self, errors: list[GradshError]) -> None:
            self.shown += errors

    display = Broken()
    result = BareSession(display).run("1")
    assert result.status == 70
    assert [error.code for error in display.shown] == ["E0999"]
    assert "fault of gradsh" in display.shown[0].message


def test_show() -> None:
    run = Run()
    run("let x = tensor([1.0, 2.0], grad); let y = x * x; let n = 3; backward y.sum()")
    assert run("show") == (
        "name  value     shape  dtype    requires_grad  is_leaf  retains_grad  grad_fn       grad\n"
        "x     [1., 2.]  [2]    float32  True           True     False         None          [2., 4.]\n"
        "y     [1., 4.]  [2]    float32  True           False    False         MulBackward0  not kept (non-leaf)\n"
    )
    assert run.err.getvalue() == ""
    assert run("show x.detach() * 2").splitlines()[1].startswith("x.detach() * 2  [2., 4.]")
    run("let z = ones(2, 2)")
    assert run("show z").splitlines()[1:] == [
        "z     [[1., 1.],  [2, 2]  float32  False          True     False         None     None",
        "       [1., 1.]]",
    ]


def test_json_lines() -> None:
    out = io.StringIO()
    session = gradsh.Session(display=JsonDisplay(out, out))
    session.run('let x = tensor([[1.5, nan], [-0.0, inf]], grad)\nx\nmax(x, 0)\n{"a": 1}\n"text"\n')
    lines = out.getvalue().splitlines()
    assert '"data": [[1.5, "nan"], [-0.0, "inf"]]' in lines[0]
    named = json.loads(lines[1])
    assert named["type"] == "tuple" and named["fields"] == ["values", "indices"]
    assert [item["type"] for item in named["data"]] == ["tensor", "tensor"]
    assert named["data"][0]["grad_fn"] == "MaxBackward0"
    assert json.loads(lines[2])["data"] == {"a": {"type": "number", "data": 1}}
    assert json.loads(lines[3]) == {"expr": '"text"', "line": 5, "type": "string", "data": "text"}


def test_importing_gradsh_is_cheap() -> None:
    import subprocess

    code = "import sys, gradsh; print('numpy' in sys.modules, gradsh.__version__ != '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
