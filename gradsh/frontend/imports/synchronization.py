"""What tasks share: `asyncio`'s locks, events and queues. Who comes first is served first."""

from __future__ import annotations

import collections
from typing import Any

from gradsh.errors import ArgumentError, ValueError_
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports.stores import LastFirst, LeastFirst, Store
from gradsh.frontend.imports.tasks import Future, QueueEmpty, QueueFull

__acts_for_programs__ = True


class Waiters:
    """Those that wait for something, in the order in which they came."""

    def __init__(self) -> None:
        self.waiting: collections.deque[Future] = collections.deque()

    async def wait(self) -> None:
        mine = Future()
        self.waiting.append(mine)
        await mine

    def wake(self, most: int = 1) -> None:
        while most and self.waiting:
            first = self.waiting.popleft()
            if not first.ready:
                first.set_result(None)
                most -= 1


class Semaphore:
    """`asyncio.Semaphore(count)`, and `Lock()`, which one has at a time."""

    __public__ = frozenset(("acquire", "release", "locked"))

    def __init__(self, value: int = 1) -> None:
        self.left = value
        self.waiters = Waiters()

    async def acquire(self) -> bool:
        while self.left <= 0:
            await self.waiters.wait()
        self.left -= 1
        return True

    def release(self) -> None:
        self.left += 1
        self.waiters.wake()

    def locked(self) -> bool:
        return self.left <= 0

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *_: object) -> None:
        self.release()


class Lock(Semaphore):
    """`asyncio.Lock()`."""

    def __init__(self) -> None:
        super().__init__(1)

    def release(self) -> None:
        if not self.locked():
            raise ArgumentError("Lock is not acquired.", kind="RuntimeError")
        super().release()


class Event:
    """`asyncio.Event()`."""

    __public__ = frozenset(("wait", "set", "clear", "is_set"))

    def __init__(self) -> None:
        self.on = False
        self.waiters = Waiters()

    async def wait(self) -> bool:
        while not self.on:
            await self.waiters.wait()
        return True

    def set(self) -> None:
        self.on = True
        self.waiters.wake(len(self.waiters.waiting))

    def clear(self) -> None:
        self.on = False

    def is_set(self) -> bool:
        return self.on


class Queue(Store):
    """`asyncio.Queue(maxsize)`."""

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self.getters, self.putters, self.joiners = Waiters(), Waiters(), Waiters()
        self.unfinished = 0

    async def put(self, item: Any) -> None:
        while self.full():
            await self.putters.wait()
        self.put_nowait(item)

    def put_nowait(self, item: Any) -> None:
        if self.full():
            raise raised(QueueFull())
        self.add(item)
        self.unfinished += 1
        self.getters.wake()

    async def get(self) -> Any:
        while not self.items:
            await self.getters.wait()
        return self.get_nowait()

    def get_nowait(self) -> Any:
        if not self.items:
            raise raised(QueueEmpty())
        item = self.take()
        self.putters.wake()
        return item

    def task_done(self) -> None:
        if self.unfinished <= 0:
            raise ValueError_("task_done() called too many times")
        self.unfinished -= 1
        if not self.unfinished:
            self.joiners.wake(len(self.joiners.waiting))

    async def join(self) -> None:
        while self.unfinished:
            await self.joiners.wait()


class PriorityQueue(LeastFirst, Queue):
    """`asyncio.PriorityQueue()`."""


class LifoQueue(LastFirst, Queue):
    """`asyncio.LifoQueue()`."""
