"""Names that look alike, and lines that are not shown as they are read."""

from __future__ import annotations

import io
import sys

import pytest

from gradsh import Session
from gradsh.errors import Source
from gradsh.language.lookalikes import doubts

A, E, X, P, O = "\u0430", "\u0435", "\u0445", "\u0440", "\u043e"  # noqa: E741  # Cyrillic, shown as a, e, x, p, o
KNOWN = {"exp", "sum"}


def said(text: str) -> list[str]:
    return [warning.message for warning in doubts(Source("<text>", text), KNOWN.__contains__)]


@pytest.mark.parametrize(
    ("text", "name", "other"),
    [
        (f"let a = 1\nlet {A} = 2", A, "a"),
        (f"let {A} = 1\nlet a = 2", A, "a"),
        (f"let {E}{X}{P} = 2", f"{E}{X}{P}", "exp"),  # the built-in
        ("let \u03bf = 1\nlet \u043e = 2", "\u043e", "\u03bf"),  # Greek and Cyrillic
        ("let \u03bc = 1\nprint \u00b5", "\u00b5", "\u03bc"),  # mu and the sign of micro
        ("let x1 = 1\nlet x\u2081 = 2", "x\u2081", "x1"),  # an index
        ("let a = 1\nlet \uff41 = 2", "\uff41", "a"),  # as wide as a Chinese character
    ],
)
def test_names_that_look_alike(text: str, name: str, other: str) -> None:
    (message,) = said(text)
    assert message.startswith(f"`{name}` looks like `{other}` and is another name: its `")


def test_a_name_of_two_alphabets() -> None:
    assert said(f"let p{A}ss = 1") == [f"`p{A}ss` mixes two alphabets: its `{A}` is CYRILLIC SMALL LETTER A"]


@pytest.mark.parametrize(
    "text",
    [
        "let \u03b1, a = 0.1, 1\nlet \u03b8_max, \u0394x, \u03c3 = 1, 2, 3\nlet p, y = \u03c3, \u03b1",  # mathematics
        "let \u0448\u0430\u0433 = 1\nlet \u0430 = 2",  # a name in Russian; nothing else is called that
        "let \u5b66\u7fd2\u7387 = 0.1",
        f'print "{A} a {E}{X}{P}"  # {A} a',  # in text
        "let l1, I1, O0, o0 = 1, 2, 3, 4",  # ASCII has its own, which everybody knows
        'print "\u05e9\u05dc\u05d5\u05dd\u200f!"',  # marks are part of how Hebrew is written
    ],
)
def test_names_that_are_fine(text: str) -> None:
    assert said(text) == []


def test_lines_that_are_turned() -> None:
    (message,) = said('if level != "user\u202e \u2066# admin\u2069 \u2066" { pass }')
    assert message == "this string holds RIGHT-TO-LEFT OVERRIDE: the line is not shown as it is read"
    assert said("pass  # \u2067 x")[0].startswith("this comment holds RIGHT-TO-LEFT ISOLATE")


def test_a_program_that_runs_is_warned_of_as_well() -> None:
    out, err = io.StringIO(), io.StringIO()
    session = Session(out=out, err=err)
    assert session.run("let a = 1").ok and session.run(f"let {A} = 2; print a").ok
    assert out.getvalue() == "1\n" and err.getvalue().startswith("warning[W0521]: ")
    for _ in range(2):  # from the cache too
        err = io.StringIO()
        Session(out=out, err=err).run('print "\u202e"')
        assert err.getvalue().startswith("warning[W0522]: ")


def test_ascii_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradsh.language.lookalikes", None)  # an import of it would fail
    assert Session(out=io.StringIO()).run("let a = 1; print a").ok
