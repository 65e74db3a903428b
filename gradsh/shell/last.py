"""`_`, the last value that was shown, and `_3`, that of line 3.

They are no names of the session's own: nothing lists or saves them, and a program that binds `_` itself keeps its own.
What is held is bounded: the values of 100 lines, 64 MiB of them, and with their graphs those of 10.
"""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.runtime.namespace import hand, take_back
from gradsh.session.session import Session
from gradsh.shell.ghost import names_bound
from gradsh.shell.lines import Line, Watcher

LINES = 100
GRAPHS = 10
BYTES = 64 * 2**20
DEEPEST = 3  # levels of containers that are weighed
NOTHING = object()


class Last(Watcher):
    """Hands the values that lines have shown to the lines that follow."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.shown: Any = NOTHING  # by the line that runs
        self.held: dict[str, tuple[int, bool]] = {}  # name -> (bytes, has a graph), the oldest first
        self.users: set[str] = set()  # what programs have bound
        show = session.display.value

        def value(value: Any, span: Any) -> None:
            show(value, span)
            self.shown = value

        session.display.value = value  # type: ignore[method-assign]  # a display is told of each value that is shown

    @property
    def is_there(self) -> bool:
        """Is there something that `_` stands for?"""
        return "._" in self.session.globals

    def before(self, line: Line) -> None:
        self.shown = NOTHING

    def after(self, line: Line) -> None:
        if "_" in line.text:
            self.users |= {name for name in names_bound(line.text) if name == "_" or name[1:].isdecimal()}
            for name in self.users & self.held.keys():
                self._drop(name, bound=True)
        if self.shown is NOTHING:
            return
        value, self.shown = self.shown, NOTHING
        for name in ("_", f"_{line.number}"):
            if name not in self.users:
                self.held.pop(name, None)
                self.held[name] = (weight(value), has_graph(value))
                hand(self.session.globals, name, value)
        self._forget()

    def _forget(self) -> None:
        """Let go of the oldest, beyond what may be held."""
        numbered = [name for name in self.held if name != "_"]
        graphs = [name for name in numbered if self.held[name][1]]
        total = sum(self.held[name][0] for name in numbered)
        for name in numbered[:-1]:
            if total > BYTES or len(numbered) > LINES or (name in graphs and len(graphs) > GRAPHS):
                total -= self.held[name][0]
                numbered.remove(name)
                if name in graphs:
                    graphs.remove(name)
                self._drop(name)

    def _drop(self, name: str, bound: bool = False) -> None:
        del self.held[name]
        take_back(self.session.globals, name, bound)


def weight(value: Any, depth: int = 0) -> int:
    """About how many bytes a value holds."""
    if isinstance(value, Tensor):
        return int(value.data.nbytes)
    if isinstance(value, (list, tuple)) and depth < DEEPEST:
        return sum(weight(each, depth + 1) for each in value[:1000])
    if isinstance(value, dict) and depth < DEEPEST:
        return sum(weight(each, depth + 1) for each in value.values())
    return len(value) if isinstance(value, str) else 64


def has_graph(value: Any) -> bool:
    """Does it keep what it was computed from?"""
    if isinstance(value, (list, tuple)):
        return any(map(has_graph, value[:100]))
    return isinstance(value, Tensor) and value.grad_fn is not None
