"""The first loop that is entered at a fresh prompt, beside PyTorch in an interactive Python:

    python -m benchmarks.prompt [WORK …] [--rounds N] [--torch PYTHON] [--gradsh COMMAND]

Both run in a terminal of its own, in turns, one thread each; the file that each begins with loads the data. What is
entered at gradsh's first prompt, once what it prepares is there: a call of the work, which the file defines ("call"),
or the whole text of the work and the call after it ("text"), which is read and compiled then too. PyTorch has run the
work once before. From Enter to the answer: wall time, and CPU time of all threads of the process, as Linux counts it;
medians, in brackets the least.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import WORKS, digits_like, pair, regression_data
from benchmarks.shell import Shell

FIRST = ("work3", "work4", "work5", "steplr", "items", "adam100")
ENDED, END = 'print("answer " + "is there")', "answer is there"
HERE = Path(__file__).parent
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def data_of(work: str) -> tuple[Any, ...]:
    """The arrays that the work's `run` takes."""
    own = {"work4": regression_data, "work5": digits_like}.get(work)
    if own is not None:
        return own()
    both = pair(work)
    return tuple(both.data()) if both else ()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that all threads of a process have had."""
    count = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        count += int((thread / "schedstat").read_text().split()[0])
    return count / 1e9


def settle(shell: Shell) -> None:
    """Wait until nothing is drawn, and little CPU time is used in half a second: an editor asks for the size of its
    terminal twice a second, which takes up to 10 ms where the system has put away what the process had read."""
    before = -1.0
    while (now := cpu_of(shell.pid)) - before > 0.02:
        before = now
        shell.quiet(0.5)


def entered(shell: Shell, text: str) -> tuple[float, float]:
    """Wall and CPU seconds from Enter to the end of the answer."""
    if "\n" in text:
        shell.type(f"\x1b[200~{text}\x1b[201~")
    else:
        shell.type(text)
    settle(shell)
    spent = cpu_of(shell.pid)
    start = shell.type("\r")
    answered = shell.until(END)
    return answered - start, cpu_of(shell.pid) - spent


class Gradsh:
    """A fresh prompt for each entry. `how`: "call" or "text"."""

    def __init__(self, command: str, folder: Path, work: str, how: str) -> None:
        text = (WORKS / f"{work}.grad").read_text()
        names = re.search(r"fn run\((.*?)\)", text)
        assert names is not None
        files = zip(names[1].split(", "), sorted(folder.glob("*.npy")), strict=False)
        loads = "".join(f'let {name} = load("{file}")\n' for name, file in files)
        call = f"run({names[1]}); {ENDED}"
        self.entry = call if how == "call" else f"{text.strip()}\n{call}"
        begins = folder / f"{how}.grad"
        begins.write_text(loads + (text if how == "call" else ""))
        home = folder / "home"
        home.mkdir(exist_ok=True)
        self.command = [command, "-i", "-q", "--no-config", str(begins)]
        self.environment = {"HOME": str(home), "GRADSH_CACHE_DIR": str(home / "cache"), **THREADS}

    def run(self) -> tuple[float, float]:
        shell = Shell(self.command, "gradsh> ", self.environment)
        shell.type(" ")
        settle(shell)
        shell.type("\x7f")
        settle(shell)
        found = entered(shell, self.entry)
        shell.close()
        return found


class Torch:
    """An interactive Python that has run the work once, and stays."""

    def __init__(self, python: str, folder: Path, work: str) -> None:
        begins = folder / "begins.py"
        begins.write_text(f"from benchmarks.peers import torch\nrun = torch({work!r})\nrun()\n")
        # of a program it is given, Python looks for modules beside that, and not where it was started
        path = os.pathsep.join([str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {"PYTHONPATH": path, "PYTHON_BASIC_REPL": "1", "PYTHON_HISTORY": os.devnull, **THREADS}
        self.shell = Shell([python, "-q", "-i", str(begins)], ">>> ", environment)
        settle(self.shell)

    def run(self) -> tuple[float, float]:
        found = entered(self.shell, f"run(); {ENDED}")
        settle(self.shell)
        return found


def measured(work: str, options: argparse.Namespace) -> None:
    import numpy as np

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for number, array in enumerate(data_of(work)):
            np.save(folder / f"{number}.npy", array)
        peers: dict[str, Any] = {how: Gradsh(options.gradsh, folder, work, how) for how in ("call", "text")}
        for peer in peers.values():
            peer.run()  # what is compiled is kept
        peers["PyTorch"] = Torch(options.torch, folder, work)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
        for _ in range(options.rounds):
            for name, peer in peers.items():
                times[name].append(peer.run())
        peers["PyTorch"].shell.close()
    cells = []
    for name in times:
        for at, what in enumerate(("wall", "CPU")):
            middle = [statistics.median(row[at] for row in times[who]) * 1e3 for who in (name, "PyTorch")]
            least = [min(row[at] for row in times[who]) * 1e3 for who in (name, "PyTorch")]
            cell = f"{name} {what} {middle[0]:.1f} ({least[0]:.1f})"
            if name != "PyTorch":
                cell += f" = {middle[0] / middle[1]:.4f} ({least[0] / least[1]:.4f})"
            cells.append(cell)
    print(f"{work:8}  " + "  ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("works", nargs="*", default=list(FIRST))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON", help="a Python that has PyTorch and NumPy")
    gradsh = shutil.which("gradsh", path=str(Path(sys.executable).parent)) or "gradsh"
    parser.add_argument("--gradsh", default=gradsh, metavar="COMMAND")
    options = parser.parse_args()
    started = time.perf_counter()
    for work in options.works:
        measured(work, options)
    print(f"in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
