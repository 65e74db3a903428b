"""The last digits of float32: PyTorch's wherever they can be, and the same on every machine."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import leaf, make
from gradsh.engine.kernels.summation import exponentials
from gradsh.engine.operators.registry import Operator
from gradsh.engine.ops import families
from tests.record import softmax, sums
from tests.record.elementary import DATA, EACH, LIMITS, drawn

RECORDED = np.load(DATA)


def bits(name: str) -> Any:
    entry: Operator = families.functions()[name]
    with np.errstate(all="ignore"):
        return entry.apply(make(drawn(name))).data.view(np.int32)


@pytest.mark.parametrize("name", LIMITS)
def test_elementary_functions_have_pytorchs_bits(name: str) -> None:
    other = (bits(name) != RECORDED[name].view(np.int32)).mean() * 100
    assert other <= LIMITS[name], f"{other} % of {EACH}"


def test_arrays_and_numbers_have_the_same_bits() -> None:
    for name in LIMITS:
        entry = families.functions()[name]
        x = drawn(name)[::40]
        with np.errstate(all="ignore"):
            whole = entry.apply(make(x)).data
            large = entry.apply(make(np.tile(x, 1000))).data[-len(x) :]
            each = np.array([entry.apply(make(v)).data for v in x])
        assert (whole.view(np.int32) == large.view(np.int32)).all(), name
        assert (whole.view(np.int32) == each.view(np.int32)).all(), name


SOFTMAX = np.load(softmax.DATA)


def of_softmax(kind: str, number: int) -> Any:
    """A function of softmax's kin, or its gradient, as `softmax.main` computes it with PyTorch."""
    x, g, classes = softmax.drawn(number)
    dim = softmax.CASES[number][1]
    input = leaf(x, True, None)
    if kind.startswith("cross_entropy"):
        out = families.functions()["cross_entropy"].apply(input, make(classes), reduction="none")
        g = np.ones_like(out.data)
    else:
        out = getattr(T, kind.removesuffix("'"))(input, dim, None)
    return (gradient(out, input, g) if kind.endswith("'") else out.data).view(np.int32)


@pytest.mark.parametrize("name", softmax.LIMITS)
def test_softmax_has_pytorchs_bits(name: str) -> None:
    for kind in (name, f"{name}'"):
        other = [
            (of_softmax(kind, number) != SOFTMAX[f"{kind} {number}"].view(np.int32)).ravel()
            for number in range(len(softmax.CASES))
            if kind in softmax.kinds(number)
        ]
        assert np.concatenate(other).mean() * 100 <= softmax.LIMITS[name], [o.mean() for o in other]


def digest() -> str:
    found = hashlib.sha256()
    for name in LIMITS:
        found.update(bits(name).tobytes())
    for number in range(len(softmax.CASES)):
        for kind in softmax.kinds(number):
            found.update(of_softmax(kind, number).tobytes())
    return found.hexdigest()


def test_other_processors_give_the_same_bits() -> None:
    """Without the instructions of newer ones, which NumPy's kernels are chosen by."""
    program = "from tests.test_digits import digest; print(digest())"
    environment = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_ICL AVX512_SPR",
    }
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, env=environment
    )
    assert child.stdout.strip() == digest(), child.stderr[-500:]


SUMS: dict[str, str] = json.loads(sums.DATA.read_text(encoding="utf-8"))


def gradient(made: Any, small: Any, g: Any) -> Any:
    (found,) = run_grad([made], [small], [make(g)], False, False, False, False, None)
    assert found is not None
    return found.data


@pytest.mark.parametrize("kind", sums.KINDS)
def test_sums_have_pytorchs_bits(kind: str) -> None:
    other = []
    for number in range(sums.CASES):
        arrays, axes, keep = sums.drawn(kind, number)
        x = arrays[0]
        if kind == "broadcast":
            small = leaf(arrays[1], True, None)
            out = gradient(T.add(make(np.zeros_like(x)), small), small, x)
        elif kind == "bias":
            small = leaf(arrays[1], True, None)
            zeros = make(np.zeros((len(x), 2), x.dtype)), make(np.zeros((x.shape[1], 2), x.dtype))
            out = gradient(T.linear(*zeros, small), small, x)
        elif kind == "nll_loss":
            out = T.nll_loss(make(x), make(np.zeros(len(x), np.int64)), None, None, -100, None, "sum").data
        elif kind.startswith("log_softmax"):
            out = x - exponentials(x, axes)
        else:
            name = kind.partition(" ")[0]
            given = [make(a) for a in arrays]
            out = (getattr(T, name)(*given, axes, keep) if axes else getattr(T, name)(*given)).data
        if sums.digest(out) != SUMS[kind][6 * number : 6 * number + 6]:
            other.append((number, x.shape, x.strides, axes))
    assert not other, (len(other), other[:3])
