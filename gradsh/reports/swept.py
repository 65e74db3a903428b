"""The reports of sweeps: what a run says it has found, a run of a sweep, and the table of all."""

from __future__ import annotations

from gradsh.reports import Report


class Found(Report):
    """What a run says it has found, `result loss=0.25`: plain values by name."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values


class Best:
    """Which runs are best: those with the least, or the largest, of a result."""

    __slots__ = ("largest", "name")

    def __init__(self, name: str, largest: bool = False) -> None:
        self.name = name
        self.largest = largest

    def of(self, result: dict[str, object]) -> float | None:
        """What a result is judged by, the less the better; None where it has no such number."""
        value = result.get(self.name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            return None
        return -value if self.largest else value


class SweptRun(Report):
    """A run of a sweep that has ended, as its row in the file of results.

    `names` are its results' and `widths` the columns of its parameters, by name; `first`: it is the first one that is
    shown; `best`: none before was better.
    """

    __slots__ = ("best", "first", "names", "row", "widths")

    def __init__(
        self, row: dict[str, object], widths: dict[str, int], names: list[str], first: bool, best: bool
    ) -> None:
        self.row = row
        self.widths = widths
        self.names = names
        self.first = first
        self.best = best


class Pooled:
    """All runs with the same parameters, whatever their seeds: how many, how many of them failed, and the mean and the
    standard deviation (of a sample; None of one) of each result that is a number; other results as they are."""

    __slots__ = ("count", "failed", "others", "parameters", "results")

    def __init__(self, parameters: dict[str, object]) -> None:
        self.parameters = parameters
        self.count = 0
        self.failed = 0
        self.results: dict[str, tuple[float, float | None]] = {}
        self.others: dict[str, object] = {}


class SweepTable(Report):
    """A sweep that has ended, by parameters. `best` are the places of the best rows, by `by`; `notes` are sentences."""

    __slots__ = ("best", "by", "names", "notes", "rows", "seconds")

    def __init__(
        self,
        rows: list[Pooled],
        names: list[str],
        by: Best | None,
        best: list[int],
        seconds: float,
        notes: list[str],
    ) -> None:
        self.rows = rows
        self.names = names
        self.by = by
        self.best = best
        self.seconds = seconds
        self.notes = notes
