"""What counts as a finding: an input is run here, in a child that may die of it, and what it did is judged.

`observed(act)` runs it with streams of its own. Signals, hangs and memory are seen from outside: tests/fuzz/server.py.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gradsh import interrupts
from gradsh.errors import BadArguments, ClosedPipe
from gradsh.session.session import Session
from tests.fuzz.corpus import statements

SOON = 0.4  # seconds of the processor that an input may take before it gets a Ctrl-C, which has to end it
FAULT = 70
# where things lie in memory; what is 0x… otherwise may be a number of the program's, and 0x7f3a0000… is what Python's
# objects print in the place of theirs: gradsh/frontend/text.py
ADDRESS = re.compile(r"0x(?!7f3a0000)(?:7f|5[56])[0-9a-f]{10}\b")
FRAME = re.compile(r'File "[^"]*?([^"/]+/[^"/]+\.(?:py|grad))", line (\d+),? in ([\w<>.]+)')
RAISED = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Refused|Limit\w*))\b:? ?(.*)", re.M)


class Finding(NamedTuple):
    """`kind`: signal, traceback, 70, advice, hang, stray, address, different, …; `where` tells them apart."""

    kind: str
    where: str
    said: str


class Outcome(NamedTuple):
    """How an input ended: `status` is None when it was stopped."""

    status: int | None
    out: str
    err: str
    findings: list[Finding]


def place(traceback: str) -> str:
    """The innermost place of a traceback that is gradsh's own, with the exception's type: one name for one fault."""
    frames = [(file, name) for file, _, name in FRAME.findall(traceback)]
    own = [f"{file}:{name}" for file, name in frames if not file.startswith(("fuzz/", "tests/"))]
    raised = RAISED.findall(traceback)
    inside = [line for line in own if not line.startswith(("numpy/", "lib/", "linalg/", "_core/"))]
    return " ".join([*(name for name, _ in raised[-1:]), *(inside or own)[-1:]])


class Event(ctypes.Structure):
    """C's `struct sigevent`, of which the rest is room."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread", ctypes.c_int),
        ("rest", ctypes.c_byte * 44),
    )


OF_PROCESS, TO_THREAD = 2, 4  # CLOCK_PROCESS_CPUTIME_ID, SIGEV_THREAD_ID


@contextlib.contextmanager
def interrupted(seconds: float) -> Iterator[None]:
    """An input that takes longer, in time of the processor, gets a Ctrl-C, as from its user.

    The kernel sends it, and to this thread, as a terminal does: a handler of Python's that sends it is not called where
    the program is as deep as it can be, and what the kernel sends to a thread of NumPy's is not seen by Python's.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    event, timer = Event(signal=signal.SIGINT, notify=TO_THREAD, thread=threading.get_native_id()), ctypes.c_void_p()
    if libc.timer_create(OF_PROCESS, ctypes.byref(event), ctypes.byref(timer)):
        raise OSError(ctypes.get_errno(), "timer_create")
    whole, part = divmod(round(seconds * 10**9), 10**9)
    try:
        libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 0, whole, part), None)
        yield
    finally:
        libc.timer_delete(timer)


def observed(act: Callable[[], int | None], given: bytes = b"", soon: float = SOON) -> Outcome:
    """Run `act`, which gives an exit status, with `given` as standard input, and judge it."""
    streams = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(given), encoding="utf-8", errors="surrogateescape")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", errors="backslashreplace", write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", write_through=True)
    status: int | None = None
    escaped = ""
    try:
        with interrupted(soon):
            status = act()
    except KeyboardInterrupt as stop:
        interrupts.settled(stop)
    except (ClosedPipe, BadArguments, SystemExit):  # `sys.exit(…)` of a program in Python is among them
        status = 1
    except BaseException:
        import traceback

        escaped = traceback.format_exc()
    written = [(sys.stdout, out), (sys.stderr, err)]
    sys.stdin, sys.stdout, sys.stderr = streams
    texts = []
    for stream, raw in written:
        stream.flush()
        texts.append(raw.getvalue().decode("utf-8", "replace"))
    return Outcome(status, texts[0], texts[1], judged(status, texts[0], texts[1], escaped))


def judged(status: int | None, out: str, err: str, escaped: str) -> list[Finding]:
    """The findings in what an input wrote."""
    if escaped:
        kind = "advice" if "in _advise" in escaped else "traceback"
        return [Finding(kind, place(escaped), escaped)]
    if status == FAULT or "This is a fault of gradsh itself" in err:
        return [Finding("70", place(err), err)]
    if "Traceback (most recent call last)" in err:
        return [Finding("traceback", place(err), err)]
    found = []
    if stray := re.search(r"^\S+\.py:\d+: \w*Warning.*|^Exception ignored in.*", err, re.M):
        found.append(Finding("stray", re.sub(r"\d+", "#", stray[0])[-120:], err))
    if address := ADDRESS.search(out) or ADDRESS.search(err):
        text = out + err
        line = text[: address.start()].rpartition("\n")[2] if address.string is out else "error"
        found.append(Finding("address", line[-60:], text[:2000]))
    return found


def session_of(seed: int | None = 0, json: bool = False) -> Session:
    """A session as the command makes it, that writes to the standard streams of now."""
    from gradsh.view.display import Display
    from gradsh.view.json_lines import JsonDisplay

    return Session(JsonDisplay() if json else Display(color="never"), seed=seed)


def python_session(out: io.StringIO | None = None) -> Session:
    """One for programs in Python, as the cells of a notebook; it writes there."""
    from gradsh.session.python import PythonSession
    from gradsh.view.display import Display

    return PythonSession(Display(out, out, color="never"), cells=True, seed=0)


def command(*arguments: str) -> int:
    """The exit status of a whole command line."""
    from gradsh.cli import main

    main._at_once = lambda status: status  # which ends the process, to be quick
    return main.run(arguments)


# --- programs -------------------------------------------------------------------------------------------------------

WAYS = ("run", "run", "run", "lines", "lines", "json", "check", "file", "help", "stdin")


def run_program(text: str, way: str) -> Outcome:
    """Run a program text in one of the ways that programs are run."""
    if way in ("run", "json"):
        return observed(lambda: session_of(json=way == "json").run(text, "<input>").status)
    if way == "lines":
        return observed(lambda: _prompts(text))
    raw = text.encode("utf-8", "surrogatepass")
    if way == "stdin":
        return observed(command, raw)
    with open("p.grad", "wb") as file:
        file.write(raw)
    words = {"check": ("check", "p.grad"), "help": ("p.grad", "--help"), "file": ("p.grad",)}[way]
    return observed(lambda: command(*words))


def _prompts(text: str) -> int:
    """Statement after statement in one session, as typed: one that fails does not end the rest."""
    session = session_of()
    worst = 0
    for number, line in enumerate(statements(text)):
        worst = max(worst, session.run(line, f"<prompt {number}>").status)
    return worst
