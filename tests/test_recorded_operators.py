"""Every operator against values and gradients that PyTorch gave (tests/record/operators.py writes them)."""

import io
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from gradsh import Session
from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.gradcheck import tensors_in
from gradsh.engine.ops import families
from gradsh.engine.ops.attributes import ATTRIBUTES
from tests.recorded import cotangent, decoded

DATA = Path(__file__).parent / "data"
FUNCTIONS, METHODS = families.functions(), families.methods()
CASES = defaultdict(list)
for _case in json.loads((DATA / "operators.json").read_text(encoding="utf-8"))["cases"]:
    CASES[_case["op"]].append(_case)
NAMES = [
    n for n in (DATA / "operator_names.txt").read_text(encoding="utf-8").split("\n") if n and not n.startswith("#")
]

# determined up to the sign of columns, which LAPACK's libraries choose differently
UP_TO_SIGN = {"linalg.eigh": (1,), "linalg.svd": (0, 2), "svd": (0, 2)}
# gradients in which gradsh differs from PyTorch on purpose; tests/record/deliberate.py says why
OTHER_GRADIENTS = {"cholesky_inverse", "cholesky_solve", "ldexp"}


def flat(result):
    if isinstance(result, (list, tuple)):
        return [x for item in result for x in flat(item)]
    return [] if result is None else [result]


def close(ours, recorded, what):
    theirs = decoded(recorded)
    if not isinstance(theirs, Tensor):
        assert not isinstance(ours, Tensor), what
        assert ours == pytest.approx(theirs, nan_ok=True), what
        return
    a, b = np.asarray(ours.data), np.asarray(theirs.data)
    assert a.dtype == b.dtype, what
    assert a.shape == b.shape, what
    if a.dtype.kind == "f":
        precision = {8: 1e-9, 4: 1e-5, 2: 2e-3}[a.dtype.itemsize]
        np.testing.assert_allclose(a, b, rtol=precision, atol=precision, err_msg=what)
    else:
        np.testing.assert_array_equal(a, b, err_msg=what)


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("name", sorted(CASES))
def test_values_and_gradients(name):
    for number, case in enumerate(CASES[name]):
        what = f"{name}, case {number}"
        args, kwargs = decoded(case["args"]), {k: decoded(v) for k, v in case["kwargs"].items()}
        FUNCTIONS["manual_seed"].apply(42)
        outputs = flat(FUNCTIONS[name].apply(*args, **kwargs))
        assert len(outputs) == len(case["out"]), what
        if name in UP_TO_SIGN:
            for at in UP_TO_SIGN[name]:
                outputs[at] = make(np.abs(outputs[at].data))
                case["out"][at]["v"] = np.abs(case["out"][at]["v"]).tolist()
        for ours, recorded in zip(outputs, case["out"], strict=True):
            close(ours, recorded, what)
        if "grads" not in case or name in OTHER_GRADIENTS:
            continue
        tracked = [o for o in outputs if isinstance(o, Tensor) and o.requires]
        inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires and x.node is None]
        seeds = [make(cotangent(o.data)[()]) for o in tracked]
        grads = run_grad(tracked, inputs, seeds, False, False, True, False, None)
        for at, (ours, recorded) in enumerate(zip(grads, case["grads"], strict=True)):
            assert (ours is None) == (recorded is None), f"{what}, gradient {at}"
            if ours is not None:
                close(ours, recorded, f"{what}, gradient {at}")


def there(name):
    """Whether gradsh has what PyTorch's public name stands for: a function, a method, an attribute or an operator."""
    bare = name.removeprefix("nn.functional.")
    # true division has been `/` since Python 3; a tensor stands on the left of every `@`
    special = {"__rdiv__": "__rtruediv__", "__rmatmul__": "__matmul__"}.get(bare, bare)
    return bare in FUNCTIONS or bare in METHODS or bare in ATTRIBUTES or hasattr(Tensor, special) or bare == "slice"


def test_all_names_are_there(capsys):
    entries = [n for n, e in FUNCTIONS.items() if e.kernel is not None or e.body is not None]
    covered = [n for n in NAMES if there(n)]
    with capsys.disabled():
        print(
            f"\n{len(entries)} registry entries, {len(CASES)} of them with recorded values; "
            f"{len(covered)} of PyTorch's {len(NAMES)} names"
        )
    assert [n for n in NAMES if n not in covered] == []
    assert len(NAMES) == 311


def test_differentiable_entries_are_recorded():
    """Every entry with a rule or a body holds a recorded value, or else to its definition."""
    missing = [n for n, e in FUNCTIONS.items() if n not in CASES and e.samples is not None and e.differentiable]
    help = "`python -m tests.record.operators` records PyTorch's values; what PyTorch lacks says its `definition=`"
    assert [n for n in missing if not FUNCTIONS[n].definition] == [], help


def test_operators_that_pytorch_lacks():
    """Their values and gradients are those of their definition, on each of their samples."""
    for name, entry in FUNCTIONS.items():
        if not entry.definition or entry.signature.parameters[0].name == "params":
            continue  # for optimisers see tests/test_every_optimiser.py
        assert name not in CASES, f"{name}: PyTorch has it, it needs no definition"
        assert entry.samples is not None, f"{name}: its definition is checked on samples"
        for sample in entry.samples():
            what = f"{name}{sample}"
            args, kwargs = sample.draw()
            again, keywords = sample.draw()
            session = Session(out=io.StringIO(), err=io.StringIO())
            values = entry.signature.bind(tuple(again), keywords)
            session.globals.update(("." + p.name, v) for p, v in zip(entry.signature.parameters, values, strict=True))
            result = session.run(f"let defined = {entry.definition}")
            assert result.ok, f"{name}: definition={entry.definition!r}: {result.errors[0].message}"
            ours, theirs = flat(entry.apply(*args, **kwargs)), flat(session.globals[".defined"])
            assert len(ours) == len(theirs), what
            for a, b in zip(ours, theirs, strict=True):
                assert a.data.dtype == b.data.dtype and a.data.shape == b.data.shape, what
                np.testing.assert_allclose(a.data, b.data, 1e-9, 1e-12, err_msg=what)
            if not entry.differentiable:
                continue
            inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires]
            their_inputs = [x for x in tensors_in([*again, *keywords.values()]) if x.requires]
            for a, b in zip(gradients(ours, inputs), gradients(theirs, their_inputs), strict=True):
                np.testing.assert_allclose(a.data, b.data, 1e-9, 1e-12, err_msg=f"{what}, gradient")


def gradients(outputs, inputs):
    tracked = [o for o in outputs if o.requires]
    return run_grad(tracked, inputs, [make(cotangent(o.data)[()]) for o in tracked], False, False, True, True, None)
