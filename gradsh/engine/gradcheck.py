"""Derivatives checked against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.backward import run_grad
from gradsh.engine.modes import GradMode
from gradsh.engine.tensor import Tensor, leaf, make


def tensors_in(values: Any) -> list[Tensor]:
    """All tensors among arguments, also inside lists and tuples, in order."""
    found: list[Tensor] = []
    for v in values:
        if v.__class__ is Tensor:
            found.append(v)
        elif isinstance(v, (list, tuple)):
            found.extend(tensors_in(v))
    return found


def numerical_jacobian(f: Callable[[], list[Tensor]], x: Tensor, eps: float) -> list[np.ndarray[Any, Any]]:
    """Central differences of each output of `f` with respect to `x`: arrays of shape (x.numel, output.numel).

    `x.data` is changed while it runs and put back.
    """
    original = x.data
    columns: list[list[Any]] = []
    for i in range(original.size):
        sides = []
        for step in (eps, -eps):
            moved = np.array(original)
            moved.flat[i] += step
            x.data = moved if moved.ndim else moved[()]
            with GradMode(False):
                sides.append([np.array(o.data, np.float64).reshape(-1) for o in f()])
        columns.append([(p - m) / (2 * eps) for p, m in zip(*sides, strict=True)])
    x.data = original
    if not columns:
        with GradMode(False):
            return [np.zeros((0, o.data.size)) for o in f()]
    return [np.stack(parts) for parts in zip(*columns, strict=True)]


def analytical_jacobian(out: Tensor, inputs: list[Tensor], create: bool = False) -> list[np.ndarray[Any, Any]]:
    """One backward per element of `out`: an array (input.numel, out.numel) for each input."""
    results = [np.zeros((x.data.size, out.data.size)) for x in inputs]
    for j in range(out.data.size):
        seed = np.zeros(out.data.shape, out.data.dtype)
        seed.flat[j] = 1
        seed_tensor = make(seed if seed.ndim else seed[()])
        grads = run_grad([out], inputs, [seed_tensor], True, create, True, False, None)
        for result, g in zip(results, grads, strict=True):
            if g is not None:
                result[:, j] = np.asarray(g.data).reshape(-1)
    return results


class Mismatch(Exception):
    """A derivative that differs from its central difference; says which."""


def check(
    f: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3
) -> int:
    """Compare all first derivatives of `f(*args, **kwargs)`; the number of entries compared. Raises Mismatch."""
    inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.rg and x.fn is None]

    def outputs() -> list[Tensor]:
        result = f(*args, **kwargs)
        return [o for o in tensors_in([result]) if o.data.dtype.kind == "f"]

    compared = 0
    outs = outputs()
    numerical = [numerical_jacobian(outputs, x, eps) for x in inputs]
    for k, out in enumerate(outs):
        if not out.rg:
            for i in range(len(inputs)):
                if np.any(np.abs(numerical[i][k]) > atol):
                    raise Mismatch(f"output {k} has no gradient, but depends on input {i}")
            continue
        analytical = analytical_jacobian(out, inputs)
        for i, a in enumerate(analytical):
            n = numerical[i][k]
            if not np.allclose(a, n, rtol, atol, equal_nan=True):
                raise Mismatch(
                    f"Jacobian mismatch for output {k} with respect to input {i},\nnumerical:{n}\nanalytical:{a}"
                )
            compared += a.size
    return compared


def check_second(f: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], **tolerances: float) -> int:
    """`check` of the gradient itself, as a function of the inputs and of the incoming gradients."""
    inputs = [x for x in tensors_in([*args, *kwargs.values()]) if x.rg and x.fn is None]
    outs = [o for o in tensors_in([f(*args, **kwargs)]) if o.rg]
    rng = np.random.default_rng(7)
    gs = [leaf(np.asarray(rng.uniform(-1, 1, o.data.shape)).astype(o.data.dtype)[()], True, None) for o in outs]

    def gradient(*_: Any) -> Any:
        results = [o for o in tensors_in([f(*args, **kwargs)]) if o.rg]
        with GradMode(True):
            grads = run_grad(results, inputs, list(gs), True, True, True, True, None)
        return [g for g in grads if g is not None]

    def fresh(*values: Any) -> Any:
        # numerical differences run without grad mode, the inner gradient needs it
        with GradMode(True):
            return gradient()

    return check(fresh, [inputs, gs], {}, **tolerances)
