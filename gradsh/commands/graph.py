"""`graph z`: the graph behind a tensor, drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports import Report
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command(
    "graph z, …", example="let x = tensor(2., grad); graph x * exp(x)", options="nodes values grads open to", looks=True
)
def graph(
    session: Running,
    given: tuple[Any, ...],
    places: list[Span | None],
    /,
    *,
    nodes: bool = False,
    values: bool = False,
    grads: bool = False,
    open: Any = False,
    to: Any = None,
) -> Iterable[Report]:
    """The graph behind a tensor, drawn: which expression made it of what."""
    from gradsh.looking.drawing import draw
    from gradsh.looking.gradients import watch
    from gradsh.looking.reading import read

    if not given or not isinstance(given[0], Tensor):
        raise ArgumentError(
            f"graph: {'no tensor was given' if not given else 'this is not a tensor but ' + type(given[0]).__name__}",
            help="`graph loss` draws the graph behind `loss`",
        )
    root = given[0]
    name = " ".join(places[0].text.split()) if places and places[0] is not None else ""
    reading = read(root, variables(session.globals), name)
    walk = watch(root, None, touches=False, keep=True, where=None) if grads else None
    yield draw(reading, open, nodes=nodes, values=values, walk=walk)
