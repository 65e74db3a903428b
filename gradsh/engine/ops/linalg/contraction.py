"""Outer and inner products, chains of matrices, tensordot, kron, cross."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, dims_tuple, need_tensor
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.promotion import broadcast_error
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import count, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import alias
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.matmul import mm, multiply, unsafe_view
from gradsh.errors import ArgumentError, DimError, DtypeError, ShapeError, ValueProblem

# --- outer and inner products ---------------------------------------------------------------------------


@composite(
    "outer(input, vec2)",
    samples=lambda: [call(t(2), t(3)), call(t(2, strided=True), t(1)), call(t(0), t(3))],
    formula="input: g @ vec2; vec2: input @ g",
    example="outer(tensor([1., 2.]), tensor([3., 4.]))",
)
def outer(x: Tensor, y: Tensor) -> Any:
    """The outer product of two vectors."""
    need_tensor("outer", "input", 1, x)
    need_tensor("outer", "vec2", 2, y)
    for name, v in (("self", x), ("vec2", y)):
        if v.data.ndim != 1:
            raise ShapeError(f"outer: Expected 1-D argument {name}, but got {v.data.ndim}-D")
    return T.mul(T.reshape(x, (x.data.shape[0], 1)), y)


alias("ger", outer)


@composite(
    "inner(input, other)",
    samples=lambda: [
        call(t(3), t(3)),
        call(t(2, 3), t(3)),
        call(t(2, 3), t(2, 3)),
        call(t(2, 1, 3), t(2, 3)),
        call(t(), t(3)),
        call(t(3), t(2, 3)),
    ],
    formula="input: g @ other; other: g.T @ input",
    example="inner(tensor([1., 2.]), tensor([3., 4.]))",
)
def inner(x: Tensor, y: Tensor) -> Any:
    """Sums of products over the last dim of both; numbers multiply."""
    need_tensor("inner", "input", 1, x)
    need_tensor("inner", "other", 2, y)
    a, b = x.data.shape, y.data.shape
    if not a or not b:
        return T.mul(x, y)
    if a[-1] != b[-1]:
        raise ShapeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return _tensordot(x, y, (len(a) - 1,), (len(b) - 1,))


@inner.batched
def _(F: Any, size: int, batched: Any, x: Any, y: Any) -> Any:
    first, second = sample_of(x) if batched[0] else tuple(x.shape), sample_of(y) if batched[1] else tuple(y.shape)
    if not first or not second or first[-1] != second[-1]:
        return NotImplemented
    rows = F.reshape(x, ((size,) if batched[0] else ()) + (count(first[:-1]), first[-1]))
    columns = F.reshape(y, ((size,) if batched[1] else ()) + (count(second[:-1]), second[-1]))
    out = F.matmul(rows, F.transpose(columns, -2, -1))
    return F.reshape(out, (size, *first[:-1], *second[:-1]))


# --- tensordot ------------------------------------------------------------------------------------------


@composite(
    "tensordot(a, b, dims=2)",
    python=True,
    method=False,
    samples=lambda: [
        call(t(2, 3), t(3, 2), 1),
        call(t(2, 3), t(2, 3)),
        call(t(2), t(3), 0),
        call(t(2, 1, 3), t(3, 2, 2), ([0, 2], [1, 0])),
        call(t(2, 3), t(1, 3), dims=([0], [0])),
    ],
    formula="the other factor, contracted with g over its free dims",
    example="tensordot(ones(2, 3), ones(3, 2), dims=1)",
)
def tensordot(x: Tensor, y: Tensor, dims: Any) -> Any:
    """Sums of products over several dims: the last of `a` with the first of `b`, or the dims given as two lists."""
    need_tensor("tensordot", "a", 1, x)
    need_tensor("tensordot", "b", 2, y)
    n, m = x.data.ndim, y.data.ndim
    if dims.__class__ is Tensor:
        dims = dims.data.tolist()
    if isinstance(dims, (tuple, list)):
        first, second = dims if len(dims) == 2 else (dims, None)
        if not isinstance(first, (tuple, list)) or not isinstance(second, (tuple, list)):
            kind = type(first if not isinstance(first, (tuple, list)) else second).__name__
            raise ArgumentError(f"tensordot(): argument 'dims_self' (position 3) must be tuple of ints, not {kind}")
        if len(first) != len(second):
            raise ValueProblem("both dimension lists should have same length")
        for given, ndim in ((first, n), (second, m)):
            if given and not ndim:
                raise DimError(f"Dimension specified as {given[0]} but tensor has no dimensions")
        left, right = dims_tuple(tuple(first), n), dims_tuple(tuple(second), m)
    else:
        if dims.__class__ is not int:
            raise ValueProblem(
                "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two "
                f"lists, but got dims={dims}"
            )
        if dims < 0:
            raise ValueProblem(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(n, m):
            raise ValueProblem(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        first, second = tuple(range(-dims, 0)), tuple(range(dims))
        left, right = tuple(d % n for d in first), second
    for given, other, i, j in zip(first, second, left, right, strict=True):
        p, q = x.data.shape[i], y.data.shape[j]
        if p != q and p != 1 and q != 1:
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {p} in dim {given} and second has size {q} "
                f"in dim {other}"
            )
    return _tensordot(x, y, left, right)


def _tensordot(x: Tensor, y: Tensor, left: tuple[int, ...], right: tuple[int, ...]) -> Any:
    if x.data.dtype != y.data.dtype:
        raise DtypeError("both inputs should have same dtype")
    for i, j in zip(left, right, strict=True):
        # a contracted dim of size 1 meets the sum over the other's
        if x.data.shape[i] != y.data.shape[j]:
            if x.data.shape[i] == 1:
                y = T.sum(y, (j,), True, OF[y.data.dtype])
            else:
                x = T.sum(x, (i,), True, OF[x.data.dtype])
    a, b = x.data.shape, y.data.shape
    free = tuple(i for i in range(len(a)) if i not in left)
    rest = tuple(j for j in range(len(b)) if j not in right)
    shape = tuple(a[i] for i in free) + tuple(b[j] for j in rest)
    contracted = 1
    for i in left:
        contracted *= a[i]
    x = T.permute(x, free + left)
    y = T.permute(y, right + rest)
    if not free and not rest:
        from gradsh.engine.ops.linalg.matmul import dot

        return T.view(multiply(dot, T.reshape(x, (contracted,)), T.reshape(y, (contracted,)), 1), shape)
    rows, columns = 1, 1
    for i in free:
        rows *= a[i]
    for j in rest:
        columns *= b[j]
    flat = multiply(mm, T.reshape(x, (rows, contracted)), T.reshape(y, (contracted, columns)), 1)
    return T.view(flat, shape)


# --- chains ---------------------------------------------------------------------------------------------


@composite(
    "linalg.multi_dot(tensors)",
    method=False,
    samples=lambda: [
        call([t(2, 3), t(3, 1)]),
        call([t(2, 3), t(3, 1), t(1, 2)]),
        call([t(3), t(3, 2), t(2)]),
        call([t(1, 2), t(2, 3), t(3, 1), t(1, 2)]),
        call([t(3), t(3, 2)]),
    ],
    formula="for each factor: the factors before it, transposed, @ g @ the factors after it, transposed",
    example="linalg.multi_dot([ones(2, 3), ones(3, 4), ones(4, 1)])",
)
def multi_dot(tensors: list[Tensor]) -> Any:
    """The product of a chain of matrices, in the cheapest order; the first and the last may be vectors."""
    n = len(tensors)
    if n < 2:
        raise ValueProblem(f"multi_dot(): expected at least 2 tensors but got {n}")
    tensors = list(tensors)
    shape: list[int] = []
    for i, which in ((0, "first"), (n - 1, "last")):
        v = tensors[i]
        need_tensor("linalg_multi_dot", "tensors", 1, v)
        ndim = v.data.ndim
        if ndim == 1:
            tensors[i] = T.unsqueeze(v, -i if i == 0 else -1)
        elif ndim == 2:
            shape.append(v.data.shape[-1 if i else 0])
        else:
            raise ShapeError(f"multi_dot(): the {which} tensor must be 1D or 2D but got {ndim}D")
    for i, v in enumerate(tensors):
        if v.data.ndim != 2:
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {v.data.ndim}D")
        if v.data.dtype != tensors[0].data.dtype:
            p, q = OF[tensors[0].data.dtype].c_name, OF[v.data.dtype].c_name
            raise DtypeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {p} and tensor {i} {q}"
            )
        if i and tensors[i - 1].data.shape[1] != v.data.shape[0]:
            before, after = list(tensors[i - 1].data.shape), list(v.data.shape)
            raise ShapeError(
                f"multi_dot(): tensors {i - 1} and {i} with shapes {before} and {after} cannot be multiplied"
            )
    return T.view(_chain(tensors), tuple(shape))


def _chain(tensors: list[Tensor]) -> Tensor:
    """The product in the order with the fewest multiplications (the classic dynamic program)."""
    n = len(tensors)
    sizes = [v.data.shape[0] for v in tensors] + [tensors[-1].data.shape[1]]
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            options = [(cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            cost[i][j], split[i][j] = min(options)

    def between(i: int, j: int) -> Tensor:
        if i == j:
            return tensors[i]
        k = split[i][j]
        return multiply(mm, between(i, k), between(k + 1, j), 1)

    return between(0, n - 1)


@composite(
    "chain_matmul(*matrices)",
    python=True,
    method=False,
    samples=lambda: [call(t(2, 3), t(3, 1), t(1, 2)), call(t(2, 2))],
    formula="as linalg.multi_dot",
    example="chain_matmul(ones(2, 3), ones(3, 4), ones(4, 1))",
)
def chain_matmul(matrices: Any) -> Any:
    """The product of a chain of matrices, in the cheapest order."""
    if not matrices:
        raise ValueProblem("chain_matmul(): Expected one or more matrices")
    for v in matrices:
        need_tensor("chain_matmul", "matrices", 1, v)
        if v.data.ndim != 2:
            raise ShapeError(f"Tensor dimension is {v.data.ndim}, expected 2 instead.")
    return T.clone(matrices[0]) if len(matrices) == 1 else T.linalg_multi_dot(list(matrices))


# --- kron, cross ----------------------------------------------------------------------------------------


@composite(
    "kron(input, other)",
    samples=lambda: [call(t(2, 1), t(1, 2)), call(t(2, 2), t(2)), call(t(), t(2)), call(t(2), t(3))],
    formula="input: g * other, summed over each block; other: the sum of the blocks of g times input",
    example="kron(eye(2), ones(1, 2))",
)
def kron(x: Tensor, y: Tensor) -> Any:
    """The Kronecker product: a block of `other` for every element of `input`."""
    need_tensor("kron", "input", 1, x)
    need_tensor("kron", "other", 2, y)
    n = max(x.data.ndim, y.data.ndim)
    a = (1,) * (n - x.data.ndim) + x.data.shape
    b = (1,) * (n - y.data.ndim) + y.data.shape
    left = run(unsafe_view, [x, tuple(k for extent in a for k in (extent, 1))], None)
    right = run(unsafe_view, [y, tuple(k for extent in b for k in (1, extent))], None)
    return run(unsafe_view, [T.mul(left, right), tuple(p * q for p, q in zip(a, b, strict=True))], None)


@op(
    "cross_product(input, other, dim)",
    grad_fn="LinalgCrossBackward0",
    private=True,
    samples=lambda: [call(t(3, 2), t(3, 1), 0)],
    formula="input: cross(other, g); other: cross(g, input)",
    bilinear=True,
)
def cross_product(a: Any, b: Any, dim: int) -> Any:
    """The cross product of vectors of length 3 along `dim`."""
    if a.ndim != b.ndim:
        raise ShapeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = dim_index(dim, a.ndim)
    if a.ndim == 0 or a.shape[axis] != 3 or b.shape[axis] != 3:
        p, q = (v.shape[axis] if v.ndim else 1 for v in (a, b))
        raise ShapeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {p} and {q}")
    if a.dtype != b.dtype:
        raise DtypeError(f"expected scalar type {OF[a.dtype].title} but found {OF[b.dtype].title}")
    if a.dtype.kind == "b":
        raise DtypeError("\"cross\" not implemented for 'Bool'", kind="NotImplementedError")
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise broadcast_error(a.shape, b.shape) from None
    out = alloc.empty(shape, a.dtype)
    x, y, z = (np.moveaxis(v, axis, 0) for v in (a, b, out))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        z[i] = x[j] * y[k] - x[k] * y[j]
    return out


cross_product.vjp("input", saves="other")(lambda F, g, out, a, b, dim: F.cross_product(b, g, dim))
cross_product.vjp("other", saves="input")(lambda F, g, out, a, b, dim: F.cross_product(g, a, dim))


@composite(
    "linalg.cross(input, other, *, dim=-1)",
    method=False,
    samples=lambda: [
        call(t(3), t(3)),
        call(t(2, 3), t(2, 3)),
        call(t(3, 2), t(3, 1), dim=0),
        call(t(1, 3), t(2, 3)),
    ],
    formula="input: cross(other, g); other: cross(g, input)",
    example="linalg.cross(tensor([1., 0., 0.]), tensor([0., 1., 0.]))",
)
def linalg_cross(x: Tensor, y: Tensor, dim: int) -> Any:
    """The cross product of vectors of length 3 along `dim`."""
    need_tensor("linalg_cross", "input", 1, x)
    need_tensor("linalg_cross", "other", 2, y)
    return run(cross_product, [x, y, dim], None)


@composite(
    "cross(input, other, dim=None)",
    samples=lambda: [call(t(2, 3), t(2, 3)), call(t(3), t(3)), call(t(3, 2), t(3, 2), 0)],
    formula="input: cross(other, g); other: cross(g, input)",
    example="cross(tensor([1., 0., 0.]), tensor([0., 1., 0.]))",
)
def cross(x: Tensor, y: Tensor, dim: int | None) -> Any:
    """The cross product of vectors of length 3 along `dim`, or along the first dim of that length."""
    need_tensor("cross", "input", 1, x)
    need_tensor("cross", "other", 2, y)
    if dim is None:
        if 3 not in x.data.shape:
            raise ShapeError("no dimension of size 3 in input")
        dim = x.data.shape.index(3)
    return run(cross_product, [x, y, dim], None)
