"""The panel at the prompt: what it says of each value, and what the last input has changed."""

from __future__ import annotations

from gradsh.view.panel_state import PanelStateView
from gradsh.view.registry import Look
from tests.shell.driving import ENTER, Driven, driven

F2 = "\x1bOQ"


def panel(at: Driven) -> list[str]:
    """The lines of the panel, without what stands left of it."""
    at.read(" ", ENTER)
    lines = at.seen.split("\n")
    return [line.partition("│ ")[2] for line in lines if "│ " in line] or lines


def test_beside_the_prompt() -> None:
    with driven(120, 30) as at:
        at.shell.panel.attach(at.editor)
        at.enter("let w = tensor([3., -2.], grad); let c = ones(2)", ENTER)
        assert panel(at)[-1] == "gradsh>"  # F2 has not been pressed
        at.enter(F2, "let z = (w * c).sum(); backward z; backward (w * 0.).sum()", ENTER)
        shown = panel(at)
        assert shown[0].split() == ["name", "value", "gradient", "sums", "ver"]
        assert [line.split() for line in shown[1:]] == [
            ["z", "•", "1.", "not", "kept", "0"],
            ["c", "[1.,", "1.]", "not", "wanted", "0"],
            ["w", "[", "3.,", "-2.]", "•", "[1.,", "1.]", "2", "0"],
        ]
        at.enter("no_grad { w -= w.grad }; w.grad.zero_()", ENTER)
        assert panel(at)[-1].split() == ["w", "•", "[", "2.,", "-3.]", "•", "zero", "[2]", "1"]
        at.enter("w.grad = none; w.data = tensor([nan, 1.])", ENTER)
        assert panel(at)[-1].split()[:7] == ["w", "•", "[nan,", "1.]", "•", "none", "1"]
        at.enter("backward (w * w).sum()", ENTER)
        assert "nan or inf in [2]" in panel(at)[-1]
        at.enter(F2, "1", ENTER)
        assert panel(at)[-1] == "gradsh>"


def test_above_it_in_a_narrow_terminal_and_a_model_as_a_tree() -> None:
    with driven(60, 30) as at:
        at.shell.panel.attach(at.editor)
        at.enter("let net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1)); let x = ones(40, 50)", ENTER)
        at.enter(":watch net, x, net.0.bias", ENTER)
        at.enter("net[2].bias.data = ones(1); (net(ones(1, 2)) * 0 + net[2].bias).sum().backward()", ENTER)
        lines = panel(at)
        assert lines[-2] == "─" * 60 and lines[-1] == "gradsh>"
        top = next(i for i, line in enumerate(lines) if line.startswith("name "))
        rows = [line.split() for line in lines[top + 1 : -2]]
        assert rows[0] == ["net", "Sequential"]
        assert rows[1][0] == "0" and rows[1][1] == "|w|" and rows[1][-1] == "zero"
        assert rows[2][0] == "2" and rows[2][-2:] == ["1", "████████"]
        assert rows[3] == ["x", "[40,", "50]", "not", "wanted", "0"]
        assert rows[4][0] == "net.0.bias"
        assert at.enter(":watch net.fc", ENTER) == "" and at.enter(":watch nosuch", ENTER) == ""
        at.enter("del x", ENTER)
        assert not any(line.startswith("x ") for line in panel(at))
        at.enter(":watch off", ENTER)
        assert panel(at)[-1] == "gradsh>" and "name " not in panel(at)[0]


def test_in_ascii_and_as_data() -> None:
    with driven(120, 30) as at:
        at.enter("let w = tensor([3., -2.], grad); let n = 3", ENTER)
        at.shell.panel.watch(["w", "n"])
        at.enter("backward w.sum(); n = 4", ENTER)
        state = at.shell.panel.state
        assert state is not None
        text = PanelStateView().text(state, Look(width=60, unicode=False))
        assert text.isascii() and "* [1., 1.]" in text and "* 4" in text
        assert PanelStateView().data(state) == {
            "panel": [
                {
                    "name": "w",
                    "depth": 0,
                    "value": "[ 3., -2.]",
                    "gradient": "[1., 1.]",
                    "norm": None,
                    "passes": 1,
                    "version": 0,
                    "changed": ["grad"],
                },
                {
                    "name": "n",
                    "depth": 0,
                    "value": "4",
                    "gradient": "",
                    "norm": None,
                    "passes": None,
                    "version": 0,
                    "changed": ["value"],
                },
            ],
            "more": 0,
        }
        for width in range(40, 140, 7):
            look = Look(width=width)
            assert all(len(line) <= width for line in PanelStateView().text(state, look).splitlines()), width
