"""One peer, one work: prepares it, then takes a turn for every line on standard input and prints its seconds.

A turn is one timed run, or the median of as many as fit into a tenth of a second: a work of two milliseconds would
otherwise mostly time the caches that the other peers' turns have left. At the end of input it prints its peak memory,
in KiB: before the first turn, and at last.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time

from benchmarks.peers import PEERS


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    peer, work = sys.argv[1:]
    run = PEERS[peer](work)
    print("ready", flush=True)
    prepared = peak()
    for _ in sys.stdin:
        times: list[float] = []
        while sum(times) < 0.1:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        print(statistics.median(times), flush=True)
    print(prepared, peak(), flush=True)


main()
