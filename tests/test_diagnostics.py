"""Errors as text, against the exact text; no engine needed."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest

from gradsh import Session, errors
from gradsh.errors import REGISTRY, FreedGraph, GradshError, Label, Source, Span, UnknownName, WarningRecord
from gradsh.view import color
from gradsh.view.diagnostics import as_data, render, render_warning, visible, write


def span(source: Source, fragment: str, occurrence: int = 0) -> Span:
    at = -1
    for _ in range(occurrence + 1):
        at = source.text.index(fragment, at + 1)
    return Span(source, at, at + len(fragment))


def error(text: str, *labels: str | tuple[str, str], message: str = "wrong", help: str | None = None) -> GradshError:
    source = Source("t.grad", text)
    pairs = [label if isinstance(label, tuple) else (label, "") for label in labels]
    return UnknownName(message, [Label(span(source, part), words) for part, words in pairs], help)


def test_one_label_and_help() -> None:
    shown = render(error("let loss = 1.0\nprint (los)\n", "(los)", message="name 'los'", help="did you mean `loss`?"))
    assert shown == (
        "error[E0201]: name 'los'\n --> t.grad:2:7\n  |\n2 | print (los)\n  |       ^^^^^\nhelp: did you mean `loss`?\n"
    )


def test_secondary_labels_in_the_order_of_lines() -> None:
    text = "let x = 2\n\n\nlet z = x * x\nbackward z\nz.backward()"
    shown = render(error(text, "z.backward()", ("backward z", "freed here"), ("x * x", "recorded here")))
    assert shown == (
        "error[E0201]: wrong\n"
        " --> t.grad:6:1\n"
        "  |\n"
        "4 | let z = x * x\n"
        "  |         ----- recorded here\n"
        "5 | backward z\n"
        "  | ---------- freed here\n"
        "6 | z.backward()\n"
        "  | ^^^^^^^^^^^^\n"
    )


def test_lines_far_apart_are_joined_by_dots() -> None:
    shown = render(error("one\n" + "\n" * 10 + "two", "two", ("one", "first")))
    assert shown.splitlines()[3:] == [" 1 | one", "   | --- first", "...", "12 | two", "   | ^^^"]


def test_tabs_wide_and_combining_characters() -> None:
    shown = render(error("\tlet s = 日本 + x\u0301 + foo", "foo")).splitlines()
    assert shown[1] == " --> t.grad:1:20"
    line, marks = shown[3], shown[4]
    assert line == "1 |     let s = 日本 + x\u0301 + foo"
    # two columns for each wide character, none for the accent
    assert marks.index("^") == line.index("foo") + 2 - 1


def test_a_span_of_several_lines() -> None:
    call = "f(1,\n  2,\n  3,\n  4,\n  5)"
    shown = render(error(f"let a = {call}", (call, "this call")))
    assert shown == (
        "error[E0201]: wrong\n"
        " --> t.grad:1:9\n"
        "  |\n"
        "1 | let a = f(1,\n"
        "  |         ^^^^\n"
        "2 |   2,\n"
        "  |   ^^\n"
        "...\n"
        "5 |   5)\n"
        "  |   ^^ this call\n"
    )


def test_a_long_line_is_a_window() -> None:
    start = time.perf_counter()
    shown = render(error("1+" * 500_000 + "foo" + "+1" * 500_000, "foo")).splitlines()
    assert time.perf_counter() - start < 1
    assert shown[1] == " --> t.grad:1:1000001"
    assert max(map(len, shown)) <= 120
    assert shown[3].startswith("1 | …") and shown[3].endswith("…")
    assert shown[3][shown[4].index("^") :].startswith("foo")


def test_two_marks_far_apart_on_a_long_line_are_two_windows() -> None:
    text = "foo" + "+1" * 1000 + "+bar"
    shown = render(error(text, "foo", ("bar", "and this"))).splitlines()
    assert [line[:2] for line in shown[3:]] == ["1 ", "  ", "1 ", "  "]
    assert shown[5][shown[6].index("-", 3) :].startswith("bar")


def test_the_window_fits_a_narrow_terminal() -> None:
    shown = render(error("x" * 300 + "foo", "foo"), width=50)
    assert max(map(len, shown.splitlines())) <= 50


def test_end_of_text_empty_text_and_no_label() -> None:
    source = Source("t.grad", "let x = (1")
    shown = render(UnknownName("unfinished", [Label(Span(source, 10, 10))]))
    assert shown.splitlines()[3:] == ["1 | let x = (1", "  |           ^"]
    empty = Source("t.grad", "")
    assert render(UnknownName("empty", [Label(Span(empty, 0, 0))])).splitlines()[3:] == ["1 |", "  | ^"]
    assert render(UnknownName("two\nlines")) == "error[E0201]: two\nlines\n"


def test_crlf_counts_as_one_line_end() -> None:
    shown = render(error("a\r\nfoo\r\nb", "foo")).splitlines()
    assert shown[1:] == [" --> t.grad:2:1", "  |", "2 | foo", "  | ^^^"]


def test_labels_in_another_file() -> None:
    here, there = Source("main.grad", "f(1)"), Source("lib.grad", "\nfn f(x) = x.y")
    shown = render(UnknownName("no y", [Label(span(there, "x.y")), Label(span(here, "f(1)"), "called here")]))
    assert shown == (
        "error[E0201]: no y\n"
        " --> lib.grad:2:11\n"
        "  |\n"
        "2 | fn f(x) = x.y\n"
        "  |           ^^^\n"
        " ::: main.grad:1:1\n"
        "  |\n"
        "1 | f(1)\n"
        "  | ---- called here\n"
    )


def test_control_characters_never_reach_the_terminal() -> None:
    shown = render(error('print "\x1b[31m\x07"', "print", message="bad \x1b]0;title\x07"))
    assert "\x1b" not in shown and "\x07" not in shown
    assert "␛[31m␇" in shown
    assert visible("a\u202eb") == "a\N{REPLACEMENT CHARACTER}b"


def test_short_and_json() -> None:
    one = error("let x = lss", "lss", message="no lss\nreally", help="`loss`")
    assert render(one, style="short") == "t.grad:1:9: error[E0201]: no lss\n"
    out = io.StringIO()
    write([one, one], out, style="json")
    first, second = map(json.loads, out.getvalue().splitlines())
    assert first == second == as_data(one)
    assert first == {
        "error": "E0201",
        "message": "no lss\nreally",
        "file": "t.grad",
        "line": 1,
        "column": 9,
        "help": "`loss`",
    }


def test_several_errors_have_an_empty_line_between() -> None:
    out = io.StringIO()
    write([error("a", "a"), error("b", "b")], out)
    assert out.getvalue().count("\n\n") == 1 and not out.getvalue().endswith("\n\n")


def test_a_warning() -> None:
    source = Source("t.grad", "y.grad")
    shown = render_warning(WarningRecord("not a leaf", span(source, "y.grad")))
    assert shown == "warning: UserWarning: not a leaf\n --> t.grad:1:1\n  |\n1 | y.grad\n  | ^^^^^^\n"


def test_colour_adds_nothing_but_escapes() -> None:
    import re

    one = error("let x = lss", "lss", help="`loss`")
    painted = render(one, color=True)
    assert "\x1b[1;31m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(one)


@pytest.mark.parametrize(
    ("setting", "environment", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_who_decides_about_colour(
    setting: str, environment: dict[str, str], terminal: bool, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    assert color.wanted(Stream(), setting) is wanted


def test_the_registry_is_complete() -> None:
    for code, kind in REGISTRY.items():
        assert code == kind.code and len(code) == 5 and code[0] == "E"
        assert kind.summary.endswith("."), f"{code} has no summary"
        assert kind.kind


def test_every_error_stands_in_the_file_of_its_group() -> None:
    folder = Path(errors.__file__).parent
    assert sorted(errors.GROUPS) == sorted(path.stem for path in folder.glob("e*.py"))
    for code, kind in REGISTRY.items():
        assert kind.__module__.startswith(f"gradsh.errors.{code[:3].lower()}_"), f"{code} is in {kind.__module__}"
        assert getattr(errors, kind.__name__) is kind
    assert list(REGISTRY) == sorted(REGISTRY)
    assert not hasattr(errors, "Nonesuch")


def test_one_code_names_one_error() -> None:
    with pytest.raises(TypeError, match="both claim E0402"):
        type("Again", (GradshError,), {"code": "E0402"})
    assert REGISTRY["E0402"] is FreedGraph


def test_texts_of_megabytes_are_cut() -> None:
    long = "a" * 1_000_000
    for program in (f'assert false, "{long}"', long, f'{{"a": 1}}["{long}"]', f"ones(2).{long}", f"{long}(1)"):
        err = io.StringIO()
        Session(out=io.StringIO(), err=err).run(program)
        assert len(err.getvalue()) < 20_000 and "characters more)" in err.getvalue(), err.getvalue()[:200]
    told = Session(out=io.StringIO(), err=io.StringIO()).run(f'assert false, "{long}"').errors[0]
    assert len(told.message) >= len(long)  # a program that catches it has all of it
    assert len(str(as_data(told))) < 20_000
