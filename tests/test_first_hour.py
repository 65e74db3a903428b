"""Wrong inputs of a first hour: each is told its cause, and what is offered, put into the user's own text, runs."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.errors import GradshError
from tests.applied import applied

PROGRAMS = (
    (Path(__file__).parent / "data" / "first_hour.txt").read_text(encoding="utf-8").rstrip("\n").split("\n====\n")
)
BEFORE = """\
let x = 3; let n = 4; let xs = [1, 2, 3]
fn f(x) = x**3
let loss = (ones(2, grad) * 2).sum()
"""


def ran(text: str) -> GradshError | None:
    """The first error of a program in a session that knows a few names."""
    session = Session(out=io.StringIO(), err=io.StringIO())
    assert session.run(BEFORE, "<before>").ok
    errors = session.run(text).errors
    return errors[0] if errors else None


@pytest.mark.parametrize("text", PROGRAMS)
def test_what_is_offered_runs(text: str) -> None:
    error = ran(text)
    assert error is not None and error.help, error
    assert "pass }" not in error.help
    failed = error.labels[0].span
    tried = [(program, ran(program)) for program in applied(failed.source.text, failed, error.help, error.edit)]
    assert any(after is None for _, after in tried), (error.help, tried)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a = b = 3; print a, b", "3 3\n"),
        ("let c = d = ones(2); c += 1; print d", "tensor([2., 2.])\n"),
        ("let q = [0, 0]; (i, q[0]) = r = (1, 2); print i, q, r", "1 [2, 0] (1, 2)\n"),
        ('print(1, 2, sep="-", end="!\\n")', "1-2!\n"),
        ("let end = 5; print end", "5\n"),
        ("print {k: k**2 for k in range(3) if k}", "{1: 1, 2: 4}\n"),
        ("let it = iter(xs); print next(it), next(it), next(it), next(it, 9)", "1 2 3 9\n"),
        ("let b = next(iter(DataLoader(TensorDataset(ones(4, 2)), batch_size=3))); print b[0].shape", "Size([3, 2])\n"),
        ("print sum(v * v for v in xs), max((v for v in xs), key=fn(v) = -v)", "14 1\n"),
        (
            'fn g(v) { if v < 0 { raise f"no {v}" }; return v }; try { g(-1) } catch e { print e, e.code }',
            "no -1 E0609\n",
        ),
        ("print grad(fn(v) = v**2)(3.0), value_and_grad(f)(2)", "tensor(6.) (tensor(8.), tensor(12.))\n"),
        ("print grad(fn(v) = (v**2).sum())([1.0, 2])", "tensor([2., 4.])\n"),
        ('let v = ones(1, device="cpu"); print v.device, v.cpu().to("cpu"), v.is_cuda', "cpu tensor([1.]) False\n"),
        ('device("cuda" if torch.cuda.is_available() else "cpu")', "device(type='cpu')\n"),
        ('vmap(fn(v) = v.to("cpu", float64))(ones(1))', "tensor([1.], dtype=float64)\n"),
    ],
)
def test_what_is_accepted(text: str, shown: str) -> None:
    out = io.StringIO()
    session = Session(out=out, err=io.StringIO())
    assert session.run(BEFORE).ok
    assert session.run(text).ok
    assert out.getvalue() == shown


def test_import_of_numpy_is_to_be_left_out() -> None:
    for text in ("import numpy as np", "import math", "from math import sqrt"):
        error = ran(text)
        assert error is not None and error.help is not None and error.help.startswith("leave the line out")


def test_a_layer_is_named_in_an_error_of_shapes() -> None:
    for text, words in (
        (
            "let net = Sequential(Linear(3, 5), ReLU(), Linear(4, 1)); net(ones(1, 3))",
            "`net[2]` Linear(4, 1) got [1, 5]",
        ),
        (
            "model M() { let fc1 = Linear(4, 2); forward(x) = fc1(x) }\nlet net = M(); net(ones(1, 3))",
            "`net.fc1` Linear(4, 2) got [1, 3]",
        ),
    ):
        error = ran(text)
        assert error is not None and error.labels[0].text == words


def test_at_a_prompt_earlier_lines_are_to_be_given_anew() -> None:
    session = Session(out=io.StringIO(), err=io.StringIO())
    for number, line in enumerate(("let v = 3.0", "let w = v**2", "backward w"), 1):
        errors = session.run(line, f"<prompt {number}>").errors
    assert errors[0].help == "`let v = tensor(3.0, grad)`, then again `let w = v**2` and `backward w`"
    for number, piece in enumerate(re.findall("`([^`]+)`", errors[0].help), 4):
        assert session.run(piece, f"<prompt {number}>").ok


def test_remarks_on_what_shows_nothing() -> None:
    out, err = io.StringIO(), io.StringIO()
    session = Session(out=out, err=err)
    session.display.interactive = True
    session.run("let w = ones(2, grad)\nw.grad\nlet z = w.sum()\nz.backward")
    assert out.getvalue() == "None\n<method backward>\n"
    assert err.getvalue() == "note: no backward has reached `w` yet\nnote: nothing was called: `backward z`\n"


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("backward", "nothing was called: `backward loss`"),
        ("let opt = SGD([ones(1, grad)], lr=0.1); step", "nothing was called: `step opt`"),
        ("grad(f, 2.0)", "nothing was computed, it is a function: `grad(f)(2.0)`"),
        ("nn.Softmax(ones(2))", "a layer was made, and not called: `nn.Softmax(dim=-1)(ones(2))`"),
        ("nn.Flatten(ones(2, 2))", "a layer was made, and not called: `nn.Flatten()(ones(2, 2))`"),
        ("grad(f, 0)", ""),
        ("f", ""),
        ("nn.Softmax(1)", ""),
    ],
)
def test_remarks_on_what_was_not_called(line: str, note: str) -> None:
    err = io.StringIO()
    session = Session(out=io.StringIO(), err=err)
    session.display.interactive = True
    assert session.run(BEFORE).ok and session.run(line).ok
    assert err.getvalue() == (f"note: {note}\n" if note else "")
    for piece in re.findall("`(.*?)`", note):
        assert session.run(piece).ok
