"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import converted
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.samples import call, t
from gradsh.errors import DtypeError, ShapeError, ValueProblem


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Any) -> None:
    a, b, c = query.data, key.data, value.data
    if not a.dtype == b.dtype == c.dtype:
        names = [OF[x.dtype].c_name for x in (a, b, c)]
        raise DtypeError(
            "Expected query, key, and value to have the same dtype, but got "
            f"query.dtype: {names[0]} key.dtype: {names[1]} and value.dtype: {names[2]} instead."
        )
    if min(a.ndim, b.ndim, c.ndim) < 2:
        raise ShapeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got "
            f"query.dim: {a.ndim} key.dim: {b.ndim} and value.dim: {c.ndim} instead."
        )
    if mask is not None:
        dtype = mask.data.dtype
        if dtype.kind != "b" and dtype != a.dtype and dtype != np.float32:
            raise DtypeError(
                f"Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{OF[dtype].c_name} and  query.dtype: {OF[a.dtype].c_name} instead."
            )


def _masked(mask: Any, is_causal: Any, length: int, width: int, dtype: Any) -> Any:
    """What is added to the scores: a tensor, or None."""
    added = None
    if is_causal:
        causal = np.where(np.tri(length, width, dtype=bool), 0, -np.inf).astype(dtype)
        added = make(causal)
    if mask is not None:
        if mask.data.dtype.kind == "b":
            if dtype.kind != "f":
                converted(-math.inf, dtype)  # has no room for it
            mask = make(np.where(mask.data, 0, -np.inf).astype(dtype))
        added = mask if added is None else added + mask
    return added


@composite(
    "scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, *, scale=None, "
    "enable_gqa=False)",
    method=False,
    samples=lambda: [
        call(t(1, 1, 2, 3), t(1, 1, 2, 3), t(1, 1, 2, 2)),
        call(t(2, 3), t(2, 3), t(2, 2), is_causal=True),
        call(t(1, 2, 2), t(1, 3, 2), t(1, 3, 2), t(2, 3), scale=0.5),
        call(t(2, 2), t(3, 2), t(3, 1), t(2, 3, values=[[1, 0, 1], [0, 0, 0]], dtype="bool")),
        call(t(1, 2, 1, 2), t(1, 1, 2, 2), t(1, 1, 2, 2), enable_gqa=True),
    ],
    formula="that of softmax(query @ key.mT * scale + mask) @ value",
    example="scaled_dot_product_attention(ones(1, 2, 4), ones(1, 3, 4), ones(1, 3, 4))",
    looped="it works on arrays",
)
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any,
    dropout_p: Any,
    is_causal: Any,
    scale: Any,
    enable_gqa: Any,
) -> Any:
    """Means of the values, weighted by the softmax of the scaled products of queries and keys."""
    _check(query, key, value, attn_mask)
    size = query.data.shape
    fused = len(size) == 4 and not dropout_p and (attn_mask is None or not attn_mask.requires)
    if is_causal and attn_mask is not None and not fused:
        raise ValueProblem("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa and key.data.shape[-3] != size[-3]:
        heads = key.data.shape[-3]
        if size[-3] % heads:
            raise ShapeError("Number of heads in key and value must divide the number of heads in ")
        key, value = (T.repeat_interleave(x, size[-3] // heads, -3) for x in (key, value))
    root = math.sqrt(1 / math.sqrt(size[-1] or 1) if scale is None else abs(scale))
    sign = -1.0 if scale is not None and scale < 0 else 1.0
    added = _masked(attn_mask, is_causal, size[-2], key.data.shape[-2], query.data.dtype)
    # PyTorch scales both factors before the product, which keeps half floats in range
    scores = T.matmul(query * root, T.transpose(key * (root * sign), -2, -1))
    if added is not None:
        scores = scores + added
    weights = T.softmax(scores, -1)
    if added is not None:
        closed = np.isneginf(scores.data).all(-1, keepdims=True)
        if closed.any():
            # where nothing may be attended to the result is 0
            weights = T.masked_fill(T.softmax(T.masked_fill(scores, make(closed), 0.0), -1), make(closed), 0.0)
    if dropout_p > 0:
        weights = T.dropout(weights, dropout_p)
    out = T.matmul(weights, value)
    if fused and out.node.__class__ is Node:
        out.node.kind = out.node.kind.renamed("ScaledDotProductFlashAttentionForCpuBackward0")
    return out
