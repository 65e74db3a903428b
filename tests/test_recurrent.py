"""Recurrent layers run a whole sequence in one node: its values and derivatives are those of its steps as operators."""

from __future__ import annotations

import importlib.util
import itertools
from typing import Any

import numpy as np
import pytest

from gradsh.engine.autograd.backward import run_grad
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.tensor import leaf
from gradsh.engine.ops.nn.recurrent import CELLS, LSTM, LSTM_BACK, in_operators, recurrent_layer

GATES = {"tanh": 1, "relu": 1, "gru": 3, "lstm": 4}


def inputs(kind: str, bias: bool, projects: bool) -> list[Any]:
    draw = np.random.default_rng(0)
    steps, batch, hidden = 3, 2, 4
    size, gates = (3 if projects else hidden), GATES[kind]
    shapes: list[Any] = [(steps, batch, gates * hidden), (batch, size), (batch, hidden), (gates * hidden, size)]
    shapes += [(gates * hidden,) if bias else None, (size, hidden) if projects else None]
    return [None if shape is None else leaf(draw.standard_normal(shape), True, None) for shape in shapes]


def derivatives(outputs: Any, leaves: list[Any]) -> list[Any]:
    """Gradients by all leaves of a function of both outputs, and those of a function of these."""
    out, cell = outputs[:2]
    loss = T.add(T.sum(T.mul(out, T.cos(out))), T.sum(T.mul(cell, cell)))
    first = run_grad([loss], leaves, [None], True, True, True, True, None)
    again = [T.sum(T.mul(g, T.sin(g))) for g in first if g is not None and g.requires]
    second = run_grad(again, leaves, [None] * len(again), True, False, True, True, None)
    plain = run_grad([loss], leaves, [None], False, False, True, True, None)
    return [out, cell, *first, *second, *plain]


@pytest.mark.parametrize("kind", CELLS)
def test_a_layer_is_its_steps(kind: str) -> None:
    for backwards, bias, projects in itertools.product((False, True), repeat=3):
        if projects and kind != "lstm":
            continue
        values = inputs(kind, bias, projects)
        leaves = [v for v in values if v is not None]
        whole = derivatives(recurrent_layer.apply(*values, kind, backwards), leaves)
        steps = derivatives(in_operators(*values, kind, backwards), leaves)
        for number, (one, other) in enumerate(zip(whole, steps, strict=True)):
            where = (kind, backwards, bias, projects, number)
            np.testing.assert_allclose(one.data, other.data, 1e-11, 1e-12, err_msg=str(where))


def test_only_what_is_asked_for_is_differentiated() -> None:
    values = inputs("lstm", True, False)
    for v in values[:5]:
        v.requires = v is values[3]
    out = recurrent_layer.apply(*values, "lstm", False)[0]
    (g,) = run_grad([T.sum(out)], [values[3]], [None], False, False, False, False, None)
    assert g is not None and g.shape == values[3].shape


@pytest.mark.parametrize(("batch", "hidden"), [(8, 64), (2, 5)])
def test_all_steps_at_once_give_the_bits_of_each(batch: int, hidden: int) -> None:
    draw = np.random.default_rng(0)
    shapes = ((6, batch, 4 * hidden), (batch, hidden), (batch, hidden), (4 * hidden, hidden), (4 * hidden,))
    x, h, c, weight, bias = (draw.standard_normal(shape, dtype=np.float32) for shape in shapes)
    outputs, last, _ = recurrent_layer.kernel(x, h, c, weight, bias, None, "lstm", False)
    for one, out in zip(x, outputs, strict=True):
        h, c, _ = CELLS["lstm"].step(A, one, h.dot(weight.T) + bias, h, c)
        assert np.array_equal(out, h)
    assert np.array_equal(last, c)


@pytest.mark.skipif(importlib.util.find_spec("gradsh.engine.kernels.native") is None, reason="no kernels in C")
def test_an_lstm_in_c_has_the_bits_of_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    for backwards, bias, projects, given in itertools.product((False, True), repeat=4):
        found = []
        for in_c in (False, True):
            for native in (LSTM, LSTM_BACK):
                monkeypatch.setattr(native, "left", 0)
                monkeypatch.setattr(native, "function", native.load() if in_c else None)
                assert (native.function is not None) is in_c
            drawn = inputs("lstm", bias, projects)
            values = [None if v is None else leaf(v.data.astype(np.float32) * 2, True, None) for v in drawn]
            out, cell, kept = recurrent_layer.apply(*values, "lstm", backwards)
            # without `given` the gradient of the outputs is none, or one number for all
            loss = T.add(T.sum(T.mul(out, out)), T.sum(cell)) if given else T.sum(cell) if bias else T.sum(out)
            leaves = [v for v in values if v is not None]
            gradients = run_grad([loss], leaves, [None], False, False, True, True, None)
            found.append([out, cell, kept, *(g for g in gradients if g is not None)])
        for number, (one, other) in enumerate(zip(*found, strict=True)):
            assert one.data.tobytes() == other.data.tobytes(), (backwards, bias, projects, given, number)
