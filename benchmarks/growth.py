"""How the time for each element grows with their number: `python -m benchmarks.growth [WHAT …] [--most N]`.

CPU time of gradsh alone, one BLAS thread, the least of several runs: nodes, leaves, fan-in, writes, parameters,
iterations, lines, batch and tensor sizes. What costs as much for each of many as for each of a few is a level line in
the picture; a cliff is where one rises. Batch and tensor sizes fall at first, as what a call costs is shared by more.
No size beyond --most is measured.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

# what: (its sizes, a program with `prepare(n)` and `run(n, what prepare gave)`)
HUNDREDS = (100, 1_000, 10_000, 100_000)
WORKS: dict[str, tuple[tuple[int, ...], str]] = {
    "nodes in a chain": (
        (*HUNDREDS, 1_000_000),
        "fn prepare(n) = tensor(0.5, grad)\n"
        "fn run(n, x) { let y = x; for i in range(n) { y = y * 0.999 }; backward y; x.grad = none }",
    ),
    "leaves of a sum": (
        HUNDREDS,
        "fn prepare(n) = [tensor(1., grad) for i in range(n)]\n"
        "fn run(n, leaves) { backward stack(leaves).sum(); zero_grad leaves }",
    ),
    "uses of one tensor": (
        HUNDREDS,
        "fn prepare(n) = tensor(1., grad)\n"
        "fn run(n, x) { backward stack([x * 2 for i in range(n)]).sum(); x.grad = none }",
    ),
    "tracked writes": (
        (10, 100, 1_000),
        "fn prepare(n) = tensor(2., grad)\n"
        "fn run(n, a) { let x = zeros(n); for i in range(n) { x[i] = a * 2 }; backward x.sum(); a.grad = none }",
    ),
    "parameters, Adam": (
        (10, *HUNDREDS[:3]),
        "fn prepare(n) {\n"
        "    let given = [ones(4, 4, grad) for i in range(n)]\n"
        "    for p in given { p.grad = ones(4, 4) }\n"
        "    return Adam(given)\n"
        "}\n"
        "fn run(n, optimizer) { step optimizer }",
    ),
    "iterations": (
        HUNDREDS,
        "fn prepare(n) = tensor(1., grad)\n"
        "fn run(n, w) { for i in range(n) { backward (w - 2) ** 2; no_grad { w -= 0.01 * w.grad }; w.grad = none } }",
    ),
    "batch of an MLP": (
        (1, 16, 256, 4_096, 65_536),
        "let net = Sequential(Linear(64, 32), ReLU(), Linear(32, 10))\n"
        "fn prepare(n) = [rand(n, 64), randint(0, 10, (n,))]\n"
        "fn run(n, given) { backward cross_entropy(net(given[0]), given[1]); zero_grad net }",
    ),
    "elements": (
        (10, 1_000, 30_000, 100_000, 300_000, 1_000_000, 10_000_000),
        "fn prepare(n) = rand(n, grad)\nfn run(n, x) { backward (sin(x) * x + exp(x)).sum(); x.grad = none }",
    ),
}
LINES = "lines of a program"
FALLING = ("batch of an MLP", "elements")


def least(run: Callable[[], Any]) -> float:
    """The least CPU seconds of several runs: five, more of short ones, fewer of those that take long."""
    times: list[float] = []
    while sum(times) < (0.1 if len(times) >= 5 else 1):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def of_work(program: str, sizes: tuple[int, ...]) -> Iterator[tuple[int, float]]:
    import numpy as np

    import gradsh
    from gradsh.engine.core.modes import swapped

    session = gradsh.Session(plans=False)  # what an operation costs, not what a plan knows of it
    result = session.run(program)
    assert result.ok, result.errors
    prepare, run = session.globals[".prepare"], session.globals[".run"]
    with swapped(session.context), np.errstate(all="ignore"):
        for n in sizes:
            given = prepare(n)
            run(n, given)
            yield n, least(lambda n=n, given=given: run(n, given))  # type: ignore[misc]  # bound at once


def of_lines(sizes: tuple[int, ...]) -> Iterator[tuple[int, float]]:
    """A program that has not been seen before, read and run."""
    import gradsh

    gradsh.Session().run("let x = 1.0")
    for n in sizes:
        text = f"let x = tensor({n}.)\n" + "x = x * 0.5 + sin(x)\n" * n
        start = time.process_time()
        assert gradsh.Session().run(text).ok
        yield n, time.process_time() - start


def measured(what: str, most: int) -> list[tuple[int, float]]:
    """(size, CPU seconds for each element) of one row of the table."""
    sizes = tuple(n for n in (HUNDREDS if what == LINES else WORKS[what][0]) if n <= most)
    found = of_lines(sizes) if what == LINES else of_work(WORKS[what][1], sizes)
    return [(n, seconds / n) for n, seconds in found]


def cliff(points: list[tuple[int, float]]) -> tuple[float, int]:
    """How many times as much an element costs as at a smaller size, at most, and from which size on."""
    best, found, where = math.inf, 1.0, 0
    for n, each in points:
        if each / best > found:
            found, where = each / best, n
        best = min(best, each)
    return found, where


def power(value: float, chars: int, left: bool) -> str:
    """Ten to the `value`, for an axis."""
    text = f"{10**value:.3g}"
    return text.ljust(chars) if left else text.rjust(chars)


def picture(rows: dict[str, list[tuple[int, float]]]) -> str:
    """The time of an element against their number, both as powers of ten; each row is a letter."""
    import plotille

    figure = plotille.Figure()
    figure.width, figure.height, figure.color_mode = 70, 18, "names"
    figure.with_colors = False
    figure.x_label, figure.y_label = "the number", "us each"
    figure.register_label_formatter(float, lambda value, chars, delta, left=False: power(value, chars, left))
    for letter, points in zip("abcdefghijkl", rows.values(), strict=False):
        xs, ys = [math.log10(n) for n, _ in points], [math.log10(each * 1e6) for _, each in points]
        figure.plot(xs, ys, interp="linear")
        figure.scatter(xs, ys, marker=letter)
    return str(figure.show())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("what", nargs="*", help=", ".join((*WORKS, LINES)))
    parser.add_argument("--most", type=int, default=10**7, help="no size beyond this")
    given = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a second one, while it waits for work, is CPU time too
    from gradsh import memory

    # as the command does it, gradsh/cli/main.py
    gc.set_threshold(100_000, 20, 20)
    memory.reuse()
    rows: dict[str, list[tuple[int, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # what is read here is to be read, and not kept
        for letter, what in zip("abcdefghijkl", given.what or (*WORKS, LINES), strict=False):
            rows[what] = points = measured(what, given.most)
            times, where = cliff(points)
            said = f"x {times:.1f} at {where:,}" if times > 1.5 else "none"
            print(f"{letter} {what:20}", *(f"{n:>10,}: {each * 1e6:<9.4g}" for n, each in points), f"cliff: {said}")
    print("(us of CPU for each element)")
    for title, falling in (("each as much", False), ("shared by more", True)):
        shown = {what: points if (what in FALLING) is falling else [] for what, points in rows.items()}
        if any(shown.values()):
            print(f"\n{title}\n\n{picture(shown)}")


if __name__ == "__main__":
    main()
