"""The way that an entry went, for the next one: what `Entry` finds step by step, compared in rows.

A loop of epochs enters the plan of the loop inside once for each of them, and nearly always all is as it was: the same
numbers and functions, in the same places, and in each place an object of the same kind. What is other in any way has no
way here; `Entry` then looks at it, and says what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter, is_
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Storage
from gradsh.engine.core.tensor import Tensor, TensorExtra
from gradsh.engine.core.users import is_users
from gradsh.plans.classes import is_written
from gradsh.plans.entry import SIMPLE, Entry, memory_of
from gradsh.plans.graphs import spent
from gradsh.plans.kinds import is_generator, is_model, is_optimizer, is_state
from gradsh.plans.known import transformed
from gradsh.plans.lists import length
from gradsh.plans.numbers import Number, exact
from gradsh.plans.outs import Growing
from gradsh.plans.refusal import NoPlan, Unseen
from gradsh.plans.shadow import ATOMS, OWN, PLAIN_EXTRA, members

ndarray = np.ndarray
FUNCTION = ("__code__", "__globals__", "__defaults__", "__kwdefaults__", "__closure__")
METHOD = ("__func__", "__self__")
extras = attrgetter(*(name for name in TensorExtra.__slots__ if name not in PLAIN_EXTRA and name != "base"))


class Place:
    """Of an object of the program: its number."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


class NoWay(Exception):
    """There is something that only `Entry` knows."""


class Route:
    """The way of one entry.

    rows     of each holder: its place, what gives its parts (None where it is of another kind), and what those must be:
             a number, text or function of gradsh's own itself, a `Place`, or a `Number`; of the first, the names
    copies   what stands for the object of each place; `alone`: the places that no two objects may be in
    tensors  of each: its place, its copy, that of its memory and how it lies there
    slots    (place of a holder, key, number); `holding` likewise of tensors; `lists`, `streams`: the places of those
    """

    def __init__(self, entry: Entry, given: list[tuple[Any, Any]]) -> None:
        """`entry`: one that came to its end; `given`: what it began with, and its copy. Errors: NoWay."""
        self.entry = entry
        self.places: dict[int, Place] = {}
        self.copies: list[Any] = []
        self.alone: list[int] = []
        self.rows: list[tuple[int, Callable[[Any], Any], list[Any]]] = []
        self.tensors: list[tuple[int, Any, int | None, Any]] = []
        self.lists: list[int] = []
        self.streams: list[int] = []
        self.ahead: list[tuple[Callable[[Any, Any, int], None], Any, Any, int]] = []
        self.slots: list[tuple[int, Any, Any]] = []
        self.holding: list[tuple[int, Any, Any]] = []
        self.given = [self.wanted(x, copy) for x, copy in given]
        self.home = None if entry.home is None else self.space(*entry.home)
        while self.ahead:
            look, *each = self.ahead.pop(0)
            look(*each)
        placed = {id(copy) for copy in self.copies}
        if any(id(copy) not in placed for _, copy in entry.tensors):
            raise NoWay
        for found, holding in ((self.slots, entry.slots), (self.holding, entry.places)):
            found += [(self.places[id(entry.there[id(holder)])].at, key, part) for holder, key, part in holding]
        del self.entry, self.ahead, self.places

    # --- the way is found ---

    def wanted(self, x: Any, copy: Any) -> Any:
        """What must be where `x` is."""
        kind = type(x)
        if type(copy) is Number:
            return copy
        if type(copy) is Unseen:
            raise NoWay
        if copy is length:
            return x
        if isinstance(x, ATOMS):
            if isinstance(x, type) and is_written(x):
                raise NoWay
            return x
        if kind is tuple:
            return self.placed(x, copy, self.sequence)
        if kind is FunctionType and not is_users(x) and not transformed(x):
            return x
        if id(copy) in self.places:
            return self.places[id(copy)]
        if self.entry.there.get(id(x)) is not copy:
            raise NoWay
        place = self.placed(x, copy, self.held)
        self.alone.append(place.at)
        self.places[id(copy)] = place
        return place

    def placed(self, x: Any, copy: Any, look: Callable[[Any, Any, int], None]) -> Place:
        place = Place(len(self.copies))
        self.copies.append(copy)
        self.ahead.append((look, x, copy, place.at))
        return place

    def space(self, x: Any, copy: Any) -> Place:
        """The place of a session's globals."""
        if id(copy) not in self.places:
            self.places[id(copy)] = self.placed(x, copy, self.names)
            self.alone.append(self.places[id(copy)].at)
        return self.places[id(copy)]

    def row(self, at: int, parts: Callable[[Any], Any], *wants: Any) -> None:
        self.rows.append((at, parts, list(wants)))

    def names(self, x: Any, copy: Any, at: int) -> None:
        names = [name for name in copy if name != "__builtins__" and name[0] != "@"]
        self.row(at, lambda x: [x[name] for name in names], *(self.wanted(x[name], copy[name]) for name in names))

    def sequence(self, x: Any, copy: Any, at: int) -> None:
        size = len(x)
        self.row(at, lambda x: x if x.__class__ is tuple and len(x) == size else None, *map(self.wanted, x, copy))

    def held(self, x: Any, copy: Any, at: int) -> None:
        kind: Any = type(x)
        if type(copy) is Growing:
            size = copy.size if copy.fixed else None
            self.lists.append(at)
            if kind is not list:
                raise NoWay
            self.row(at, lambda x: () if x.__class__ is list and (size is None or len(x) == size) else None)
        elif kind is Tensor:
            self.tensor(x, copy, at)
        elif kind is Storage:
            self.fields(x, copy, at, kind, ("inference", "detached"))
        elif kind is list:
            size = len(x)
            self.row(at, lambda x: x if x.__class__ is list and len(x) == size else None, *map(self.wanted, x, copy))
        elif kind is dict or is_state(x):
            self.mapping(x, copy, at, kind)
        elif kind is CellType:
            self.fields(x, copy, at, kind, ("cell_contents",))
        elif kind is MethodType:
            self.fields(x, copy, at, kind, ("__func__", "__self__"))
        elif kind is FunctionType:
            self.fields(x, copy, at, kind, FUNCTION)
        elif is_model(x) or is_optimizer(x):
            if is_written(kind) or hasattr(x, "__dict__"):
                raise NoWay
            self.fields(x, copy, at, kind, tuple(name for name in members(kind) if name not in OWN))
        elif is_generator(x):
            self.streams.append(at)
            self.row(at, lambda x: () if x.__class__ is kind else None)
        else:
            raise NoWay

    def fields(self, x: Any, copy: Any, at: int, kind: Any, names: tuple[str, ...]) -> None:
        there = tuple(name for name in names if hasattr(x, name))
        missing = [name for name in names if name not in there]
        if not there:
            raise NoWay
        get = attrgetter(*there)
        wants = []
        for name in there:
            mine, theirs = getattr(x, name), getattr(copy, name)
            if name == "__globals__" and is_users(x):
                wants.append(self.space(mine, theirs))
            elif name in ("__code__", "__globals__") or (name == "__func__" and mine is theirs):
                wants.append(mine)
            else:
                wants.append(self.wanted(mine, theirs))

        def parts(x: Any) -> Any:
            if x.__class__ is not kind or (missing and any(hasattr(x, name) for name in missing)):
                return None
            return get(x) if len(there) > 1 else (get(x),)

        self.row(at, parts, *wants)

    def mapping(self, x: Any, copy: Any, at: int, kind: Any) -> None:
        keys, size = list(x), len(x)
        if all(type(key) in SIMPLE for key in keys):

            def parts(x: Any) -> Any:
                if x.__class__ is not kind or len(x) != size:
                    return None
                return x.values() if all(map(is_, x, keys)) or all(map(same, x, keys)) else None

            self.row(at, parts, *map(self.wanted, x.values(), copy.values()))
        else:
            self.row(
                at,
                lambda x: [*x, *x.values()] if x.__class__ is kind and len(x) == size else None,
                *map(self.wanted, [*x, *x.values()], [*copy, *copy.values()]),
            )

    def tensor(self, x: Tensor, copy: Tensor, at: int) -> None:
        parameter = None if x.extra is None else bool(x.extra.parameter)
        with_node = x.node is not None
        wants = [x.requires, self.wanted(x.gradient, copy.gradient), None, None]
        if x.storage is not None:
            wants[2] = self.wanted(x.storage, copy.storage)
        if x.extra is not None:
            wants[3] = self.wanted(x.extra.base, copy.extra.base)  # type: ignore[union-attr]

        def parts(x: Any) -> Any:
            if x.__class__ is not Tensor or (x.node is None) is with_node or (with_node and not spent(x.node)):
                return None
            extra, base = x.extra, None
            if extra is not None:
                if bool(extra.parameter) is not parameter or any(extras(extra)):
                    return None
                base = extra.base
            elif parameter is not None:
                return None
            return x.requires, x.gradient, x.storage, base

        self.row(at, parts, *wants)
        value = copy.data
        memory = None
        if not value.scalar:
            root = value.root
            if id(root) not in self.places:
                self.places[id(root)] = Place(len(self.copies))
                self.copies.append(root)
                self.alone.append(self.places[id(root)].at)
            memory = self.places[id(root)].at
        self.tensors.append((at, copy, memory, (value.array.dtype, value.array.shape, value.array.strides)))

    # --- and gone again ---

    def entered(self, entry: Entry, given: list[Any]) -> bool:
        """Whether all is as it was: then the entry has what it would have found. `given`: what it begins with."""
        objects: list[Any] = [None] * len(self.copies)
        numbers: dict[int, Any] = {}
        if self.home is not None and entry.home is not None:
            objects[self.home.at] = entry.home[0]
        try:
            if not placed(objects, numbers, given, self.given):
                return False
            for at, parts, wants in self.rows:
                found = parts(objects[at])
                if found is None or not placed(objects, numbers, found, wants):
                    return False
        except (AttributeError, LookupError, ValueError):  # there is nothing, or more than there was
            return False
        memory = self.memory(objects)
        alone = [objects[at] for at in self.alone]
        there = {id(x): self.copies[at] for x, at in zip(alone, self.alone, strict=True)}
        if memory is None or len(there) < len(alone):
            return False
        entry.there, entry.memory, entry.numbers = there, memory, numbers
        entry.tensors = [(objects[at], copy) for at, copy, _, _ in self.tensors]
        entry.slots = [(objects[at], key, number) for at, key, number in self.slots]
        entry.places = [(objects[at], key, copy) for at, key, copy in self.holding]
        entry.lists = [(self.copies[at], objects[at]) for at in self.lists]
        entry.streams = [(objects[at], self.copies[at]) for at in self.streams]
        return True

    def memory(self, objects: list[Any]) -> list[tuple[Any, Any]] | None:
        """(memory of tensors, the root of the values that stand for views of it); None where it does not lie alike."""
        found: list[tuple[Any, Any]] = []
        for at, copy, place, (dtype, shape, strides) in self.tensors:
            array, value = objects[at].data, copy.data
            if (array.__class__ is ndarray) is (place is None):
                return None
            if array.dtype is not dtype or array.shape != shape:
                return None
            if place is None:
                found.append((np.asarray(array), value.root))
                continue
            if array.strides != strides:
                return None
            if array.base is None and value is value.root:
                base = shown = array
            else:
                try:
                    base, shown = memory_of(array, value)
                except NoPlan:
                    return None
            if objects[place] is None:
                objects[place] = base
                found.append((shown, value.root))
            elif objects[place] is not base:
                return None
        return found


def placed(objects: list[Any], numbers: dict[int, Any], found: Any, wants: list[Any]) -> bool:
    """Whether these parts are what they must be, or may be in their places, where they are now."""
    for x, want in zip(found, wants, strict=True):
        if x is want:
            continue
        if want.__class__ is Place:
            there = objects[want.at]
            if x is None:  # where a name may be that has nothing yet, and another the tensor that both had
                return False
            if there is None:
                objects[want.at] = x
            elif there is not x:
                return False
        elif type(want) is Number:
            if x.__class__ is not type(want.plain):
                return False
            numbers[id(want)] = x
        elif not same(x, want):
            return False
    return True


def same(x: Any, want: Any) -> bool:
    """Whether it is the same number or text."""
    kind = type(want)
    return kind in SIMPLE and type(x) is kind and exact(x) == exact(want)
