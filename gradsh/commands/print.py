"""`print x, y`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.runtime.commands import command

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports import Report
    from gradsh.runtime.running import Running


@command("print value, …", example='print "loss", 0.25', places=False)
def print(session: Running, values: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """Prints values as text, separated by spaces."""
    session.display.printed(values, places)
    return ()
