"""`:fix`: what the help of an error says, done to earlier lines, gives what a file that is mended so gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradsh.errors import REGISTRY, Refused, Source
from gradsh.language.syntax import parse
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.fixing import Fixed, NotFixed, fix
from gradsh.session.session import FAILED, Session
from gradsh.session.state import state
from tests.test_advice import WRONG
from tests.test_past import session

FOLDER = Path(__file__).parent / "confusions"


def lines_of(text: str) -> list[str]:
    """The statements of a program, as somebody enters them at a prompt."""
    try:
        return [text[node.start : node.end] for node in parse(Source("<text>", text), BUILTINS.commands()).body]
    except Refused:
        return []


def entered(lines: list[str]) -> tuple[Session, int]:
    """A session with these lines up to the first that fails while it runs, and how many that are; 0 where none does."""
    made = session()
    for number, line in enumerate(lines, 1):
        result = made.run(line, f"<prompt {number}>")
        if not result.ok:
            return made, number if result.status == FAILED else 0
    return made, 0


def mended(lines: list[str]) -> tuple[Fixed, Session, list[str]]:
    """What `fix` does, the session then, and the lines as they are now."""
    made, failed = entered(lines)
    assert failed and made.past is not None
    fixed = fix(made.past, failed - 1)
    return fixed, made, [fixed.texts.get(at, line) for at, line in enumerate(lines[:failed])]


def all_programs() -> list[str]:
    files = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.grad"))]
    return [*files, *(kind.example for _, kind in sorted(REGISTRY.items()) if kind.example), *WRONG]


def test_every_fix_gives_what_the_mended_file_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some of them save files
    earlier = 0
    for text in all_programs():
        lines = lines_of(text)
        made, failed = entered(lines)
        if not failed or made.past is None:
            continue
        before = {path: part.keep() for path, part in state(made.globals).items()}
        try:
            fixed = fix(made.past, failed - 1)
        except NotFixed:
            after = state(made.globals)
            assert before.keys() == after.keys() and all(before[path].equal(after[path]) for path in before), text
            continue
        earlier += min(fixed.texts) < failed - 1
        file = session(past=False)
        file.run("\n".join(fixed.texts.get(at, line) for at, line in enumerate(lines[:failed])))
        wanted, got = state(file.globals), state(made.globals)
        assert fixed.error is not None or wanted.keys() == got.keys(), text
        for path in wanted:
            assert fixed.error is not None or wanted[path].equal(got[path]), (text, path)
    assert earlier > 40


def test_only_what_depends_on_the_line_runs_again() -> None:
    lines = [
        "let x = tensor(2.)",
        "let n = zeros(1)",
        "n += 1",
        "let y = x ** 2",
        "let r = randn(2)",
        "y",
        "backward y",
    ]
    fixed, made, now = mended(lines)
    assert now[0] == "let x = tensor(2., grad)" and now[1:] == lines[1:]
    assert fixed.ran == [0, 3, 6] and fixed.error is None
    assert made.globals[".n"].data[0] == 1 and made.globals[".x"].gradient.data == 4


def test_gradients_are_not_doubled_and_a_freed_graph_is_computed_anew() -> None:
    fixed, made, now = mended(
        ["let x = tensor(3., grad)", "let z = x * x", "backward z", "let k = x.grad * 1", "backward z"]
    )
    assert now[2] == "backward z, retain_graph" and fixed.ran == [1, 2, 3, 4]
    assert made.globals[".x"].gradient.data == 12 and made.globals[".k"].data == 6


def test_a_leaf_that_was_rebound_is_the_leaf_again() -> None:
    """The same wrong line was entered twice: the first time it lost the leaf, the second time it fails."""
    step, wrong = "backward (w * w).sum()", "w = w - 0.1 * w.grad"
    _, made, now = mended(["let w = ones(2, grad)", step, wrong, step, wrong])
    assert now[2] == now[4] == "no_grad { w -= 0.1 * w.grad }"
    assert made.globals[".w"].node is None and made.globals[".w"].gradient.data.tolist() == pytest.approx([3.6, 3.6])


def test_what_cannot_be_fixed_changes_nothing() -> None:
    made, failed = entered(["let x = ones(2, grad)", "let y = x * 2", "assert x.sum() > 3"])
    assert failed == 3 and made.past is not None
    with pytest.raises(NotFixed, match="no help"):
        fix(made.past, 2)
    assert len(made.past.steps) == 3 and made.globals[".y"].node is not None


def test_an_interrupt_leaves_all_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made, failed = entered(["let x = tensor(2.)", "let y = x ** 2", "backward y"])
    past = made.past
    assert failed == 3 and past is not None
    steps, run, calls = list(past.steps), made.run, []

    def interrupted(text: str, name: str = "", arguments: object = ()) -> object:
        calls.append(text)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(text, name)

    monkeypatch.setattr(made, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fix(past, 2)
    monkeypatch.undo()
    assert past.steps == steps and not made.globals[".x"].requires
    assert fix(past, 2).texts == {0: "let x = tensor(2., grad)"}
