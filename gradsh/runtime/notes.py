"""What a program that looks at its graph notes while it runs: which expression made which nodes, and what of.

A graph keeps what backward needs and no more: not the results of expressions that nobody bound, nor which call a node
was made in. Where a program has `graph`, `explain` or their kin in it, and at a prompt, each of its expressions is
lowered to `@seen(@mark(), expression, line)`; all other programs have none of this in them.
"""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary, ref

from gradsh.engine.core.graph import Node, Output, Where, sequence
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.interrupts import own
from gradsh.runtime import checking
from gradsh.runtime.passes import Counting, Passes, Passing, leaves_behind
from gradsh.runtime.pausing import pause
from gradsh.runtime.results import FEW, Result

_getframe = sys._getframe


class Note:
    """One run of an expression that made a tensor with a history.

    code, line   the expression: its place in the program's table of spans (gradsh.language.places); line 0 for a call
                 that no expression stands for, in Sequential
    start, end   the sequence numbers (they count downwards) before and after it: nodes between were made in it
    callee       what was called, a weak reference, where it is a model; else None
    """

    __slots__ = ("callee", "code", "end", "line", "result", "start")

    def __init__(self, code: CodeType, line: int, start: int, result: Result, callee: Any) -> None:
        self.code = code
        self.line = line
        self.start = start
        self.end = sequence()
        self.result = result
        self.callee = ref(callee) if isinstance(callee.__class__, ModelKind) else None


# for each node the expressions whose result it made, the innermost first; they go when the node goes
NOTES: WeakKeyDictionary[Node, list[tuple[int, Note]]] = WeakKeyDictionary()


def seen(start: int, value: Any, line: int, callee: Any = None) -> Any:
    """The value of an expression that began at `start`, noted if it made it."""
    if value.__class__ is Tensor:
        if mode.notes is not None and mode.notes.checking:
            frame = _getframe(1)
            checking.made(value, frame.f_code, line, [frame.f_locals, frame.f_globals])
        if value.node is not None:
            _note(value, start, line, callee, _getframe(1).f_code)
    elif isinstance(value, (tuple, list)) and len(value) <= FEW:
        for each in value:
            if each.__class__ is Tensor and each.node is not None:
                _note(each, start, line, callee, _getframe(1).f_code)
    return value


def _note(t: Tensor, start: int, line: int, callee: Any, code: CodeType) -> None:
    node, number = (t.node.node, t.node.number) if t.node.__class__ is Output else (t.node, 0)
    if node.seq < start:  # else it is older than the expression, which only passes it on
        known = NOTES.get(node)
        entry = (number, Note(code, line, start, Result(t.data), callee))
        if known is None:
            NOTES[node] = [entry]
        else:
            known.append(entry)


def of(node: Node) -> list[tuple[int, Note]]:
    """The (output number, note) of a node, the innermost expression first."""
    return NOTES.get(node, [])


class Derived:
    """What a node that a backward with create_graph recorded is part of: the gradient of which node.

    code, lasti   where that was made; node is a weak reference to it, and kind what it was
    where         the place of the backward
    """

    __slots__ = ("code", "kind", "lasti", "node", "where")

    def __init__(self, node: Node, where: Where | None) -> None:
        self.where = where
        self.code = node.code
        self.lasti = node.lasti
        self.kind = node.kind
        self.node = ref(node)


DERIVED: WeakKeyDictionary[Node, Derived] = WeakKeyDictionary()


class Noting:
    """What the engine tells; see gradsh.engine.core.modes.Notes. `passes`: the backward passes of the session.

    `whole`: what each step of them did is noted too, else they are only counted. `checking`: inside of `nancheck`.
    """

    __slots__ = ("checking", "passes", "whole")

    def __init__(self) -> None:
        self.whole = False
        self.checking = False
        self.passes = Passes()

    def called(self, model: Any, x: Any) -> Any:
        start = sequence()
        value = model(x)
        if value.__class__ is Tensor and value.node is not None:
            _note(value, start, 0, model, _getframe(1).f_code)
        return value

    def walk(self, keep: bool, where: Where | None) -> Any:
        return Passing(self.passes, keep, where, self.checking) if self.whole else Counting(self.passes, keep, where)

    def summed(self, where: Where | None, roots: list[Any]) -> None:
        self.passes.began(where, roots, True)
        for t in leaves_behind(roots):
            if t.gradient is not None:
                self.passes.arrived(t, False, None)

    def derived(self, node: Node, start: int, gradients: Any, where: Where | None) -> None:
        if self.checking:
            checking.sent(node, None, tuple(gradients) if isinstance(gradients, (tuple, list)) else (gradients,))
        stack = list(gradients) if isinstance(gradients, (tuple, list)) else [gradients]
        stack = [each.node for each in stack if each.__class__ is Tensor]
        origin = Derived(node, where)
        while stack:
            made = stack.pop()
            if made.__class__ is Output:
                made = made.node
            if made.__class__ is Node and made.seq < start and made not in DERIVED:
                DERIVED[made] = origin
                stack += made.next if made.next.__class__ is tuple else (made.next,)


def derived_from(node: Node) -> Derived | None:
    """What it is the gradient of, where a backward with create_graph recorded it; None for any other."""
    return DERIVED.get(node)


def begin() -> dict[str, Any]:
    """What a program that looks has in its globals; from now on its session notes what the engine tells, too."""
    count()
    mode.notes.whole = True  # type: ignore[union-attr]  # it has just been made
    return HELPERS


def count() -> None:
    """From now on the session counts its backward passes."""
    if mode.notes is None:
        mode.notes = Noting()


HELPERS: dict[str, Any] = {"@mark": sequence, "@seen": seen, "@pauses": own.pauses, "@pause": pause}
