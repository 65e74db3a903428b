"""Faults in the file operations of a save, of the cache and of the history, one for each operation, as SQLite does it.

The n-th operation on files fails (no space, an input/output error, an interrupted call), writes less than it was asked
to, or is the last: the process is killed there. Afterwards the old file is intact or the new one whole, what went wrong
has been said, and no litter grows.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import json
import os
import signal
from collections.abc import Callable
from random import Random
from typing import Any

from tests.fuzz.judge import Finding, Outcome, observed, session_of

BATCH = 20
KINDS = ("x.npz", "x.npy", "x.json", "x.csv", "x.safetensors", "cache", "history")
FAULTS = ("ENOSPC", "EIO", "EINTR", "EDQUOT", "short", "kill", "interrupt")
CALLS = (
    "open",
    "stat",
    "replace",
    "unlink",
    "link",
    "fsync",
    "fchmod",
    "close",
    "access",
    "mkdir",
    "makedirs",
    "rename",
    "scandir",
    "utime",
)
LAST = 40  # no save has as many operations
VALUES = {
    "x.npz": '{"a": zeros(3000) + N, "n": [N]}',
    "x.npy": "zeros(3000) + N",
    "x.json": "([N] * 3000)",
    "x.csv": "zeros(3000, 2) + N",
    "x.safetensors": '{"a": zeros(3000) + N}',
}


def make(draws: Random) -> dict[str, Any]:
    return {
        "kind": draws.choice(KINDS),
        "fault": draws.choice(FAULTS),
        "at": draws.randrange(LAST),
        "nameless": draws.random() < 0.5,
    }


def every() -> list[dict[str, Any]]:
    """All recipes."""
    return [
        {"kind": kind, "fault": fault, "at": at, "nameless": nameless}
        for kind in KINDS
        for fault in FAULTS
        for nameless in ((True, False) if "." in kind else (True,))
        for at in range(LAST)
    ]


# --- faulty files -----------------------------------------------------------------------------------------------------


class Faults:
    """Counts the operations on files; the one that it waits for goes wrong."""

    def __init__(self, fault: str, at: int) -> None:
        self.fault = fault
        self.at = at
        self.count = 0
        self.struck = ""

    def strike(self, operation: str) -> bool:
        """Called before each operation; True when it is to do only a part of its work."""
        self.count += 1
        if self.count - 1 != self.at:
            return False
        self.struck = operation
        if self.fault == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
            return False
        if self.fault == "short":
            return True
        code = getattr(errno, self.fault)
        raise OSError(code, os.strerror(code))

    def wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def faulty(*args: Any, **kwargs: Any) -> Any:
            self.strike(name)
            return call(*args, **kwargs)

        return faulty

    def install(self, nameless: bool) -> None:
        """Put faults under all that gradsh and prompt_toolkit do with files from now on; there is no way back."""
        for name in CALLS:
            if hasattr(os, name):
                setattr(os, name, self.wrapped(name, getattr(os, name)))
        if not nameless:
            os.__dict__.pop("O_TMPFILE", None)
        faults = self

        class File(io.FileIO):
            def write(self, data: Any) -> int:
                if faults.strike("write"):
                    data = memoryview(data).cast("B")
                    data = data[: len(data) // 2 or 1]
                return super().write(data) or 0

            def close(self) -> None:
                if not self.closed:
                    try:
                        faults.strike("close")
                    finally:
                        super().close()

        plain = builtins.open

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if mode.strip("bt") in ("w", "a", "x", "r+", "w+", "a+") and "b" in mode:
                return io.BufferedWriter(File(file, mode.replace("b", ""), closefd=kwargs.get("closefd", True)))
            return plain(file, mode, *args, **kwargs)

        builtins.open = opened  # type: ignore[assignment]


# --- one save, in a process of its own --------------------------------------------------------------------------------


def run(recipe: dict[str, Any]) -> list[Finding]:
    folder = os.path.abspath(f"save{os.urandom(4).hex()}")
    os.mkdir(folder, 0o700)
    os.chdir(folder)
    before = os.environ["GRADSH_CACHE_DIR"]
    try:
        return _tried(recipe, folder)
    finally:
        os.chdir(os.path.dirname(folder))
        os.environ["GRADSH_CACHE_DIR"] = before


def _tried(recipe: dict[str, Any], folder: str) -> list[Finding]:
    act, check = {"cache": (_cache, _check_cache), "history": (_history, _check_history)}.get(
        recipe["kind"], (_save, _check_save)
    )
    if recipe["kind"] == "cache":
        os.environ["GRADSH_CACHE_DIR"] = os.path.join(folder, "cache")
    os.environ["GRADSH_HISTORY"] = os.path.join(folder, "history")
    act(recipe, 1)
    before = _files()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = ""
        try:
            faults = Faults(recipe["fault"], recipe["at"])
            faults.install(recipe["nameless"])
            said = act(recipe, 2)
            faults.fault = "none" if faults.at >= faults.count else faults.fault
            os.write(writer, json.dumps([faults.fault, faults.struck, said]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        written = file.read()
    _, status = os.waitpid(pid, 0)
    fault, struck, said = json.loads(written) if written else (recipe["fault"], "", "")
    where = f"{recipe['kind']} {recipe['fault']} {struck}"
    if status and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and recipe["fault"] == "kill"):
        return [Finding("broken", where, f"status {status} {said}")]
    if not written and recipe["fault"] != "kill":
        return [Finding("traceback", where, "it ended without a word")]
    if "This is a fault of gradsh" in said or "Traceback" in said:
        return [Finding("70", where, said)]
    wrong = check(recipe, fault, said)
    left = sorted(_files() - before)
    act(recipe, 3)  # the next one works, and leaves no more than one litter
    wrong = wrong or check({**recipe, "fault": "none"}, "after", "")
    again = sorted(_files() - before)
    if left and recipe["fault"] != "kill":
        wrong = wrong or f"left behind: {left}"
    if len(again) > len(left):
        wrong = wrong or f"litter grows: {again}"
    return [Finding("broken", where, wrong)] if wrong else []


def _files() -> set[str]:
    return {os.path.join(where, name) for where, _, names in os.walk(".") for name in names}


def _value(kind: str, number: int) -> str:
    return VALUES[kind].replace("N", str(number))


def _ran(text: str) -> Outcome:
    return observed(lambda: session_of().run(text, "<here>").status, soon=60.0)


@functools.cache
def _wanted(kind: str, number: int) -> str:
    """What a program prints of the file with that number."""
    shown = _ran(f'save {_value(kind, number)}, "w-{kind}"; print str(load("w-{kind}"))')
    os.unlink(f"w-{kind}")
    return shown.out


def _save(recipe: dict[str, Any], number: int) -> str:
    """What a save says."""
    outcome = _ran(f'\nsave {_value(recipe["kind"], number)}, "{recipe["kind"]}"')
    return f"{outcome.status} {outcome.err}"


def _check_save(recipe: dict[str, Any], fault: str, said: str) -> str:
    """What is wrong with the file, or with what was said."""
    name = recipe["kind"]
    shown = _ran(f'print str(load("{name}"))')
    wanted = {number: _wanted(name, number) for number in (1, 2, 3)}
    found = [number for number, text in wanted.items() if text == shown.out]
    if not found:
        return f"the file is neither the old nor the new one: {shown.out[:200]}{shown.err[:300]}"
    if fault == "after":
        return "" if found == [3] else "the save after it did not work"
    if said.startswith("0") and found != [2]:
        return "it was said to be saved, and is not"
    if said.startswith("1") and ("E050" not in said or "<here>:2" not in said or name not in said):
        return f"not an error of files with its line: {said[:500]}"
    return ""


def _cache(recipe: dict[str, Any], number: int) -> str:
    from gradsh import cache

    outcome = observed(lambda: cache.write("entry", b"%d" % number * 100_000))
    return outcome.findings[0].said if outcome.findings else "0"


def _check_cache(recipe: dict[str, Any], fault: str, said: str) -> str:
    from gradsh import cache

    found = cache.read("entry")
    if fault == "after":
        return "" if found == b"3" * 100_000 else "the entry after it was not written"
    return "" if found in (b"1" * 100_000, b"2" * 100_000) else "the entry that was there is lost"


def _history(recipe: dict[str, Any], number: int) -> str:
    from gradsh.shell.history import open_history

    def act() -> int:
        history = open_history()
        history.store_string(f"line {number} " + "x" * 20_000)
        return 0

    outcome = observed(act)
    return outcome.findings[0].said if outcome.findings else "0"


def _check_history(recipe: dict[str, Any], fault: str, said: str) -> str:
    from gradsh.shell.history import open_history

    lines = list(open_history().load_history_strings())
    old = "line 1 " + "x" * 20_000
    if old not in lines:
        return "the line that was there is lost"
    if fault == "after" and not any(line.startswith("line 3 x") for line in lines):
        return "the line after it was not kept"
    return ""
