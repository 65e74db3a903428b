"""`help`: every built-in has a page, and the example on it runs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gradsh import Session, guide
from gradsh.engine import registry
from gradsh.view.help_page import render
from gradsh.view.json_lines import JsonDisplay

OPERATORS = registry.functions()


@pytest.mark.parametrize("name", sorted(name for name, entry in OPERATORS.items() if entry.example))
def test_the_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    out = io.StringIO()
    result = Session(out=out, err=out).run(OPERATORS[name].example)
    assert result.ok, out.getvalue()


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_the_page(name: str) -> None:
    entry = OPERATORS[name]
    assert entry.summary and "\n" not in entry.summary and "\n" not in entry.formula and "\n" not in entry.kinks
    text = render(guide.page(name, None))
    first, second, *_ = text.splitlines()
    assert first.startswith(entry.name + "(") and second.startswith("  ")


def test_nearly_all_have_an_example() -> None:
    assert sum(not entry.example for entry in OPERATORS.values()) <= 20


def shown(text: str) -> str:
    out = io.StringIO()
    assert Session(out=out, err=out).run(text).ok, out.getvalue()
    return out.getvalue()


def test_a_page_in_full() -> None:
    assert shown("help relu") == (
        "relu(input, inplace=False)\n"
        "  Every element, or 0 if it is negative.\n"
        "  method    x.relu(…), in place x.relu_(…)\n"
        "  gradient  g where input > 0, else 0\n"
        "  kinks     0 at 0\n"
        "  example   relu(tensor([-1., 2.]))\n"
        "            tensor([0., 2.])\n"
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("help torch.nn.functional.relu", "relu(input"),
        ("help linalg.norm", "linalg.norm(input"),
        ('help "sigmoid"', "sigmoid(input)"),
        ("help(exp)", "exp(input)"),
        ("help print", "print value"),
        ("help pi", "pi"),
        ("help no_grad", "no_grad {"),
        ("help float32", "float32"),
        ("help range", "range("),
        ("fn f(x, y=2.0) = x\nhelp f", "f(x, y=2.0)"),
        ("let w = ones(2)\nhelp w", "w\n  Bound to a tensor of shape [2]"),
    ],
)
def test_what_can_be_asked_about(text: str, first: str) -> None:
    assert shown(text).startswith(first)


def test_a_name_that_nothing_has() -> None:
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run('help "sigmid"').errors
    assert error.message == "help: there is no built-in 'sigmid'"
    assert error.help == "did you mean `help sigmoid`?"


def test_an_example_leaves_the_session_alone() -> None:
    assert shown("let x = 7\nhelp backward\nx").endswith("\n7\n")


def test_as_json() -> None:
    out = io.StringIO()
    Session(display=JsonDisplay(out, out)).run("help exp")
    data = json.loads(out.getvalue())
    assert data["help"] == "exp" and data["usage"] == "exp(input)" and data["output"]
