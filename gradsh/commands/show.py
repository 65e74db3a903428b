"""`show x, y`: the state table; `show net`: the parameters of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.errors import ArgumentError
from gradsh.reports import ModelState, Report, StateRow, StateTable
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command("show x, …", example="show ones(2)", alone=True, counts=True)
def show(session: Running, values: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """The state table of these tensors, or of all: what decides about their gradients; of a model, its parameters."""
    named = variables(session.globals)
    if not values:
        yield StateTable([row_of(name, value) for name, value in named.items() if isinstance(value, Tensor)])
        return
    rows: list[StateRow] = []
    for value, place in zip(values, places, strict=True):
        if place is not None:
            name = " ".join(place.text.split())
        else:
            name = next((name for name, bound in named.items() if bound is value), "")
        if isinstance(type(value), ModelKind):
            if rows:
                yield StateTable(rows)
                rows = []
            yield _model(name, value)
            continue
        if not isinstance(value, Tensor):
            said = f"show(): {name} is not a tensor but {type(value).__name__}"
            raise ArgumentError(said, help=f"`print {name}` shows any value")
        rows.append(row_of(name, value))
    if rows:
        yield StateTable(rows)


def row_of(name: str, tensor: Tensor) -> StateRow:
    """What the state table says of one tensor."""
    node = tensor.grad_fn
    return StateRow(
        name=name,
        value=tensor,
        shape=tuple(tensor.shape),
        dtype=repr(tensor.dtype),
        requires_grad=tensor.requires_grad,
        is_leaf=tensor.is_leaf,
        retains_grad=tensor.retains_grad,
        grad_fn=node.kind.name if node is not None else None,
        grad=tensor.gradient,  # not `.grad`: looking must not warn
        passes=_passes(tensor),
    )


def _passes(tensor: Tensor) -> int:
    """Of how many backward passes the gradient is the sum, 0 where that was not counted."""
    summed = mode.notes.passes.of(tensor) if mode.notes is not None else None
    return summed.count if summed is not None else 0


def _model(name: str, model: Any) -> ModelState:
    rows = []
    for path, t in model.named_parameters():
        g = t.gradient
        full = f"{name}.{path}" if name else path
        rows.append(
            (
                full,
                tuple(t.shape),
                int(t.data.size),
                norm_of(t),
                norm_of(g) if g is not None else None,
                _passes(t),
                t.requires,
            )
        )
    return ModelState(name, type(model).__name__, rows)


def norm_of(tensor: Tensor) -> float:
    """The square root of the sum of the squares of all elements."""
    flat = np.asarray(tensor.data, np.float64).ravel()
    return float(np.sqrt(np.dot(flat, flat)))
