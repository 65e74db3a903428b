"""What a call reaches: a copy of it to record on, and the guards that tell whether another call reaches the like.

Beside shadow.py's copies for loops: nothing that a call reaches may be written, so that each tensor stands alone, views
of larger memory too; and what functions and models hold is read where it lies, if it is large, in place of a copy.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.core.tensor import Tensor, TensorExtra
from gradsh.engine.core.users import is_users
from gradsh.plans.classes import is_instance, is_written
from gradsh.plans.codes import WRITES, check_code, names_of
from gradsh.plans.kinds import is_model
from gradsh.plans.known import transformed
from gradsh.plans.refusal import NoPlan
from gradsh.plans.shadow import (
    ATOMS,
    MOST,
    Shadow,
    held,
    known_array,
    parts,
    same_keys,
    state,
)
from gradsh.plans.values import Record, Value

ndarray = np.ndarray
LARGE = 1 << 12  # bytes that are no longer copied for each call
LINES = 600  # of guards
MISSING = object()
# Attributes that tell a view from a tensor of its own, of which `Reach` knows nothing.
PLACED = frozenset({"_base", "_is_view", "is_set_to", "storage_offset", "set_", "as_strided", "as_strided_"})


class Reach(Shadow):
    """The copy of what one call reaches.

    bound   the ids of tensors whose memory is read where it lies
    binds   whether there may be such: not where a function's tensors are others in each call
    """

    writes = WRITES | {"STORE_DEREF"}  # as a counter does, which gives another number in each call

    def __init__(self, record: Record, binds: bool) -> None:
        super().__init__(record)
        self.binds = binds
        self.depth = 0  # of functions and models around what is copied now
        self.bound: set[int] = set()
        self.kept_alive: list[Any] = []

    def check(self, code: Any) -> None:
        """Errors: NoPlan where a function of that code does what no plan does."""
        check_code(code, writes=self.writes)

    def tensor(self, x: Tensor) -> Tensor:
        made = super().tensor(x)
        if self.binds and self.depth and self.reads_in_place(x.data):
            self.bound.add(id(x))
        return made

    @staticmethod
    def reads_in_place(data: Any) -> bool:
        return type(data) is ndarray and data.nbytes > LARGE

    def extra(self, x: Tensor) -> TensorExtra:
        if x.extra is None or not plain(x.extra):
            raise NoPlan("a tensor has hooks or attributes, keeps its gradient, or is a view of one that wants its own")
        made = TensorExtra()
        made.parameter = x.extra.parameter
        return made

    def value(self, data: Any) -> Value:
        array = known_array(data)
        if array is not data:
            return Value(self.record, np.array(array), scalar=True)
        if self.binds and self.depth and self.reads_in_place(data):
            read = data.view()
            read.flags.writeable = False
            return Value(self.record, read)
        self.bytes += array.nbytes
        if self.bytes > MOST:
            raise NoPlan("the call reaches more than 64 MiB")
        memory = np.array(array, order="K", copy=True)
        if memory.strides == array.strides:
            return Value(self.record, memory)
        if any(step < 0 for step in array.strides) or not array.size:
            raise NoPlan("an array has a layout of its own")
        extent = sum((n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)) // array.itemsize + 1
        whole = np.zeros(extent, array.dtype)
        part = ndarray(array.shape, array.dtype, whole, 0, array.strides)
        part[...] = array
        return Value(self.record, part, Value(self.record, whole))

    def object(self, x: Any) -> Any:
        self.depth += 1
        try:
            return super().object(x)
        finally:
            self.depth -= 1

    def function(self, x: FunctionType) -> Any:
        if is_users(x) and not PLACED.isdisjoint((*x.__code__.co_names, *texts(x.__code__))):
            raise NoPlan("a function asks where a tensor lies")
        self.depth += 1
        try:
            return super().function(x)
        finally:
            self.depth -= 1

    def space(self, space: dict[str, Any], code: Any) -> dict[str, Any]:
        self.depth += 1
        try:
            return super().space(space, code)
        finally:
            self.depth -= 1


def texts(code: Any) -> list[str]:
    """The texts among a code's constants, of which some are names of attributes."""
    return [constant for constant in code.co_consts if type(constant) is str]


def plain(extra: TensorExtra | None) -> bool:
    """Whether a tensor with this beside its data is like one without, for whoever only reads it."""
    if extra is None:
        return True
    base = extra.base
    if base is None:
        return not any(state(extra))
    if base.requires or extra.multiple or extra.custom:
        return False
    own = (getattr(extra, name, None) for name in TensorExtra.__slots__ if name not in VIEWED)
    return not any(own)


VIEWED = ("parameter", "made_without_grad", "base", "seen", "retired", "multiple", "custom")


class Guards:
    """The text of a function that tells whether what it is given is like what was recorded, and finds the tensors.

    names    what the text names
    tensors  (the program's tensor, its name in the text), in the order in which they were found
    mutable  the names of lists and dicts: two of them are never one
    """

    def __init__(self, shadow: Reach) -> None:
        self.shadow = shadow
        self.lines: list[str] = []
        self.names: dict[str, Any] = {
            "Tensor": Tensor,
            "ndarray": ndarray,
            "FunctionType": FunctionType,
            "plain": plain,
            "same_keys": same_keys,
        }
        self.known: dict[int, str] = {}
        self.seen: dict[int, str] = {}
        self.named: set[tuple[int, str]] = set()  # the globals of which there are guards
        self.kept: list[Any] = []  # whose ids are keys
        self.tensors: list[tuple[Tensor, str]] = []
        self.mutable: list[str] = []
        self.count = 0

    def fails(self, condition: str) -> None:
        if len(self.lines) > LINES:
            raise NoPlan("the call reaches too much to be looked at each time")
        self.lines.append(f"if {condition}: return MISSED")

    def constant(self, x: Any) -> str:
        if id(x) not in self.known:
            self.known[id(x)] = f"k{len(self.known)}"
            self.names[self.known[id(x)]] = x
            self.kept.append(x)
        return self.known[id(x)]

    def local(self, expression: str, x: Any = None) -> str:
        self.count += 1
        name = f"x{self.count}"
        self.lines.append(f"{name} = {expression}")
        if x is not None:
            self.seen[id(x)] = name
            self.kept.append(x)
        return name

    def like(self, expression: str, x: Any) -> None:
        """Guards of what the expression gives, which was `x` when it was recorded."""
        kind = type(x)
        if x is None or x is True or x is False:
            return self.fails(f"{expression} is not {x}")
        if kind is float or kind is complex:
            same = self.constant(x)
            return self.fails(
                f"(q := {expression}) is not {same} and (q.__class__ is not {kind.__name__} or "
                f"q.__repr__() != {repr(x)!r})"
            )
        if kind is int or kind is str or kind is bytes:
            return self.fails(f"(q := {expression}).__class__ is not {kind.__name__} or q != {self.constant(x)}")
        if kind is range:
            return self.fails(f"(q := {expression}).__class__ is not range or q != {self.constant(x)}")
        if isinstance(x, type) and is_written(x):
            return self.kind(expression, x)
        if isinstance(x, ATOMS):
            return self.fails(f"{expression} is not {self.constant(x)}")
        if id(x) in self.seen:
            return self.fails(f"{expression} is not {self.seen[id(x)]}")
        if kind is Tensor:
            return self.tensor(expression, x)
        return self.holder(expression, x, kind)

    def holder(self, expression: str, x: Any, kind: Any) -> None:
        if kind is tuple or kind is list:
            name = self.local(expression, x)
            self.mutable += [name] * (kind is list)
            self.fails(f"{name}.__class__ is not {kind.__name__} or {name}.__len__() != {len(x)}")
            for at, each in enumerate(x):
                self.like(f"{name}[{at}]", each)
        elif kind is dict:
            name = self.local(expression, x)
            self.mutable.append(name)
            self.fails(f"{name}.__class__ is not dict or {name}.__len__() != {len(x)}")
            self.fails(f"not same_keys({name}, {self.constant(list(x))})")
            for key, each in x.items():
                if not isinstance(key, (int, str)):
                    raise NoPlan("a dict's keys are not known")
                self.like(f"{name}[{self.constant(key)}]", each)
        elif kind is CellType:
            name = self.local(expression, x)
            if held(x):
                self.like(f"{name}.cell_contents", x.cell_contents)
        elif kind is MethodType:
            name = self.local(expression, x)
            self.fails(f"{name}.__class__ is not {self.constant(MethodType)}")
            self.like(f"{name}.__func__", x.__func__)
            self.like(f"{name}.__self__", x.__self__)
        elif kind is FunctionType:
            self.function(expression, x)
        elif is_model(x):
            name = self.constant(x)
            self.seen[id(x)] = name
            self.fails(f"{expression} is not {name}")
            for slot, each in parts(x):
                self.like(f"{name}.{slot}", each)
            if is_written(kind):
                self.kind(f"{name}.__class__", kind)
        elif is_instance(x):
            name = self.constant(x)
            self.seen[id(x)] = name
            self.fails(f"{expression} is not {name}")
            self.kind(f"{name}.__class__", kind)
            self.items(self.local(f"{name}.__dict__"), vars(x), self.like)
        else:
            self.fails(f"{expression} is not {self.constant(x)}")  # of the engine, or the copy had not been made

    def items(self, name: str, x: dict[str, Any], like: Callable[[str, Any], None]) -> None:
        self.fails(f"list({name}) != {self.constant(list(x))}")
        for key, each in x.items():
            like(f"{name}[{key!r}]", each)

    def kind(self, expression: str, x: type) -> None:
        """A class of a Python program, and what it and those above it bind."""
        if id(x) in self.seen:
            self.fails(f"{expression} is not {self.seen[id(x)]}")
            return
        name = self.seen[id(x)] = self.constant(x)
        self.fails(f"{expression} is not {name}")
        self.items(self.local(f"{name}.written"), x.written, self.member)  # type: ignore[attr-defined]
        for at, base in enumerate(x.__bases__):
            if is_written(base):
                self.kind(f"{name}.__bases__[{at}]", base)

    def member(self, expression: str, x: Any) -> None:
        if type(x) is staticmethod or type(x) is classmethod:
            self.member(f"{expression}.__func__", x.__func__)
        elif type(x) is property:
            for function in ("fget", "fset", "fdel"):
                self.member(f"{expression}.{function}", getattr(x, function))
        else:
            self.like(expression, x)

    def tensor(self, expression: str, x: Tensor) -> None:
        name = self.local(expression, x)
        data, array = f"d{name}", np.asarray(x.data)
        self.tensors.append((x, name))
        self.fails(f"{name}.__class__ is not Tensor or {name}.requires is not {x.requires} or {name}.node is not None")
        self.lines.append(f"{data} = {name}.data")
        if id(x) in self.shadow.bound:
            self.fails(f"{data} is not {self.constant(x.data)}")
        else:
            form = f"{data}.shape != {array.shape} or {data}.dtype is not {self.constant(array.dtype)}"
            held = f"{data}.__class__ is{' not' if x.data is array else ''} ndarray"
            self.fails(f"{form} or {data}.strides != {array.strides}" if array.ndim else f"{form} or {held}")
        if x.gradient is None:
            self.fails(f"{name}.gradient is not None")
        else:
            self.like(f"{name}.gradient", x.gradient)
        parameter = x.extra is not None and x.extra.parameter
        if parameter:
            self.fails(f"(q := {name}.extra) is None or not q.parameter or not plain(q)")
        else:
            self.fails(f"(q := {name}.extra) is not None and (q.parameter or not plain(q))")
        self.fails(f"(q := {name}.storage) is not None and q.inference")

    def function(self, expression: str, x: FunctionType) -> None:
        name = self.local(expression, x)
        self.fails(f"{name}.__class__ is not FunctionType or {name}.__code__ is not {self.constant(x.__code__)}")
        self.fails(f"{name}.__globals__ is not {self.constant(x.__globals__)}")
        if x.__closure__ is not None and (is_users(x) or transformed(x)):
            cells = self.local(f"{name}.__closure__")
            for at, cell in enumerate(x.__closure__):
                if id(cell) in self.seen:
                    self.fails(f"{cells}[{at}] is not {self.seen[id(cell)]}")
                elif held(cell):
                    self.like(self.local(f"{cells}[{at}]", cell) + ".cell_contents", cell.cell_contents)
        if not is_users(x):
            if not transformed(x):
                self.fails(f"{name} is not {self.constant(x)}")
            return
        for defaults in ("__defaults__", "__kwdefaults__"):
            self.like(f"{name}.{defaults}", getattr(x, defaults))
        self.globals(x.__globals__, x.__code__)

    def globals(self, space: dict[str, Any], code: Any) -> None:
        """What the code finds under the names that it reads."""
        given = self.constant(space)
        for name in sorted(names_of(code)):
            if name[0] != "." or (id(space), name) in self.named:
                continue
            self.named.add((id(space), name))
            if name in space:
                self.like(f"{given}[{name!r}]", space[name])
            else:
                self.fails(f"{name!r} in {given}")
