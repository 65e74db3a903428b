"""The machine in C that runs plans: each instruction has NumPy's bits, and none reaches where it must not."""

from __future__ import annotations

import gc
import importlib.util
import operator
import os
import signal
import threading
import tracemalloc
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from gradsh import Session
from gradsh.plans import machine, trust
from gradsh.plans.builder import Plan
from gradsh.plans.numbers import Number
from gradsh.plans.values import Step, Value, uncovered
from tests.plans.programs import made
from tests.test_plans import ROSENBROCK, shown

IN_C = importlib.util.find_spec("gradsh.engine.kernels.native") is not None
needs_c = pytest.mark.skipif(not IN_C, reason="no kernels in C")
ORDERS: list[Any] = ["C", "F"]
DTYPES = [np.dtype(name) for name in ("?", "u1", "u4", "u8", "i4", "i8", "f2", "f4", "f8")]
UFUNCS: list[Any] = [
    *sorted(machine.EXACT, key=lambda ufunc: ufunc.__name__),
    *trust.INEXACT,
    np.floor_divide,
    np.remainder,
]


def value(array: Any, root: Value | None = None) -> Value:
    return Value(None, array, root)  # type: ignore[arg-type]


def plan_of(steps: list[Step]) -> Plan:
    return Plan(steps, [], [], [], [], set())


def laid_out(draw: Random, shape: tuple[int, ...], dtype: Any) -> Value:
    """Numbers in memory of some layout: turned, with gaps, backwards, or one number for all."""
    wide = tuple(2 * n + 1 for n in shape)
    root = value(np.array([draw.randint(-3, 3) for _ in range(int(np.prod(wide)))]).reshape(wide).astype(dtype))
    ways = [draw.choice([slice(n), slice(1, 2 * n, 2), slice(n - 1, None, -1)]) for n in shape]
    part = root.array[(..., *ways)]
    part = part if draw.random() < 0.5 else np.broadcast_to(part[:1], part.shape) if shape else part
    if draw.random() < 0.4:
        root = value(part.copy(order=draw.choice(ORDERS)))
        part = root.array
    turned = value(np.asarray(np.array(part.T, order="C")).T)
    return turned if draw.random() < 0.2 else value(part, root)


def case(draw: Random) -> tuple[Step, Any]:
    """A step of some kind, and what NumPy makes of it."""
    shape = draw.choice([(), (1,), (2,), (33,), (3, 5), (2, 3, 4), (4, 1, 3)])
    dtype = draw.choice(DTYPES)
    x = laid_out(draw, shape, dtype)
    kind = draw.choice(["map", "map", "map", "copy", "reduce", "put", "take", "dot", "reshape"])
    if kind == "copy":
        to = draw.choice(DTYPES)
        return Step("copy", None, (x,), value(np.empty(shape, to))), x.array.astype(to)
    if kind == "reshape":
        flat = x.array.reshape(-1)
        return Step("call", np.reshape, (x, flat.shape), value(np.empty_like(flat))), flat
    if kind == "reduce":
        ufunc: Any = draw.choice([np.add, np.maximum, np.minimum, np.multiply])
        axis = draw.choice([None, *range(len(shape)), tuple(range(len(shape)))])
        keepdims = draw.random() < 0.5
        result = np.asarray(ufunc.reduce(x.array, axis, keepdims=keepdims))
        return Step("reduce", ufunc, (x,), value(np.empty_like(result)), (axis, keepdims)), result
    if kind in ("put", "take"):
        if not shape:
            return case(draw)
        index = draw.choice([..., 0, slice(None, None, -1), np.array([0, -1, 0]), ([0],), slice(0, 1)])
        if len(shape) == 2 and draw.random() < 0.5:
            index = (value(np.array([0, -1, 1, 2, 0])), value(np.array([4, -5, 0, 4, 4])))
        index = value(index) if isinstance(index, np.ndarray) and draw.random() < 0.5 else index
        plain = uncovered(index)
        if kind == "take":
            part = x.array[plain]
            return Step("take", None, (x,), value(np.empty_like(part)), index), part
        given = draw.choice(
            [2, 1.5, laid_out(draw, (), dtype), laid_out(draw, x.array[plain].shape, draw.choice(DTYPES))]
        )
        out = value(np.zeros(shape, dtype))
        result = out.array.copy()
        result[plain] = given.array if type(given) is Value else given
        return Step("put", None, (given,), out, index), result
    if kind == "dot":
        ways = [((4, 3), (3, 5)), ((4, 3), (3,)), ((3,), (3, 5)), ((3,), (3,)), ((1, 3), (3, 1)), ((1, 1), (1, 4))]
        a, b = (laid_out(draw, each, dtype) for each in draw.choice(ways))
        result = np.asarray(np.dot(a.array, b.array))
        return Step("call", np.dot, (a, b), value(np.empty_like(result))), result
    ufunc = draw.choice(UFUNCS)
    if len(shape) and draw.random() < 0.3:
        y: Any = laid_out(draw, draw.choice([(), shape[1:], (1, *shape[1:])]), draw.choice([dtype, *DTYPES]))
    else:
        y = draw.choice([laid_out(draw, shape, draw.choice([dtype, *DTYPES])), 2, -1.5, dtype.type(1)])
    inputs = (x, y)[: ufunc.nin]
    try:
        result = np.asarray(ufunc(*[each.array if type(each) is Value else each for each in inputs]))
    except TypeError:  # no such loop
        return case(draw)
    in_place = draw.random() < 0.2 and x.array.flags.writeable and (result.dtype, result.shape) == (dtype, shape)
    in_place = in_place and not any(n > 1 and not step for n, step in zip(shape, x.array.strides, strict=True))
    return Step("map", ufunc, inputs, x if in_place else value(np.empty_like(result))), result


@needs_c
def test_instructions_give_numpys_bits() -> None:
    from gradsh.engine.kernels import native

    with np.errstate(all="ignore"):
        for seed in range(1500):
            step, expected = case(Random(seed))
            run = machine.packed_by(native, plan_of([step]))
            assert run is not None
            assert run(1, (), []) == (1, (), None)
            what = f"{seed}: {step.kind} {step.function} {[getattr(x, 'shape', x) for x in step.arguments]}"
            assert step.out.array.tobytes() == expected.tobytes(), what


@needs_c
def test_carried_values_are_read_before_one_is_written() -> None:
    from gradsh.engine.kernels import native

    a, b = value(np.array(1.0)), value(np.array([2.0, 3.0]))
    c, d = value(np.array(5.0)), value(np.array([7.0, 8.0]))
    run = machine.packed_by(native, Plan([], [(a, c), (c, a), (b, d), (d, b)], [], [], [], set()))
    assert run is not None
    assert run(3, (), [])[0] == 3
    assert [x.array.tolist() for x in (a, c, b, d)] == [5.0, 1.0, [7.0, 8.0], [2.0, 3.0]]


@needs_c
def test_parts_that_lie_elsewhere_in_each_iteration() -> None:
    """Rows i to i + 2 into a column and i of a vector: up to where they would reach out of their arrays."""
    from gradsh.engine.kernels import native

    x, v = value(np.arange(24.0).reshape(8, 3)), value(np.arange(8.0, dtype=np.float32))
    out, one, into = value(np.zeros((2, 3))), value(np.zeros((), np.float32)), value(np.zeros((9, 2)))
    i, k = Number(None, 1), Number(None, 3)
    steps = [
        Step("number", operator.add, (i, 2), k),
        Step("take", None, (x,), out, slice(i, k)),
        Step("take", None, (v,), one, k),
        Step("put", None, (one,), into, (i, slice(None))),
        Step("put", None, (value(out.array[:, 1], out),), into, (slice(0, 2), 1)),
        Step("put", None, (value(out.array[:, 1], out),), into, (slice(i, k), 0)),
    ]
    outs: list[Any] = []
    run = machine.packed_by(native, Plan(steps, [], [(i, k)], [out, one], [], {id(i), id(k)}))
    assert run is not None
    assert run(9, (1,), outs) == (3, None, None)  # rows 7 to 9 there are not
    wanted = np.zeros((9, 2))
    for turn, (at, given, number) in enumerate(zip((1, 3, 5), outs[::2], outs[1::2], strict=False)):
        assert given.tolist() == x.array[at : at + 2].tolist()
        assert number.tolist() == at + 2, turn
        wanted[at] = number
        wanted[0:2, 1] = given[:, 1]
        wanted[at : at + 2, 0] = given[:, 1]
    assert into.array.tolist() == wanted.tolist()
    assert run(1, (-1,), [])[0] == 0
    slot, far = np.array(0), value(np.zeros(4))
    with pytest.raises(ValueError, match="reaches out of its memory"):
        native.add_part(native.program(), 0, slot, None, 1, 4, 8, far.array[:1], far.array, np.zeros(1), np.zeros(1))


@needs_c
def test_a_row_or_column_that_is_not_there_is_left() -> None:
    """The iteration runs as it is written, and raises what NumPy does."""
    from gradsh.engine.kernels import native

    matrix = value(np.arange(6.0).reshape(2, 3))
    for rows, columns, done in (([0, -2], [2, -3], 1), ([0, 2], [0, 0], 0), ([0, -3], [0, 0], 0), ([0, 1], [0, -4], 0)):
        index = (value(np.array(rows)), value(np.array(columns)))
        out = value(np.zeros(2))
        for step in (Step("take", None, (matrix,), out, index), Step("put", None, (9.0,), matrix, index)):
            run = machine.packed_by(native, plan_of([step]))
            assert run is not None
            assert run(1, (), []) == (done, () if done else None, None)
        assert not done or (out.array.tolist() == [2.0, 0.0] and matrix.array[index[0].array, index[1].array].all())


@needs_c
def test_an_output_that_lies_over_an_input() -> None:
    from gradsh.engine.kernels import native

    for turn in (1, -1):
        root = value(np.arange(34.0))
        x, out = (value(root.array[part], root) for part in (slice(33), slice(1, 34)))
        x, out = (x, out) if turn > 0 else (out, x)
        expected = np.add(x.array.copy(), 1.0)
        steps = [Step("map", np.add, (x, 1.0), out), Step("copy", None, (x,), out), Step("put", None, (x,), out, ...)]
        for step in steps:
            run = machine.packed_by(native, plan_of([step]))
            assert run is not None
            assert run(1, (), [])[0] == 1
            assert out.array.tolist() == expected.tolist()
            expected = x.array.copy()


ELEMENTARY = [
    *("exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "arcsin", "arccos", "arctan"),
    *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "tanh_backward", "sigmoid_backward"),
]


@needs_c
@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_are_instructions_and_no_calls(name: str) -> None:
    """Of few numbers and of many, where the module's function takes them; what lies otherwise is left to a call."""
    from gradsh.engine.kernels import native

    function, draw = getattr(native, name), np.random.default_rng(0)
    operands = 2 if name.endswith("backward") else 1
    for shape in ((), (1,), (3, 3), (64,), (65,), (10, 100)):
        given = [np.asarray(draw.random(shape) * 1.8 - 0.4, np.float32) for _ in range(operands)]
        expected, out, program = function(*map(np.atleast_1d, given)), np.zeros(shape, np.float32), native.program()
        pairs = [each for x in (*given, out) for each in (x, x)]
        added = native.add_function(program, function, *pairs)
        assert added is (expected is not None)
        if added:
            assert native.run(program, 2, []) == 2
            assert out.tobytes() == expected.tobytes()
    x, out, y = np.ones((3, 4), np.float32), np.zeros((4, 3), np.float32), np.ones((4, 3), np.float32)
    for wrong in (x, x[:, :2], x.T, x.astype(np.float64), out[:3]):
        assert not native.add_function(native.program(), function, *(wrong, wrong) * operands, out, out)
    assert not native.add_function(native.program(), function, *(out, out) * operands, out, out)  # one memory
    for other in (np.exp, native.summed, len):
        assert not native.add_function(native.program(), other, *(y, y) * operands, out, out)


@needs_c
def test_a_pointer_out_of_reach_is_refused() -> None:
    from gradsh.engine.kernels import native

    x, out = np.zeros(4), np.zeros(8)
    for beyond in (as_strided(x, (8,)), as_strided(x[3:], (2,)), as_strided(x[1:], (4,), (-8,)), np.zeros(4)):
        with pytest.raises(ValueError, match="reaches out of its memory"):
            native.add_copy(native.program(), beyond, x, out[: len(beyond)], out)
        with pytest.raises(ValueError, match="reaches out of its memory"):
            native.add_map(native.program(), np.negative, True, -1, beyond, x, out[: len(beyond)], out)
    assert not native.add_map(native.program(), np.add, True, -1, x, x, x, x, out, out)  # other shapes: no instruction


@needs_c
def test_other_bits_switch_it_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Once in a process, and in the processes that read its cache."""
    from gradsh.engine.kernels import native

    monkeypatch.setenv("GRADSH_CACHE_DIR", str(tmp_path / "cache"))
    assert trust.trusted(native)
    (tmp_path / "cache").rename(tmp_path / "other")
    with monkeypatch.context() as patch:
        patch.setattr(trust, "by_numpy", lambda step, plain=trust.by_numpy: plain(step) + 1)
        assert not trust.trusted(native)
    assert not trust.trusted(native)


NUMBERS = """\
let a = zeros((), dtype=float32); let v = tensor([1., 0.05, 3.0], grad)
let t = 0.0; let n = 1; let big = 3; let low = -2; let q = 1.0; let xs = []
for i in range(90) {
    v.grad = none
    let loss = (v ** 2).sum()
    backward loss
    no_grad { v -= 0.01 * v.grad * (1 + i / 100) }
    t = t * 0.5 + loss.item() - i; n = n * 3 % 1000; big = big + big - 1; low -= i * 7
    q = -(1 - 0.9 ** (i + 1.5)) / (q * 2 - i) + 3; a *= 0.5; a += q - t
    xs.append(loss.item()); xs.append((n, loss.detach()))
    if t > 1e9 or low > 5 { xs.append(0) }
}
print v, v.grad, t, n, big, low, q, a, xs
"""


@needs_c
def test_loops_print_the_same_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [ROSENBROCK.format(n=50), NUMBERS, *("\n".join(made(seed)) for seed in range(1000, 1002))]
    assert trust.machine() is not None
    by_machine = [shown(text)[0] for text in texts]
    assert by_machine[1] == shown(NUMBERS, planned=False)[0]
    raises = NUMBERS.replace("q * 2 - i", "60.0 - i")
    assert "ivision by zero" in shown(raises)[0]
    assert shown(raises)[0] == shown(raises, planned=False)[0]
    monkeypatch.setattr(trust.Machine, "found", None)
    assert [shown(text)[0] for text in texts] == by_machine


def calls(function: Any) -> Plan:
    """A plan that calls a function of a scalar, a number, an array of no dims and an array, twice."""
    scalar, number = Value(None, np.array(2.5), scalar=True), Number(None, 2)  # type: ignore[arg-type]
    given = (scalar, number, value(np.array(1.5)), value(np.arange(3.0)))
    steps = [
        Step("call", function, given[:2], value(np.zeros(())), {"a": given[2], "b": given[3], "c": 4}),
        Step("number", function, (number, 0.5), Number(None, 2)),
    ]
    return Plan(steps, [], [(number, number)], [], [], {id(number), id(steps[1].out)})


@needs_c
def test_calls_get_what_they_got_in_the_recording() -> None:
    from gradsh.engine.kernels import native

    seen: list[Any] = []

    def function(*given: Any, **named: Any) -> Any:
        seen.append(([type(x) for x in given], {name: type(x) for name, x in named.items()}))
        return given[0]

    run = machine.packed_by(native, calls(function))
    assert run is not None
    assert run(1, (2,), []) == (1, (2,), None)
    assert seen == [([np.float64, int], {"a": np.ndarray, "b": np.ndarray, "c": int}), ([int, float], {})]
    assert run(1, (10**30,), [])[:2] == (0, None)  # no int of 64 bits: this iteration is none of the plan
    stops = machine.packed_by(native, calls(lambda *given, **named: 1 / 0))
    assert stops is not None
    assert isinstance(stops(1, (2,), [])[2], ZeroDivisionError)
    other = machine.packed_by(native, calls(lambda *given, **named: given[0] * 1.0))
    assert other is not None
    assert other(1, (2,), []) == (0, None, None)


@needs_c
def test_programs_of_the_machine_leave_nothing_behind() -> None:
    from gradsh.engine.kernels import native

    def packed_and_run() -> None:
        with np.errstate(all="ignore"):
            for seed in range(150):
                run = machine.packed_by(native, plan_of([case(Random(seed))[0]]))
                assert run is not None
                assert run(2, (), [])[0] == 2
        run = machine.packed_by(native, calls(lambda *given, **named: given[0]))
        assert run is not None
        assert run(100, (2,), []) == (100, (2,), None)

    def held() -> int:
        """Bytes that were taken by what was called from machine.py: of other threads' and of caches nothing."""
        gc.collect()
        taken = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, machine.__file__)])
        return sum(trace.size for trace in taken.traces)

    packed_and_run()
    tracemalloc.start()
    try:
        packed_and_run()
        before = held()
        packed_and_run()
        assert held() - before < 1000
    finally:
        tracemalloc.stop()


def test_ctrl_c_stops_a_plan() -> None:
    """Of more iterations than a day has time for."""
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    session = Session()
    session.plan(True, lambda report: timer.start())  # the plan is made, and runs from now on
    try:
        with pytest.raises(KeyboardInterrupt):
            session.run(ROSENBROCK.format(n=10**12))
    finally:
        timer.cancel()
    assert session.run("x.item() != -1.2").status == 0
