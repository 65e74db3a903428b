"""The end of a program's time or memory, told to the thread that runs it by another: in any process, for any thread.

`PyThreadState_SetAsyncExc` has the interpreter raise an exception between two instructions of another thread, at the
next one that calls, or goes back to the start of a loop. Three things keep it from coming where it should not:

* it is sent only for a run that is `live`;
* a run that ends says first that it is not, waits while something is being sent, and takes back what was not raised;
* it is not sent while the thread is in an import, at the end of a `with`, in a `held` block, or in code of the host
  (a stream, a display), which is all to be seen from its frames.

An exception that was sent is raised before the frame in which it was sent can call another.
"""

from __future__ import annotations

import ctypes
import gc
import math
import sys
from _thread import LockType, allocate_lock, get_ident, start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from gradsh import interrupts
from gradsh.interrupts import AGAIN, SOON, Expired, asked

if TYPE_CHECKING:
    from gradsh.memory import Limit

T = TypeVar("T")

RUNNING: list[Watch] = []  # of all threads, the inner runs behind the outer ones
LOOK = 0.02  # seconds between two looks at the memory, in which 50 MB can be written
LONGEST = 1e6  # seconds of one wait, which C's clock can hold
OURS = frozenset(("gradsh", "lark", "numpy", "platformdirs", "prompt_toolkit", "rich", "safetensors", "scipy"))

_send = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Watch:
    """A thread for one run that has a deadline, or a limit of memory, or both.

    `base` is the frame below which everything is the host's. `due` and `next` are when the time is over, and when the
    memory is looked at.
    """

    def __init__(self, seconds: float, base: FrameType, memory: Limit | None = None) -> None:
        self.base: FrameType | None = base
        self.due = monotonic() + seconds
        self.expired = interrupts.expired_after(seconds)
        self.memory = memory
        self.next = monotonic() + LOOK if memory is not None else math.inf
        self.live = True
        self.rests = False
        self.sending = False
        self.thread = get_ident()
        self.collects = False  # whether collections are to go on when the run has ended
        self.bell = allocate_lock()  # let go of when the run has ended
        self.bell.acquire()

    def start(self) -> None:
        """Errors: MemoryError where there can be no more threads, and so no end."""
        started = allocate_lock()
        started.acquire()
        try:
            start_new_thread(self.watch, (started,))
        except RuntimeError:
            raise MemoryError("can't start the thread that would end the program in time") from None
        started.acquire()  # until it runs it has the number of this thread, and what is sent to this one may go there

    def watch(self, started: LockType) -> None:
        """The thread."""
        started.release()
        while not self.bell.acquire(timeout=self.wait()):
            self.sending = True
            try:
                if self.live and not self.rests and self.due <= monotonic():
                    self.due = self.tell(self.expired)
                if self.live and self.memory is not None and self.next <= monotonic():
                    self.next = monotonic() + LOOK
                    if self.is_full(self.memory):
                        self.next = self.tell(self.memory.full)
            except (
                Exception
            ):  # MemoryError, of which the program hears by itself; a limit ends with nothing else either
                self.next = min(self.next, monotonic() + LOOK)
            finally:
                self.sending = False

    def wait(self) -> float:
        """Seconds until there is something to be done."""
        if self.rests:
            return LOOK
        return min(max(min(self.due, self.next) - monotonic(), 0.0), LONGEST)

    def is_full(self, memory: Limit) -> bool:
        """Whether the program has more than it may, also when what only cycles hold is freed."""
        if memory.room() >= 0:
            return False
        gc.collect()
        return memory.room() < 0

    def tell(self, why: type[Expired]) -> float:
        """Raise that in the thread, as soon as it may be raised there; when to do it again, if it was swallowed."""
        again = monotonic() + SOON
        if why.over:
            return again
        frame = sys._current_frames().get(self.thread)
        asked[self.thread] = why
        if gc.isenabled():  # a callback of a host's in `gc.callbacks` would be where it is raised, and swallow it
            self.collects = True
            gc.disable()
        if not interrupts.is_critical(frame, self.base) and not self.in_host(frame):
            again += AGAIN
            _send(ctypes.c_ulong(self.thread), ctypes.py_object(why))
        return again

    def in_host(self, frame: FrameType | None) -> bool:
        """Whether the run has called the host, which writes what it shows."""
        while frame is not None and frame is not self.base:
            module = frame.f_globals.get("__name__")
            if module is not None:  # programs have none
                root = module.partition(".")[0]
                if root not in OURS and root not in sys.stdlib_module_names:
                    return True
            frame = frame.f_back
        return False

    def stop(self) -> None:
        """Nothing is raised by this one once this has returned. `live` is false already."""
        while self.sending:
            sleep(0)
        _send(ctypes.c_ulong(self.thread), None)
        asked.pop(self.thread, None)
        self.base = None
        if self.collects:
            gc.enable()
        if self.bell.locked():
            self.bell.release()


def within(seconds: float, work: Callable[[], T], late: Callable[[BaseException], T], memory: Limit | None = None) -> T:
    """`work()`, in which Expired is raised when it takes longer, or Full when it takes more memory; `late` is for when
    it comes out of that."""
    watch = Watch(seconds, sys._getframe(), memory)
    RUNNING.append(watch)
    try:
        watch.start()
        return work()
    except (Expired, MemoryError) as raised:
        watch.live = False
        problem = raised
    finally:
        watch.live = False
        RUNNING.remove(watch)
        # What was sent may be raised by the very calls that take it back: one from before, and one sent meanwhile.
        try:
            watch.stop()
        except BaseException as came:
            try:
                watch.stop()
            except Expired:
                watch.stop()
            if not isinstance(came, Expired):
                raise
    return late(problem)


@contextmanager
def resting() -> Iterator[None]:
    """`with resting():` the time of the runs of this thread stands still."""
    began = monotonic()
    here = [watch for watch in RUNNING if watch.thread == get_ident()]
    for watch in here:
        watch.rests = True
    try:
        yield
    finally:
        for watch in here:
            watch.due += monotonic() - began
            watch.rests = False
