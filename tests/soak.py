"""A session that runs for long does not grow: `python -m tests.soak [PROMPTS [MINUTES]]`, or `make stress`.

100,000 prompts through one session, then mixed work for some minutes: after the first tenth of each the memory of the
process stays within a twentieth. tests/test_growth.py has a short one.
"""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable

from gradsh import Session

PROMPTS = [
    "let x{a} = ones(3, grad) * {i}; x{a}.sum()",
    "fn f{a}(v) = v ** 2 + {i}; f{a}(tensor({i}.))",
    "let w = rand(4, 4, grad); backward (w @ w).sum(); w.grad.sum()",
    "model M{b}() {{ let w = ones(2, grad) * {i}; forward(x) = x * w }}; M{b}()(ones(2)).sum()",
    "ones({a} + 1) + ones({a} + 9)",
    'let s{a} = "text {i}"; s{a}.upper(); [c for c in s{a}][0]',
    "nosuch{i}",
    "let = {i}",
    "try {{ ones(2) @ ones({b} + 3) }} catch e {{ print e }}",
    "show x{a}",
    "help relu",
    "let l = [ones(9)]; l.append(l)",
]
WORK = [
    "let net = Sequential(Linear(20, 30), ReLU(), Linear(30, 5)); let opt = Adam(net.parameters(), lr=0.01)\n"
    "repeat 20 {{ zero_grad opt; let loss = net(randn(8, 20)).square().mean(); backward loss; step opt }}",
    "let x = randn(400, 400); let l = [x @ x.T]; l.append(l); x.exp().sum() > 0",
    'save(randn(100, 100), "soak.npy"); load("soak.npy").shape',
    "let g = ones(1, grad); repeat 2000 {{ g = g * 1.001 }}; backward g",
    "vmap(fn(v) = v.sin().sum())(randn(50, 50)).shape; jacobian(fn(v) = v ** 2, randn(20)).shape",
    "fn deep(n) = 0 if n == 0 else 1 + deep(n - 1); deep(300)",
    "len([[str(k)] * 50 for k in range(500)])",
]


def resident() -> float:
    """The MiB of memory that the process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def soak(name: str, step: Callable[[int], bool]) -> bool:
    """Run steps until one says that it was the last; whether memory stayed flat after the first tenth."""
    sizes: list[tuple[int, float]] = []
    i, going, began = 0, True, time.monotonic()
    while going:
        going = step(i)
        i += 1
        if i % 100 == 0:
            gc.collect()  # what is at rest, not what is on its way
            sizes.append((i, resident()))
    gc.collect()
    sizes.append((i, resident()))
    later = [size for at, size in sizes if at >= i / 10]
    grown = max(later[1:]) / later[0] - 1
    print(
        f"{name}: {i} in {time.monotonic() - began:.0f} s; {later[0]:.1f} MiB after a tenth, then {min(later):.1f} to ",
        end="",
    )
    print(f"{max(later):.1f}, {later[-1]:.1f} at the end: {grown:+.1%}", flush=True)
    return grown < 0.05


def session() -> tuple[Session, io.StringIO]:
    out = io.StringIO()
    return Session(out=out, err=out, seed=0), out


def prompts(count: int) -> bool:
    """So many prompts through one session."""
    at, out = session()

    def step(i: int) -> bool:
        at.run(PROMPTS[i % len(PROMPTS)].format(i=i, a=i % 7, b=i % 5), f"<prompt {i}>")
        out.truncate(out.seek(0))
        return i + 1 < count

    return soak("prompts", step)


def mixed(minutes: float) -> bool:
    """Training, large arrays in cycles, files, deep graphs, transforms, and errors, one after another."""
    at, out = session()
    end = time.monotonic() + 60 * minutes

    def step(i: int) -> bool:
        texts = PROMPTS + WORK
        at.run(texts[i % len(texts)].format(i=i, a=i % 7, b=i % 5), f"<prompt {i}>")
        out.truncate(out.seek(0))
        return time.monotonic() < end

    return soak("mixed work", step)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        flat = [prompts(count), mixed(minutes)]
        os.chdir("/")
    sys.exit(0 if all(flat) else 1)


if __name__ == "__main__":
    main()
