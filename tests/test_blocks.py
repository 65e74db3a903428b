"""Blocks that see every operator: gradients with hooks on what is saved are those without, on arrays and with a graph;
and tangents of dual tensors are those that forward mode pushes through a graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradsh.engine.autograd.saving import saved_tensors_hooks
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.gradcheck import tensors_in
from gradsh.engine.transforms.dual import _replaced, dual, dual_level, unpacked
from gradsh.engine.transforms.forward import push
from tests.test_facts import SAMPLED, flat

RECORDING = sorted(
    name for name, entry in SAMPLED.items() if entry.differentiable and not (entry.outside or entry.draws)
)


def gradients(entry: Any, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    """First and second derivatives of a call by its tensors, None where there are none."""
    leaves = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires]
    outs = [o for o in flat(entry.apply(*args, **kwargs)) if isinstance(o, Tensor) and o.requires]
    if not outs or not leaves:
        return []
    loss = sum((T.sum(T.mul(o, make(np.cos(np.arange(o.data.size)).reshape(o.data.shape)))) for o in outs), start=0)
    first = T.grad(loss, leaves, create_graph=True, allow_unused=True)
    tracked = [g for g in first if g is not None and g.requires]
    second = ()
    if tracked:
        total = sum((T.sum(T.sin(g)) for g in tracked), start=0)
        second = T.grad(total, leaves, allow_unused=True)
    return [None if g is None else g.data for g in (*first, *second)]


@pytest.mark.parametrize("name", RECORDING)
def test_gradients_with_hooks(name: str) -> None:
    entry = SAMPLED[name]
    for sample in entry.samples()[:1]:
        with np.errstate(all="ignore"):
            plain = gradients(entry, *sample.draw())
            with saved_tensors_hooks(T.clone, T.clone):
                packed = gradients(entry, *sample.draw())
        for one, other in zip(plain, packed, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def tensors(value: Any) -> list[Tensor]:
    return [o for o in flat(value) if isinstance(o, Tensor)]


@pytest.mark.parametrize("name", RECORDING)
def test_tangents_of_dual_tensors(name: str) -> None:
    entry = SAMPLED[name]
    sample = next(iter(entry.samples()), None)
    if sample is None:
        return
    args, kwargs = sample.draw()
    leaves = [x for x in tensors_in([*args, *kwargs.values()]) if x.requires]
    vs = [np.asarray(np.sin(1 + np.arange(x.data.size)).reshape(x.data.shape), x.data.dtype)[()] for x in leaves]
    with np.errstate(all="ignore"):
        outs = tensors(entry.apply(*args, **kwargs))
        pushed = push(outs, leaves, vs, False)
        with dual_level():
            duals = {id(x): dual(make(x.data), make(v), None) for x, v in zip(leaves, vs, strict=True)}
            given = dict(zip(kwargs, _replaced(list(kwargs.values()), duals), strict=True))
            found = [unpacked(o, None) for o in tensors(entry.apply(*_replaced(args, duals), **given))]
    for (primal, tangent), out, wanted in zip(found, outs, pushed, strict=True):
        np.testing.assert_array_equal(primal.data, out.data)
        assert (tangent is None) == (wanted is None)
        if tangent is not None:
            np.testing.assert_allclose(tangent.data, wanted, rtol=1e-12, atol=1e-14)
