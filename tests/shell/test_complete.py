"""Tab, the line under the text, ghost text: what is offered where, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.styles import default_ui_style, merge_styles

from gradsh import Session
from gradsh.shell.complete import ShellCompleter
from gradsh.shell.ghost import names_in
from gradsh.shell.looks import style_of_theme
from gradsh.shell.prompt import Shell
from gradsh.view import color
from tests.shell.driving import ENTER, RIGHT, TAB, driven

SETUP = """
let x = ones(2, 3, grad); let layers = [x]; let d = {"a": x}; let text = "abc"
model Net(n, k=2) { let w = ones(n); forward(x) = x * w }
let net = Sequential(Linear(2, 3), Net(3)); let opt = SGD(net.parameters(), lr=0.1)
fn loss(pred, target, weight=1.0) = ((pred - target) * weight).sum()
"""


@pytest.fixture(scope="module")
def completer() -> ShellCompleter:
    session = Session()
    assert session.run(SETUP).ok
    return ShellCompleter(Shell(session, quiet=True, history=False))


def offered(completer: ShellCompleter, text: str) -> list[Completion]:
    return list(completer.get_completions(Document(text), CompleteEvent(completion_requested=True)))


def texts(completer: ShellCompleter, text: str) -> list[str]:
    return [each.text for each in offered(completer, text)]


@pytest.mark.parametrize(
    ("typed", "wanted", "unwanted"),
    [
        ("x.g", "grad", "append"),
        ("x.su", "sum", "summary"),
        ("layers[0].re", "requires_grad", "remove"),
        ('d["a"].sh', "shape", "split"),
        ("layers.", "append", "sum"),
        ("d.k", "keys", "kthvalue"),
        ("text.up", "upper", "unsqueeze"),
        ("net[0].we", "weight", "where"),
        ("net[1].", "w", "sum"),
        ("opt.pa", "param_groups", "pad"),
        ("(x * 2).su", "sum", "append"),
        ("print sum(x, ke", "keepdim", "kernel"),
        ("x.sum(ke", "keepdim", "input="),
        ("loss(x, ta", "target=", "tan="),
        ("Net(3, k", "k=", "n="),
        ("Linear(2, 3, bi", "bias", "bias="),
        ("tensor([1.], gr", "grad", "graph"),
        ("plot x, hi", "hist", "hinge="),
        ("ones(2, dtype=", "float64", "ones"),
        ("wh", "while", "else"),
        ("if x > 1 { } e", "else", "while"),
        ("x i", "in", "import"),
        ("linalg.no", "norm", "normal"),
        ("nn.Li", "Linear", "linspace"),
        ("optim.Ad", "Adam", "AdaptiveAvgPool1d"),
        ("LINEA", "linear", "lin"),
        ("entropy", "cross_entropy", "entropy"),
        (":he", "help", "hess"),
        (":help qu", "quit", "quantile"),
        ("let \\alp", "\u03b1", "alpha"),
        ("a \\leq", "<=", "leq"),
        ("for i in f(\n    sum(x,\n        k", "keepdim", "while"),
    ],
)
def test_what_is_offered(completer: ShellCompleter, typed: str, wanted: str, unwanted: str) -> None:
    found = texts(completer, typed)
    assert wanted in found and unwanted not in found, found[:20]


@pytest.mark.parametrize("typed", ["let a", "fn f", "# co"])
def test_where_nothing_is_offered(completer: ShellCompleter, typed: str) -> None:
    assert texts(completer, typed) == []


def contrast(one: str, other: str) -> float:
    """That of WCAG, of colours as `af0000`: 4.5 at least for text."""

    def light(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(light, (one, other)))
    return (high + 0.05) / (low + 0.05)


def test_the_menu_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its rows; the chosen row is another ground than the rest."""
    monkeypatch.setattr(color, "_theme", 0)
    style = merge_styles([default_ui_style(), style_of_theme()])
    grounds = {}
    for row in ("completion", "completion.current", "meta.completion", "meta.completion.current"):
        seen = style.get_attrs_for_style_str(f"class:completion-menu class:completion-menu.{row}")
        assert seen.color and seen.bgcolor and contrast(seen.color, seen.bgcolor) >= 7 and not seen.reverse
        grounds[row] = seen.bgcolor
    assert contrast(grounds["completion.current"], grounds["completion"]) > 3
    assert contrast(grounds["meta.completion.current"], grounds["meta.completion"]) > 3


def test_the_light_theme_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its colours are fixed, and stand out from white, from the grey of a window and from Solarized's paper."""
    monkeypatch.setattr(color, "_theme", 1)
    style = style_of_theme()
    for name in color.STYLES:
        seen = style.get_attrs_for_style_str(f"class:gradsh.{name}")
        assert re.fullmatch(r"(?:[14];?)*(?:38;5;\d+)?", color.sgr(name)), name
        for ground in ("ffffff", "eeeeee", "fdf6e3"):
            assert not seen.color or contrast(seen.color, ground) >= 4.5, (name, ground)


def test_the_sessions_names_come_first_and_say_what_they_are(completer: ShellCompleter) -> None:
    assert texts(completer, "lo")[0] == "loss" and texts(completer, "")[:3] == ["Net", "d", "layers"]
    said = {each.text: each.display_meta_text for each in offered(completer, "")}
    assert said["x"] == "tensor [2, 3] float32, grad" and said["loss"] == "loss(pred, target, weight=1.0)"
    said = {each.text: each.display_meta_text for each in offered(completer, "x.subtr")}
    assert said["subtract"].startswith("subtract(other, *") and said["subtract_"].startswith("subtract_(other, *")
    (log,) = [each for each in offered(completer, "log") if each.text == "log"]
    assert log.display_meta_text.startswith("log(input)  The natural logarithm")
    assert log.display_meta_text.endswith("[gradient: g / input]")


def test_attributes_are_those_that_a_program_may_reach(completer: ShellCompleter) -> None:
    assert not [name for name in texts(completer, "x.") if name.startswith("_")]
    assert "__class__" not in texts(completer, "x._") and "_version" in texts(completer, "x._")


def test_files(completer: ShellCompleter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "net.grad").write_text("")
    (tmp_path / "lib" / "data.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert texts(completer, 'use "l') == ["lib/"] and texts(completer, 'use "lib/') == ["net.grad"]
    assert texts(completer, 'load("lib/d') == ["data.csv"]
    closed = Session(sandbox=True)
    assert texts(ShellCompleter(Shell(closed, quiet=True, history=False)), 'load("lib/d') == []


def test_looking_changes_nothing(completer: ShellCompleter) -> None:
    """`y.grad` of what is no leaf warns where a program asks for it."""
    session = completer.session
    assert session.run("let y = x * 2").ok
    warned: list[str] = []
    session.context.warn_sink = lambda message, category, where: warned.append(message)
    assert "grad" in texts(completer, "y.gr") and texts(completer, "y.grad.") == [] and not warned


def test_tab_at_the_prompt() -> None:
    with driven() as shell:
        shell.session.run(SETUP)
        assert shell.read("x.requires_g", TAB, ENTER) == "x.requires_grad"
        assert shell.read("let \\beta", TAB, " = 1", ENTER) == "let \u03b2 = 1"
        shell.written("x.su", TAB, TAB)
        assert "sum_to_size" in shell.seen and "sub(other" in shell.seen


def test_the_signature_marks_the_parameter() -> None:
    with driven() as shell:
        shell.session.run(SETUP)

        def under(typed: str) -> str:
            shell.written(typed)
            return shell.seen.split("\n")[-1]

        assert under("sum(x, ") == "sum(input, dim=None, keepdim=False, *, dtype=None)"
        row = len(shell.seen.split("\n")) - 1
        bold = "".join(cell.data for cell in shell.cells[row].values() if cell.bold)
        assert bold.strip() == "dim=None"
        assert under("x.sum(") == "sum(dim=None, keepdim=False, *, dtype=None)"
        assert under("loss(x, (1,") == "loss(pred, target, weight=1.0)"
        assert under("print Linear(") == "Linear(in_features, out_features, bias=true, device=none, dtype=none)"


def test_ghost_text_is_offered_where_its_names_exist() -> None:
    history = [":hide", "let known = 3", "print known + 1", "print nowhere + 1"]
    with driven(history=history) as shell:
        assert shell.read("print", RIGHT, ENTER) == "print"
        shell.session.run(history[1])
        assert shell.read("print", RIGHT, ENTER) == "print known + 1"
        assert shell.read(":hi", RIGHT, ENTER) == ":hi"
    assert names_in("nn.Linear(2, sum(x, 0, keepdim), bias); plot x, hist") == {"nn", "sum", "x"}
    assert names_in("sum(x, keepdims)") == {"sum", "x", "keepdims"}
    assert names_in("for i, j in items { let k = f(i, key=j); g(h) }") == {"items", "f", "g", "h"}
    assert names_in("let f = fn(a, b=c) = a + b + d; f(x.y)") == {"c", "a", "b", "d", "x"} - {"a", "b"}
