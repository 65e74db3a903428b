"""The backward passes of a program that looks: the last ones into each leaf, with their amounts, and the last root.

`Passing` is the walk of a `backward` there; programs that do not look have none of this.
"""

from __future__ import annotations

from collections import deque
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from gradsh.engine.autograd.backward import Walk
from gradsh.engine.core.graph import Node, Output, Where
from gradsh.engine.core.tensor import Tensor, make
from gradsh.runtime import checking, jacobian
from gradsh.runtime.results import FEW, Result
from gradsh.runtime.watching import STEPS, Noted

LAST = 4  # passes into a leaf that are told apart
LOOKED_AT = 1_000_000  # elements of a gradient that are looked through for nan at a prompt


class Pass:
    """One backward: where, which one it was of those at this place (from 1), and what was differentiated.

    `roots` are edges: nodes, outputs and leaves. They are held only where nothing that was saved is held with them.
    """

    __slots__ = ("_roots", "round", "where")

    def __init__(self, where: Where | None, round: int, roots: list[Any], keep: bool) -> None:
        self.where = where
        self.round = round
        self._roots: list[Any] = [ref(root) if keep and root.__class__ is Node else root for root in roots]

    @property
    def roots(self) -> list[Any]:
        found = [root() if root.__class__ is ref else root for root in self._roots]
        return [root for root in found if root is not None]


class Summed:
    """What `.grad` of a leaf is the sum of: how many passes since it was cleared, and the last few.

    `last` are (place, round, amount): the amount is a Result, None where it is not known. `over`: it began where all
    of a gradient that was there was 0, and `left`: whether there is another number in it now. `doubtful`: of such a
    gradient nobody knows whether the program has cleared it, or every pass so far has brought zeros.
    """

    __slots__ = ("count", "doubtful", "last", "left", "over")

    def __init__(self, over: bool = False, doubtful: bool = False) -> None:
        self.count = 0
        self.over, self.doubtful, self.left = over, doubtful, False
        self.last: deque[tuple[Where | None, int, Result | None]] = deque(maxlen=LAST)

    def add(self, here: Pass, amount: Result | None) -> None:
        self.count += 1
        self.last.append((here.where, here.round, amount))


class Passes:
    """All that a session notes of its backward passes.

    `fresh_nan`: the leaves whose gradient is nan since the prompt has last asked, None where nobody asks.
    """

    __slots__ = ("fresh_nan", "last", "rounds", "summed")

    def __init__(self) -> None:
        self.fresh_nan: dict[int, Any] | None = None
        self.last: Pass | None = None
        self.rounds: dict[Where | None, int] = {}
        self.summed: dict[int, tuple[Any, Summed]] = {}  # by id: `==` of tensors is one by one

    def began(self, where: Where | None, roots: list[Any], keep: bool) -> Pass:
        """Note a backward that begins."""
        self.rounds[where] = self.rounds.get(where, 0) + 1
        self.last = Pass(where, self.rounds[where], roots, keep)
        return self.last

    def of(self, t: Tensor) -> Summed | None:
        """What the gradient of a tensor is the sum of; None where that was not noted or it was cleared since."""
        return self.known(t) if t.gradient is not None and not cleared(t) else None

    def known(self, t: Tensor) -> Summed | None:
        """What was noted of a tensor, whether or not it was cleared since."""
        held = self.summed.get(id(t))
        return held[1] if held is not None and held[0]() is t else None

    def arrived(self, t: Tensor, fresh: int, amount: Result | None) -> None:
        """Note what a pass added to `t.grad`; `fresh`: there was nothing before it, NONE or ZEROS."""
        assert self.last is not None
        held = self.known(t)
        if held is None or fresh:
            key, over = id(t), fresh == ZEROS
            held = Summed(over, over and not (held is not None and held.left))
            self.summed[key] = (ref(t, lambda _: self.summed.pop(key, None)), held)
        held.add(self.last, amount)
        if held.over and t.gradient is not None:
            held.left = bool(np.any(t.gradient.data))


def cleared(t: Tensor) -> bool:
    """Is there nothing in `t.grad` that another pass would be added to?"""
    return t.gradient is None or not np.any(t.gradient.data)


ZEROS, NONE = 1, 2  # what a pass is added to that is the first


def begins(t: Tensor) -> int:
    """What a pass into a leaf is added to: NONE, ZEROS, or 0 where there is something."""
    return NONE if t.gradient is None else ZEROS if cleared(t) else 0


class Passing(Noted):
    """The walk of a `backward` in a program that looks."""

    __slots__ = ("arrivals_at", "checks", "fresh", "passes")

    def __init__(self, passes: Passes, keep: bool, where: Where | None, checks: bool, shown: bool = False) -> None:
        super().__init__(keep, where, shown)
        self.checks = checks  # inside of `nancheck`
        self.passes = passes
        self.fresh: dict[Tensor, int] = {}
        self.arrivals_at: dict[Tensor, list[Any]] = {}

    def run(self) -> None:
        here = self.passes.began(self.where, [*self.pending, *self.leaves], self.keep)
        if not self.checks:
            jacobian.note(self.pending, here.round)
        for leaf, g in self.leaves.items():
            self._note(leaf, Result(g))
        super().run()
        for t, parts in self.arrivals_at.items():
            if t.gradient is not None and (self.captures is None or t in self.captures):
                self.passes.arrived(t, self.fresh[t], _sum(parts))
                odd = self.passes.fresh_nan
                if odd is not None and t.gradient.data.size <= LOOKED_AT and np.isnan(t.gradient.data.sum()):
                    odd[id(t)] = ref(t)

    def watched_step(self, node: Node, g: Any) -> Any:
        for number, kept in node.extra.retained if node.extra is not None else ():
            t = kept()
            came = g[number] if g.__class__ is list else g
            if t is not None and came is not None:
                self.fresh[t] = 0 if self.arrivals_at.get(t) or self.passes.known(t) is not None else NONE
                self._note(t, Result(came))
        kept = _few(node.saved)
        if kept is not None:
            KEPT[node] = kept
        gs = super().watched_step(node, g)
        if self.checks:
            checking.sent(node, g, gs if gs.__class__ is tuple else (gs,))
        edges = node.next if node.next.__class__ is tuple else (node.next,)
        for edge, out in zip(edges, STEPS[node][1], strict=False):
            if edge.__class__ is Tensor and out is not None:
                self._note(edge, out)
        return gs

    def _note(self, t: Tensor, g: Result) -> None:
        if t not in self.fresh:
            self.fresh[t] = begins(t)
        self.arrivals_at.setdefault(t, []).append(g)


# of each node what it kept before a backward freed it, where that is little
KEPT: WeakKeyDictionary[Node, Any] = WeakKeyDictionary()


def _few(saved: Any) -> Any:
    """A copy of what a node keeps, None where that is more than a few numbers."""
    if saved.__class__ is Tensor:
        if saved.data.size > FEW:
            return None
        copy = make(saved.data.copy())
        copy.node, copy.requires = saved.node, saved.requires
        return copy
    if isinstance(saved, np.generic):
        return saved  # it does not change
    if isinstance(saved, np.ndarray):
        return saved.copy() if saved.size <= FEW else None
    if saved.__class__ is tuple or saved.__class__ is list:
        copies = []
        for each in saved:
            copy = _few(each)
            if copy is None and each is not None:
                return None
            copies.append(copy)
        return saved.__class__(copies)
    return saved


def _sum(parts: list[Result]) -> Result | None:
    """What several ways brought, where all of it is known."""
    if len(parts) == 1:
        return parts[0]
    values = [part.value for part in parts]
    return None if any(value is None for value in values) else Result(sum(values[1:], values[0]))


class Counting(Walk):
    """The walk of a `backward` where passes are only counted, for `show`."""

    __slots__ = ("fresh", "passes")

    def __init__(self, passes: Passes, keep: bool, where: Where | None) -> None:
        super().__init__(keep, False, where)
        self.passes = passes
        self.fresh: dict[Tensor, int] = {}

    def deliver(self, edge: Any, g: Any) -> None:
        if edge.__class__ is Tensor and edge not in self.fresh:
            self.fresh[edge] = begins(edge)
        super().deliver(edge, g)

    def run(self) -> None:
        self.passes.began(self.where, [], True)
        super().run()
        for t, fresh in self.fresh.items():
            if t.gradient is not None and (self.captures is None or t in self.captures):
                self.passes.arrived(t, fresh, None)


def leaves_behind(roots: list[Any]) -> list[Tensor]:
    """The leaves that a backward from these edges comes to, each once."""
    seen: set[int] = set()
    stack = list(roots)
    found: list[Tensor] = []
    while stack:
        edge = stack.pop()
        edge = edge.node if edge.__class__ is Output else edge
        if edge is None or id(edge) in seen:
            continue
        seen.add(id(edge))
        if edge.__class__ is Tensor:
            found.append(edge)
        else:
            stack += edge.next if edge.next.__class__ is tuple else (edge.next,)
    return found
