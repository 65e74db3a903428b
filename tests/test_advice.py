"""What errors say in the program's own terms, and that every help that is offered works."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.causes.text import read
from gradsh.errors import REGISTRY, GradshError
from gradsh.language.mending import offered
from gradsh.language.words import RESERVED
from tests.applied import applied
from tests.house import modules
from tests.test_errors import PROGRAMS


def reads(code: str) -> bool:
    """Is it gradsh: a program, an expression, or a word that is one of the language's?"""
    return read(code) is not None or code in RESERVED


def failing(text: str) -> tuple[str | None, list[tuple[str, str]]]:
    """The help of the one error of a program, and the (text, words) of its labels."""
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run(text).errors
    return error.help, [(label.span.text, label.text) for label in error.labels]


# --- every help is gradsh ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_recorded_help_reads(program: Path) -> None:
    for line in program.with_suffix(".out").read_text(encoding="utf-8").splitlines():
        if line.startswith("help: "):
            assert all(map(reads, offered(line.removeprefix("help: ")))), line


@pytest.mark.parametrize("code", sorted(code for code, kind in REGISTRY.items() if kind.example))
def test_help_of_every_example_reads(code: str) -> None:
    for error in Session(out=io.StringIO(), err=io.StringIO()).run(REGISTRY[code].example).errors:
        assert error.help is None or all(map(reads, offered(error.help))), error.help


def with_helps() -> list[str]:
    """The modules that offer help: `help="…"`. argparse's, in the command line, is about options."""
    found = {module for module, path in modules().items() if "help=" in path.read_text(encoding="utf-8")}
    return sorted(module for module in found if not module.startswith("gradsh.cli."))


@pytest.mark.parametrize("module", with_helps())
def test_help_in_the_code_reads(module: str) -> None:
    """Each that is a plain string; the others are read where they are offered."""
    helps = [
        (node.value.lineno, node.value.value)
        for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "help" and isinstance(node.value, ast.Constant)
    ]
    assert [
        (line, help)
        for line, help in helps
        if help is not None and ("\n" in help or not all(map(reads, offered(help))))
    ] == []


# --- and it works ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "line", "pattern"),
    [
        ("let x = tensor(2.0)\nlet z = x * 3\nbackward z", 1, r"^`(.*)`$"),
        ("let x = tensor([1, 2], grad)\nbackward x.sum()", 1, r"^`(.*)`$"),
        ("let x = ones(3, grad)\nbackward x * 2", 2, r"`(backward \(x \* 2\)\.sum\(\))`"),
        ("let x = ones(3, grad)\nbackward x * 2", 2, r"`(backward [^`]*, [^`]*)`"),
        ("let x = ones(2, grad)\nbackward x * 2, ones(3)", 2, r"^`(.*)`$"),
        ("let w = ones(2, grad)\nw -= 0.1", 2, r"^`(.*)`$"),
        ("let w = ones(2, grad)\nw[0] = 0.1", 2, r"^`([^`]*)`"),
        ("let x = ones(1, grad); let y = ones(1, grad)\ngrad(x * 2, y)", 2, r"^`([^`]*)`"),
        ("let x = tensor(2.0, grad); let z = x * x\nbackward z\nbackward z", 2, r"`(backward z, retain_graph)`$"),
        ("let x = ones(2, grad)\n(x * 2).numpy()", 2, r"^`(.*)`$"),
        ("let a = ones(3)\na @ ones(2)", 2, r"each: `(.*)`$"),
        ("let a = ones(2, 3)\na @ ones(2)", 2, r"^`(.*)`$"),
        ("let a = ones(2, 3)\na @ a", 2, r"^`(.*)`$"),
        ("let a = ones(3, 4); let b = ones(3)\na - b", 2, r"`(.*)`$"),
        ("let a = ones(2, 2)\na @ ones(2, 2, dtype=int64)", 2, None),
        ("let x = ones(2)\nif x > 0 { pass }", 2, None),
        ("let x = ones(2)\nprint f'{x:.2f}'", 2, r"`(.*)`$"),
        ('let d = {"momentum": 1}\nd["momentun"]', 2, r"`(.*)`"),
        ("let x = ones(2)\nx.gard", 2, r"`(.*)`"),
        ('let n = 1\nprint n + "a"', 2, r"^`(.*)`$"),
        ("let x = ones(2, grad)\nlet y = exp(x)\ny += 1\nbackward y.sum()", 3, r"`(.*)`$"),
        ("let x = ones(2, grad)\nlet y = exp(x)\ny.mul_(2);\nbackward y.sum()", 3, r"`(.*)`$"),
    ],
)
def test_the_help_works(wrong: str, line: int, pattern: str | None) -> None:
    """Putting what is offered in the place of the wrong line makes the program run."""
    help, _ = failing(wrong)
    if pattern is None:
        return
    found = re.search(pattern, help or "")
    assert found, help
    lines = wrong.split("\n")
    lines[line - 1] = found.group(1)
    result = Session(out=io.StringIO(), err=io.StringIO()).run("\n".join(lines))
    assert result.ok, (lines, result.errors)


WRONG = (Path(__file__).parent / "advice_programs.txt").read_text(encoding="utf-8").split("\n====\n")


def wrong_programs() -> list[str]:
    """The recorded ones, the examples of the errors, the confusions, and others of the same kinds."""
    folders = (PROGRAMS, sorted((Path(__file__).parent / "confusions").glob("*.grad")))
    files = [path.read_text(encoding="utf-8") for folder in folders for path in folder]
    return [*files, *(kind.example for _, kind in sorted(REGISTRY.items()) if kind.example), *WRONG]


def first_error(text: str) -> GradshError | None:
    errors = Session(out=io.StringIO(), err=io.StringIO()).run(text).errors
    return errors[0] if errors else None


def test_every_help_gets_past_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each offer is put where it says, or in the place of what failed, and the program is run again."""
    monkeypatch.chdir(tmp_path)  # some of them save files
    applied_ones = 0
    for text in wrong_programs():
        error = first_error(text)
        if error is None or not error.help or not error.labels:
            continue
        failed = error.labels[0].span
        again = [first_error(program) for program in applied(failed.source.text, failed, error.help, error.edit)]
        same = [after is not None and (after.code, after.message) == (error.code, error.message) for after in again]
        applied_ones += len(again)
        # of what is no program yet the line or the underlined part is replaced: one of them is meant
        assert not same or not (all(same) if error.code.startswith("E01") else any(same)), (text, error.help)
    assert applied_ones > 150


def test_every_error_of_these_programs_has_help() -> None:
    for text in WRONG:
        error = first_error(text)
        assert error is not None and (error.help or len(error.labels) > 2), text


PROMPTS = {
    "no flag": "let x = tensor(5.0)\nlet y = x * 3\nlet z = log(y)\nbackward z",
    "detached": "let x = ones(2, grad)\nlet w = (x * 2).detach()\nlet z = w.sum()\nbackward z",
    "detached name": "let x = ones(2, grad)\nlet y = x * 2\nlet w = y.detach()\nlet z = w.sum()\nbackward z",
    "freed": "let x = tensor(5.0, grad)\nlet y = x ** 3\nlet z = log(y)\nbackward z\nbackward z",
    "no_grad": "let w = tensor(5.0, grad)\nno_grad { let p = w * 3 }\nlet q = p * p\nbackward q",
    "item": "let w = tensor(2.0, grad)\nlet s = (w * 2).item()\nlet loss = tensor(s) ** 2\nbackward loss",
    "second derivative": "let x = tensor(5.0, grad)\nlet z = log(x ** 3)\nbackward z\ngrad(x.grad, x)",
    "changed": "let w = ones(2, grad)\nlet a = w * 2\nlet b = a ** 2\na += 1\nbackward b.sum()",
    "retained": "let w = ones(2, grad)\nlet y = w * 2\nlet z = y.sum()\nbackward z\ny.grad * 2",
    "rebound": "let w = ones(1, grad)\nbackward w * w\nw = w - 0.1 * w.grad\nw.grad * 2",
}


@pytest.mark.parametrize("name", PROMPTS)
def test_at_a_prompt_the_help_says_what_to_compute_anew(name: str) -> None:
    session = Session(out=io.StringIO(), err=io.StringIO())
    for number, line in enumerate(PROMPTS[name].split("\n"), 1):
        errors = session.run(line, f"<prompt {number}>").errors
    (error,) = errors
    assert error.help is not None and "line " not in error.help
    for number, piece in enumerate(offered(error.help), 20):
        result = session.run(piece, f"<prompt {number}>")
        assert result.ok, (error.help, piece, result.errors)
        if name == "rebound":
            session.run("backward w * w")


# --- why there is no graph ----------------------------------------------------------------------------------------


def test_no_graph_names_the_input() -> None:
    help, labels = failing("let x = tensor(2.0)\nlet z = x * 3\nbackward z")
    assert labels == [("z", "does not require grad"), ("tensor(2.0)", "`x` is made here, without `grad`")]
    assert help == "`let x = tensor(2.0, grad)`"


def test_a_cut_is_told_before_an_input_without_the_flag() -> None:
    _, labels = failing("let x = tensor(2., grad)\nlet c = tensor(3.)\nlet z = c * x.detach()\nbackward z")
    assert ("x.detach()", "`detach` gives the values without their history") in labels
    assert not any("without `grad`" in words for _, words in labels)


def test_detach_of_what_had_no_history_is_not_to_blame() -> None:
    _, labels = failing("let x = tensor(2.)\nlet z = x.detach() * 2\nbackward z")
    assert ("tensor(2.)", "`x` is made here, without `grad`") in labels


def test_no_grad_is_named_with_its_line() -> None:
    _, labels = failing("let x = tensor(2., grad)\nno_grad {\n  let z = x * 3\n}\nbackward z + 1")
    assert ("no_grad", "recording is off from here") in labels
    assert ("x * 3", "`z` is made here, inside of `no_grad`: nothing is recorded") in labels


def test_without_the_flag_no_grad_is_not_to_blame() -> None:
    _, labels = failing("let x = tensor(2.)\nno_grad { let z = x * 3 }\nbackward z + 1")
    assert ("tensor(2.)", "`x` is made here, without `grad`") in labels


def test_variables_of_a_function_that_returned_are_not_taken_for_global_ones() -> None:
    text = "let a = tensor(1., grad)\nfn f(a) = a * 2\nlet q = tensor(3.)\nlet z = f(q)\nbackward z"
    help, labels = failing(text)
    assert ("tensor(3.)", "`q` is made here, without `grad`") in labels
    assert help == "`let q = tensor(3., grad)`"


def test_never_the_fix_that_hides_the_error() -> None:
    """`loss.requires_grad = true` silences the error, and nothing trains."""
    for text in ("fn f() { return ones(2).sum() }\nlet z = f()\nbackward z", "let z = ones(2).sum() * 2\nbackward z"):
        help, _ = failing(text)
        assert "requires_grad" not in (help or "")


def test_a_long_or_unreadable_program_does_no_harm() -> None:
    text = "let x = [" + "1., " * 5000 + "]\nlet t = tensor(x)\nbackward t.sum()"
    assert failing(text)[1][0][0] == "t.sum()"


def test_warnings_have_help_too() -> None:
    err = io.StringIO()
    Session(out=io.StringIO(), err=err).run("let x = tensor(1., grad)\nlet y = x * 2\nbackward y\ny.grad")
    assert "help: `y.retain_grad()` before the backward keeps it: before line 3" in err.getvalue()


# --- did you mean ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("let loss = 1\nprint los", "did you mean `loss`?"),
        ("print beta", None),
        ("print gamma", None),
        ("print loss", None),
        ("print foo", None),
        ("sigmod(1.0)", "did you mean `sigmoid`?"),
        ("sgimoid(1.0)", "did you mean `sigmoid`?"),
        ("1.0 |> relo", "did you mean `relu`?"),
        ("lgo(1.0)", "did you mean `log`?"),
        ("contineu", "did you mean `continue`?"),
        ("tensor(1.0, requires)", "did you mean `requires_grad`?"),
        ("let logger = 1\nprint loger", "did you mean `logger`?"),
    ],
)
def test_did_you_mean(text: str, help: str | None) -> None:
    assert failing(text)[0] == help


def test_a_fault_in_what_is_said_on_top_does_not_hide_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gradsh.advice.advise", broken)
    help, labels = failing("let x = tensor(2.0)\nbackward x")
    assert help is None and labels == [("backward x", "")]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (
            "let x = tensor(1., grad)\nfor i in range(3) { x = x.detach() * 2 }\nbackward x",
            ("x.detach()", "`detach` gives the values without their history"),
        ),
        (
            "let x = tensor(1., grad)\nset_grad_enabled(false)\nlet z = x + 1\nset_grad_enabled(true)\nbackward z",
            ("x + 1", "`z` is made here while recording is switched off"),
        ),
        (
            "let x = tensor(1., grad)\nlet y = (x > 0) * 1.0\nbackward y",
            ("(x > 0) * 1.0", "`y` is made here of `x`, by operations that have no gradient"),
        ),
        ("let a = tensor(1., grad); let b = tensor(2.)\ngrad([a, b * 2], [a])", ("b * 2", "does not require grad")),
    ],
)
def test_other_ways_to_lose_the_graph(text: str, label: tuple[str, str]) -> None:
    assert label in failing(text)[1]
