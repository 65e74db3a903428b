"""Recurrent layers, a whole sequence in one node: what is done at each step costs less than recording it would.

Formulas and the order of the gates are those of torch.nn.RNN, GRU and LSTM. `inputs` are the products with the inputs,
(steps, batch, gates * hidden), made for all steps at once; the kernels do what depends on the state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.forms import sum_to
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.operators.general import op


class Cell:
    """What a kind of layer does.

    step   (F, x, products, state, cell) -> (state, cell, what `back` needs besides the states), of one step, on arrays
           (`F` is A) or tensors (T)
    back   (states before, cells before, states after, what the steps kept), of all steps at once -> a function (step,
           gradients of state and cell, of the inputs, of the products with the state) that fills in the last two and
           gives the gradients of the state and the cell before: what goes there past the products
    keeps  how many times `hidden` what it keeps is wide
    """

    def __init__(self, step: Callable[..., Any], back: Callable[..., Callable[..., Any]], keeps: int) -> None:
        self.step = step
        self.back = back
        self.keeps = keeps


def _cut(F: Any, x: Any, pieces: int) -> list[Any]:
    """Equal parts of the last dim."""
    size = x.shape[-1] // pieces
    if F is A:
        return [x[..., i * size : (i + 1) * size] for i in range(pieces)]
    return [F.narrow(x, -1, i * size, size) for i in range(pieces)]


# h' = tanh(x + h @ W.T + b), or relu of it


def _tanh_step(F: Any, x: Any, products: Any, h: Any, c: Any) -> Any:
    return F.tanh(x + products), c, ()


def _relu_step(F: Any, x: Any, products: Any, h: Any, c: Any) -> Any:
    return F.relu(x + products), c, ()


def _tanh_back(before: Any, cells: Any, after: Any, kept: Any) -> Any:
    return _squashed_back(1 - after * after)


def _relu_back(before: Any, cells: Any, after: Any, kept: Any) -> Any:
    return _squashed_back((after > 0).astype(after.dtype))


def _squashed_back(slope: Any) -> Any:
    def back(at: int, g: Any, gc: Any, by_inputs: Any, by_products: Any) -> Any:
        np.multiply(g, slope[at], out=by_products)
        return 0, gc

    return back


# r, z = sigmoid(x + products); n = tanh(x + products * r); h' = (h - n) * z + n


def _gru_step(F: Any, x: Any, products: Any, h: Any, c: Any) -> Any:
    xr, xz, xn = _cut(F, x, 3)
    hr, hz, hn = _cut(F, products, 3)
    r = F.sigmoid(hr + xr)
    z = F.sigmoid(hz + xz)
    n = F.tanh(xn + hn * r)
    return (h - n) * z + n, c, (r, z, n, hn)


def _gru_back(before: Any, cells: Any, after: Any, kept: Any) -> Any:
    r, z, n, hn = _cut(A, kept, 4)
    by_n = (1 - z) * (1 - n * n)
    by_r = hn * r * (1 - r)
    by_z = (before - n) * z * (1 - z)

    def back(at: int, g: Any, gc: Any, by_inputs: Any, by_products: Any) -> Any:
        dr, dz, dn = _cut(A, by_inputs, 3)
        np.multiply(g, by_n[at], out=dn)
        np.multiply(dn, by_r[at], out=dr)
        np.multiply(g, by_z[at], out=dz)
        by_products[:] = by_inputs
        by_products[..., -dn.shape[-1] :] *= r[at]
        return g * z[at], gc

    return back


# i, f, o = sigmoid(products + x); c' = f * c + i * tanh(products + x); h' = o * tanh(c')


def _lstm_step(F: Any, x: Any, products: Any, h: Any, c: Any) -> Any:
    i, f, g, o = _cut(F, products + x, 4)
    i, f, g, o = F.sigmoid(i), F.sigmoid(f), F.tanh(g), F.sigmoid(o)
    c = f * c + i * g
    squashed = F.tanh(c)
    return o * squashed, c, (i, f, g, o, squashed, c)


def _lstm_back(before: Any, cells: Any, after: Any, kept: Any) -> Any:
    i, f, g, o, squashed, _ = _cut(A, kept, 6)
    by_c = np.stack((g * (i * (1 - i)), cells * (f * (1 - f)), i * (1 - g * g)), -2)
    by_o = squashed * (o * (1 - o))
    through = o * (1 - squashed * squashed)

    def back(at: int, gh: Any, gc: Any, by_inputs: Any, by_products: Any) -> Any:
        d = by_products.reshape(-1, 4, gh.shape[-1])
        gc = gc + gh * through[at]
        np.multiply(gc[:, None], by_c[at], out=d[:, :3])
        np.multiply(gh, by_o[at], out=d[:, 3])
        return 0, gc * f[at]

    return back


CELLS = {
    "tanh": Cell(_tanh_step, _tanh_back, 0),
    "relu": Cell(_relu_step, _relu_back, 0),
    "gru": Cell(_gru_step, _gru_back, 4),
    "lstm": Cell(_lstm_step, _lstm_back, 6),
}


def _order(steps: int, backwards: bool) -> range:
    return range(steps - 1, -1, -1) if backwards else range(steps)


@op(
    "recurrent_layer(inputs, state, cell, weight, bias, projection, kind, backwards)",
    grad_fn="StackBackward0",
    work="product",
    outputs=3,
    private=True,
)
def recurrent_layer(
    inputs: Any, state: Any, cell: Any, weight: Any, bias: Any, projection: Any, kind: str, backwards: bool
) -> Any:
    """One layer in one direction: its outputs, (steps, batch, size), the last cell, (batch, hidden), and what its
    backward needs, (steps, batch, …).

    `kind` is of CELLS; `weight` is (gates * hidden, size), `projection` (size, hidden) or None; only "lstm" reads the
    cell."""
    step, keeps = CELLS[kind].step, CELLS[kind].keeps
    turned = weight.T
    steps, batch = inputs.shape[:2]
    outputs = alloc.empty((steps, *state.shape), inputs.dtype)
    kept = alloc.empty((steps, batch, keeps * cell.shape[-1]), inputs.dtype)
    for at in _order(steps, backwards):
        products = state.dot(turned)
        if bias is not None:
            products += bias
        state, cell, more = step(A, inputs[at], products, state, cell)
        if keeps:
            np.concatenate(more, -1, out=kept[at])
        if projection is not None:
            state = state.dot(projection.T)
        outputs[at] = state
    return outputs, cell, kept


@recurrent_layer.vjp(
    "inputs",
    "state",
    "cell",
    "weight",
    "bias",
    "projection",
    saves="inputs state cell weight bias projection out",
)
def _(
    F: Any,
    needs: Any,
    g: Any,
    out: Any,
    inputs: Any,
    state: Any,
    cell: Any,
    weight: Any,
    bias: Any,
    projection: Any,
    kind: str,
    backwards: bool,
) -> Any:
    if F is not A:
        return _in_operators(needs, g, inputs, state, cell, weight, bias, projection, kind, backwards)
    outputs, _, kept = out
    order = _order(len(inputs), backwards)
    before = _before(outputs, state, backwards)
    after, cells, by_projected = outputs, None, alloc.empty(outputs.shape, outputs.dtype)
    if kind == "lstm":
        o, squashed, c = _cut(A, kept, 6)[3:]
        cells = _before(c, cell, backwards)
        after = outputs if projection is None else o * squashed
    back = CELLS[kind].back(before, cells, after, kept)
    by_inputs = alloc.empty(inputs.shape, inputs.dtype)
    by_products = by_inputs if kind != "gru" else alloc.empty(inputs.shape, inputs.dtype)
    gh: Any = 0
    gc: Any = alloc.zeros(cell.shape, cell.dtype) if g[1] is None else g[1]
    for at in reversed(order):
        np.add(gh, 0 if g[0] is None else g[0][at], out=by_projected[at])
        gh = by_projected[at] if projection is None else by_projected[at].dot(projection)
        gh, gc = back(at, gh, gc, by_inputs[at], by_products[at])
        gh = gh + by_products[at].dot(weight)
    rows = by_products.reshape(-1, weight.shape[0])
    return (
        by_inputs,
        gh,
        gc if kind == "lstm" else g[1],
        rows.T.dot(before.reshape(len(rows), -1)) if needs[3] else None,
        sum_to(rows, (rows.shape[-1],)) if needs[4] else None,
        by_projected.reshape(len(rows), -1).T.dot(after.reshape(len(rows), -1)) if needs[5] else None,
    )


def _before(states: Any, first: Any, backwards: bool) -> Any:
    """The state before each step, of those after."""
    return np.concatenate((states[1:], first[None]) if backwards else (first[None], states[:-1]))


def in_operators(
    inputs: Any, state: Any, cell: Any, weight: Any, bias: Any, projection: Any, kind: str, backwards: bool
) -> Any:
    """The outputs and the last cell as `recurrent_layer` gives them, recorded operator by operator."""
    outputs: list[Any] = [None] * inputs.shape[0]
    for at in _order(inputs.shape[0], backwards):
        x = T.select(inputs, 0, at)
        state, cell, _ = CELLS[kind].step(T, x, T.linear(state, weight, bias), state, cell)
        if projection is not None:
            state = T.linear(state, projection, None)
        outputs[at] = state
    return T.stack(outputs, 0), cell


def _in_operators(needs: Any, g: Any, *values: Any) -> Any:
    """The gradients, to be differentiated again: those of the layer as operators record it."""
    from gradsh.engine.autograd.backward import run_grad

    # each under a name of its own: of what depends on another input only that part counts that is its own
    own = [T.view_as(v, v) if need else v for v, need in zip(values, needs, strict=False)]
    made = in_operators(*own, *values[len(needs) :])
    pairs = [(out, gradient) for out, gradient in zip(made, g, strict=False) if gradient is not None and out.requires]
    wanted = [v for v, need in zip(own, needs, strict=False) if need]
    found = iter(run_grad([o for o, _ in pairs], wanted, [x for _, x in pairs], True, True, True, False, mode.where))
    return tuple(next(found) if need else None for need in needs)
