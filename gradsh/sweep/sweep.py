"""A sweep: one script, many runs; their rows as they end, and the table of all of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gradsh.errors import BadArguments, Source
from gradsh.files import Files, decode
from gradsh.language.places import Program
from gradsh.language.program import compile_program
from gradsh.reports import Report
from gradsh.reports.plotting import Curves, Series
from gradsh.reports.swept import Best, Pooled, SweepTable, SweptRun
from gradsh.session.check import table
from gradsh.sweep.pool import local
from gradsh.sweep.results import Results
from gradsh.sweep.space import Run
from gradsh.sweep.worker import Row, Script
from gradsh.view.json_lines import exact_values

LINES = 8  # of a plot


def compiled(name: str, data: bytes, files: Files) -> Program:
    """The program that all runs run, so that what can be told before is told once. Errors: Refused, GradshError."""
    text = decode(name, data)
    if not isinstance(text, str):
        raise text
    return compile_program(Source(name, text), {}, table(), files=files)


class Sweep:
    """What is to be run, and what has come of it.

    `jobs` processes of this machine do it, or the cluster at the address `on`. `results` is the file for the rows.
    """

    def __init__(
        self,
        script: Script,
        runs: list[Run],
        *,
        results: Results | None = None,
        jobs: int | None = None,
        on: str | None = None,
        files: Sequence[str] = (),
        best: Best | None = None,
    ) -> None:
        self.script = script
        self.runs = runs
        self.left = results.missing(runs) if results is not None else runs
        self.results = results
        self.jobs = jobs or processors()
        self.on = on
        self.files = files
        self.best = best
        self.least = math.inf
        keys = {self.key(run.parameters) for run in runs}
        there = results.rows if results is not None else []
        self.rows: list[Row] = [row for row in there if self.key(row["parameters"]) in keys]
        for row in self.rows:
            self._is_best(row)

    @staticmethod
    def key(parameters: dict[str, Any]) -> str:
        return repr(exact_values(parameters))

    def run(self) -> Iterator[Row]:
        """Run what is left; each row as soon as it is in the file. Errors: OSError where that cannot be written."""
        done: Iterator[Row]
        if self.on is None:
            done = local(self.script, self.left, min(self.jobs, len(self.left)))
        else:
            from gradsh.sweep.cluster import remote

            done = remote(self.on, self.script, self.left, self.files)
        try:
            for row in done:
                if self.results is not None:
                    self.results.write(row)
                self.rows.append(row)
                yield row
        finally:
            done.close()  # type: ignore[attr-defined]  # both are generators

    @property
    def failed(self) -> int:
        """How many runs have failed so far."""
        return sum(row["status"] != 0 for row in self.rows)

    # --- reports --------------------------------------------------------------------------------------------------

    def widths(self) -> dict[str, int]:
        """The columns of the parameters, and of the seed, if any."""
        columns = {name: [value] for name, value in (self.runs[0].parameters if self.runs else {}).items()}
        for run in self.runs[1:]:
            for name, value in run.parameters.items():
                columns[name].append(value)
        if any(run.seed is not None for run in self.runs):
            columns["seed"] = [run.seed for run in self.runs]
        return {name: max(len(name), *(len(str(v)) for v in values)) for name, values in columns.items()}

    def reports(self) -> Iterator[Report]:
        """Run what is left: a report for each run that has ended."""
        widths, names = self.widths(), list[str]()
        first = True
        for row in self.run():
            names += [name for name in row["result"] if name not in names]
            yield SweptRun(row, widths, list(names), first, self._is_best(row))
            first = False

    def _is_best(self, row: Row) -> bool:
        judged = self.best.of(row["result"]) if self.best is not None else None
        if judged is None or judged >= self.least:
            return False
        self.least = judged
        return True

    def table(self, seconds: float) -> SweepTable:
        """All that was run, by parameters, in the order of the runs."""
        order = {self.key(run.parameters): number for number, run in reversed(list(enumerate(self.runs)))}
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(self.key(row["parameters"]), []).append(row)
        pooled = [_pooled(groups[key]) for key in sorted(groups, key=lambda key: order.get(key, len(order)))]
        names = list(dict.fromkeys(name for rows in pooled for name in (*rows.results, *rows.others)))
        best, notes = [], list[str]()
        if self.best is not None:
            judged = [self.best.of({name: mean for name, (mean, _) in rows.results.items()}) for rows in pooled]
            least = min((each for each in judged if each is not None), default=None)
            best = [i for i, each in enumerate(judged) if each is not None and each == least]
            if least is None and self.rows:
                there = f"; there is {', '.join(names)}" if names else ""
                notes.append(f"no run has a number for its result {self.best.name}{there}")
        return SweepTable(pooled, names, self.best, best, seconds, notes)

    def plot(self, x: str, y: str) -> Curves:
        """A result, its mean over seeds, over a parameter; a line for each choice of the others.

        Errors: BadArguments."""
        names = list(self.runs[0].parameters) if self.runs else []
        if x not in names:
            raise BadArguments(f"--plot {x},{y}: {x} is no parameter of the sweep; it has {', '.join(names) or 'none'}")
        lines: dict[str, list[tuple[float, float]]] = {}
        varying = [n for n in names if n != x and len({repr(run.parameters[n]) for run in self.runs}) > 1]
        for rows in self.table(0.0).rows:
            at, mean = rows.parameters[x], rows.results.get(y, (math.nan, None))[0]
            if isinstance(at, (int, float)) and math.isfinite(at) and math.isfinite(mean):
                title = " ".join(f"{name}={rows.parameters[name]}" for name in varying)
                lines.setdefault(title, []).append((float(at), mean))
        if not lines:
            raise BadArguments(f"--plot {x},{y}: no run has a number for {y} at a number for {x}")
        notes = [f"{len(lines) - LINES} more lines are left out"] if len(lines) > LINES else []
        series = [
            Series(title or y, *map(list, zip(*sorted(points), strict=True)))  # type: ignore[arg-type]  # two lists
            for title, points in list(lines.items())[:LINES]
        ]
        return Curves(series, x=x, notes=notes)


def _pooled(rows: Sequence[Row]) -> Pooled:
    found = Pooled(rows[0]["parameters"])
    found.count = len(rows)
    found.failed = sum(row["status"] != 0 for row in rows)
    values: dict[str, list[object]] = {}
    for row in rows:
        for name, value in row["result"].items():
            values.setdefault(name, []).append(value)
    for name, each in values.items():
        numbers = [float(value) for value in each if is_number(value)]  # type: ignore[arg-type]  # also "nan", "inf"
        if len(numbers) < len(each):
            found.others[name] = each[0] if len(each) == 1 else f"{len(each)} values"
            continue
        mean = sum(numbers) / len(numbers)
        spread = None
        if len(numbers) > 1:
            spread = math.sqrt(sum((x - mean) ** 2 for x in numbers) / (len(numbers) - 1))
        found.results[name] = (mean, spread)
    return found


def is_number(value: object) -> bool:
    """Whether a row's value is a number; nan and the infinities stand there as strings."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or value in ("nan", "inf", "-inf")


def processors() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def best_of(text: str) -> Best:
    """`loss`, `accuracy:max`. Errors: BadArguments."""
    name, _, which = text.partition(":")
    if which not in ("", "min", "max") or not name.isidentifier():
        raise BadArguments(f"--best takes a result's name, the least of which is best, or NAME:max, not {text!r}")
    return Best(name, which == "max")


def positive(items: Iterable[object], what: str) -> None:
    """Errors: BadArguments unless each is a positive whole number."""
    for item in items:
        if not isinstance(item, int) or item < 1:
            raise BadArguments(f"{what} takes a positive number, not {item}")
