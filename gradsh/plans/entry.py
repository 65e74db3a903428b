"""What of the program stands where in a shadow, at the head of an iteration."""

from __future__ import annotations

from collections import defaultdict
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.strided import address
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.plans.classes import is_instance, is_written
from gradsh.plans.draws import Stream, is_stream
from gradsh.plans.graphs import spent
from gradsh.plans.kinds import is_generator, is_model, is_optimizer, is_scheduler
from gradsh.plans.known import known, transformed
from gradsh.plans.lists import length
from gradsh.plans.numbers import KINDS, Number, exact
from gradsh.plans.outs import Growing
from gradsh.plans.outside import Asked, Counted, Imported
from gradsh.plans.refusal import Moved, NoPlan, Unseen
from gradsh.plans.shadow import ATOMS, Shadow, base_of, of_numbers, parts, state
from gradsh.plans.values import Value

ndarray = np.ndarray
SIMPLE = frozenset({type(None), bool, int, float, str})
HOLDERS = frozenset({list, dict, CellType, Tensor})  # of which everything is known by their class


class Entry:
    """The program's own in the places of a shadow.

    tensors   (the program's, its copy)
    memory    (the program's array, the root of the values that stand for views of it)
    numbers   {the identity of a number: what it is now}
    slots     (holder, key, number or a tuple of them) of those that no name is bound to
    places    (holder, key, the copy of the tensor there)
    lists     (growing, the program's list)
    streams   (the program's generator, what stands for it)
    names     what the body's names are bound to

    Errors of `pair` and `end`: NoPlan where the program is not built as it was: other objects may be there, but of the
    same kinds, in the same places, and two places have the same object where they had.
    """

    def __init__(self, space: dict[str, Any], shadow: Shadow) -> None:
        self.tensors: list[tuple[Tensor, Tensor]] = []
        self.memory: list[tuple[Any, Any]] = []
        self.numbers: dict[int, Any] = {}
        self.slots: list[tuple[Any, Any, Any]] = []
        self.places: list[tuple[Any, Any, Tensor]] = []
        self.lists: list[tuple[Growing, list[Any]]] = []
        self.streams: list[tuple[Any, Stream]] = []
        self.names: dict[str, Any] = {}
        self.counted: list[tuple[Any, Counted]] = []
        self.moved: set[Any] = set()
        self.there: dict[int, Any] = {}
        self.back: dict[int, Any] = {}
        self.roots: dict[int, Any] = {}
        self.copies, self.theirs = shadow.copies, shadow.held
        made = shadow.copies.get(id(space))
        self.home = None if made is None else (space, made[1])

    def begin(self) -> None:
        """The globals, which come first."""
        if self.home is not None:
            self.space(*self.home)

    def pair(self, x: Any, copy: Any) -> None:
        """See that `x` is what `copy` is a copy of, or would be."""
        kind = type(x)
        if x is copy and kind in SIMPLE:
            return
        if type(copy) is Number:
            if kind is not type(copy.plain):
                raise differs()
            self.numbers[id(copy)] = x
            return
        if kind not in HOLDERS:
            found = self.copies.get(id(x))
            if (
                found is not None
                and found[1] is copy
                and (isinstance(x, DType) or (kind is FunctionType and not is_users(x) and not transformed(x)))
            ):
                return  # one of gradsh's own
            if isinstance(x, type) and is_written(x):
                self.kind(x, copy)
                return
            if isinstance(x, ATOMS):
                if x is not copy and (kind is not type(copy) or exact(x) != exact(copy)):
                    raise differs()
                return
            if kind is tuple and type(copy) is tuple:
                if len(x) != len(copy):
                    raise differs()
                for mine, theirs in zip(x, copy, strict=True):
                    self.pair(mine, theirs)
                return
        if id(x) in self.there or id(copy) in self.back:
            if self.there.get(id(x)) is not copy or self.back.get(id(copy)) is not x:
                raise differs()
            return
        self.there[id(x)], self.back[id(copy)] = copy, x
        if type(copy) is Imported:
            if copy.module is not x or not copy.as_read():
                raise differs()
            self.drawn(copy)
        elif type(copy) is Counted:
            self.counted.append((x, copy))
        elif type(copy) is Asked:
            if copy.given is not x:
                raise differs()
            self.drawn(copy)
        elif type(copy) is Growing:
            if kind is not copy.kind or getattr(x, "maxlen", None) != copy.most or (copy.fixed and len(x) != copy.size):
                raise differs()
            self.lists.append((copy, x))
        elif copy is length:
            if x is not len:
                raise differs()
        elif kind is not copy.__class__ and not (is_written(kind) and self.kind(kind, copy.__class__)):
            raise differs()
        elif kind is Tensor:
            self.tensor(x, copy)
        elif kind in HOLDERS:
            self.parts(x, copy)
        elif is_generator(x):
            self.streams.append((x, copy))
        elif kind is MethodType:
            self.pair(x.__self__, copy.__self__)
            if x.__func__ is not copy.__func__:
                self.pair(x.__func__, copy.__func__)
        elif kind is FunctionType and (is_users(x) or transformed(x)):
            self.function(x, copy)
        elif isinstance(x, dict) or is_held(x) or is_instance(x):
            self.parts(x, copy)
        elif x is not copy or not (x is len or known(x)):  # `Route` has it itself
            raise differs()

    def drawn(self, copy: Imported | Asked) -> None:
        """The streams of numbers that were drawn from by a module, or a function of one."""
        for generator, stream in copy.shadow.streams:
            if is_stream(generator) and id(generator) not in self.there:
                self.there[id(generator)], self.back[id(stream)] = stream, generator
                self.streams.append((generator, stream))

    def part(self, x: Any, copy: Any, key: Any) -> None:
        """The same of what has a name, or a place in a holder: a number there may move."""
        if type(copy) is Unseen:
            if copy.field:
                from gradsh.engine.nn.module import is_registered  # few loops need it

                if is_registered(x):
                    raise differs()
            return
        if type(copy) in KINDS and type(x) is type(copy):
            if exact(x) != exact(copy):
                self.moved.add(key)
        else:
            self.pair(x, copy)

    def parts(self, x: Any, copy: Any) -> None:
        if type(x) not in HOLDERS:
            if is_model(x) and x.hooks is not None:
                raise differs()
            if is_optimizer(x) and (x.pre_hooks or x.post_hooks):
                raise differs()
        if type(x) is defaultdict:
            self.pair(x.default_factory, copy.default_factory)
        mine, theirs = parts(x), self.theirs.get(id(copy))
        if theirs is None:  # the same at each entry
            theirs = self.theirs[id(copy)] = parts(copy)
        if len(mine) != len(theirs):
            raise differs()
        for (key, value), (other, part) in zip(mine, theirs, strict=True):
            if value is part and key is other and type(value) in SIMPLE and type(key) in SIMPLE:
                continue  # most of what is held
            if type(key) is type(other) and type(key) in (int, str):
                if key != other:
                    raise differs()
            else:
                self.pair(key, other)
            self.part(value, part, (id(x), key))
            if type(part) is Number or (of_numbers(part) and type(part[0]) is Number):
                self.slots.append((x, key, part))
            elif type(part) is Tensor:
                self.places.append((x, key, part))

    def kind(self, x: type, copy: Any) -> bool:
        """See that a class of the program is built as its copy: then it is, or raises."""
        if id(x) in self.there or id(copy) in self.back:
            self.one(x, copy)
            return True
        if not isinstance(copy, type) or not is_written(copy) or len(x.__bases__) != len(copy.__bases__):
            raise differs()
        self.one(x, copy)
        for base, other in zip(x.__bases__, copy.__bases__, strict=True):
            self.pair(base, other)
        mine, theirs = parts(x), parts(copy)
        if [name for name, _ in mine] != [name for name, _ in theirs]:
            raise differs()
        for (_, value), (_, other) in zip(mine, theirs, strict=True):
            self.member(value, other)
        return True

    def member(self, x: Any, copy: Any) -> None:
        """The same of what a class binds."""
        if type(x) is not type(copy):
            raise differs()
        if isinstance(x, (staticmethod, classmethod)):
            self.member(x.__func__, copy.__func__)
        elif isinstance(x, property):
            for mine, theirs in ((x.fget, copy.fget), (x.fset, copy.fset), (x.fdel, copy.fdel)):
                self.member(mine, theirs)
        elif type(x) is FunctionType and not is_users(x):
            if x.__code__ is not copy.__code__:
                raise differs()
            self.pair(x.__closure__, copy.__closure__)
        elif x is not copy:
            self.pair(x, copy)

    def function(self, x: Any, copy: Any) -> None:
        if x.__code__ is not copy.__code__:
            raise differs()
        if is_users(x):
            self.space(x.__globals__, copy.__globals__)
        for mine, theirs in (
            (x.__defaults__, copy.__defaults__),
            (x.__kwdefaults__, copy.__kwdefaults__),
            (x.__closure__, copy.__closure__),
        ):
            self.pair(mine, theirs)

    def space(self, space: dict[str, Any], made: dict[str, Any]) -> None:
        """The globals that functions read."""
        if id(space) in self.there:
            if self.there[id(space)] is not made:
                raise differs()
            return
        self.there[id(space)], self.back[id(made)] = made, space
        for name, copy in made.items():
            if name == "__builtins__" or name[0] == "@":
                continue
            if name not in space:
                raise differs()
            self.part(space[name], copy, (id(space), name))

    def tensor(self, x: Tensor, copy: Tensor) -> None:
        if (x.node is None) is not (copy.node is None) or x.requires is not copy.requires:
            raise differs()
        if x.node is not None and not spent(x.node):
            raise differs()
        if (x.extra is None) is not (copy.extra is None) or (x.storage is None) is not (copy.storage is None):
            raise differs()
        if x.extra is not None and (any(state(x.extra)) or bool(x.extra.parameter) is not bool(copy.extra.parameter)):  # type: ignore[union-attr]
            raise differs()
        if x.extra is not None and copy.extra is not None:
            self.pair(x.extra.base, copy.extra.base)  # which may have no name of its own
        if x.storage is not None:
            if x.storage.inference is not copy.storage.inference or x.storage.detached != copy.storage.detached:  # type: ignore[union-attr]
                raise differs()
            self.one(x.storage, copy.storage)
        if (x.gradient is None) is not (copy.gradient is None):
            raise differs()
        if x.gradient is not None:
            self.pair(x.gradient, copy.gradient)
        mine, value = x.data, copy.data
        is_array = mine.__class__ is ndarray
        if value.scalar is is_array:
            raise differs()
        base, shown = memory_of(mine if is_array else np.asarray(mine), value)
        if is_array:
            self.one(base, value.root)
        if id(value.root) not in self.roots:
            self.roots[id(value.root)] = base
            self.memory.append((shown, value.root))
        self.tensors.append((x, copy))

    def one(self, x: Any, copy: Any) -> None:
        """Two things that are one and the same wherever they are."""
        if self.there.setdefault(id(x), copy) is not copy or self.back.setdefault(id(copy), x) is not x:
            raise differs()

    def end(self, shadow: Shadow) -> None:
        """All that the plan writes or reads has been paired."""
        if any(id(copy) not in self.back for _, copy in shadow.tensors):
            raise differs()
        if not all(copy.check(x, self.there) for x, copy in self.counted):
            raise differs()
        if self.moved:
            raise Moved(self.moved)


def memory_of(array: Any, value: Value) -> tuple[Any, Any]:
    """The array whose memory this one shows, and that memory as the value's root has it. Errors: NoPlan where the two
    do not lie alike."""
    base, theirs, memory = base_of(array), value.array, value.root.array
    if array.dtype != theirs.dtype or array.shape != theirs.shape or array.strides != theirs.strides:
        raise differs()
    at, shown = 0 if array is base else address(array) - address(base), base
    if base.shape != memory.shape and base.size == memory.size and base.flags.c_contiguous:
        shown = base.reshape(memory.shape)  # a kernel in C gives another view of what it has made
    if shown.shape != memory.shape or shown.strides != memory.strides or base.dtype != memory.dtype:
        raise differs()
    if at != (0 if value is value.root else address(theirs) - address(memory)):
        raise differs()
    return base, shown


def is_held(x: Any) -> bool:
    """Whether it is an object of the engine that holds others."""
    return is_model(x) or is_optimizer(x) or is_scheduler(x)


def differs() -> NoPlan:
    return NoPlan("something that the loop uses is another than when it was recorded, or there is more or less of it")


def version(x: Tensor) -> int:
    return 0 if x.storage is None else x.storage.version
