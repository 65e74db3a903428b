"""`print x, y`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError
from gradsh.runtime.commands import command

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports import Report
    from gradsh.runtime.running import Running


@command("print value, …", example='print "loss", 0.25', places=False, keywords="sep end flush")
def print(
    session: Running,
    values: tuple[Any, ...],
    places: list[Span | None],
    sep: Any = None,
    end: Any = None,
    flush: Any = None,
) -> Iterable[Report]:
    """Prints values as text, separated by spaces, or by `sep`; `end` stands in the place of the line end.

    What is printed is flushed, whatever `flush` says. Errors: ArgumentError unless these are strings or none.
    """
    if mode.shown is not None:
        mode.shown(values)
    if sep is None and end is None:
        session.display.printed(values, places)
        return ()
    for name, given in (("sep", sep), ("end", end)):
        if not isinstance(given, str | None):
            raise ArgumentError(f"{name} must be None or a string, not {type(given).__name__}")
    session.display.printed(values, places, " " if sep is None else sep, "\n" if end is None else end)
    return ()
