"""The workers of a loader whose set can only be gone through: each has the set for itself, and they take turns.

In PyTorch they are processes. Here each is an iterator of its own, moved on where the loop runs, in the order in which
PyTorch asks them: so a set that does not share its items out comes once per worker, as it does there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

__acts_for_programs__ = True  # it runs what a program hands it: see gradsh.runtime.faults

AHEAD = 2  # batches that are asked of each before the first is taken: `prefetch_factor`


class Worker:
    """What `get_worker_info()` gives while one of several loads."""

    __public__ = frozenset(("id", "num_workers", "seed", "dataset"))
    now: Worker | None = None

    def __init__(self, number: int, count: int, seed: int, dataset: Any) -> None:
        self.id, self.num_workers, self.seed = number, count, seed + number
        self.dataset = _own(dataset)
        self.items: Iterator[Any] | None = None
        self.ended = False

    def __repr__(self) -> str:
        parts = [f"{name}={getattr(self, name)!r}" for name in ("id", "num_workers", "seed", "dataset")]
        return f"WorkerInfo({', '.join(parts)})"

    def begin(self, function: Any) -> None:
        """What it does before its first batch: `worker_init_fn`, and `iter(dataset)`."""

        def act() -> Iterator[Any]:
            if function is not None:
                function(self.id)
            return iter(self.dataset)

        self.items = self.within(act)

    def within(self, act: Callable[[], Any]) -> Any:
        """What a function gives that runs in this worker."""
        before, Worker.now = Worker.now, self
        try:
            return act()
        finally:
            Worker.now = before

    def batch(self, size: int | None, drop: bool, collate: Callable[[Any], Any]) -> tuple[bool, Any]:
        """Whether there is one more, and that one."""
        items = self.items
        if self.ended or items is None:
            return False, None
        found = list(islice(items, 1 if size is None else size))
        self.ended = len(found) < (1 if size is None else size)
        if not found or (self.ended and drop):
            return False, None
        return True, collate(found[0] if size is None else found)


def _own(dataset: Any) -> Any:
    """The set with fields of its own, as a process has it that was split off."""
    if not hasattr(dataset, "__dict__"):
        return dataset
    made = object.__new__(type(dataset))
    made.__dict__.update(dataset.__dict__)
    return made


def in_turns(workers: list[Worker], size: int | None, drop: bool, collate: Callable[[Any], Any]) -> Iterator[Any]:
    """Their batches, in PyTorch's order: who has no more is asked no more, and the others go on in turn."""
    count = len(workers)
    active = [True] * count
    asked: deque[int] = deque()
    turn = 0

    def ask() -> None:
        nonlocal turn
        for _ in range(count):
            at, turn = turn, (turn + 1) % count
            if active[at]:
                asked.append(at)
                return

    for _ in range(AHEAD * count):
        ask()
    while asked:
        at = asked.popleft()
        if not active[at]:
            continue
        worker = workers[at]
        more, batch = worker.within(lambda worker=worker: worker.batch(size, drop, collate))  # type: ignore[misc]
        active[at] = more
        ask()
        if more:
            yield batch
