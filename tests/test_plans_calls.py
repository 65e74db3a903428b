"""Plans of calls: functions and transforms that run by what was recorded of one call print what they print without."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest

from gradsh import Session
from gradsh.plans import calls, loops
from gradsh.plans.body import tried
from gradsh.reports.plans import LoopPlan
from tests.plans.calls import made
from tests.test_plans import shown

PRELUDE = """\
manual_seed(0)
let W = randn(3, 3); let b = randn(3); let c = 2.0; let net = Sequential(Linear(3, 3), Tanh()); let seen = []
fn f(x) = tanh(W @ x) * b * c
fn s(x) = (f(x) * x).sum()
fn g(x) { let y = f(x); return y }
"""
PLANNED = [
    *(
        "grad(s)(x)",
        "value_and_grad(s)(x)",
        "hessian(s, x)",
        "jacobian(f, x)",
        "vjp(f, x, b)",
        "jvp(f, x, b)",
        "hvp(s, x, b)",
    ),
    *(
        "vmap(f)(stack([x, b]))",
        "vmap(grad(s))(stack([x, b]))",
        "jacrev(f)(x)",
        "jacfwd(f)(x)",
        "hessian(s)(x)",
        "g(x)",
    ),
    "grad(grad(fn(x) = x ** 3 * c))(x.sum())",
]
ITEMS = "{{0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0}}"  # a loop over a dict has no plan of its own
LOOP = f"for i in {ITEMS} {{{{\n    let x = randn(3)\n    {{before}}\n    let r = {{call}}\n    print r\n}}}}\n"
# What one call does beside giving its result, and why that has no plan.
REFUSED = {
    "print x; return x * 2": "the call shows something",
    "let l = [x * 2]; return [l, l]": "what the call gives has one list in two places",
    "seen.append(x); return x * 2": "a list, a field or a state gets something new",
    "let t = b.add_(1); return x * 2": "the call writes into a tensor",
    "let t = x.add_(1); return x * 2": "the call writes into a tensor",
    "return x + randn(3)": "the body draws random numbers",
    "return x * (x._version + 1)": "the body reads what tells one iteration from another",
    "let y = x.detach().requires_grad_(); return y * 2": "what the call gives has a graph",
    "return (x * 2)[1:]": "what the call gives is a view of something else",
    "let y = x * 2; return (y, y.detach())": "what the call gives shares its memory",
    "return net": "what the call gives is a",
    "backward (net(x) ** 2).sum(); return x": "the call writes into a tensor",
}
# What is another in a later call than it was when the plan was recorded; `h(x)` is called.
CHANGES = [
    *(
        "b = b * 2",
        "b.mul_(2)",
        "c = c + 1",
        "if i == 6 { x = randn(3).double(); W = W.double(); b = b.double() }",
        "if i > 5 { x = b }",
    ),
    *("if i == 6 { fn f(x) = x * 5 }", "no_grad { net[0].weight.mul_(0.5) }", "if i > 5 { net = Sequential(Tanh()) }"),
    *(
        "if i == 6 { x = stack([x, x, x]) }",
        "x = randn(6)[::2]",
        "if i > 5 { x.requires_grad_() }",
        "if i > 5 { W = W.t() }",
    ),
    *(
        "if i == 6 { set_grad_enabled(false) }",
        "no_grad { net[0].bias.copy_(x) }",
        "if i == 6 { net[0].weight.requires_grad_(false) }",
    ),
    "set_grad_enabled(i > 5); if i == 0 { W.requires_grad_(); none }",
    *("box[0] = box[0] + 1", "box.append(x)", "if i > 5 { box = (x, x) }", "k = i // 3", "k = -0.0 if i > 5 else 0.0"),
    *(
        "if i > 5 { set_default_dtype(float64) }",
        "x.sin_()",
        "if i > 5 { net[0].register_forward_hook(fn(m, x, y) = y * 2) }",
    ),
]
READS = """\
let box = [randn(3)]; let k = 0.0
fn h(x) {
    no_grad {
        let y = net(f(x).float()) + box[0] * k
        if y.sum() > 0 { y = y * 2 }
        return (y + ones(3) / (k + 1), ones(3) * k, x is b)
    }
}
"""


@pytest.mark.parametrize("call", PLANNED)
def test_calls_run_by_a_plan(call: str) -> None:
    text = PRELUDE + LOOP.format(before="pass", call=call)
    by_plan, told = shown(text)
    assert "" in {each.reason for each in told}, [each.reason for each in told]
    assert by_plan == shown(text, planned=False)[0]


def test_where_a_plan_could_be_wrong_there_is_none() -> None:
    for body, reason in REFUSED.items():
        text = PRELUDE + f"fn h(x) {{ {body} }}\n" + LOOP.format(before="pass", call="h(x)") + "print W, b, seen\n"
        by_plan, told = shown(text)
        assert by_plan == shown(text, planned=False)[0], body
        assert any(each.reason.startswith(reason) and each.loop == 6 for each in told), (body, [t.reason for t in told])


def test_a_list_of_the_program_that_a_call_gives_is_that_list() -> None:
    """Which it may write to afterwards; the plan gave a new one each time."""
    head = (
        "fn h(x) { let y = x * 2; return {'y': y, 'own': own, 'new': [y, x]} }\nlet own = [0.0, [1]]\nlet b = ones(3)\n"
    )
    body = "let r = h(b * i)\nr['own'][1].append(i)\nr['new'].append(i)\nown[0] = 0.0\nown[1] = [1]"
    ends = "print r, r['own'] is own, own\nown[0] = 7.0\nprint r['own']\n"
    text = head + f"for i in range(12) {{\n{body}\n}}\n" + ends
    by_plan, told = shown(text)
    assert "" in {each.reason for each in told if each.loop == 1}, [each.reason for each in told]
    assert by_plan == shown(text, planned=False)[0]


def test_what_a_call_reaches_may_change() -> None:
    for change in CHANGES:
        text = PRELUDE + READS + LOOP.format(before=change, call="[h(x), g(x)]") + "print x, b, W, net[0].weight\n"
        by_plan, told = shown(text)
        assert by_plan == shown(text, planned=False)[0], change
        assert any(not each.reason for each in told), (change, [each.reason for each in told])


def test_large_arrays_are_read_where_they_lie() -> None:
    """Not copied for each call: what is written into them is seen, and what takes their place."""
    for change in [
        "pass",
        "M.mul_(1.1); none",
        "M[0] = i",
        "if i > 5 { M = randn(64, 64) }",
        "if i > 5 { M = M.t() }",
        "x = M[0]",
    ]:
        text = "manual_seed(0)\nlet M = randn(64, 64)\nfn f(x) { let y = M @ x; return y + M.sum(0) }\n"
        text += LOOP.format(before=change, call="f(M[1] * 1)") + "print M.sum(), x.sum()\n"
        by_plan, told = shown(text)
        assert by_plan == shown(text, planned=False)[0], change
        assert any(not each.reason for each in told), (change, [each.reason for each in told])


def test_recursion_without_end_is_told_of_at_its_call() -> None:
    text = "fn f(n) {\n    let k = n + 1\n    return f(k)\n}\nf(0)\n"
    assert shown(text)[0] == shown(text, planned=False)[0]


def test_random_calls_print_the_same() -> None:
    planned = 0
    for seed in range(60):
        text = made(seed)
        by_plan, told = shown(text)
        assert by_plan == shown(text, planned=False)[0], f"program {seed}:\n{text}"
        planned += any(not each.reason for each in told)
    assert planned > 20


WATCHED = """\
let seen = []; let t = ones(3)
fn deep(n) { seen.append(n); let z = t * 2; return deep(n + 1) }
try { deep(0) } catch err { print err }
print len(seen), seen[:5]
fn g(x, i) {
    let y = x * 2
    if i == 2 { return y @ tensor([[1., 2.]]) }
    return y
}
fn f(x, i) {
    let y = g(x, i)
    return y
}
for i in [0, 1, 2, 3] { let r = f(t, i) }
"""


def test_a_call_that_is_watched_runs_once() -> None:
    """The third call runs inside of what watches it: no deeper, not twice, and told of once where it fails."""
    for forced in (True, False):
        assert shown(WATCHED, forced=forced)[0] == shown(WATCHED, planned=False)[0]


GIVEN_UP = {
    "few(x)": ("a plan of it would be no faster", {"TINY": 1e9}),
    "long(x)": ("its plan is no faster", {"GAIN": 0, "WORTH": 0, "TINY": 0}),
    "with_graph(x)": ("what the call gives has a graph", {}),
    "step(x)": ("the call writes into a tensor", {}),
}
FUNCTIONS = """\
let w = ones(5, 5, grad); let opt = SGD([w], lr=0.1); let x = randn(5, 5)
fn few(x) = x * 2
fn long(x) { no_grad { return ((x @ w).tanh() @ w).exp().sum() } }
fn with_graph(x) = (x @ w).sum()
fn step(x) { zero_grad opt; let l = ((x @ w).tanh() ** 2).sum(); backward l; step opt; return l.item() }
"""


@pytest.mark.usefixtures("only_where_worth_it")
def test_what_has_no_plan_is_not_looked_at_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its flag is false, and it asks nobody."""
    for call, (reason, limits) in GIVEN_UP.items():
        session, told = Session(), list[LoopPlan]()
        session.plan(False, told.append)
        with redirect_stdout(io.StringIO()), monkeypatch.context() as patched:
            for name, value in limits.items():
                patched.setattr(calls, name, value)
            session.run(FUNCTIONS + f"for q in [0] * 64 {{ let k = q; let r = {call} }}\n")
        reasons = [each.reason for each in told if each.loop in (2, 3, 4, 5)]
        assert reasons == [""] * (call == "long(x)") + [reason]
        assert sorted(value for name, value in session.globals.items() if name[:3] == "@on") == [False, *[True] * 3]


def test_the_loop_of_a_function_keeps_its_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a new model, whose first steps make its gradients and the optimiser's state, and with data of another call."""
    recorded: list[tuple[str, ...]] = []
    monkeypatch.setattr(loops, "tried", lambda body, *rest: recorded.append(body.names) or tried(body, *rest))
    text = """\
    manual_seed(0)
    fn run(x) {
        let w = zeros(3, grad); let opt = Adam([w], lr=0.1)
        for turn in range(30) { zero_grad opt; backward ((x @ w - 1) ** 2).mean(); step opt }
        return w, w.grad
    }
    let k = 0
    while k < 10 { k += 1; let r = run(randn(8, 3)); try { print r } catch err { print err } }
    """
    by_plan, _ = shown(text)
    assert sum(".turn" in names for names in recorded) == 1
    assert by_plan == shown(text, planned=False)[0]
