"""A training loop that is seen on a terminal runs by its plan, and the line says of it what it says without one."""

from __future__ import annotations

import io

import pytest

from gradsh import Session
from gradsh.reports.plans import LoopPlan
from gradsh.runtime import training
from gradsh.runtime.training import Training
from gradsh.shell.prompt import Shell
from gradsh.view.display import Display
from tests.plans.compared import Run, difference
from tests.plans.watching import Reading, Watching

STEP = "w.grad = none; {loss}; backward loss; no_grad {{ w -= 0.01 * w.grad }}"
TRAINING = "let w = tensor([3., -2.], grad)\nfor i in range(6000) {{\n    {step}\n}}\nprint w, loss, w.grad"
LOSSES = {
    "one pass": "let loss = ((w - 1)**2).sum()",
    "two passes": "let before = w.prod(); backward before; let loss = ((w - 1)**2).sum()",
    "nan from an operator": "let loss = (w * log(4 - 0.001 * (i + w.detach()))).sum()",
    "nan of a number": "let loss = (w * (1.0 if i < 4321 else nan)).sum()",
    "inf for a moment": "let loss = (w * 1e30 * (1e30 if i == 5000 else 1e-30)).sum() * 1e-9",
    "inf from the start": "let loss = (w * tensor([1., inf]).clamp(max=2)).sum()",
}


class Seen(Display):
    """A display of somebody who looks at each loop."""

    def __init__(self, kind: type[Reading]) -> None:
        super().__init__(io.StringIO(), io.StringIO())
        self.told = kind()

    def training(self) -> Reading:  # type: ignore[override]
        return self.told


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "PATIENCE", 0.0)
    monkeypatch.setattr(training, "EVERY", 0.001)
    monkeypatch.setattr(training, "SHARE", 0.0)


def run(text: str, planned: bool, kind: type[Reading] = Reading) -> tuple[Seen, str, list[LoopPlan]]:
    display = Seen(kind)
    session = Session(display=display, seed=0, plans=False)
    told: list[LoopPlan] = []
    if planned:
        session.plan(True, told.append)
    session.run(text, "loop.grad")
    return display, display.out.getvalue() + display.err.getvalue(), told  # type: ignore[attr-defined]


ASKED = {
    "the last pass": ("", ""),
    "two passes": ("", "let before = w.prod(); backward before;"),
    "passes with a graph": ("", "let (g,) = grad(loss, w, create_graph);"),
    "an iteration without a pass": ("if i % 50 == 30 { continue };", ""),  # the last real one before the plan
}


@pytest.mark.parametrize("more", ASKED)
def test_a_loop_at_a_prompt_has_a_plan_and_is_asked_about_as_without(more: str) -> None:
    first, more = ASKED[more]
    body = f"{first} w.grad = none; let loss = ((w * w - i % 3)**2).sum(); {more} backward loss"
    body += "; no_grad { w -= 0.001 * w.grad }"
    texts = ["let w = tensor([3., -2.], grad)", f"for i in range(500) {{ {body} }}", "why w.grad; explain loss; show w"]
    by_plan, plain = Run(True, noted=True), Run(False, noted=True)
    for text in texts:
        assert difference(by_plan.run(text), plain.run(text)) == ""
    assert [each.reason for each in by_plan.told] == [""] and by_plan.told[0].plan.ran > 300


def test_gradients_that_are_summed_are_told_pass_by_pass_at_a_prompt() -> None:
    made = Run(True, noted=True)
    made.run("let w = tensor([3., -2.], grad)\nfor i in range(100) { let loss = (w * w).sum(); backward loss }")
    assert made.told[0].reason == "gradients are summed from iteration to iteration, and `why` tells of each"
    assert made.session.run("why w.grad").ok and "the sum of 100 backward passes" in made.out.getvalue()


ZEROS = {
    "all were so far": ("", "let loss = (w * max(i - 50, 0)).sum(); backward loss", False),
    "their sum is": ("", "let loss = (w * (1 if i % 2 else -1)).sum(); backward loss", False),
    "the program puts them there": ("", "let loss = (w * w - i).sum(); backward loss; w.grad.zero_()", True),
    "of what is never cleared": ("", "w.grad = none; backward ((w * relu(-v)).sum())", False),
    "of what is cleared": ("", "w.grad = none; v.grad = none; backward ((w * relu(-v)).sum())", True),
    "of another loop's": ("backward (v * 0.0).sum();" * 2, "w.grad = none; backward (w * w - i).sum()", True),
}


@pytest.mark.parametrize("name", ZEROS)
def test_a_gradient_of_zeros_may_be_a_sum(name: str) -> None:
    """A pass that is added to zeros is the first of a sum, whoever has put them there: that was taken for cleared, and
    of 1,000 passes that brought something from the 501st on `why` told of three."""
    before, body, has_plan = ZEROS[name]
    texts = [f"let w = tensor([3., -2.], grad); let v = ones(2, grad); {before}", f"for i in range(200) {{ {body} }}"]
    by_plan, plain = Run(True, noted=True), Run(False, noted=True)
    for text in [*texts, "why w.grad; why v.grad"]:
        assert difference(by_plan.run(text), plain.run(text)) == ""
    assert [each.plan is not None for each in by_plan.told] == [has_plan]


def test_a_shell_has_plans() -> None:
    session = Session(err=io.StringIO(), out=io.StringIO())
    told: list[LoopPlan] = []
    session.plan(True, told.append)
    shell = Shell(session, history=False)
    assert shell.execute("let w = tensor(1.0); let losses = []").worked
    # a bare expression that gives nothing shows nothing, unless it is `w.grad`
    assert shell.execute("for i in range(90) { w = w * 1.01; losses.append(w.item()) }").worked
    assert shell.execute("for i in range(90) { w = w * 1.01; w.grad }").worked
    assert [each.reason for each in told] == ["", "the plan shows something else"]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_line_of_a_loop_that_runs_by_a_plan(loss: str) -> None:
    text = TRAINING.format(step=STEP.format(loss=LOSSES[loss]))
    plain, wanted, _ = run(text, False)
    seen, shown, told = run(text, True)
    assert shown == wanted
    assert [each.reason for each in told] == [""]
    assert told[0].plan is not None and told[0].plan.ran > 1000  # others are real: they are read
    assert list(seen.told.counts().values()) == list(plain.told.counts().values())
    assert found(seen.told) == found(plain.told)
    assert len(seen.told.states) > 2
    for state in seen.told.states:
        (turn, whole), *_ = state.turns
        assert turn is not None and 0 < turn <= 6000 and whole == 6000
    turns = [state.turns[0][0] or 0 for state in seen.told.states]
    assert turns == sorted(turns)


def test_the_plan_stops_when_the_line_is_due() -> None:
    text = TRAINING.format(step=STEP.format(loss=LOSSES["one pass"])).replace("6000", "60000")
    seen, _, told = run(text, True, Watching)
    assert told[0].plan is not None and told[0].plan.ran > 50_000
    turns = [state.turns[0][0] or 0 for state in seen.told.states]
    assert turns == sorted(turns) and turns[-1] == 60_000 - 1
    assert sum(2 < turn < 59_000 for turn in turns) > 10


def found(told: Training) -> object:
    return None if told.odd is None else (told.odd.step, told.odd.value, told.odd.maker, told.odd.place)


def test_a_run_of_the_inner_loop_again_is_counted() -> None:
    text = "let w = tensor([3., -2.], grad)\nfor epoch in range(30) {{\n  for i in range(200) {{\n    {step}\n  }}\n}}"
    step = STEP.format(loss=LOSSES["one pass"])
    seen, _, _ = run(text.format(step=step), True)
    assert list(seen.told.counts().values()) == [6000]
