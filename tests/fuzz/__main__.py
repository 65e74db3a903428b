"""Fuzzers of gradsh.

    python -m tests.fuzz                         ten seconds of each
    python -m tests.fuzz --seconds 3600          an hour, split over the fuzzers (`make fuzz`)
    python -m tests.fuzz --only calls,mutated --count 10000 --seed 7
    python -m tests.fuzz --only calls --seed 7 --first 123 --count 1 --show        one input again
    python -m tests.fuzz --replay                what was found before: tests/fuzz/found/

Exit status 1 when something was found; each finding is made small and written to tests/fuzz/found/.
"""

from __future__ import annotations

import sys

from tests.fuzz.run import main

if __name__ == "__main__":
    sys.exit(main())
