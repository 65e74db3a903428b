"""The session in `screens/session.txt`, typed into a real terminal, and the screens that it shows."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte

from tests.conftest import ROOT, interruptible

FOLDER = Path(__file__).parent / "screens"
KEYS = {
    "Enter": "\r", "Tab": "\t", "Up": "\x1b[A", "Down": "\x1b[B", "C-c": "\x03", "C-e": "\x05", "C-r": "\x12",
    "Paste": "\x1b[200~", "End": "\x1b[201~",
}  # fmt: skip
# name -> columns, rows, what the environment says; each is recorded as a file
TERMINALS: dict[str, tuple[int, int, dict[str, str]]] = {
    "80x24": (80, 24, {}),
    "140x40": (140, 40, {}),
    "dumb": (80, 24, {"TERM": "dumb"}),
    "no_color": (80, 24, {"NO_COLOR": "1"}),
}
PATIENCE = 20.0
COLOR = re.compile(r"\x1b\[(?:\d+;)*(?:[34]\d|9\d|10\d)(?:;\d+)*m")


def steps(name: str) -> list[str]:
    """What is typed into that terminal."""
    lines = (FOLDER / "session.txt").read_text().split("\n")
    kept = [line for line in lines if line and not line.startswith(("#", "+") if name == "dumb" else "#")]
    return [line.removeprefix("+") for line in kept]


def keys(step: str) -> str:
    """The characters of a step."""
    return re.sub(r"<([A-Z][\w-]*)>", lambda key: KEYS[key[1]], step).replace("\\n", "\n")


class Terminal:
    """gradsh in a terminal of that name; a context."""

    def __init__(self, name: str, folder: Path) -> None:
        columns, rows, environment = TERMINALS[name]
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "gradsh", "-q", "--no-config"],
            dimensions=(rows, columns),
            encoding="utf-8",
            cwd=str(folder),
            preexec_fn=interruptible,
            env={
                **clean,
                "PYTHONPATH": str(ROOT),
                "TERM": "xterm",
                "PROMPT_TOOLKIT_NO_CPR": "1",
                "LC_ALL": "C.UTF-8",
                "PAGER": "cat",
                "XDG_CONFIG_HOME": str(folder),
                "XDG_STATE_HOME": str(folder),
                **environment,
            },
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def read(self, seconds: float) -> bool:
        """Take what comes within that time; whether anything did."""
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def settled(self) -> str:
        """The screen when nothing has come, and nothing was computed, for some time."""
        quiet = 0
        before = -1
        while quiet < 4:
            came = self.read(0.12)
            spent = self._spent()
            quiet = 0 if came or spent != before else quiet + 1
            before = spent
        return self.text()

    def _spent(self) -> int:
        try:
            return sum(map(int, Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
        except (OSError, ValueError):
            return 0

    def shows(self, wanted: str) -> str:
        """Wait until the screen is that one; the screen that there is in the end."""
        end = time.monotonic() + PATIENCE
        while self.text() != wanted and time.monotonic() < end:
            self.read(0.1)
        return self.text()


def difference(before: list[str], after: list[str]) -> tuple[int, int]:
    """How many lines at the top of a screen are gone in the next, and how many at its end are others there."""
    for gone in range(len(before) + 1):
        for others in range(len(before) - gone + 1):
            kept = before[gone : len(before) - others]
            if kept == after[: len(kept)] and (kept or gone == len(before)):
                return gone, others
    return len(before), 0


def recorded(name: str) -> Iterator[tuple[str, str]]:
    """The steps of a terminal with their screens. A screen stands there as what is new on it, behind how many lines of
    the one before are gone from its top and its end."""
    before: list[str] = []
    for part in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\x0c\n")[1:]:
        step, counts, *new = part.removesuffix("\n").split("\n")
        gone, others = map(int, counts.split())
        before = before[gone : len(before) - others] + new
        yield step, "\n".join(before)


def record(name: str, folder: Path) -> str:
    """The file of a terminal, made now."""
    parts = []
    before: list[str] = []
    with Terminal(name, folder) as terminal:
        for step in ["(start)", *steps(name)]:
            if step != "(start)":
                terminal.child.send(keys(step))
            after = terminal.settled().split("\n")
            gone, others = difference(before, after)
            new = after[len(before) - gone - others :]
            parts.append("\n".join([step, f"{gone} {others}", *new]) + "\n")
            before = after
    return "".join("\x0c\n" + part for part in parts)
