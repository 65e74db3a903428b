"""Real kills at random moments: of saves, of writes to the cache, of the history. Nothing that existed is lost.

Each input is five kills in one folder, one process after the other.
"""

from __future__ import annotations

import os
import signal
import time
from random import Random
from typing import Any

import numpy as np

from gradsh import cache, data
from gradsh.engine.core.tensor import make as tensor
from gradsh.errors import GradshError
from gradsh.files import Files
from gradsh.session.host import CODEC
from gradsh.shell.history import BYTES, open_history
from tests.fuzz.judge import Finding

BATCH = 4
HANG = 60.0
KILLS = 5
KINDS = ("x.npz", "x.npy", "x.json", "x.safetensors", "cache", "cache", "history", "history")
NUMBER = 10**6  # more than any process writes


def make(draws: Random) -> dict[str, Any]:
    after = [round(draws.random() ** 2 * 0.04, 5) for _ in range(KILLS)]
    return {"kind": draws.choice(KINDS), "after": after, "nameless": draws.random() < 0.5}


def run(recipe: dict[str, Any]) -> list[Finding]:
    folder = os.path.abspath(f"kills{os.urandom(4).hex()}")
    os.mkdir(folder, 0o700)
    os.chdir(folder)
    before = os.environ["GRADSH_CACHE_DIR"]
    os.environ["GRADSH_HISTORY"] = os.path.join(folder, "history")
    if recipe["kind"] == "cache":
        os.environ["GRADSH_CACHE_DIR"] = os.path.join(folder, "cache")
    try:
        return _killed(recipe)
    finally:
        os.chdir(os.path.dirname(folder))
        os.environ["GRADSH_CACHE_DIR"] = before


def _killed(recipe: dict[str, Any]) -> list[Finding]:
    kind = recipe["kind"]
    write, read = {"cache": (_cache, _cached), "history": (_line, _lines)}.get(kind, (_save, _saved))
    write(kind, 1)
    last = 1
    for kill, after in enumerate(recipe["after"]):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _writing(recipe, write, last, writer)
        os.close(writer)
        os.read(reader, 1)  # it has begun
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with open(reader, "rb") as file:
            said = file.read().split()  # the numbers of writes that had ended
        done = int(said[-1]) if said else last
        found = read(kind)
        if found is None or not done <= found <= done + 1:
            return [Finding("lost", kind, f"kill {kill}: {found} is there, {done} had been written")]
        last = found
    litter = [name for where, _, names in os.walk(".") for name in names if name.endswith(".tmp") or name[0] == "."]
    return [Finding("litter", kind, str(litter))] if len(litter) > KILLS else []


def _writing(recipe: dict[str, Any], write: Any, last: int, writer: int) -> None:
    """In the process that is killed: one write after the other, each said when it is done. Never returns."""
    try:
        if not recipe["nameless"]:
            os.__dict__.pop("O_TMPFILE", None)  # as on other systems
        os.write(writer, b"\n")
        for number in range(last + 1, NUMBER):
            write(recipe["kind"], number)
            os.write(writer, b"%d\n" % number)
    finally:
        os._exit(0)


def _save(kind: str, number: int) -> None:
    array = tensor(np.full(3000, number))
    value = {"x.npy": array, "x.json": [number] * 3000}.get(kind, {"a": array})
    data.save(value, kind, Files(), CODEC)


def _saved(kind: str) -> int | None:
    """The number in the file; None when it is not whole."""
    try:
        found = data.load(kind, Files(), CODEC, np.dtype(np.float32))
    except GradshError:
        return None
    array = found if kind == "x.json" else np.asarray((found["a"] if isinstance(found, dict) else found).data)
    return int(array[0]) if len(array) == 3000 and len(set(map(int, array))) == 1 else None


def _cache(kind: str, number: int) -> None:
    cache.write("entry", b"%d " % number * 20_000)


def _cached(kind: str) -> int | None:
    found = cache.read("entry")
    numbers = set((found or b"").split())
    return int(numbers.pop()) if len(numbers) == 1 else None


def _line(kind: str, number: int) -> None:
    open_history().store_string(f"line {number} " + "x" * 5000)


def _lines(kind: str) -> int | None:
    """The number of the last whole line; None when one before it is lost. Only the file's end is read.

    The last may be cut off: it was being written.
    """
    whole: set[int] = set()
    for line in open_history().load_history_strings():
        word, _, rest = line.partition(" ")
        number, _, text = rest.partition(" ")
        if word == "line" and text == "x" * 5000:
            whole.add(int(number))
    wanted = min(len(whole), BYTES // 6000)
    last = max(whole, default=0)
    return last if whole >= set(range(last - wanted + 1, last + 1)) and wanted else None
