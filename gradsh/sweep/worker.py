"""One run of a sweep, in whatever process: a session of its own, and what came of it as a row of plain values."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from time import perf_counter
from typing import Any

from gradsh.commands.result import plain
from gradsh.errors import ArgumentError, BadArguments, ClosedPipe, Span
from gradsh.reports import Report
from gradsh.reports.swept import Found
from gradsh.session import display as nothing
from gradsh.sweep.space import Run
from gradsh.view.diagnostics import as_data
from gradsh.view.display import Display, Session
from gradsh.view.json_lines import exact_values

LONGEST = 200  # items, or letters, of a value that is a result because it was printed last

Row = dict[str, Any]


class Script:
    """What all runs of a sweep share. `path` is the script's; its runs name files from where it is, and errors name it
    so too, wherever they run. `logs` is a folder."""

    __slots__ = ("dtype", "logs", "max_memory", "path", "plans", "sandbox", "text", "timeout")

    def __init__(
        self,
        path: str,
        text: str,
        *,
        dtype: str | None = None,
        timeout: float | None = None,
        max_memory: int | None = None,
        sandbox: bool = False,
        plans: bool | None = None,
        logs: str | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.dtype = dtype
        self.timeout = timeout
        self.max_memory = max_memory
        self.sandbox = sandbox
        self.plans = plans
        self.logs = logs

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)

    def log_of(self, run: Run) -> str:
        """The file for what a run prints."""
        return os.path.join(self.logs or "", f"run-{run.number:05}.log")


class Collecting:
    """What a display of a run keeps: what it says it has found, and the last value that it printed."""

    follows = False

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.found: dict[str, object] = {}
        self.last: object = None

    def value(self, value: object, span: Span | None) -> None:
        self.last = value
        super().value(value, span)  # type: ignore[misc]  # a display's, which stands beside

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        if values:
            self.last = values[-1]
        super().printed(values, spans, sep, end)  # type: ignore[misc]  # likewise

    def report(self, report: Report) -> None:
        if isinstance(report, Found):
            self.found.update(report.values)
        super().report(report)  # type: ignore[misc]  # likewise

    def result(self) -> dict[str, object]:
        """What the run has found; where it does not say, the last value that it printed."""
        if self.found or self.last is None:
            return self.found
        size = getattr(self.last, "numel", lambda: 1)()
        try:
            last = plain("value", self.last) if size <= LONGEST else None
        except ArgumentError:
            return {}
        if last is None or (isinstance(last, (str, list)) and len(last) > LONGEST):
            return {}
        return {"value": last}


class Silent(Collecting, nothing.Display):
    """Shows nothing."""


class Logging(Collecting, Display):
    """Writes all into a file."""


@contextmanager
def _display(script: Script, run: Run) -> Iterator[Silent | Logging]:
    if script.logs is None:
        yield Silent()
        return
    with open(script.log_of(run), "w", encoding="utf-8", newline="\n") as log:
        yield Logging(log, log, color="never")


def run_one(script: Script, run: Run) -> Row:
    """Run it, and give its row."""
    began = perf_counter()
    try:
        with _display(script, run) as display:
            session = Session(
                script.dtype,
                run.seed,
                display=display,
                timeout=script.timeout,
                max_memory=script.max_memory,
                sandbox=script.sandbox,
                plans=script.plans,
            )
            session.files.folder = script.folder
            ended = session.run(script.text, os.path.basename(script.path), run.words)
    except BadArguments as bad:  # a parameter whose default had to be computed to see what fits
        return row(run, {}, perf_counter() - began, 2, problem(str(bad)))
    except (OSError, ClosedPipe) as failed:
        return row(run, {}, perf_counter() - began, 1, problem(f"its log cannot be written: {failed}"))
    seconds = perf_counter() - began
    error = as_data(ended.errors[0]) if ended.errors else None
    return row(run, display.result() if ended.ok else display.found, seconds, ended.status, error)


def problem(message: str) -> dict[str, object]:
    """What a row says of an error that is none of the program's, in the form of those that are."""
    return {"error": None, "message": message, "file": None, "line": None, "column": None, "help": None}


def row(run: Run, result: dict[str, object], seconds: float, status: int, error: dict[str, object] | None) -> Row:
    """What a file of results says of a run."""
    return {
        "run": run.number,
        "parameters": exact_values(run.parameters),
        "seed": run.seed,
        "result": exact_values(result),
        "seconds": round(seconds, 4),
        "status": status,
        "error": error,
    }


# --- in a process of its own ------------------------------------------------------------------------------------------

_script: Script | None = None


def prepare(script: Script) -> None:
    """A process begins to run a script. It ends with the one that started it, also where that is killed."""
    global _script
    _script = script
    if (parent := parent_process()) is not None:
        Thread(target=_follow, args=(parent,), daemon=True).start()
    gc.set_threshold(20_000, 20, 20)
    gc.freeze()  # what is loaded stays: no collection need look at it


def _follow(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def run_here(runs: list[Run]) -> list[Row]:
    """Run them in a prepared process."""
    assert _script is not None, "prepare() comes first"
    return [run_one(_script, run) for run in runs]
