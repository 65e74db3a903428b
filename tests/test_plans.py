"""Plans: loops that run by what was recorded of one iteration print, to the byte, what they print without."""

from __future__ import annotations

import gc
import io
import math
import operator as op
import weakref
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradsh import Session
from gradsh.cli import main
from gradsh.engine.core import alloc
from gradsh.plans import door, loops
from gradsh.plans.recording import Recording
from gradsh.plans.refusal import Closed, NoPlan, Seen
from gradsh.plans.values import Record, Value
from gradsh.reports.plans import LoopPlan
from gradsh.session.session import Session as Base
from tests.plans import gone_over, operators, pythons, training
from tests.plans.compared import Run, apart, compared, difference, looked_at
from tests.plans.programs import made
from tests.plans.sources import LONG, programs

ROSENBROCK = """\
let x = tensor(-1.2, grad); let y = tensor(1.0, grad)
for _ in range({n}) {{
    backward (1 - x) ** 2 + 100 * (y - x ** 2) ** 2
    no_grad {{ x -= 1e-3 * x.grad; y -= 1e-3 * y.grad }}
    x.grad = none; y.grad = none
}}
print x, y, x._version
"""
TRAINING = """\
manual_seed(0)
let net = Sequential(Linear(6, 5), ReLU(), Linear(5, 3))
let X = randn(8, 6); let Y = randint(0, 3, (8,))
let opt = SGD(net.parameters(), lr=0.05, momentum=0.9)
fn train(n) {
    let loss = none
    repeat n {
        opt.zero_grad()
        loss = cross_entropy(net(X), Y)
        loss.backward(); opt.step()
    }
    return loss
}
print train(40)
for p in net.parameters() { print p, p.grad, p._version }
"""
PRELUDE = (
    "manual_seed(0); fn f() = 1\n let v = tensor([1., -2.], grad); let a = tensor(1., grad); let xs = []; let t = 0.0\n"
)
REFUSED = {
    "print xs": "a list that grows|",
    "xs.append(t); print xs": "a list that grows is read",
    "print f": "a function is shown",
    "show v": "the body has `show`",
    "xs.append(v * a)": "a value with a graph",
    "xs.append(v)": "a list gets a value with a graph",
    "t = t + v * 2": "a value with a graph",
    "t = t + len(xs); xs.append(t); xs.sort()": "a list that grows is read",
    "t = t + len(xs); xs.append(v.detach())": "a list that grows has more than numbers, and is read",
    "t = [t]": "t goes from one iteration to the next",
    "xs.append([1])": "a list gets a list",
    "no_grad { v -= xs.append(t) or i if i in [2, 3] else 0 }": "a list that grows|",
    "no_grad { v -= v._version }": "the body reads what tells one iteration from another",
    "no_grad { v -= poisson(ones(2)) }": "the body draws random numbers in a way that no plan knows",
    "backward (v * a).sum()": "a value that changes is read|a gradient is there|",
}


def shown(text: str, planned: bool = True, forced: bool = True) -> tuple[str, list[LoopPlan]]:
    """What a program prints, errors too, and what became of its loops."""
    session, told = Session(plans=False), list[LoopPlan]()
    if planned:
        Seen.mistakes = True
        session.plan(forced, told.append)
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        session.run(text)
    return out.getvalue(), told


@pytest.mark.parametrize("text", [ROSENBROCK.format(n=50), TRAINING], ids=["scalars", "model"])
def test_training_runs_by_a_plan(text: str) -> None:
    by_plan, told = shown(text)
    assert [each.reason for each in told] == [""]
    assert by_plan == shown(text, planned=False)[0]


@pytest.mark.parametrize("statement", REFUSED)
def test_where_a_plan_could_be_wrong_there_is_none(statement: str) -> None:
    step = "v.grad = none; backward (v * v).sum(); no_grad { v -= 0.1 * v.grad }"
    body = f"{step}\n    {statement}"
    text = PRELUDE + f"for i in range(9) {{\n    {body}\n}}\nprint v, v.grad, xs, t"
    by_plan, told = shown(text)
    assert by_plan == shown(text, planned=False)[0]
    if REFUSED[statement][-1] != "|":
        assert len(told) == 1
        assert told[0].reason.startswith(REFUSED[statement])
        assert told[0].span is None or told[0].span.line == 5


CARRIED = {
    "numbers": "t += v.sum().item(); k = k * 3 + i; r = r / 2 - i % 7",
    "a list": "xs.append(t); t += 1; xs.append((i, v.sum().item(), v.detach().clone()))",
    "a tensor": "c = c * 0.99 + v.detach(); d = c.sum().item()",
    "a leaf": "a = (a - 0.1 * a.grad if a.grad is not none else a * 0.9).detach().requires_grad_()",
    "a rate": "no_grad { v *= r }; r *= 0.99",
    "a decision": "if i % 7 == 0 { t += 1; c = c * 2 }",
    "a decision on values": "if v.abs().sum() < t { t = v.abs().sum().item() * 0.7 }",
    "what fails in the end": "t = 1 / (24 - i)",
    "text": "print i, v, a.grad, f'{t:.2f} {v.sum().item():.3e}', (t, [k]), sep='|'; t += 1; xs.append(f'{i}')",
    "what is shown": "v; v.sum(); t; t += 0.5; (v * a).sum()",
    "an item of a list": "h[i] = v.sum().item(); h[5 - i] = t; t += i",
    "an item that is not there": "h[i * 2] = t",
    "functions of numbers": "t = max(t, v.sum().item(), i); k = round(t) + abs(-i) + int(t); r = float(k)",
    "what is bound late": "t += 1; if t > 20 { let late = t; k = late }; if i == 28 { late = 3; k += late }",
    "break": "t += 1; if t > 20 { print t; break }",
    "continue": "t += 1; if t % 9 == 5 { continue }; k += i",
    "return": "t += 1; if v.abs().sum().item() < 0.01 { xs.append(t); break }",
    "the last loss": "if i == 0 or t.item() > 0.5 { k += 1 }; t = (v * v).sum(); backward t",
    "loops inside": "let j = 0; while true { j += 1; t += j; if j == 3 { break } }; for q in range(2) { k += q }",
    "a list and what fails": "xs.append(i // (24 - i))",
}


BETWEEN = {
    "nothing": "pass",
    "numbers": "r = r * 0.9; opt.param_groups[0]['lr'] = r / 10",
    "the data": "x = x * 2 + v.detach()",
    "a list": "ys.append(xs); xs = []",
    "a shape": "x = randn(4, 2) if e == 2 else x",
    "an alias": "if e == 1 { x = v.detach() } else { x = x.clone() }",
    "a flag": "if e == 2 { v.requires_grad_(false); v = v * 2; v.requires_grad_() }",
    "a hook": "if e == 2 { let seen = v.register_hook(double) }",
    "a mode": "set_default_dtype(float64 if e == 1 else float32)",
    "a function": "g = double if e % 2 == 0 else half",
    "an optimiser": "if e == 2 { opt = SGD([v], lr=0.02) }",
    "writing": "no_grad { x[0] = e }",
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_plan_is_there_when_the_loop_runs_again(name: str) -> None:
    """What is another by then is seen, and either in the plan or the end of it."""
    text = f"""\
manual_seed(0); let v = tensor([1., -2.], grad); let opt = SGD([v], lr=0.05, momentum=0.5); let x = randn(3, 2)
let r = 0.5; let xs = []; let ys = []; let n = 0
fn double(x) = x * 2
fn half(x) = x / 2
let g = double
for e in range(5) {{
    for i in range(12) {{
        opt.zero_grad(); let loss = ((g(v) - x) ** 2).mean() * r; backward loss; opt.step(); n += i
        xs.append(loss.item())
    }}
    {BETWEEN[name]}
    print e, loss, v, v.grad, v._version
}}
let j = 0
while j < 50 {{ j += 1; v = (v * 0.9).detach() }}
print xs, ys, n, x, j, v
"""
    by_plan, told = shown(text)
    assert by_plan == shown(text, planned=False)[0]
    assert "" in [each.reason for each in told]


@pytest.mark.parametrize("name", CARRIED)
def test_what_goes_from_one_iteration_to_the_next(name: str) -> None:
    step = "v.grad = none; backward (v * v).sum(); no_grad { v -= 0.1 * v.grad }"
    bound = PRELUDE + "let h = [0.0] * 30; let k = 1; let r = 1.5; let c = tensor([1., 2.]); let d = none"
    text = bound + f"\nfor i in range(30) {{\n    {step}\n    {CARRIED[name]}\n}}"
    end = "print v, v.grad, xs, t, k, r, c, d, a, h"
    for program in (f"{text}\n{end}", f"fn f() {{\n{text}\n{end}\n}}\nf()"):
        by_plan, told = shown(program)
        assert by_plan == shown(program, planned=False)[0]
        assert "" in [each.reason for each in told]


def test_what_no_iteration_binds_stays_unbound() -> None:
    body = "for i in range(40) { t += 1; v *= 0.9; if t == 60 { let d = t; let sum = t; let z = t } }"
    inside = f"fn f() {{\nlet t = 0; let v = ones(2)\n{body}\nreturn d\n}}"
    text = f"let d = 5; let t = 0; let v = ones(2)\n{body}\n{inside}\nprint d, sum([1, 2]), v\nprint f()\nprint z"
    by_plan, told = shown(text)
    assert by_plan == shown(text, planned=False)[0]
    assert [each.reason for each in told] == ["", ""]


def test_random_loops_come_to_the_same() -> None:
    """Output, status, names, gradients, versions, graphs, random stream: 500 loops, of which `make stress` has more."""
    planned = 0
    for seed in range(63):
        found, told = compared(made(seed), make=partial(Run, shared=True, **looked_at(seed)))
        assert not found, f"program {seed}, {found}"
        assert not [each.loop for each in told if "other digits" in each.reason], f"program {seed}"
        planned += sum(not each.reason for each in told)
    assert planned > 10


@pytest.mark.parametrize("name", training.MODELS)
def test_models_are_trained_by_plans(name: str) -> None:
    """Each layer, loss and draw of the library's, with an optimiser of its own, the random stream behind it too."""
    text = training.programs()[name]
    by_plan, told = shown(text)
    assert by_plan == shown(text, planned=False)[0]
    parameters = "an item of the loop has a graph, or wants a gradient"  # loops over them, inside
    assert [each.reason for each in told if each.reason != parameters] == [""]


@pytest.mark.parametrize("optimiser", training.OPTIMISERS)
def test_optimisers_run_in_plans(optimiser: str) -> None:
    text = training.trained("classifier", optimiser)
    by_plan, told = shown(text)
    assert [each.reason for each in told] == [""]
    assert by_plan == shown(text, planned=False)[0]


@pytest.mark.parametrize("name", training.LOOPS)
def test_what_is_another_in_each_iteration(name: str) -> None:
    """The loop's own variable, parts of arrays that it names, batches and rates."""
    text = training.looped(name)
    by_plan, told = shown(text)
    assert by_plan == shown(text, planned=False)[0]
    assert [each.reason for each in told] == [""] or name in training.UNPLANNED


def test_the_programs_of_this_repository_come_to_the_same(tmp_path: Path) -> None:
    with apart(tmp_path):
        for name, texts in programs():
            if not any(word in name for word in LONG):
                found, _ = compared(texts, name)
                assert not found, f"{name}: {found}"


@pytest.mark.parametrize("name", [*pythons.PLANNED, *pythons.OTHERS])
def test_loops_of_python_programs(name: str) -> None:
    text = pythons.HEAD + {**pythons.PLANNED, **pythons.OTHERS}[name]
    found, told = compared([text], make=partial(Run, python=True))
    assert not found, found
    if name in pythons.PLANNED:
        assert told
        assert not [each.reason for each in told if each.reason]


def test_operators_take_numbers_that_change() -> None:
    """One sample of each; `make stress` has all."""
    planned = 0
    for found, by_plan in operators.outcomes(every=False):
        assert not found, found
        planned += by_plan
    assert planned > 300


def test_operators_take_batches() -> None:
    """Each iteration has other data, and most have a plan: `cross_entropy` had looked at each batch's classes as
    Python's ints, and no loop over batches of two or more had one."""
    reasons: Counter[str] = Counter()
    for found, told in operators.of_batches(every=False):
        assert not found, found
        reasons.update(told)
    assert reasons[""] > 430 and reasons["a value that changes is read as a number, or decides what is done"] < 18


@pytest.mark.parametrize(
    "weight", ["", ", weight=torch.tensor([0.5, 1.0, 2.0])", ", ignore_index=1", ", reduction='sum'"]
)
@pytest.mark.parametrize("shape", ["", ".view(1, 4).expand(2, 4)"])
def test_batches_of_classes_have_a_plan(weight: str, shape: str) -> None:
    text = f"""\
import torch, torch.nn as nn
torch.manual_seed(0)
X, Y = torch.randn(400, 5), torch.randint(0, 3, (400,)); net = nn.Linear(5, 3)
opt, loss_of = torch.optim.SGD(net.parameters(), lr=0.1), nn.CrossEntropyLoss(LEFT)
SHUFFLED = torch.randperm(400)
for at in range(0, 400, 4):
    chosen = SHUFFLED[at : at + 4]
    x, y = X[chosen], Y[chosen]{shape}
    opt.zero_grad(); loss = loss_of(net(x) if y.ndim == 1 else net(x).T.expand(2, 3, 4), y); loss.backward(); opt.step()
print(loss, net.weight)
Y[390] = 3
for at in range(0, 400, 4):
    loss = loss_of(net(X[at : at + 4]), Y[at : at + 4])
""".replace("LEFT", weight[2:])
    found, told = compared([text], make=partial(Run, python=True))
    assert not found, found
    # of what each batch has to ignore its own plan would be one
    assert [each.reason for each in told] == ["", ""] or "ignore" in weight


def test_of_what_no_plan_knows_nothing_is_read() -> None:
    """Whatever a body asks of it: what Python looks up in a class too, and by keyword."""
    x = Closed("it is not known")
    of_one = [len, iter, next, reversed, bool, float, int, complex, abs, round, repr, str, bytes, format, hash]
    of_one += [math.trunc, math.floor, math.ceil, op.index, op.neg, op.pos, op.invert, op.not_, op.truth]
    of_two = [
        op.add,
        op.sub,
        op.mul,
        op.truediv,
        op.floordiv,
        op.mod,
        op.pow,
        op.matmul,
        op.and_,
        op.or_,
        op.xor,
        divmod,
    ]
    of_two += [op.lshift, op.rshift, op.lt, op.le, op.eq, op.ne, op.ge, op.gt]
    uses: list[Any] = [partial(each, x) for each in of_one]
    uses += [partial(each, *both) for each in of_two for both in ((x, 1), (1, x), (x, x))]
    uses += [partial(each, x, 1) for each in (op.iadd, op.isub, op.imul, op.ipow, op.ilshift, op.imatmul)]
    uses += [lambda: x[0], lambda: op.setitem(x, 0, 1), lambda: op.delitem(x, 0), lambda: 1 in x, lambda: {x: 1}]
    uses += [lambda: x(1), lambda: x(inplace=True), lambda: x.copy, lambda: isinstance(x, int), lambda: f"{x:.2f}"]
    uses += [lambda: np.asarray(x), lambda: np.add(x, 1), lambda: np.sum(x), lambda: (lambda **k: k)(**x)]
    for at, use in enumerate(uses):
        with pytest.raises(NoPlan):
            pytest.fail(f"{at} gives {use()}")


@pytest.mark.parametrize(
    "text",
    [
        "for f in [relu, elu, celu, selu, silu, mish] { print f(ones(2), inplace=false) }",
        "for f in [MSELoss] * 9 { print f(size_average=false).reduction }",
        "for v in [[1e-5], [2e-5], [1e-4], [9e-5]] * 2 { print tensor(v), tensor([v, v]) }",
    ],
    ids=["functions", "classes", "lists"],
)
def test_items_that_are_called_or_have_numbers(text: str) -> None:
    assert shown(text)[0] == shown(text, planned=False)[0]


def test_what_a_loop_goes_over_may_be_written() -> None:
    planned = 0
    for text in gone_over.programs():
        found, told = compared([text], make=partial(Run, shared=True))
        assert not found, f"{text}\n{found}"
        planned += any(not each.reason for each in told)
    assert planned > 10


@pytest.mark.usefixtures("only_where_worth_it")
def test_a_short_loop_is_not_worth_it() -> None:
    assert "not worth" in shown(ROSENBROCK.format(n=20), forced=False)[1][0].reason
    assert shown(ROSENBROCK.format(n=200), forced=False)[1][0].reason == ""


@pytest.mark.parametrize("header", ["for i in range({})", "while i < {} - 1", "repeat {}"])
@pytest.mark.parametrize("inside", [False, True])
def test_a_loop_has_a_plan_from_when_it_is_worth_it(header: str, inside: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told; each iteration is worth more than it takes, or the loop runs until it is worth it."""
    made: list[bool] = []
    proved = loops.Loop.proved
    monkeypatch.setattr(loops.Loop, "proved", lambda *given: made.append(True) or proved(*given))
    body = f"let i = 0; let v = ones(2, grad)\n{header} {{{{ v.grad = none; backward (v * v).sum(); i += 1"
    body += "\n    no_grad {{ v -= 0.1 * v.grad }}; if i == 30 {{ print v, i }}\n}}\n"
    text = f"fn f() {{{{\n{body}return v, i\n}}}}\nprint f()" if inside else body + "print v, i"
    for worth, least, count in ((-1.0, 0, 5), (-1.0, 0, 6), (-1.0, 0, 7), (-1.0, 16, 40), (0.003, 16, 1000)):
        made.clear()
        monkeypatch.setattr(door, "WORTH", worth)
        monkeypatch.setattr(door, "LEAST", least)
        by_plan, plain = Run(True, forced=False), Run(False)
        by_plan.session.plan()
        assert not difference(by_plan.run(text.format(count)), plain.run(text.format(count)))
        assert made or count < 7


@pytest.mark.usefixtures("only_where_worth_it")
def test_a_loop_of_few_iterations_has_no_plan_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording one of its iterations, of which each is a loop, would take longer than all of them."""
    made: list[int] = []
    proved = loops.Loop.proved
    monkeypatch.setattr(loops.Loop, "proved", lambda loop, *given: made.append(loop.size) or proved(loop, *given))
    monkeypatch.setattr(door, "WORTH", -1.0)
    inner = "for i in range(30) { v.grad = none; backward (v * v).sum(); no_grad { v -= 0.1 * v.grad } }"
    assert Session(plans=True).run(f"let v = ones(2, grad)\nfor epoch in range(10) {{\n{inner}\n}}").ok
    assert made == [30]


@pytest.mark.usefixtures("only_where_worth_it")
@pytest.mark.parametrize("epochs, passed", [("for epoch in [0, 1]", []), ("for epoch in range(10)", [30])])
def test_a_loop_in_another_will_run_as_often_as_that(
    epochs: str, passed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is worth its plan in the first of its runs, where it would not be for the iterations of that alone."""
    made: list[float] = []
    proved = loops.Loop.proved
    monkeypatch.setattr(loops.Loop, "proved", lambda loop, *g: made.append(loop.known.passed) or proved(loop, *g))
    monkeypatch.setattr(door, "WORTH", -1.0)
    monkeypatch.setattr(door, "LEAST", 40)
    inner = "for i in range(30) { v.grad = none; backward (v * v).sum(); no_grad { v -= 0.1 * v.grad } }"
    assert Session(plans=True).run(f"let v = ones(2, grad)\n{epochs} {{\n{inner}\n}}").ok
    assert made == passed


def test_values_do_not_leave_a_recording() -> None:
    """What is not known of them is refused, never taken for the array that they stand for."""
    before = alloc.empty
    with Recording() as record:
        assert isinstance(record, Record)
        x = Value(record, np.ones(3))
        assert type(alloc.empty(3)) is Value
        with pytest.raises(NoPlan):
            np.asarray(x)
        with pytest.raises(NoPlan):
            np.ones(3)[...] = x
        with pytest.raises(NoPlan):
            np.add(x, x, out=np.ones(3))
    assert alloc.empty is before


def test_plans_are_made_unless_somebody_wants_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--no-plans` holds for all sessions of the process; `--plans`, which once asked for them, is still an option."""
    made: list[bool] = []
    proved = loops.Loop.proved
    monkeypatch.setattr(loops.Loop, "proved", lambda *given: made.append(True) or proved(*given))
    monkeypatch.setattr(door, "WORTH", -1.0)
    monkeypatch.setattr(Base, "planned", True)
    text = ROSENBROCK.format(n=20)
    shows = []
    for words, count in ((["--plans"], 1), ([], 1), (["--no-plans"], 0)):
        made.clear()
        assert main.run([*words, "-c", text]) == 0
        shows.append(capsys.readouterr().out)
        assert len(made) == count
    assert shows[0] == shows[1] == shows[2] != ""
    assert Session().run(text).ok and not made
    assert Session(plans=True).run(text).ok and made


@pytest.mark.parametrize("body", ("l.append(w * 1.0)", "l.append(w.detach() + i)"))
def test_a_plan_that_is_kept_holds_nothing_of_the_program(body: str) -> None:
    # a list that was full of what a limit of memory allows stayed, and all that came after was beyond the limit
    session = Session(err=io.StringIO())
    told: list[LoopPlan] = []
    session.plan(True, told.append)
    text = f"let w = tensor([1.0]); let n = 0; let l = []\nfor i in range(40) {{ {body} }}"
    assert session.run(text).ok and told[0].reason == ""
    first = weakref.ref(session.globals[".l"][0])
    assert session.run("l = none").ok
    gc.collect()
    assert first() is None


@pytest.mark.parametrize("place", ["tried", "enter", "compare"])
def test_mistakes_of_plans_are_seen_in_tests_alone(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In use the loop then runs as it is written; what is refused is none."""

    def raises(*_: object) -> None:
        raise KeyError(place)

    monkeypatch.setattr(*((loops, place) if place == "tried" else (loops.Trial, place)), raises)
    text = ROSENBROCK.format(n=20)
    assert "E0999" in shown(text)[0]
    run = Run(True)
    monkeypatch.setattr(Seen, "mistakes", False)
    assert not difference(run.run(text), Run(False).run(text))
    assert [each.reason for each in run.told] == [f"its body does what no plan knows (KeyError: '{place}')"]


def test_an_error_of_the_program_is_no_mistake() -> None:
    for end in ("1 / (2 - i)", "1 / (3 - i)", "[0, 1, 2][i]", "ones(3)[i]"):
        text = f"let t = 0.0; let v = ones(3)\nfor i in range(9) {{ v = v * 0.5; t = {end} }}\nprint t"
        assert shown(text)[0] == shown(text, planned=False)[0]
        assert "E0999" not in shown(text)[0]


def test_what_a_plan_gives_to_lists_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = loops.Trial.run

    def other(trial: loops.Trial, count: int, outs: list[object]) -> object:
        result = ran(trial, count, outs)
        outs[:] = [out + 1 for out in outs]  # type: ignore[operator]
        return result

    text = "let xs = [0.5] * 20; let v = ones(2)\nfor i in range(20) {{ v *= 0.9; {} }}\nprint xs, v"
    for statement in ("xs.append(v.sum().item())", "xs.append(v * 2)", "xs.append((i, i))", "xs[i] = v.sum().item()"):
        program = text.format(statement)
        plain = shown(program, planned=False)[0]
        by_plan, told = shown(program)
        assert by_plan == plain
        assert [each.reason for each in told] == [""]
        with monkeypatch.context() as patched:
            patched.setattr(loops.Trial, "run", other)
            by_plan, told = shown(program)
        assert by_plan == plain
        assert [each.reason for each in told] == ["the plan gives a list other items"]


def test_loops_and_functions_of_used_files_have_plans(tmp_path: Path) -> None:
    lines = "for i in range(200) { x = (x * 0.9).detach() }"
    (tmp_path / "lib.grad").write_text(f"fn run(x) {{\n{lines}\nreturn x\n}}\nlet x = ones(2)\n{lines}\n")
    run = Run(True)
    name = str(tmp_path / "main.grad")
    text = 'use "lib.grad" as lib\nprint lib.x, lib.run(ones(3))'
    assert not difference(run.run(text, name), Run(False).run(text, name))
    assert [each.reason for each in run.told] == ["", ""]
