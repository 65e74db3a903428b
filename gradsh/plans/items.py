"""The items of a loop in a shadow: those of some iterations are put side by side, of which a plan takes one by one."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from itertools import islice
from types import FunctionType
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import is_users
from gradsh.plans.numbers import KINDS, Number, called
from gradsh.plans.refusal import Closed, NoPlan
from gradsh.plans.shadow import base_of, known_array, same_keys
from gradsh.plans.values import Value

ndarray = np.ndarray
ROOM = 1 << 20  # bytes of items side by side
MOST = 256  # of them
LARGEST = 8 << 20  # bytes of one
MEMORY = {float: np.dtype(np.float64), int: np.dtype(np.int64), bool: np.dtype(bool)}
# What tells a view from a tensor of its own.
PLACED = frozenset({"_base", "_is_view", "is_set_to", "storage_offset", "set_", "as_strided", "as_strided_"})


class OfTensor:
    """What stands for a tensor in an item, and `stack`, in which those of several items are."""

    def __init__(self, inputs: Inputs, x: Tensor) -> None:
        array = check_tensor(x)
        self.shape, self.dtype, self.strides, self.scalar = array.shape, array.dtype, array.strides, array is not x.data
        if any(step < 0 for step in array.strides) or not array.size:
            raise NoPlan("an item of the loop lies in a way that is not known")
        self.viewed = x.extra is not None
        self.extent = 1 + sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) // (
            array.itemsize
        )
        inputs.size += self.extent * array.itemsize
        self.inputs, self.first = inputs, x
        self.value: Any = None
        self.stack: Any = None
        self.tensor: Any = None

    def made(self, room: int) -> Any:
        record, width = self.inputs.record, self.extent * self.dtype.itemsize
        memory = np.zeros((room, self.extent), self.dtype)
        self.stack = ndarray((room, *self.shape), self.dtype, memory, 0, (width, *self.strides))
        stacked = Value(record, self.stack, None if self.stack.flags.c_contiguous else Value(record, memory))
        out = ndarray(self.shape, self.dtype, np.zeros(self.extent, self.dtype), 0, self.strides)
        out[...] = self.first.data
        self.value = Value(record, out, scalar=self.scalar)
        record.add("take", None, (stacked,), self.value, self.inputs.place)
        self.tensor = make(self.value)
        if hasattr(self.first, "origin"):
            self.tensor.origin = self.first.origin
        del self.first
        return self.tensor

    def put(self, at: int, x: Any) -> bool:
        """Whether it is such a tensor, which the iteration of that number then has."""
        if type(x) is not Tensor:
            return False
        try:
            array = check_tensor(x)
        except NoPlan:
            return False
        if array.shape != self.shape or array.dtype != self.dtype or array.strides != self.strides:
            return False
        inputs = self.inputs
        if (array is not x.data) is not self.scalar or id(x) in inputs.reached or id(base_of(array)) in inputs.written:
            return False
        if (x.extra is not None) is not self.viewed:
            return False
        self.stack[at] = array
        return True

    def whole(self) -> bool:
        """Whether the body has left it as it was."""
        t = self.tensor
        plain = t.data is self.value and t.node is None and not t.requires and t.gradient is None and t.extra is None
        return plain and (t.storage is None or t.storage.version == 0)


class OfNumber:
    """The same of one of Python's numbers."""

    def __init__(self, inputs: Inputs, x: Any) -> None:
        self.inputs, self.kind, self.first = inputs, type(x), x
        inputs.size += 8

    def made(self, room: int) -> Any:
        record, dtype = self.inputs.record, MEMORY[self.kind]
        self.stack = np.zeros(room, dtype)
        if not self.put(0, self.first):
            raise NoPlan("an item of the loop is an integer of more than 64 bits")
        value = Value(record, np.array(self.first, dtype), scalar=True)
        record.add("take", None, (Value(record, self.stack),), value, self.inputs.place)
        number = Number(record, self.first)
        record.add("item", None, (value,), number)
        return number

    def put(self, at: int, x: Any) -> bool:
        if type(x) is not self.kind:
            return False
        try:
            self.stack[at] = x
        except OverflowError:  # an int of more than 64 bits
            return False
        return True

    def whole(self) -> bool:
        return True


class OfSeveral:
    """The same of a tuple, a list or a dict."""

    def __init__(self, inputs: Inputs, x: Any) -> None:
        self.inputs, self.kind = inputs, type(x)
        self.keys = list(x) if self.kind is dict else []
        self.parts = [form_of(inputs, each) for each in (x.values() if self.kind is dict else x)]

    def made(self, room: int) -> Any:
        made = [part.made(room) for part in self.parts]
        self.copy = dict(zip(self.keys, made, strict=True)) if self.kind is dict else self.kind(made)
        self.held = made
        return self.copy

    def put(self, at: int, x: Any) -> bool:
        if type(x) is not self.kind or len(x) != len(self.parts) or (self.keys and not same_keys(x, self.keys)):
            return False
        if id(x) in self.inputs.reached:  # which the body may write, before it is the loop's item
            return False
        items = x.values() if self.kind is dict else x
        return all(part.put(at, each) for part, each in zip(self.parts, items, strict=True))

    def whole(self) -> bool:
        now = list(self.copy.values()) if self.kind is dict else list(self.copy)
        same = len(now) == len(self.held) and all(a is b for a, b in zip(now, self.held, strict=True))
        return same and all(part.whole() for part in self.parts)


class Unread(Closed):
    """A part of an item of which the body reads nothing."""

    __slots__ = ()


class OfOther:
    """The same of what a body may have as long as it does not look at it; None is None in each iteration."""

    def __init__(self, x: Any) -> None:
        self.kind = type(x)

    def made(self, room: int) -> Any:
        return None if self.kind is type(None) else Unread(f"the body reads a {self.kind.__name__} of the loop's items")

    def put(self, at: int, x: Any) -> bool:
        return type(x) is self.kind

    def whole(self) -> bool:
        return True


def form_of(inputs: Inputs, x: Any) -> Any:
    kind = type(x)
    if kind is Tensor:
        form = OfTensor(inputs, x)
        inputs.tensors.append(form)
        return form
    if kind in KINDS:
        return OfNumber(inputs, x)
    if kind in (tuple, list) or (kind is dict and all(type(key) in (str, int) for key in x)):
        return OfSeveral(inputs, x)
    return OfOther(x)


def check_tensor(x: Tensor) -> Any:
    """The array of a tensor that is data and no more. Errors: NoPlan."""
    if x.node is not None or x.requires or x.gradient is not None or (x.storage is not None and x.storage.inference):
        raise NoPlan("an item of the loop has a graph, or wants a gradient")
    if x.extra is not None:
        base = x.extra.base
        if base is None or base.requires or x.extra.parameter:
            raise NoPlan("an item of the loop has hooks, or is a parameter")
    return known_array(x.data)


class Inputs:
    """What stands for the loop's item in a shadow.

    item     it, for the body
    place    the number of the item among those that are side by side; `next`: what it is in the next iteration
    room     how many may be
    now      those that are there
    written  the identities of the memory that the plan writes, and `reached` of all that the shadow has copies of: no
             item may be, or have, one of those
    """

    def __init__(self, record: Any, item: Any) -> None:
        self.record = record
        self.size = 0
        self.tensors: list[OfTensor] = []
        self.form = form_of(self, item)
        if self.size > LARGEST:
            raise NoPlan("an item of the loop is too large to be copied")
        self.apart(item)
        self.room = max(2, min(MOST, ROOM // max(self.size, 1)))  # as many as `Trial.tail`, or more
        self.place = Number(record, 0)
        self.next = called(operator.add, (self.place, 1))
        self.item = self.form.made(self.room)
        self.now: list[Any] = []
        self.ended = False  # at an item that is another
        self.written: set[int] = set()
        self.reached: Any = ()

    def apart(self, item: Any) -> None:
        """Errors: NoPlan where a tensor is in it twice."""
        seen = [id(form.first) for form in self.tensors]
        if len(set(seen)) < len(seen):
            raise NoPlan("an item of the loop has one tensor twice")

    @property
    def roots(self) -> set[int]:
        return {id(form.value) for form in self.tensors}

    def check(self, item: Any, shadow: Any, code: Any) -> None:
        """Errors: NoPlan where the body has done more than read it."""
        if any(id(x) in shadow.copies for x in within(item)):
            raise NoPlan("an item of the loop is also elsewhere")
        if not self.form.whole():
            raise NoPlan("an item of the loop is changed")
        # `for x in X { X += 1; s += x }`: a row is what it is by then, and the plan's copy what it was
        memory = [shadow.roots.get(id(base_of(x.data)), (None, None))[1] for x in tensors_in(item)]
        if any(
            out.root is each for each in memory if each is not None for step in self.record.steps for out in step.outs
        ):
            raise NoPlan("an item of the loop is written by another name")
        roots = self.roots
        writes = (out for step in self.record.steps if step.kind != "take" or step.extra is not self.place
                  for out in step.outs)  # fmt: skip
        if any(id(out.root) in roots for out in writes):
            raise NoPlan("an item of the loop is written")
        if any(form.viewed for form in self.tensors):
            functions = [x for x, _ in shadow.copies.values() if type(x) is FunctionType and is_users(x)]
            for each in (code, *(function.__code__ for function in functions)):
                if not PLACED.isdisjoint((*each.co_names, *(c for c in each.co_consts if type(c) is str))):
                    raise NoPlan("the body asks where a tensor lies")

    def begin(self, written: set[int], reached: Any) -> None:
        """A stretch of iterations begins."""
        self.written, self.reached, self.ended = written, reached, False

    def fill(self, items: Iterator[Any], most: int) -> int:
        """Put as many of the items side by side as there is room for: how many are such as the recorded one."""
        self.now = []
        for item in islice(items, 0 if self.ended else min(most, self.room)):
            if not self.put(len(self.now), item):
                self.ended = True
                break
            self.now.append(item)
        return len(self.now)

    def put(self, at: int, item: Any) -> bool:
        if not self.form.put(at, item):
            return False
        if len(self.tensors) > 1:
            seen = list(map(id, tensors_in(item)))
            return len(set(seen)) == len(seen)
        return True

    def again(self, items: list[Any]) -> None:
        """Those that were there before."""
        if items is not self.now:
            for at, item in enumerate(items):
                self.form.put(at, item)
            self.now = items


def tensors_in(item: Any) -> Iterator[Tensor]:
    return (x for x in within(item) if type(x) is Tensor)


def within(item: Any) -> Iterator[Any]:
    """What an item is made of that a program can write, itself too."""
    if type(item) in (Tensor, list, dict):
        yield item
    if type(item) in (tuple, list, dict):
        for each in item.values() if type(item) is dict else item:
            yield from within(each)
