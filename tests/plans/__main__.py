"""`python -m tests.plans [FIRST [COUNT]]`: random loops, calls and all examples, with plans forced and without.

Ends with status 1, and the program, where one prints something else.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.plans import calls, programs
from tests.test_plans import shown


def main(first: int = 0, count: int = 100_000) -> int:
    reasons: Counter[str] = Counter()
    texts = [file.read_text() for file in sorted(Path("examples").glob("*.grad"))] if not first else []
    for number in range(len(texts) + count):
        seed = first + number - len(texts)
        text = texts[number] if seed < first else (programs, calls)[seed % 2].made(seed)
        by_plan, told = shown(text)
        if by_plan != shown(text, planned=False)[0]:
            print(f"another output, {number}:\n{text}")
            return 1
        reasons.update(each.reason[:80] or "a plan" for each in told)
    for reason, times in reasons.most_common():
        print(f"{times:8}  {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
