"""Where what the engine does can be seen: for each kind of doing there is one place that everything of it goes through.

    computed                        a kernel is run (here)
    core/alloc.py                   an array is made
    graph.record, Kind.step         an operation becomes a node; what its node makes of a gradient
    autograd/inplace.bump           memory was written in place
    autograd/backward.accumulate    a gradient is added to `.grad`
    optim/sweep.sweep               an optimiser moves one parameter
    mode.interpreter                an operator has a value that is not a plain tensor

The two measured fast paths (operators/fast.py) make their arrays and nodes themselves, and ask only the last.
`tests/test_gates.py` reads the sources for ways around them.
"""

from __future__ import annotations

from typing import Any


def computed(kernel: Any, *arrays: Any) -> Any:
    """What an operator's kernel makes of the arrays (and numbers) of a call."""
    return kernel(*arrays)
