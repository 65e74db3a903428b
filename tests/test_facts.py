"""What entries of the registry state about their operators, tried on their samples: no test here names an operator.

A property that an operator has and its entry does not state is told as well: `vmap` and forward mode go by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradsh.engine.core.batched import LOOPED
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.gradcheck import tensors_in
from gradsh.engine.operators import registry
from gradsh.engine.operators.composite import composite
from gradsh.engine.ops.families import load_all
from gradsh.engine.transforms.batching import call
from gradsh.engine.transforms.vmap import vmap
from gradsh.errors import GradshError

load_all()
ENTRIES = {name: entry for name, entry in sorted(registry.OPERATORS.items()) if entry.name == name}
SAMPLED = {name: entry for name, entry in ENTRIES.items() if entry.samples is not None}
RULED = {
    name: entry
    for name, entry in SAMPLED.items()
    if entry.kernel is not None and entry.differentiable and not entry.why_not and not entry.elementwise
}


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


def of(fact: str, entries: dict[str, Any] = ENTRIES) -> list[Any]:
    return [pytest.param(entry, id=name) for name, entry in entries.items() if getattr(entry, fact)]


def flat(value: Any) -> list[Any]:
    return [y for x in value for y in flat(x)] if isinstance(value, (list, tuple)) else [value]


def outputs(entry: Any, args: list[Any], kwargs: dict[str, Any]) -> list[Any]:
    """The arrays that a call gives."""
    return [np.asarray(o.data) for o in flat(entry.apply(*args, **kwargs)) if isinstance(o, Tensor)]


def inputs(entry: Any, drawn: tuple[list[Any], dict[str, Any]]) -> list[Tensor]:
    """The tensors of a call in which the operator has a derivative."""
    ruled = entry.joint[0] if entry.joint else tuple(entry.rules)
    values = zip(entry.signature.parameters, entry.signature.bind(tuple(drawn[0]), drawn[1]), strict=True)
    return [x for x in tensors_in([value for parameter, value in values if parameter.name in ruled]) if x.requires]


def combined(entry: Any, sample: call, at: tuple[int, ...] | None) -> tuple[list[Any], list[Any]]:
    """f(1.5x - 0.7y) and 1.5 f(x) - 0.7 f(y), where only the inputs number `at` differ (None: all of them)."""
    x, y, z = (sample.draw(seed) for seed in (1, 2, 1))
    for i, (a, b, c) in enumerate(zip(*(inputs(entry, drawn) for drawn in (x, y, z)), strict=True)):
        if at is None or i in at:
            c.data = 1.5 * a.data - 0.7 * b.data
        else:
            b.data = a.data
    together = outputs(entry, *z)
    apart = [1.5 * a - 0.7 * b for a, b in zip(outputs(entry, *x), outputs(entry, *y), strict=True)]
    return together, apart


def agrees(entry: Any, at: tuple[int, ...] | None) -> bool:
    """Whether an operator is linear in these inputs, on all samples that have elements."""
    tried = False
    for sample in entry.samples():
        if not inputs(entry, sample.draw()):
            continue
        try:
            together, apart = combined(entry, sample, at)
        except GradshError:
            return False
        if not any(a.size for a in together):
            continue
        tried = True
        if any(a.dtype.kind != "f" for a in together) or not all(
            a.shape == b.shape and np.allclose(a, b, 1e-9, 1e-9) for a, b in zip(together, apart, strict=True)
        ):
            return False
    return tried


# --- linear, bilinear ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", of("linear", SAMPLED))
def test_linear_operators_are_linear(entry):
    assert agrees(entry, None)


@pytest.mark.parametrize("entry", of("bilinear"))
def test_bilinear_operators_are_linear_in_each(entry):
    assert agrees(entry, (0,)) and agrees(entry, (1,))


@pytest.mark.parametrize("entry", [pytest.param(entry, id=name) for name, entry in RULED.items()])
def test_linearity_is_stated(entry):
    """`linear=True` and `bilinear=True` make forward mode one call of the operator instead of two backward passes."""
    if not (entry.linear or entry.jvp_rule):
        assert not agrees(entry, None), "it is linear in its tensors: say `linear=True`"
    pairs = all(len(inputs(entry, sample.draw())) == 2 for sample in entry.samples())
    if pairs and not (entry.linear or entry.bilinear):
        assert not (agrees(entry, (0,)) and agrees(entry, (1,))), "it is linear in each: say `bilinear=True`"


# --- element by element ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", of("elementwise", SAMPLED))
def test_elementwise_operators_are(entry):
    """Each element of the result is the operator on that element of the (broadcast) tensors."""
    for sample in entry.samples():
        args, kwargs = sample.draw(1)
        tensors = tensors_in([*args, *kwargs.values()])
        wanted = outputs(entry, args, kwargs)
        shape = np.broadcast_shapes(*(x.data.shape for x in tensors)) if tensors else ()
        whole = [np.broadcast_to(x.data, shape) for x in tensors]
        for index in list(np.ndindex(shape))[:3]:
            for x, full in zip(tensors, whole, strict=True):
                x.data = full[tuple(slice(i, i + 1) for i in index)].copy()
            for one, out in zip(outputs(entry, args, kwargs), wanted, strict=True):
                np.testing.assert_allclose(one.reshape(()), out[index], 1e-12, err_msg=str(sample))


# --- in vmap ---------------------------------------------------------------------------------------------------------


def test_a_new_composite_runs_in_a_batch(monkeypatch):
    monkeypatch.setattr(registry, "OPERATORS", dict(registry.OPERATORS))

    @composite("softly(input, dim=-1)", method=False)
    def softly(input, dim):
        return T.softmax(input, dim) * T.sum(input, dim, True) + input.shape[0]

    x = make(np.arange(24.0).reshape(4, 3, 2))
    LOOPED.clear()
    found = vmap(softly.apply, 0, 0, "error")(x)
    assert not LOOPED
    np.testing.assert_allclose(found.data, np.stack([softly.apply(make(row)).data for row in x.data]))


def in_vmap(entry: Any, sample: call) -> Iterator[tuple[list[Any], list[Any]]]:
    """What the operator gives for three samples as a batch and one by one, over its first tensor, its last, or all."""
    draws = [sample.draw(seed) for seed in (1, 2, 3)]
    args, kwargs = draws[0]
    tensors = [tensors_in([*a, *k.values()]) for a, k in draws]
    n = len(tensors[0])
    for at in {(0,), (n - 1,), tuple(range(n))} if n else ():
        chosen = [i in at for i in range(n)]
        rows = [[x if c else first for x, c, first in zip(row, chosen, tensors[0], strict=True)] for row in tensors]
        stacked = [make(np.stack([np.asarray(row[i].data) for row in rows])) for i, c in enumerate(chosen) if c]

        def run(*batches, chosen=chosen):
            following, kept = iter(batches), iter(tensors[0])
            given = iter([next(following) if c else x for c, x in zip(chosen, kept, strict=True)])

            def put(value):
                if isinstance(value, Tensor):
                    return next(given)
                return type(value)(map(put, value)) if isinstance(value, (list, tuple)) else value

            return tuple(flat(entry.apply(*map(put, args), **{k: put(v) for k, v in kwargs.items()})))

        yield (
            [o.data for o in vmap(run, 0, 0, "same")(*stacked)],
            [
                np.stack(column)
                for column in zip(
                    *([o.data for o in run(*[x for x, c in zip(row, chosen, strict=True) if c])] for row in rows),
                    strict=True,
                )
            ],
        )


@pytest.mark.parametrize("entry", [p for p in of("looped", SAMPLED) if p.values[0].body is not None])
def test_composites_that_loop_have_to(entry, monkeypatch):
    """Without its `looped=`, a composite fails or gives something else: the reason is one."""
    monkeypatch.setattr(entry, "looped", "")
    for sample in entry.samples():
        try:
            for together, apart in in_vmap(entry, sample):
                for a, b in zip(together, apart, strict=True):
                    np.testing.assert_allclose(a, b, 1e-9, 1e-9)
        except (GradshError, TypeError, AttributeError, AssertionError):
            return
    pytest.fail(f"it runs as it is written: its entry need not say looped={entry.looped!r}")
