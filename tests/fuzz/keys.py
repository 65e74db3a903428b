"""Random keys and signals to the prompt in a terminal: it ends when asked to, and leaves the terminal as it was."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import sys
import termios
import time
from random import Random
from typing import Any

from tests.fuzz import corpus
from tests.fuzz.judge import Finding, place
from tests.fuzz.server import scaled

BATCH = 4
HANG = 60.0  # this fuzzer looks itself whether the prompt ends
PATIENCE = 10.0  # seconds in which it has to end
CONTROL = "".join(chr(c) for c in range(1, 27) if chr(c) not in "\x1a")
SPECIAL = (
    "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~", "\x1b[5~", "\x1bOP", "\x1b[15~",
    "\t", "\t\t", "\r", "\r", "\n", "\x7f", "\x08", "\x1bb", "\x1bf", "\x1bd", "\x1bu", "\x1b\r", "\x1b.", "\x1b<",
    "\x1b>", "\x1b#", "\x1b1", "\x1b-", "\x18\x05", "\x18\x18", "\x18(", "\x18)", "\x18e", "\x12", "\x13", "\x1f",
    "\x1e", "\x1c", "\x1d", "\x00", "\x11", "\x16", "\x1b[200~a\nb\x1b[201~", "\x1b[200~", "\x1b[201~", "\x1b[M !!",
    "\x1b[<0;1;1M", "\x1b[1;5C", "\x1b[Z", "\x1b[99999R", "\x1b[", "é", "日本", "\u0301", "\u202e", "🙂", "{", "}", "(",
    '"', '"""', "help", "show", "let x = ones(2, grad)\r", "x\r", "backward x.sum()\r", "while true { }\r", "x.gr\t",
)  # fmt: skip


def make(draws: Random) -> dict[str, Any]:
    keys: list[str] = []
    for _ in range(draws.randint(2, 25)):
        what = draws.random()
        if what < 0.3:
            line = draws.choice(draws.choice(draws.choice(corpus.pieces())).split("\n"))
            keys.append(_hex(line[:60] + draws.choice(("\r", "\r", "\t", ""))))
        elif what < 0.65:
            keys.append(_hex(draws.choice(SPECIAL)))
        elif what < 0.8:
            keys.append(_hex(draws.choice(CONTROL)))
        elif what < 0.87:
            keys.append(bytes(draws.randrange(1, 256) for _ in range(draws.randint(1, 3))).replace(b"\x1a", b"").hex())
        else:
            keys.append(draws.choice(("SIGINT", "SIGINT", "SIGWINCH", "wait", "wait")))
    return {"keys": keys, "ready": draws.random() < 0.7}


def _hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def run(recipe: dict[str, Any]) -> list[Finding]:
    pid, terminal = pty.fork()
    if pid == 0:
        _prompt()
    os.set_blocking(terminal, False)  # to write to the terminal of a process that has ended would be to wait for ever
    before = _fresh()
    shown = bytearray()
    # before the prompt answers a signal ends gradsh; its line then says how the keys of the cursor are sent
    _read(terminal, shown, PATIENCE, b"\x1b[?1l" if recipe.get("ready") else b"gradsh>")
    for key in recipe["keys"]:
        if key.startswith("SIG"):
            os.kill(pid, getattr(signal, key))
        elif key == "wait":
            _read(terminal, shown, 0.03)
        else:
            with contextlib.suppress(OSError):
                _send(terminal, bytes.fromhex(key), shown)
    status = _leave(pid, terminal, shown)
    found = []
    text = shown.decode("utf-8", "replace")
    if status is None:
        found.append(Finding("hang", "the prompt does not end", text[-2000:]))
    elif status == -signal.SIGQUIT and any("1c" in key for key in recipe["keys"]):
        return []  # Ctrl-\ while a line ran: the terminal's own way to end what does not answer, which is left to it
    elif status < 0:
        found.append(Finding(f"signal {signal.Signals(-status).name}", place(text), text[-3000:]))
    elif status not in (0, 130):
        found.append(Finding(f"exit {status}", "prompt", text[-3000:]))
    if trouble := re.search(
        r"Traceback \(most|Unhandled exception|Press ENTER to continue|fault of gradsh itself", text
    ):
        kind = "70" if "fault of" in trouble[0] else "traceback"
        found.append(
            Finding(kind, place(text.replace("\r", "")) or trouble[0], text[max(0, trouble.start() - 500) :][:4000])
        )
    if status == 0 and not found and (wrong := _changed(before, termios.tcgetattr(terminal), shown)):
        found.append(Finding("terminal", wrong, text[-2000:]))
    os.close(terminal)
    return found


def _prompt() -> None:
    """In the terminal's process: the prompt; never returns."""
    status = 99
    try:
        os.environ.update(
            TERM="xterm",
            PROMPT_TOOLKIT_NO_CPR="1",
            EDITOR="/bin/true",
            VISUAL="/bin/true",
            PAGER="cat",  # `less` ends at `q` alone
            GRADSH_HISTORY=os.path.abspath("history"),
        )
        # the server's own know where they were in what they wrote to
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
        from gradsh.cli.main import run

        status = run(())
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


def _send(terminal: int, keys: bytes, shown: bytearray) -> None:
    while keys:
        _, writable, _ = select.select([], [terminal], [], 0.5)
        if not writable:
            return
        sent = os.write(terminal, keys[:256])
        keys = keys[sent:]
        _read(terminal, shown, 0.0)


def _read(terminal: int, shown: bytearray, seconds: float, until: bytes | None = None) -> None:
    """What comes within that time, or until a text is there."""
    end = time.monotonic() + seconds
    while True:
        readable, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        if not readable:
            return
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return
        shown += data
        if not data or (until is not None and until in shown):
            return


def _leave(pid: int, terminal: int, shown: bytearray) -> int | None:
    """Ctrl-C and Ctrl-D until it has ended: its exit status, or minus the signal; None when it does not."""
    end = time.monotonic() + scaled(PATIENCE)
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _read(terminal, shown, 0.0)
            return os.waitstatus_to_exitcode(status)
        with contextlib.suppress(OSError):
            _send(terminal, b"\x03\x04", shown)
        _read(terminal, shown, 0.03)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _fresh() -> list[Any]:
    """How a terminal is that nobody has used: that of a prompt may be another before it can be asked."""
    ends = os.openpty()
    try:
        return termios.tcgetattr(ends[0])
    finally:
        for end in ends:
            os.close(end)


def _changed(before: list[Any], after: list[Any], shown: bytearray) -> str:
    """What is not as it was.

    A terminal that takes keys by lines throws away what has not been shown yet when a Ctrl-C comes, and shows `^C`:
    so one of those that `_leave` sends, in the moment in which the prompt has ended, may take its last words with it.
    """
    for name, at in (("input flags", 0), ("output flags", 1), ("control flags", 2), ("local flags", 3)):
        if before[at] != after[at]:
            return name
    for name, on, off in (
        ("bracketed paste", b"\x1b[?2004h", b"\x1b[?2004l"),
        ("hidden cursor", b"\x1b[?25l", b"\x1b[?25h"),
        ("other screen", b"\x1b[?1049h", b"\x1b[?1049l"),
    ):
        if shown.rfind(on) > max(shown.rfind(off), shown.rfind(b"^C")):
            return name
    return ""
