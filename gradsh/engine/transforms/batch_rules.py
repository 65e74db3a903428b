"""How operators run with a batch in front of some of their tensors: the table behind batching.py.

A rule is `rule(F, size, batched, *values)`: the values as batches hold them (arrays for `F` A, tensors for T), where
`batched` tells which have the batch in front; it gives the result with the batch in front, or NotImplemented for
arguments that are better done sample by sample. The table is read when the first batch is made: programs without
batches do not pay for it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from gradsh.engine.core.arguments import dim_index, dims_tuple
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import Operator
from gradsh.engine.transforms.batching import entry_of, expanded, padded, run_inner

Rule = Callable[..., Any]

RULES: dict[str, Rule] = {}

# composites and general operators that work element by element, whatever they are written in
ELEMENTWISE = frozenset(("where", "where_each", "to_copy", "clone", "clone_contiguous", "contiguous", "copy"))

# composites that use nothing but operators and shapes: they run on batches as they are written
_AS_WRITTEN = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
adaptive_max_pool3d adjoint affine_grid alpha_dropout atleast_1d atleast_2d atleast_3d avg_pool1d avg_pool2d
avg_pool3d backward bilinear binary_cross_entropy binary_cross_entropy_with_logits broadcast_tensors cdist celu
chain_matmul channel_shuffle cholesky chunk clamp clip column_stack conv1d conv2d conv3d conv_transpose1d
conv_transpose2d conv_transpose3d corrcoef cosine_embedding_loss cosine_similarity cross cross_entropy
cumulative_trapezoid det diag diagflat diff dim double dsplit dstack element_size elu expand_as
feature_alpha_dropout flatten fliplr flipud float float_power fold gaussian_nll_loss ger grad grad_and_value
grid_sample group_norm half hessian hinge_embedding_loss hsplit hstack huber_loss hvp instance_norm interpolate
inverse is_complex is_floating_point is_same_size is_signed is_tensor item jacfwd jacobian jacrev jvp kl_div kron
l1_loss layer_norm ldexp lerp linalg.cholesky linalg.cond linalg.cross linalg.diagonal linalg.eigh linalg.eigvalsh
linalg.householder_product linalg.inv linalg.matrix_norm linalg.matrix_power linalg.norm linalg.pinv linalg.qr
linalg.slogdet linalg.solve linalg.solve_triangular linalg.svd linalg.svdvals linalg.tensorinv linalg.tensorsolve
linalg.vander linalg.vecdot linalg.vector_norm local_response_norm lp_pool1d lp_pool2d lp_pool3d margin_ranking_loss
matrix_power max_pool1d max_pool2d max_pool3d moveaxis movedim mse_loss msort multilabel_soft_margin_loss mvlgamma
nanmean ndimension nelement nll_loss norm numel numpy outer pad pairwise_distance pdist pinverse pixel_shuffle
pixel_unshuffle poisson_nll_loss polygamma positive prelu ravel relu6 renorm requires_grad_ reshape_as retain_grad
rms_norm round rsub rsub_tensor scatter selu size slogdet smooth_l1_loss soft_margin_loss softmin softsign
special.ndtr split take_along_dim tanhshrink tensor_split tile tolist trapezoid triplet_margin_loss
triplet_margin_with_distance_loss unflatten unfold upsample value_and_grad vhp view_as vjp vmap vsplit vstack
"""
AS_WRITTEN = frozenset(_AS_WRITTEN.split())

# but not when they look at values: with these arguments, sample by sample
LOOKS: dict[str, Callable[[list[Any]], bool]] = {
    "cross_entropy": lambda values: values[-1] != 0.0,
    "gaussian_nll_loss": lambda values: isinstance(values[2], Tensor) and values[2].__class__ is not Tensor,
    "scatter": lambda values: values[-1] is not None,
}

# the shape of the result depends on values
DYNAMIC = frozenset(("nonzero", "argwhere", "unique", "unique_consecutive"))


def rule_of(entry: Operator) -> Rule | None:
    """The rule of an operator, None when the table has none."""
    return RULES.get(entry.name)


def go(name: str, *values: Any) -> Any:
    """An operator on arrays, tensors or batches of a lower level, with all of its arguments."""
    return run_inner(entry_of(name), values)


def batched_rule(*names: str) -> Callable[[Rule], Rule]:
    """Enter a rule for these operators."""

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES[name] = rule
        return rule

    return register


def sample(x: Any) -> tuple[int, ...]:
    """The shape of one sample."""
    return tuple(x.shape[1:])


def fronted(x: Any, is_batched: Any, size: int) -> Any:
    """A tensor with the batch in front, repeated where it has none."""
    return x if is_batched else expanded(x, size)


# --- along a dim -----------------------------------------------------------------------------------------------------


def _shifted(name: str, *at: int) -> None:
    """An operator of one batched tensor whose arguments number `at` are dims."""

    def rule(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]):
            return NotImplemented
        given = list(values)
        n = len(sample(values[0]))
        if not n:
            return NotImplemented
        for i in at:
            d = given[i]
            given[i] = tuple(k + 1 for k in dims_tuple(d, n)) if isinstance(d, (tuple, list)) else dim_index(d, n) + 1
        return go(name, *given)

    RULES[name] = rule


def _shifted_in_shape(name: str, shape_at: int, *at: int) -> None:
    """The same where an argument is the shape of the result (gradients of views)."""

    def rule(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]):
            return NotImplemented
        given = list(values)
        shape = tuple(given[shape_at])
        if not shape:
            return NotImplemented
        given[shape_at] = (size, *shape)
        for i in at:
            given[i] = dim_index(given[i], len(shape)) + 1
        return go(name, *given)

    RULES[name] = rule


_shifted("transpose", 1, 2)
_shifted("narrow", 1)
_shifted("slice", 1)
_shifted("select", 1)
_shifted("flip", 1)
_shifted("rot90", 2)
_shifted("diagonal", 2, 3)
_shifted("diagonal_copy", 2, 3)
_shifted("unfold_windows", 1)
_shifted("split_pieces", 2)
_shifted("split_with_sizes", 2)
_shifted("unbind", 1)
_shifted("cumsum_back", 1)
_shifted("glu", 1)
_shifted("ones_of", 1)
_shifted_in_shape("slice_backward", 1, 2)
_shifted_in_shape("select_backward", 1, 2)
_shifted_in_shape("diagonal_backward", 1, 3, 4)
_shifted_in_shape("unfold_backward", 1, 2)


@batched_rule("permute")
def _permute(F: Any, size: int, batched: Any, x: Any, dims: Any) -> Any:
    n = len(sample(x))
    return go("permute", x, (0, *(d + 1 for d in dims_tuple(tuple(dims), n))) if n else (0,))


@batched_rule("unsqueeze")
def _unsqueeze(F: Any, size: int, batched: Any, x: Any, dim: int) -> Any:
    return go("unsqueeze", x, dim_index(dim, len(sample(x)) + 1) + 1)


@batched_rule("diag_embed")
def _diag_embed(F: Any, size: int, batched: Any, x: Any, offset: int, dim1: int, dim2: int) -> Any:
    n = len(sample(x)) + 1
    return go("diag_embed", x, offset, dim_index(dim1, n) + 1, dim_index(dim2, n) + 1)


@batched_rule("squeeze")
def _squeeze(F: Any, size: int, batched: Any, x: Any, dim: Any) -> Any:
    shape = sample(x)
    gone = dims_tuple(dim, len(shape))
    return go("reshape", x, (size, *(n for i, n in enumerate(shape) if n != 1 or i not in gone)))


@batched_rule("t")
def _t(F: Any, size: int, batched: Any, x: Any) -> Any:
    return go("transpose", x, 1, 2) if len(sample(x)) == 2 else NotImplemented


@batched_rule("trace")
def _trace(F: Any, size: int, batched: Any, x: Any) -> Any:
    return go("sum", go("diagonal", x, 0, 1, 2), 1, False, None) if len(sample(x)) == 2 else NotImplemented


@batched_rule("roll")
def _roll(F: Any, size: int, batched: Any, x: Any, shifts: Any, dims: Any) -> Any:
    shape = sample(x)
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        return go("reshape", go("roll", go("reshape", x, (size, -1)), shifts, (1,)), (size, *shape)) if size else x
    along = dims if isinstance(dims, (tuple, list)) else (dims,)
    return go("roll", x, shifts, tuple(dim_index(d, len(shape)) + 1 for d in along))


# --- another shape ---------------------------------------------------------------------------------------------------


@batched_rule("reshape", "view", "unsafe_view", "reshape_copy", "reshaped_copy", "reshape_alias")
def _reshape(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    from gradsh.engine.ops.shape.shape import inferred

    count = 1
    for extent in sample(x):
        count *= extent
    wanted = inferred(tuple(shape) if isinstance(shape, (tuple, list)) else (shape,), count)
    return F.reshape(x, (size, *wanted))


@batched_rule("expand", "broadcast_to")
def _expand(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    from gradsh.engine.ops.shape.shape import expanded_shape

    wanted = expanded_shape(sample(x), tuple(shape))
    return go("expand", padded(x, len(wanted)), (size, *wanted))


@batched_rule("sum_to_size")
def _sum_to_size(F: Any, size: int, batched: Any, x: Any, shape: Any) -> Any:
    shape = tuple(shape)
    from_ = sample(x)
    lead = len(from_) - len(shape)
    axes = tuple(range(1, lead + 1)) + tuple(
        i + lead + 1 for i, extent in enumerate(shape) if extent == 1 and from_[i + lead] != 1
    )
    return F.reshape(go("sum", x, axes, True, None) if axes else x, (size, *shape))


@batched_rule("repeat")
def _repeat(F: Any, size: int, batched: Any, x: Any, repeats: Any) -> Any:
    repeats = tuple(repeats)
    if len(repeats) < len(sample(x)):
        return NotImplemented
    return go("repeat", padded(x, len(repeats)), (1, *repeats))


@batched_rule("cat", "concat", "concatenate")
def _cat(F: Any, size: int, batched: Any, tensors: Any, dim: int) -> Any:
    parts = [fronted(x, b, size) for x, b in zip(tensors, batched[0], strict=True)]
    n = len(sample(parts[0]))
    if not n or any(len(sample(x)) != n or sample(x) == (0,) for x in parts):
        return NotImplemented
    return go("cat", parts, dim_index(dim, n) + 1)


@batched_rule("stack")
def _stack(F: Any, size: int, batched: Any, tensors: Any, dim: int) -> Any:
    parts = [fronted(x, b, size) for x, b in zip(tensors, batched[0], strict=True)]
    return go("stack", parts, dim_index(dim, len(sample(parts[0])) + 1) + 1)


@batched_rule("squeeze_row")
def _squeeze_row(F: Any, size: int, batched: Any, x: Any) -> Any:
    return go("select", x, 1, 0)


# --- on the last dims ------------------------------------------------------------------------------------------------


def _leading(name: str, least: int) -> None:
    """An operator on the last dims of one tensor that takes any number of dims before them."""

    def rule(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(batched[1:]) or len(sample(values[0])) < least:
            return NotImplemented
        return go(name, *values)

    RULES[name] = rule


_MATRICES = """
matrix_transpose tril triu linalg.det cofactors inverse_of slogdet_of cholesky_of qr_of eigh_of svd_of
linalg.matrix_exp times_constant order_rows
"""
for _name in _MATRICES.split():
    _leading(_name, 2)
for _name in (
    "constant_pad",
    "take_axes",
    "put_axes",
    "resample",
    "resample_backward",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
    "detach",
):
    _leading(_name, 0)


def _merged(name: str, at: tuple[int, ...] = (0,)) -> None:
    """An operator on a batch of its own (images): the two batches become one."""

    def rule(F: Any, size: int, batched: Any, *values: Any) -> Any:
        if not batched[0] or any(b for i, b in enumerate(batched) if i not in at) or not size:
            return NotImplemented
        given = list(values)
        rows = int(values[0].shape[1])
        for i in at:
            x = fronted(values[i], batched[i], size)
            given[i] = F.reshape(x, (size * rows, *x.shape[2:]))
        out = go(name, *given)
        if isinstance(out, tuple):
            return tuple(F.reshape(o, (size, rows, *o.shape[1:])) for o in out)
        return F.reshape(out, (size, rows, *out.shape[1:]))

    RULES[name] = rule


_IMAGES = """
convolve convolve_input mean_windows2d mean_windows2d_backward mean_windows3d mean_windows3d_backward
adaptive_means2d adaptive_means2d_backward adaptive_means3d adaptive_means3d_backward max_windows2d max_windows3d
adaptive_largest2d adaptive_largest3d
"""
for _name in _IMAGES.split():
    _merged(_name)


# --- products --------------------------------------------------------------------------------------------------------


@batched_rule("matmul", "mm", "mv", "bmm", "dot", "vdot", "vector_matrix")
def _matmul(F: Any, size: int, batched: Any, a: Any, b: Any) -> Any:
    first, second = bool(batched[0]), bool(batched[1])
    n, m = len(a.shape) - first, len(b.shape) - second
    if not n or not m:
        return NotImplemented
    inner, other = a.shape[-1], b.shape[-2 if m > 1 else -1]
    if inner != other:
        return NotImplemented  # which says what is wrong
    if first and not second and m <= 2 and n == 1:
        return F.matmul(a, b)
    if second and not first and m == 1 and n == 2:
        return F.matmul(b, F.transpose(a, 0, 1))
    if second and not first and n == m == 1:
        return F.matmul(b, a)
    if first and not second and m == 2:
        # one product of a tall matrix instead of one for each sample
        rows = F.reshape(a, (_count(a.shape[:-1]), inner))
        return F.reshape(F.matmul(rows, b), (*a.shape[:-1], b.shape[-1]))
    if n == 1:
        a = F.unsqueeze(a, -2)
    if m == 1:
        b = F.unsqueeze(b, -1)
    deepest = max(n, m, 2)
    if first:
        a = padded(a, deepest)
    if second:
        b = padded(b, deepest)
    out = F.matmul(a, b)
    shape = list(out.shape)
    if m == 1:
        shape.pop(-1)
    if n == 1:
        shape.pop(-1 if m == 1 else -2)
    return out if len(shape) == len(out.shape) else F.reshape(out, tuple(shape))


def _count(shape: Any) -> int:
    n = 1
    for extent in shape:
        n *= int(extent)
    return n


@batched_rule("outer_product")
def _outer(F: Any, size: int, batched: Any, a: Any, b: Any) -> Any:
    if not batched[0]:
        return F.reshape(a, (*a.shape, 1)) * F.reshape(b, (size, 1, b.shape[-1]))
    return F.reshape(a, (*a.shape, 1)) * (F.reshape(b, (size, 1, b.shape[-1])) if batched[1] else b)


def _accumulated(F: Any, x: Any, x_batched: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """`beta * x + alpha * product`, where the product has the batch in front."""
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    if x_batched and len(x.shape) < len(product.shape):
        x = padded(x, len(product.shape) - 1)
    return (x if beta == 1 else x * beta) + product


@batched_rule("addmm", "addmv", "baddbmm")
def _addmm(F: Any, size: int, batched: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    if batched[1] or batched[2]:
        product = _matmul(F, size, batched[1:], a, b)
        if product is NotImplemented:
            return NotImplemented
    else:
        product = expanded(F.matmul(a, b), size)
    return _accumulated(F, x, batched[0], product, beta, alpha)


@batched_rule("addr")
def _addr(F: Any, size: int, batched: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    if not (batched[1] or batched[2]):
        return NotImplemented
    return _accumulated(F, x, batched[0], _outer(F, size, batched[1:], a, b), beta, alpha)


@batched_rule("linear")
def _linear(F: Any, size: int, batched: Any, x: Any, weight: Any, bias: Any) -> Any:
    if weight.ndim - bool(batched[1]) != 2:
        return NotImplemented
    if not (batched[0] or batched[1]):
        out = expanded(F.linear(x, weight, None), size)
    else:
        turned = F.transpose(weight, 1, 2) if batched[1] else F.transpose(weight, 0, 1)
        out = _matmul(F, size, batched, x, turned)
        if out is NotImplemented:
            return NotImplemented
    return out if bias is None else _accumulated(F, bias, batched[2], out, 1, 1)


# --- picked elements -------------------------------------------------------------------------------------------------


def _apart(dims: Any) -> bool:
    """Whether NumPy puts the picked dims in front because others lie between them."""
    return any(b != a + 1 for a, b in pairwise(dims))


@batched_rule("index")
def _index(F: Any, size: int, batched: Any, x: Any, indices: Any, dims: Any) -> Any:
    if batched[1]:
        return NotImplemented
    out = go("index", x, indices, tuple(d + 1 for d in dims))
    if not _apart(dims):
        return out
    return F.movedim(out, max(len(i.shape) for i in indices), 0)


@batched_rule("index_backward")
def _index_backward(F: Any, size: int, batched: Any, g: Any, shape: Any, indices: Any, dims: Any) -> Any:
    if batched[2]:
        return NotImplemented
    if _apart(dims):
        g = F.movedim(g, 0, max(len(i.shape) for i in indices))
    return go("index_backward", g, (size, *shape), indices, tuple(d + 1 for d in dims))


@batched_rule("index_select")
def _index_select(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any) -> Any:
    if batched[2] or not sample(x):
        return NotImplemented
    return go("index_select", x, dim_index(dim, len(sample(x))) + 1, index)


@batched_rule("index_select_backward")
def _index_select_backward(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, index: Any) -> Any:
    if batched[3] or not shape:
        return NotImplemented
    return go("index_select_backward", g, (size, *shape), dim_index(dim, len(shape)) + 1, index)


@batched_rule("gather")
def _gather(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    x, index = fronted(x, batched[0], size), fronted(index, batched[2], size)
    n = len(sample(x))
    if not n or len(sample(index)) != n:
        return NotImplemented
    return go("gather", x, dim_index(dim, n) + 1, index, False)


@batched_rule("gather_backward")
def _gather_backward(F: Any, size: int, batched: Any, g: Any, shape: Any, dim: int, index: Any) -> Any:
    g, index = fronted(g, batched[0], size), fronted(index, batched[3], size)
    if not shape or len(sample(index)) != len(shape):
        return NotImplemented
    return go("gather_backward", g, (size, *shape), dim_index(dim, len(shape)) + 1, index)


def _scattered(name: str) -> None:
    """`f(input, dim, index, source, …)` with all tensors of the same number of dims."""

    def rule(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, source: Any, *rest: Any) -> Any:
        x, index = fronted(x, batched[0], size), fronted(index, batched[2], size)
        n = len(sample(x))
        if hasattr(source, "shape"):
            source = fronted(source, batched[3], size)
            if len(sample(source)) != n:
                return NotImplemented
        if not n or len(sample(index)) != n:
            return NotImplemented
        return go(name, x, dim_index(dim, n) + 1, index, source, *rest)

    RULES[name] = rule


for _name in ("scatter_add", "scatter_source", "scatter_value", "scatter_reduce"):
    _scattered(_name)


@batched_rule("take_at", "gather_at")
def _take_at(F: Any, size: int, batched: Any, x: Any, index: Any, dim: int) -> Any:
    x, index = fronted(x, batched[0], size), fronted(index, batched[1], size)
    return go("gather_at", x, index, dim % len(sample(x)) + 1) if sample(x) else x


@batched_rule("put_at", "add_at")
def _put_at(F: Any, size: int, batched: Any, g: Any, index: Any, dim: int, shape: Any) -> Any:
    g, index = fronted(g, batched[0], size), fronted(index, batched[1], size)
    return go("add_at", g, index, dim % len(shape) + 1, (size, *shape)) if len(shape) else g


@batched_rule("plane_pick", "plane_put")
def _plane(F: Any, size: int, batched: Any, x: Any, index: Any, dims: Any) -> Any:
    x, index = fronted(x, batched[0], size), fronted(index, batched[1], size)
    return go("plane_pick" if isinstance(dims, int) else "plane_put", x, index, dims)


@batched_rule("keep")
def _keep(F: Any, size: int, batched: Any, x: Any, mask: Any, other: Any) -> Any:
    if not batched[0] or any(batched[1:]) or len(sample(x)) < max(np.ndim(mask), np.ndim(other)):
        return NotImplemented
    return go("keep", x, mask, other)


@batched_rule("masked_fill")
def _masked_fill(F: Any, size: int, batched: Any, x: Any, mask: Any, value: Any) -> Any:
    if batched[2]:
        return NotImplemented
    deepest = max(len(x.shape) - bool(batched[0]), len(mask.shape) - bool(batched[1]))
    if batched[0]:
        x = padded(x, deepest)
    else:
        x = expanded(x, size)
        x = padded(x, deepest)
    return go("masked_fill", x, padded(mask, deepest) if batched[1] else mask, value)


@batched_rule("index_add", "index_copy")
def _index_add(F: Any, size: int, batched: Any, x: Any, dim: int, index: Any, source: Any, *rest: Any) -> Any:
    x, source = fronted(x, batched[0], size), fronted(source, batched[3], size)
    n = len(sample(x))
    if batched[2] or not n or len(sample(source)) != n:
        return NotImplemented
    return go("index_add" if rest else "index_copy", x, dim_index(dim, n) + 1, index, source, *rest)


@batched_rule("cast_like")
def _cast_like(F: Any, size: int, batched: Any, x: Any, other: Any) -> Any:
    return go("cast_like", x, other) if batched[0] else NotImplemented


@batched_rule("to")
def _to(F: Any, size: int, batched: Any, x: Any, dtype: Any, *rest: Any) -> Any:
    if not batched[0]:
        return NotImplemented
    return go("to", x, dtype.data.dtype if hasattr(dtype, "data") else dtype, *rest)


@batched_rule("fill")
def _fill(F: Any, size: int, batched: Any, x: Any, value: Any) -> Any:
    return go("fill", x, value) if batched[0] and not batched[1] else NotImplemented


# --- losses ----------------------------------------------------------------------------------------------------------


def _reduced(F: Any, each: Any, reduction: str) -> Any:
    """A loss of each element, reduced within the samples."""
    if reduction == "none":
        return each
    dims = tuple(range(1, len(each.shape)))
    if not dims:
        return each
    return go("mean" if reduction == "mean" else "sum", each, dims, False, None)


@batched_rule("mse")
def _mse(F: Any, size: int, batched: Any, x: Any, target: Any, reduction: str) -> Any:
    deepest = max(len(x.shape) - bool(batched[0]), len(target.shape) - bool(batched[1]))
    if batched[0]:
        x = padded(x, deepest)
    if batched[1]:
        target = padded(target, deepest)
    each = x - target
    return _reduced(F, each * each, reduction)


@batched_rule("nll")
def _nll(F: Any, size: int, batched: Any, x: Any, target: Any, weight: Any, reduction: str, ignore: int) -> Any:
    if weight is not None or any(batched[2:]):
        return NotImplemented
    x, target = fronted(x, batched[0], size), fronted(target, batched[1], size)
    if len(sample(x)) not in (1, 2) or len(sample(target)) != len(sample(x)) - 1:
        return NotImplemented
    skipped = target == ignore
    at = F.unsqueeze(F.where(skipped, 0, target), -1)
    picked = go("gather", x, len(x.shape) - 1, at, False)
    each = F.where(skipped, 0.0, -F.reshape(picked, tuple(target.shape)))
    if reduction == "none" or (not sample(target) and reduction == "sum"):
        return each
    total = go("sum", each, (1,), False, None) if sample(target) else each
    if reduction == "sum":
        return total
    counted = F.to(~skipped, each.dtype)
    return total / (go("sum", counted, (1,), False, None) if sample(target) else counted)


# --- others ----------------------------------------------------------------------------------------------------------


@batched_rule("inner")
def _inner(F: Any, size: int, batched: Any, x: Any, y: Any) -> Any:
    first, second = sample(x) if batched[0] else tuple(x.shape), sample(y) if batched[1] else tuple(y.shape)
    if not first or not second or first[-1] != second[-1]:
        return NotImplemented
    rows = F.reshape(x, ((size,) if batched[0] else ()) + (_count(first[:-1]), first[-1]))
    columns = F.reshape(y, ((size,) if batched[1] else ()) + (_count(second[:-1]), second[-1]))
    out = F.matmul(rows, F.transpose(columns, -2, -1))
    return F.reshape(out, (size, *first[:-1], *second[:-1]))


@batched_rule("einsum")
def _einsum(F: Any, size: int, batched: Any, equation: Any, operands: Any) -> Any:
    if not isinstance(equation, str):
        return NotImplemented
    flags = batched[1]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands, flags = operands[0], flags[0]
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        return NotImplemented
    letters = [c for c in left if c.isalpha()]
    if not arrow:
        right = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    new = next((c for c in "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in letters), None)
    if new is None:
        return NotImplemented
    terms = [new + term if flag else term for term, flag in zip(terms, flags, strict=True)]
    return go("einsum", f"{','.join(terms)}->{new}{right}", tuple(operands))


@batched_rule("embedding")
def _embedding(F: Any, size: int, batched: Any, *values: Any) -> Any:
    return NotImplemented if any(batched[1:]) else go("embedding", *values)
