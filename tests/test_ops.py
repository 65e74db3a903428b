"""The loop over the registry: no test here names an operator."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from gradsh.engine.gradcheck import check, check_second, tensors_in
from gradsh.engine.ops import families
from gradsh.errors import GradshError

OPERATORS = families.functions()
CASES = [
    pytest.param(entry, sample, id=f"{name}{sample}")
    for name, entry in sorted(OPERATORS.items())
    if entry.samples is not None
    for sample in entry.samples()
]


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_derivatives(entry, sample):
    """The first, and the second where the first has a graph."""
    args, kwargs = sample.draw()
    has_graph = any(o.requires for o in tensors_in([entry.apply(*args, **kwargs)]))
    if not entry.differentiable:
        assert not has_graph
        return
    check(entry.apply, *sample.draw())
    if has_graph:
        check_second(entry.apply, *sample.draw())


@pytest.mark.parametrize(("entry", "sample"), CASES)
def test_other_dtypes(entry, sample):
    stays_float32(entry, sample)
    gives_a_result_or_a_clear_error_of_integers(entry, sample)


def stays_float32(entry, sample):
    """The dtype of outputs and gradients follows the inputs', and float32 agrees with float64 to its precision."""
    args, kwargs = sample.draw()
    wide = [o.data for o in tensors_in([entry.apply(*args, **kwargs)])]
    for x in tensors_in([*args, *kwargs.values()]):
        if x.data.dtype == np.float64:
            x.data = x.data.astype(np.float32)
    outs = tensors_in([entry.apply(*args, **kwargs)])
    for out, reference in zip(outs, wide, strict=True):
        if reference.dtype == np.float64 and entry.differentiable:
            assert out.data.dtype == np.float32
            np.testing.assert_allclose(out.data, reference, rtol=2e-3, atol=2e-4)


def gives_a_result_or_a_clear_error_of_integers(entry, sample):
    """An integer where a float is usual is computed with or refused in words: never a fault of gradsh."""
    args, kwargs = sample.draw()
    for x in tensors_in([*args, *kwargs.values()]):
        if x.data.dtype.kind == "f":
            whole = np.asarray(x.data).astype(np.int64)
            x.data, x.requires = whole if whole.ndim else whole[()], False
    with contextlib.suppress(GradshError):
        entry.apply(*args, **kwargs)


@pytest.mark.parametrize("entry", [pytest.param(e, id=n) for n, e in sorted(OPERATORS.items())])
def test_entry_is_complete(entry):
    assert entry.summary, "an operator says in one line what it does"
    assert entry.signature.parameters is not None
    if entry.differentiable and entry.kernel is not None:
        assert entry.samples is not None, "a differentiable operator has samples"
        assert entry.rules or entry.joint or entry.why_not, "its derivative is a rule, or says why there is none"
