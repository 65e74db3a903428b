"""`threading`, `queue`, `concurrent.futures` and `multiprocessing`: all in turn, in the one thread that there is.

A thread runs to its end where it is started, which is one of the orders that the system's could have come to. What
would wait for another for ever is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, TypeError_
from gradsh.frontend import exceptions
from gradsh.frontend.classes import Object
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.stores import LastFirst, LeastFirst, Store

__acts_for_programs__ = True


def waits(what: str) -> ArgumentError:
    said = f"{what} would wait for ever: threads run in turn here, each to its end where it is started"
    return ArgumentError(said, kind="RuntimeError")


# --- threading ------------------------------------------------------------------------------------------------------


class Thread(Object):
    """`threading.Thread(target=f, args=(…))`, or a class of the program's with `run`."""

    count = 0

    def __init__(
        self,
        group: Any = None,
        target: Any = None,
        name: Any = None,
        args: Iterable[Any] = (),
        kwargs: Any = None,
        *,
        daemon: Any = None,
    ) -> None:
        Thread.count += 1
        held = {"_target": target, "_args": tuple(args), "_kwargs": kwargs or {}, "daemon": bool(daemon)}
        self.__dict__.update(held, name=name or f"Thread-{Thread.count}", ident=None)

    def run(self) -> None:
        held = self.__dict__
        if held["_target"] is not None:
            held["_target"](*held["_args"], **spelled(held["_target"], held["_kwargs"]))

    def start(self) -> None:
        self.__dict__["ident"] = 1
        before, CURRENT[0] = CURRENT[0], self
        try:
            self.run()
        finally:
            CURRENT[0] = before

    def join(self, timeout: Any = None) -> None:
        """It has ended."""

    def is_alive(self) -> bool:
        return False


class Main:
    """`threading.current_thread()` where no other runs."""

    name, ident, daemon = "MainThread", 1, False
    __public__ = frozenset(("name", "ident", "daemon"))


CURRENT: list[Any] = [Main()]


class Lock:
    """`threading.Lock()`, and its kin; `most` times it may be held at once."""

    __public__ = frozenset(("acquire", "release", "locked", "wait", "notify", "notify_all"))

    def __init__(self, value: int = 1, most: int | None = None) -> None:
        self.free = value

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self.free <= 0:
            if not blocking or timeout >= 0:
                return False
            raise waits("acquire() of a lock that is held")
        self.free -= 1
        return True

    def release(self) -> None:
        self.free += 1

    def locked(self) -> bool:
        return self.free <= 0

    def wait(self, timeout: Any = None) -> bool:
        if timeout is None:
            raise waits("wait()")
        return False

    def notify(self, n: int = 1) -> None:
        """Nobody waits."""

    notify_all = notify

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Again(Lock):
    """`threading.RLock()`, which its thread may take again."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        self.free -= 1
        return True


class Event:
    """`threading.Event()`."""

    __public__ = frozenset(("set", "clear", "is_set", "wait"))

    def __init__(self) -> None:
        self.on = False

    def set(self) -> None:
        self.on = True

    def clear(self) -> None:
        self.on = False

    def is_set(self) -> bool:
        return self.on

    def wait(self, timeout: Any = None) -> bool:
        if not self.on and timeout is None:
            raise waits("wait() for an event that nothing has set")
        return self.on


class Local(Object):
    """`threading.local()`."""


for _kind in (Thread, Local):
    _kind.hosted, _kind.slots, _kind.__module__ = False, None, "threading"
Local.written = {}
Thread.written = {name: vars(Thread)[name] for name in ("__init__", "run", "start", "join", "is_alive")}


def _threading(session: Any) -> Module:
    members: dict[str, Any] = {"Thread": Thread, "Lock": Lock, "RLock": Again, "Condition": Again, "Semaphore": Lock}
    members |= {"BoundedSemaphore": Lock, "Event": Event, "local": Local, "current_thread": lambda: CURRENT[0]}
    members |= {"get_ident": lambda: 1, "active_count": lambda: 1, "main_thread": lambda: CURRENT[0]}
    return of_members("threading", {**members, "enumerate": lambda: [CURRENT[0]]})


# --- queue ----------------------------------------------------------------------------------------------------------


class Empty(Exception):
    """What a queue raises that has nothing to give."""


class Full(Exception):
    """What a queue raises that takes no more."""


Empty.__module__, Full.__module__ = "_queue", "queue"


class Queue(Store):
    """`queue.Queue(maxsize)`."""

    __public__ = Store.__public__ | {"close"}

    def put(self, item: Any, block: bool = True, timeout: Any = None) -> None:
        if self.full():
            if block and timeout is None:
                raise waits("put() into a full queue")
            raise exceptions.raised(Full())
        self.add(item)

    def get(self, block: bool = True, timeout: Any = None) -> Any:
        if not self.items:
            if block and timeout is None:
                raise waits("get() from an empty queue")
            raise exceptions.raised(Empty())
        return self.take()

    def put_nowait(self, item: Any) -> None:
        self.put(item, False)

    def get_nowait(self) -> Any:
        return self.get(False)

    def task_done(self) -> None:
        """Nobody waits for it."""

    close = join = task_done


class LifoQueue(LastFirst, Queue):
    """`queue.LifoQueue()`."""


class PriorityQueue(LeastFirst, Queue):
    """`queue.PriorityQueue()`."""


def _queue(session: Any) -> Module:
    kinds = {"Queue": Queue, "LifoQueue": LifoQueue, "PriorityQueue": PriorityQueue, "SimpleQueue": Queue}
    return of_members("queue", {**kinds, "Empty": Empty, "Full": Full})


# --- concurrent.futures, multiprocessing ----------------------------------------------------------------------------


class Future:
    """What `submit` gives: the call has been made."""

    __public__ = frozenset(
        ("result", "exception", "done", "running", "cancel", "cancelled", "add_done_callback", "get")
    )

    def __init__(self, call: Callable[[], Any]) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        try:
            self.value = call()
        except Exception as error:
            self.error = exceptions.seen(error)

    def result(self, timeout: Any = None) -> Any:
        if self.error is not None:
            raise self.error
        return self.value

    get = result

    def exception(self, timeout: Any = None) -> Any:
        return self.error

    def done(self) -> bool:
        return True

    def running(self) -> bool:
        return False

    cancel = cancelled = running

    def add_done_callback(self, function: Any) -> None:
        function(self)


class Executor:
    """`ThreadPoolExecutor(max_workers)`, `multiprocessing.Pool(processes)`."""

    __public__ = frozenset(
        "submit map shutdown starmap apply apply_async map_async imap imap_unordered close join terminate".split()  # noqa: SIM905
    )

    def __init__(self, workers: Any = None, *_: Any, **__: Any) -> None:
        if workers is not None and not isinstance(workers, int):
            raise TypeError_(f"'{type(workers).__name__}' object cannot be interpreted as an integer")
        self.over = False

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Future:
        if self.over:
            raise ArgumentError("cannot schedule new futures after shutdown", kind="RuntimeError")
        return Future(lambda: function(*arguments, **spelled(function, keywords)))

    def map(self, function: Any, *items: Iterable[Any], **_: Any) -> Iterator[Any]:
        return iter([function(*each) for each in zip(*items, strict=False)])

    def shutdown(self, *_: Any, **__: Any) -> None:
        """All calls have been made."""
        self.over = True

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        """All calls have been made."""


class Pool(Executor):
    """`multiprocessing.Pool(processes)`."""

    def map(self, function: Any, *items: Iterable[Any], **_: Any) -> Any:
        return [function(each) for each in items[0]]

    def starmap(self, function: Any, items: Iterable[Any], *_: Any) -> list[Any]:
        return [function(*each) for each in items]

    def imap(self, function: Any, items: Iterable[Any], *_: Any) -> Iterator[Any]:
        return map(function, items)

    imap_unordered = imap

    def apply(self, function: Any, args: Any = (), kwds: Any = None) -> Any:
        return function(*args, **spelled(function, kwds or {}))

    def apply_async(self, function: Any, args: Any = (), kwds: Any = None, **_: Any) -> Future:
        return Future(lambda: self.apply(function, args, kwds))

    def map_async(self, function: Any, items: Iterable[Any], *_: Any) -> Future:
        return Future(lambda: self.map(function, items))

    close = join = terminate = Executor.shutdown


def _concurrent(session: Any) -> Module:
    members: dict[str, Any] = dict.fromkeys(("ThreadPoolExecutor", "ProcessPoolExecutor", "Executor"), Executor)
    members |= {"Future": Future, "as_completed": lambda futures, timeout=None: iter(list(futures))}
    members["wait"] = lambda futures, *_, **__: (set(futures), set())
    members |= {name: name for name in ("FIRST_COMPLETED", "FIRST_EXCEPTION", "ALL_COMPLETED")}
    members["TimeoutError"] = TimeoutError
    return of_members("concurrent", {"futures": of_members("concurrent.futures", members)})


def _multiprocessing(session: Any) -> Module:
    members: dict[str, Any] = {"Pool": Pool, "Process": Thread, "cpu_count": os.cpu_count, "Queue": Queue, "Lock": Lock}
    members |= {"set_start_method": lambda *_, **__: None, "freeze_support": lambda: None, "Event": Event}
    found: list[Module] = []
    members |= {"get_context": lambda *_: found[0], "pool": of_members("multiprocessing.pool", {"ThreadPool": Pool})}
    found.append(of_members("multiprocessing", members))
    return found[0]


def spawn(fn: Any, args: Any = (), nprocs: int = 1, join: bool = True, daemon: bool = False, **_: Any) -> None:
    """`torch.multiprocessing.spawn(f, args, nprocs)`: the calls `f(0, …)`, `f(1, …)`, one after the other."""
    for number in range(nprocs):
        fn(number, *args)


def of_torch(name: str) -> Any:
    """A member of `torch.multiprocessing`."""
    own = {"spawn": spawn, "set_sharing_strategy": lambda *_: None, "get_sharing_strategy": lambda: "file_system"}
    own["get_all_sharing_strategies"] = lambda: {"file_descriptor", "file_system"}
    return own.get(name) or _multiprocessing(None).find(name)


MAKERS: dict[str, Callable[[Any], Module]] = {
    "threading": _threading,
    "queue": _queue,
    "concurrent": _concurrent,
    "multiprocessing": _multiprocessing,
}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
