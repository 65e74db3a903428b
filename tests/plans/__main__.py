"""`python -m tests.plans [FIRST [LOOPS]]`: the programs of this repository and random loops, with plans and without.

From 0 on all programs, and then 100,000 loops unless another number is given. Ends with status 1 where a program shows
or leaves something else, and says which and what; else with how many loops had a plan, and why the others had none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path

from gradsh.reports.plans import LoopPlan
from tests.conftest import take_interrupts
from tests.plans import again, calls, epochs, objects, operators, scripts, turns
from tests.plans.compared import Run, apart, compared, looked_at
from tests.plans.programs import LOOPS, made
from tests.plans.sources import programs
from tests.plans.stopped import stopped

KINDS = 9  # of programs, one after the other
# Trainings in Python as people write them, loops that do things each n-th iteration, and short programs in Python, of
# which the first are each compiled for itself.
WITH = {2: epochs.made, 6: turns.made, 7: scripts.made, 8: objects.made}
PYTHON = (2, 7, 8)
APART = 7
AGAIN = (1, 3, 5)  # those that run one loop again and again; the last is also interrupted


def digits(told: list[LoopPlan]) -> str:
    """What is wrong where a plan was made, and found to come to something else: that was luck."""
    return "".join(f"line {each.loop}: {each.reason}\n" for each in told if "other digits" in each.reason)


def main(first: int = 0, count: int = 100_000) -> int:
    take_interrupts()
    reasons: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, apart(Path(folder)):
        os.environ["GRADSH_CACHE_DIR"] = folder + "/cache"
        for python in (False, True) if not first else ():
            for name, texts in programs(python):
                make = partial(Run, python=python, cells=name.endswith(".ipynb"))
                found, told = compared(texts, name, make)
                reasons.update(each.reason[:100] or "a plan" for each in told)
                if found:
                    print(f"{name}: {found}", flush=True)
                    wrong += 1
        for found, _ in (*operators.outcomes(every=True), *operators.of_batches(every=True)) if not first else ():
            if found:
                print(f"a loop of calls: {found}", flush=True)
                wrong += 1
        print(f"{sum(reasons.values())} loops of programs, {reasons['a plan']} with a plan", flush=True)
        for seed in range(first, first + -(-count // LOOPS)):
            kind = seed % KINDS
            make = again.made if kind in AGAIN else WITH.get(kind, made)
            texts = make(seed) if kind else [calls.made(seed)]
            way = partial(Run, shared=kind != APART, python=kind in PYTHON, **looked_at(seed))
            found, told = compared(texts, make=way)
            if not found and kind == AGAIN[-1]:
                found, _ = stopped(texts, after=1 + seed % 13)
            reasons.update(each.reason[:100] or "a plan" for each in told)
            found = found or digits(told)
            if found:
                print(f"program {seed}, {found}", flush=True)
                wrong += 1
    for reason, times in reasons.most_common():
        print(f"{times:8}  {reason}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
