"""`--timeout T`: a parent process that waits for the program, which is its child, and ends it.

At T the child is told, so that it can say where it was; a second later it is killed, whatever it does. Both stay in the
process group that the shell put them in: a terminal, a pager beside them and the shell's own commands for jobs treat
them as the one program that they are. Signals that come to the parent alone are passed on, and it ends as its child
ended. Where there is no `fork` the limit is the session's own, between two steps of the program.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from types import FrameType

from gradsh import interrupts
from gradsh.cli.options import Options, UsageError

GRACE = 1.0  # seconds between being told and being killed
UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = 1e8  # seconds; what a timer can hold
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGCONT", "SIGWINCH")


def seconds(text: str) -> float:
    """`10s`, `2m`, `0.5`, `500ms` as a number of seconds. Errors: UsageError."""
    said = re.fullmatch(r"(\d+\.?\d*|\.\d+)(ms|s|m|h|)", text, re.ASCII)
    if said is None or not float(said[1]):
        raise UsageError(f"--timeout takes a time, such as 10s, 2m, 0.5 or 500ms, not {text!r}")
    return min(float(said[1]) * UNITS[said[2]], LONGEST)


def supervised(options: Options, limit: float, over: int) -> int | None:
    """None in the child, which goes on to run the program; in the parent the exit status, when that has ended.

    That is `over` where the child did not come to say itself that its time was.
    """
    both = [getattr(signal, name) for name in (*PASSED_ON, "SIGTSTP", "SIGALRM") if hasattr(signal, name)]
    signal.pthread_sigmask(signal.SIG_BLOCK, both)
    ours, theirs = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(ours)
        return Parent(child, limit).wait(options, over, both)
    os.close(theirs)
    interrupts.take_time(limit)
    _end_with(ours, parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, both)
    return None


def _end_with(line: int, parent: int) -> None:
    """Have the system end this process when nobody holds the other end of `line`: when the parent has been killed."""
    import fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


class Parent:
    """What the parent does until the child has ended."""

    def __init__(self, child: int, limit: float) -> None:
        self.child = child
        self.limit = limit
        self.told = False
        self.killed = False

    def wait(self, options: Options, over: int, blocked: list[signal.Signals]) -> int:
        """The exit status; or none, where the child was ended by a signal, which then ends this process too."""
        signal.set_wakeup_fd(-1)  # the pipe is the child's now
        for name in PASSED_ON:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.pass_on)
        signal.signal(signal.SIGTSTP, self.stop)
        signal.signal(signal.SIGALRM, self.time_is_up)
        signal.setitimer(signal.ITIMER_REAL, self.limit)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, blocked)
        _, status = os.waitpid(self.child, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.child = 0
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if self.killed or (self.told and ended_by == interrupts.TIME_IS_UP):  # it did not come to say so
            say(options, self.limit)
            return over
        return _end_as(ended_by) if ended_by else os.WEXITSTATUS(status)

    def send(self, number: int) -> None:
        if self.child:
            with suppress(ProcessLookupError):
                os.kill(self.child, number)

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        self.send(number)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: stop both; the time that they stand still is not counted."""
        left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        self.send(number)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self.stop)
        self.send(signal.SIGCONT)
        signal.setitimer(signal.ITIMER_REAL, left)

    def time_is_up(self, number: int, frame: FrameType | None) -> None:
        if self.told:
            self.killed = True
            self.send(signal.SIGKILL)
        else:
            self.told = True
            signal.setitimer(signal.ITIMER_REAL, GRACE)
            self.send(interrupts.TIME_IS_UP)


def say(options: Options, limit: float) -> None:
    """Say that the time was over, where no program was running that could."""
    from gradsh.errors import GradshError, TimeLimit
    from gradsh.view.diagnostics import write

    style = "json" if options.json else options.errors
    with suppress(OSError):
        errors: list[GradshError] = [TimeLimit.after(limit)]
        write(errors, sys.stderr, color=options.color, style=style)


def _end_as(number: int) -> int:
    """End by the signal that ended the child, without a second core file."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number
