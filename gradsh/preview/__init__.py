"""What an expression would give, found out while it is typed: as if it had never run.

`line.Preview` is asked for a text and gives a report. The text is parsed, resolved and lowered like any other; `purity`
judges what its code could change, `guard` stands at the engine's gates while it runs: it refuses what writes, draws or
reaches outside, adds up how long each operator may take before that runs, and beyond the budget goes on with shapes.
"""

from __future__ import annotations
