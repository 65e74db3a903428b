"""All that a session has, as something that can be compared: what is only looked at leaves it as it is."""

from __future__ import annotations

from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

import gradsh
from gradsh.engine.core.alloc import ACCOUNT
from gradsh.engine.core.graph import Freed, Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.engine.kernels.compiled import Native
from gradsh.language import places


class Taken:
    """A walk over everything that the globals lead to, each thing once; `found` says what it is."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}  # kept alive, so that no number comes twice
        self.found: list[Any] = []
        self.waiting: list[Any] = []

    def value(self, value: Any) -> Any:
        if value is None or isinstance(value, (int, float, str, bytes, np.dtype)):
            return value
        if isinstance(value, (np.ndarray, np.generic)):
            return (value.shape, str(value.dtype), value.tobytes())
        key = id(value)
        if key not in self.seen:
            self.seen[key] = value
            self.waiting.append(value)
        return key

    def all(self) -> list[Any]:
        """What everything is that the values have led to."""
        while self.waiting:  # a graph may be deep
            value = self.waiting.pop()
            self.found.append((id(value), self.inside(value)))
        return self.found

    def inside(self, value: Any) -> Any:
        kind = value.__class__
        if kind is Tensor:
            slots = (value.data, value.gradient, value.node, value.requires, value.extra)
            storage = value.storage
            return ["tensor", storage and (id(storage), storage.version), *map(self.value, slots)]
        if kind is Node:
            saved = "freed" if value.saved.__class__ is Freed else self.value(value.saved)
            return ["node", value.seq, value.kind.name, saved, self.value(value.next), self.value(value.extra)]
        if kind is Output:
            return ["output", value.number, self.value(value.node)]
        if kind is FunctionType:
            held = (value.__closure__, value.__defaults__, value.__kwdefaults__)
            return ["function", id(value.__code__), *map(self.value, held)]
        if kind is MethodType:
            return ["method", self.value(value.__self__)]
        if kind is Native:
            return ["kernel", value.name]  # the process's: how much is left until it is worth loading
        if kind is CellType:
            try:
                return ["cell", self.value(value.cell_contents)]
            except ValueError:
                return ["cell"]
        if isinstance(value, (list, tuple, set, frozenset)):
            return [kind.__name__, *map(self.value, value)]
        if isinstance(value, dict):
            return [kind.__name__, *((self.value(key), self.value(item)) for key, item in value.items())]
        slots = [name for base in kind.__mro__ for name in getattr(base, "__slots__", ()) if name != "__weakref__"]
        names = [*slots, *getattr(value, "__dict__", ())] if kind.__module__.startswith("gradsh.engine") else []
        if isinstance(kind, ModelKind):
            names = ["cells", "buffer_names", "hooks", "training", *names]
        return [kind.__name__, *((name, self.value(getattr(value, name, None))) for name in dict.fromkeys(names))]


def state(session: gradsh.Session) -> Any:
    """What can be compared of it."""
    taken = Taken()
    bound = {name: taken.value(value) for name, value in session.globals.items() if name[0] == "."}
    context = session.context
    generator = context.generator
    settings = (
        context.grad, context.inference, context.anomaly, context.default, context.passed, sorted(context.warned),
        context.reformed, context.interpreter, context.where, taken.value(context.print_options),
        generator and generator.as_bytes().tobytes(),
    )  # fmt: skip
    kept = (list(places.PROGRAMS), list(places.OLD), list(session.modules), ACCOUNT.left, ACCOUNT.floor)
    notes = context.notes and taken.value(context.notes.passes.summed)
    return bound, taken.all(), settings, kept, notes
