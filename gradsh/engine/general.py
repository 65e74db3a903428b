"""Operators of any number of tensors, numbers and lists of tensors: the general form of the registry's entry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradsh.engine.graph import (
    Freed,
    Kind,
    Node,
    Output,
    extra_of,
    freed,
    note_versions,
    sequence,
    verify,
    verify_output,
)
from gradsh.engine.modes import mode
from gradsh.engine.registry import A, Namespace, Operator, T, caller
from gradsh.engine.tensor import Tensor, make, output_tensor, restore
from gradsh.errors import NotDifferentiable

ndarray = np.ndarray
_getframe = sys._getframe


# --- general -------------------------------------------------------------------------------------------------------


class Meta:
    """Stands for a tensor whose values a rule does not read: shape and dtype only."""

    __slots__ = ("dtype", "shape")

    def __init__(self, data: Any) -> None:
        self.shape = data.shape
        self.dtype = data.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        n = 1
        for extent in self.shape:
            n *= extent
        return n


class General(Operator):
    """An operator of any number of tensors, numbers and lists of tensors."""

    kind: Kind
    tensor_at: tuple[int, ...] = ()
    variants: dict[str, Kind]

    def finish(self) -> None:
        names = [p.name for p in self.signature.parameters]
        inputs = self.joint[0] if self.joint else tuple(self.rules)
        self.tensor_at = tuple(sorted(names.index(i) for i in inputs))
        kept: frozenset[str] = frozenset()
        for saves in (self.joint_saves, *self.saves.values()):
            kept |= saves
        self.kept = kept
        self.kept_at = frozenset(names.index(k) for k in kept if k != "out")
        self.kind.saves = bool(kept)

    kept: frozenset[str] = frozenset()
    kept_at: frozenset[int] = frozenset()


def op(signature: str, *, grad_fn: str = "", outputs: int = 1, **options: Any) -> Callable[[Any], General]:
    """Register an operator in the general form. The kernel gets all arguments of the signature, positionally, with
    arrays for tensors and lists of arrays for lists of tensors; it gives an array, or a tuple of arrays."""

    def register(kernel: Any) -> General:
        entry = General(signature, grad_fn=grad_fn, **options)
        entry.kernel = kernel
        entry.kind = Kind(
            grad_fn, _general_step(entry, A), _general_step(entry, T), saves=False, operator=entry.name, outputs=outputs
        )
        if not grad_fn:
            entry.differentiable = False
        bind = entry.signature.bind

        def apply(*args: Any, **kwargs: Any) -> Any:
            return run(entry, bind(args, kwargs), _getframe(1))

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(kernel)
        return entry

    return register


def run(entry: General, values: list[Any], frame: Any, kind: Kind | None = None) -> Any:
    """Execute a general operator on bound arguments and record it."""
    for v in values:
        if v.__class__ is Tensor and v.storage is not None:
            v.up_to_date()
    if entry.view and values[0].__class__ is Tensor and values[0].data.__class__ is not ndarray:
        values[0].share()
    raw = [
        v.data if v.__class__ is Tensor else _unwrap(v) if v.__class__ is list or v.__class__ is tuple else v for v in values
    ]
    result = entry.kernel(*raw)
    if result.__class__ is ndarray and result.ndim == 0 and not entry.view:
        result = result[()]
    tracked = False
    if mode.grad and entry.differentiable:
        for i in entry.tensor_at or range(len(values)):
            v = values[i]
            if v.__class__ is Tensor:
                if v.rg:
                    tracked = True
                    break
            elif (v.__class__ is list or v.__class__ is tuple) and any(t.__class__ is Tensor and t.rg for t in v):
                tracked = True
                break
    kind = kind or entry.kind
    where = caller(frame)
    several = result.__class__ is tuple
    if tracked:
        outs = result if several else (result,)
        tracked = any(o.dtype.kind == "f" for o in outs)
    if not tracked:
        if several:
            untracked = tuple(_untracked(r, where) for r in result)
            if entry.view:
                _share_all(entry, values[0], untracked)
            return untracked
        out = _untracked(result, where)
        if entry.view:
            _share(values[0], out)
        return out
    node = Node()
    node.kind = kind
    if several and kind.outputs != len(result):
        node.kind = kind = _with_outputs(kind, len(result))
    node.fix = node.extra = None
    node.code, node.lasti = where
    _connect(entry, node, values, result)
    node.seq = sequence()
    if several:
        wrapped = []
        for number, data in enumerate(result):
            t = make(data)
            if data.dtype.kind == "f":
                t.fn = Output(node, number) if kind.outputs > 1 else node
                t.rg = True
            wrapped.append(t)
        if entry.view:
            _share_all(entry, values[0], wrapped)
        return tuple(wrapped)
    out = make(result)
    out.fn = node
    out.rg = True
    if entry.view:
        _share(values[0], out)
    return out


def _share_all(entry: General, base: Tensor, outs: Iterable[Tensor]) -> None:
    """Views that come several at once may not be written to while gradients are recorded."""
    name = entry.grad_fn.rstrip("0123456789").removesuffix("Backward")
    for number, out in enumerate(outs):
        _share(base, out, (name, number))


def _with_outputs(kind: Kind, outputs: int) -> Kind:
    """The same kind with another number of outputs (split, unbind)."""
    return Kind(
        kind.name, kind.step, kind.tensor_step, saves=kind.saves, operator=kind.operator, outputs=outputs
    )


def _share(base: Tensor, out: Tensor, multiple: tuple[str, int] | None = None) -> None:
    """Make a view share its base's storage. A 0-d scalar has moved into memory of its own before (`Tensor.share`)."""
    if out.data.__class__ is not ndarray or not np.may_share_memory(base.data, out.data):
        return
    out.storage = base.share()
    extra = out.own_extra()
    source = base.extra
    extra.base = base if source is None or source.base is None else source.base
    extra.seen = out.storage.version
    extra.made_without_grad = not mode.grad or (source is not None and source.made_without_grad)
    extra.multiple = multiple
    if out.fn is not None:
        extra_of(out.fn.node if out.fn.__class__ is Output else out.fn).storage = out.storage


def _unwrap(v: Any) -> Any:
    if any(t.__class__ is Tensor for t in v):
        return [t.data if t.__class__ is Tensor else t for t in v]
    return v


def _untracked(data: Any, where: Any) -> Tensor:
    t = make(data)
    t.made = where
    return t


def _connect(entry: General, node: Node, values: list[Any], result: Any) -> None:
    """Fill in a general node's edges, what it saves, and what its gradients must be brought back to."""
    edges: list[Any] = []
    fixes: list[Any] = []
    for i in entry.tensor_at:
        v = values[i]
        for t in v if v.__class__ is list or v.__class__ is tuple else (v,):
            if t.__class__ is Tensor and t.rg:
                edges.append(t.fn or t)
                fixes.append((t.data.shape, t.data.dtype))
            else:
                edges.append(None)
                fixes.append(None)
    if entry.why_not or not entry.tensor_at:
        for v in values:
            if v.__class__ is Tensor and v.rg:
                edges.append(v.fn or v)
                fixes.append(None)
    node.next = edges[0] if len(edges) == 1 else tuple(edges)
    node.fix = fixes[0] if len(edges) == 1 else tuple(fixes)
    saved = []
    kept_at = entry.kept_at
    for i, v in enumerate(values):
        if v.__class__ is Tensor:
            saved.append(v if i in kept_at else Meta(v.data))
        elif (v.__class__ is list or v.__class__ is tuple) and v and v[0].__class__ is Tensor:
            saved.append([t if i in kept_at else Meta(t.data) for t in v])
        else:
            saved.append(v)
    several = result.__class__ is tuple
    if "out" in entry.kept:
        saved.append(result)
    else:
        saved.append(tuple(Meta(r) for r in result) if several else Meta(result))
    node.saved = saved
    note_versions(node, tuple(saved[:-1]))


def _general_step(entry: General, F: Namespace) -> Any:
    """The step of a general node on arrays (F is A) or on tensors (F is T)."""
    tensors = F is T

    def read(node: Node, v: Any, index: int, edge: Any) -> Any:
        if v.__class__ is Tensor:
            if v.storage is not None:
                verify(node, v, index)
            return restore(v, edge) if tensors else v.data
        return v

    def step(node: Node, g: Any) -> Any:
        saved = node.saved
        if saved.__class__ is Freed:
            raise freed(node)
        if entry.why_not or not entry.tensor_at:
            raise NotDifferentiable(f"derivative for {entry.name} is not implemented" + _because(entry.why_not))
        edges = node.next if node.next.__class__ is tuple else (node.next,)
        out = saved[-1]
        if "out" in entry.kept and entry.kept:
            if node.extra is not None and out.__class__ is not tuple:
                verify_output(node, out)
            if tensors:
                out = _outputs(node, out)
        values: list[Any] = []
        at = 0
        for i, v in enumerate(saved[:-1]):
            differentiable = i in entry.tensor_at
            if v.__class__ is list:
                edge_list = edges[at : at + len(v)] if differentiable else (None,) * len(v)
                values.append([read(node, t, i, e) for t, e in zip(v, edge_list, strict=True)])
                at += len(v) if differentiable else 0
            else:
                values.append(read(node, v, i, edges[at] if differentiable else None))
                at += differentiable
        if entry.joint:
            needs = tuple(e is not None for e in edges)
            gs = entry.joint[1](F, needs, g, out, *values)
            return gs if len(edges) > 1 else (gs[0] if gs.__class__ is tuple else gs)
        if len(edges) == 1:
            return entry.rules[entry.signature.parameters[entry.tensor_at[0]].name](F, g, out, *values) if edges[0] is not None else None
        gs = []
        at = 0
        for i in entry.tensor_at:
            rule = entry.rules[entry.signature.parameters[i].name]
            v = saved[i]
            if v.__class__ is list:
                n = len(v)
                gs.extend(rule(F, g, out, *values) if any(e is not None for e in edges[at : at + n]) else (None,) * n)
                at += n
            else:
                gs.append(None if edges[at] is None else rule(F, g, out, *values))
                at += 1
        return tuple(gs)

    return step


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _outputs(node: Node, out: Any) -> Any:
    if out.__class__ is not tuple:
        return output_tensor(node, out)
    wrapped = []
    for number, data in enumerate(out):
        t = make(data)
        if data.dtype.kind == "f":
            t.fn = Output(node, number) if node.kind.outputs > 1 else node
            t.rg = True
        wrapped.append(t)
    return tuple(wrapped)


