"""What a session's names are bound to, as data: each value with its parts, in an order that is always the same.

For comparing the state at two times, and for saying what is other. A part that has been met before, under another name
or in another place, says where: two names of one tensor are not two equal tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.language.places import text_of
from gradsh.runtime.namespace import bound, variables
from gradsh.runtime.used_files import Module
from gradsh.session.contents import ndarray, owner

SKIPPED = (
    "hooks",
    "run",
    "scratch",
    "seen",
    "pre_hooks",
    "post_hooks",
    "called",
    "buffer_names",
    "vacant",
    "__weakref__",
)


class Part:
    """One value, or one part of one.

    path    how it is reached, "net.0.weight", "opt.state[0].momentum_buffer", "w.grad"
    kind    "tensor", "array", "number", "text", "list", "dict", "function", "same as" another path, or a class
    value   an array, a number, a text; how many items
    source  the tensor, or the model
    facts   of a tensor: requires_grad, version, grad_fn and where its memory lies in that of its owner
    """

    __slots__ = ("facts", "kind", "path", "source", "value")

    def __init__(self, path: str, kind: str, value: Any, facts: tuple[Any, ...] = (), source: Any = None) -> None:
        self.source = source
        self.path = path
        self.kind = kind
        self.value = value
        self.facts = facts

    def equal(self, other: Part) -> bool:
        """Bit for bit."""
        if (self.kind, self.facts) != (other.kind, other.facts):
            return False
        a, b = self.value, other.value
        if isinstance(a, (ndarray, np.generic)) and isinstance(b, (ndarray, np.generic)):
            return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        return bool(a == b) or (a != a and b != b)

    def keep(self) -> Part:
        """The same, with memory of its own."""
        value = self.value.copy() if isinstance(self.value, ndarray) else self.value
        return Part(self.path, self.kind, value, self.facts)


def state(space: dict[str, Any], names: set[str] | None = None) -> dict[str, Part]:
    """{path: part} of all that programs have bound in these globals, or of some of it."""
    values = variables(space)
    seen: dict[int, str] = {}
    memory: dict[int, str] = {}
    found: dict[str, Part] = {}
    for name in sorted(bound(space), key=lambda name: (not isinstance(values[name], Tensor), name)):
        if names is None or name in names:
            for part in _parts(name, values[name], seen, memory):
                found[part.path] = part
    return found


def _parts(path: str, value: Any, seen: dict[int, str], memory: dict[int, str]) -> Iterator[Part]:
    stack = [(path, value)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, (int, float, complex, np.generic)) or value is None:
            yield Part(path, "number", value)
            continue
        if isinstance(value, str):
            yield Part(path, "text", value)
            continue
        if id(value) in seen:
            yield Part(path, "same as", seen[id(value)])
            continue
        seen[id(value)] = path
        inner: list[tuple[str, Any]] = []
        if isinstance(value, Tensor):
            yield Part(path, "tensor", value.data, _facts(path, value, memory), value)
            if value.gradient is not None:
                inner = [(f"{path}.grad", value.gradient)]
        elif isinstance(value, ndarray) and not value.dtype.hasobject:
            yield Part(path, "array", value)
        elif isinstance(value, FunctionType):
            yield Part(path, "function", _source(value))
        elif isinstance(value, ModelKind):
            yield Part(path, "model", _source(value.body) if value.body is not None else value.__name__)
        else:
            inner = list(_inside(path, value))
            yield Part(path, _kind(value), len(inner), (), value)
        stack += reversed(inner)


def _kind(value: Any) -> str:
    return {"State": "dict", "StateDict": "dict"}.get(type(value).__name__, type(value).__name__)


def _facts(path: str, t: Tensor, memory: dict[int, str]) -> tuple[Any, ...]:
    """What a tensor is besides its numbers."""
    node = t.grad_fn
    version = t.storage.version if t.storage is not None else 0
    place = ""
    if t.data.__class__ is ndarray:
        whole = owner(t.data)
        if whole is not None:
            place = memory.setdefault(id(whole), path)
    freed = node is not None and type(node.saved).__name__ == "Freed"
    name = (node.kind.name + (", freed" if freed else "")) if node is not None else ""
    return (t.requires, version, name, t.retains_grad, place if place != path else "")


def _source(function: Any) -> str:
    """A function's name, and the text of what is in it where that is known."""
    inner = function.__func__ if isinstance(function, MethodType) else function
    code = getattr(inner, "__code__", None)
    name = str(getattr(inner, "__name__", type(inner).__name__)).lstrip(".")
    text = text_of(code) if isinstance(code, CodeType) else None
    if text is None:
        return name
    spans = [span for line in _lines(code) if (span := text.span(line)) is not None]
    if not spans:
        return name
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    return f"{name}: {text.source.text[start:end]}"


def _lines(code: Any) -> Iterator[int]:
    """The numbers of the places in a function, those of functions in it too."""
    waiting = [code]
    while waiting:
        one = waiting.pop()
        yield from (line for _, _, line in one.co_lines() if line)
        waiting += [inner for inner in one.co_consts if isinstance(inner, CodeType)]


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a value with their paths."""
    if isinstance(value, (list, tuple, ndarray)):
        items = value.reshape(-1).tolist() if isinstance(value, ndarray) else value
        yield from ((f"{path}[{i}]", each) for i, each in enumerate(items))
    elif isinstance(value, Mapping):
        for i, (key, each) in enumerate(value.items()):
            yield f"{path}[{i if isinstance(key, Tensor) else repr(key)}]", each
    elif isinstance(value, Module):
        yield from ((f"{path}.{name}", value.__member__(name)) for name in sorted(value.__members__()))
    elif isinstance(type(value), ModelKind):
        yield from ((f"{path}.{name}", each) for name, each in value.fields())
        yield f"{path}.training", value.training
    elif type(value).__name__ == "Generator" and hasattr(value, "as_bytes"):
        yield f"{path}.state", value.as_bytes()
    elif hasattr(value, "param_groups") and hasattr(value, "state"):
        yield f"{path}.param_groups", value.param_groups
        yield f"{path}.state", value.state
    elif not isinstance(value, (Node, type)) and type(value).__module__.startswith("gradsh.engine."):
        yield from ((f"{path}.{name}", each) for name, each in _attributes(value) if name not in SKIPPED)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    names = [name for base in type(value).__mro__ for name in base.__dict__.get("__slots__", ())]
    for name in [*names, *getattr(value, "__dict__", ())]:
        try:
            yield name, getattr(value, name)
        except AttributeError:
            continue
