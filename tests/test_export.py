"""`gradsh export --to latex`: formulas of expressions and of their derivatives, which agree with backward's numbers."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.cli.export import Formula
from gradsh.errors import Source
from gradsh.language import calculus
from gradsh.language.program import understood
from gradsh.lints.reading import Reading
from gradsh.session.check import table
from tests.conftest import Gradsh


def formula(text: str, name: str | None = None) -> Formula:
    source, builtins = Source("<text>", text), table()
    tree, resolution, uses = understood(source, {}, builtins)
    return Formula(Reading(tree, source, resolution, builtins, bool(uses)), builtins, name)


GIVEN = "let x = tensor(5.0, grad)\nlet q = tensor(3.0, grad)\nlet y = x ** 3\n"
WRITTEN = {
    "let z = log(y)": [r"z = \log\left(x^{3}\right)", r"\frac{\mathrm{d} z}{\mathrm{d} x} = \frac{3}{x}"],
    "let w = x ** q": [
        "w = x^{q}",
        r"\frac{\partial w}{\partial x} = q x^{q - 1}",
        r"\frac{\partial w}{\partial q} = x^{q} \log\left(x\right)",
    ],
    "fn f(t) = t**3 - 2 * t": [r"f\left(t\right) = t^{3} - 2 t", r"f'\left(t\right) = 3 t^{2} - 2"],
    "let f = fn(a) = sin(a) / a": [
        r"f\left(a\right) = \frac{\sin\left(a\right)}{a}",
        r"f'\left(a\right) = \frac{\cos\left(a\right)}{a} - \frac{\sin\left(a\right)}{a^{2}}",
    ],
    "fn f(alpha, x1) = sqrt(alpha) * exp(-x1)": [
        r"f\left(\alpha, x_{1}\right) = \sqrt{\alpha} e^{-x_{1}}",
        r"\frac{\partial f}{\partial \alpha} = \frac{0.5 e^{-x_{1}}}{\sqrt{\alpha}}",
        r"\frac{\partial f}{\partial x_{1}} = -\sqrt{\alpha} e^{-x_{1}}",
    ],
    "let learning_rate = 1e-3 * abs(x)": [
        r"\mathrm{learning\_rate} = 0.001 \left|x\right|",
        r"\frac{\mathrm{d} \mathrm{learning\_rate}}{\mathrm{d} x} = 0.001 \operatorname{sign}\left(x\right)",
    ],
    "let m = x @ tensor([1.0, 2.0])": [
        r"m = x \begin{pmatrix} 1 \\ 2 \end{pmatrix}",
        r"\frac{\mathrm{d} m}{\mathrm{d} x} = \begin{pmatrix} 1 \\ 2 \end{pmatrix}^{\top}",
    ],
}


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written(text: str) -> None:
    lines, problem = formula(GIVEN + text).lines()
    assert ([f"{left} = {right}" for left, right in lines], problem) == (WRITTEN[text], "")


EXPRESSIONS = """
x**3 - 2 * x
log(x**3) + sqrt(x**2)
sin(x * y) / (1 + exp(-x))
sigmoid(x)**2 * sqrt(x) + 1e-3
(x - y)**2 / (x + y)
x**y
tanh(x) * tan(y) - cos(x) / y
1 / x - 1 / (x * y)
-(-x) * -y
2 ** x
(x * y + x) * (x - 3)
exp(x)**-2
x / y / x
log1p(x) * square(y) - atan(x)
erf(x) + reciprocal(y)
""".strip().splitlines()


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_derivatives_agree_with_backward(text: str) -> None:
    """As they are put together, made simpler, and read again as gradsh."""
    found = formula(f"fn f(x, y) = {text}")
    slopes = calculus.gradients(found.body, calculus.number(1), found._formula, found.reading.called)
    for x, y in ((0.7, 1.3), (2.0, 0.4)):
        head = f"let x = tensor({x}, grad, dtype=float64)\nlet y = tensor({y}, grad, dtype=float64)\n"
        for name, slope in slopes.items():
            lines = [calculus.written(slope), calculus.written(calculus.simplified(slope)), f"grad({text}, {name})[0]"]
            out = io.StringIO()
            program = head + "".join(f"print ({line}) * 1.0 + 0 * x.detach()\n" for line in lines)
            assert (
                Session(out=out, err=out).run(program.replace("print (", "print (tensor(0.0, dtype=float64) + ")).ok
            ), program
            numbers = [float(n) for n in re.findall(r"tensor\(([-\d.e+]+)", out.getvalue())]
            assert len(numbers) == 3, out.getvalue()
            assert all(math.isclose(number, numbers[2], rel_tol=1e-3, abs_tol=1e-4) for number in numbers), (
                program,
                numbers,
            )


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_brackets_are_closed(text: str) -> None:
    for _, right in formula(f"fn f(x, y) = {text}").lines()[0]:
        assert right.count("{") == right.count("}") and right.count(r"\left") == right.count(r"\right")


def test_the_command(gradsh: Gradsh, tmp_path: Path) -> None:
    (tmp_path / "a.grad").write_text(GIVEN + "let z = log(y)\nlet loss = z")
    done = gradsh("export", "--to", "latex", "a.grad", "z")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == WRITTEN["let z = log(y)"]
    data = json.loads(gradsh("export", "--json", "--to", "latex", "a.grad", "z").stdout)
    assert data["formulas"][1] == [r"\frac{\mathrm{d} z}{\mathrm{d} x}", r"\frac{3}{x}"]
    done = gradsh("export", "--to", "latex", "-c", "fn f(x) = x.argmax()")
    assert done.returncode == 1 and done.stdout == r"f\left(x\right) = \operatorname{argmax}\left(x\right)" + "\n"
    assert done.stderr == "gradsh: there is no formula for the derivative of argmax\n"
    for arguments, status, words in (
        (["a.grad", "los"], 2, "binds no expression to 'los'; did you mean loss?"),
        (["nowhere.grad", "z"], 2, "cannot read 'nowhere.grad'"),
        ([], 2, "a file, and the name"),
        (["-c", "let x = "], 3, "error[E0102]"),
        (["-c", "print 1"], 2, "there is no expression in the program"),
        (["-c", 'fn f(x) = f"{x}"'], 1, "is no formula"),
    ):
        done = gradsh("export", "--to", "latex", *arguments)
        assert done.returncode == status and words in done.stderr, done.stderr
