"""One peer, one work: prepares it, then does one timed run for every line on standard input and prints its seconds."""

from __future__ import annotations

import sys
import time

from benchmarks.peers import PEERS


def main() -> None:
    peer, work = sys.argv[1:]
    run = PEERS[peer](work)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)


main()
