"""`saved z`: what the graph behind a tensor keeps alive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.commands.graph import asked
from gradsh.reports import Report
from gradsh.runtime.commands import command
from gradsh.runtime.namespace import variables

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running


@command("saved z", example="let x = tensor(2., grad); saved x * exp(x)", looks=True)
def saved(session: Running, given: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """What the operations behind a tensor keep for backward, how large it is, and who else holds it."""
    from gradsh.looking.kept import saved_table
    from gradsh.looking.reading import read

    root, name = asked("saved", given, places)
    bound = variables(session.globals)
    yield saved_table(read(root, bound, name), bound)
