"""Products added to something: linear layers, addmm and their kin."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.alloc import LARGE, made
from gradsh.engine.core.arguments import dim_error, need_tensor
from gradsh.engine.core.batched import expanded, padded
from gradsh.engine.core.dtypes import OF, promote_dtypes
from gradsh.engine.core.graph import Freed, Kind, Node, freed, note_versions, record, verify
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, Namespace, T
from gradsh.engine.core.place import caller, placed
from gradsh.engine.core.strided import settled
from gradsh.engine.core.tensor import Tensor, make, tracked
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import computed
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.linalg.matmul import (
    _count,
    _matmul,
    _sizes,
    multiply_samples,
    need_arrays,
    not_for_bool,
    outer_samples,
)
from gradsh.errors import DtypeError, ShapeError

_getframe = sys._getframe

# --- linear ---------------------------------------------------------------------------------------------


def scaled(g: Any, factor: Any) -> Any:
    """`g * factor`, without work for 1."""
    return g if factor == 1 else g * factor


def expand_to(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` as a view of `shape`; ShapeError in the words of PyTorch's `expand`."""
    if x.ndim > len(shape):
        title = OF[x.dtype].title
        raise ShapeError(
            f"expand(torch.{title}Tensor{{{list(x.shape)}}}, size={list(shape)}): the number of sizes provided "
            f"({len(shape)}) must be greater or equal to the number of dimensions in the tensor ({x.ndim})"
        )
    lead = len(shape) - x.ndim
    for i in range(len(shape) - 1, lead - 1, -1):
        if x.shape[i - lead] != shape[i] and x.shape[i - lead] != 1:
            raise ShapeError(
                f"The expanded size of the tensor ({shape[i]}) must match the existing size ({x.shape[i - lead]}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(shape)}.  Tensor sizes: {list(x.shape)}"
            )
    return np.broadcast_to(x, shape)


def accumulate_product(x: Any, c: Any, beta: Any, alpha: Any) -> Any:
    """`beta * x + alpha * c` in c's dtype and shape; x is not read when beta is 0. `c` may be overwritten."""
    if c.dtype.kind != "f":
        beta, alpha = int(beta), int(alpha)
    if alpha != 1:
        c *= alpha
    if x.shape != c.shape:
        x = expand_to(x, c.shape)
    if beta == 1:
        c += x
    elif beta != 0:
        c += x * beta
    return c


@op(
    "addmm(input, mat1, mat2, *, beta=1, alpha=1)",
    work="product",
    inplace=True,
    grad_fn="AddmmBackward0",
    samples=lambda: [
        call(t(2, 2), t(2, 3), t(3, 2)),
        call(t(2), t(2, 1), t(1, 2), beta=0.5, alpha=2),
        call(t(), t(1, 2), t(2, 1)),
        call(t(2, 2), t(2, 1), t(1, 2), beta=0),
        call(t(2, 2), t(2, 0), t(0, 2)),
    ],
    formula="input: beta * g; mat1: alpha * g @ mat2.T; mat2: alpha * mat1.T @ g",
    example="addmm(ones(2), ones(1, 3), ones(3, 2))",
)
def addmm(x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    """`beta * input + alpha * mat1 @ mat2`."""
    need_arrays("addmm", 2, mat1=a, mat2=b)
    if a.ndim != 2 or b.ndim != 2:
        which, got = ("mat1", a) if a.ndim != 2 else ("mat2", b)
        raise ShapeError(f"{which} must be a matrix, got {got.ndim}-D tensor")
    if a.shape[1] != b.shape[0]:
        raise ShapeError(f"mat1 and mat2 shapes cannot be multiplied ({_sizes(a, b)})")
    if x.dtype is not b.dtype or a.dtype is not b.dtype or a.dtype.kind == "b":
        _addmm_dtypes(x, a, b)
        _bool_product("addmm_impl_cpu_", a, b)
    c = a.dot(b)
    if alpha == 1 and beta == 1 and x.ndim == 1 and x.shape[0] == c.shape[1]:
        c += x  # a bias row: the shape of every layer
        return c
    return accumulate_product(x, c, beta, alpha)


def _addmm_dtypes(x: Any, a: Any, b: Any) -> None:
    p, q, r = (OF[v.dtype].title for v in (x, a, b))
    if p != r:
        raise DtypeError(f"self and mat2 must have the same dtype, but got {p} and {r}")
    if q != r:
        raise DtypeError(f"mat1 and mat2 must have the same dtype, but got {q} and {r}")


addmm.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addmm.vjp("mat1", saves="mat2")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.mm(g, F.matrix_transpose(b)), alpha))
addmm.vjp("mat2", saves="mat1")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.mm(F.matrix_transpose(a), g), alpha))


def _bool_product(kernel: str, a: Any, b: Any) -> None:
    """PyTorch's errors for a product of bools added to something; that without a result is none."""
    not_for_bool(kernel, a, b)
    if a.dtype.kind == "b" and not a.shape[-1] and a.shape[-2] and b.shape[-1]:
        raise DtypeError("result type Long can't be cast to the desired output type Bool")


@composite(
    "linear(input, weight, bias=None)",
    method=False,
    samples=lambda: [
        call(t(2, 3), t(2, 3), t(2)),
        call(t(2, 3), t(2, 3)),
        call(t(3), t(2, 3), t(2)),
        call(t(3), t(2, 3)),
        call(t(2, 1, 3), t(2, 3), t(2)),
        call(t(2, 1, 3), t(2, 3)),
        call(t(2, 1, 3, strided=True), t(2, 3), t(2)),
        call(t(2, 3), t(3)),
        call(t(0, 3), t(2, 3), t(2)),
    ],
    formula="input: g @ weight; weight: g.flatten(0, -2).T @ input.flatten(0, -2); bias: g, summed over the batch",
    by_ndim={
        "2": "input: g @ weight; weight: g.T @ input; bias: g, summed over the batch",
        "1": "input: g @ weight; weight: outer(g, input); bias: g",
    },
    example="linear(ones(1, 2), tensor([[1., 2.]]), tensor([10.]))",
)
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Any:
    """`input @ weight.T + bias`: one layer without activation."""
    need_tensor("linear", "input", 1, x)
    need_tensor("linear", "weight", 2, weight)
    shape = x.data.shape
    if not shape or not weight.data.ndim:
        raise ShapeError(
            f"both arguments to linear need to be at least 1D, but they are {len(shape)}D and {weight.data.ndim}D"
        )
    columns = T.t(weight)
    if bias is None:
        return _matmul(x, columns)
    need_tensor("linear", "bias", 3, bias)
    # the step of a layer, whose gradients lie as PyTorch's
    kind = _LAYER if bias.data.ndim == 1 and mode.interpreter is None else None
    if len(shape) == 2:
        return run(addmm, [bias, x, columns, 1, 1], None, kind)
    if x.data.flags.c_contiguous and (len(shape) == 3 or bias.data.ndim == 1):
        flat = T.view(x, (_count(shape[:-1]), shape[-1]))
        return T.view(run(addmm, [bias, flat, columns, 1, 1], None, kind), (*shape[:-1], columns.data.shape[-1]))
    return T.add(_matmul(x, columns), bias)


# the step of a linear layer of matrices, in the form of `addmm`'s node: bias, mat1, mat2 (the weight transposed)


def _layer_step(node: Node, g: Any, F: Namespace) -> Any:
    saved = node.saved
    if saved.__class__ is Freed:
        raise freed(node)
    for_bias, for_input, for_weight = node.next
    x, w = saved[1], saved[2]
    gx = gw = None
    if for_input is not None:
        if w.storage is not None:
            verify(node, w, 2)
        gx = g.dot(w.data.T) if F is A else F.mm(g, F.matrix_transpose(F.restore(w, for_weight)))
    if for_weight is not None:
        if x.storage is not None:
            verify(node, x, 1)
        gw = g.T.dot(x.data).T if F is A else F.mm(F.matrix_transpose(F.restore(x, for_input)), g)
    if for_bias is None:
        return None, gx, gw
    return summed(g, 0) if F is A else F.sum(g, (0,), False, None), gx, gw


_LAYER = Kind("AddmmBackward0", _layer_step, saves=True, operator="addmm", describe=addmm.describe)


def _columns_step(node: Node, g: Any, F: Namespace) -> Any:
    return g.T if F is A else F.matrix_transpose(g)


_COLUMNS = Kind("TBackward0", _columns_step, saves=False, operator="t", second="TBackward0")
# PyTorch says of a weight that was written to since that it is an output of AsStrided
_WRITTEN_VIEW = record(_COLUMNS.renamed("AsStridedBackward0"), None, None, (None, 0))
_any_linear = linear.apply


def apply_linear(*args: Any, **kwargs: Any) -> Any:
    """`linear(input, weight, bias)`: a layer of matrices with a bias on the shortest way, all else by the composite."""
    if len(args) == 3 and not kwargs and mode.grad and mode.interpreter is None:
        x, weight, bias = args
        if x.__class__ is Tensor and weight.__class__ is Tensor and bias.__class__ is Tensor:
            a, w, b = x.data, weight.data, bias.data
            dtype = a.dtype
            if (
                (a.ndim == 2 or (a.ndim > 2 and a.flags.c_contiguous and a.size))
                and w.ndim == 2
                and b.ndim == 1
                and w.dtype is dtype
                and b.dtype is dtype
                and dtype.kind == "f"
                and a.shape[-1] == w.shape[1]
                and b.shape[0] == w.shape[0]
                and (x.requires or weight.requires or bias.requires)
            ):
                return _layer(x, weight, bias, caller(_getframe(1)))
    with placed(caller(_getframe(1))):
        return _any_linear(*args, **kwargs)


def _affine(x: Any, columns: Any, bias: Any) -> Any:
    out = x.dot(columns)
    out += bias
    return out


def _layer(x: Tensor, weight: Tensor, bias: Tensor, where: Any) -> Tensor:
    """`x @ weight.T + bias` with the two nodes that PyTorch records; with two more where `x` [..., n] is viewed as the
    rows of a matrix."""
    for v in (x, weight, bias):
        if v.storage is not None:
            v.up_to_date()
    columns = weight.data.T
    edge = record(_COLUMNS, weight.node or weight, None, where) if weight.requires else None
    shape = x.data.shape
    if len(shape) > 2:
        with placed(where):
            x = T.view(x, (_count(shape[:-1]), shape[-1]))
    data = computed(_affine, x.data, columns, bias.data)
    if data.size > LARGE:
        made(data)
    saved_weight: Any = None
    if x.requires:
        saved_weight = make(columns)
        saved_weight.storage = weight.share()
        if weight.requires:
            saved_weight.node = _WRITTEN_VIEW
            saved_weight.requires = True
    edges = ((bias.node or bias) if bias.requires else None, (x.node or x) if x.requires else None, edge)
    node = record(_LAYER, edges, [None, x if weight.requires else None, saved_weight, 1, 1, None], where)
    if saved_weight is not None or x.storage is not None:
        note_versions(node, tuple(node.saved[:3]))
    out = tracked(data, node)
    if len(shape) > 2:
        with placed(where):
            out = T.view(out, (*shape[:-1], data.shape[1]))
    return out


apply_linear.__name__ = apply_linear.__qualname__ = "linear"  # what programs that print their functions see
linear.apply = T.__dict__["linear"] = apply_linear


# --- a product added to a tensor ------------------------------------------------------------------------


@op(
    "addmv(input, mat, vec, *, beta=1, alpha=1)",
    work="product",
    inplace=True,
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
    need_arrays("addmv", 2, mat=a, vec=b)
    if a.ndim != 2 or b.ndim != 1 or x.ndim > 1:
        raise ShapeError(f"vector + matrix @ vector expected, got {x.ndim}, {a.ndim}, {b.ndim}")
    rows, columns = a.shape
    if columns != b.shape[0] or (x.ndim and x.shape[0] not in (1, rows)):
        got = x.shape[0] if x.ndim else rows
        raise ShapeError(f"size mismatch, got input ({got}), mat ({rows}x{columns}), vec ({b.shape[0]})")
    if x.dtype != a.dtype or a.dtype != b.dtype:
        p, q, r = (OF[v.dtype].title for v in (x, a, b))
        raise DtypeError(f"addmv input tensors must have the same dtype, but got {p}, {q}, and {r}")
    not_for_bool("addmv_impl_cpu", a, b)
    return accumulate_product(x, a.dot(b), beta, alpha)


addmv.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addmv.vjp("mat", saves="vec")(lambda F, g, out, x, a, b, beta, alpha: F.outer_product(scaled(g, alpha), b))
addmv.vjp("vec", saves="mat")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.vector_matrix(g, a), alpha))


@op(
    "addr(input, vec1, vec2, *, beta=1, alpha=1)",
    layout="own",
    work="elements",
    inplace=True,
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
    need_arrays("addr", 2, vec1=a, vec2=b)
    for name, v in (("vec1", a), ("vec2", b)):
        if v.ndim != 1:
            raise ShapeError(f"addr: Expected 1-D argument {name}, but got {v.ndim}-D")
    dtype = promote_dtypes(promote_dtypes(OF[x.dtype], OF[a.dtype]), OF[b.dtype]).np
    if dtype.kind != "f" and (alpha.__class__ is float or beta.__class__ is float):
        which = "alpha" if alpha.__class__ is float else "beta"
        raise DtypeError(f"For integral input tensors, argument {which} must not be a floating point number.")
    product = np.multiply.outer(a.astype(dtype, copy=False), b.astype(dtype, copy=False))
    if dtype.kind == "b":
        seen = expand_to(x, product.shape)
        return (product & bool(alpha)) | (seen & bool(beta))
    return settled(accumulate_product(x, product, beta, alpha), x, a[:, None], b)


addr.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
addr.vjp("vec1", saves="vec2")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.mv(g, b), alpha))
addr.vjp("vec2", saves="vec1")(lambda F, g, out, x, a, b, beta, alpha: scaled(F.vector_matrix(a, g), alpha))


@op(
    "addbmm(input, batch1, batch2, *, beta=1, alpha=1)",
    work="product",
    inplace=True,
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
    need_arrays("addbmm", 2, batch1=a, batch2=b)
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
    if a.dtype.kind == "b":
        _bool_product("addmm_impl_cpu_", a, b)
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
    work="product",
    inplace=True,
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
    need_arrays("baddbmm", 2, batch1=a, batch2=b)
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
    if a.dtype.kind == "b":
        _bool_product("baddbmm", a, b)
    return accumulate_product(x, np.matmul(a, b), beta, alpha)


baddbmm.vjp("input")(lambda F, g, out, x, a, b, beta, alpha: scaled(g, beta))
baddbmm.vjp("batch1", saves="batch2")(_addbmm_left)
baddbmm.vjp("batch2", saves="batch1")(_addbmm_right)


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
    if len(w) < 3:
        raise dim_error(len(w))
    if len(w) > 3:
        raise ShapeError(f"bilinear(): weight must have 3 dimensions, but got {len(w)}")
    for name, have, want in (("input1", a[-1], w[1]), ("input2", b[-1], w[2])):
        if have != want:
            raise ShapeError(f"bilinear(): {name} size does not match weight size: got {have} but expected {want}")
    if bias is not None and bias.data.shape[0] != w[0]:
        raise ShapeError(
            f"bilinear(): bias size does not match weight size: got {bias.data.shape[0]} but expected {w[0]}"
        )
    rows = _count(a[:-1])
    first = T.reshape(x, (rows, a[-1]))
    second = T.reshape(y, (rows, b[-1]))
    flat = run(trilinear, [first, weight, second], None)
    out = T.reshape(flat, (*a[:-1], w[0]))
    return out if bias is None else T.add(out, bias)


@op(
    "trilinear(input1, weight, input2)",
    grad_fn="TrilinearBackward0",
    private=True,
    refuses={"bmm": "Bool unless empty"},
    samples=lambda: [call(t(2, 2), t(1, 2, 3), t(2, 3))],
    formula="sums of products of g with the two other factors",
)
def trilinear(a: Any, w: Any, b: Any) -> Any:
    """`input1[n] @ weight[k] @ input2[n]` for every n and k."""
    # (k, n, j): each weight slice times all of input1, then row-wise products with input2
    return alloc.ascontiguousarray(np.add.reduce(np.matmul(a, w) * b, 2, dtype=a.dtype).T)


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


def _accumulated(F: Any, x: Any, x_batched: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """`beta * x + alpha * product`, where the product has the batch in front."""
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    if x_batched and len(x.shape) < len(product.shape):
        x = padded(x, len(product.shape) - 1)
    return (x if beta == 1 else x * beta) + product


@addmm.batched
@addmv.batched
@baddbmm.batched
def _(F: Any, size: int, batched: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    if batched[1] or batched[2]:
        product = multiply_samples(F, size, batched[1:], a, b)
        if product is NotImplemented:
            return NotImplemented
    else:
        product = expanded(F.matmul(a, b), size)
    return _accumulated(F, x, batched[0], product, beta, alpha)


@addr.batched
def _(F: Any, size: int, batched: Any, x: Any, a: Any, b: Any, beta: Any, alpha: Any) -> Any:
    if not (batched[1] or batched[2]):
        return NotImplemented
    return _accumulated(F, x, batched[0], outer_samples(F, size, batched[1:], a, b), beta, alpha)


@linear.batched
def _(F: Any, size: int, batched: Any, x: Any, weight: Any, bias: Any) -> Any:
    if weight.ndim - bool(batched[1]) != 2:
        return NotImplemented
    if not (batched[0] or batched[1]):
        out = expanded(F.linear(x, weight, None), size)
    else:
        turned = F.transpose(weight, 1, 2) if batched[1] else F.transpose(weight, 0, 1)
        out = multiply_samples(F, size, batched, x, turned)
        if out is NotImplemented:
            return NotImplemented
    return out if bias is None else _accumulated(F, bias, batched[2], out, 1, 1)
