"""A step of a session's past: one program that has run, with the contents that it changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradsh.engine.core.graph import Freed, Handle, Node, NodeExtra, Storage, sequence
from gradsh.engine.core.modes import Context
from gradsh.engine.core.tensor import Tensor, TensorExtra
from gradsh.engine.kernels.random import Generator
from gradsh.engine.printing.format import PrintOptions
from gradsh.runtime.notes import Noting
from gradsh.runtime.passes import Passes, Summed
from gradsh.session.contents import MISSING, NODE, TENSOR, Keeper, exchange, flat, known, ndarray, owner
from gradsh.session.reach import Reach

OWN = 4096  # bytes of a step without any values: its text, its names
NODE_BYTES = 1024  # of a node of a graph, with what is noted of it
# among the names that a step reads, binds and writes: the stream of random numbers; default dtype, grad mode and so on
RANDOM, MODES = "@random", "@modes"
STORAGE = known(Storage)
# what a session notes of itself, as against values of the program
NOTED = (Context, Noting, Passes, Summed, TensorExtra, NodeExtra, Handle, PrintOptions, Generator)


class Change:
    """The contents of one object, as they are on the other side of a step."""

    __slots__ = ("keeper", "object", "other")

    def __init__(self, object: Any, keeper: Keeper, other: Any) -> None:
        self.object = object
        self.keeper = keeper
        self.other = other

    def swap(self) -> None:
        here = self.keeper.read(self.object)
        self.keeper.write(self.object, self.other)
        self.other = here

    def values(self) -> Iterable[Any]:
        return self.keeper.parts(self.other)


class Bytes:
    """The same of memory."""

    __slots__ = ("object", "other")

    def __init__(self, object: Any, other: Any) -> None:
        self.object = object
        self.other = other

    def swap(self) -> None:
        exchange(flat(self.object), self.other)


class Names:
    """The same of names: {key in the globals: value}, MISSING for one that is not bound."""

    __slots__ = ("object", "other")

    def __init__(self, object: dict[str, Any], other: dict[str, Any]) -> None:
        self.object = object
        self.other = other

    def swap(self) -> None:
        space = self.object
        here = {key: space.get(key, MISSING) for key in self.other}
        for key, value in self.other.items():
            if value is MISSING:
                space.pop(key, None)
            else:
                space[key] = value
        self.other = here

    def values(self) -> Iterable[Any]:
        return self.other.values()


class Step:
    """One program that has run.

    name, text      as the session was given them; worked: whether it came to its end
    program         whether its text is one
    label           what the prompt calls it: the number of the line
    first, last     the numbers in the sequence of nodes (they count downwards) before and after it
    reads           names whose values it may have used, RANDOM among them
    binds, writes   names that it bound anew or unbound; names whose values it changed
    paused          what was entered while it was paused that may have changed something: (place, text)
    looks           it can write to nothing, and has changed nothing
    last_shown      what `_` stood for, where it read that
    changes         None once they have been dropped; `size` is about how many bytes they hold, `held` {id: bytes} the
                    memory that they refer to
    large           it may have changed more than is kept: what was before it is out of reach
    """

    __slots__ = (
        "binds", "changes", "first", "held", "label", "large", "last", "last_shown", "looks", "name", "paused",
        "program", "reads", "size", "text", "worked", "writes",
    )  # fmt: skip

    def __init__(self, name: str, text: str, label: int) -> None:
        self.name = name
        self.text = text
        self.label = label
        self.worked = False
        self.program = True
        self.first = self.last = sequence()
        self.reads: frozenset[str] = frozenset()
        self.binds: frozenset[str] = frozenset()
        self.writes: frozenset[str] = frozenset()
        self.changes: list[Change | Bytes | Names] | None = []
        self.last_shown: Any = None
        self.paused: list[tuple[str, str]] = []
        self.looks = False
        self.size = OWN
        self.held: dict[int, int] = {}
        self.large = 0

    @property
    def counts(self) -> bool:
        """Did it change anything that somebody would miss?"""
        return bool(self.binds or self.writes or self.large)

    @property
    def why_not_again(self) -> str:
        """Why running it again would give something else; "" where nothing is known that would make it so."""
        if not self.paused:
            return ""
        place, text = self.paused[0]
        more = f", and {len(self.paused) - 1} more" if len(self.paused) > 1 else ""
        return f"line {self.label} was paused at {place}, where `{' '.join(text.split())}` was entered{more}"

    def looked(self) -> Step:
        """One that has changed nothing, in its place: what it showed need not be shown again."""
        step = Step(self.name, self.text, self.label)
        step.worked, step.reads, step.looks = self.worked, self.reads, True
        return step

    def made(self, seq: int) -> bool:
        """Was it while it ran that this number was drawn?"""
        return self.last < seq < self.first

    def swap(self, back: bool) -> None:
        """Exchange what it changed: undo it (`back`), or do it again."""
        assert self.changes is not None
        for change in reversed(self.changes) if back else self.changes:
            change.swap()


def comments(paused: Iterable[tuple[str, str]]) -> list[str]:
    """What was entered while a step was paused, as lines of a program that only say it."""
    return [f"# {line}" for place, text in paused for line in f"paused at {place}: {text}".split("\n")]


class Aside:
    """Steps that stand in the place of those from number `start` on; some of them may be the same."""

    __slots__ = ("start", "steps")

    def __init__(self, start: int, steps: list[Step]) -> None:
        self.start = start
        self.steps = steps


def matters(x: Any, kept: Keeper, before: Any, now: Any) -> bool:
    """Would somebody miss the change? Not what a tensor only learns of itself when it is looked at."""
    if kept is TENSOR:
        data, node, requires, gradient, _, extra, _ = before
        if gradient is not now[3] or requires is not now[2] or (node is None) != (now[1] is None):
            return True
        if extra is None and marked(now[5]):
            return True
        a = now[0]
        return a is not data and (a.dtype != data.dtype or a.shape != data.shape or a.tobytes() != data.tobytes())
    if kept is NODE:
        if before[1] is None and marked(now[1]):
            return True
        return before[0].__class__ is not now[0].__class__ and now[0].__class__ is Freed
    if kept is STORAGE:
        return bool(before[1] != now[1])
    return x.__class__ not in NOTED and not isinstance(x, set)


def marked(extra: TensorExtra | NodeExtra | None) -> bool:
    """Is something fastened to a tensor or a node that has this?"""
    if extra is None:
        return False
    if isinstance(extra, NodeExtra):
        return bool(extra.hooks or extra.prehooks or extra.tensor_hooks or extra.retained or extra.metadata)
    return extra.retains or any((extra.hooks, extra.post_hooks, extra.prehooks, extra.node_hooks))


def weights(values: Iterable[Any], space: dict[str, Any]) -> dict[int, int]:
    """{id: bytes} of the memory behind some values, with what the nodes of their graphs have saved."""
    reach = Reach(space, True)
    reach.add(values)
    found = {number: whole.nbytes for number, whole in reach.owners.items()}
    saved: list[Any] = []
    for number, node in reach.through.items():
        if node.__class__ is Node:
            found[number] = NODE_BYTES
            saved.append(node.saved)
    while saved:
        value = saved.pop()
        if value.__class__ is Tensor:
            value = value.data
        if value.__class__ is ndarray:
            whole = owner(value)
            if whole is not None:
                found[id(whole)] = whole.nbytes
        elif isinstance(value, (tuple, list)):
            saved += value
    return found
