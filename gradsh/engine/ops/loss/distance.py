"""Losses of pairs and triples: embeddings that should be close or far."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.namespaces import T
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.loss.regression import LEGACY, broadcast_shape, finish, reduction_of
from gradsh.errors import ArgumentError, ShapeError, ValueError_


@composite(
    f"cosine_embedding_loss(input1, input2, target, margin=0.0, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3), t(2, values=[1, -1], dtype="int64")),
        call(t(2, 3), t(2, 3), t(2, values=[1, -1], dtype="int64"), -0.9, reduction="none"),
        call(t(3), t(3), t(values=1, dtype="int64"), reduction="sum"),
    ],
    formula="that of 1 - cos where target is 1, of max(0, cos - margin) where it is -1",
    example="cosine_embedding_loss(tensor([[1., 0.]]), tensor([[1., 1.]]), tensor([1.]))",
)
def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: Any, size_average: Any, reduce: Any, reduction: Any
) -> Any:
    """The mean of 1 - cos of the angle for targets 1, of max(0, cos - margin) for targets -1."""
    reduction = reduction_of(size_average, reduce, reduction)
    a, b, ndim = input1.data.shape, input2.data.shape, target.data.ndim
    if ndim > 1:
        raise ShapeError(
            "0D or 1D target tensor expected, multi-target not supported, "
            f"but found target of size {list(target.data.shape)}."
        )
    if ndim == 1 and not len(a) == len(b) == 2:
        raise ShapeError(
            f"1D target tensor expects 2D input tensors, but found inputs with sizes {list(a)} and {list(b)}."
        )
    if ndim == 0 and not len(a) == len(b) == 1:
        raise ShapeError(
            f"0D target tensor expects 1D input tensors, but found inputs with sizes {list(a)} and {list(b)}."
        )
    broadcast_shape(a, b)
    product = T.sum(input1 * input2, ndim)
    one = T.sum(input1 * input1, ndim) + 1e-12
    two = T.sum(input2 * input2, ndim) + 1e-12
    cos = product / T.sqrt(one * two)
    zeros = T.zeros_like(cos)
    near = T.where(target == 1, 1 - cos, zeros)
    far = T.where(target == -1, T.clamp_min(cos - margin, 0), zeros)
    return finish(near + far, reduction)


def _triple(anchor: Any, positive: Any, negative: Any, margin: Any) -> None:
    """The errors that both forms of the triplet loss share."""
    if margin <= 0:
        raise ValueError_(f"margin must be greater than 0, got {margin}")
    a, p, n = (x.data.ndim for x in (anchor, positive, negative))
    if not a == p == n:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {p}D, and negative {n}D inputs"
        )


def _triplet_samples() -> list[call]:
    trio = (t(2, 3), t(2, 3, low=3, high=4), t(2, 3))
    return [
        call(*trio),
        call(*trio, margin=9.0, reduction="none"),
        call(*trio, swap=True, margin=9.0, reduction="sum"),
        call(t(3), t(3, low=3, high=4), t(3)),
    ]


@composite(
    f"triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, {LEGACY})",
    python=True,
    method=False,
    samples=lambda: [*_triplet_samples(), call(t(2, 3), t(2, 3, low=3, high=4), t(2, 3), 9.0, 3)],
    formula="that of the distance to positive minus the distance to negative, where the loss is not 0",
    example="triplet_margin_loss(tensor([[0., 0.]]), tensor([[1., 0.]]), tensor([[0., 3.]]), margin=5.0)",
)
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: Any,
    p: Any,
    eps: Any,
    swap: Any,
    size_average: Any,
    reduce: Any,
    reduction: Any,
) -> Any:
    """The mean of max(0, margin + |anchor - positive| - |anchor - negative|)."""
    reduction = reduction_of(size_average, reduce, reduction)
    _triple(anchor, positive, negative, margin)
    near = T.pairwise_distance(anchor, positive, p, eps)
    far = T.pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = T.minimum(T.pairwise_distance(positive, negative, p, eps), far)
    return finish(T.clamp_min(margin + near - far, 0), reduction)


@composite(
    "triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, "
    "reduction='mean')",
    python=True,
    method=False,
    samples=_triplet_samples,
    formula="that of the distance to positive minus the distance to negative, where the loss is not 0",
    example="triplet_margin_with_distance_loss(tensor([[0.]]), tensor([[1.]]), tensor([[3.]]), margin=5.0)",
)
def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, distance_function: Any, margin: Any, swap: Any, reduction: Any
) -> Any:
    """The triplet loss with a distance of one's own: a function of two tensors."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError_(f"{reduction} is not a valid value for reduction")
    _triple(anchor, positive, negative, margin)
    distance = T.pairwise_distance if distance_function is None else distance_function
    if not callable(distance):
        raise ArgumentError(f"'{type_word(distance)}' object is not callable")
    near = distance(anchor, positive)
    far = distance(anchor, negative)
    if swap:
        far = T.minimum(far, distance(positive, negative))
    return finish(T.clamp_min(margin + near - far, 0), reduction)
