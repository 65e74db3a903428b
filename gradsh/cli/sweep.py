"""`gradsh sweep FILE --lr 0.1,0.01`: run a script once for every combination of parameters and seeds. On all cores.

What the runs print goes to --logs, else nowhere; what they found, `result loss=…`, is a row of the table. A run that
fails is a row as well, and the others go on.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time

from gradsh.cli.opening import INTERRUPTED, help_of
from gradsh.cli.options import Options, UsageError, gradshs, read
from gradsh.errors import BadArguments, GradshError, Refused
from gradsh.files import Files, concealed, shows_lines
from gradsh.reports.swept import SweptRun
from gradsh.sweep.results import Results
from gradsh.sweep.space import axes, runs, seeds
from gradsh.sweep.sweep import Sweep, best_of, compiled, positive
from gradsh.sweep.worker import Script
from gradsh.view.color import is_terminal, wanted
from gradsh.view.display import Display
from gradsh.view.json_lines import JsonDisplay
from gradsh.view.progress import Bar


def takes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--seed", metavar="SEEDS", help="0..9 or 1,2,3: each combination once for every seed")
    add("--random", type=int, metavar="N", help="N of the runs, drawn at random, the same ones each time")
    add("-j", "--jobs", type=int, metavar="N", help="processes (as many as there are cores)")
    add("--best", metavar="NAME", help="mark the runs with the least of this result, with NAME:max the largest")
    add("--out", metavar="FILE", help="one line of JSON a run, as soon as it has ended")
    add("--resume", action="store_true", help="leave out the runs that --out FILE has already")
    add("--logs", metavar="FOLDER", help="what each run prints, a file for each")
    add("--plot", metavar="X,Y", help="at the end, the result Y over the parameter X")
    add("--keep-going", action="store_true", help="exit status 0 also where runs failed")
    add("--on", metavar="ADDRESS", help="run on the Dask cluster with this scheduler, tcp://host:8786")
    add("--with", dest="files", action="append", default=[], metavar="FILE", help="a file that goes along with --on")
    add("--timeout", metavar="TIME", help="of each run: 10s, 2m")
    add("--max-memory", metavar="SIZE", help="of each run: 500M, 2G")
    add("--dtype", choices=["float16", "float32", "float64"], help="dtype of floating literals (float32)")
    add("file", metavar="FILE")
    rest = add("arguments", nargs=argparse.REMAINDER, help="values for the script: --lr 0.1,0.01 --steps 100..500:100")
    rest.required = False


def run(options: Options) -> int:
    given = options.given
    file: str = given.file
    if options.sandbox == "kernel":
        raise UsageError(
            "a sweep runs many programs in a process, and the kernel's door shuts once: --sandbox=language"
        )
    data = read(gradshs(file, "sweep"))
    if "--help" in given.arguments or "-h" in given.arguments:
        return help_of(options, file, data.decode("utf-8-sig", "replace"), shows_lines(file, data))
    display: Display = JsonDisplay() if options.json else Display(color=options.color, style=options.errors)
    try:
        program = compiled(file, data, Files(sandboxed=bool(options.sandbox)))
    except Refused as refused:
        return _refused(display, file, data, refused.errors)
    except GradshError as error:
        return _refused(display, file, data, [error])
    results: Results | None = None
    try:
        found = axes(program.params, given.arguments, file)
        chosen = seeds(given.seed) if given.seed is not None else [options.seed]
        positive([each for each in (given.random, given.jobs) if each is not None], "--random and -j")
        todo = runs(found, chosen, given.random)
        best = best_of(given.best) if given.best is not None else None
        plot = _plot(given.plot)
        if given.resume and given.out is None:
            raise BadArguments("--resume goes on with the file of results that --out names")
        results = Results(given.out, given.resume) if given.out is not None else None
        sweep = Sweep(
            _script(options, file, program.source.text),
            todo,
            results=results,
            jobs=given.jobs,
            on=given.on,
            files=given.files,
            best=best,
        )
        return _go(options, sweep, display, plot)
    except BadArguments as error:
        raise UsageError(str(error), f"gradsh sweep {file} --help") from None
    finally:
        if results is not None:
            results.close()


def _script(options: Options, file: str, text: str) -> Script:
    """Errors: BadArguments where the folder for logs cannot be made."""
    from gradsh.cli.arguments import size
    from gradsh.cli.timeout import seconds

    given = options.given
    if given.logs is not None:
        try:
            os.makedirs(given.logs, exist_ok=True)
        except OSError as error:
            raise BadArguments(f"cannot make the folder '{given.logs}': {error.strerror}") from None
    return Script(
        os.path.abspath(file),
        text,
        dtype=given.dtype or options.dtype,
        timeout=seconds(given.timeout) if given.timeout is not None else options.timeout,
        max_memory=size(given.max_memory) if given.max_memory is not None else options.max_memory,
        sandbox=bool(options.sandbox),
        plans=options.plans,
        logs=os.path.abspath(given.logs) if given.logs is not None else None,
    )


def _go(options: Options, sweep: Sweep, display: Display, plot: tuple[str, str] | None) -> int:
    """Run, and show. Errors: UsageError where the results cannot be written."""
    total, there = len(sweep.runs), len(sweep.runs) - len(sweep.left)
    began = time.monotonic()
    grows = options.json or is_terminal(display.out)
    bar = None
    if not options.json and not options.quiet and is_terminal(display.err):
        bar = Bar(display.err, "sweep", len(sweep.left), wanted(display.err, options.color))
    reports = sweep.reports()
    try:
        if there and not options.quiet and not options.json:
            display.err.write(f"{there} of {total} runs are there already\n")
        if bar is not None:
            bar.draw()
        for report in reports:
            assert isinstance(report, SweptRun)
            if bar is not None:
                bar.hide()
            if grows:
                display.report(report)
            if bar is not None:
                bar.done += 1
                bar.draw()
    except KeyboardInterrupt:
        reports.close()  # type: ignore[attr-defined]  # a generator; the processes end
        _hide(bar)
        display.err.write(f"interrupted after {len(sweep.rows)} of {total} runs; {_again(options, sweep)}\n")
        return INTERRUPTED
    except OSError as error:
        _hide(bar)
        name = sweep.results.path if sweep.results is not None else ""
        display.err.write(
            f"gradsh: cannot write '{name}': {error.strerror}; it has {len(sweep.rows)} of {total} runs, "
            f"and keeps them; {_again(options, sweep)}\n"
        )
        return 1
    _hide(bar)
    display.report(sweep.table(time.monotonic() - began))
    if plot is not None:
        display.report(sweep.plot(*plot))
    return 1 if sweep.failed and not options.given.keep_going else 0


def _hide(bar: Bar | None) -> None:
    if bar is not None:
        bar.hide()


def _again(options: Options, sweep: Sweep) -> str:
    """How to go on."""
    if sweep.results is None:
        return "with --out FILE they would have been kept, and --resume would go on"
    words = [word for word in sys.argv[1:] if word != "--resume"]
    at = words.index("sweep") + 1 if "sweep" in words else 0
    return "to go on: " + shlex.join(["gradsh", *words[:at], "--resume", *words[at:]])


def _plot(text: str | None) -> tuple[str, str] | None:
    """Errors: BadArguments."""
    if text is None:
        return None
    x, comma, y = text.partition(",")
    if not comma or not x.strip() or not y.strip():
        raise BadArguments(f"--plot takes a parameter and a result, as in --plot lr,loss, not {text!r}")
    return x.strip(), y.strip()


def _refused(display: Display, file: str, data: bytes, errors: list[GradshError]) -> int:
    display.errors(errors if shows_lines(file, data) else concealed(file, errors))
    return 3
