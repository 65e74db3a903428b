"""What a session holds, as lines of text: two sessions that hold the same have the same lines.

Objects are numbered in the order in which they are met, so that lines also say which names are one object and which
tensors share memory or a version. What an optimiser only computes with (`scratch`) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import BuiltinFunctionType, CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Node, Output
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.engine.kernels.random import Generator
from gradsh.runtime.used_files import Module
from gradsh.session.session import Session

ATOMS = (type(None), bool, int, float, complex, str, bytes, range, type, np.dtype, np.generic)
PASSING = frozenset({"scratch", "seen", "known", "factors", "__weakref__", "origin", "writer", "where", "forms"})
DEEPEST = 40
MODES = ("grad", "inference", "anomaly", "default", "warned", "reformed", "transforms")


class Walk:
    """Numbers for what was met."""

    def __init__(self) -> None:
        self.met: dict[int, int] = {}
        self.kept: list[Any] = []
        self.lines: list[str] = []

    def number(self, x: Any) -> tuple[int, bool]:
        """Its number, and whether it is new."""
        new = id(x) not in self.met
        if new:
            self.met[id(x)] = len(self.met)
            self.kept.append(x)
        return self.met[id(x)], new

    def see(self, path: str, x: Any, depth: int = 0) -> None:
        kind = type(x)
        if isinstance(x, ATOMS):
            self.lines.append(f"{path} {kind.__name__} {x!r}")
            return
        number, new = self.number(x)
        if not new or depth > DEEPEST:
            self.lines.append(f"{path} is {number}")
            return
        self.lines.append(f"{path} {kind.__name__} {number}")
        if kind is Tensor:
            self.tensor(path, x, depth)
        elif isinstance(x, np.ndarray):
            self.lines.append(f"{path} {array_words(x)}")
        elif isinstance(x, (Node, Output)):
            self.graph(path, x)
        elif isinstance(x, Session):
            return  # parsers of command lines have theirs: it is there, and knows its plans
        elif isinstance(x, Generator):
            self.lines.append(f"{path} {x.as_bytes().tobytes().hex()}")
        else:
            for name, part in parts(x):
                self.see(f"{path}{name}", part, depth + 1)

    def tensor(self, path: str, x: Tensor, depth: int) -> None:
        memory = np.asarray(x.data)
        while isinstance(memory.base, np.ndarray):
            memory = memory.base
        shared, _ = self.number(memory) if isinstance(x.data, np.ndarray) else (-1, True)
        version = 0 if x.storage is None else x.storage.version
        words = f"{array_words(x.data)} memory {shared} version {version} requires {x.requires}"
        self.lines.append(f"{path} {words}")
        self.graph(path, x.node)
        self.see(f"{path}.grad", x.gradient, depth + 1)
        if x.extra is not None:
            for name in x.extra.__slots__:
                held = getattr(x.extra, name, None)
                if held is not None and name not in PASSING:
                    self.see(f"{path}.{name}", held, depth + 1)

    def graph(self, path: str, edge: Any) -> None:
        """The names of the nodes below an edge, each once, and how they hang together."""
        left = [] if edge is None else [edge]
        while left:
            node = left.pop()
            number, new = self.number(node)
            if not new:
                self.lines.append(f"{path} edge {number}")
                continue
            kind = getattr(node, "kind", None)
            self.lines.append(f"{path} edge {number} {type(node).__name__} {getattr(kind, 'name', '')}")
            if type(node) is Output:
                left.append(node.node)
            elif type(node) is Node:
                next = node.next if type(node.next) is tuple else (node.next,)
                left += [each for each in next if each is not None]


def array_words(x: Any) -> str:
    """An array's or a number's dtype, shape, strides in elements (of dims that have more than one), and bits.

    Every NaN is one: of the product of two of them, a processor gives the first, and NumPy's compiler has chosen for
    NumPy's scalars another factor as the first than for its arrays (nan * -nan is -nan there, and nan here).
    """
    array = np.asarray(x)
    strides = [step // array.itemsize for step, size in zip(array.strides, array.shape, strict=True) if size > 1]
    if array.dtype.kind in "fc" and np.isnan(array).any():
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    return f"{type(x).__name__} {array.dtype} {list(array.shape)} {strides} {array.tobytes().hex()}"


def name_of(function: Any) -> str:
    """Its name, as programs know it: the lowering numbers what has none."""
    name: str = function.__name__
    return "@f" if name.startswith("@f") else name


def parts(x: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, by name."""
    if isinstance(x, (list, tuple)):
        yield from ((f"[{at}]", each) for at, each in enumerate(x))
    elif isinstance(x, dict):
        for at, (key, value) in enumerate(x.items()):
            yield f"<key {at}>", key
            yield f"[{at}]", value
    elif isinstance(x, Module):
        yield from ((f".{name}", x.space["." + name]) for name in x.__members__())
    elif isinstance(x, CellType):
        try:
            yield "()", x.cell_contents
        except ValueError:
            return
    elif isinstance(x, MethodType):
        yield ".self", x.__self__
        yield ".name", name_of(x.__func__)
    elif isinstance(x, (FunctionType, BuiltinFunctionType)):
        yield ".name", name_of(x)
        if isinstance(x, FunctionType) and is_users(x):
            yield ".closure", x.__closure__
            yield ".defaults", x.__defaults__
    elif type(x).__module__.startswith("gradsh."):
        if hasattr(x, "__dict__"):
            yield from ((f".{name}", value) for name, value in vars(x).items() if name not in PASSING)
        for kind in type(x).__mro__:
            for name in vars(kind).get("__slots__", ()):
                if name not in PASSING and hasattr(x, name):
                    yield f".{name}", getattr(x, name)


def held(session: Session) -> list[str]:
    """All that the programs of a session have left: names, modes and the random stream."""
    walk = Walk()
    for name in sorted(session.bound()):
        walk.see(name, session.globals["." + name])
    for name in MODES:
        walk.lines.append(f"mode {name} {getattr(session.context, name, None)!r}")
    generator = session.context.generator
    walk.lines.append("mode generator " + ("" if generator is None else generator.as_bytes().tobytes().hex()))
    return walk.lines
