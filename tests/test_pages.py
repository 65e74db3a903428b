"""The pages on codes: whole, true (example and cure are run), and the same in the shell and on the command line."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.advice.scene import read
from gradsh.errors import REGISTRY
from gradsh.lints.pages import code_page, topics
from gradsh.reports import CodePage
from gradsh.view.registry import Look, view_of
from tests.conftest import Gradsh

CODES = [name for topic in topics() for name in topic.names]
# What a program cannot bring about by itself: files, memory, depth, a package that is missing, gradsh's own faults.
WITHOUT = {"E0106", "E0109", "E0212", "E0502", "E0505", "E0613", "E0902", "E0903", "E0999"}


def page_of(code: str) -> CodePage:
    page = code_page(code)
    assert page is not None
    return page


def text_of(code: str, width: int = 80) -> str:
    page = page_of(code)
    return view_of(page).text(page, Look(width=width))


@pytest.mark.parametrize("code", CODES)
def test_a_page_is_whole(code: str) -> None:
    page = page_of(code)
    assert re.fullmatch(r"[^\n]+\.", page.summary) and page.happened[-1] in ".?" and page.see
    assert bool(page.example) == bool(page.cure) == (code not in WITHOUT)
    if code[0] == "E":
        assert page.causes, "what brings it about"
    for width in (80, 60):
        assert max(map(len, text_of(code, width).splitlines())) <= max(width, longest(page) + 2)


def longest(page: CodePage) -> int:
    return max(map(len, [*page.example.splitlines(), *page.cure.splitlines(), ""]))


@pytest.mark.parametrize("code", sorted(REGISTRY.keys() - WITHOUT))
def test_the_cure_runs_where_the_example_does_not(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some write files
    page, err = page_of(code), io.StringIO()
    result = Session(out=io.StringIO(), err=io.StringIO()).run(page.example)
    assert [error.code for error in result.errors][:1] == [code]
    assert Session(out=io.StringIO(), err=err).run(page.cure).ok and err.getvalue() == ""


@pytest.mark.parametrize("code", CODES)
def test_what_a_page_names_is_there(code: str) -> None:
    """Codes, what `help` is asked for, and gradsh between backticks that parses."""
    page = page_of(code)
    text = " ".join([page.happened, page.afterwards, *page.causes, *page.not_a_cure, page.see])
    assert text.count("`") % 2 == 0
    assert all(code_page(other) is not None for other in re.findall(r"\b[EW]\d{4}\b", text))
    for name in re.findall(r"`help ([\w.]+)`", page.see):
        err = io.StringIO()
        assert Session(out=io.StringIO(), err=err).run(f'help "{name}"').ok, err.getvalue()
    for piece in page.see.split("`")[1::2]:
        assert read(piece) is not None, piece


def test_what_is_said_afterwards_is_so() -> None:
    said = {code: page_of(code).afterwards for code in CODES if page_of(code).afterwards}
    assert said.pop("E0403") == "The same as `backward x * 2, ones(3)`: every weight is 1."
    for code, words in said.items():
        value = re.match(r"x\.grad is ([\d.]+) then", words)
        assert value is not None, words
        out = io.StringIO()
        Session(out=out).run(page_of(code).cure + "\nprint round(x.grad.item(), 4)")
        assert float(out.getvalue()) == float(value[1])


def test_a_page_in_full() -> None:
    assert text_of("E0402") == (
        "E0402  Backward through a graph whose saved values were freed by an earlier\n"
        "       backward.\n"
        "\n"
        "Backward frees what the operations kept (`saved z` lists it) as soon as it has\n"
        "used it. A second backward through the same operations finds nothing there.\n"
        "\n"
        "A program that has it                  And its cure\n"
        "  let x = tensor(5.0, grad)              let x = tensor(5.0, grad)\n"
        "  let z = log(x ** 3)                    let z = log(x ** 3)\n"
        "  backward z                             backward z, retain_graph\n"
        "  backward z                             backward z\n"
        "\n"
        "(x.grad is 1.2 then: gradients add up.)\n"
        "\n"
        "Usual causes\n"
        "  the loss is computed before a loop, not in it: compute it in every round\n"
        "  two losses share a part: `backward loss1 + loss2`\n"
        "  a state goes from round to round: `h = h.detach()` after each backward\n"
        "  a value is kept from an earlier backward and used in the next loss\n"
        "Not a cure\n"
        "  `retain_graph` in a loop hides the first cause, and memory grows every round\n"
        "See also\n"
        "  `saved z`, `graph z` (marks freed operations †), W0506, E0405\n"
    )
    assert text_of("E0402", 140) == text_of("E0402")
    assert "A program that has it\n  let x" in text_of("E0402", 50) and "And its cure\n  let x" in text_of("E0402", 50)


def test_explain_on_the_command_line(gradsh: Gradsh) -> None:
    done = gradsh("explain", "e0402", "W0505")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == text_of("E0402") + "\n" + text_of("W0505")
    data = json.loads(gradsh("explain", "--json", "E0402").stdout)
    assert data["help"] == "E0402" and data["cure"] == page_of("E0402").cure and len(data["causes"]) == 4
    wrong = gradsh("explain", "E042")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("gradsh: there is no error or warning with the code 'E042'; did you mean E0402?\n")
    listed = gradsh("explain").stdout
    assert all(f"\n  {code}" in listed for code in CODES)


def test_the_same_page_in_a_program() -> None:
    for ask, code in (("help E0402", "E0402"), ('help "E0402"', "E0402"), ("help W0505", "W0505")):
        out = io.StringIO()
        assert Session(out=out).run(ask).ok
        assert out.getvalue() == text_of(code)
