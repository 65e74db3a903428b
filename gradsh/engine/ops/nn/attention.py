"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Node
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.promotion import converted
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels import softmax as kernels
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.steps import constant
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


# --- in one step -----------------------------------------------------------------------------------------------------
# Where PyTorch has one function in the graph, so has this: the steps below were sixteen, and their recording took
# twice the time of their arithmetic. Its order, and how each factor lies in memory, is theirs, and so are the bits.


class Scores:
    """What the forward found and the backward needs again: both factors, scaled and with one batch dim, the weights,
    and which rows may attend to nothing (None where all may attend to something)."""

    __slots__ = ("closed", "keys", "queries", "weights")

    closed: Any
    keys: Any
    queries: Any
    weights: Any

    def anew(self) -> Scores:
        """Those of one sample of many: each forward has its own."""
        return Scores()


def _is_one_step(query: Tensor, key: Tensor, value: Tensor, added: Any) -> bool:
    """Whether `attend` gives what the steps give: all that is odd, or wrong, is left to them.

    The gradients of one tensor in two places are summed from the last step to the first there.
    """
    q, k, v = query.data, key.data, value.data
    dtype = q.dtype
    if dtype.char not in "fd" or k.dtype is not dtype or v.dtype is not dtype or not (q.size and k.size and v.size):
        return False
    if k.ndim != 4 or v.ndim != 4 or not q.shape[:2] == k.shape[:2] == v.shape[:2]:
        return False
    if q.shape[3] != k.shape[3] or k.shape[2] != v.shape[2] or query is key or query is value or key is value:
        return False
    if added is not None:
        mask, scores = added.data, (*q.shape[:3], k.shape[2])
        if mask.dtype != dtype or mask.ndim > 4 or added.requires:
            return False
        if any(n not in (1, full) for n, full in zip(mask.shape, scores[4 - mask.ndim :], strict=True)):
            return False
    return mode.interpreter is None and mode.forward is None


def _flat(x: Any) -> Any:
    """Matrices with one batch dim."""
    shape = x.shape
    return x.reshape(shape[0] * shape[1], shape[2], shape[3])


def _opened(x: Any, closed: Any) -> Any:
    """With zeros in the rows that may attend to nothing, as their result is 0."""
    return x if closed is None else np.where(closed, x.dtype.type(0), x)


@op(
    "attend(query, key, value, mask, root, key_root, found)",
    work="product",
    grad_fn="ScaledDotProductFlashAttentionForCpuBackward0",
    private=True,
)
def attend(q: Any, k: Any, v: Any, mask: Any, root: float, key_root: float, found: Scores) -> Any:
    """Means of the values [N, H, S, E'], weighted by the softmax of root * query [N, H, L, E] times key_root * key
    [N, H, S, E], plus a mask that broadcasts to [N, H, L, S] or None."""
    queries = found.queries = _flat(q * constant(root, q.dtype))
    keys = found.keys = _flat((k * constant(key_root, k.dtype)).swapaxes(2, 3))
    scores = np.matmul(queries, keys).reshape(*q.shape[:3], k.shape[2])
    closed = None
    if mask is not None:
        scores = scores + mask
        closed = np.isneginf(scores).all(-1, keepdims=True)
        if not closed.any():
            closed = None
    found.closed = closed
    found.weights = kernels.softmax(_opened(scores, closed), 3)
    return np.matmul(_flat(_opened(found.weights, closed)), _flat(v)).reshape(*q.shape[:3], v.shape[3])


@attend.vjp("query", "key", "value", saves="query key value mask")
def _(
    F: Any, needs: Any, g: Any, out: Any, q: Any, k: Any, v: Any, mask: Any, root: float, key_root: float, found: Scores
) -> Any:
    if F is not A:
        return _attend_backward(F, needs, g, q, k, v, mask, root, key_root, found.closed)
    weights, closed = found.weights, found.closed
    flat = _flat(g)
    gq = gk = gv = None
    if needs[2]:
        gv = np.matmul(_flat(_opened(weights, closed)).swapaxes(1, 2), flat).reshape(v.shape)
    if needs[0] or needs[1]:
        gw = np.matmul(flat, _flat(v).swapaxes(1, 2)).reshape(weights.shape)
        gs = kernels.softmax_backward(_opened(gw, closed), weights, 3)
        gs = _flat(_opened(gs, closed))
        if needs[0]:
            gq = np.matmul(gs, found.keys.swapaxes(1, 2)).reshape(q.shape) * constant(root, q.dtype)
        if needs[1]:
            turned = np.matmul(found.queries.swapaxes(1, 2), gs).reshape(*k.shape[:2], k.shape[3], k.shape[2])
            gk = turned.swapaxes(2, 3) * constant(key_root, k.dtype)
    return gq, gk, gv


def _attend_backward(
    F: Any, needs: Any, g: Any, q: Any, k: Any, v: Any, mask: Any, root: float, key_root: float, closed: Any
) -> Any:
    """The same in operators, for gradients that have a graph and for batches of them."""
    queries, keys = q * root, F.transpose(k * key_root, -2, -1)
    scores = F.matmul(queries, keys)
    if mask is not None:
        scores = scores + mask

    def opened(x: Any) -> Any:
        return x if closed is None else F.masked_fill(x, make(closed), 0.0)

    inner = F.softmax(opened(scores), -1, None)
    weights = opened(inner)
    gq = gk = gv = None
    if needs[2]:
        gv = F.matmul(F.transpose(weights, -2, -1), g)
    if needs[0] or needs[1]:
        gs = opened(F.softmax_backward(opened(F.matmul(g, F.transpose(v, -2, -1))), inner, -1))
        if needs[0]:
            gq = F.matmul(gs, F.transpose(keys, -2, -1)) * root
        if needs[1]:
            gk = F.transpose(F.matmul(F.transpose(queries, -2, -1), gs), -2, -1) * key_root
    return gq, gk, gv


# --- step by step ----------------------------------------------------------------------------------------------------


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
    if fused and _is_one_step(query, key, value, added):
        return T.attend(query, key, value, added, root, root * sign, Scores())
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
