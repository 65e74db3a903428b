"""What the operators of a run take, forward and backward: each is met at its gate, and each step of a backward pass."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from gradsh.engine.core.layer import Layer, applied
from gradsh.engine.core.modes import mode
from gradsh.reports.measured import Row

PASSES = frozenset(("backward", "autograd.backward", "grad", "autograd.grad"))  # of which the steps are met


class Profiler(Layer):
    """Asked by every gate (`mode.interpreter`) and for every step (`mode.profile`) while the run goes on.

    Operators that others are written in are met one by one, as in PyTorch's profiler: `linear` is `t` and `addmm`.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.rows: dict[str, Row] = {}

    def row(self, name: str) -> Row:
        found = self.rows.get(name)
        if found is None:
            found = self.rows[name] = Row(name)
        return found

    # --- forward: as gradsh.engine.core.modes.Interpreter ---------------------------------------------------------

    def wants(self, values: Any) -> bool:
        return True

    def opens(self, entry: Any) -> bool:
        return super().opens(entry) or entry.name in PASSES

    def operate(self, entry: Any, values: list[Any]) -> Any:
        return self.timed(entry.name, lambda: applied(entry, values))

    def timed(self, name: str, work: Callable[[], Any]) -> Any:
        """`work()`, the time of which is that of an operator."""
        mode.interpreter = None
        start = perf_counter()
        try:
            return work()
        finally:
            row = self.row(name)
            row.forward += perf_counter() - start
            row.calls += 1
            mode.interpreter = self

    def unknown(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        return self.timed(name, lambda: function(values))

    # --- backward: as gradsh.engine.core.modes.Profile -------------------------------------------------------------

    def step(self, step: Callable[[Any, Any], Any], node: Any, g: Any) -> Any:
        before = mode.interpreter
        mode.interpreter = None
        start = perf_counter()
        try:
            return step(node, g)
        finally:
            row = self.row(node.kind.operator or node.kind.name)
            row.backward += perf_counter() - start
            row.steps += 1
            mode.interpreter = before
