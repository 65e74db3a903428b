"""`explain z`: backward from a tensor, step by step."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.commands.graph import asked
from gradsh.engine.core.graph import Freed
from gradsh.engine.core.graph import freed as freed_error
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports import Report
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports.looking import Explanation
    from gradsh.runtime.running import Running


@command(
    "explain z, v, forward, step, open=net, retain_graph",
    example="let x = tensor(2., grad); explain x * exp(x)",
    options="step forward open retain_graph",
    looks=True,
)
def explain(
    session: Running,
    given: tuple[Any, ...],
    places: list[Span | None],
    /,
    *,
    step: bool = False,
    forward: bool = False,
    open: Any = False,
    retain_graph: bool = False,
) -> Iterable[Report]:
    """Backward from a tensor, step by step: what comes in, the local rule with its numbers, what goes out."""
    from gradsh.looking import explaining
    from gradsh.looking.gradients import watch
    from gradsh.looking.places import flat
    from gradsh.looking.reading import read
    from gradsh.looking.replay import replay
    from gradsh.runtime.results import Result

    root, name = asked("explain", given, places)
    gradient = given[1] if len(given) > 1 else None
    if gradient is not None and not isinstance(gradient, Tensor):
        said = f"explain: the gradient that comes in must be a tensor, not {type(gradient).__name__}"
        raise ArgumentError(said, help="`explain y, tensor([1.0, 0.0])`")
    bound = variables(session.globals)
    where = caller(sys._getframe(1))
    reading = read(root, bound, name)
    if forward:
        yield explaining.forward(reading, bound, open)
        return
    freed = next((node for node in reading.of_node if node.saved.__class__ is Freed), None)
    noted = replay(reading) if freed is not None else None
    if freed is not None and noted is None:
        raise freed_error(freed)
    if noted is not None:
        report = explaining.explain(reading, noted, bound, {}, open)
        span = next(row.freed for row in reading.rows if row.is_freed)
        by = f" by `{flat(span.text)}`, {reading.place(span)}" if span is not None else ""
        report.heading = f"{name} has been differentiated, and its graph freed{by}; this is what was noted then"
        report.jacobians = explaining.noted_jacobians(reading)
        yield from _shown(session, report, step)
        return
    tables = []
    if gradient is not None and gradient.data.shape == root.data.shape:  # else the backward below refuses it
        tables = explaining.jacobians(reading, gradient)
    before = {
        leaf.tensor: Result(leaf.tensor.gradient.data) for leaf in reading.leaves if leaf.tensor.gradient is not None
    }
    with placed(where):
        walk = watch(root, gradient, touches=True, keep=retain_graph, where=where)
    report = explaining.explain(reading, walk, bound, before, open)
    report.jacobians = tables
    yield from _shown(session, report, step)


def _shown(session: Running, report: Explanation, step: bool) -> Iterable[Report]:
    """The report, or its parts with a pause after each."""
    if not step:
        yield report
        return
    parts = report.parted()
    for part in parts[:-1]:
        yield part
        session.display.pause()
    yield parts[-1]
