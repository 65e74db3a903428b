"""The guard at the engine's gates while a line is looked at: nothing changes, and nothing takes long.

It is the interpreter (`gradsh.engine.core.modes.Interpreter`) that takes all values. Of each operator it asks the entry
whether a call does more than give a result, and how much there is to do; only then the operator runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.graph import Output
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.elementwise import Binary
from gradsh.engine.operators.general import General, run
from gradsh.engine.operators.work import work
from gradsh.preview.refusals import Dear, Impure
from gradsh.preview.sized import is_sized, result

_getframe = sys._getframe

BUDGET = 5e6  # nanoseconds
PROBED = 2e5  # that finding out a form may take


class Guard:
    """Lets operators through that only give a result, within a budget of nanoseconds; `left` is what is left of it.

    `inner`: an interpreter of the program's own (`vmap`), which works inside of this one.
    """

    __slots__ = ("inner", "left", "passing")

    def __init__(self, budget: float = BUDGET) -> None:
        self.left = budget
        self.passing = False  # the operator that asks next has been looked at
        self.inner: list[Any] = []

    def takes(self, values: Any) -> bool:
        if self.passing:
            self.passing = False
            return False
        return True

    def run(self, entry: Any, values: list[Any]) -> Any:
        if entry.outside:
            raise Impure(entry.name)
        if entry.frees:
            self.keep_graph(entry, values)
        cost = work(entry, values)
        if self.has(cost) and not is_sized(values):
            self.spend(cost)
            for inner in reversed(self.inner):
                if inner.takes(values):
                    return inner.run(entry, values)
            return entry.body(*values) if entry.body is not None else self.plain(entry, values)
        if self.inner:
            raise Dear
        self.spend(min(cost, PROBED))
        return result(entry, values, self.plain)

    def plain(self, entry: Any, values: list[Any]) -> Any:
        """Run an operator that has been looked at."""
        if entry.body is not None:
            return entry.body(*values)
        self.passing = True
        try:
            if isinstance(entry, General):
                return run(entry, values, _getframe(1))
            if isinstance(entry, Binary):
                x, y = values
                return entry.operator(x, y, 2) if isinstance(x, Tensor) else entry.reflected(y, x)
            return entry.apply(*values)
        finally:
            self.passing = False

    def has(self, nanoseconds: float) -> bool:
        """Whether there is so much left."""
        return self.left >= nanoseconds

    def spend(self, nanoseconds: float) -> None:
        """Errors: Dear."""
        self.left -= nanoseconds
        if self.left < 0:
            raise Dear

    def keep_graph(self, entry: Any, values: list[Any]) -> None:
        """`grad(z, x)` frees the graph of z, which the program may want again. Errors: Impure."""
        outputs = values[0] if isinstance(values[0], (list, tuple)) else [values[0]]
        if any(isinstance(out, Tensor) for out in outputs):
            if not is_quiet([out.edge for out in outputs if isinstance(out, Tensor)]):
                raise Impure
            at = [parameter.name for parameter in entry.signature.parameters].index("retain_graph")
            values[at] = True

    def pick(self, x: Tensor, index: tuple[Any, ...]) -> Any:
        for inner in reversed(self.inner):
            picked = inner.pick(x, index)
            if picked is not NotImplemented:
                return picked
        return NotImplemented

    def around(self, inner: Any) -> Any:
        return Within(self, inner)

    def write(self, function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise Impure

    def each(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        for inner in reversed(self.inner):
            if inner.takes(values):
                return inner.each(name, function, values)
        self.passing = True
        try:
            return function(values)
        finally:
            self.passing = False

    def draw(self) -> None:
        raise Impure


class Within(Guard):
    """The guard while an interpreter of the program's own works inside of it: one budget for both."""

    __slots__ = ("outer",)

    def __init__(self, outer: Guard, inner: Any) -> None:
        super().__init__()
        self.outer = outer
        self.inner = [inner] if inner in outer.inner else [*outer.inner, inner]

    def has(self, nanoseconds: float) -> bool:
        return self.outer.has(nanoseconds)

    def spend(self, nanoseconds: float) -> None:
        self.outer.spend(nanoseconds)


def is_quiet(roots: list[Any]) -> bool:
    """Whether a backward from these edges calls no hook and leaves no gradient on the way."""
    seen: set[int] = set()
    stack: list[Any] = [edge for edge in roots if edge is not None]
    while stack:
        edge = stack.pop()
        edge = edge.node if edge.__class__ is Output else edge
        extra: Any
        if edge is None or id(edge) in seen:
            continue
        seen.add(id(edge))
        extra = edge.extra
        if edge.__class__ is Tensor:
            if extra is not None and any((extra.hooks, extra.prehooks, extra.node_hooks, extra.post_hooks)):
                return False
            continue
        if extra is not None and any((extra.hooks, extra.prehooks, extra.tensor_hooks, extra.retained)):
            return False
        following = edge.next
        stack += [each for each in following if each is not None] if following.__class__ is tuple else [following]
    return True
