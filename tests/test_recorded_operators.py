"""Every operator against values and gradients that PyTorch gave (tests/record/operators.py writes them)."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

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
        tracked = [o for o in outputs if isinstance(o, Tensor) and o.rg]
        inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.rg and x.fn is None]
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
    """Every entry with a rule or a body that PyTorch has too holds a recorded value."""
    missing = [n for n, e in FUNCTIONS.items() if n not in CASES and e.samples is not None and e.differentiable]
    assert missing == []
