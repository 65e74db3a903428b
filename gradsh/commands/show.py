"""`show x, y`: the state table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports import Report, StateRow, StateTable
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command("show x, …", example="show ones(2)", alone=True)
def show(session: Running, values: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """The state table of these tensors, or of all: what decides about their gradients."""
    named = variables(session.globals)
    if not values:
        yield StateTable([_row(name, value) for name, value in named.items() if isinstance(value, Tensor)])
        return
    rows = []
    for value, place in zip(values, places, strict=True):
        if place is not None:
            name = " ".join(place.text.split())
        else:
            name = next((name for name, bound in named.items() if bound is value), "")
        if not isinstance(value, Tensor):
            said = f"show(): {name} is not a tensor but {type(value).__name__}"
            raise ArgumentError(said, help=f"`print {name}` shows any value")
        rows.append(_row(name, value))
    yield StateTable(rows)


def _row(name: str, tensor: Tensor) -> StateRow:
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
    )
