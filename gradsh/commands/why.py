"""`why x`: why the gradient of a tensor is what it is, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.commands.graph import asked
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports import Report
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command("why x, …", example="let x = tensor(2., grad); backward x**3; why x", looks=True, of_tensors=True)
def why(session: Running, given: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """Why a gradient is what it is: the sum of what, cut off where, nan or 0 since which step; `why x, loss`."""
    from gradsh.causes.surroundings import Surroundings, running
    from gradsh.causes.telling import why_of

    t, name = asked("why", given, places)
    name = name.removesuffix(".grad")
    about = given[1] if len(given) > 1 else None
    if len(given) > 2 or (about is not None and not isinstance(about, Tensor)):
        raise ArgumentError("why: one tensor, and what was differentiated", help="`why w, loss`")
    passes = mode.notes.passes if mode.notes is not None else None
    source = places[0].source if places and places[0] is not None else None
    around = Surroundings(session.globals, running(), source, mode.passed, passes)
    place = places[1] if about is not None and len(places) > 1 else None
    yield why_of(around, t, name, variables(session.globals), about, place)
