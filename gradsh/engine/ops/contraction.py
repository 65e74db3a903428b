"""Products added to something, outer and inner products, chains of matrices, tensordot, kron, cross."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.checks import dim_index, dims_tuple, need_tensor
from gradsh.engine.dtypes import OF
from gradsh.engine.general import op, run
from gradsh.engine.ops.matmul import accumulate_product, expand_to, mm, multiply, scaled, unsafe_view
from gradsh.engine.promotion import broadcast_error
from gradsh.engine.registry import T, alias, composite
from gradsh.engine.samples import call, t
from gradsh.engine.tensor import Tensor
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

# --- a product added to a tensor ------------------------------------------------------------------------


@op(
    "addmv(input, mat, vec, *, beta=1, alpha=1)",
    grad_fn="AddmvBackward0",
    samples=lambda: [
        call(t(2), t(2, 3), t(3)),
        call(t(), t(2, 3), t(3), beta=0.5, alpha=2),
        call(t(1), t(2, 3, strided=True), t(3), beta=0),
    ],
    formula="input: beta * g; mat: alpha * outer(g, vec); vec: alpha * mat.T @ g",
    example="addmv(ones(2), ones(2, 3), ones(3))",
)
def addmv(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """`beta * input + alpha * mat @ vec`."""
    if a.ndim != 2 or b.ndim != 1 or x.ndim > 1:
        raise ShapeError(f"vector + matrix @ vector expected, got {x.ndim}, {a.ndim}, {b.ndim}")
    rows, columns = a.shape
    if columns != b.shape[0] or (x.ndim and x.shape[0] not in (1, rows)):
        got = x.shape[0] if x.ndim else rows
        raise ShapeError(f"size mismatch, got input ({got}), mat ({rows}x{columns}), vec ({b.shape[0]})")
    if x.dtype != a.dtype or a.dtype != b.dtype:
        p, q, r = (OF[v.dtype].title for v in (x, a, b))
        raise DtypeError(f"addmv input tensors must have the same dtype, but got {p}, {q}, and {r}")
    return accumulate_product(x, a.dot(b), beta, alpha)


addmv.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addmv.vjp("mat", saves="vec")(lambda F, g, out, x, a, b, beta, alpha: F.outer_product(scaled(g, alpha), b))
addmv.vjp("vec", saves="mat")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.vector_matrix(g, a), alpha))


@op(
    "addr(input, vec1, vec2, *, beta=1, alpha=1)",
    grad_fn="AddrBackward0",
    samples=lambda: [
        call(t(2, 3), t(2), t(3)),
        call(t(3), t(2), t(3), beta=0.5, alpha=2),
        call(t(2, 1), t(2), t(3), beta=0),
    ],
    formula="input: beta * g; vec1: alpha * g @ vec2; vec2: alpha * vec1 @ g",
    example="addr(zeros(2, 2), tensor([1., 2.]), tensor([3., 4.]))",
)
def addr(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """`beta * input + alpha * outer(vec1, vec2)`."""
    for name, v in (("vec1", a), ("vec2", b)):
        if v.ndim != 1:
            raise ShapeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
    dtype = np.result_type(x.dtype, a.dtype, b.dtype) if not x.dtype == a.dtype == b.dtype else x.dtype
    if dtype.kind != "f" and (alpha.__class__ is float or beta.__class__ is float):
        which = "alpha" if alpha.__class__ is float else "beta"
        raise DtypeError(f"For integral input tensors, argument {which} must not be a floating point number.")
    product = np.multiply.outer(a.astype(dtype, copy=False), b.astype(dtype, copy=False))
    if dtype.kind == "b":
        seen = expand_to(x, product.shape)
        return (product & bool(alpha)) | (seen & bool(beta))
    return accumulate_product(x, product, beta, alpha)


addr.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addr.vjp("vec1", saves="vec2")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.mv(g, b), alpha))
addr.vjp("vec2", saves="vec1")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.vector_matrix(a, g), alpha))


@op(
    "addbmm(input, batch1, batch2, *, beta=1, alpha=1)",
    grad_fn="AddbmmBackward0",
    samples=lambda: [
        call(t(2, 2), t(2, 2, 1), t(2, 1, 2)),
        call(t(2), t(2, 1, 3), t(2, 3, 2), beta=0.5, alpha=2),
    ],
    formula="input: beta * g; batch1: alpha * g @ batch2.mT; batch2: alpha * batch1.mT @ g",
    example="addbmm(zeros(2, 2), ones(3, 2, 1), ones(3, 1, 2))",
)
def addbmm(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """`beta * input + alpha * ` the sum of the products of two batches of matrices."""
    if a.ndim == 3 and b.ndim == 3:
        if a.shape[0] != b.shape[0]:
            raise ShapeError(f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}")
        if a.shape[2] != b.shape[1]:
            raise ShapeError(f"Incompatible matrix sizes for bmm ({_matrix(a)} and {_matrix(b)})")
    _batches(a, b)
    for v in (a, b):
        if x.dtype != v.dtype:
            p, q = OF[x.dtype].title, OF[v.dtype].title
            raise DtypeError(f"self and mat2 must have the same dtype, but got {p} and {q}")
    product = np.add.reduce(np.matmul(a, b), 0, dtype=x.dtype)
    return accumulate_product(x, product, beta, alpha)


def _matrix(a: Any) -> str:
    return f"{a.shape[-2]}x{a.shape[-1]}"


def _batches(a: Any, b: Any) -> None:
    for name, v in (("batch1", a), ("batch2", b)):
        if v.ndim != 3:
            raise ShapeError(f"{name} must be a 3D tensor")


def _addbmm_left(F: Any, g: Any, out: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    return F.matmul(scaled(g, alpha), F.matrix_transpose(b))


def _addbmm_right(F: Any, g: Any, out: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    return F.matmul(F.matrix_transpose(a), scaled(g, alpha))


addbmm.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addbmm.vjp("batch1", saves="batch2")(_addbmm_left)
addbmm.vjp("batch2", saves="batch1")(_addbmm_right)


@op(
    "baddbmm(input, batch1, batch2, *, beta=1, alpha=1)",
    grad_fn="BaddbmmBackward0",
    samples=lambda: [
        call(t(2, 2, 2), t(2, 2, 1), t(2, 1, 2)),
        call(t(2), t(2, 1, 3), t(2, 3, 2), beta=0.5, alpha=2),
    ],
    formula="input: beta * g; batch1: alpha * g @ batch2.mT; batch2: alpha * batch1.mT @ g",
    example="baddbmm(zeros(3, 2, 2), ones(3, 2, 1), ones(3, 1, 2))",
)
def baddbmm(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """`beta * input + alpha * ` the products of two batches of matrices."""
    _batches(a, b)
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] "
            f"but got: [{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype:
        raise DtypeError(f"expected scalar type {OF[a.dtype].title} but found {OF[b.dtype].title}")
    if x.dtype != a.dtype:
        p, q, r = (OF[v.dtype].c_name for v in (x, a, b))
        raise DtypeError(f"Input dtypes must be the same, got: input {p}, batch1: {q}, batch2: {r}")
    return accumulate_product(x, np.matmul(a, b), beta, alpha)


baddbmm.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
baddbmm.vjp("batch1", saves="batch2")(_addbmm_left)
baddbmm.vjp("batch2", saves="batch1")(_addbmm_right)

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


# --- tensordot ------------------------------------------------------------------------------------------


@composite(
    "tensordot(a, b, dims=2)",
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
        left, right = dims_tuple(tuple(first), n), dims_tuple(tuple(second), m)
    else:
        dims = int(dims)
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
                y = T.sum(y, (j,), True)
            else:
                x = T.sum(x, (i,), True)
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
        from gradsh.engine.ops.matmul import dot

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
    for i, where in ((0, "first"), (n - 1, "last")):
        v = tensors[i]
        need_tensor("linalg_multi_dot", "tensors", 1, v)
        ndim = v.data.ndim
        if ndim == 1:
            tensors[i] = T.unsqueeze(v, -i if i == 0 else -1)
        elif ndim == 2:
            shape.append(v.data.shape[-1 if i else 0])
        else:
            raise ShapeError(f"multi_dot(): the {where} tensor must be 1D or 2D but got {ndim}D")
    for i, v in enumerate(tensors):
        if v.data.ndim != 2:
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {v.data.ndim}D")
        if v.data.dtype != tensors[0].data.dtype:
            p, q = OF[tensors[0].data.dtype].c_name, OF[v.data.dtype].c_name
            raise DtypeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {p} and tensor {i} {q}"
            )
        if i and tensors[i - 1].data.shape[1] != v.data.shape[0]:
            p, q = list(tensors[i - 1].data.shape), list(v.data.shape)
            raise ShapeError(f"multi_dot(): tensors {i - 1} and {i} with shapes {p} and {q} cannot be multiplied")
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
    return matrices[0] if len(matrices) == 1 else T.linalg_multi_dot(list(matrices))


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
    out = np.empty(shape, a.dtype)
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


# --- bilinear -------------------------------------------------------------------------------------------


@composite(
    "bilinear(input1, input2, weight, bias=None)",
    method=False,
    samples=lambda: [
        call(t(2, 2), t(2, 3), t(1, 2, 3), t(1)),
        call(t(2), t(2), t(2, 2, 2)),
        call(t(1, 2, 2), t(1, 2, 1), t(2, 2, 1), t(2)),
    ],
    formula="sums of products of g with the two other factors",
    example="bilinear(ones(1, 2), ones(1, 3), ones(4, 2, 3))",
)
def bilinear(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor | None) -> Any:
    """`input1 @ weight[k] @ input2` for every k, plus the bias."""
    for i, (name, v) in enumerate((("input1", x), ("input2", y), ("weight", weight)), 1):
        need_tensor("bilinear", name, i, v)
    a, b, w = x.data.shape, y.data.shape, weight.data.shape
    if len(a) != len(b):
        raise ShapeError(f"bilinear(): input dimensions do not match: got {len(a)} and {len(b)}")
    for i, (p, q) in enumerate(zip(a[:-1], b[:-1], strict=True)):
        if p != q:
            raise ShapeError(f"bilinear(): input batch dimensions do not match at dim {i}: got {p} and {q}")
    for name, have, want in (("input1", a[-1], w[1]), ("input2", b[-1], w[2])):
        if have != want:
            raise ShapeError(f"bilinear(): {name} size does not match weight size: got {have} but expected {want}")
    if bias is not None and bias.data.shape[0] != w[0]:
        raise ShapeError(
            f"bilinear(): bias size does not match weight size: got {bias.data.shape[0]} but expected {w[0]}"
        )
    first = T.reshape(x, (-1, a[-1]))
    second = T.reshape(y, (-1, b[-1]))
    flat = run(trilinear, [first, weight, second], None)
    out = T.reshape(flat, (*a[:-1], w[0]))
    return out if bias is None else T.add(out, bias)


@op(
    "trilinear(input1, weight, input2)",
    grad_fn="TrilinearBackward0",
    private=True,
    samples=lambda: [call(t(2, 2), t(1, 2, 3), t(2, 3))],
    formula="sums of products of g with the two other factors",
)
def trilinear(a: Any, w: Any, b: Any) -> Any:
    """`input1[n] @ weight[k] @ input2[n]` for every n and k."""
    # (k, n, j): each weight slice times all of input1, then row-wise products with input2
    return np.ascontiguousarray(np.add.reduce(np.matmul(a, w) * b, 2, dtype=a.dtype).T)


@trilinear.vjp("input1", "weight", "input2", saves="input1 weight input2")
def _(F: Any, needs: Any, g: Any, out: Any, a: Any, w: Any, b: Any) -> Any:
    n, k = g.shape
    i, j = w.shape[1:]
    gs: list[Any] = [None, None, None]
    if needs[0] or needs[1]:
        pairs = F.reshape(F.unsqueeze(g, 2) * F.unsqueeze(b, 1), (n, k * j))
        if needs[0]:
            gs[0] = F.mm(pairs, F.reshape(F.transpose(w, 1, 2), (k * j, i)))
        if needs[1]:
            gs[1] = F.transpose(F.reshape(F.mm(F.matrix_transpose(a), pairs), (i, k, j)), 0, 1)
    if needs[2]:
        pairs = F.reshape(F.unsqueeze(g, 2) * F.unsqueeze(a, 1), (n, k * i))
        gs[2] = F.mm(pairs, F.reshape(w, (k * i, j)))
    return tuple(gs)
