"""What the objects hold that a program can change: how it is read, and how it is put back into the same object.

Undoing a line writes what each object held before into that same object, so that two names of one tensor stay two
names of one tensor, views keep their memory and an optimiser its parameters. Contents are shallow: what an object
refers to has contents of its own. They are compared by identity, never by `==`, which tensors answer one by one.

Arrays are apart: their contents are bytes, and it is the owner of the memory that is read (`owner`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from operator import is_
from types import CellType, FunctionType, MethodType
from typing import Any
from weakref import ref

import numpy as np

from gradsh.engine.core.graph import AccumulateGrad, Freed, Handle, Node, NodeExtra, Output, Storage
from gradsh.engine.core.modes import Context
from gradsh.engine.core.tensor import Tensor, TensorExtra
from gradsh.runtime.notes import Noting
from gradsh.runtime.passes import Passes, Summed
from gradsh.runtime.used_files import Module

ndarray = np.ndarray


class Missing:
    """Stands where a slot, a cell or a name has no value."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()
EMPTY: tuple[Any, ...] = ()
# what refers to memory that is only scratch, or to the session itself
SCRATCH = frozenset({"__weakref__", "__dict__", "scratch", "seen"})
OUTSIDE = frozenset(
    {"forward", "host", "warn_sink", "interpreter", "planner", "saving", "shown", "walk", "where", "written"}
)


class Keeper:
    """How objects of one class are read and written.

    read(x)            the contents: never changed afterwards, whatever becomes of the object
    write(x, contents) puts them back
    parts(contents)    the values in them
    same(a, b)         whether two contents are the same
    """

    __slots__ = ("parts", "read", "same", "write")

    def __init__(
        self,
        read: Callable[[Any], Any],
        write: Callable[[Any, Any], None],
        parts: Callable[[Any], Iterable[Any]],
        same: Callable[[Any, Any], bool],
    ) -> None:
        self.read = read
        self.write = write
        self.parts = parts
        self.same = same


def one_by_one(a: Any, b: Any) -> bool:
    """Whether two sequences have the same objects."""
    return len(a) == len(b) and all(map(is_, a, b))


def _slots(names: tuple[str, ...]) -> Keeper:
    """Objects with that many named attributes."""

    def read(x: Any) -> tuple[Any, ...]:
        return tuple([getattr(x, name, MISSING) for name in names])

    def write(x: Any, contents: tuple[Any, ...]) -> None:
        for name, value in zip(names, contents, strict=True):
            if value is not MISSING:
                setattr(x, name, value)
            elif getattr(x, name, MISSING) is not MISSING:
                delattr(x, name)

    return Keeper(read, write, tuple, one_by_one)


def _write_list(x: Any, contents: tuple[Any, ...]) -> None:
    x[:] = contents


def _write_deque(x: Any, contents: tuple[Any, ...]) -> None:
    x.clear()
    x.extend(contents)


def _write_dict(x: dict[Any, Any], contents: tuple[Any, ...]) -> None:
    dict.clear(x)
    dict.update(x, zip(contents[0], contents[1], strict=True))


def _same_dict(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return one_by_one(a[0], b[0]) and one_by_one(a[1], b[1])


def _write_set(x: set[Any], contents: frozenset[Any]) -> None:
    x.clear()
    x.update(contents)


def _read_cell(x: CellType) -> tuple[Any, ...]:
    try:
        return (x.cell_contents,)
    except ValueError:
        return (MISSING,)


def _write_cell(x: CellType, contents: tuple[Any, ...]) -> None:
    if contents[0] is not MISSING:
        x.cell_contents = contents[0]
    else:
        del x.cell_contents


def _read_objects(x: Any) -> tuple[Any, ...]:
    return tuple(x.reshape(-1).tolist())


def _write_objects(x: Any, contents: tuple[Any, ...]) -> None:
    """Of an array of Python's objects, which is no memory of numbers."""
    for at, value in enumerate(contents):
        x.flat[at] = value


def _read_node(x: Node) -> tuple[Any, ...]:
    return (x.saved, x.extra, x.kind, getattr(x, "versions", None) and tuple(x.versions.items()))


def _write_node(x: Node, contents: tuple[Any, ...]) -> None:
    """What a backward has freed stays so: its lines can make it again."""
    saved, x.extra, x.kind, versions = contents
    if x.saved.__class__ is not Freed:
        x.saved = saved
    if versions is not None:
        x.versions = dict(versions)
    elif hasattr(x, "versions"):
        del x.versions


def _same_node(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return one_by_one(a[:3], b[:3]) and a[3] == b[3]


def _read_passes(x: Passes) -> tuple[Any, ...]:
    return (x.last, tuple(x.rounds.items()), tuple(x.summed.items()))


def _write_passes(x: Passes, contents: tuple[Any, ...]) -> None:
    x.last = contents[0]
    x.rounds = dict(contents[1])
    x.summed = dict(contents[2])


def _same_passes(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return a[0] is b[0] and len(a[2]) == len(b[2]) and all(x[1] is y[1] for x, y in zip(a[2], b[2], strict=True))


def _write_summed(x: Summed, contents: tuple[Any, ...]) -> None:
    x.count = contents[0]
    _write_deque(x.last, contents[1:])


def _read_generator(x: Any) -> tuple[Any, ...]:
    engine = x._engine
    if engine is None:
        return (x._seed, x.kept, None)
    return (x._seed, x.kept, np.array(engine.getstate(), np.uint64).astype(np.uint32).tobytes())


def _write_generator(x: Any, contents: tuple[Any, ...]) -> None:
    x._seed, x.kept, state = contents
    x._engine = None
    if state is not None:
        engine = x.engine
        engine.setstate(tuple(np.frombuffer(state, np.uint32).tolist()))


def _space(x: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(x.keys()), tuple(x.values())


def _write_module(x: Module, contents: tuple[Any, ...]) -> None:
    _write_dict(x.space, contents)


def _values(contents: tuple[tuple[Any, ...], tuple[Any, ...]]) -> Iterable[Any]:
    return contents[1]


def _both(contents: tuple[tuple[Any, ...], tuple[Any, ...]]) -> Iterable[Any]:
    return contents[0] + contents[1]


def _nothing(contents: Any) -> Iterable[Any]:
    return EMPTY


DICT = Keeper(lambda x: (tuple(x.keys()), tuple(x.values())), _write_dict, _both, _same_dict)
LIST = Keeper(tuple, _write_list, tuple, one_by_one)
NODE = Keeper(_read_node, _write_node, lambda contents: contents[1:2], _same_node)
TENSOR = _slots(("data", "node", "requires", "gradient", "storage", "extra", "origin"))

KEEPERS: dict[type, Keeper | None] = {
    Tensor: TENSOR,
    Node: NODE,
    list: LIST,
    dict: DICT,
    set: Keeper(frozenset, _write_set, tuple, lambda a, b: a == b),
    deque: Keeper(tuple, _write_deque, tuple, one_by_one),
    CellType: Keeper(_read_cell, _write_cell, tuple, one_by_one),
    TensorExtra: _slots(TensorExtra.__slots__),
    Storage: _slots(Storage.__slots__),
    NodeExtra: _slots(NodeExtra.__slots__),
    Handle: _slots(("hooks",)),
    AccumulateGrad: _slots(("variable",)),
    Output: _slots(("node",)),
    Context: _slots(tuple(name for name in Context.__slots__ if name not in OUTSIDE)),
    Noting: _slots(Noting.__slots__),
    Passes: Keeper(_read_passes, _write_passes, lambda contents: [entry[1][1] for entry in contents[2]], _same_passes),
    Summed: Keeper(lambda x: (x.count, *x.last), _write_summed, _nothing, one_by_one),
    ndarray: Keeper(_read_objects, _write_objects, tuple, one_by_one),
    Module: Keeper(lambda x: _space(x.space), _write_module, _values, _same_dict),
}
# values that are gone through, though they cannot be changed themselves
THROUGH = (tuple, FunctionType, MethodType, ref)
ATOMS = (int, float, str, bool, type(None), bytes, complex, slice, range, np.generic)
ROOMS = (
    "gradsh.engine.nn.",
    "gradsh.engine.optim.",
    "gradsh.engine.ops.program.dataloader",
    "gradsh.engine.ops.program.datasets",
    "gradsh.engine.ops.program.loader",
    "gradsh.engine.ops.program.samplers",
    "gradsh.engine.printing.",
    "gradsh.runtime.sets",
)


def keeper(kind: type) -> Keeper | None:
    """How objects of that class are read and written; None for those that cannot be changed."""
    found = KEEPERS.get(kind, MISSING)
    if found is MISSING:
        found = KEEPERS[kind] = _found(kind)
    return found  # type: ignore[return-value]  # no Missing any more


def known(kind: type) -> Keeper:
    """The same for a class of objects that can be."""
    found = keeper(kind)
    assert found is not None
    return found


def _found(kind: type) -> Keeper | None:
    if issubclass(kind, (ATOMS, type)) or issubclass(kind, tuple):
        return None
    for base in (dict, list, set):
        if issubclass(kind, base):
            return KEEPERS[base]
    if kind.__module__ == "gradsh.engine.kernels.random" and kind.__name__ == "Generator":
        return Keeper(_read_generator, _write_generator, _nothing, lambda a, b: a == b)
    if kind.__module__.startswith(ROOMS):
        named = [name for base in kind.__mro__ for name in base.__dict__.get("__slots__", ()) if name not in SCRATCH]
        if named:
            return _slots(tuple(dict.fromkeys(named)))
        return Keeper(
            lambda x: (tuple(x.__dict__.keys()), tuple(x.__dict__.values())),
            lambda x, contents: _write_dict(x.__dict__, contents),
            _values,
            _same_dict,
        )
    return None


def owner(array: Any) -> Any:
    """The array that owns the memory of this one; None where nobody can write to it."""
    while array.base.__class__ is ndarray:
        array = array.base
    return array if array.flags.writeable else None


PIECE = 1 << 16  # elements that are compared, or exchanged, at a time


def flat(array: Any) -> Any:
    """The bytes of an array that owns its memory, in the order of that memory."""
    if not array.size:
        return np.empty(0, np.uint8)
    if not array.flags.c_contiguous:
        array = array.transpose(sorted(range(array.ndim), key=lambda dim: -array.strides[dim]))
    return array.reshape(-1).view(np.uint8)


def equal_bytes(a: Any, b: Any) -> bool:
    """Whether two runs of bytes are the same."""
    words = len(a) // 8 * 8
    for x, y in ((a[:words].view(np.uint64), b[:words].view(np.uint64)), (a[words:], b[words:])):
        for start in range(0, len(x), PIECE):
            if not np.array_equal(x[start : start + PIECE], y[start : start + PIECE]):
                return False
    return True


def exchange(a: Any, b: Any) -> None:
    """Give two runs of bytes each the other's."""
    for start in range(0, len(a), PIECE):
        x, y = a[start : start + PIECE], b[start : start + PIECE]
        held = x.copy()
        x[...] = y
        y[...] = held
