"""What stops a loop, or looks at what it left, finds the same where that runs by a plan: Ctrl-C, limits, the sandbox,
errors with their lines, `why`, `explain`, `graph`."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import Any

import pytest

from gradsh import Session
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.interrupts import is_critical
from gradsh.plans import recording, trial
from tests.plans.compared import Run, compared, difference
from tests.plans.stopped import stopped

HEAD = "manual_seed(0); let v = tensor([1., -2.], grad); let xs = []; let n = 0; let loss = none\n"
STEP = "loss = (v * v).sum(); backward loss; no_grad { v -= 0.01 * v.grad }; v.grad = none"


def loop(n: int, also: str) -> str:
    return f"for i in range({n}) {{\n    {STEP}\n    {also}\n}}\n"


ENDLESS = HEAD + f"while true {{\n    {STEP}\n    n += 1\n}}\n"


@pytest.mark.parametrize("also", ["n += 1", "xs.append(loss.item())", "v.retain_grad()", "n = n + v.sum().item()"])
@pytest.mark.parametrize("after", [1, 3, 7])
def test_ctrl_c_leaves_what_it_leaves_at_that_place(also: str, after: int) -> None:
    texts = [HEAD, loop(30, also), "print v, n, xs, i, loss\n" + loop(9, "n += 2")]
    found, done = stopped(texts, after)
    assert not found
    assert done > after


@pytest.mark.parametrize("before", ["last = loss", "if i == 24 { break }; last = loss; w = v * 2"])
def test_ctrl_c_leaves_the_graph_of_the_iteration_before(before: str) -> None:
    head = HEAD + "let last = none; let w = none; loss = v.sum(); backward loss; v.grad = none\n"
    found, done = stopped([head, loop(30, "n += 1").replace("    loss", f"    {before}; loss", 1)], 5)
    assert not found
    assert done > 5


def test_ctrl_c_ahead_of_an_iteration_that_fails() -> None:
    """The one before it is real, so that nothing fails and what it binds is there."""
    texts = [HEAD + "let w = none\n" + loop(30, "n = 1 // (7 - i); w = loss * 2"), "print v, n, i, loss, w"]
    found, done = stopped(texts, 3)
    assert not found
    assert done == 7


@pytest.mark.parametrize(
    "also",
    [
        "n = 1 / (500 - i)",
        "assert i != 500, 'here'",
        "xs.append(i); [0, 1][i // 500 * 7]",
        "if i == 500 { v.view(3) }",
        "if i == 500 { raise 'stop' }",
    ],
)
def test_an_error_in_the_middle_has_its_line_and_leaves_the_same(also: str) -> None:
    text = HEAD + loop(600, also)
    found, _ = compared([text, "print v, n, i, len(xs), loss"])
    assert not found
    run = Run(True)
    assert any(line.strip().startswith("err  --> <input>:4:") for line in run.run(text))


@pytest.mark.parametrize("at", range(5, 13))
def test_what_an_iteration_that_fails_has_not_bound_is_what_the_one_before_bound(at: int) -> None:
    text = HEAD + f"for i in range(1, 13) {{\n    assert i != {at}\n    {STEP}\n    xs.append(loss.item())\n}}\n"
    found, _ = compared([text, "print v, i, xs, loss"])
    assert not found


@pytest.mark.parametrize("ends", ["if i == {} {{ break }}", "if i == {} {{ continue }}", "assert i != {}"])
@pytest.mark.parametrize("keeps", ["last = loss", "d = loss * 2 if i else loss; last = d"])
def test_a_loss_of_the_iteration_before_has_its_graph(ends: str, keeps: str) -> None:
    head = HEAD + "let last = none; let d = none; loss = v.sum(); backward loss; v.grad = none\n"
    for at in (7, 9, 10, 11):
        for loop in ("for i in range(12)", "i = -1; while i < 10"):
            turn = "i += 1; " if "while" in loop else ""
            found, _ = compared(
                [head + f"let i = 0; {loop} {{\n    {turn}{ends.format(at)}\n    {keeps}\n    {STEP}\n}}\n"]
            )
            assert not found


def ended(text: str, **limits: object) -> tuple[Session, str]:
    err = io.StringIO()
    session = Session(out=io.StringIO(), err=err, seed=0, **limits)  # type: ignore[arg-type]
    session.plan()
    result = session.run(text)
    return session, err.getvalue() if result.status == 1 else f"status {result.status}"


def test_a_limit_of_time_holds_in_a_plan() -> None:
    # what a first program loads takes half a second by itself: where this test was the first, nothing ran yet
    assert Session(out=io.StringIO()).run(HEAD + loop(3, "n += 1")).ok
    session, said = ended(ENDLESS, timeout=0.5)
    assert "E0903" in said and "<input>:" in said
    assert session.globals[".n"] > 0
    assert session.run("print v, n; v.sum()").ok  # and the session goes on


def test_a_limit_of_memory_holds_in_a_plan() -> None:
    grows = HEAD + loop(1_000_000, "xs.append(v.detach().clone().expand(20000, 2).clone())")
    _, said = ended(grows, max_memory="60M")
    assert "E0902" in said


def test_a_sandbox_holds_in_a_plan() -> None:
    reads = HEAD + loop(300, "if i == 200 { load('/etc/hostname.csv') }")
    _, said = ended(reads, sandbox=True)
    assert "sandbox" in said and "<input>:4:" in said


@pytest.mark.parametrize("look", ["why v.grad", "explain loss", "graph loss", "backward loss", "saved loss"])
def test_what_looks_at_the_last_iteration_finds_it(look: str) -> None:
    texts = [HEAD + loop(40, "n += 1"), f"loss = (v * v).sum() * n; {look}"]
    mine, other = Run(True), Run(False)
    for text in texts:
        assert not difference(mine.run(text), other.run(text))


class Whole:
    """A kernel among those that recording stands in for, in whose place Ctrl-C comes: the n-th time."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.times = 0

    def comes(self, *_: Any) -> bool:
        self.times += 1
        if self.times == self.at:
            os.kill(os.getpid(), signal.SIGINT)
        return False

    kernel = staticmethod(abs)
    function = property(comes, comes)


@pytest.mark.parametrize(("at", "places"), [(1, "kernels"), (2, "kernels"), (1, "modes"), (2, "modes")])
def test_a_stop_leaves_nothing_recorded(at: int, places: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where recording begins nor where it ends: all arrays of the session would be values from then on."""
    made, host, others = alloc.empty, mode.host, [*recording.WHOLE]
    before = [each.function for each in others]
    stop = Whole(at)
    if places == "kernels":
        monkeypatch.setattr(recording, "WHOLE", [stop, *others])
    else:
        monkeypatch.setattr(trial, "is_generator", stop.comes)
    session = Session()
    session.plan(True)
    with pytest.raises(KeyboardInterrupt):
        session.run(HEAD + loop(30, "n += 1"))
    assert stop.times >= at
    assert alloc.empty is made
    assert mode.host is host
    assert [each.function for each in others] == before


@pytest.mark.parametrize(
    ("module", "file", "name", "critical"),
    [
        ("gradsh.engine.core.modes", "modes.py", "__enter__", True),
        ("contextlib", "contextlib.py", "__exit__", True),
        ("weakref", "weakref.py", "remove", True),
        ("gradsh.engine.core.modes", "modes.py", "other", False),
        ("threading", "threading.py", "__enter__", False),
        ("__main__", "<gradsh 0>", "__exit__", False),
    ],
)
def test_what_comes_to_its_end(module: str, file: str, name: str, critical: bool) -> None:
    scope: dict[str, Any] = {"__name__": module}
    exec(compile(f"def {name}(act): return act()", file, "exec"), scope)
    assert scope[name](lambda: is_critical(sys._getframe(0), sys._getframe(2))) is critical
