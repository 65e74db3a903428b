"""`gradsh watch FILE`: run a program again whenever it, or a file that it uses, is saved. Needs no engine.

Each run is a process of its own, which a save in the middle of it ends. What separates the runs goes to the standard
error, so that a pipe gets what the program prints; with --json it is data among the rest. A file that is gone for a
moment, as while an editor replaces it, is waited for. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

from gradsh.cli.options import Options, UsageError, read, say
from gradsh.view.color import paint, unicode, wanted

POLL = 0.1  # seconds between two looks at the files
GRACE = 1.0  # that a run which is over has to end in
GONE, CLOSED_PIPE = 0.5, 141  # seconds after which a file counts as gone for good; nobody reads what the program writes
USE = re.compile(rb"\buse\s+[\"']([^\"'\n]+)[\"']")
# not `-m gradsh`, which would put the folder that the user is in before Python's own modules
CHILD = "import sys; sys.path.append(sys.argv.pop(1)); from gradsh.__main__ import main; main()"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

Seen = dict[str, tuple[int, int, int] | None]


def takes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    rest = parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what follows FILE is the script's")
    rest.required = False


def run(options: Options) -> int:
    """Until Ctrl-C. Errors: UsageError where there is no such file to begin with."""
    file: str = options.given.file
    if options.interactive:
        raise UsageError("watch runs a program again and again, without a prompt: leave -i out")
    read(file)
    forms = ["--json"] if options.json else []
    words = [*options.own, *forms, "--errors", options.errors, "--color", options.color, file, *options.given.arguments]
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _ended)
    return Watch(options, file).runs(words)


def _ended(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


class Watch:
    """The runs of one file."""

    def __init__(self, options: Options, file: str) -> None:
        self.options = options
        self.file = file
        self.number = 0

    def runs(self, words: list[str]) -> int:
        """Run, wait for a save, again; the exit status, when nobody reads any more."""
        changed: list[str] = []
        while True:
            self.number += 1
            seen = look(self.file)
            self.begins(changed)
            began = time.monotonic()
            child = subprocess.Popen([sys.executable, "-P", "-c", CHILD, ROOT, *words], stdin=subprocess.DEVNULL)
            try:
                while not (changed := differ(seen, look(self.file))):
                    try:
                        status = child.wait(POLL)
                    except subprocess.TimeoutExpired:
                        continue
                    if status == CLOSED_PIPE:
                        return CLOSED_PIPE
                    self.ends(status, time.monotonic() - began)
                    changed = wait(self.file, seen)
                    break
            finally:
                if child.poll() is None:
                    stop(child)
            settle(self.file)

    def begins(self, changed: list[str]) -> None:
        """A run begins, because of these files."""
        if self.options.json:
            self.record(changed=changed)
            return
        because = f", {', '.join(changed)} saved" if changed else ""
        self.note(f"{self.file}: run {self.number} at {time.strftime('%H:%M:%S')}{because}")

    def ends(self, status: int, seconds: float) -> None:
        """It has come to its end."""
        if self.options.json:
            self.record(status=status, seconds=round(seconds, 3))
            return
        how = "done" if status == 0 else f"ended with status {status}"
        self.note(f"{how} in {seconds:.1f} s; waiting for a save, Ctrl-C ends")

    def record(self, **data: object) -> None:
        import json

        say(json.dumps({"watch": self.file, "run": self.number, **data}, ensure_ascii=False) + "\n")

    def note(self, words: str) -> None:
        from gradsh.view.plain import visible

        if not self.options.quiet:
            line = f"{('──' if unicode(sys.stderr) else '--')} {visible(words)}"
            sys.stderr.write(paint(line, "dim", wanted(sys.stderr, self.options.color)) + "\n")
            sys.stderr.flush()


def look(file: str) -> Seen:
    """How the file, and those that it uses, are now: when saved, how long, which; None for one that is not there."""
    found: Seen = {}
    rest = [file]
    while rest:
        path = rest.pop()
        if path in found:
            continue
        try:
            status = os.stat(path)
            found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
            rest += used(path, found[path])
        except (OSError, ValueError):
            found[path] = None
    return found


_used: dict[tuple[str, tuple[int, int, int] | None], list[str]] = {}


def used(path: str, seen: tuple[int, int, int] | None) -> list[str]:
    """The files that a file uses itself, read off its text, which need not be a program at the moment."""
    if (path, seen) not in _used:
        from gradsh.files import read_program

        for old in [key for key in _used if key[0] == path]:
            del _used[old]
        names = [name.decode("utf-8", "surrogateescape") for name in USE.findall(read_program(path))]
        _used[path, seen] = [os.path.normpath(os.path.join(os.path.dirname(path), name)) for name in names]
    return _used[path, seen]


def differ(before: Seen, now: Seen) -> list[str]:
    """The files that are there and other than they were; gone ones are waited for."""
    return [path for path, seen in now.items() if seen is not None and seen != before.get(path, seen)]


def wait(file: str, seen: Seen) -> list[str]:
    """Wait until something is saved; which files."""
    while not (changed := differ(seen, look(file))):
        time.sleep(POLL)
    return changed


def settle(file: str) -> None:
    """Wait until nothing changes any more, and the file is there: a save may be half done."""
    before, since = look(file), time.monotonic()
    while True:
        time.sleep(POLL / 2)
        now = look(file)
        if now != before:
            before, since = now, time.monotonic()
        elif now[file] is not None and (None not in now.values() or time.monotonic() - since > GONE):
            return


def stop(child: subprocess.Popen[bytes]) -> None:
    """End a run: at Ctrl-C it has been told already."""
    with suppress(subprocess.TimeoutExpired):
        told = os.name == "posix" and signal.getsignal(signal.SIGINT) != signal.SIG_IGN  # as behind `nohup`
        child.send_signal(signal.SIGINT if told else signal.SIGTERM)
        child.wait(GRACE)
        return
    child.kill()
    child.wait()
