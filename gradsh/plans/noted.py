"""What a program says of the steps of a recording, for who wants to read its plan: where each was done, and for whom;
how the program calls what is there before, what is there afterwards, and what was made on the way."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.language.places import LIBRARY, PREFIX
from gradsh.plans.classes import is_instance
from gradsh.plans.kinds import is_model, is_optimizer
from gradsh.plans.numbers import Number
from gradsh.plans.outs import Growing
from gradsh.plans.refusal import Closed
from gradsh.plans.shadow import held, parts
from gradsh.plans.values import Step, Value

Place = tuple[CodeType, int]  # of an instruction


class Noted:
    """Where a step was done.

    places  in the program, from the loop's body to the function that did it
    made    where the program made what it is the gradient of, else None
    """

    __slots__ = ("made", "places")

    def __init__(self, places: list[Place], made: Place | None) -> None:
        self.places, self.made = places, made


class Notes:
    """Of one recording.

    of      {the identity of a step: its Noted}
    names   {the identity of a value or a number: what the program called it then}; `head`, `end` those that are there
            when the iteration begins and when it has ended
    item    the number of the loop's item among those that are side by side, where there is one
    """

    def __init__(self) -> None:
        self.of: dict[int, Noted] = {}
        self.names: dict[int, str] = {}
        self.head: dict[int, str] = {}
        self.end: dict[int, str] = {}
        self.item: Any = None
        self.kept: list[Any] = []  # whose identities are keys
        self.below: Any = sys._getframe(1)

    def step(self, step: Step) -> None:
        """It has just been done."""
        frame: Any = sys._getframe(2)
        found: list[Any] = []
        made, inside = None, True
        while frame is not None and (inside or not found):  # of what the loop itself does, its header is the place
            code = frame.f_code
            if code.co_filename.startswith(PREFIX) and not code.co_filename.startswith(LIBRARY):
                found.append(frame)
            elif made is None and not found and code.co_varnames[:1] == ("node",):
                node = frame.f_locals.get("node")  # of the rule of a gradient
                made = (node.code, node.lasti) if type(node) is Node and node.code is not None else None
            inside = inside and frame is not self.below
            frame = frame.f_back
        self.of[id(step)] = Noted([(each.f_code, each.f_lasti) for each in reversed(found)], made)
        for each in reversed(found):
            self.see(each.f_locals)

    def see(self, names: dict[str, Any]) -> None:
        """What the names of a function are bound to; what has a name keeps it."""
        for name, x in names.items():
            if name[0] == ".":
                self.name(self.names, name[1:], x)

    def name(self, names: dict[int, str], text: str, x: Any) -> None:
        if type(x) is Tensor:
            x = x.data
        if type(x) is Value or type(x) is Number or type(x) is Growing:
            if id(x) not in names:
                names[id(x)] = text
                self.kept.append(x)
            if type(x) is Value and x.array.size == x.root.array.size:
                names.setdefault(id(x.root), text)

    def begins(self, roots: dict[str, Any], shadow: Any) -> None:
        self.reach(self.head, roots, shadow)

    def ends(self, roots: dict[str, Any], shadow: Any, item: Any = None) -> None:
        self.see(roots)
        self.reach(self.end, roots, shadow)
        self.item, self.below = item, None

    def reach(self, names: dict[int, str], roots: dict[str, Any], shadow: Any) -> None:
        found = {name.lstrip("."): x for name, x in roots.items()}
        for _, space in shadow.copies.values():
            if type(space) is dict and "__builtins__" in space:
                found |= {name[1:]: x for name, x in space.items() if name[0] == "." and name[1:] not in found}
        for text, x in reached(found):
            self.name(names, text, x)


def reached(roots: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All that the names reach, what is near first: (as the program writes it, it)."""
    ahead = deque(roots.items())
    later: deque[tuple[str, Any]] = deque()  # optimisers, which name what they have by the parameters' names
    called: dict[int, str] = {}
    while ahead or later:
        text, x = ahead.popleft() if ahead else later.popleft()
        if id(x) in called:
            continue
        if ahead and type(x) is not Number and not issubclass(type(x), Closed) and is_optimizer(x):
            later.append((text, x))
            continue
        called[id(x)] = text
        yield text, x
        ahead.extend(inside(text, x, called))


def inside(text: str, x: Any, called: dict[int, str]) -> Iterator[tuple[str, Any]]:
    kind = type(x)
    if kind is Number or issubclass(kind, Closed):
        return
    if kind is Tensor:
        if x.gradient is not None:
            yield f"{text}.grad", x.gradient
    elif kind is CellType:
        if held(x):
            yield text, x.cell_contents
    elif kind is MethodType:
        yield text, x.__self__
    elif kind is FunctionType:
        yield from (
            (name.lstrip("."), cell) for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True)
        )
    elif kind is list or kind is tuple:
        yield from ((f"{text}[{at}]", each) for at, each in enumerate(x))
    elif is_model(x):
        yield from ((member(text, name.lstrip(".")), cell) for name, cell in x.cells.items())
    elif isinstance(x, dict):
        yield from ((f"{text}[{key!r}]", each) for key, each in x.items() if type(key) in (str, int))
    elif is_optimizer(x):
        yield f"{text}.param_groups", x.param_groups
        for parameter, state in x.state.items():  # `w.exp_avg`, as `w.grad` is
            yield from ((f"{called.get(id(parameter), text)}.{key}", each) for key, each in state.items())
    elif is_instance(x):
        yield from ((f"{text}.{str(name).lstrip('.')}", each) for name, each in parts(x))


def member(text: str, name: str) -> str:
    return f"{text}[{name}]" if name.isdecimal() else f"{text}.{name}"
