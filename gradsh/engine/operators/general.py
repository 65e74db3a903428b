"""Operators of any number of tensors, numbers and lists of tensors: the general form of the registry's entry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gradsh.engine.core.alloc import LARGE, made
from gradsh.engine.core.arguments import FAILURES
from gradsh.engine.core.graph import (
    Freed,
    Kind,
    Node,
    Output,
    extra_of,
    freed,
    note_versions,
    record,
    verify,
    verify_output,
)
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller
from gradsh.engine.core.strided import arranged, owner
from gradsh.engine.core.tensor import Tensor, TensorExtra, make, output_tensor, tracked, untracked
from gradsh.engine.operators.registry import Operator, computed, refusing
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
    """An operator of any number of tensors, numbers and lists of tensors.

    plain_view  it is a view of its one tensor, whose rule reads shapes only: recorded and run on a shorter way
    """

    kind: Kind
    tensor_at: tuple[int, ...] = ()
    variants: dict[str, Kind]
    plain_view = False

    def finish(self) -> None:
        names = [p.name for p in self.signature.parameters]
        inputs = self.joint[0] if self.joint else tuple(self.rules)
        self.tensor_at = tuple(sorted(names.index(i) for i in inputs))
        kept: frozenset[str] = frozenset()
        for saves in (self.joint_saves, *self.saves.values()):
            kept |= saves
        self.kept_at = frozenset(names.index(k) for k in kept if k != "out")
        self.keeps_out = "out" in kept
        self.ordered_rules = [] if self.joint else [self.rules[names[i]] for i in self.tensor_at]
        self.kind.saves = bool(kept)
        self.sometimes_saves = bool(kept) and not self.joint and not all(self.saves.values())
        self.plain_view = self.view and self.tensor_at == (0,) and not (kept or self.joint or self.why_not)
        if self.plain_view:
            rule = self.ordered_rules[0]

            def step(node: Node, g: Any, F: Namespace) -> Any:
                saved = node.saved
                return rule(F, g, saved[-1], *saved[:-1])

            self.kind.step = step

    def describe(self, node: Node) -> dict[str, Any]:
        """What a node of it saved, by PyTorch's names."""
        names = [p.name for p in self.signature.parameters]
        if node.saved.__class__ is not list or len(node.saved) != len(names) + 1:
            return {}
        *saved, out = node.saved
        values = {
            "self" if name == "input" else name: value
            for name, value in zip(names, saved, strict=True)
            if value.__class__ is not Meta
        }
        if self.keeps_out and out.__class__ is not tuple:
            values["result"] = output_tensor(node, out)
        return values

    kept_at: frozenset[int] = frozenset()
    keeps_out = False
    sometimes_saves = False
    ordered_rules: list[Any]


def op(signature: str, *, grad_fn: str = "", outputs: int = 1, **options: Any) -> Callable[[Any], General]:
    """Register an operator in the general form. The kernel gets all arguments of the signature, positionally, with
    arrays for tensors and lists of arrays for lists of tensors; it gives an array, or a tuple of arrays."""

    def register(function: Any) -> General:
        entry = General(signature, grad_fn=grad_fn, **options)
        entry.kernel = refusing(entry, function)

        def step(node: Node, g: Any, F: Namespace) -> Any:
            return _general_step(entry, node, g, F)

        entry.kind = Kind(grad_fn, step, saves=False, operator=entry.name, outputs=outputs, describe=entry.describe)
        entry.kind.second = entry.second
        if not grad_fn:
            entry.differentiable = False
        bind = entry.signature.bind

        def apply(*args: Any, **kwargs: Any) -> Any:
            return run(entry, bind(args, kwargs), _getframe(1))

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(function)
        return entry

    return register


def run(entry: General, values: list[Any], frame: Any, kind: Kind | None = None) -> Any:
    """Execute a general operator on bound arguments and record it."""
    interpreter = mode.interpreter
    if interpreter is not None and interpreter.takes(values):
        out: Any = interpreter.run(entry, values)
        if kind is not None and out.__class__ is Tensor and out.node.__class__ is Node:
            out.node.kind = out.node.kind.replaced_by(kind)
        return out
    if entry.view and values[0].__class__ is Tensor and values[0].data.__class__ is not ndarray:
        values[0].share()
    raw: list[Any] = []
    wants = False
    tensors = 0
    for v in values:
        cls = v.__class__
        if cls is Tensor:
            if v.storage is not None:
                v.up_to_date()
            if v.requires:
                wants = True
            raw.append(v.data)
            tensors += 1
        elif cls is list or cls is tuple:
            unwrapped, wanted = _unwrap(v)
            wants = wants or wanted
            raw.append(unwrapped)
            if unwrapped is not v:
                tensors += 2
        else:
            raw.append(v)
    try:
        result = computed(entry.kernel, *raw)
    except FAILURES as error:
        from gradsh.engine.operators.blame import blame  # only an error needs it

        raise blame(entry, values, error) from None
    cls = result.__class__
    if cls is ndarray:
        size = result.size
        if result.ndim > 1 and (layout := entry.layout) != "own":
            result = arranged(result, layout, raw)
        if size > LARGE:
            made(result)
        elif size == 1 and result.ndim == 0 and not entry.view:
            result = result[()]
    where = mode.where or caller(frame)
    if wants and tensors == 1 and entry.plain_view and mode.grad and cls is ndarray and result.dtype.kind == "f":
        return _view_of(kind or entry.kind, values, result, where)
    several = cls is tuple
    if several and (layout := entry.layout) != "own":
        result = tuple(arranged(r, layout, raw) for r in result)
    if not (wants and mode.grad and entry.differentiable and _wanted(entry, values, result)):
        out = tuple(untracked(r, where) for r in result) if several else untracked(result, where)
    else:
        kind = kind or entry.kind
        if several:
            kind = kind.renamed(outputs=len(result))
        node = record(kind, None, None, where)
        _connect(entry, node, values, result)
        out = _outputs_of(node, result) if several else tracked(result, node)
    if entry.view:
        if several:
            _share_all(entry, values[0], out)
        else:
            _share(values[0], out)
    return out


def _view_of(kind: Kind, values: list[Any], result: Any, where: Any) -> Tensor:
    """What `_connect` and `_share` do, for a view of one tensor that wants a gradient and no other tensor beside it."""
    x = values[0]
    data = x.data
    node = record(kind, x.node or x, [Meta(data), *values[1:], Meta(result)], where, (data.shape, data.dtype))
    out = tracked(result, node)
    memory = result.base
    if memory is not data and (memory is None or memory is not data.base):
        _share(x, out)
        return out
    out.storage = storage = x.storage or x.share()
    out.extra = extra = TensorExtra()
    source = x.extra
    if source is None:
        extra.base = x
    else:
        extra.base = x if source.base is None else source.base
        extra.made_without_grad = source.made_without_grad
        if source.multiple:
            extra.multiple = (stem(kind.name), 0)  # a view of one of several is no better
    extra.seen = storage.version
    return out


def _outputs_of(node: Node, result: tuple[Any, ...]) -> tuple[Tensor, ...]:
    """Several outputs: those of a floating dtype have a history."""
    several = node.kind.outputs > 1
    return tuple(
        tracked(data, Output(node, n) if several else node) if data.dtype.kind == "f" else make(data)
        for n, data in enumerate(result)
    )


def _wanted(entry: General, values: list[Any], result: Any) -> bool:
    """Whether a tensor that has a rule wants a gradient, and the result is of a dtype that can have one."""
    if not any(r.dtype.kind == "f" for r in result) if result.__class__ is tuple else result.dtype.kind != "f":
        return False
    for i in entry.tensor_at:
        v = values[i]
        if v.__class__ is Tensor:
            if v.requires:
                return True
        elif (v.__class__ is list or v.__class__ is tuple) and any(t.__class__ is Tensor and t.requires for t in v):
            return True
    return not entry.tensor_at


def _share_all(entry: General, base: Tensor, outs: Iterable[Tensor]) -> None:
    """Views that come several at once may not be written to while gradients are recorded."""
    name = stem(entry.grad_fn)
    for number, out in enumerate(outs):
        _share(base, out, (name, number))


def stem(grad_fn: str) -> str:
    return grad_fn.rstrip("0123456789").removesuffix("Backward")


def _share(base: Tensor, out: Tensor, multiple: tuple[str, int] | None = None) -> None:
    """Make a view share its base's storage. A 0-d scalar has moved into memory of its own before (`Tensor.share`)."""
    data = out.data
    if data.__class__ is not ndarray:
        return
    # `as_strided` of a view may lead to elements of its base that the view has not
    if not np.may_share_memory(base.data, data) and not np.may_share_memory(owner(base.data), data):
        return
    out.storage = base.share()
    extra = out.own_extra()
    source = base.extra
    extra.base = base if source is None or source.base is None else source.base
    extra.seen = out.storage.version
    extra.made_without_grad = not mode.grad or (source is not None and source.made_without_grad)
    extra.multiple = multiple if mode.grad else None  # of what is made without grad mode that is what PyTorch minds
    if multiple is None and source is not None and source.multiple and out.node is not None:
        node = out.node.node if out.node.__class__ is Output else out.node
        extra.multiple = (stem(node.kind.name), 0)  # a view of one of several is no better
    if out.node is not None:
        extra_of(out.node.node if out.node.__class__ is Output else out.node).storage = out.storage
    elif base.requires and not mode.grad and data.dtype.kind == "f":
        out.requires = True  # as in PyTorch: a view that is made without grad mode keeps the flag, as a leaf


def _unwrap(v: Any) -> tuple[Any, bool]:
    """A list of tensors as a list of arrays, and whether one of them wants a gradient; other lists as they are."""
    wanted = found = False
    for t in v:
        if t.__class__ is Tensor:
            found = True
            if t.storage is not None:
                t.up_to_date()
            wanted = wanted or t.requires
    return ([t.data if t.__class__ is Tensor else t for t in v] if found else v), wanted


def _connect(entry: General, node: Node, values: list[Any], result: Any) -> None:
    """Fill in a general node's edges, what it saves, and what its gradients must be brought back to."""
    edges: list[Any] = []
    fixes: list[Any] = []
    for i in entry.tensor_at:
        v = values[i]
        for t in v if v.__class__ is list or v.__class__ is tuple else (v,):
            if t.__class__ is Tensor and t.requires:
                edges.append(t.node or t)
                fixes.append((t.data.shape, t.data.dtype))
            else:
                edges.append(None)
                fixes.append(None)
    if entry.why_not or not entry.tensor_at:
        for v in values:
            if v.__class__ is Tensor and v.requires:
                edges.append(v.node or v)
                fixes.append(None)
    if entry.sometimes_saves and not any(
        entry.saves[entry.signature.parameters[i].name] and _any_wants(values[i]) for i in entry.tensor_at
    ):
        # PyTorch frees nothing here, so that a second backward works (addcmul with constants)
        node.kind = node.kind.renamed(saves=False)
    if len(edges) == 1:
        node.next, node.fix = edges[0], fixes[0]
    else:
        node.next, node.fix = tuple(edges), tuple(fixes)
    saved: list[Any] = []
    kept_at = entry.kept_at
    stored = False
    for i, v in enumerate(values):
        cls = v.__class__
        if cls is Tensor:
            if i in kept_at:
                saved.append(v)
                stored = stored or v.storage is not None
            else:
                saved.append(Meta(v.data))
        elif (cls is list or cls is tuple) and v and v[0].__class__ is Tensor:
            saved.append([t if i in kept_at else Meta(t.data) for t in v])
            stored = stored or i in kept_at
        else:
            saved.append(v)
    if entry.keeps_out:
        saved.append(result)
    else:
        saved.append(tuple(Meta(r) for r in result) if result.__class__ is tuple else Meta(result))
    node.saved = saved
    if stored:
        note_versions(node, tuple(saved[:-1]))


def _any_wants(v: Any) -> bool:
    if v.__class__ is Tensor:
        return bool(v.requires)
    return (v.__class__ is list or v.__class__ is tuple) and any(t.__class__ is Tensor and t.requires for t in v)


def _general_step(entry: General, node: Node, g: Any, F: Namespace) -> Any:
    """The gradients of a general node's inputs, with the rules run on arrays (F is A), tensors (T) or batches."""
    saved = node.saved
    if saved.__class__ is Freed:
        raise freed(node)
    at_inputs = entry.tensor_at
    if entry.why_not or not at_inputs:
        said = entry.why_not if "derivative for" in entry.why_not else ""  # in PyTorch's own words
        raise NotDifferentiable(
            said or f"derivative for {entry.name} is not implemented" + _because(entry.why_not),
            places=[((node.code, node.lasti), "recorded here")],
        )
    edges = node.next if node.next.__class__ is tuple else (node.next,)
    out = saved[-1]
    if entry.keeps_out:
        if node.extra is not None and out.__class__ is not tuple:
            verify_output(node, out)
        out = _outputs(node, out) if F is T else out
    values: list[Any] = []
    at = 0
    for i in range(len(saved) - 1):
        v = saved[i]
        cls = v.__class__
        if cls is list:
            if i in at_inputs:
                pairs = zip(v, edges[at : at + len(v)], strict=True)
                values.append([_read(node, t, (i, k), e, F) for k, (t, e) in enumerate(pairs)])
                at += len(v)
            else:
                values.append([_read(node, t, (i, k), None, F) for k, t in enumerate(v)])
            continue
        if cls is Tensor:
            if v.storage is not None:
                verify(node, v, i)
            v = F.restore(v, edges[at] if i in at_inputs else None) if F is not A else v.data
        values.append(v)
        if i in at_inputs:
            at += 1
    if entry.joint:
        gs = entry.joint[1](F, tuple(e is not None for e in edges), g, out, *values)
        return gs if len(edges) > 1 else (gs[0] if gs.__class__ is tuple else gs)
    rules = entry.ordered_rules
    if len(edges) == 1:
        if edges[0] is None:
            return None
        one = rules[0](F, g, out, *values)
        return one[0] if one.__class__ is list else one
    gradients: list[Any] = []
    at = 0
    for i, rule in zip(at_inputs, rules, strict=True):
        v = saved[i]
        if v.__class__ is list:
            n = len(v)
            wanted = any(e is not None for e in edges[at : at + n])
            gradients.extend(rule(F, g, out, *values) if wanted else (None,) * n)
            at += n
        else:
            gradients.append(None if edges[at] is None else rule(F, g, out, *values))
            at += 1
    return tuple(gradients)


def _read(node: Node, v: Any, index: Any, edge: Any, F: Namespace) -> Any:
    if v.__class__ is Tensor:
        if v.storage is not None:
            verify(node, v, index)
        return v.data if F is A else F.restore(v, edge)
    return v


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _outputs(node: Node, out: Any) -> Any:
    if out.__class__ is not tuple:
        return output_tensor(node, out)
    return _outputs_of(node, out)
