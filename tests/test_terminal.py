"""What reaches a terminal: nothing that a program prints, or calls its things, can drive it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.plain import DRIVING, undriving_report
from gradsh.view.progress import Bar
from tests.conftest import Gradsh

# a title, a colour, C1's own CSI, a turn of direction, a line end of Unicode's, DEL
EVIL = "\x1b]0;title\x07\x1b[31m\x9b2J\u202e\u2066\u2028\x7f\rover"
SHOWN = "␛]0;title␇␛[31m\\x9b2J\\u202e\\u2066\\u2028␡␍over"
LITERAL = json.dumps(EVIL)  # as a program writes it
WAYS = {
    "print": f"print {LITERAL}",
    "value": f"let s = {LITERAL}; s",
    "in a list": f"print [{LITERAL}]",
    "f-string": f"print f{LITERAL}",
    "in a model": f"model M() {{ fn extra_repr() = {LITERAL} }}; print M()",
    "report": 'let d = {"\x1b]0;x\x07\u202e": ones(2)}; show d["\x1b]0;x\x07\u202e"]',
    "help": 'let d = [log]; help d["\x1b]0;x\x07\u202e" == 1]',
    "error": f"assert false, {LITERAL}",
    "name of an error": f"{{}}[{LITERAL}]",
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(text: str, stream: io.StringIO) -> str:
    Session(out=stream, err=stream).run(text)
    return stream.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_nothing_drives_the_terminal(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    shown = said(WAYS[way], Terminal())
    assert shown.strip() and not [char for char in shown if ord(char) in DRIVING]


def test_pictures_stand_for_what_would_drive_it() -> None:
    assert said(WAYS["print"], Terminal()) == SHOWN + "\n"
    assert said('print "tab\\there\\nnext \\u00a0é 😀 \\u200d"', Terminal()) == "tab\there\nnext \u00a0é 😀 \u200d\n"


def test_in_a_pipe_it_is_data() -> None:
    assert said(WAYS["print"], io.StringIO()) == EVIL + "\n"
    for way in ("report", "help", "error", "name of an error"):  # but what gradsh says itself is clean there too
        assert not [char for char in said(WAYS[way], io.StringIO()) if ord(char) in DRIVING]


def test_reports_keep_their_own_colours_and_no_others() -> None:
    painted = "\x1b[1;31mred\x1b[0m \x1b[38;5;4mx \x1b[8mhidden\x1b[0m \x1b]0;t\x07"
    shown = "\x1b[1;31mred\x1b[0m ␛[38;5;4mx ␛[8mhidden\x1b[0m ␛]0;t␇"
    assert undriving_report(painted, color=True) == shown
    assert "\x1b" not in undriving_report(painted, color=False)


def test_the_title_of_a_bar() -> None:
    bar = Bar(Terminal(), EVIL, 3, False)
    assert not [char for char in bar.line(200) if ord(char) in DRIVING]


def test_lines_of_json_are_lines_everywhere() -> None:
    out = io.StringIO()
    Session(display=JsonDisplay(out, out)).run(f"print {LITERAL}; assert false, {LITERAL}")
    first, second = out.getvalue().splitlines()
    assert not [char for char in first + second if ord(char) in DRIVING]
    assert json.loads(first)["data"] == json.loads(second)["message"] == EVIL


def test_help_of_a_script(tmp_path: Path, gradsh: Gradsh) -> None:
    (tmp_path / "s.grad").write_text("# about \x1b[31m\nparam lr = 0.1  # rate \x1b]0;owned\x07\u202e\n")
    done = gradsh("s.grad", "--help")
    assert done.returncode == 0 and "rate ␛]0;owned␇" in done.stdout
    assert not [char for char in done.stdout if ord(char) in DRIVING]
