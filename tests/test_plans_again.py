"""A plan that is kept meets other things than it was made of: data, aliases, flags, gradients, hooks, shapes, names."""

from __future__ import annotations

from functools import partial

import pytest

from tests.plans.again import CASES, made
from tests.plans.compared import Run, compared, looked_at
from tests.plans.stopped import stopped


@pytest.mark.parametrize("number", range(len(CASES)))
def test_a_loop_that_runs_again_with_something_else(number: int) -> None:
    for seed in range(2):
        found, _ = compared(made(seed, CASES[number]), make=partial(Run, shared=True))
        assert not found, f"program {seed}, {found}"


def test_random_loops_that_run_again_come_to_the_same() -> None:
    planned = 0
    for seed in range(40):
        found, told = compared(made(seed), make=partial(Run, shared=True, **looked_at(seed)))
        assert not found, f"program {seed}, {found}"
        planned += sum(not each.reason for each in told)
    assert planned > 20


def test_loops_that_run_again_may_be_interrupted() -> None:
    count = 0
    for seed in range(20):
        found, done = stopped(made(seed), 1 + seed % 13)
        assert not found, f"program {seed}, {found}"
        count += done > 0
    assert count > 3


READ = """\
let c = tensor([1., 2.]); let e = tensor([10., 20.])
fn run(q, n) { let t = 0.0; repeat n { STEP; t += NUMBERS }; return t }
"""


@pytest.mark.parametrize("step", ["let r = q * 0.9", "i = 1"])
@pytest.mark.parametrize(
    "numbers", ["q.tolist()[0]", "(q * 2).tolist()[1]", "q[0].item()", "1.0 if q.argmax() == 1 else q.sum().item()"]
)
def test_numbers_of_a_tensor_that_is_another_in_the_next_run(step: str, numbers: str) -> None:
    """They were those of the tensor in the run before: the plan was refused after it had the arrays of the new one."""
    runs = ["c, 8", "e, 12", "c, 8", "e, 9", "e, 8", "c, 12"]
    texts = [
        "let i = 0\n" + READ.replace("STEP", step).replace("NUMBERS", numbers),
        *(f"print run({each})" for each in runs),
    ]
    found, _ = compared(texts, make=partial(Run, shared=True))
    assert not found, found


def test_a_name_that_has_nothing_where_another_has_what_both_had() -> None:
    """`q` and `r` were one tensor at the entry before: the way of that took `None` for it."""
    loop = "fn run(p, q, r) { for i in range(9) { p = p * q; q = r }; return p, q }\nlet e = ones(2)"
    found, _ = compared(
        [loop, *["print run(ones(2), e, e)"] * 3, "print run(ones(2), none, e)"], make=partial(Run, shared=True)
    )
    assert not found, found


def test_who_shares_memory_outside_of_the_loop_still_does() -> None:
    loop = "let v = randn(4); let w = v.detach()\nfor i in range(9) { w.resize_(4) }\nw.zero_()\nv"
    found, _ = compared([loop], make=partial(Run, shared=True))
    assert not found, found


def test_what_is_written_before_memory_is_replaced_is_seen_by_who_shares_it() -> None:
    loop = "fn run(q) { for i in range(9) { q[i % 4] = 0.5; q.data = q.data * 0.9 }; return q }"
    runs = ["let b = randn(4); run(b.data); b", "b = randn(4); run(b.data); b", "b = randn(4); run(b.detach()[:]); b"]
    found, _ = compared([loop, *runs], make=partial(Run, shared=True))
    assert not found, found


def test_gradients_are_summed_with_a_graph() -> None:
    head = "let X = randn(5, 4); let net = Linear(4, 3); let v = randn(4, grad)\n"
    step = "let loss = (v * v).sum() + net(X).sum(); backward loss, create_graph; v.grad = none"
    found, _ = compared([f"{head}repeat 9 {{ {step} }}\nprint net.weight.grad, v.grad"])
    assert not found, found


@pytest.mark.parametrize(
    "names",
    [
        "c[i % 4] = 0.1 * i; c = zeros(4); c.data = v.data",
        "st['x'][i % 4] = 0.1 * i; st['x'] = zeros(4); st['x'].data = v.data",
        "c[i % 4] = 0.1 * i; e[1] = 2.0 * i; c = zeros(4); c.data = v.data; e = zeros(4); e.data = v.data",
    ],
)
def test_a_new_tensor_that_gets_the_memory_of_another_in_each_iteration(names: str) -> None:
    """Where the plan ended it had a copy, and what was written there next was nowhere else."""
    head = "let v = randn(4); let c = v.data; let e = v.data; let st = {'x': c}"
    last = "c[0] = 5; e[0] = 7; st['x'][0] = 9\nprint c, v, e, st"
    found, _ = compared([f"{head}\nfor i in range(12) {{ {names} }}\n{last}"])
    assert not found, found
