"""What must not grow, and what a process must live with: old prompts, the cache folder, threads, forks."""

from __future__ import annotations

import gc
import io
import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from gradsh import Session, cache, pruning
from gradsh.language import places
from tests.conftest import Gradsh


def session() -> tuple[Session, io.StringIO]:
    out = io.StringIO()
    return Session(out=out, err=out), out


# --- prompts ---------------------------------------------------------------------------------------------------------


def prompts(to: Session, first: int, last: int) -> None:
    for i in range(first, last):
        text = f"let x{i % 5} = ones(2, grad) * {i}; fn f(v) = v + {i}; f(x{i % 5}).sum()"
        assert to.run(text, f"<prompt {i}>").ok


def test_old_prompts_are_not_kept() -> None:
    at, out = session()
    prompts(at, 0, 200)  # what is kept on purpose is full by now
    gc.collect()
    before, others = sys.getallocatedblocks(), len(places.OLD)  # of other tests in this process
    prompts(at, 200, 700)
    out.truncate(out.seek(0))
    gc.collect()
    grown = sys.getallocatedblocks() - before
    assert grown < 3000, grown  # the texts and codes of 500 prompts are 14,000 blocks
    # one old text is named by `x0`, …, each; `f` is of the newest
    assert len(places.PROGRAMS) + len(places.OLD) - others < 150


def test_what_was_typed_long_ago_is_still_shown() -> None:
    at, out = session()
    at.run("fn deep(v) {\n    let w = v + ones(3)\n    return w\n}\nfn outer() = fn(v) = deep(v)", "<prompt 1>")
    at.run("let made = ones(2, grad) * 2", "<prompt 2>")
    prompts(at, 3, 403)
    out.truncate(out.seek(0))
    at.run("outer()(ones(2))", "<prompt 404>")
    said = out.getvalue()
    assert "let w = v + ones(3)" in said and "<prompt 1>" in said
    out.truncate(out.seek(0))
    at.run("let total = made.sum(); backward total; backward total", "<prompt 405>")
    at.run("made.grad", "<prompt 406>")
    assert "<prompt 2>" in out.getvalue()


def test_a_text_that_comes_again_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.language import program

    at, _ = session()
    at.run("let a = 1")
    at.run("a + 1")
    monkeypatch.setattr(program, "_compiled", None)
    assert at.run("a + 1").ok


def test_a_large_text_is_not_kept_for_long() -> None:
    at, _ = session()
    for i in range(6):
        at.run(f"{i} # " + "x" * 600_000)
    assert sum(len(each.source.text) for each in places.PROGRAMS.values()) < 2_000_000


# --- the cache folder ------------------------------------------------------------------------------------------------


def entry(folder: Path, name: str, days: float, size: int = 100) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size)
    path.chmod(0o600)
    os.utime(path, (time.time() - days * 86400,) * 2)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "gradsh"
    monkeypatch.setenv("GRADSH_CACHE_DIR", str(place))
    cache.write("grammar-" + "0" * 64 + ".table", b"table")
    return place


def test_entries_that_nobody_uses_go(folder: Path) -> None:
    old, new = entry(folder, "program-" + "a" * 40, 31), entry(folder, "program-" + "b" * 40, 29)
    tables = [entry(folder, f"operators-{i}" + "0" * 63, 40 + i) for i in range(3)]
    foreign = [entry(folder, name, 400) for name in ("notes.txt", "program-mine", "photo-" + "a" * 40)]
    torn = entry(folder, ".program-" + "a" * 40 + ".12.00ff00ff", 1)
    writing = entry(folder, ".program-" + "c" * 40 + ".13.00ff00ff", 0)
    (folder / ("program-" + "d" * 40)).symlink_to(folder / "notes.txt")
    pruning.prune(str(folder))
    assert [path.exists() for path in (old, new, torn, writing)] == [False, True, False, True]
    assert [path.exists() for path in tables] == [True, False, False]  # the one in use may be as old as it likes
    assert all(path.exists() for path in foreign) and (folder / ("program-" + "d" * 40)).is_symlink()


def test_of_too_much_those_go_that_were_used_longest_ago(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "MOST", 10 * 4096)
    entries = [entry(folder, f"program-{i:040x}", days=i) for i in range(20)]
    assert pruning.prune(str(folder)) == 10
    assert [path.exists() for path in entries] == [i < 10 for i in range(20)]


def test_what_is_read_is_used(folder: Path) -> None:
    name = "program-" + "a" * 40
    cache.write(name, b"code")
    os.utime(folder / name, (0, 0))
    assert cache.read(name) == b"code"
    pruning.prune(str(folder))
    assert cache.read(name) == b"code"


def test_writing_prunes_once_in_a_while(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "MOST", 50 * 4096)
    tokens = itertools.cycle(range(256))
    monkeypatch.setattr(os, "urandom", lambda size: next(tokens).to_bytes(size, "little"))
    for i in range(300):
        cache.write(f"program-{i:040x}", b"code")
    assert len(os.listdir(folder)) < 100
    assert cache.read("grammar-" + "0" * 64 + ".table") == b"table"


def test_every_entry_that_gradsh_writes_is_known(gradsh: Gradsh, tmp_path: Path) -> None:
    at = tmp_path / "cache" / "gradsh"
    program = "let net = Linear(2, 1); print net(ones(2)).shape"
    assert gradsh("-c", program, env={"GRADSH_CACHE_DIR": str(at)}).returncode == 0
    kinds = {pruning.kind_of(name) for name in os.listdir(at)}
    assert kinds == {pruning.PROGRAMS, *pruning.TABLES} - {"signatures"}  # those are of `gradsh check`


# --- threads and forks -----------------------------------------------------------------------------------------------

LARGE = "let w = ones(2000000, grad); let opt = SGD([w], lr=0.5); w.sum().backward(); step opt"


def test_without_threads_one_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.engine.kernels import pieces

    def refuse(*args: object) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    monkeypatch.setattr(pieces, "start_new_thread", refuse)
    monkeypatch.setattr(pieces, "HELPERS", [])
    monkeypatch.setattr(pieces, "threads", lambda: 4)
    at, out = session()
    at.run(LARGE + "\nlet w = w.detach(); w.sum(), (w.exp() - exp(tensor(0.5))).abs().max()")
    assert out.getvalue() == "(tensor(1000000.), tensor(0.))\n"
    monkeypatch.undo()
    out.truncate(out.seek(0))
    at.run(LARGE + "\nw.detach().sum()")
    assert out.getvalue() == "tensor(1000000.)\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_after_a_step_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradsh.engine.kernels import pieces

    monkeypatch.setattr(pieces, "threads", lambda: 2)
    at, _ = session()
    at.run(LARGE)
    assert pieces.HELPERS
    child = os.fork()
    if child == 0:
        try:
            done = at.run("step opt; assert w.sum().item() == 0.0").ok
        finally:
            os._exit(0 if done else 1)
    end = time.monotonic() + 30
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, 9)
            os.waitpid(child, 0)
            pytest.fail("the child waits for a thread that it does not have")
        time.sleep(0.005)
    assert ended[1] == 0


# --- what the C library keeps ----------------------------------------------------------------------------------------

FREED = """
import gradsh.memory as memory
memory.reuse()
import numpy
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20
before = resident()
arrays = [numpy.ones(1 << 20) for _ in range(20)] + [numpy.ones(5 << 20)]
del arrays
freed = resident()
memory.give_back()
print(freed - before, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_freed_arrays_are_used_again_and_the_prompt_gives_them_back() -> None:
    def ran(**environment: str) -> tuple[int, int]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
        child = subprocess.run(
            [sys.executable, "-c", FREED], env={**kept, **environment}, capture_output=True, text=True, check=True
        )
        freed, given = child.stdout.split()
        return int(freed), int(given)

    freed, given = ran()
    assert freed > 190 and given < 20, (freed, given)  # MiB, of 200
    freed, _ = ran(MALLOC_TRIM_THRESHOLD_="1000000")
    assert freed < 20, freed  # what the user has set stands
