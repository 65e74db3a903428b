"""Hooks on what the graph saves: `saved_tensors_hooks(pack, unpack) { … }` and its kin.

While such a block runs, an interpreter stands at the engine's gates: after each operator it packs what the new node has
saved, and gives the node a kind of its own that unpacks it for the step. Outside of the blocks nothing asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.forms import misfit
from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.graph import Freed, Kind, Node, Output, freed, record
from gradsh.engine.core.layer import Layer, applied
from gradsh.engine.core.modes import GradMode, mode
from gradsh.engine.core.namespaces import A, Namespace
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import ArgumentError, AutogradError, GradshError

CHANGED = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
    "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to "
    "perform in-place operations on the input to a pack hook."
)


def hook(function: Callable[..., Any], value: Any) -> Any:
    """Call a hook of the program, which stands at its own place in the text."""
    before, mode.where = mode.where, None
    try:
        return function(value)
    finally:
        mode.where = before


class Packed:
    """One tensor that was packed: `value` is what the hook gave for it.

    edge   where the gradient of the tensor goes, None where it wants none; of a result, whose node it is, OWN
    turn   when it is unpacked, of those of its node
    """

    __slots__ = ("dtype", "edge", "shape", "turn", "unpack", "value")

    def __init__(self, t: Tensor, edge: Any, turn: int, pack: Any, unpack: Any) -> None:
        version = t.storage.version if t.storage is not None else 0
        self.edge = edge
        self.turn = turn
        self.unpack = unpack
        self.shape, self.dtype = t.data.shape, t.data.dtype
        with GradMode(False):
            self.value = hook(pack, t)
        if (t.storage.version if t.storage is not None else 0) != version:
            raise AutogradError(CHANGED)

    def open(self, node: Node, want: str, bridges: dict[Any, Any]) -> Any:
        """The tensor as a step on ARRAYS or on TENSORS wants it, or who asks what is SAVED; of a result its array.

        `bridges` are the nodes that lead to leaves where a graph is recorded. Errors: ArgumentError for what is none.
        """
        with GradMode(False):
            t = hook(self.unpack, self.value)
        if not isinstance(t, Tensor):
            raise ArgumentError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(t).__name__}"
            )
        data = t.data
        if data.shape != self.shape:
            try:
                data = np.broadcast_to(data, self.shape)
            except ValueError:
                raise broadcast_error(self.shape, data.shape) from None
        if data.dtype != self.dtype:
            data = data.astype(self.dtype)
        if self.edge is OWN:
            return data
        opened = make(data)
        if self.edge is not None and want is not ARRAYS:
            opened.requires = True
            if self.edge.__class__ is not Tensor:
                opened.node = self.edge
            elif want is TENSORS:
                opened.node = bridges.get(self.edge) or record(BRIDGE, self.edge, None, (node.code, node.lasti))
                bridges[self.edge] = opened.node
        return opened


OWN: Any = object()
ARRAYS, TENSORS, SAVED = "arrays", "tensors", "saved"
BRIDGE = Kind("AliasBackward0", lambda node, g, F: g, saves=False)


class PackedKind(Kind):
    """The kind of a node whose saved tensors were packed; `inner` is what it is without that."""

    __slots__ = ("inner",)

    def __init__(self, inner: Kind) -> None:
        self.inner = inner
        self.name, self.operator, self.second = inner.name, inner.operator, inner.second
        self.saves, self.outputs = inner.saves, inner.outputs
        self.number_slot, self.by_sample = inner.number_slot, True
        self._others = {}

    def renamed(self, *args: Any, **options: Any) -> Kind:
        return PackedKind(self.inner.renamed(*args, **options))

    def replaced_by(self, kind: Kind) -> Kind:
        return PackedKind(kind)

    @staticmethod
    def step(node: Node, g: Any, F: Namespace) -> Any:
        inner = node.kind.inner  # type: ignore[attr-defined]  # a node of this kind
        try:
            return node.kind.opened(node, lambda: inner.step(node, g, F), TENSORS if F is not A else ARRAYS)
        except GradshError:
            raise
        except FAILURES as error:
            raise misfit(error, f"{node.kind.name} cannot use what an unpack hook gave it") from None

    @staticmethod
    def describe(node: Node) -> dict[str, Any]:
        return node.kind.opened(node, lambda: node.kind.describe(node), SAVED)  # type: ignore[no-any-return]

    @staticmethod
    def opened(node: Node, work: Callable[[], Any], want: str) -> Any:
        kind, saved, edges, extra = node.kind, node.saved, node.next, node.extra
        assert isinstance(kind, PackedKind)
        if saved.__class__ is Freed:
            raise freed(node)
        packed: list[Packed] = []
        _mapped(saved, lambda value: packed.append(value) if value.__class__ is Packed else None)
        bridges: dict[Any, Any] = {}
        ready = {each: each.open(node, want, bridges) for each in sorted(packed, key=lambda each: each.turn)}
        node.saved = _mapped(saved, lambda value: ready[value] if value.__class__ is Packed else value)
        node.kind, node.extra = kind.inner, None  # of packed tensors no version is looked at
        if bridges:
            many = edges.__class__ is tuple
            node.next = tuple(bridges.get(e, e) for e in edges) if many else bridges.get(edges, edges)
        try:
            return work()
        finally:
            node.kind, node.saved, node.next, node.extra = kind, saved, edges, extra


def _mapped(saved: Any, change: Callable[[Any], Any]) -> Any:
    """What a node saved, with each value in it changed."""
    if saved.__class__ is list:
        return [_mapped(each, change) for each in saved]
    if saved.__class__ is tuple:
        return tuple(_mapped(each, change) for each in saved)
    return change(saved)


def pack_saved(node: Node, outputs: list[Tensor], pack: Any, unpack: Any) -> None:
    """Pack what a new node has saved, in PyTorch's order: tensors by their names, then results."""
    kind = node.kind
    if not kind.saves or isinstance(kind, PackedKind):
        return
    own = {id(out.data): out for out in outputs}
    found: list[tuple[Tensor, Any, Any]] = []  # tensor, edge, what stands in `saved`

    def collect(value: Any) -> Any:
        if value.__class__ is Tensor:
            edge = (value.node or value) if value.requires else None
            found.append((value, edge, value))
        elif isinstance(value, np.ndarray | np.generic) and id(value) in own:
            found.append((own[id(value)], OWN, value))
        elif hasattr(value, "number") and hasattr(value, "tensor"):  # SavedOutput of a custom operator
            found.append((value.tensor(node), (node, value.number), value))
        return value

    saved = node.saved
    _mapped(saved, collect)
    if not found:
        return
    names = {id(value): name for name, value in kind.describe(node).items()}
    if kind.operator:
        found.sort(key=lambda each: (each[1] is OWN, names.get(id(each[2]), "")))
    packed: dict[int, list[Packed]] = {}
    for turn, (t, edge, value) in enumerate(found):
        if edge.__class__ is tuple:
            edge = Output(*edge) if kind.outputs > 1 else edge[0]
        packed.setdefault(id(value), []).append(Packed(t, edge, turn, pack, unpack))
    node.saved = _mapped(saved, lambda value: packed[id(value)].pop(0) if id(value) in packed else value)
    node.kind = PackedKind(kind)


class Packing(Layer):
    """The interpreter of a block with hooks."""

    def __init__(self, pack: Any, unpack: Any, outer: Any) -> None:
        super().__init__(outer)
        self.pack = pack
        self.unpack = unpack

    def wants(self, values: Any) -> bool:
        return mode.grad and _wanted(values)

    def operate(self, entry: Any, values: list[Any]) -> Any:
        return self.watched(lambda: applied(entry, values))

    def unknown(self, name: str, function: Callable[[list[Any]], Any], values: list[Any]) -> Any:
        return self.watched(lambda: function(values))

    def around(self, inner: Any) -> Any:
        return inner if isinstance(inner, Packing) else Packing(self.pack, self.unpack, inner)

    def watched(self, work: Callable[[], Any]) -> Any:
        """`work()` without hooks; then they are called for what its nodes have saved."""
        own, mode.interpreter = mode.interpreter, self.outer
        try:
            out = work()
        finally:
            mode.interpreter = own
        outputs = [t for t in (out if isinstance(out, tuple | list) else (out,)) if t.__class__ is Tensor]
        nodes = {t.node.node if t.node.__class__ is Output else t.node: None for t in outputs if t.node is not None}
        for node in nodes:
            if node.__class__ is Node:
                pack_saved(node, outputs, self.pack, self.unpack)
        return out


def _wanted(values: Any) -> bool:
    """Whether a tensor among the arguments wants a gradient."""
    return any(v.requires if v.__class__ is Tensor else v.__class__ in (list, tuple) and _wanted(v) for v in values)


# --- what programs call -----------------------------------------------------------------------------------------------


class saved_tensors_hooks:
    """The block: `pack_hook(tensor)` for each tensor that is saved, `unpack_hook(packed)` when backward needs it."""

    __slots__ = ("before", "pack", "unpack")

    def __init__(self, pack_hook: Any, unpack_hook: Any) -> None:
        self.pack = pack_hook
        self.unpack = unpack_hook

    def __enter__(self) -> None:
        if mode.saving.__class__ is str:
            raise AutogradError(mode.saving)
        if not (callable(self.pack) and callable(self.unpack)):
            raise ArgumentError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument types "
                "are supported:\n    1. (arg0: collections.abc.Callable, arg1: collections.abc.Callable) -> None\n\n"
                f"Invoked with: {self.pack!r}, {self.unpack!r}"
            )
        before = mode.interpreter
        self.before = (before, mode.saving, mode.grad)
        outer = before.outer if isinstance(before, Packing) else before
        packing = Packing(self.pack, self.unpack, outer)
        mode.saving = packing
        mode.interpreter = packing

    def __exit__(self, *_: object) -> None:
        mode.interpreter, mode.saving, mode.grad = self.before


def save_on_cpu(pin_memory: Any = False, device_type: str = "cuda") -> saved_tensors_hooks:
    """The block in which saved tensors are kept on the CPU, where they are already; copied, if `pin_memory`."""

    def pack(t: Tensor) -> Any:
        if not pin_memory:
            return t
        copied = make(t.data.copy())
        copied.origin = mode.where
        return copied

    return saved_tensors_hooks(pack, lambda packed: packed)


class disable_saved_tensors_hooks:
    """The block in which `saved_tensors_hooks` is refused with these words, as it is if it stands in one."""

    __slots__ = ("before", "message")

    def __init__(self, error_message: str) -> None:
        self.message = error_message

    def __enter__(self) -> None:
        refuse_hooks(self.message)
        self.before = (mode.saving, mode.grad)
        mode.saving = self.message

    def __exit__(self, *_: object) -> None:
        mode.saving, mode.grad = self.before


def refuse_hooks(message: str) -> None:
    """Raise if hooks on saved tensors are active. Errors: AutogradError with that message."""
    if mode.saving is not None and mode.saving.__class__ is not str:
        raise AutogradError(message)
