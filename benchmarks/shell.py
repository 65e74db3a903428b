"""How the prompt feels, beside IPython: `python -m benchmarks.shell [--ipython PYTHON] [--rounds N]`.

Both run in a terminal of its own, in turns, and wait for no cursor reports. Wall time, medians: from the start of the
process to the prompt on the screen, and to the first key that is answered; the same with an empty cache ("first run
ever"); from a key to what is drawn for it, in a line and in a block of 1,000; from Tab to the names, of 2,000 that are
bound; from a paste of 1,000 lines to its last one on the screen. PYTHON is one that has IPython and NumPy.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import suppress
from pathlib import Path

ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|.)")
LINES, NAMES, KEYS = 1000, 2000, 25
SAMPLE = "let y = sin(x * 3) + [1, 2, (3 + 4)]"


class Shell:
    """A program in a terminal of 100 columns; all times are from the start of the process, in seconds."""

    def __init__(self, command: list[str], prompt: str, environment: dict[str, str]) -> None:
        env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        env |= {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **environment}
        self.seen = ""
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.prompted = self.until(prompt)

    def until(self, text: str, seconds: float = 60) -> float:
        """When that stands in what was written since the last key."""
        end = time.perf_counter() + seconds
        while text not in ESCAPES.sub("", self.seen):
            if not self._more(end - time.perf_counter()):
                raise TimeoutError(f"no {text!r} in {ESCAPES.sub('', self.seen)[-500:]!r}")
        return time.perf_counter() - self.began

    def _more(self, seconds: float) -> bool:
        """Read what there is within that time; whether there was anything."""
        if seconds <= 0 or not select.select([self.fd], [], [], seconds)[0]:
            return False
        self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
        return True

    def quiet(self, seconds: float = 0.3) -> None:
        """Read until nothing has come for that long."""
        while self._more(seconds):
            pass

    def type(self, text: str) -> float:
        self.seen = ""
        data = text.encode()
        start = time.perf_counter()
        while data:  # what is pasted may be more than the terminal takes at once
            _, writable, _ = select.select([], [self.fd], [], 0)
            if writable:
                data = data[os.write(self.fd, data[:1000]) :]
            self._more(0.0001)
        return start - self.began

    def key(self, key: str) -> float:
        """From a key to the first that is drawn for it."""
        start = self.type(key)
        while not self.seen:
            self._more(1)
        drawn = time.perf_counter() - self.began
        self.quiet(0.1)
        return drawn - start

    def paste(self, text: str, last: str) -> float:
        start = self.type(f"\x1b[200~{text}\x1b[201~")
        return self.until(last) - start

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Peer:
    """One of the shells: how it is started, and the same texts in its language."""

    def __init__(self, name: str, command: list[str], prompt: str, cache: str, head: str, names: str) -> None:
        self.name = name
        self.command = command
        self.prompt = prompt
        self.cache = cache  # the variable that says where it keeps what it has made
        self.head = head  # of a block
        self.names = names  # a line that binds NAMES names
        self.home = tempfile.mkdtemp()

    def start(self, home: str = "") -> Shell:
        home = home or self.home
        return Shell(self.command, self.prompt, {"HOME": home, self.cache: f"{home}/cache", "XDG_STATE_HOME": home})

    def starting(self, home: str = "") -> tuple[float, float]:
        """To the prompt, and to the first key that is answered."""
        shell = self.start(home)
        shell.type("Z")
        answered = shell.until("Z")
        shell.close()
        return shell.prompted, answered

    def block(self) -> str:
        return self.head + "".join(f"\n    {SAMPLE} # {number}" for number in range(LINES - 2)) + "\n    zlast"

    def typing(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        shell = self.start()
        shell.quiet(2)  # what is loaded behind the first prompt
        found["a key, 1 line"] = [shell.key("x") for _ in range(KEYS)]
        shell.type("\x03")
        shell.quiet()
        found["1,000 lines pasted"] = [shell.paste(self.block(), "zlast")]
        shell.quiet(1)
        found["a key, 1,000 lines"] = [shell.key("x") for _ in range(KEYS)]
        shell.type("\x03")
        shell.quiet()
        shell.type(f"{self.names}\r")
        shell.quiet(2)
        times = []
        for _ in range(6):
            shell.type("name_17")
            shell.quiet()
            start = shell.type("\t")
            with suppress(TimeoutError):  # a shell that shows none then is no slower for it the next time
                times.append(shell.until("name_1700", 10) - start)
            shell.quiet(1)
            shell.type("\x03")
            shell.quiet(1)
        found["Tab, the first time"], found["Tab, 2,000 names"] = times[:1], times[1:]
        shell.close()
        return found


def numpy(python: str) -> float:
    start = time.perf_counter()
    subprocess.run([python, "-c", "import numpy"], check=True)
    return time.perf_counter() - start


def live_line() -> list[float]:
    """CPU seconds for each key of a line that the live line looks at."""
    from gradsh import Session
    from gradsh.preview.line import Looker

    session = Session()
    assert session.run("let x = tensor([1.0, 2.0], grad); let w = tensor(3.0, grad)").ok
    looker = Looker(session)
    times = []
    for number in range(4):  # each a text that was not there before; the first loads what it needs
        text = f"({number}.5 * x * w).sin().sum() + exp(w) / 3"
        for end in range(2, len(text) + 1):
            start = time.process_time()
            looker.look(text[:end])
            if number:
                times.append(time.process_time() - start)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ipython", default=sys.executable, help="a Python that has IPython and NumPy")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    gradsh = shutil.which("gradsh", path=str(Path(sys.executable).parent)) or "gradsh"
    names = "".join(f"; let name_{number} = {number}" for number in range(NAMES))
    program = Path(tempfile.mkdtemp()) / "names.grad"
    program.write_text(names[2:])
    peers = [Peer("gradsh", [gradsh], "gradsh> ", "GRADSH_CACHE_DIR", "fn f(x) {", f'use "{program}"')]
    if subprocess.run([options.ipython, "-c", "import IPython"], capture_output=True).returncode == 0:
        command = [options.ipython, "-m", "IPython", "--no-banner", "--no-confirm-exit"]
        bind = f"globals().update({{f'name_{{i}}': i for i in range({NAMES})}})"
        peers.append(Peer("IPython", command, "In [1]: ", "IPYTHONDIR", "def f(x):", bind))
    rows: dict[str, dict[str, list[float]]] = {}

    def note(what: str, who: str, *seconds: float) -> None:
        rows.setdefault(what, {}).setdefault(who, []).extend(seconds)

    for peer in peers:
        peer.starting()
    for _ in range(options.rounds):
        note("import numpy", "gradsh", numpy(sys.executable))
        note("import numpy", "IPython", numpy(options.ipython))
        for peer in peers:
            prompted, answered = peer.starting()
            note("start to prompt", peer.name, prompted)
            note("start to first key", peer.name, answered)
    for _ in range(3):
        for peer in peers:
            prompted, answered = peer.starting(tempfile.mkdtemp())
            note("first run ever, to prompt", peer.name, prompted)
            note("first run ever, to first key", peer.name, answered)
    for peer in peers:
        for what, times in peer.typing().items():
            note(what, peer.name, *times)
    if importlib.util.find_spec("gradsh.preview") is not None:
        note("live line, a key (CPU)", "gradsh", *live_line())
    print(f"{'ms, medians (slowest)':32}" + "".join(f"{peer.name:>20}" for peer in peers))
    for what, found in rows.items():
        cells = (found.get(peer.name, []) for peer in peers)
        texts = (f"{statistics.median(c) * 1e3:.1f} ({max(c) * 1e3:.1f})" if c else "" for c in cells)
        print(f"{what:32}" + "".join(f"{text:>20}" for text in texts))


if __name__ == "__main__":
    main()
