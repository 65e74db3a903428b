"""The one place of stopping: Ctrl-C, and the end of the time that a program was given.

A stop is an exception that no program catches: KeyboardInterrupt, or Expired. It is noted in `asked` before it is
raised, and raised again until the run ends: what swallows exceptions (`catch`, C code that cannot pass them on, the
limit of recursion, which the handler itself may meet) swallows it once, not for good.

It is never raised where something would be left half done: in `held` blocks, in imports, at the beginning and the end
of a `with`. An interrupt there left a session without half of its operators, in `no_grad` for ever, or recording all
that it did from then on, and once a cache that every later process read.

The command line and the prompt have a handler of gradsh's own for that, see `take`; a host process keeps its own, which
`held` blocks put off.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself takes half a millisecond of each start-up for its enums
import os
from _thread import get_ident
from collections.abc import Callable
from time import monotonic
from typing import Any

AGAIN = 0.2  # seconds after which what was not seen to stop is told once more
SOON = 0.005  # seconds until the next try where nothing may be raised now
TIME_IS_UP: int = getattr(_signal, "SIGUSR1", 0)  # what the parent process of `--timeout` sends
NONE = bytes(64)
# functions of gradsh's own that come to their end: of a `with`, and what is told that an object has gone, of which
# Python writes an exception and forgets it (weakref.py has `remove`)
WHOLE = ("__enter__", "__exit__", "_gone", "remove")
ALARM: int = getattr(_signal, "SIGALRM", 0)  # the tries that follow


class Expired(BaseException):
    """The time that a program was given is over: `seconds` of it. `over`: it has been told and need not be again."""

    seconds = 0.0
    over = False


def expired_after(seconds: float) -> type[Expired]:
    """The exception for that time. It is told to other threads as a class, and so is one."""
    return type("Expired", (Expired,), {"seconds": seconds})


class Full(Expired):
    """The memory that a program was given is taken; `shape` and `dtype`: of the array that went beyond it, if any. Its
    argument, if any, is the place."""

    shape: tuple[int, ...] | None = None
    dtype: Any = None


def full() -> type[Full]:
    """The exception for one run."""
    return type("Full", (Full,), {})


asked: dict[int, type[BaseException]] = {}  # which threads are to stop, and by what


class Held:
    """How many blocks run that must come to their end. `HELD.depth += 1` is not interrupted itself; a call could be."""

    __slots__ = ("depth",)

    def __init__(self) -> None:
        self.depth = 0


HELD = Held()


class held:
    """`with held():` an interrupt that comes meanwhile is raised at the end of the block."""

    __slots__ = ("apart", "before", "came")

    def __init__(self) -> None:
        self.before: Any = None
        self.came: tuple[Any, Any] | None = None
        self.apart = own.taken and get_ident() != own.thread  # a thread beside the one that is interrupted

    def __enter__(self) -> None:
        if self.apart:
            return
        HELD.depth += 1
        before = _signal.getsignal(_signal.SIGINT)
        if before is not on_signal and callable(before):  # else it is ignored, or ends the process
            try:
                _signal.signal(_signal.SIGINT, self.note)
            except ValueError:
                return  # in a thread of an embedding program, which no signal interrupts
            self.before = before

    def note(self, number: Any, frame: Any) -> None:
        """The handler for the while, where it is not gradsh's own."""
        self.came = (number, frame)

    def __exit__(self, *_: object) -> None:
        if self.apart:
            return
        if self.before is not None:
            _signal.signal(_signal.SIGINT, self.before)
        HELD.depth -= 1
        if self.came is not None:
            self.before(*self.came)
        if asked:
            check()


def check() -> None:
    """Stop here if this thread was asked to. Raises KeyboardInterrupt or Expired."""
    why = asked.get(get_ident())
    if why is not None and not HELD.depth:
        raise why


def check_after(error: BaseException) -> None:
    """The same after an error that may have taken the place of the stop: of a handler that was one call too deep."""
    if isinstance(error, RecursionError):
        own.missed()
    check()


def settled(stop: BaseException) -> None:
    """This stop of the thread has come to where it was going: it is told no more."""
    if isinstance(stop, Expired):
        type(stop).over = True
    if own.taken and get_ident() == own.thread:
        own.rest()
    asked.pop(get_ident(), None)


def is_critical(frame: Any, base: Any = None) -> bool:
    """Whether what runs in `frame` must come to its end, as far as the frame `base`: an import, or a function of
    gradsh's own with one of the names in WHOLE. Those of a program's classes may run for ever."""
    if frame is None or HELD.depth:
        return True
    ours = True  # no frame of a program has been passed
    while frame is not None and frame is not base:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return True
        ours = ours and not name.startswith("<gradsh ")
        if ours and frame.f_code.co_name in WHOLE and is_own(frame.f_globals.get("__name__")):
            return True
        frame = frame.f_back
    return False


def is_own(module: Any) -> bool:
    """Whether it is of gradsh, or of Python's and calls what is of gradsh."""
    return isinstance(module, str) and module.partition(".")[0] in ("gradsh", "contextlib", "weakref")


# --- gradsh's own process ---------------------------------------------------------------------------------------------


class Own:
    """The signals of a process that is gradsh's own.

    always   whether a stop is raised also while no program runs, where the prompt has nothing to stop
    running  how many runs there are, one inside of the other
    pauses   has something in it from a Ctrl-C that is to pause the program until it has come to a place for that
    pauser   the shell's, which does pause (session, frame); None where Ctrl-C stops
    waiting  asked of a frame: will it come to such a place?
    expired  what TIME_IS_UP raises
    """

    def __init__(self) -> None:
        self.taken = False
        self.always = True
        self.running = 0
        self.thread = 0
        self.raised = -AGAIN
        self.expired = Expired
        self.pauses: list[bool] = []
        self.pauser: Callable[[Any, Any], None] | None = None
        self.waiting: Callable[[Any], bool] = bool
        self.noted, self.told = -1, -1  # a pipe: C's own handler writes into it, however deep the program is
        self.room = bytearray(NONE)
        self.rooms = [self.room]

    def missed(self, seen: int = 0) -> None:
        """Note the signals for which Python did not come to call the handler; not `seen`, which has been seen to."""
        if self.noted < 0:
            return
        try:  # noqa: SIM105
            os.readv(self.noted, self.rooms)  # into memory of ours: behind this very call a handler may fail
        except BlockingIOError:
            pass
        for number in self.room:  # no call here, it could be one too many
            if number == TIME_IS_UP:
                asked[self.thread] = self.expired
            elif number == _signal.SIGINT and number != seen and self.thread not in asked:
                asked[self.thread] = KeyboardInterrupt
        self.room[:] = NONE

    def paused(self, session: Any, frame: Any) -> None:
        """The program has come to where it can be paused."""
        self.pauses.clear()
        self.once_more(0)
        if self.pauser is None:  # it was asked for by a run that has ended
            return
        self.pauser(session, frame)

    def once_more(self, seconds: float) -> None:
        """Have the handler called again then; 0 for not at all."""
        if ALARM:
            if seconds:
                _signal.signal(ALARM, on_signal)
            _signal.setitimer(_signal.ITIMER_REAL, seconds)

    def begin(self) -> None:
        """A run begins."""
        self.running += 1
        if self.running == 1 and not self.always:
            asked.pop(self.thread, None)  # it was meant for the one before

    def end(self) -> None:
        """It has ended. Raises KeyboardInterrupt where that came too late to be raised in it."""
        try:
            if self.running == 1 and self.taken and self.rest() is KeyboardInterrupt:
                raise KeyboardInterrupt
        finally:
            self.running -= 1

    def rest(self) -> type[BaseException] | None:
        """Call no handler again, and forget what was asked for; which was that."""
        self.once_more(0)
        self.pauses.clear()
        self.missed()
        return asked.pop(self.thread, None)


own = Own()


def on_signal(number: int, frame: Any) -> None:
    """The handler of every signal that stops, and of the alarm that reminds of one."""
    if not own.running and not own.always:
        return
    # no call before it is noted: the program may be as deep as it can be
    if number == TIME_IS_UP:
        asked[own.thread] = own.expired
    elif own.pauser is not None and own.thread not in asked and will_pause(number, frame):
        return
    elif number == _signal.SIGINT and own.thread not in asked:
        asked[own.thread] = KeyboardInterrupt
    own.missed()  # which empties the pipe
    why = asked.get(own.thread)
    if why is None or (why is own.expired and own.expired.over):
        return
    now = monotonic()
    if is_critical(frame):
        own.once_more(SOON)
    elif now - own.raised < AGAIN:  # it is on its way, and what it passes must not be left half done
        own.once_more(AGAIN)
    else:
        own.raised = now
        own.once_more(AGAIN)
        raise why


def will_pause(number: int, frame: Any) -> bool:
    """Whether this Ctrl-C, or the alarm after it, leaves the program to come to where it can be paused.

    The first does; a second one stops. After AGAIN a program that is in no loop is stopped.
    """
    if number == _signal.SIGINT:
        if own.pauses:
            return False
        own.pauses.append(True)
        own.missed(seen=number)
        own.once_more(AGAIN / 2)
        return True
    if not own.pauses:
        return False
    if is_critical(frame):
        own.once_more(SOON)
        return True
    if own.waiting(frame):
        return True
    asked[own.thread] = KeyboardInterrupt
    return False


def take(always: bool = True) -> None:
    """Handle Ctrl-C in this process, which is gradsh's own, here; unless it is ignored, as behind `nohup`.

    `always`: also while no program runs, else only then. Where this is not the main thread nothing happens.
    """
    own.always = always
    if own.taken:
        if not always:
            own.rest()  # it was meant for what came before the prompt
        return
    try:
        if _signal.getsignal(_signal.SIGINT) != _signal.SIG_IGN:
            _signal.signal(_signal.SIGINT, on_signal)
    except ValueError:
        return
    own.thread = get_ident()
    own.taken = True
    if ALARM:
        own.noted, own.told = os.pipe()
        os.set_blocking(own.noted, False)
        os.set_blocking(own.told, False)
        listen()


def listen() -> None:
    """Have C's handler note signals. prompt_toolkit's loop listens for itself while it reads a line."""
    if own.told >= 0:
        _signal.set_wakeup_fd(own.told, warn_on_full_buffer=False)


def take_time(seconds: float) -> None:
    """Stop by Expired when TIME_IS_UP comes, which says that `seconds` are over."""
    own.expired = expired_after(seconds)
    _signal.signal(TIME_IS_UP, on_signal)


def release() -> None:
    """The process is about to end: nothing that comes now changes how."""
    if own.taken:
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        if ALARM:
            own.once_more(0)
            _signal.set_wakeup_fd(-1)
            for number in (ALARM, TIME_IS_UP):
                if _signal.getsignal(number) is on_signal:
                    _signal.signal(number, _signal.SIG_IGN)
        asked.clear()
