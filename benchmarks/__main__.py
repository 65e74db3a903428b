"""gradsh, PyTorch, JAX and autograd side by side on the same works: ratios of medians of interleaved runs.

    python -m benchmarks [WORK …] [--rounds N] [--torch PYTHON]

Works: one-shot, and those of TARGETS (all by default). Peers that are not installed are left out; `make bench-peers`
installs them, or --torch names a Python that has PyTorch. Times depend on the machine, ratios less so: only ratios are
to be quoted. Peak memory is that of the same processes: the whole of it, and what the work added to what was prepared.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers import ONE_SHOT

HERE = Path(__file__).parent
GRADSH = shutil.which("gradsh", path=str(Path(sys.executable).parent)) or "gradsh"
PROGRAM = "let x = tensor(5.0, grad); z = log(x**3); backward z; x.grad"
# the work, and how much of PyTorch's time is allowed
TARGETS = {
    "work2": 0.45,
    "work2:3x3": 0.45,
    "work3": 0.6,
    "work4": 0.6,
    "work5": 0.6,
    "work6": 0.15,
    "work7": 1.2,
    "work8:1": 1.25,
    "work8:8": 1.05,
    "work9": 0.5,
    "work10": 0.5,
    "resnet18:1": 1.2,
    "resnet18:8": 1.0,
    "elementwise": 0.5,
    "softmax": 1.2,
    "mlp4096": 0.8,
    "lstm": 0.5,
    "batchnorm": 1.0,
    "writes": 1.0,
    "transformer": 0.5,
    "cnn": 0.8,
    "embedding": 0.5,
    "leaves": 0.35,
    "hvp": 0.8,
    "rk4": 0.8,
    "newton": 1.2,
    "adam100": 0.6,
    "steplr": 0.6,
    "items": 0.6,
    "lstm_loop": 0.5,
    "transformer_loop": 0.5,
    "embedding_loop": 0.5,
}
# work 1: how much of the time of `import numpy` is allowed
ALLOWED = {"seen": 1.0, "new": 1.4, "first": 2.0}
# how much of PyTorch's peak memory is allowed, where it is not all of it
MEMORY = {"work6": 0.8, "work9": 0.6}


def python_of(peer: str, torch: str) -> str:
    """The Python that has a peer, or ""."""
    if peer == "torch" and torch:
        return torch
    package = "gradsh" if peer == "plans" else peer
    return sys.executable if importlib.util.find_spec(package) is not None else ""


def whole_process(command: list[str], cache: str = "") -> float:
    """CPU seconds of one run of a command, which writes its bytecode as for a user; its cache is that folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if cache:
        environment["GRADSH_CACHE_DIR"] = cache
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise RuntimeError(f"{command} failed")
    return usage.ru_utime + usage.ru_stime


class Worker:
    """A process that holds one prepared work of one peer."""

    def __init__(self, python: str, peer: str, work: str) -> None:
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", peer, work],
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

    def close(self) -> tuple[float, float]:
        """Ends it; its peak memory in MiB, and what of it came after it had prepared the work."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        said = self.process.stdout.read().split()
        self.process.wait()
        prepared, peak = (float(kib) / 1024 for kib in said) if self.ready else (0.0, 0.0)
        return peak, peak - prepared


def report(title: str, rows: dict[str, list[float]], base: str, unit: str = "ms", scale: float = 1e3) -> None:
    medians = {name: statistics.median(values) for name, values in rows.items()}
    print(f"\n{title}")
    for name, median in medians.items():
        ratio = f"{median / medians[base]:8.3f} x {base}" if medians.get(base) else ""
        print(f"  {name:14s} {median * scale:10.2f} {unit}  {ratio}")


def inside(work: str, rounds: int, torch: str) -> None:
    """A work timed inside running processes, one run of each peer in turn."""
    pythons = {peer: python_of(peer, torch) for peer in ("gradsh", "plans", "torch", "jax", "autograd")}
    workers = {peer: Worker(python, peer, work) for peer, python in pythons.items() if python}
    ready = {peer: worker for peer, worker in workers.items() if worker.ready}
    for worker in ready.values():
        worker.run()
    times: dict[str, list[float]] = {peer: [] for peer in ready}
    for _ in range(rounds):
        for peer, worker in ready.items():
            times[peer].append(worker.run())
    memory = {peer: worker.close() for peer, worker in workers.items()}
    report(f"{work}, seconds of one run (to reach: {TARGETS[work]} x torch)", times, "torch")
    both = {peer: memory[peer] for peer in ready if peer in ("gradsh", "torch")}
    goal = MEMORY.get(work, 1.0)
    report(f"{work}, peak memory (to reach: {goal} x torch)", {k: [v[0]] for k, v in both.items()}, "torch", "MiB", 1)
    report(f"{work}, of which the work's own", {k: [v[1]] for k, v in both.items()}, "torch", "MiB", 1)


def one_shot(rounds: int, torch: str, gradsh: str) -> None:
    """Work 1: CPU time of the whole process, for a text seen before, for a new one, and where nothing was run yet."""
    commands = {name: [python, "-c", code] for name, code in ONE_SHOT.items() if (python := python_of(name, torch))}
    times: dict[str, list[float]] = {name: [] for name in ("numpy", *(f"gradsh {how}" for how in ALLOWED), *commands)}
    with tempfile.TemporaryDirectory() as cache:
        whole_process([gradsh, "-c", PROGRAM], cache)
        for i in range(rounds):
            times["numpy"].append(whole_process(commands["numpy"]))
            times["gradsh seen"].append(whole_process([gradsh, "-c", PROGRAM], cache))
            times["gradsh new"].append(whole_process([gradsh, "-c", f"{PROGRAM}  # {time.time_ns()}{i}"], cache))
            with tempfile.TemporaryDirectory() as empty:
                times["gradsh first"].append(whole_process([gradsh, "-c", PROGRAM], empty))
            for name, command in commands.items():
                if name != "numpy":
                    times[name].append(whole_process(command))
    allowed = ", ".join(f"{how} {times}" for how, times in ALLOWED.items())
    report(f"one-shot, CPU of the whole process (to reach: {allowed} x numpy)", times, "numpy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("works", nargs="*", default=["one-shot", *TARGETS])
    parser.add_argument("--rounds", type=int, default=0, help="runs of each peer (default: by work)")
    parser.add_argument("--torch", default="", metavar="PYTHON", help="a Python that has PyTorch, NumPy and lark")
    parser.add_argument("--gradsh", default=GRADSH, metavar="COMMAND", help="whose one-shots are measured: a wheel's")
    args = parser.parse_args()
    for work in args.works:
        if work == "one-shot":
            one_shot(args.rounds or 15, args.torch, args.gradsh)
        else:
            rounds = 40 if work.startswith(("work2", "work10", "resnet18")) else 5 if work == "work9" else 7
            inside(work, args.rounds or rounds, args.torch)


if __name__ == "__main__":
    main()
