"""Runs of a sweep on processes of this machine, each with one thread for BLAS and gradsh loaded once.

Each process is a pool of one, so that when one dies it is known whose run died with it; that run is done again.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from time import monotonic
from types import ModuleType

from gradsh.sweep.space import Run
from gradsh.sweep.worker import Row, Script, prepare, problem, row, run_here

TRIES = 3  # of a run whose process dies
GRACE = 1.0  # seconds after its time in which a run has to end by itself
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
BATCH, AT_ONCE = 0.05, 64  # seconds of runs that are handed out at once, and how many there are at most
LOST, OVER = 137, 124  # statuses, as a shell says them: its process was killed; its time is over


@contextmanager
def _starting() -> Iterator[None]:
    """While processes start: with one thread for BLAS, deaf to Ctrl-C, which is this process's, and without its
    `__main__`, which each would import."""
    before = {name: os.environ.get(name) for name in THREADS}
    main = sys.modules.get("__main__")
    for name in THREADS:
        os.environ.setdefault(name, "1")
    sys.modules["__main__"] = ModuleType("__main__")
    blocks = hasattr(signal, "pthread_sigmask")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]) if blocks else set()
    try:
        yield
    finally:
        if blocks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if main is not None:
            sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


class Slot:
    """One process, and the runs that it does."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.runs: list[Run] = []
        self.began = 0.0
        self.future: Future[list[Row]]
        self.start()

    def start(self) -> None:
        kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(kind)
        if kind == "forkserver":
            context.set_forkserver_preload(["gradsh.sweep.worker"])
        self.pool = ProcessPoolExecutor(1, context, prepare, (self.script,))
        with _starting():
            self.process = self.pool.submit(os.getpid)

    def begin(self, runs: list[Run]) -> None:
        self.runs, self.began = runs, monotonic()
        try:
            self.future = self.pool.submit(run_here, runs)
        except BrokenProcessPool:  # it died while it had nothing to do
            self.start()
            self.future = self.pool.submit(run_here, runs)

    def kill(self) -> None:
        """End the process, whatever it does."""
        there = self.process.done() and not self.process.exception()
        if there:
            with suppress(OSError):
                os.kill(self.process.result(), getattr(signal, "SIGKILL", signal.SIGTERM))
        # until the pool's thread has ended too: else Python, where it ends itself, writes into the pipe that the thread
        # is closing, and tells of a bad file descriptor on standard error (once in five sweeps of a busy machine)
        self.pool.shutdown(wait=there, cancel_futures=True)

    def is_late(self) -> bool:
        """Whether the runs have not ended in their time, and do not end by themselves."""
        limit = self.script.timeout
        if limit is None or self.future.done():
            return False
        return monotonic() - self.began > limit * len(self.runs) + GRACE


class Queue:
    """The runs that wait, and how many of them are handed out at once: tiny ones by the dozen, as handing over and
    taking back would cost as much as they do."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.waiting = deque(runs)
        self.tries: Counter[int] = Counter()  # of runs whose processes died, by number
        self.seconds = math.inf  # of the last run

    def next(self) -> list[Run]:
        count = int(min(AT_ONCE, BATCH / max(self.seconds, 1e-6)))
        found: list[Run] = []
        while self.waiting and (not found or (len(found) < count and not self.tries[self.waiting[0].number])):
            found.append(self.waiting.popleft())
            if self.tries[found[0].number]:  # alone, so that it is known who ends its process
                break
        return found

    def done(self, slot: Slot) -> list[Row]:
        """The rows of what a slot has done; none where its process has died, and they are to be done again."""
        try:
            rows = slot.future.result()
        except BrokenProcessPool:
            slot.pool.shutdown(wait=False)
            slot.start()
            if len(slot.runs) > 1:
                self.tries.update(run.number for run in slot.runs)
                self.waiting.extendleft(reversed(slot.runs))
                return []
            (run,) = slot.runs
            self.tries[run.number] += 1
            if self.tries[run.number] < TRIES:
                self.waiting.appendleft(run)
                return []
            return [row(run, {}, monotonic() - slot.began, LOST, problem(f"its process was killed, {TRIES} times"))]
        self.seconds = rows[-1]["seconds"]
        return rows


def local(script: Script, runs: Iterable[Run], count: int) -> Iterator[Row]:
    """The rows of runs on `count` processes, each as soon as it has ended. All processes end when this is closed."""
    queue = Queue(runs)
    slots: list[Slot] = []
    busy: list[Slot] = []
    try:
        while len(slots) < count and queue.waiting:
            slots.append(Slot(script))
            slots[-1].begin(queue.next())
            busy.append(slots[-1])
        while busy:
            wait([slot.future for slot in busy], 0.1 if script.timeout is not None else None, FIRST_COMPLETED)
            for slot in list(busy):
                if slot.is_late():
                    slot.kill()
                    slot.start()
                    late = problem("its time is over")
                    rows = [row(run, {}, monotonic() - slot.began, OVER, late) for run in slot.runs]
                elif slot.future.done():
                    rows = queue.done(slot)
                else:
                    continue
                if queue.waiting:  # before the rows are written: the process need not wait for that
                    slot.begin(queue.next())
                else:
                    busy.remove(slot)
                yield from rows
    finally:
        for slot in slots:
            slot.kill()
