"""What a loop shows is compared too before its plan is let go: in the iteration that was recorded, and in the next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradsh.plans.trial import Trial
from tests.plans.compared import Run, compared

LOOP = """\
let v = randn(4, grad); let t = 0.0
for i in range(12) {
    let loss = (v * v).sum(); backward loss
    no_grad { v -= 0.1 * v.grad }; v.grad = none
    SHOWN
}
"""
SHOWN = [
    "print v.detach() * 2",
    "loss.detach() * 3",
    "print i, [loss * 2, (i * 2.0, 'x')], sep=','",
    "print f'{loss * 2:.3f}'",
    "loss.item() * 2",
]


@pytest.mark.parametrize("shown", SHOWN)
def test_a_plan_that_would_show_something_else_is_none(shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Trial.run

    def wrong(trial: Trial, count: int, outs: list[Any]) -> Any:
        came = run(trial, count, outs)
        outs[:] = [each + 1 if isinstance(each, (float, np.ndarray, np.generic)) else each for each in outs]
        return came

    text = LOOP.replace("SHOWN", shown)
    found, told = compared([text])
    assert not found and not told[0].reason, found or told[0].reason
    monkeypatch.setattr(Trial, "run", wrong)
    found, told = compared([text])
    assert not found and told[0].reason == "the plan shows something else", found or told[0].reason


def test_a_recording_that_shows_something_else_has_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    restored: Callable[..., Any] = Trial.begin

    def wrong(trial: Trial) -> None:
        for out in trial.shadow.outs:
            for part in out.parts:
                part.array[...] += 1
        restored(trial)

    monkeypatch.setattr(Trial, "begin", wrong)
    found, told = compared([LOOP.replace("SHOWN", SHOWN[0])])
    assert not found and told[0].reason == "the plan shows something else", found or told[0].reason


@pytest.mark.parametrize("line", ["w.grad", "if i < 30 { none }", "print i; w.grad"])
def test_a_prompt_says_of_nothing_why_it_is_nothing(line: str) -> None:
    """`w.grad` that is none is said there to be so, each time: a plan said nothing."""

    def make(planned: bool) -> Run:
        run = Run(planned)
        run.session.display.interactive = True
        return run

    found, _ = compared([f"let w = randn(2, grad)\nfor i in range(12) {{ {line} }}"], make=make)
    assert not found, found


def test_a_loop_inside_tells_the_loop_around_what_it_shows() -> None:
    text = """\
let v = ones(2)
for i in range(9) {
    for j in range(9) { v = v * 0.5 + j; print v }
    print i, v
}
"""
    found, told = compared([text])
    assert not found and [each.reason for each in told].count("") == 2, found or told


@pytest.mark.parametrize("python", [False, True])
def test_who_looks_at_what_is_shown_is_gone_after_a_loop_that_ends_in_the_middle(python: bool) -> None:
    from gradsh.engine.core.modes import mode

    run = Run(True, python=python)
    body = "print(i)\n    if i == AT:\n        STOP" if python else "print i\n    if i == AT { STOP }"
    head, end = ("for i in range(12):", "") if python else ("for i in range(12) {", "\n}")
    for at in range(6):
        for stop in ("break", "1 / 0"):
            run.run(f"{head}\n    {body}{end}\n".replace("AT", str(at)).replace("STOP", stop))
            assert mode.shown is None, sys.exc_info()
