"""`sweep "train.grad", lr=[0.1, 0.01]`: a script once for every combination of its parameters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.errors import ArgumentError
from gradsh.runtime.commands import command

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports import Report
    from gradsh.runtime.running import Running

HELP = 'sweep "train.grad", lr=[0.1, 0.01], seed=range(10), best="loss"'


@command('sweep "FILE", name=[value, …]', example='sweep "train.grad", lr=[0.1, 0.01]', named=True, outside=True)
def sweep(session: Running, values: tuple[Any, ...], places: list[Span | None], **named: Any) -> Iterable[Report]:
    """A script once for every combination of the values that its parameters are given, on all cores, as `gradsh sweep`.

    A list or a range is one value after the other; anything else is the same for all. Beside the script's parameters
    there are `seed`, `best="loss"` or `best="accuracy:max"`, `random=20`, `jobs=2`, `out="results.jsonl"`, `resume` and
    `logs="FOLDER"`. Errors: ArgumentError, BadFile and its kin for the script.
    """
    if len(values) != 1 or not isinstance(values[0], str):
        raise ArgumentError("sweep(): it takes the name of a script", help=HELP)
    if session.sweeper is None:
        raise ArgumentError("sweep(): only the shell and a program that is not part of a sweep run sweeps")
    yield from session.sweeper(values[0], named)
