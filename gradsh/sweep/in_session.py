"""A sweep as a statement of a session: the same runs as on the command line, its values given as values."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError, BadArguments, FileError, Refused
from gradsh.files import PYTHON, refused
from gradsh.language.scripts import Param, checked, find, written
from gradsh.reports import Report
from gradsh.session.session import Session
from gradsh.sweep.results import Results
from gradsh.sweep.space import Axes, Choice, runs
from gradsh.sweep.sweep import Sweep, best_of, compiled, positive
from gradsh.sweep.worker import Script

OPTIONS = ("seed", "best", "random", "jobs", "out", "resume", "logs")


def reports(session: Session, file: str, named: Mapping[str, Any]) -> Iterator[Report]:
    """A report for each run as it ends, and the table. Errors: ArgumentError, FileError, Sandboxed; BadFile of a script
    that is none, with what is wrong in it."""
    session.files.check(file, "sweep")
    if file.endswith(PYTHON):
        raise FileError(f"cannot sweep '{file}': it is no program of gradsh's own")
    name = os.path.join(session.files.folder, file)
    try:
        data = session.files.program(name, os.path.dirname(name) or ".")
        program = compiled(name, data, session.files)
    except Refused as wrong:
        first = wrong.errors[0]
        raise FileError(f"'{file}' does not run: {first.message}", help=f"gradsh check {file}") from None
    options = {option: value for option, value in named.items() if option in OPTIONS}
    results: Results | None = None
    try:
        axes = _axes(program.params, {n: v for n, v in named.items() if n not in OPTIONS}, file)
        sample, jobs = options.get("random"), options.get("jobs")
        positive([each for each in (sample, jobs) if each is not None], "random and jobs")
        todo = runs(axes, _seeds(options.get("seed")), sample)
        out, logs = options.get("out"), options.get("logs")
        for path in (out, logs):
            if path is not None:
                session.files.check(path, "write")
        if logs is not None:
            os.makedirs(logs, exist_ok=True)
        results = Results(out, bool(options.get("resume"))) if out is not None else None
        script = Script(
            os.path.abspath(name),
            program.source.text,
            logs=os.path.abspath(logs) if logs else None,
            plans=Session.planned,
        )
        best = best_of(options["best"]) if options.get("best") is not None else None
        sweep = Sweep(script, todo, results=results, jobs=jobs, best=best)
        began = time.monotonic()
        grows = session.display.interactive or session.display.needs_spans  # --json has a line for each run
        for report in sweep.reports():
            if grows:
                yield report
        yield sweep.table(time.monotonic() - began)
    except BadArguments as error:
        raise ArgumentError(f"sweep(): {error}") from None
    except OSError as error:
        raise refused(str(options.get("out")), "write", error) from None
    finally:
        if results is not None:
            results.close()


def _axes(params: tuple[Param, ...], given: Mapping[str, Any], file: str) -> Axes:
    """Errors: BadArguments."""
    table = {param[0]: param for param in params}
    found: Axes = {}
    for name, values in given.items():
        param = find(f"--{name}", table)[0]
        if param is None:
            there = f"; it has {', '.join(table)}" if table else ""
            raise BadArguments(f"{file} declares no parameter {name!r}{there}")
        if isinstance(values, Tensor):
            values = values.data.tolist()
        several = values if isinstance(values, (list, range)) else [values]
        found[param[0]] = [_choice(param, value) for value in several]
        if not found[param[0]]:
            raise BadArguments(f"there is no value for {name}")
    return found


def _choice(param: Param, value: Any) -> Choice:
    text = written(value.data.tolist() if isinstance(value, Tensor) else value)
    if param[3]:
        value = checked(param[0], text, param[4])
    return Choice(value, [f"--{param[0]}={text}"])


def _seeds(given: Any) -> list[int | None]:
    """Errors: BadArguments."""
    several = given if isinstance(given, (list, range, tuple)) else [given]
    for each in several:
        if each is not None and (not isinstance(each, int) or isinstance(each, bool)):
            raise BadArguments(f"seed takes whole numbers, as in seed=range(10), not {each!r}")
    return list(several)
