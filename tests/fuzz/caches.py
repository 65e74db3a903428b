"""A cache folder that is damaged: a program runs as without one, and nothing that is not gradsh's own is executed."""

from __future__ import annotations

import functools
import marshal
import os
import shutil
import tempfile
from random import Random
from typing import Any

from gradsh import cache
from tests.fuzz.judge import Finding, command, observed

BATCH = 12
PROGRAMS = (
    ("let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad", "tensor(0.6000)\n"),
    ("fn f(x) = x * 2\nprint f(3), [f(i) for i in range(3)]", "6 [0, 2, 4]\n"),
    ("let v = ones(2); v.add_(v).mul_(2);\nprint v, linalg.norm(v)", "tensor([4., 4.]) tensor(5.6569)\n"),
    ("print Linear(2, 1).weight.shape\r\nprint 1", "Size([1, 2])\n1\n"),
)


@functools.cache
def whole() -> dict[str, bytes]:
    """The entries that the programs leave in an empty folder."""
    before = os.environ["GRADSH_CACHE_DIR"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GRADSH_CACHE_DIR"] = place = os.path.join(folder, "cache")
        try:
            for program, right in PROGRAMS:
                _forget()
                made = observed(lambda: command("-c", program), soon=60.0)  # noqa: B023
                assert made.out == right, made
            entries = {}
            for name in sorted(os.listdir(place)):
                with open(os.path.join(place, name), "rb") as file:
                    entries[name] = file.read()
            return entries
        finally:
            os.environ["GRADSH_CACHE_DIR"] = before


def _forget() -> None:
    """As a new process: nothing compiled, no table read."""
    from gradsh.engine import catalogue
    from gradsh.language import places, syntax

    places.PROGRAMS.clear()
    syntax.parsers.clear()
    catalogue._table = None


def make(draws: Random) -> dict[str, Any]:
    names = _kinds()
    edits = []
    for _ in range(draws.choice((1, 1, 2))):
        kind = draws.choices(sorted(names), [1 if kind in ("operators", "grammar") else 4 for kind in sorted(names)])[0]
        edits.append([kind, draws.randrange(100), draws.choice(EDITS), draws.randrange(2**30)])
    return {"edits": edits, "which": draws.randrange(len(PROGRAMS))}


def _kinds() -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name in whole():
        kinds.setdefault(name.partition("-")[0], []).append(name)
    return kinds


EDITS = (
    "flip",
    "cut",
    "grow",
    "empty",
    "zeros",
    "other",
    "valid",
    "lengthen",
    "folder",
    "link",
    "dangling",
    "fifo",
    "mode",
    "gone",
    "device",
)
VALUES: tuple[Any, ...] = (
    None,
    0,
    (),
    (1,),
    (1, 2, 3),
    [1],
    {},
    b"",
    "x",
    ({}, {}, {}),
    (1,) * 7,
    (None,) * 7,
    2**70,
    (compile("1", "<x>", "exec"),) + (None,) * 6,
    ({"a": 1}, {"a": 1}, {"a": 1}),
    float("nan"),
)


def edit(folder: str, name: str, what: str, number: int) -> None:
    """Do one thing to an entry."""
    path = os.path.join(folder, name)
    entries = whole()
    raw = entries[name]
    at = number % max(1, len(raw))
    if what in ("folder", "link", "dangling", "fifo", "gone", "device"):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    if what == "folder":
        os.mkdir(path, 0o700)
    elif what == "link":
        real = os.path.join(folder, "real")
        with open(real, "wb") as file:
            file.write(raw)
        os.symlink(real, path)
    elif what == "dangling":
        os.symlink("nowhere", path)
    elif what == "fifo":
        os.mkfifo(path, 0o600)
    elif what == "device":
        os.symlink("/dev/zero", path)
    elif what == "mode":
        if os.path.isfile(path):
            os.chmod(path, (0o666, 0o000, 0o602, 0o4600)[number % 4])
    elif what != "gone" and not os.path.isdir(path):
        others = sorted(entries)
        garbage = marshal.dumps(VALUES[number % len(VALUES)])
        contents = {
            "flip": raw[:at] + bytes([raw[at] ^ (1 << number % 8)]) + raw[at + 1 :],
            "cut": raw[:at],
            "grow": raw + raw[:at],
            "empty": b"",
            "zeros": bytes(len(raw)),
            "other": entries[others[number % len(others)]],
            "valid": cache.digest(garbage) + garbage,
            "lengthen": cache.digest(raw[cache.DIGEST :] + b"more") + raw[cache.DIGEST :] + b"more",
        }
        if os.path.lexists(path) and not os.path.isfile(path):
            os.remove(path)  # what an edit before has put there: a FIFO would wait for a reader
        with open(path, "wb") as file:
            file.write(contents[what])


def run(recipe: dict[str, Any]) -> list[Finding]:
    folder = tempfile.mkdtemp(dir=".")
    folder = os.path.abspath(folder)
    for name, raw in whole().items():
        with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(raw)
    names = _kinds()
    for kind, which, what, number in recipe["edits"]:
        edit(folder, names[kind][which % len(names[kind])], what, number)
    before = os.environ["GRADSH_CACHE_DIR"]
    os.environ["GRADSH_CACHE_DIR"] = folder
    program, right = PROGRAMS[recipe["which"]]
    try:
        for _ in range(2):  # the second reads what the first has mended
            _forget()
            outcome = observed(lambda: command("-c", program), soon=60.0)
            if outcome.findings:
                return outcome.findings
            if (outcome.out, outcome.status) != (right, 0):
                return [Finding("different", str(recipe["edits"][0][2]), outcome.out + outcome.err)]
    finally:
        os.environ["GRADSH_CACHE_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)
    return []
