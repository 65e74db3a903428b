"""What a sweep costs beside the runs themselves: the overhead of a run in a warm pool, and what a second process gives.

    python -m benchmarks.sweep [--runs N] [--rounds N]

`alone` is the same run again and again in this process, its session made anew each time; `overhead` is what a run takes
longer through a process that is warm. `two` is a sweep of tiny runs on one process over the same on two.
"""

from __future__ import annotations

import argparse
import statistics
import time
from itertools import islice

from gradsh.sweep import pool
from gradsh.sweep.space import Run, runs
from gradsh.sweep.worker import Script, run_one

TINY = "param n = 1\nlet x = tensor(n, grad, dtype=float32)\nlet y = x**2\nbackward y\nresult y=y, g=x.grad"
# some ten milliseconds of work
SMALL = "param n = 1\nlet x = ones(3, grad)\nrepeat 200 { let y = (x * 2 + n).sum(); backward y }\nresult g=x.grad"


def todo(count: int) -> list[Run]:
    return runs({}, range(count))


def seconds_of(script: Script, count: int, processes: int) -> float:
    """Of all runs, from the first row to the last: the processes are warm then."""
    rows = pool.local(script, todo(count + 20), processes)
    for _ in islice(rows, 20):
        pass
    began = time.perf_counter()
    for _ in rows:
        pass
    return time.perf_counter() - began


def alone(script: Script, count: int) -> float:
    run_one(script, todo(1)[0])
    began = time.perf_counter()
    for run in todo(count):
        run_one(script, run)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for title, text in {"tiny": TINY, "small": SMALL}.items():
        script, found = Script("/nowhere/sweep.grad", text), []
        for _ in range(given.rounds):
            count = given.runs
            found.append((alone(script, count), seconds_of(script, count, 1), seconds_of(script, count, 2)))
        each, one, two = (statistics.median(column) / given.runs * 1e3 for column in zip(*found, strict=True))
        print(f"{title:<6} alone {each:.2f} ms a run, one process {one:.2f} (overhead {one - each:.2f}), two {two:.2f}")
        print(f"       two processes: {one / two:.2f} x one")


if __name__ == "__main__":
    main()
