"""`plot`: pictures at 80 and 140 columns and without Unicode, what it refuses, loops, files.

The pictures are in tests/plots/, which `make record` writes.

examples/looking/plot.grad shows each kind of them.
"""

from __future__ import annotations

import io
import json
import math
import re
import sys
from pathlib import Path

import pytest

from gradsh import Session
from gradsh.causes.text import read
from gradsh.language.mending import offered
from gradsh.reports import Report
from gradsh.session.display import Display
from gradsh.view import live
from gradsh.view.axes import powers, ticks
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.registry import Look, view_of

FOLDER = Path(__file__).parent / "plots"
LOOKS = {"80": Look(width=80), "140": Look(width=140), "ascii": Look(width=80, unicode=False)}
PROGRAMS = {
    "function": "let f = fn(x) = x**3 - 2 * x\nplot f, -3, 3",
    "tangent": "let f = fn(x) = x**3 - 2 * x\nplot f, -3, 3, at=1.5",
    "log": "let losses = [10 * 0.8 ** i for i in range(40)]\nplot losses, log",
    "two": "let train = [1 / i for i in range(1, 20)]\nlet val = [0.2 + 1 / i for i in range(2, 21)]\nplot train, val",
    "scatter": "manual_seed(0)\nlet x = randn(60)\nlet y = x ** 2\nplot x, y",
    "histogram": "manual_seed(0)\nplot randn(1000)",
    "heat": "plot arange(60.0).reshape(6, 10)",
    "blocks": "plot arange(12000.0).reshape(60, 200)",
    "contour": "plot fn(x, y) = x**2 + 2 * y**2, [-1, 1], [-1, 1], path=[[0.9, 0.9], [0.5, 0.3], [0, 0]]",
    "net": "manual_seed(0)\nlet net = Sequential(Linear(3, 8), Sigmoid(), Linear(8, 8), Sigmoid(), Linear(8, 1))\n"
    "backward net(randn(5, 3)).sum()\nnet[0].bias.grad = none\nzero_grad net[2].bias\nnet[2].bias.grad = zeros(8)\n"
    "plot net",
}


class Caught(Display):
    """Keeps reports, and errors as lines."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.lines: list[str] = []

    def report(self, report: Report) -> None:
        self.reports.append(report)


def chart(text: str) -> Report:
    display = Caught()
    result = Session(display=display).run(text)
    assert result.ok, result.errors[0].message
    return display.reports[-1]


def drawn(name: str, look: str) -> str:
    report = chart(PROGRAMS[name])
    return view_of(report).text(report, LOOKS[look])


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_picture(name: str, look: str) -> None:
    text = drawn(name, look)
    assert text == (FOLDER / f"{name}.{look}.txt").read_text(encoding="utf-8"), "make record"
    assert max(map(len, text.splitlines())) <= LOOKS[look].width  # type: ignore[operator]  # each has one
    assert text.count("\n") <= 24
    if look == "ascii":
        assert text.isascii()


def test_the_numbers_are_all_in_the_data() -> None:
    out = io.StringIO()
    assert Session(display=JsonDisplay(out, out)).run("plot fn(x) = x**2, -1, 1").ok
    data = json.loads(out.getvalue())
    (f, slope) = data["series"]
    assert (f["name"], slope["name"], len(f["x"])) == ("f", "f'", 241)
    assert all(math.isclose(2 * x, d, abs_tol=1e-6) for x, d in zip(slope["x"], slope["y"], strict=True))


def test_what_was_there_stays_as_it_was() -> None:
    text = (
        "manual_seed(3)\nlet w = tensor(2.0, grad)\nbackward w ** 2\n"
        "let f = fn(x) = w * x + 0 * rand(1).sum()\nplot f, -1, 1\nprint w.grad, w._version, rand(1)"
    )
    without = text.replace("plot f, -1, 1\n", "")
    said = []
    for each in (text, without):
        out = io.StringIO()
        assert Session(out=out).run(each).ok
        said.append(out.getvalue().splitlines()[-1])
    assert said[0] == said[1]


BAD = {
    "plot": ("E0306", "there is nothing to draw"),
    "plot []": ("E0307", "[] is empty"),
    "plot [none]": ("E0306", "item 0 of [none] is none"),
    'plot ["a"]': ("E0306", "is a string, not a number"),
    "plot [ones(2)]": ("E0306", "is a tensor of shape [2], not a number"),
    "plot 3": ("E0306", "3 is one number"),
    "plot tensor(1.0)": ("E0306", "is one number"),
    'plot {"a": 1}': ("E0306", "is a dict, not numbers"),
    "let x = tensor([nan, inf])\nplot x": ("E0307", "no value of x is a finite number"),
    "let x = [0, -1]\nplot x, log": ("E0307", "no value of x is above 0"),
    "plot zeros(2, 3, 4)": ("E0306", "a picture has two dimensions"),
    "plot zeros(0, 3)": ("E0307", "is empty, of shape [0, 3]"),
    "plot ones(3), ones(4)": ("E0307", "has 3 numbers and ones(4) has 4"),
    "plot fn(x) = stack([x, x]), -1, 1": ("E0306", "f gives a tensor of shape [2]"),
    'plot fn(x) = "a", -1, 1': ("E0306", "f gives a string"),
    "fn f(x) = x\nplot f": ("E0306", "from where to where is f to be drawn?"),
    "fn f(x) = x\nplot f, 3, -3": ("E0307", "goes from 3 to -3"),
    "fn f(x) = x\nplot f, none, 3": ("E0306", "the range of x is none"),
    "fn f(x) = log(x)\nplot f, -2, -1": ("E0307", "no value of f is a finite number"),
    "fn f(x) = x\nplot f, -1, 1, at=5": ("E0307", "outside of the range"),
    "fn f(x) = x.item()\nplot f, -1, 1, at=0": ("E0307", "f has no derivative at 0"),
    "fn f(x, y) = x\nplot f, [0, 1], 3": ("E0306", "the range of y is from where to where"),
    "fn f(x, y) = x\nplot f, [0, 1], [0, 1], path=[1, 2]": ("E0306", "a path is points with two numbers each"),
    "fn f(x, y) = log(-x)\nplot f, [0, 1], [0, 1]": ("E0307", "no value of f there is a finite number"),
    "plot ReLU()": ("E0307", "has no parameters"),
    'plot [1, 2], "x.gif"': ("E0503", "ends in .png or .svg"),
    'plot [1, 2], "nowhere/x.png"': ("E0501", "there is no folder 'nowhere'"),
    'plot "x.png"': ("E0306", "there is nothing to draw"),
}


@pytest.mark.parametrize("text", BAD)
def test_what_it_refuses(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, words = BAD[text]
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run(text).errors
    assert error.code == code and words in error.message
    if error.help is not None:
        assert "`" not in error.help or all(read(piece) is not None for piece in offered(error.help)), error.help
    assert list(tmp_path.iterdir()) == []


NOTES = {
    "let x = [1.0, nan, 3.0, inf]\nplot x": "2 of 4 values of x are nan or inf and not drawn, the first at [1]",
    "let x = [1.0, -1.0, 3.0]\nplot x, log": "1 of 3 values of x are not above 0 and not drawn",
    "plot fn(x) = floor(x.item()), 0, 3": "f' is not drawn: no gradient gets through f to x",
    "plot fn(x) = 1 / x, -1, 1": "95 of 100 values are shown; all go from",
    "plot tensor([[1.0, nan], [2.0, 3.0]])": "1 of 4 values of tensor([[1.0, nan], [... are nan or inf: `?`",
    "let net = Linear(2, 1)\nplot net": "no parameter has a gradient: no backward has reached them",
    "plot fn(x, y) = x, [0, 1], [0, 1], path=[[0.5, 0.5], [3, 0]]": "1 of 2 points of the path are outside",
}


@pytest.mark.parametrize("text", NOTES)
def test_what_it_says_below(text: str) -> None:
    assert any(note.startswith(NOTES[text]) for note in chart(text).notes)  # type: ignore[attr-defined]  # a Chart


@pytest.mark.parametrize(
    "value", ["[5]", "[3, 3, 3]", "[1e300, -1e300]", "range(5)", "tensor([1, 2])", "[1e-320, 2e-320]"]
)
def test_odd_numbers_are_drawn(value: str) -> None:
    for text in (f"plot {value}", f"plot {value}, hist"):
        report = chart(text)
        assert view_of(report).text(report, LOOKS["80"])


# --- loops ------------------------------------------------------------------------------------------------------------

LOOP = 'let xs = []\nfor i in range(4) {\n    xs.append(i)\n    plot xs\n    print "round", i\n}\nprint "done"'


def test_off_a_terminal_a_loop_draws_once_at_the_end() -> None:
    out = io.StringIO()
    assert Session(out=out, err=out).run(LOOP).ok
    text = out.getvalue()
    assert text.startswith("round 0\nround 1\nround 2\nround 3\ndone\n") and text.count("└") == 1
    once = io.StringIO()
    Session(out=once).run("let xs = [0, 1, 2, 3]\nplot xs")
    assert text.endswith("done\n" + once.getvalue())
    out = io.StringIO()
    Session(out=out, err=out).run(LOOP.replace("print", "assert i < 2;print"))  # the picture is not lost
    assert out.getvalue().count("└") == 1 and out.getvalue().index("└") < out.getvalue().index("error[")


def test_in_a_function_it_draws_each_time() -> None:
    out = io.StringIO()
    Session(out=out).run("fn show_it(x) { plot x }\nrepeat 3 { show_it([1, 2]) }")
    assert out.getvalue().count("└") == 3


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_redraws_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(live, "PAUSE", 0.0)
    out = Terminal()
    assert Session(out=out, err=io.StringIO()).run(LOOP).ok
    text = out.getvalue()
    assert text.count("└") == 5 and text.count("\x1b[20F\x1b[J") == 4, "wiped before each line, and drawn again"
    import pyte

    screen = pyte.Screen(60, 40)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    shown = "\n".join(line.rstrip() for line in screen.display)
    assert shown.startswith("round 0\nround 1\nround 2\nround 3\ndone\n") and shown.count("└") == 1
    monkeypatch.setattr(live, "PAUSE", 1e9)
    out = Terminal()
    Session(out=out, err=io.StringIO()).run(LOOP)
    assert out.getvalue().count("└") == 2, "the first and the last"


# --- files ------------------------------------------------------------------------------------------------------------


def test_pictures_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    kinds = {name: text for name, text in PROGRAMS.items() if name not in ("two", "blocks", "scatter")}
    for name, text in kinds.items():
        file = f"{name}.{'svg' if name in ('log', 'net') else 'png'}"
        code = re.sub(r"^(plot .*?)(, (?:log|at=.*|path=.*))?\Z", rf'\1, "{file}"\2', text, flags=re.MULTILINE)
        out = io.StringIO()
        assert Session(out=out, err=out).run(code).ok, out.getvalue()
        assert out.getvalue() == f"wrote {file}\n"
        assert (tmp_path / file).read_bytes()[:5] in (b"\x89PNG\r", b"<?xml")
    assert len(list(tmp_path.iterdir())) == len(kinds)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (error,) = Session(out=io.StringIO(), err=io.StringIO()).run('plot [1, 2], "x.png"').errors
    assert error.code == "E0505" and "gradsh[plot]" in (error.help or "")
    assert Session(out=io.StringIO()).run("plot [1, 2]").ok


# --- ticks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", [(0, 1), (-3, 3), (0, 1e-9), (1e6, 1e6 + 1), (-1e300, 1e300), (0.1, 0.13), (5, 5)])
def test_ticks_are_few_round_and_inside(span: tuple[float, float]) -> None:
    low, high = span
    found = ticks(low, high, 6)
    assert 1 <= len(found) <= 6 and found == sorted(set(found))
    room = 1e-9 * max(abs(low), abs(high), 1)
    assert all(low - room <= tick <= high + room for tick in found)


def test_ticks_of_logarithms() -> None:
    assert powers(0, 3, 6) == [0, 1, 2, 3]
    assert len(powers(-300, 300, 6)) <= 6
    assert [round(10**tick, 6) for tick in powers(math.log10(1.5), math.log10(30), 6)] == [2, 5, 10, 20]
    assert len(powers(math.log10(3), math.log10(3.1), 6)) >= 2
