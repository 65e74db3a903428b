"""`kinks z`: where the operations behind a tensor have no single slope."""

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


@command("kinks z", example="let x = tensor([-1., 0.], grad); kinks relu(x)", looks=True)
def kinks(session: Running, given: tuple[Any, ...], places: list[Span | None]) -> Iterable[Report]:
    """Where the operations behind a tensor have a kink, the slopes on both sides, and which of them backward takes."""
    from gradsh.looking.kinks import kink_table
    from gradsh.looking.reading import read

    root, name = asked("kinks", given, places)
    yield kink_table(read(root, variables(session.globals), name))
