"""What queues hold, in the order in which it is taken out: of `queue`, and of `asyncio`, whose tasks wait for it."""

from __future__ import annotations

import collections
import heapq
from typing import Any

__acts_for_programs__ = True


class Store:
    """The first first. `maxsize`: how many there may be, 0 for any number."""

    __public__ = frozenset(
        ("put", "get", "put_nowait", "get_nowait", "qsize", "empty", "full", "task_done", "join", "maxsize")
    )

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self.items: Any = self.made()

    def made(self) -> Any:
        return collections.deque()

    def add(self, item: Any) -> None:
        self.items.append(item)

    def take(self) -> Any:
        return self.items.popleft()

    def qsize(self) -> int:
        return len(self.items)

    def empty(self) -> bool:
        return not self.items

    def full(self) -> bool:
        return 0 < self.maxsize <= len(self.items)


class LastFirst(Store):
    """The last first."""

    def take(self) -> Any:
        return self.items.pop()


class LeastFirst(Store):
    """The least first."""

    def made(self) -> Any:
        return []

    def add(self, item: Any) -> None:
        heapq.heappush(self.items, item)

    def take(self) -> Any:
        return heapq.heappop(self.items)
