"""Recurrent layers, a whole sequence in one node: what is done at each step costs less than recording it would.

Formulas and the order of the gates are those of torch.nn.RNN, GRU and LSTM. `inputs` are the products with the inputs,
(steps, batch, gates * hidden), made for all steps at once; the kernels do what depends on the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from gradsh.engine.autograd.forms import sum_to
from gradsh.engine.core import alloc
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.operators.general import op
from gradsh.errors import ShapeError


class Cell:
    """What a kind of layer does.

    step   (F, x, products, state, cell) -> (state, cell, what `back` needs besides the states), of one step, on arrays
           (`F` is A) or tensors (T)
    back   (states before, cells before, states after, what the steps kept), of all steps at once -> a function (step,
           gradients of state and cell, of the inputs, of the products with the state) that fills in the last two and
           gives the gradients of the state and the cell before: what goes there past the products
    keeps  how many times `hidden` what it keeps is wide
    run    what `step` does on float32 or float64 arrays, for all steps, in arrays that are used again: see `_lstm_run`
    """

    def __init__(
        self,
        step: Callable[..., Any],
        back: Callable[..., Callable[..., Any]],
        keeps: int,
        run: Native | None = None,
    ) -> None:
        self.step = step
        self.back = back
        self.keeps = keeps
        self.run = run


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


def _lstm_run(
    inputs: Any, state: Any, cell: Any, outputs: Any, kept: Any, turned: Any, bias: Any, projected: Any, backwards: bool
) -> Any:
    """All steps: fills in the outputs and what the steps keep, and gives the last cell."""
    size = cell.shape[-1]
    gates, squashed, cells = kept[..., : 4 * size], kept[..., 4 * size : 5 * size], kept[..., 5 * size :]
    sums = alloc.empty((len(cell), 4 * size), inputs.dtype)
    wide, few = alloc.empty(sums.shape, np.float64), alloc.empty(cell.shape, np.float64)  # as transcendental.py does it
    into, written = alloc.empty(cell.shape, inputs.dtype), sums[:, 2 * size : 3 * size]
    for at in _order(len(inputs), backwards):
        state.dot(turned, sums)
        if bias is not None:
            sums += bias
        sums += inputs[at]
        few[...] = written
        np.tanh(few, few)
        np.negative(sums, sums)
        wide[...] = sums
        np.exp(wide, wide)
        sums[...] = wide
        sums += 1
        gate = gates[at]
        np.true_divide(1, sums, gate)
        i, f, g, o = gate[:, :size], gate[:, size : 2 * size], gate[:, 2 * size : 3 * size], gate[:, 3 * size :]
        g[...] = few
        np.multiply(f, cell, into)
        cell = cells[at]
        np.multiply(i, g, cell)
        cell += into
        few[...] = cell
        np.tanh(few, few)
        squashed[at] = few
        state = np.multiply(o, squashed[at], outputs[at] if projected is None else into)
        if projected is not None:
            state = state.dot(projected, outputs[at])
    return cell.copy()


def _lstm_back(before: Any, cells: Any, after: Any, kept: Any) -> Any:
    steps, batch = kept.shape[:2]
    parts = kept.reshape(steps, batch, 6, -1)
    gates, squashed = parts[:, :, :4], parts[:, :, 4]
    i, f, g, o = (gates[:, :, at] for at in range(4))
    slopes = 1 - gates
    slopes *= gates
    by_g = slopes[:, :, 2]
    np.multiply(g, g, by_g)
    np.subtract(1, by_g, by_g)
    for at, factor in enumerate((g, cells, i, squashed)):
        slopes[:, :, at] *= factor
    through = squashed * squashed
    np.subtract(1, through, through)
    through *= o
    into = alloc.empty(through.shape[1:], through.dtype)

    def back(at: int, gh: Any, gc: Any, by_inputs: Any, by_products: Any) -> Any:
        d, slope = by_products.reshape(batch, 4, -1), slopes[at]
        np.multiply(gh, through[at], into)
        gc = np.add(gc, into, into)
        np.multiply(gc[:, None], slope[:, :3], d[:, :3])
        np.multiply(gh, slope[:, 3], d[:, 3])
        return 0, gc * f[at]

    return back


def _lstm_run_back(
    g: Any,
    gc: Any,
    kept: Any,
    by_projected: Any,
    by_products: Any,
    cell: Any,
    weight: Any,
    projection: Any,
    backwards: bool,
) -> Any:
    """`_walk_back` of an LSTM, of which `kept` tells all."""
    size = cell.shape[-1]
    back = _lstm_back(None, _before(kept[..., 5 * size :], cell, backwards), None, kept)
    return _walk_back(back, g, gc, by_projected, by_products, by_products, weight, projection, backwards)


def _walk_back(
    back: Callable[..., Any],
    g: Any,
    gc: Any,
    by_projected: Any,
    by_inputs: Any,
    by_products: Any,
    weight: Any,
    projection: Any,
    backwards: bool,
) -> Any:
    """The gradients of the first state and cell, from those of the outputs, or None, and of the last cell. Fills in
    those of the states as they are given on, of the inputs, and of the products with the state."""
    gh: Any = 0
    for at in reversed(_order(len(by_inputs), backwards)):
        np.add(gh, 0 if g is None else g[at], out=by_projected[at])
        gh = by_projected[at] if projection is None else by_projected[at].dot(projection)
        gh, gc = back(at, gh, gc, by_inputs[at], by_products[at])
        gh = gh + by_products[at].dot(weight)
    return gh, gc


def _fast(native: Native, size: int, given: tuple[Any, ...]) -> Any:
    """Of the kernel in C where there is one for those."""
    function = native.function or native.wanted(size)
    out = None if function is None else function(*given)
    return native.plain(*given) if out is None else out


def _lstm_cases() -> Iterator[tuple[Any, ...]]:
    """Arguments of `_lstm_run`: a layer of 3 steps, and one that projects, backwards."""
    for width in (5, 2):
        projected = None if width == 5 else numbers(5, 2)
        inputs, bias = numbers(3, 4, 20), numbers(20)
        outputs, kept = alloc.empty((3, 4, width), np.float32), alloc.empty((3, 4, 30), np.float32)
        given = inputs, numbers(4, width), numbers(4, 5), outputs, kept, numbers(width, 20), bias, projected
        yield (*given, projected is not None)


def _lstm_back_cases() -> Iterator[tuple[Any, ...]]:
    for given in _lstm_cases():
        inputs, _, cell, outputs, kept, turned, _, projected, backwards = given
        _lstm_run(*given)
        projection = None if projected is None else projected.T
        filled = alloc.empty_like(outputs), alloc.empty_like(inputs)
        yield numbers(*outputs.shape), cell * 2, kept, *filled, cell, turned.T, projection, backwards


LSTM = Native("lstm_run", _lstm_run, _lstm_cases, writes=(3, 4))
LSTM_BACK = Native("lstm_back", _lstm_run_back, _lstm_back_cases, writes=(3, 4))

CELLS = {
    "tanh": Cell(_tanh_step, _tanh_back, 0),
    "relu": Cell(_relu_step, _relu_back, 0),
    "gru": Cell(_gru_step, _gru_back, 4),
    "lstm": Cell(_lstm_step, _lstm_back, 6, LSTM),
}


def _order(steps: int, backwards: bool) -> range:
    return range(steps - 1, -1, -1) if backwards else range(steps)


@lru_cache(maxsize=256)
def _as_copied(n: int, k: int, m: int, dtype: Any) -> bool:
    """Whether BLAS multiplies (n, k) by a transposed (m, k) to the same bits as by a copy that lies as (k, m): that is
    up to four times as fast, but of small matrices some BLAS adds in another order. Tried once for each size."""
    a, b = (np.sin(alloc.arange(size, dtype=np.float64)).astype(dtype) for size in (n * k, k * m))
    a, b = a.reshape(n, k), b.reshape(m, k).T
    return bool((a.dot(b) == a.dot(b.copy())).all())


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
    step, keeps, run = CELLS[kind].step, CELLS[kind].keeps, CELLS[kind].run
    steps, batch = inputs.shape[:2]
    turned = weight.T
    if state.shape[1] != len(turned):  # `hidden_size` was set to another number than the weights were made for
        sizes = f"{batch}x{state.shape[1]} and {turned.shape[0]}x{turned.shape[1]}"
        raise ShapeError(f"mat1 and mat2 shapes cannot be multiplied ({sizes})")
    if steps > 4 and _as_copied(batch, *turned.shape, weight.dtype):
        turned = turned.copy()
    outputs = alloc.empty((steps, *state.shape), inputs.dtype)
    kept = alloc.empty((steps, batch, keeps * cell.shape[-1]), inputs.dtype)
    if run is not None and inputs.dtype.itemsize > 2:
        turned_back = None if projection is None else projection.T
        given = inputs, state, cell, outputs, kept, turned, bias, turned_back, backwards
        return outputs, _fast(run, inputs.size, given), kept
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
    before = _before(outputs, state, backwards)
    after, by_projected = outputs, alloc.empty(outputs.shape, outputs.dtype)
    by_inputs = alloc.empty(inputs.shape, inputs.dtype)
    by_products = by_inputs if kind != "gru" else alloc.empty(inputs.shape, inputs.dtype)
    gc: Any = alloc.zeros(cell.shape, cell.dtype) if g[1] is None else g[1]
    if kind == "lstm":
        if projection is not None:
            o, squashed = _cut(A, kept, 6)[3:5]
            after = o * squashed
        given = g[0], gc, kept, by_projected, by_products, cell, weight, projection, backwards
        gh, gc = _fast(LSTM_BACK, inputs.size, given)
    else:
        back = CELLS[kind].back(before, None, after, kept)
        made = by_projected, by_inputs, by_products
        gh, gc = _walk_back(back, g[0], gc, *made, weight, projection, backwards)
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
