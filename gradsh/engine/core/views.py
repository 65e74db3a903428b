"""Views: where they lie in their base, and their history brought up to date with writes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.graph import Freed, Kind, Node, Output, extra_of, freed, note_version, record
from gradsh.engine.core.strided import address, elements, offset
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import AutogradError

if TYPE_CHECKING:
    from gradsh.engine.core.namespaces import Namespace


class Region:
    """Where a view lies in its base: byte offset, shape and strides, for a base of `base_shape` in C order."""

    __slots__ = ("base_shape", "offset", "shape", "strides")

    def __init__(self, base: Any, view: Any) -> None:
        itemsize = view.itemsize
        self.base_shape = base.shape
        self.shape = view.shape
        # a base whose `.data` was replaced since lies elsewhere in memory: the view's own offset counts
        near = view.base is base
        start = address(view) - address(base) if near else (offset(view) - offset(base)) * itemsize
        strides = view.strides
        if not base.flags.c_contiguous:
            start, strides = _in_c_order(base, start, strides)
        self.offset = start // itemsize
        self.strides = tuple(s // itemsize for s in strides)

    def of(self, array: Any) -> Any:
        """The view's part of a C-ordered array that has the base's shape."""
        flat = array.reshape(-1)
        if not self.shape:
            return flat[self.offset : self.offset + 1].reshape(())
        return elements(flat, flat.dtype, self.shape, self.strides, self.offset)


def _in_c_order(base: Any, start: int, strides: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Offset and strides of a view as they would be if its base were stored in C order.

    Each stride of a view is a sum of whole steps along the base's dims; greedily taking the base's longest strides
    first gives these steps, since the strides of a dense base nest.
    """
    order = sorted(range(base.ndim), key=lambda i: -abs(base.strides[i]))
    c_strides = np.empty(base.shape, base.dtype).strides

    def convert(distance: int) -> int:
        total = 0
        for i in order:
            stride = base.strides[i]
            if stride and base.shape[i] > 1:
                steps = distance // stride if distance * stride >= 0 else -(-distance // stride)
                total += steps * c_strides[i]
                distance -= steps * stride
        return total

    return convert(start), tuple(convert(s) for s in strides)


def whole_history(view: Tensor, where: Any) -> Any:
    """The node of a view that is to be written: one by strides may show more than its input, and reads its base."""
    node = view.node
    if node.__class__ is not Node or node.kind.name != AS_STRIDED.name:
        return _without_hooks(node)
    base = view.extra.base  # type: ignore[union-attr]  # a view has one
    return record(AS_STRIDED, base.edge, Region(base.data, view.data), where)  # type: ignore[union-attr]


def _without_hooks(edge: Any) -> Any:
    """Where the gradient of a view went before it was written: hooks on that node are none of the new history's."""
    node = edge.node if edge.__class__ is Output else edge
    extra = node.extra if node.__class__ is Node else None
    if extra is None or not (extra.hooks or extra.prehooks or extra.tensor_hooks or extra.retained):
        return edge
    plain = record(node.kind, node.next, node.saved, (node.code, node.lasti), node.fix)
    extra_of(plain).storage = extra.storage
    for index, version in getattr(node, "versions", {}).items():
        note_version(plain, index, version)
    return Output(plain, edge.number) if edge.__class__ is Output else plain


def refresh(t: Tensor, region: Region | None = None) -> None:
    """Bring a view's history up to date with writes to its base that happened since it was made.

    `region` is where it lies, if that is known.
    """
    extra = t.extra
    if extra is None or extra.base is None:
        return
    base = extra.base
    version = t.storage.version if t.storage is not None else 0
    if version == extra.seen:
        return
    if extra.custom and base.requires:
        raise _custom_view(extra.custom, "its base or another view of its base has been")
    extra.seen = version
    if not base.requires:
        return
    where = t.storage.writer or (None, 0)  # type: ignore[union-attr]  # a write made the versions differ
    node = record(AS_STRIDED, base.node or base, region or Region(base.data, t.data), where)
    old, t.node = t.node, node
    t.requires = True
    move_retained(t, old)
    extra_of(node).storage = t.storage


def move_retained(t: Tensor, old: Any) -> None:
    """Where a tensor that retains its gradient has a new history, what is retained is the gradient of that.

    `old` is where its gradient went before.
    """
    node = old.node if old.__class__ is Output else old
    if t.extra is None or not t.extra.retains or node.__class__ is not Node or node.extra is None:
        return
    moving = [entry for entry in node.extra.retained if entry[1]() is t]
    node.extra.retained = [entry for entry in node.extra.retained if entry[1]() is not t]
    new = t.node
    if moving and new is not None:
        extra_of(new.node if new.__class__ is Output else new).retained.append((t.output_nr, moving[0][1]))


def _region_read_step(node: Node, g: Any, F: Namespace) -> Any:
    return F.region_write(g, node.saved)


AS_STRIDED = Kind("AsStridedBackward0", _region_read_step, saves=False, operator="as_strided", by_sample=True)


def _copy_slices_step(node: Node, g: Any, F: Namespace) -> Any:
    base, value = node.next
    region = node.saved
    if region.__class__ is Freed:
        raise freed(node)
    return (
        None if base is None else F.region_clear(g, region),
        None if value is None else F.region_read(g, region),
    )


# it keeps the function that has written, which PyTorch lets go of, whatever that has saved: backward runs once
COPY_SLICES = Kind("CopySlices", _copy_slices_step, saves=True, operator="copy_slices", by_sample=True)


def _custom_view(made: tuple[str, int], written: str) -> AutogradError:
    return AutogradError(
        f"Output {made[1]} of {made[0]} is a view and {written} modified inplace. This view was created inside a "
        "custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would "
        "override the custom backward associated with the custom Function, leading to incorrect gradients. This "
        "behavior is forbidden. You can fix this by cloning the output of the custom Function."
    )
