"""gradsh, PyTorch, JAX and autograd side by side on the same works: ratios of medians of interleaved runs.

    python -m benchmarks [WORK …] [--rounds N]

Works: one-shot work2 work2:3x3 work3 work4 work5 work6 work7 work9 work10 resnet18:1 resnet18:8 (all by default).
Peers that are not installed are left out; `make bench-peers` installs them. Times depend on the machine, ratios less
so: only ratios are to be quoted.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.peers import ONE_SHOT

HERE = Path(__file__).parent
GRADSH = shutil.which("gradsh", path=str(Path(sys.executable).parent)) or "gradsh"
PROGRAM = "let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad"
TARGETS = {
    "work2": 0.45,
    "work2:3x3": 0.45,
    "work3": 0.6,
    "work4": 0.6,
    "work5": 0.6,
    "work6": 0.6,
    "work7": 1.2,
    "work8:1": 1.25,
    "work8:8": 1.05,
    "work10": 0.5,
    "work9": 0.5,
    "resnet18:1": 1.2,
    "resnet18:8": 1.2,
}


def installed(peer: str) -> bool:
    return importlib.util.find_spec(peer) is not None


def whole_process(command: list[str]) -> tuple[float, float]:
    """Seconds and peak resident MiB of one run of a command."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


class Worker:
    """A process that holds one prepared work of one peer."""

    def __init__(self, peer: str, work: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer, work],
            cwd=HERE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline().strip() == "ready"

    def run(self) -> float:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def report(title: str, rows: dict[str, list[float]], base: str, unit: str = "ms", scale: float = 1e3) -> None:
    medians = {name: statistics.median(values) for name, values in rows.items()}
    print(f"\n{title}")
    for name, median in medians.items():
        ratio = f"{median / medians[base]:8.3f} x {base}" if base in medians else ""
        print(f"  {name:14s} {median * scale:10.2f} {unit}  {ratio}")


def inside(work: str, rounds: int) -> None:
    """A work timed inside running processes, one run of each peer in turn."""
    workers = {peer: Worker(peer, work) for peer in ("gradsh", "torch", "jax", "autograd") if installed(peer)}
    ready = {peer: worker for peer, worker in workers.items() if worker.ready}
    for worker in ready.values():
        worker.run()
    times: dict[str, list[float]] = {peer: [] for peer in ready}
    for _ in range(rounds):
        for peer, worker in ready.items():
            times[peer].append(worker.run())
    for worker in workers.values():
        worker.close()
    goal = f" (to reach: {TARGETS[work]} x torch)" if work in TARGETS else ""
    report(f"{work}, seconds of one run{goal}", times, "torch")


def one_shot(rounds: int) -> None:
    """Work 1: the whole process, for a program text seen before and for a new one."""
    commands = {
        name: [sys.executable, "-c", code] for name, code in ONE_SHOT.items() if name == "numpy" or installed(name)
    }
    times: dict[str, list[float]] = {name: [] for name in ("numpy", "gradsh seen", "gradsh new", *commands)}
    whole_process([GRADSH, "-c", PROGRAM])
    for i in range(rounds):
        times["numpy"].append(whole_process(commands["numpy"])[0])
        times["gradsh seen"].append(whole_process([GRADSH, "-c", PROGRAM])[0])
        times["gradsh new"].append(whole_process([GRADSH, "-c", f"{PROGRAM}  # {time.time_ns()}{i}"])[0])
        for name, command in commands.items():
            if name != "numpy":
                times[name].append(whole_process(command)[0])
    report("one-shot, whole process (to reach: seen 1.35, new 1.7 x numpy)", times, "numpy")


# how much of PyTorch's peak memory is allowed; a process prepares the work and does it REPEATED times
MEMORY = {"work6": 0.8, "work9": 0.6, "resnet18:1": 1.0, "resnet18:8": 1.0}
REPEATED = {"resnet18:1": 5, "resnet18:8": 5}


def peak(work: str) -> None:
    """The peak memory of a process that does the work."""
    memory: dict[str, list[float]] = {}
    for peer in ("gradsh", "torch"):
        if installed(peer):
            code = f"import sys; sys.path.insert(0, {str(HERE.parent)!r}); from benchmarks import peers\n"
            code += f"run = peers.PEERS[{peer!r}]({work!r})\nfor _ in range({REPEATED.get(work, 1)}): run()"
            memory[peer] = [whole_process([sys.executable, "-c", code])[1] for _ in range(3)]
    report(f"{work}, peak resident memory of the process (to reach: {MEMORY[work]} x torch)", memory, "torch", "MiB", 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    works = [
        "one-shot",
        "work2",
        "work2:3x3",
        "work3",
        "work4",
        "work5",
        "work6",
        "work7",
        "work8:1",
        "work8:8",
        "work9",
        "work10",
        "resnet18:1",
        "resnet18:8",
    ]
    parser.add_argument("works", nargs="*", default=works)
    parser.add_argument("--rounds", type=int, default=0, help="runs of each peer (default: by work)")
    args = parser.parse_args()
    for work in args.works:
        if work == "one-shot":
            one_shot(args.rounds or 15)
        else:
            rounds = 40 if work.startswith(("work2", "work10", "resnet18")) else 5 if work == "work9" else 7
            inside(work, args.rounds or rounds)
            if work in MEMORY:
                peak(work)


if __name__ == "__main__":
    main()
