"""The process that has loaded everything, and forks a child for each small batch of inputs.

What is done to a child is seen from here: the signal that ended it, ten seconds without a word. An input is made in the
child from (fuzzer, seed, number), so that nothing has to be sent there, and any input can be made again by itself.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import json
import mmap
import os
import random
import resource
import selectors
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from gradsh import interrupts
from tests.fuzz.judge import Finding, place

Recipe = dict[str, Any]
Numbered = tuple[int, Recipe | None]  # None: made from the seed and the number

HANG = 10.0  # seconds of one input, on a machine that has nothing else to do
STARVED = 6  # times that for one which has not come to run for them
MEMORY = 1 << 30  # bytes that a batch may take beyond what the server has
BROKEN = 99  # exit status of a child in which the fuzzer itself failed
ROOM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # memory: saves ask the disk to settle, which takes long
ENTRY = struct.Struct("=qd")


def load() -> None:
    """Load all that any program could: afterwards a child only runs."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import io

    from gradsh import Session
    from gradsh.engine.ops import families
    from gradsh.lints import registry  # noqa: F401  # loaded, for the children
    from gradsh.runtime import commands

    families.load_all()
    for word in commands.WORDS:
        commands.load(word)
    out = io.StringIO()
    for text in (
        "let x = ones(2, 2, grad); let y = (x @ x).sum(); backward y; x.grad; show",
        "let net = Sequential(Linear(2, 2), ReLU()); print net; let o = Adam(net.parameters())",
        "nope", "1 +* 2", "ones(2) + ones(3)", "fn f() { f() }; f()", "linalg.svd(ones(2, 2)); fft", "help log",
    ):  # fmt: skip
        Session(out=out, err=out).run(text)
    from gradsh.cli import arguments, check  # noqa: F401
    from gradsh.shell import prompt  # noqa: F401

    # children write no compiled programs: half a million of them would be in that folder afterwards
    os.environ["GRADSH_CACHE_DIR"] = "/proc/no-cache"
    os.environ["GRADSH_DEBUG"] = "1"
    gc.collect()
    gc.freeze()


def scaled(seconds: float) -> float:
    """That many seconds, more on a machine where others work too."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def worked(pid: int) -> float:
    """Seconds that a process has had of the processor, those of its children that have ended too."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("inf")  # where that is not told, time alone counts
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Report(NamedTuple):
    """What came of one input."""

    number: int
    findings: list[Finding]


class Child:
    """A forked process with a batch of inputs, as the server sees it."""

    def __init__(self, fuzzer: ModuleType, seed: int, batch: list[Numbered]) -> None:
        self.batch = batch
        self.hang: float = getattr(fuzzer, "HANG", HANG)
        self.folder = Path(tempfile.mkdtemp(prefix="gradsh-fuzz-", dir=ROOM))
        self.shared = mmap.mmap(-1, ENTRY.size)
        self.lines = b""
        self.killed = False
        self.begun, self.before = (
            0.0,
            0.0,
        )  # when the input that runs was begun, and the child's time of the processor then
        reader, writer = os.pipe()
        self.shared[:] = ENTRY.pack(batch[0][0], time.monotonic())
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            inside(fuzzer, seed, batch, self.folder, self.shared, writer)
        os.close(writer)
        os.set_blocking(reader, False)
        self.reader = reader

    def fileno(self) -> int:
        return self.reader

    @property
    def at(self) -> int:
        """The number of the input that runs, or ran last."""
        return int(ENTRY.unpack(self.shared[:])[0])

    def read(self) -> bool:
        """Take what the child has said; False when that was all."""
        with contextlib.suppress(BlockingIOError):
            said = os.read(self.reader, 1 << 16)
            self.lines += said
            return bool(said)
        return True

    def watch(self) -> None:
        """End it when its input has taken too long: of its own, or far more where others run."""
        begun = ENTRY.unpack(self.shared[:])[1]
        if begun != self.begun:
            self.begun, self.before = begun, worked(self.pid)
        taken = time.monotonic() - begun
        slow = taken > scaled(self.hang) and worked(self.pid) - self.before > self.hang / 2
        if not self.killed and (slow or taken > STARVED * scaled(self.hang)):
            self.killed = True
            os.kill(self.pid, signal.SIGUSR2)  # says where it is
            time.sleep(0.2)
            os.kill(self.pid, signal.SIGKILL)

    def ended(self) -> tuple[list[Report], list[Numbered]]:
        """What came of the inputs that ran, and those that are left because the child died before them."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.reader)
        reports = {}
        for line in self.lines.splitlines():
            number, *found = json.loads(line)
            reports[number] = Report(number, [Finding(*one) for one in found])
        numbers = [number for number, _ in self.batch]
        left: list[Numbered] = []
        if status != 0:
            said = (self.folder / "stderr").read_text("utf-8", "replace") if (self.folder / "stderr").exists() else ""
            if os.waitstatus_to_exitcode(status) == BROKEN:
                kind = "fuzzer"  # which failed itself; the others of the run go on
            else:
                kind = "hang" if self.killed else _ending(status)
            reports[self.at] = Report(self.at, [Finding(kind, place(_first_thread(said)), said[-20000:])])
            left = self.batch[numbers.index(self.at) + 1 :]
        shutil.rmtree(self.folder, ignore_errors=True)
        self.shared.close()
        return [reports[number] for number in numbers if number in reports], left


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit {os.WEXITSTATUS(status)}"


def _first_thread(said: str) -> str:
    """What faulthandler wrote last, with the innermost frame last, as Python has it."""
    stack = said.rpartition("(most recent call first):")[2]
    return "\n".join(reversed(stack.splitlines())) if stack != said else said


# --- in the child ----------------------------------------------------------------------------------------------------


def inside(fuzzer: ModuleType, seed: int, batch: list[Numbered], folder: Path, shared: mmap.mmap, writer: int) -> None:
    """Run a batch; never returns."""
    status = BROKEN
    try:
        noise = os.open(folder / "stderr", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(noise, 2)
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 0)
        faulthandler.enable(file=noise)
        faulthandler.register(signal.SIGUSR2, file=noise, all_threads=False)
        work = folder / "work"
        work.mkdir()
        os.chdir(work)
        os.environ["HOME"] = str(work)
        confine(str(work))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (taken() + MEMORY,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28,) * 2)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupts.take()  # as the command does
        quiet = 0
        for number, recipe in batch:
            shared[:] = ENTRY.pack(number, time.monotonic())  # at once: pack_into would put zeros there first
            made = recipe if recipe is not None else make(fuzzer, seed, number)
            findings = fuzzer.run(made)
            noisy = os.fstat(noise).st_size
            if noisy > quiet:
                said = os.pread(noise, 4000, quiet).decode("utf-8", "replace")
                findings = [*findings, Finding("stray", said.partition("\n")[0][:100], said)]
                quiet = noisy
            os.write(writer, json.dumps([number, *findings]).encode() + b"\n")
        status = 0
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode("utf-8", "replace"))
    finally:
        os._exit(status)


def make(fuzzer: ModuleType, seed: int, number: int) -> Recipe:
    """The input of that number."""
    draws = random.Random(f"{seed} {fuzzer.__name__} {number}")
    made: Recipe = fuzzer.make(draws, number) if getattr(fuzzer, "IN_ORDER", False) else fuzzer.make(draws)
    return made


def taken() -> int:
    """Bytes of address space that this process has now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def confine(folder: str) -> None:
    """A mutated path must not lead to a file of the person who runs this."""
    from gradsh.errors import FileError
    from gradsh.files import Files

    check = Files.check

    def confined(self: Files, path: str, doing: str) -> None:
        check(self, path, doing)
        if not os.path.realpath(path).startswith(folder):
            raise FileError(f"cannot {doing} '{path}': it is outside", kind="PermissionError")

    Files.check = confined  # type: ignore[method-assign]


# --- many ------------------------------------------------------------------------------------------------------------


def batches(fuzzer: ModuleType, count: int | None, seconds: float | None, first: int = 0) -> Iterator[list[Numbered]]:
    """Numbers from `first` on, until `count` of them or `seconds` have passed."""
    end = None if seconds is None else time.monotonic() + seconds
    number = first
    while (count is None or number < first + count) and (end is None or time.monotonic() < end):
        size = fuzzer.BATCH if count is None else min(fuzzer.BATCH, first + count - number)
        yield [(each, None) for each in range(number, number + size)]
        number += size


def reports(fuzzer: ModuleType, seed: int, work: Iterator[list[Numbered]], jobs: int) -> Iterator[Report]:
    """Run batches in `jobs` children at a time; what came of each input, as it comes."""
    waiting: list[list[Numbered]] = []
    with selectors.DefaultSelector() as selector:
        while True:
            while len(selector.get_map()) < jobs:
                batch = waiting.pop() if waiting else next(work, None)
                if batch is None:
                    break
                selector.register(Child(fuzzer, seed, batch), selectors.EVENT_READ)
            if not selector.get_map():
                return
            for key, _ in selector.select(timeout=0.2):
                child: Any = key.fileobj
                if not child.read():
                    selector.unregister(child)
                    done, left = child.ended()
                    if left:
                        waiting.append(left)
                    yield from done
            for key in list(selector.get_map().values()):
                key.fileobj.watch()  # type: ignore[union-attr]


def alone(fuzzer: ModuleType, recipes: list[Recipe]) -> list[Finding]:
    """What one child finds that runs these one after another: findings of the last."""
    numbered: list[Numbered] = list(enumerate(recipes))
    found: list[Finding] = []
    for report in reports(fuzzer, 0, iter([numbered]), 1):
        if report.number == len(recipes) - 1:
            found = report.findings
    return found
