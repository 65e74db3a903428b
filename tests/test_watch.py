"""`gradsh watch`: runs again at each save, whatever the save looks like, and whatever the run ended in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO

import pytest

from gradsh.cli.arguments import parse
from gradsh.cli.options import UsageError
from gradsh.cli.subcommands import load
from gradsh.cli.watch import differ, look, settle
from tests.conftest import ROOT, interruptible


class Watched:
    """The command, with what it writes as lines in a queue: (stream, line)."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.lines: Queue[str] = Queue()
        self.child = subprocess.Popen(
            [sys.executable, "-m", "gradsh", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=interruptible,
        )
        self.readers = [Thread(target=self._read, args=(s,)) for s in (self.child.stdout, self.child.stderr)]
        for reader in self.readers:
            reader.start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self.lines.put(line.rstrip("\n"))

    def until(self, *wanted: str) -> list[str]:
        """The lines up to the one with the last of these texts in it; each must come, in any order."""
        found: list[str] = []
        end = time.monotonic() + 60
        while not all(any(each in line for line in found) for each in wanted):
            try:
                found.append(self.lines.get(timeout=max(0.01, end - time.monotonic())))
            except Empty:
                raise AssertionError(f"{wanted} did not come: {found}") from None
        return found

    def save(self, name: str, text: str) -> None:
        """As an editor does: a new file takes the place of the old one."""
        (self.folder / f"{name}~").write_text(text)
        (self.folder / f"{name}~").replace(self.folder / name)


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    """What is started by it is ended, however the test ends."""
    started: list[Watched] = []

    def start(folder: Path, *arguments: str) -> Watched:
        started.append(Watched(folder, *arguments))
        return started[-1]

    yield start
    for each in started:
        with suppress(ProcessLookupError):
            os.killpg(each.child.pid, signal.SIGKILL)
        each.child.wait()
        for reader in each.readers:
            reader.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib.grad").write_text("fn f(x) = x + 1\n")
    (tmp_path / "a.grad").write_text('use "lib.grad"\nparam n = 1\nprint f(n)\n')
    return tmp_path


def test_it_runs_again(folder: Path, watch: Callable[..., Watched]) -> None:
    watched = watch(folder, "--seed", "0", "watch", "a.grad", "--n", "3")
    watched.until("a.grad: run 1", "4", "done in")
    watched.save("lib.grad", "fn f(x) = x * 5\n")
    watched.until("run 2", "lib.grad saved", "15", "done in")
    (folder / "lib.grad").write_text("fn f(x) = (\n")
    watched.until("error[E01", "lib.grad:1:", "ended with status 3")
    (folder / "lib.grad").unlink()
    (folder / "a.grad").unlink()
    time.sleep(0.3)
    (folder / "a.grad").write_text("param n = 1\nprint 14 * n\nwhile true { }\n")
    watched.until("a.grad saved", "42")
    watched.save("a.grad", "param n = 1\nones(2) + ones(n)\n")  # which ends the run that was there
    watched.until("error[E0302]", "ended with status 1")
    os.killpg(watched.child.pid, signal.SIGINT)  # as the terminal does
    assert watched.child.wait(20) == 130


def test_as_data_and_what_it_leaves_behind(folder: Path, watch: Callable[..., Watched]) -> None:
    watched = watch(folder, "watch", "--json", "a.grad")
    lines = [json.loads(line) for line in watched.until('"status": 0')]
    assert lines[0] == {"watch": "a.grad", "run": 1, "changed": []}
    assert (lines[1]["expr"], lines[1]["data"]) == ("f(n)", 2) and lines[2]["run"] == 1
    watched.save("a.grad", "print 1\nwhile true { }\n")
    lines = [json.loads(line) for line in watched.until('"data": 1')]
    assert lines[0] == {"watch": "a.grad", "run": 2, "changed": ["a.grad"]}
    os.kill(watched.child.pid, signal.SIGTERM)  # to it alone, while a program runs
    assert watched.child.wait(20) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.killpg(watched.child.pid, 0)


def test_what_is_looked_at(folder: Path) -> None:
    path = str(folder / "a.grad")
    (folder / "lib.grad").write_text('use "deep/x.grad" as x; use "a.grad"\nfn (')
    seen = look(path)
    assert [os.path.relpath(each, folder) for each in seen] == ["a.grad", "lib.grad", "deep/x.grad"]
    assert list(seen.values())[2] is None and differ(seen, look(path)) == []
    (folder / "deep").mkdir()
    (folder / "deep" / "x.grad").write_text("1")
    assert differ(seen, look(path)) == [str(folder / "deep" / "x.grad")]
    seen = look(path)
    (folder / "deep" / "x.grad").unlink()
    assert differ(seen, look(path)) == []  # it is waited for
    settle(path)  # but not for ever
    (folder / "a.grad").write_text("")
    assert differ(seen, look(path)) == [path]


def test_the_command_line_was_wrong(folder: Path) -> None:
    for words in (["watch", str(folder / "b.grad")], ["-i", "watch", str(folder / "a.grad")]):
        with pytest.raises(UsageError):
            load("watch").run(parse(words))
