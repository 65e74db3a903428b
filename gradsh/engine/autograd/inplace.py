"""Writing in place: version counters, rebased history, writes through views.

A write to a tensor gives it a new grad_fn (`rebase`). A write to a view gives its *base* a node `CopySlices`, whose
gradient is zero where the view wrote and goes to the written value there; the other views of that base are brought up
to date when they are next used (`refresh`), with an `AsStridedBackward0` on the new base.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from types import CellType
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import ended
from gradsh.engine.core.graph import extra_of, note_version, record
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller
from gradsh.engine.core.strided import address, as_laid_out, check_apart, dense
from gradsh.engine.core.tensor import Tensor, flagged, make
from gradsh.engine.core.views import (
    COPY_SLICES,
    Region,
    _custom_view,
    move_retained,
    refresh,
    whole_history,
)
from gradsh.errors import AutogradError, DtypeError, LeafInPlace, ShapeError, ValueProblem

ndarray = np.ndarray


# --- views kept up to date -------------------------------------------------------------------------------------------


# --- the write itself -------------------------------------------------------------------------------------------------


OVERLAP = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)


def check_overlap(x: Tensor, sources: Iterable[Any]) -> None:
    """Raise if a source lies partly in the memory that is to be written; PyTorch looks at dense tensors only."""
    storage = x.storage
    if storage is None:
        return
    for source in sources:
        if source.__class__ is Tensor and source is not x and source.storage is storage:
            a, b = x.data, source.data
            if not a.size or not b.size or not dense(a) or not dense(b):
                continue
            first, second = address(a), address(b)
            if first == second and a.nbytes == b.nbytes:
                partly = a.strides != b.strides
            else:
                partly = first < second + b.nbytes and second < first + a.nbytes
            if partly:
                raise ValueProblem(OVERLAP)


def check_writable(x: Tensor, tracked: bool, where: Any) -> None:
    """Raise unless PyTorch allows a write to `x` now; `tracked`: whether the write takes part in a graph."""
    extra = x.extra
    if x.storage is not None and x.storage.inference and not mode.inference:
        raise AutogradError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
            "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if tracked or (mode.grad and extra is not None and flagged(extra.base)):
        _check_tracked(x, extra)
    if x.data.__class__ is ndarray:
        check_apart(x.data)


def check_captured(x: Tensor, name: str) -> None:
    """Raise if a function that `grad(f)` runs reaches `x` from outside: by a global name, or closed over."""
    base = x.extra.base if x.extra is not None else None
    for function in mode.transformed:
        cells = getattr(function, "__closure__", None) or ()
        reached = [*getattr(function, "__globals__", {}).values(), *(c.cell_contents for c in cells if _bound(c))]
        if any(value is x or (base is not None and value is base) for value in reached):
            raise AutogradError(
                "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place "
                f"operation (aten::{name}) that would mutate a captured Tensor. This is not supported; please rewrite "
                "the function being transformed to explicitly accept the mutated Tensor(s) as inputs."
            )


def _bound(cell: CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _check_tracked(x: Tensor, extra: Any) -> None:
    if extra is not None and extra.base is not None:
        _check_view(extra)
        base = extra.base
        if flagged(base):
            raise LeafInPlace(
                "a view of a leaf Variable that requires grad is being used in an in-place operation.",
                help="write inside of `no_grad { pass }`, or write to a copy, `.clone()`",
                places=[(base.made_at, "the leaf is made here")],
            )
    if x.requires and x.node is None:
        raise LeafInPlace(
            "a leaf Variable that requires grad is being used in an in-place operation.",
            help="`no_grad { w -= 0.1 * w.grad }` updates it",
            places=[(x.made_at, "the leaf is made here")],
        )


def _check_view(extra: Any) -> None:
    if extra.multiple:
        raise AutogradError(
            f"Output {extra.multiple[1]} of {extra.multiple[0]} is a view and is being modified inplace. This view is "
            "the output of a function that returns multiple views. Such functions do not allow the output views to be "
            "modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    if extra.custom:
        raise _custom_view(extra.custom, "is being")
    if extra.made_without_grad:
        raise AutogradError(
            "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this "
            "use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view "
            "and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or "
            "both outside (if you want the inplace to be tracked)."
        )


def bump(x: Tensor, where: Any) -> None:
    """Note that the memory of `x` was written."""
    storage = x.storage
    if storage is None:
        storage = x.own_storage()
    storage.version += 1
    storage.writer = where
    if mode.written is not None:
        mode.written(x, where)


def apply_in_place(
    function: Any, x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any], frame: Any, own: str = ""
) -> Tensor:
    """`x.f_(…)` for an operator `f`: its result is written into `x`, which takes over its history. Returns `x`.

    own   of an operator that has a gradient only here, of zero (a comparison): the name of its node
    """
    where = caller(frame)
    if mode.interpreter is not None:
        written = mode.interpreter.write(function, x, args, kwargs)
        if written is not NotImplemented:
            return written  # type: ignore[no-any-return]  # the interpreter's tensor
    elif x.__class__ is not Tensor:
        raise ended(f"{function.__name__}_" if hasattr(x, "unusable") else function.__name__, (x,))
    refresh(x)
    before = mode.where
    mode.where = where
    try:
        # the operator sees the old value under another identity: its node may save it, and `x` is about to change
        old = make(x.data)
        old.node, old.requires = x.node, x.requires
        if mode.saving is not None and x.data.__class__ is ndarray:
            old.data = x.data.copy()  # a hook may keep a view of it
        if mode.forward is not None:
            mode.forward.follow(x, old)
        if x.requires and x.node is None:
            old = x
        elif x.extra is not None and x.extra.base is not None:
            old.node = whole_history(x, where)
        given = (*args, *kwargs.values())
        tracked = mode.grad and (x.requires or any(a.__class__ is Tensor and a.requires for a in given))
        check_writable(x, tracked, where)
        if mode.transformed:
            check_captured(x, f"{function.__name__}_" + (".Tensor" if len(args) == 1 and not kwargs else ""))
        check_overlap(x, given)
        result = function(old, *args, **kwargs)
        check_result(x, result)
        if own and tracked and x.requires and not result.requires:
            result = _without_gradient(f"{own}{int(given[0].__class__ is Tensor)}", function.__name__, old, result)
    finally:
        mode.where = before
    forward = mode.forward
    tangents = None if forward is None else forward.before(x)
    new = None if forward is None else forward.tangents.get(result)
    assign(x, result, old, where)
    if forward is not None:
        forward.written(x, tangents, new)
    return x


def _without_gradient(own: str, operator: str, old: Tensor, result: Tensor) -> Tensor:
    """A comparison's result, for the place of a tracked tensor: that gets a gradient of zero."""
    out: Tensor = T.overwrite(old, result)
    node = out.grad_fn
    if node is not None:
        kind = node.kind
        node.kind = kind.renamed(own, saves=False, operator=operator)
    return out


def check_result(x: Tensor, result: Tensor) -> None:
    """Raise unless a result of this shape and dtype may be written into `x`."""
    a, b = x.data, result.data
    if a.shape != b.shape:
        raise ShapeError(f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(b.shape)}")
    if a.dtype != b.dtype and result.dtype.category > x.dtype.category:
        raise DtypeError(f"result type {result.dtype.title} can't be cast to the desired output type {x.dtype.title}")


def assign(x: Tensor, result: Tensor, old: Tensor | None, where: Any) -> None:
    """Give `x` the value and the history of `result`, whose data nobody else holds."""
    data = result.data
    if data.dtype != x.data.dtype:
        result = T.to(result, x.dtype)
        data = result.data
    shared = x.storage is not None and x.data.__class__ is ndarray
    if shared:
        memory = x.data
        if old is not None and old is not x:
            old.data = memory.copy()
        memory[...] = data
    else:
        if data.__class__ is ndarray:
            if data.ndim > 1 and data.strides != x.data.strides:
                data = as_laid_out(data, x.data)
            elif data.base is not None or not data.flags.writeable:
                data = data.copy(order="K")
        x.data = data
    bump(x, where)
    if result.requires:
        rebase(x, result, where)


def rebase(x: Tensor, result: Tensor, where: Any) -> None:
    """Give `x` the history of `result`; for a view, give it to the base as `CopySlices`."""
    extra = x.extra
    storage = x.storage
    assert storage is not None
    made = result.grad_fn
    assert made is not None
    if made.saved is result.data:
        made.saved = x.data
    made_extra = extra_of(made)
    made_extra.storage = storage
    note_version(made, -1, storage.version)
    if extra is None or extra.base is None:
        old_fn = x.node
        x.node, x.requires = result.node, True
        move_retained(x, old_fn)
        return
    base = extra.base
    old_fn = base.node
    region = Region(base.data, x.data)
    node = record(COPY_SLICES, (base.edge, result.node), region, where)
    base.node, base.requires = node, True
    move_retained(base, old_fn)
    extra_of(node).storage = storage
    note_version(node, -1, storage.version)
    refresh(x, region)
    if x.node is not None:
        made_extra.through_view = weakref.ref(x.grad_fn)
