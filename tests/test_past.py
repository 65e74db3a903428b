"""What programs of a session changed can be undone and done again: bit for bit, with all that belongs to the state."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from gradsh.session.again import remake
from gradsh.session.display import Kept
from gradsh.session.past import Past
from gradsh.session.session import Session
from gradsh.session.state import Part, state

State = tuple[dict[str, Part], bytes | None, tuple[Any, ...]]

START = """\
manual_seed(7)
let a = randn(3, grad)
let b = ones(3)
let c = a * b
let l = [a, b]
let n = Linear(3, 3)
let o = SGD(n.parameters(), lr=0.1)
let d = {}
fn f(u) = u * 2
let x = 1
let y = relu(a)
let z = y.sum()
let e = [ones(2, grad), 3]
let s = StepLR(o, 2)
let k = loader(ones(4, 3), batch_size=2)
model M { let w = ones(3, grad); let count = zeros(1); forward(x) { count += 1; return x * w } }
let m = M()
"""
# A is one of the names; ways to write that no version tells are among them
STATEMENTS = """\
let A = randn(3, grad)
let A = tensor([1., 2., 3.], grad)
let A = A * 2 + A
let A = (A * A).sum()
let A = exp(A)
let A = A.view(-1)
let A = A[0:2]
let A = A.detach()
let A = A
A.mul_(2)
A[0] = 5.
no_grad { A -= 0.1 }
no_grad { A[0:1].add_(1) }
backward A.sum()
backward A.sum()
backward (A * A).sum(), retain_graph
zero_grad A
A.retain_grad()
A.requires_grad_()
A.data.mul_(2)
A.data = ones(2)
A.numpy()[0] = 9
let A = A.numpy()
let l = [A, A]
l.append(A)
l[0] = A
d["c"] = A
l.pop()
let n = Sequential(Linear(3, 3), BatchNorm1d(3), Dropout(0.5))
backward n(randn(4, 3)).sum()
n.eval()
let o = SGD(n.parameters(), lr=0.1, momentum=0.9)
let o = Adam([A], lr=0.1)
step o
zero_grad o
o.param_groups[0]["lr"] = 0.5
step s
manual_seed(3)
randn(2)
let A = dropout(A, 0.5)
fn f(u) { A.add_(u.detach().sum()); return u * 2 }
fn f(u) { x = u; return x }
let A = f(A)
set_default_dtype(float64)
set_grad_enabled(false)
set_grad_enabled(true)
let A = A * tensor(3.)
A.register_hook(fn(g) = g * 2)
let A = relu(A, inplace=true)
for q in k { A += q[0] }
let n = M()
let (A, A) = split(ones(4), 2)
set_printoptions(precision=2)
del A
"""


def session(past: bool = True) -> Session:
    made = Session(Kept(), seed=1)
    made.options = ("looking",)
    if past:
        made.past = Past(made)
    return made


def run(made: Session, lines: list[str]) -> None:
    for number, line in enumerate(lines, 1):
        made.run(line, f"<prompt {number}>")


def all_of(made: Session) -> State:
    """The values, the random stream, and what else lines leave behind."""
    context = made.context
    stream = None if context.generator is None else context.generator.as_bytes().tobytes()
    options = context.print_options and context.print_options.as_dict()
    counts = [] if context.notes is None else [held.count for _, held in context.notes.passes.summed.values()]
    left = (context.grad, context.default, str(options), sorted(context.warned), sorted(counts))
    return {path: part.keep() for path, part in state(made.globals).items()}, stream, left[:4]


def others(a: State, b: State) -> list[str]:
    """What is not the same."""
    paths = [
        path
        for path in sorted({*a[0], *b[0]})
        if path not in a[0] or path not in b[0] or not a[0][path].equal(b[0][path])
    ]
    return paths + ["stream"] * (a[1] != b[1]) + ["modes"] * (a[2] != b[2])


def sentences(dice: random.Random, many: int) -> list[str]:
    return [
        re.sub(r"\bA\b", lambda _: dice.choice("abcxyze"), dice.choice(STATEMENTS.splitlines()))
        for _ in range(many)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_undo_is_a_session_that_stopped_there_and_redo_comes_back(seed: int) -> None:
    dice = random.Random(seed)
    lines = [*START.splitlines()[seed % 2 :], *sentences(dice, 22)]
    made = session()
    assert made.past is not None
    seen, done = [all_of(made)], [0]
    for number, line in enumerate(lines, 1):
        made.run(line, f"<prompt {number}>")
        seen.append(all_of(made))
        done.append(made.past.position)
    for back in sorted(dice.sample(range(len(lines)), 3), reverse=True):
        made.past.go(done[back])
        remade = remake(made.past)
        assert remade is None or not remade.lost
        assert others(seen[back], all_of(made)) == [], lines[:back]
    fresh = session(past=False)
    run(fresh, lines[:back])
    assert others(all_of(fresh), all_of(made)) == [], lines[:back]
    made.past.go(done[-1])
    assert others(seen[-1], all_of(made)) == [], lines
    made.past.go(done[back])
    remake(made.past)
    more = sentences(dice, 5)
    told, heard = len(made.display.lines), len(fresh.display.lines)  # type: ignore[attr-defined]  # Kept
    run(made, more)
    run(fresh, more)
    assert others(all_of(fresh), all_of(made)) == [], (lines[:back], more)
    assert made.display.lines[told:] == fresh.display.lines[heard:]  # type: ignore[attr-defined]


def test_names_of_one_tensor_views_and_optimisers_stay_together() -> None:
    made = session()
    past = made.past
    assert past is not None
    run(made, ["let w = ones(2, grad); let v = w.data.view(2); let u = w; let o = SGD([w], lr=0.5)"])
    run(made, ["backward (w * 3).sum()", "step o", "v[0] = 7"])
    past.go(1)
    run(made, ["backward (u * 2).sum(); step o", "print v.tolist(), w.tolist(), u.tolist()"])
    assert made.display.lines == ["[0.0, 0.0] [0.0, 0.0] [0.0, 0.0]"]  # type: ignore[attr-defined]


def test_a_freed_graph_is_made_by_running_its_lines_with_the_numbers_of_then() -> None:
    made = session()
    past = made.past
    assert past is not None
    lines = ["let x = ones(3, grad)", "let y = dropout(x * x)", "let q = randn(1)", "let z = y.sum()", "backward z"]
    run(made, lines)
    first = made.globals[".x"].gradient.data.tolist()
    past.undo()
    remade = remake(past)
    assert remade is not None and remade.names == ["y", "z"] and not remade.lost
    assert [step.name for step in remade.steps] == ["<prompt 2>", "<prompt 4>"]
    run(made, ["backward z"])
    assert made.globals[".x"].gradient.data.tolist() == first


def test_lines_that_do_not_run_as_they_did_are_not_taken_for_what_was() -> None:
    made = session()
    past = made.past
    assert past is not None
    run(made, ["let x = ones(3, grad)", "let y = x * x * (time() % 1)", "backward y.sum()"])
    value = made.globals[".y"].data.tolist()
    past.undo()
    remade = remake(past)
    assert remade is not None and "other values" in remade.lost
    assert made.globals[".y"].data.tolist() == value


def test_the_oldest_values_go_first() -> None:
    made = session()
    past = made.past = Past(made, most=20_000)
    run(made, ["let a = zeros(1000)", *["a += 1"] * 9])
    assert 0 < past.kept < past.position == 10
    with pytest.raises(IndexError):
        past.go(0)
    assert made.globals[".a"].data[0] == past.kept - 1 == len(past.steps[: past.kept]) - 1
    run(made, ["let a = zeros(9000)", "a += 1", "a"])
    assert past.steps[past.kept - 1].text == "a += 1"  # it may have changed more than is kept at all
    past.undo()


def test_a_line_costs_what_it_names() -> None:
    """Nothing of what a line does not name is looked at, and memory that it cannot write to is not copied."""
    made = session()
    past = made.past
    assert past is not None
    run(
        made,
        ["let big = zeros(1000, 1000)", "let x = ones(2)", "x.add_(1)", "let y = big * 2", "big.sum()", "print big"],
    )
    assert all(step.size < 5000 for step in past.steps)
    run(made, ["big.add_(1)"])
    assert past.used() > 4_000_000


def test_many_lines_take_bounded_memory() -> None:
    made = session()
    past = made.past = Past(made, most=400_000)
    run(made, ["let i = 0.", *["let i = i + 1.; let t = ones(2)"] * 300])
    assert past.used() < 500_000 and past.steps[0].changes is None
