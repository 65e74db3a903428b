"""`asyncio`: tasks in turn, in the one thread that there is, always in the same order.

A task runs until it waits for something. What is ready runs first, in the order in which it became so; where nothing
is, the earliest `sleep` is slept. What would wait for ever is an error.
"""

from __future__ import annotations

import collections
import heapq
import inspect
import itertools
import time
from collections.abc import Callable, Generator
from types import CoroutineType
from typing import Any

from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, TypeError_, ValueError_
from gradsh.frontend.exceptions import raised, seen
from gradsh.frontend.text import shown

__acts_for_programs__ = True


class CancelledError(BaseException):
    """What is raised in a task that is cancelled."""


class InvalidStateError(Exception):
    """A result is asked for that is not there."""


class QueueEmpty(Exception):
    """`get_nowait` of an empty queue."""


class QueueFull(Exception):
    """`put_nowait` into a full queue."""


for _kind in (CancelledError, InvalidStateError, QueueEmpty, QueueFull):
    _kind.__module__ = "asyncio.exceptions"


class Future:
    """What comes later: a result, or what is raised in its place."""

    __public__ = frozenset(
        (
            *("result", "exception", "done", "cancelled", "cancel", "set_result", "set_exception", "get_name"),
            *("add_done_callback", "set_name", "uncancel"),
        )
    )

    def __init__(self) -> None:
        self.ready = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.after: list[Callable[[Any], Any]] = []
        self.name = ""

    def done(self) -> bool:
        return self.ready

    def cancelled(self) -> bool:
        return isinstance(self.error, CancelledError)

    def settle(self, value: Any, error: BaseException | None = None) -> None:
        if not self.ready:
            self.ready, self.value, self.error = True, value, error
            for each in self.after:
                LOOP.soon(each, self)

    def set_result(self, value: Any) -> None:
        self.settle(value)

    def set_exception(self, error: Any) -> None:
        self.settle(None, raised(error))

    def result(self) -> Any:
        if not self.ready:
            raise raised(InvalidStateError("Result is not set."))
        if self.error is not None:
            raise self.error
        return self.value

    def exception(self) -> Any:
        if not self.ready:
            raise raised(InvalidStateError("Exception is not set."))
        if isinstance(self.error, CancelledError):
            raise self.error
        return None if self.error is None else seen(self.error)

    def add_done_callback(self, function: Any, **_: Any) -> None:
        LOOP.soon(function, self) if self.ready else self.after.append(function)

    def cancel(self, *_: Any) -> bool:
        if self.ready:
            return False
        self.settle(None, raised(CancelledError()))
        return True

    def uncancel(self) -> int:
        return 0

    def get_name(self) -> str:
        return self.name

    def set_name(self, name: str) -> None:
        self.name = name

    def __await__(self) -> Generator[Any, None, Any]:
        if not self.ready:
            yield self
        return self.result()


class Task(Future):
    """A coroutine that runs in turn with others."""

    def __init__(self, work: Any, name: Any = None) -> None:
        super().__init__()
        if not inspect.isawaitable(work):
            raise TypeError_(f"a coroutine was expected, got {shown(work)}")
        self.work: Any = work if isinstance(work, CoroutineType) else _waiting_for(work)
        self.name = f"Task-{next(LOOP.numbers)}" if name is None else name
        self.waits: Future | None = None
        self.stopping = False
        LOOP.soon(self.step)

    def cancel(self, *_: Any) -> bool:
        if self.ready:
            return False
        if self.waits is not None and not self.waits.ready:
            self.waits.cancel()
        else:
            self.stopping = True
        return True

    def step(self, *_: Any) -> None:
        """Run up to where it waits next."""
        self.waits = None
        before, LOOP.current = LOOP.current, self
        try:
            if self.stopping:
                self.stopping = False
                found = self.work.throw(raised(CancelledError()))
            else:
                found = self.work.send(None)
        except StopIteration as end:
            self.settle(end.value)
        except (Exception, CancelledError) as error:
            self.settle(None, error)
        else:
            if found is None:  # `sleep(0)`
                LOOP.soon(self.step)
            else:
                self.waits = found
                found.add_done_callback(self.step)
        finally:
            LOOP.current = before


async def _waiting_for(work: Any) -> Any:
    return await work


class Loop:
    """The order in which tasks run. There is one."""

    __public__ = frozenset(
        (
            *("run_until_complete", "create_task", "create_future", "time", "close", "is_running", "is_closed"),
            *("run_in_executor", "call_soon", "call_later", "run_forever", "stop", "shutdown_asyncgens", "set_debug"),
        )
    )

    def __init__(self) -> None:
        self.ready: collections.deque[tuple[Callable[..., Any], tuple[Any, ...]]] = collections.deque()
        self.later: list[tuple[float, int, Callable[..., Any], tuple[Any, ...]]] = []
        self.current: Task | None = None
        self.numbers = itertools.count(1)
        self.order = itertools.count()
        self.tasks: list[Task] = []

    def soon(self, function: Any, *given: Any) -> None:
        self.ready.append((function, given))

    def call_later(self, delay: float, function: Any, *given: Any) -> None:
        heapq.heappush(self.later, (time.monotonic() + delay, next(self.order), function, given))

    call_soon = soon

    def create_task(self, work: Any, *, name: Any = None, **_: Any) -> Task:
        task = Task(work, name)
        self.tasks = [each for each in self.tasks if not each.ready] + [task]
        return task

    def create_future(self) -> Future:
        return Future()

    def time(self) -> float:
        return time.monotonic()

    def close(self) -> None:
        """Nothing is open."""

    stop = close

    def set_debug(self, _: Any) -> None:
        """There is nothing to watch."""

    async def shutdown_asyncgens(self) -> None:
        """Nothing is left."""

    def is_running(self) -> bool:
        return self.current is not None

    def is_closed(self) -> bool:
        return False

    def run_in_executor(self, _: Any, function: Any, *given: Any) -> Task:
        return self.create_task(to_thread(function, *given))

    def run_forever(self) -> None:
        while self.ready or self.later:
            self.turn()

    def turn(self) -> None:
        """What is ready runs; where nothing is, the next that sleeps."""
        if not self.ready:
            due, _, function, given = heapq.heappop(self.later)
            rest = due - time.monotonic()
            if rest > 0:
                time.sleep(rest)
            self.ready.append((function, given))
        while self.later and self.later[0][0] <= time.monotonic():
            self.ready.append(heapq.heappop(self.later)[2:])
        function, given = self.ready.popleft()
        function(*given)

    def complete(self, work: Any) -> Any:
        """Run until a coroutine has ended: what it gives."""
        task = work if isinstance(work, Future) else self.create_task(work)
        before, self.current = self.current, None
        try:
            while not task.ready:
                if not (self.ready or self.later):
                    said = "what is waited for never comes: no task is left that could bring it"
                    raise ArgumentError(said, kind="RuntimeError")
                self.turn()
        finally:
            self.current = before
        return task.result()

    run_until_complete = complete

    def end(self) -> None:
        """Stop the tasks that nobody has waited for."""
        for task in self.tasks:
            task.cancel()
        while self.ready:
            self.turn()
        self.clear()

    def clear(self) -> None:
        for kept in (self.ready, self.later, self.tasks):
            kept.clear()


LOOP = Loop()


def run(work: Any, **_: Any) -> Any:
    """`asyncio.run(main())`."""
    if LOOP.current is not None:
        if isinstance(work, CoroutineType):
            work.close()
        raise ArgumentError("asyncio.run() cannot be called from a running event loop", kind="RuntimeError")
    if not isinstance(work, CoroutineType):
        raise ValueError_(f"a coroutine was expected, got {shown(work)}")
    try:
        found = LOOP.complete(work)
    except Exception:
        LOOP.end()
        raise
    except BaseException:  # Ctrl-C and limits: nothing runs any more
        LOOP.clear()
        raise
    LOOP.end()
    return found


def running() -> Loop:
    if LOOP.current is None:
        raise ArgumentError("no running event loop", kind="RuntimeError")
    return LOOP


def create_task(work: Any, **options: Any) -> Task:
    """`asyncio.create_task(f())`."""
    return running().create_task(work, **options)


def future_of(work: Any) -> Any:
    return work if isinstance(work, Future) else LOOP.create_task(work)


class _Yield:
    def __await__(self) -> Generator[None, None, None]:
        yield None


async def sleep(delay: float, result: Any = None) -> Any:
    """`await asyncio.sleep(seconds)`."""
    if delay <= 0:
        await _Yield()
        return result
    done = Future()
    LOOP.call_later(delay, done.set_result, None)
    await done
    return result


async def to_thread(function: Any, /, *arguments: Any, **keywords: Any) -> Any:
    """`asyncio.to_thread(function, …)`: it runs now."""
    await _Yield()
    return function(*arguments, **spelled(function, keywords))


def gather(*works: Any, return_exceptions: bool = False) -> Any:
    """`await asyncio.gather(f(), g())`."""
    tasks = [future_of(work) for work in works]
    whole = Future()

    def one(_: Any) -> None:
        if whole.ready:
            return
        for task in tasks:
            if task.ready and task.error is not None and not return_exceptions:
                whole.settle(None, task.error)
                return
        if all(task.ready for task in tasks):
            whole.settle([_outcome(task) for task in tasks])

    for task in tasks:
        task.add_done_callback(one)
    if not tasks:
        whole.settle([])
    return whole


def _outcome(task: Future) -> Any:
    if task.error is None:
        return task.value
    return seen(task.error) if isinstance(task.error, Exception) else task.error


async def wait_for(work: Any, timeout: Any) -> Any:
    """`await asyncio.wait_for(f(), timeout)`. Errors: TimeoutError."""
    task = future_of(work)
    if timeout is None:
        return await task
    done = Future()
    task.add_done_callback(lambda _: done.settle(True))
    LOOP.call_later(timeout, done.settle, False)
    if not await done:
        task.cancel()
        try:
            await task
        except CancelledError:
            raise raised(TimeoutError()) from None
    return task.result()


async def wait(works: Any, *, timeout: Any = None, return_when: str = "ALL_COMPLETED") -> Any:
    """`await asyncio.wait(tasks)`: those that are done, and the others."""
    tasks = [future_of(work) for work in works]
    done = Future()

    def one(_: Any = None) -> None:
        ended = [task for task in tasks if task.ready]
        first = return_when != "ALL_COMPLETED" and any(
            return_when == "FIRST_COMPLETED" or task.error is not None for task in ended
        )
        if len(ended) == len(tasks) or first:
            done.settle(None)

    for task in tasks:
        task.add_done_callback(one)
    if timeout is not None:
        LOOP.call_later(timeout, done.settle, None)
    await done
    return {task for task in tasks if task.ready}, {task for task in tasks if not task.ready}


class TaskGroup:
    """`async with asyncio.TaskGroup() as group:`."""

    __public__ = frozenset(("create_task",))

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def create_task(self, work: Any, **options: Any) -> Task:
        task = LOOP.create_task(work, **options)
        self.tasks.append(task)
        return task

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, kind: Any, error: Any, _: Any) -> bool:
        if error is not None:
            for task in self.tasks:
                task.cancel()
        for task in self.tasks:  # more may come while it waits
            await gather(task, return_exceptions=True)
            if task.error is not None and not task.cancelled():
                for each in self.tasks:
                    each.cancel()
        failed: Any = [_outcome(task) for task in self.tasks if task.error is not None and not task.cancelled()]
        if isinstance(error, Exception):
            failed.append(seen(error))
        if failed:
            raise raised(ExceptionGroup("unhandled errors in a TaskGroup", failed)) from None
        return False


class Timeout:
    """`async with asyncio.timeout(seconds):`."""

    def __init__(self, delay: Any) -> None:
        self.delay = delay
        self.over = False

    async def __aenter__(self) -> Any:
        task = LOOP.current

        def end() -> None:
            if task is not None and not task.ready and not self.left:
                self.over = True
                task.cancel()

        self.left = False
        if self.delay is not None:
            LOOP.call_later(self.delay, end)
        return self

    async def __aexit__(self, kind: Any, error: Any, _: Any) -> bool:
        self.left = True
        if self.over and isinstance(error, CancelledError):
            raise raised(TimeoutError()) from None
        return False


async def shielded(work: Any) -> Any:
    return await work
