"""Products of vectors and matrices."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.alloc import LARGE, made
from gradsh.engine.core.arguments import need_tensor, not_implemented, type_word, wrong_call
from gradsh.engine.core.batched import Batched, padded
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Kind, note_versions, record
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import A, T
from gradsh.engine.core.place import caller, here, placed
from gradsh.engine.core.tensor import Tensor, tracked, untracked
from gradsh.engine.operators.batch_rules import count, on_last_dims
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op, run
from gradsh.engine.operators.registry import METHODS, Operator, computed
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.steps import binary_step, no_step
from gradsh.errors import ArgumentError, DtypeError, ShapeError

_getframe = sys._getframe
_TENSORS = (Tensor, Batched)
ndarray = np.ndarray

# --- the form of a product of two tensors ---------------------------------------------------------------


class Product(Operator):
    """A product of two tensors of fixed ranks, without broadcasting and promotion: the kernel is `a.dot(b)`.

    `ranks` are what it takes, `check(a, b)` raises in PyTorch's words when ranks, dtypes or extents do not fit.
    """

    ranks: tuple[int, int]
    turned: tuple[Kind, Kind, Kind] | None = None  # of matrices that lie column by column: the second, the first, both
    check: Callable[[Any, Any], None]
    node_kind: Kind

    def finish(self) -> None:
        """Compile the two rules into steps once both are there."""
        if len(self.rules) == 2:
            first, second = (self.rules[p.name] for p in self.signature.parameters)
            self.node_kind.step = binary_step(first, second, True)
            if self.ranks == (2, 2):
                rules = ((first, _second_turned), (_first_turned, second), (_first_turned, _second_turned))
                one, two, three = (
                    Kind(self.grad_fn, binary_step(a, b, True), saves=True, operator=self.name) for a, b in rules
                )
                self.turned = one, two, three


# PyTorch's gradient of a matrix that lies column by column lies so too


def _first_turned(F: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    return F.matrix_transpose(F.mm(b, F.matrix_transpose(g)))


def _second_turned(F: Any, g: Any, out: Any, a: Any, b: Any) -> Any:
    return F.matrix_transpose(F.mm(F.matrix_transpose(g), a))


def product(
    signature: str, *, grad_fn: str, ranks: tuple[int, int], check: Callable[[Any, Any], None], **options: Any
) -> Callable[[Any], Product]:
    """Register a product of two tensors; see Product. Its rules read the other factor."""

    def register(kernel: Any) -> Product:
        entry = Product(signature, grad_fn=grad_fn, work="product", **options)
        entry.kernel = kernel
        entry.ranks = ranks
        entry.check = check
        entry.node_kind = Kind(grad_fn, no_step, saves=True, operator=entry.name)
        bind = entry.signature.bind

        def apply(*args: Any, **kwargs: Any) -> Any:
            x, y = args if len(args) == 2 and not kwargs else bind(args, kwargs)
            if x.__class__ is not Tensor or y.__class__ is not Tensor:
                if not isinstance(x, _TENSORS) or not isinstance(y, _TENSORS):
                    raise wrong_call(entry.signature, _getframe(0))
                from gradsh.engine.transforms.batching import call  # whoever makes such has loaded it

                return call(entry, [x, y])
            return multiply(entry, x, y, 2)

        apply.__name__ = apply.__qualname__ = entry.name
        entry.apply = apply
        entry.register(kernel)
        return entry

    return register


def multiply(entry: Product, x: Tensor, y: Tensor, depth: int) -> Tensor:
    """Run a product and record it; the program's frame is `depth` frames up."""
    if mode.interpreter is not None and mode.interpreter.takes((x, y)):
        return mode.interpreter.run(entry, [x, y])  # type: ignore[no-any-return]  # the interpreter's tensor
    if x.storage is not None:
        x.up_to_date()
    if y.storage is not None:
        y.up_to_date()
    a = x.data
    b = y.data
    if (
        a.dtype is not b.dtype
        or (a.ndim, b.ndim) != entry.ranks
        or a.shape[-1] != b.shape[entry.ranks[1] > 2]
        or a.dtype.kind == "b"
    ):
        entry.check(a, b)
    data = computed(entry.kernel, a, b)
    if data.size > LARGE:
        made(data)
    where = mode.where or here(_getframe(depth))
    one, two = x.requires, y.requires
    if not ((one or two) and mode.grad):
        return untracked(data, where)
    edges = ((x.node or x) if one else None, (y.node or y) if two else None)
    kind = entry.node_kind
    if entry.turned is not None and (a.flags.fnc or b.flags.fnc):
        kind = entry.turned[2 * a.flags.fnc + b.flags.fnc - 1]
    node = record(kind, edges, [x if two else None, y if one else None, None], where)
    if x.storage is not None or y.storage is not None:
        note_versions(node, (x, y))
    return tracked(data, node)


# --- checks, in PyTorch's words -------------------------------------------------------------------------


def need_arrays(operator: str, position: int, **arrays: Any) -> None:
    """Raise ArgumentError for what is no array; the first one's position in the call is given."""
    for at, (name, value) in enumerate(arrays.items(), position):
        if not hasattr(value, "dtype"):
            raise ArgumentError(
                f"{operator}(): argument '{name}' (position {at}) must be Tensor, not {type_word(value)}"
            )


def _sizes(a: Any, b: Any) -> str:
    return f"{a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]}"


def not_for_bool(kernel: str, a: Any, b: Any) -> None:
    """Raise DtypeError for bools; PyTorch comes to no kernel where there are no elements."""
    if a.dtype.kind == "b" and a.size and b.size:
        raise not_implemented(kernel, a.dtype)


def check_mm(a: Any, b: Any) -> None:
    if a.ndim != 2:
        raise ShapeError("self must be a matrix")
    if b.ndim != 2:
        raise ShapeError("mat2 must be a matrix")
    if a.shape[1] != b.shape[0]:
        raise ShapeError(f"mat1 and mat2 shapes cannot be multiplied ({_sizes(a, b)})", subject=(a.shape, b.shape))
    if a.dtype != b.dtype:
        raise DtypeError(
            f"expected m1 and m2 to have the same dtype, but got: {OF[a.dtype].c_name} != {OF[b.dtype].c_name}"
        )
    not_for_bool("addmm_impl_cpu_", a, b)


def check_mv(a: Any, b: Any) -> None:
    if a.ndim != 2 or b.ndim != 1:
        raise ShapeError(f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0]:
        raise ShapeError(
            f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})",
            subject=(a.shape, b.shape),
        )
    if a.dtype != b.dtype:
        p, q = OF[a.dtype].title, OF[b.dtype].title
        raise DtypeError(f"addmv input tensors must have the same dtype, but got {q}, {p}, and {q}")
    not_for_bool("addmv_impl_cpu", a, b)


def check_dot(a: Any, b: Any) -> None:
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype != b.dtype:
        p, q = OF[a.dtype].title, OF[b.dtype].title
        raise DtypeError(f"dot : expected both vectors to have same dtype, but found {p} and {q}")
    if a.shape != b.shape:
        n, m = len(a), len(b)
        raise ShapeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of elements, "
            f"but got {n} and {m} elements respectively",
            subject=(a.shape, b.shape),
        )
    if a.dtype.kind == "b":
        raise not_implemented("dot", a.dtype)


def check_bmm(a: Any, b: Any) -> None:
    if a.ndim != 3:
        raise ShapeError("batch1 must be a 3D tensor")
    if b.ndim != 3:
        raise ShapeError("batch2 must be a 3D tensor")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a.shape[0]}, {a.shape[2]}] "
            f"but got: [{b.shape[0]}, {b.shape[1]}]."
        )
    if a.dtype != b.dtype:
        raise DtypeError(f"expected scalar type {OF[a.dtype].title} but found {OF[b.dtype].title}")
    not_for_bool("bmm", a, b)


# --- products of fixed ranks ----------------------------------------------------------------------------


@product(
    "dot(input, tensor)",
    grad_fn="DotBackward0",
    ranks=(1, 1),
    check=check_dot,
    samples=lambda: [call(t(3), t(3)), call(t(3, strided=True), t(3)), call(t(0), t(0)), call(t(1), t(1))],
    formula="input: g * tensor; tensor: g * input",
    example="dot(tensor([1., 2.]), tensor([3., 4.]))",
    bilinear=True,
)
def dot(a: Any, b: Any) -> Any:
    """The inner product of two vectors."""
    return a.dot(b)


dot.vjp("input", saves="tensor")(lambda F, g, out, a, b: g * b)
dot.vjp("tensor", saves="input")(lambda F, g, out, a, b: g * a)


@product(
    "vdot(input, other)",
    grad_fn="VdotBackward0",
    ranks=(1, 1),
    check=check_dot,
    samples=lambda: [call(t(3), t(3)), call(t(3, strided=True), t(3)), call(t(0), t(0))],
    formula="input: g * other; other: g * input",
    example="vdot(tensor([1., 2.]), tensor([3., 4.]))",
    bilinear=True,
)
def vdot(a: Any, b: Any) -> Any:
    """The inner product of two vectors; the same as `dot` for real numbers."""
    return a.dot(b)


vdot.vjp("input", saves="other")(lambda F, g, out, a, b: g * b)
vdot.vjp("other", saves="input")(lambda F, g, out, a, b: g * a)


@product(
    "mv(input, vec)",
    grad_fn="MvBackward0",
    ranks=(2, 1),
    check=check_mv,
    samples=lambda: [
        call(t(2, 3), t(3)),
        call(t(2, 3, strided=True), t(3)),
        call(t(0, 3), t(3)),
        call(t(2, 0), t(0)),
        call(t(1, 1), t(1)),
    ],
    formula="input: outer(g, vec); vec: input.T @ g",
    example="mv(tensor([[1., 2.], [3., 4.]]), tensor([1., 10.]))",
    bilinear=True,
)
def mv(a: Any, b: Any) -> Any:
    """A matrix times a vector."""
    return a.dot(b)


mv.vjp("input", saves="vec")(lambda F, g, out, a, b: F.outer_product(g, b))
mv.vjp("vec", saves="input")(lambda F, g, out, a, b: F.vector_matrix(g, a))


@product(
    "mm(input, mat2)",
    grad_fn="MmBackward0",
    ranks=(2, 2),
    check=check_mm,
    samples=lambda: [
        call(t(2, 3), t(3, 2)),
        call(t(2, 3, strided=True), t(3, 2, strided=True)),
        call(t(0, 3), t(3, 2)),
        call(t(2, 0), t(0, 2)),
        call(t(1, 1), t(1, 1)),
    ],
    formula="input: g @ mat2.T; mat2: input.T @ g",
    example="mm(tensor([[1., 2.]]), tensor([[3.], [4.]]))",
    bilinear=True,
)
def mm(a: Any, b: Any) -> Any:
    """The product of two matrices."""
    return a.dot(b)


mm.vjp("input", saves="mat2")(lambda F, g, out, a, b: F.mm(g, F.matrix_transpose(b)))
mm.vjp("mat2", saves="input")(lambda F, g, out, a, b: F.mm(F.matrix_transpose(a), g))


@product(
    "bmm(input, mat2)",
    grad_fn="BmmBackward0",
    ranks=(3, 3),
    check=check_bmm,
    samples=lambda: [
        call(t(2, 1, 3), t(2, 3, 2)),
        call(t(2, 2, 2, strided=True), t(2, 2, 1, strided=True)),
        call(t(0, 2, 3), t(0, 3, 2)),
        call(t(1, 2, 0), t(1, 0, 2)),
    ],
    formula="input: bmm(g, mat2.mT); mat2: bmm(input.mT, g)",
    example="bmm(ones(2, 1, 3), ones(2, 3, 1))",
    bilinear=True,
)
def bmm(a: Any, b: Any) -> Any:
    """The products of two equally long batches of matrices."""
    if a.shape[0] != b.shape[0]:
        check_bmm(a, b)
    return np.matmul(a, b)


bmm.vjp("input", saves="mat2")(lambda F, g, out, a, b: F.bmm(g, F.matrix_transpose(b)))
bmm.vjp("mat2", saves="input")(lambda F, g, out, a, b: F.bmm(F.matrix_transpose(a), g))


# --- what the rules are written in ----------------------------------------------------------------------


@op(
    "matrix_transpose(input)",
    grad_fn="TransposeBackward0",
    view=True,
    private=True,
    samples=lambda: [call(t(2, 3)), call(t(2, 3, 2))],
    formula="g, transposed back",
    linear=True,
)
def matrix_transpose(x: Any) -> Any:
    """A view with the last two dims swapped."""
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


matrix_transpose.vjp("input")(lambda F, g, out, x: F.matrix_transpose(g))


on_last_dims(matrix_transpose, 2)


@op(
    "outer_product(input, vec2)",
    grad_fn="MulBackward0",
    private=True,
    samples=lambda: [call(t(2), t(3))],
    formula="input: g @ vec2; vec2: input @ g",
    bilinear=True,
)
def outer_product(a: Any, b: Any) -> Any:
    """The outer product of two vectors."""
    return a[:, None] * b


outer_product.vjp("input", saves="vec2")(lambda F, g, out, a, b: F.mv(g, b))
outer_product.vjp("vec2", saves="input")(lambda F, g, out, a, b: F.vector_matrix(a, g))


@outer_product.batched
def outer_samples(F: Any, size: int, batched: Any, a: Any, b: Any) -> Any:
    """The batch rule of the outer product."""
    if not batched[0]:
        return F.reshape(a, (*a.shape, 1)) * F.reshape(b, (size, 1, b.shape[-1]))
    return F.reshape(a, (*a.shape, 1)) * (F.reshape(b, (size, 1, b.shape[-1])) if batched[1] else b)


@op(
    "vector_matrix(vec, input)",
    work="product",
    grad_fn="MvBackward0",
    private=True,
    samples=lambda: [call(t(2), t(2, 3))],
    formula="vec: input @ g; input: outer(vec, g)",
    bilinear=True,
)
def vector_matrix(a: Any, b: Any) -> Any:
    """A row vector times a matrix."""
    return a.dot(b)


vector_matrix.vjp("vec", saves="input")(lambda F, g, out, a, b: F.mv(b, g))
vector_matrix.vjp("input", saves="vec")(lambda F, g, out, a, b: F.outer_product(a, g))


@op(
    "unsafe_view(input, size)",
    work="form",
    grad_fn="UnsafeViewBackward0",
    private=True,
    samples=lambda: [call(t(2, 3), (3, 2))],
    formula="g, reshaped back",
    linear=True,
)
def unsafe_view(x: Any, size: Any) -> Any:
    """The same elements in another shape, of a result that nobody else holds."""
    return x.reshape(size)


unsafe_view.vjp("input")(lambda F, g, out, x, size: F.unsafe_view(g, x.shape))
unsafe_view.batched(lambda F, size, batched, x, shape: F.reshape(x, (size, *shape)))


# --- matmul ---------------------------------------------------------------------------------------------


@composite(
    "matmul(input, other)",
    samples=lambda: [
        call(t(3), t(3)),
        call(t(2, 3), t(3)),
        call(t(3), t(3, 2)),
        call(t(2, 3), t(3, 2)),
        call(t(2, 1, 3), t(3)),
        call(t(2, 1, 3), t(3, 2)),
        call(t(3), t(2, 3, 1)),
        call(t(2, 3), t(2, 3, 1)),
        call(t(2, 1, 3), t(2, 3, 2)),
        call(t(1, 2, 2), t(2, 2, 1)),
        call(t(2, 1, 1, 3), t(2, 3, 1)),
        call(t(2, 1, 3, strided=True), t(3, 1)),
        call(t(0, 3), t(3, 2)),
        call(t(2, 0), t(0, 2)),
        call(t(0, 1, 3), t(3, 2)),
    ],
    formula="input: g @ other.mT; other: input.mT @ g",
    by_ndim={
        "1,1": "input: g * other; other: g * input",
        "1,2": "input: other @ g; other: outer(input, g)",
        "2,1": "input: outer(g, other); other: input.T @ g",
        "1,3": "input: other @ g, added up over the batch; other: the outer product of input and g",
        "2,2": "input: g @ other.T; other: input.T @ g",
    },
    example="matmul(tensor([[1., 2.]]), tensor([3., 4.]))",
)
def matmul(x: Tensor, y: Tensor) -> Any:
    """The product of vectors, matrices, or batches of matrices with broadcasting: the operator `@`."""
    need_tensor("matmul", "input", 1, x)
    need_tensor("matmul", "other", 2, y)
    return _matmul(x, y)


def _matmul(x: Tensor, y: Tensor) -> Any:
    """PyTorch's way to take a product of any ranks apart: the graph shows these steps."""
    a, b = x.data, y.data
    n, m = a.ndim, b.ndim
    if n == 0 or m == 0:
        raise ShapeError(f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D")
    if n <= 2 and m <= 2:
        if n == 2:
            return multiply(mm if m == 2 else mv, x, y, 1)
        if m == 1:
            return multiply(dot, x, y, 1)
        row = multiply(mm, T.unsqueeze(x, 0), y, 1)
        return run(squeeze_row, [row], None)
    if _folds(x, y):
        # one product of a tall matrix; a matrix on the left is brought to the right by transposing everything
        flip = m > n
        p, q = (T.transpose(y, -2, -1), T.t(x) if n == 2 else x) if flip else (x, y)
        shape = p.data.shape
        rows = T.reshape(p, (_count(shape[:-1]), shape[-1]))
        if q.data.ndim == 1:
            return run(unsafe_view, [multiply(mv, rows, q, 1), shape[:-1]], None)
        out = run(unsafe_view, [multiply(mm, rows, q, 1), (*shape[:-1], q.data.shape[1])], None)
        return T.contiguous(T.transpose(out, -2, -1)) if flip else out
    if n == m == 3 and a.shape[0] != b.shape[0]:
        if a.shape[0] == 1 and x.requires:
            return _matmul(T.squeeze(x, 0), y)
        if b.shape[0] == 1 and y.requires:
            return _matmul(x, T.squeeze(y, 0))
    return _batched(x, y)


def _batched(x: Tensor, y: Tensor) -> Any:
    """A product of batches: broadcast, flattened to one batch dim, multiplied, and put in shape again."""
    a, b = x.data, y.data
    try:
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        from gradsh.engine.core.promotion import broadcast_error

        raise broadcast_error(a.shape[:-2], b.shape[:-2]) from None
    count = _count(batch)
    rows, inner = (a.shape[-2] if a.ndim > 1 else 1), a.shape[-1]
    left = T.reshape(T.expand(x, (*batch, rows, inner)), (count, rows, inner))
    if b.ndim == 1:
        right = T.unsqueeze(T.reshape(T.expand(y, (*batch, b.shape[0])), (count, b.shape[0])), 2)
        return run(unsafe_view, [T.squeeze(multiply(bmm, left, right, 1), -1), (*batch, rows)], None)
    right = T.reshape(T.expand(y, (*batch, *b.shape[-2:])), (count, *b.shape[-2:]))
    shape = (*batch, rows, b.shape[-1]) if a.ndim > 1 else (*batch, b.shape[-1])
    return run(unsafe_view, [multiply(bmm, left, right, 1), shape], None)


def _folds(x: Tensor, y: Tensor) -> bool:
    """Whether a batch times a matrix or vector is done as one product of a tall matrix, as PyTorch decides it."""
    large, small = (x, y) if x.data.ndim >= y.data.ndim else (y, x)
    if large.data.ndim < 3 or small.data.ndim > 2:
        return False
    if small.requires:
        return True
    if x.data.ndim == 2:
        return False
    if large.data.size == 0:
        return True
    whole = large.data.swapaxes(-1, -2) if large is y else large.data
    strides, shape = whole.strides, whole.shape
    return all(strides[i] == strides[i + 1] * shape[i + 1] for i in range(len(shape) - 2))


def _count(shape: tuple[int, ...]) -> int:
    n = 1
    for extent in shape:
        n *= extent
    return n


@op(
    "squeeze_row(input)",
    work="form",
    grad_fn="SqueezeBackward4",
    private=True,
    samples=lambda: [call(t(1, 3))],
    formula="g.unsqueeze(0)",
    linear=True,
)
def squeeze_row(x: Any) -> Any:
    """The only row of a matrix that nobody else holds."""
    return x[0]


squeeze_row.vjp("input")(lambda F, g, out, x: F.unsqueeze(g, 0))


@squeeze_row.batched
def _(F: Any, size: int, batched: Any, x: Any) -> Any:
    return F.select(x, 1, 0)


_any_matmul = matmul.apply
A.__dict__["matmul"] = np.matmul


def apply_matmul(*args: Any, **kwargs: Any) -> Any:
    """`matmul(input, other)`: ranks 1 and 2 on the shortest way, everything else through the composite."""
    if len(args) == 2 and not kwargs:
        x, y = args
        if x.__class__ is Tensor and y.__class__ is Tensor:
            n = x.data.ndim
            m = y.data.ndim
            if n == 2:
                if m == 2:
                    return multiply(mm, x, y, 2)
                if m == 1:
                    return multiply(mv, x, y, 2)
            elif n == 1 and m == 1:
                return multiply(dot, x, y, 2)
    with placed(caller(_getframe(1))):
        return _any_matmul(*args, **kwargs)


def operator_matmul(x: Tensor, y: Any) -> Any:
    """`x @ y`."""
    if y.__class__ is Tensor:
        n = x.data.ndim
        m = y.data.ndim
        if n == 2:
            if m == 2:
                return multiply(mm, x, y, 2)
            if m == 1:
                return multiply(mv, x, y, 2)
        elif n == 1 and m == 1:
            return multiply(dot, x, y, 2)
        return apply_matmul(x, y)
    return NotImplemented


apply_matmul.__name__ = apply_matmul.__qualname__ = "matmul"  # what programs that print their functions see
matmul.apply = T.__dict__["matmul"] = METHODS["matmul"] = apply_matmul
Operators: Any = Tensor
Operators.__matmul__ = operator_matmul


@matmul.batched
@mm.batched
@mv.batched
@bmm.batched
@dot.batched
@vdot.batched
@vector_matrix.batched
def multiply_samples(F: Any, size: int, batched: Any, a: Any, b: Any) -> Any:
    """The batch rule of products of vectors and matrices."""
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
        rows = F.reshape(a, (count(a.shape[:-1]), inner))
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
