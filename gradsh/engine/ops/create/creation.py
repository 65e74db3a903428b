"""Making tensors: from values, from sizes, and after the likeness of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradsh.calls import devices
from gradsh.calls.formats import preserve_format
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import (
    int_tuple,
    is_int,
    misfit,
    need_int,
    need_tensor,
    not_implemented,
    numpy_dtype,
    too_large,
    type_word,
)
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.from_values import array_of
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.place import caller
from gradsh.engine.core.promotion import converted
from gradsh.engine.core.strided import empty_as, in_format
from gradsh.engine.core.tensor import Tensor, leaf, make
from gradsh.engine.operators.batch_rules import on_last_dims
from gradsh.engine.operators.composite import function
from gradsh.engine.operators.registry import Operator, on_arrays
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

INT64 = np.dtype(np.int64)
BOOL = np.dtype(np.bool_)

COPY_CONSTRUCT = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


def scalar_like(data: Any) -> Any:
    """A 0-d array as a NumPy scalar, anything else as it is."""
    return data[()] if data.ndim == 0 else data


# --- from values -----------------------------------------------------------------------------------------------------


@function(
    "tensor(data, *, dtype=None, requires_grad=False)",
    work="elements",
    method=False,
    differentiable=False,
    example="tensor([[1., 2.], [3., 4.]], grad)",
    cuts=True,
)
def tensor(data: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of the given numbers: a number, nested lists or tuples of one length per level, an array, a tensor."""
    if data.__class__ is Tensor:
        mode.warn(COPY_CONSTRUCT)
    if requires_grad is not True and requires_grad is not False:
        raise ArgumentError(f"tensor(): argument 'requires_grad' must be bool, not {type_word(requires_grad)}")
    target = None if dtype is None else numpy_dtype("tensor", dtype)
    return leaf(array_of(data, target), requires_grad, mode.where)


@function(
    "scalar_tensor(s, *, dtype=None, requires_grad=False)",
    method=False,
    differentiable=False,
    example="scalar_tensor(3)",
)
def scalar_tensor(s: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor without dims of a number, floating unless a dtype is given."""
    if isinstance(s, Tensor) or not isinstance(s, (int, float)):
        raise ArgumentError(f"scalar_tensor(): argument 's' (position 1) must be Number, not {type_word(s)}")
    target = np.dtype(mode.default) if dtype is None else numpy_dtype("scalar_tensor", dtype)
    return leaf(array_of(s, target), bool(requires_grad), mode.where)


@function(
    "as_tensor(data, dtype=None)",
    work="elements",
    method=False,
    differentiable=False,
    example="as_tensor([1., 2.])",
    cuts=True,
)
def as_tensor(data: Any, dtype: Any) -> Tensor:
    """A tensor as it is, an array sharing its memory, anything else as `tensor` makes it."""
    if data.__class__ is Tensor:
        return data if dtype is None else T.to(data, dtype)
    target = numpy_dtype("as_tensor", dtype)
    if isinstance(data, np.ndarray) and (target is None or target == data.dtype):
        return from_numpy.apply(data)  # type: ignore[no-any-return]  # entries are untyped
    return leaf(array_of(data, target), False, mode.where)


@function(
    "from_numpy(ndarray)",
    work="elements",
    method=False,
    differentiable=False,
    example="from_numpy(ones(2).numpy())",
    cuts=True,
)
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares the memory of a NumPy array."""
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentError(f"expected np.ndarray (got {type_word(ndarray)})")
    t = leaf(array_of(ndarray, None, copy=False), False, mode.where)
    t.own_storage()  # writes in place go to the shared memory
    return t


# --- from sizes ------------------------------------------------------------------------------------------------------


LONGEST = 2**63  # the first int that C++ has no room for


def sizes(operator: str, size: Any, position: int = 1) -> tuple[int, ...]:
    """A `size` argument as a tuple of ints that are not negative."""
    shape = int_tuple(operator, "size", position, size)
    for extent in shape:
        if extent < 0:
            raise ShapeError(
                "zeros: Dimension size must be non-negative."
                if operator == "zeros"
                else f"Trying to create tensor with negative dimension {extent}: {list(shape)}"
            )
    return shape


def filled(shape: tuple[int, ...], value: Any, dtype: Any) -> Any:
    """An array full of one value; a NumPy scalar for the shape ()."""
    return alloc.full(shape, value, dtype) if shape else alloc.number(value, dtype)


@function(
    "zeros(*size, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="zeros(2, 3)",
)
def zeros(size: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of zeros."""
    data = alloc.zeros(sizes("zeros", size), numpy_dtype("zeros", dtype, mode.default))
    return leaf(scalar_like(data), requires_grad, mode.where)


@function(
    "ones(*size, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="ones(2, 3)",
)
def ones(size: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of ones."""
    data = alloc.ones(sizes("ones", size), numpy_dtype("ones", dtype, mode.default))
    return leaf(scalar_like(data), requires_grad, mode.where)


@function(
    "empty(*size, dtype=None, requires_grad=False, memory_format=None)",
    work="size",
    method=False,
    differentiable=False,
    example="empty(2, 3)",
)
def empty(size: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """A tensor whose values do not matter (zeros, here)."""
    data = alloc.zeros(sizes("empty", size), numpy_dtype("empty", dtype, mode.default))
    if memory_format is preserve_format:
        raise ValueProblem("unsupported memory format Preserve")
    data = in_format(data, memory_format, "empty")
    return leaf(scalar_like(data), requires_grad, mode.where)


def number(operator: str, name: str, position: int, value: Any) -> Any:
    """A `Number` argument: a plain number, or a tensor of one element without the grad flag."""
    if value.__class__ is Tensor and not value.requires and value.data.ndim == 0:
        return value.data.item()
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise ArgumentError(f"{operator}(): argument '{name}' (position {position}) must be Number, not {type_word(value)}")


def natural_dtype(value: Any) -> Any:
    """The dtype that a number takes by itself."""
    return BOOL if isinstance(value, bool) else INT64 if isinstance(value, int) else mode.default


@function(
    "full(size, fill_value, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="full((2, 2), 3.5)",
)
def full(size: Any, fill_value: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor full of one value, whose type decides the dtype."""
    shape = sizes("full", size)
    value = number("full", "fill_value", 2, fill_value)
    target = numpy_dtype("full", dtype, natural_dtype(value))
    return leaf(filled(shape, converted(value, target), target), requires_grad, mode.where)


@function("eye(n, m=None, *, dtype=None, requires_grad=False)", method=False, differentiable=False, example="eye(2)")
def eye(n: Any, m: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """The n x n identity matrix, or n x m with ones on the diagonal."""
    rows = need_int("eye", "n", 1, n)
    columns = rows if m is None else need_int("eye", "m", 2, m)
    for name, extent in (("n", rows), ("m", columns)):
        if extent < 0:
            raise ShapeError(f"{name} must be greater or equal to 0, got {extent}")
    return leaf(alloc.eye(rows, columns, dtype=numpy_dtype("eye", dtype, mode.default)), requires_grad, mode.where)


@function(
    "arange(start, end=None, step=1, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="arange(0., 1., 0.25)",
)
def arange(start: Any, end: Any, step: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Numbers from `start` (0 when only one is given) up to `end`, which is left out, `step` apart."""
    if end is None:
        start, end = 0, start
    start = 0 if start is None else start  # as `arange(end=3)` leaves it
    start, end = number("arange", "start", 1, start), number("arange", "end", 2, end)
    step = number("arange", "step", 3, step)
    floating = isinstance(start, float) or isinstance(end, float) or isinstance(step, float)
    target = numpy_dtype("arange", dtype, mode.default if floating else INT64)
    if target == BOOL:
        raise DtypeError("\"arange_cpu\" not implemented for 'Bool'", kind="NotImplementedError")
    if step == 0:
        raise ValueProblem("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueProblem(f"unsupported range: {start} -> {end}")
    if (step > 0 and start > end) or (step < 0 and start < end):
        raise ValueProblem("upper bound and lower bound inconsistent with step sign")
    n = (end - start) / step
    if not -LONGEST < n < LONGEST:
        raise ValueProblem("invalid size, possible overflow?")
    n = math.ceil(n)
    if n * target.itemsize >= LONGEST:
        raise too_large(f"Storage size calculation overflowed with sizes=[{n}]")
    if target.kind != "f":
        start, end, step = int(start), int(end), int(step)
        if not step:
            raise ValueProblem("step must be nonzero", kind="ValueError")
        if not all(-LONGEST <= value < LONGEST for value in (start, end, step)):
            raise ValueProblem("value cannot be converted to type int64_t without overflow")
        return leaf(alloc.arange(start, end, step, dtype=INT64).astype(target, copy=False), requires_grad, mode.where)
    return leaf(_steps(float(start), float(step), n, target), requires_grad, mode.where)


@function(
    "torch_range(start, end, step=1, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="torch.range(1, 3)",
)
def torch_range(start: Any, end: Any, step: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Numbers from `start` to `end`, which may be one of them, `step` apart: PyTorch's `torch.range`."""
    mode.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    start, end = number("range", "start", 1, start), number("range", "end", 2, end)
    step = number("range", "step", 3, step)
    target = numpy_dtype("range", dtype, mode.default)
    if step == 0:
        raise ValueProblem("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueProblem(f"unsupported range: {start} -> {end}")
    if (step > 0 and start > end) or (step < 0 and start < end):
        raise ValueProblem("upper bound and lower bound inconsistent with step sign")
    n = (end - start) / step + 1
    if not -LONGEST < n < LONGEST or int(n) * target.itemsize >= LONGEST:
        raise ValueProblem("invalid size, possible overflow?")
    return leaf(
        _steps(float(start), float(step), int(n), np.dtype(np.float64)).astype(target), requires_grad, mode.where
    )


def _steps(start: float, step: float, n: int, dtype: Any) -> Any:
    """start + step * i for i < n, to the last bit as PyTorch's vectors compute it (AVX2; the rest one by one)."""
    from gradsh.engine.kernels.rounding import fma

    i = alloc.arange(n, dtype=np.float64)
    values = fma(i, step, start)
    if n >= 8 and dtype == np.float64:
        lane = i % 4
        inside = i < n - n % 8
        values = np.where(inside, fma(lane, step, fma(i - lane, step, start)), values)
    elif n >= 16 and dtype == np.float32:
        lane = i % 8
        inside = i < n - n % 16
        first = fma(i - lane, step, start).astype(np.float32)
        values = np.where(inside, first + lane * step, values)
    return values.astype(dtype, copy=False)


def _step_count(operator: str, start: Any, end: Any, value: Any) -> int:
    if not is_int(value):
        raise misfit(operator)
    n = need_int(operator, "steps", 3, value)
    if n < 0:
        raise ValueProblem("number of steps must be non-negative")
    return n


def _ends(operator: str, start: Any, end: Any) -> tuple[Any, Any]:
    """Numbers or 0-d tensors, as numbers."""
    wrong = [
        f"{name} with {v.data.ndim} dimension(s)"
        for name, v in (("start", start), ("end", end))
        if v.__class__ is Tensor and v.data.ndim
    ]
    if wrong:
        raise ShapeError(
            f"{operator} only supports 0-dimensional start and end tensors, but got {' and '.join(wrong)}."
        )
    return number(operator, "start", 1, start), number(operator, "end", 2, end)


def even(start: float, end: float, steps: int, dtype: Any, fused: bool = True) -> Any:
    """Evenly spaced numbers, counted from both ends so that both are exact; `fused` rounds as one multiply-add."""
    from gradsh.engine.kernels.rounding import fma

    if dtype.kind != "f":
        # PyTorch computes integers in float64
        start, end = int(start), int(end)
        return np.trunc(even(start, end, steps, np.dtype(np.float64), False)).astype(dtype)
    kind = dtype.type
    first, last = kind(start), kind(end)
    if steps <= 1:
        return alloc.array([first][:steps], dtype)
    step = kind((last - first) / kind(steps - 1))
    half = steps // 2
    up = alloc.arange(half).astype(dtype)
    down = alloc.arange(steps - half - 1, -1, -1).astype(dtype)
    values = alloc.empty(steps, dtype)
    if fused and dtype != np.float16:
        values[:half] = fma(up, float(step), float(first))
        values[half:] = fma(down, -float(step), float(last))
    else:
        values[:half] = first + step * up
        values[half:] = last - step * down
    return values


@function(
    "linspace(start, end, steps, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="linspace(0, 1, 5)",
)
def linspace(start: Any, end: Any, steps: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """`steps` evenly spaced numbers from `start` to `end`, both included."""
    n = _step_count("linspace", start, end, steps)
    target = numpy_dtype("linspace", dtype, mode.default)
    if target.kind == "b":
        raise not_implemented("linspace_cpu", target)
    data = even(*_ends("linspace", start, end), n, target)
    return leaf(data, requires_grad, mode.where)


@function(
    "logspace(start, end, steps, base=10.0, *, dtype=None, requires_grad=False)",
    work="size",
    method=False,
    differentiable=False,
    example="logspace(0, 2, 3)",
)
def logspace(start: Any, end: Any, steps: Any, base: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Powers of `base`, whose exponents are evenly spaced from `start` to `end`."""
    n = _step_count("logspace", start, end, steps)
    target = numpy_dtype("logspace", dtype, mode.default)
    if target.kind == "b":
        raise not_implemented("logspace_cpu", target)
    first, last = _ends("logspace", start, end)
    if target.kind != "f":
        first, last = int(first), int(last)
    exponents = even(first, last, n, np.dtype(np.float64), False)
    # in float64 whatever the dtype, and by the C library, whose last digit NumPy's vectors do not always share
    data = libm_power(float(base), exponents)
    return leaf(data.astype(target), requires_grad, mode.where)


def libm_power(base: float, exponents: Any) -> Any:
    """base ** exponents; nan where that is no real number, inf where it is too large."""

    def one(exponent: float) -> float:
        try:
            return math.pow(base, exponent)
        except ValueError:
            return math.inf if base == 0 else math.nan
        except OverflowError:
            return math.inf

    return alloc.array([one(e) for e in exponents.tolist()], np.float64)


_PARTS = "(row, col, offset=0, *, dtype=None, requires_grad=False)"


def _triangle(operator: str, rows: Any, columns: Any, dtype: Any) -> tuple[int, int, Any]:
    row, col = need_int(operator, "row", 1, rows), need_int(operator, "col", 2, columns)
    for name, extent in (("row", row), ("col", col)):
        if extent < 0:
            raise ValueProblem(f"{name} must be non-negative, got{extent}")
    return row, col, numpy_dtype(operator, dtype, INT64)


@function("tril_indices" + _PARTS, method=False, differentiable=False, example="tril_indices(2, 2)")
def tril_indices(row: Any, col: Any, offset: Any, dtype: Any, requires_grad: Any) -> Tensor:
    """The row and column numbers of the lower triangle of a row x col matrix: two rows."""
    n, m, target = _triangle("tril_indices", row, col, dtype)
    return leaf(alloc.array(np.tril_indices(n, offset, m)).astype(target), requires_grad, mode.where)


@function("triu_indices" + _PARTS, method=False, differentiable=False, example="triu_indices(2, 2)")
def triu_indices(row: Any, col: Any, offset: Any, dtype: Any, requires_grad: Any) -> Tensor:
    """The row and column numbers of the upper triangle of a row x col matrix: two rows."""
    n, m, target = _triangle("triu_indices", row, col, dtype)
    return leaf(alloc.array(np.triu_indices(n, offset, m)).astype(target), requires_grad, mode.where)


# --- after the likeness of others ------------------------------------------------------------------------------------


def _like(operator: str, input: Any, value: Any, dtype: Any, requires_grad: bool, memory_format: Any = None) -> Tensor:
    need_tensor(operator, "input", 1, input)
    data = input.data
    target = numpy_dtype(operator, dtype, data.dtype)
    out = in_format(empty_as(data, target), memory_format, operator)
    out[...] = value
    return leaf(scalar_like(out), requires_grad, mode.where)


@function(
    "zeros_like(input, *, dtype=None, requires_grad=False, memory_format=None)",
    work="elements",
    method=False,
    differentiable=False,
    example="zeros_like(ones(2))",
)
def zeros_like(input: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """Zeros with the shape and dtype of another tensor."""
    return _like("zeros_like", input, 0, dtype, requires_grad, memory_format)


on_last_dims(zeros_like, 0)


@function(
    "ones_like(input, *, dtype=None, requires_grad=False, memory_format=None)",
    work="elements",
    method=False,
    differentiable=False,
    example="ones_like(zeros(2))",
)
def ones_like(input: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """Ones with the shape and dtype of another tensor."""
    return _like("ones_like", input, 1, dtype, requires_grad, memory_format)


on_last_dims(ones_like, 0)


@function(
    "empty_like(input, *, dtype=None, requires_grad=False, memory_format=None)",
    work="elements",
    method=False,
    differentiable=False,
    example="empty_like(ones(2))",
)
def empty_like(input: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """A tensor with the shape and dtype of another, whose values do not matter (zeros, here)."""
    return _like("empty_like", input, 0, dtype, requires_grad, memory_format)


on_last_dims(empty_like, 0)


@function(
    "full_like(input, fill_value, *, dtype=None, requires_grad=False, memory_format=None)",
    work="elements",
    method=False,
    differentiable=False,
    example="full_like(ones(2), 3.5)",
)
def full_like(input: Any, fill_value: Any, dtype: Any, requires_grad: bool, memory_format: Any) -> Tensor:
    """One value everywhere, with the shape and dtype of another tensor."""
    need_tensor("full_like", "input", 1, input)
    value = number("full_like", "fill_value", 2, fill_value)
    target = numpy_dtype("full_like", dtype, input.data.dtype)
    return _like("full_like", input, converted(value, target), dtype, requires_grad, memory_format)


on_last_dims(full_like, 0)


# for rules: the same on arrays
def _filled_like(x: Any, value: Any) -> Any:
    """What the factories above give, for rules on arrays."""
    out = empty_as(x)
    out[...] = value
    return out[()]


on_arrays("zeros_like", lambda x, *_: _filled_like(x, 0))
on_arrays("ones_like", lambda x, *_: _filled_like(x, 1))
on_arrays("full_like", lambda x, value, *_: _filled_like(x, value))


def _new(name: str, value: int) -> None:
    """`x.new_zeros(size)` and its like: methods only."""

    def make_one(input: Any, size: Any, dtype: Any, requires_grad: bool) -> Tensor:
        need_tensor(name, "input", 1, input)
        target = numpy_dtype(name, dtype, input.data.dtype)
        return leaf(filled(sizes(name, size), value, target), requires_grad, mode.where)

    make_one.__doc__ = f"{name.removeprefix('new_').capitalize()} of a size, with the dtype of this tensor."
    signature = f"{name}(input, *size, dtype=None, requires_grad=False)"
    function(signature, differentiable=False, example=f"ones(2).{name}(2, 3)")(make_one)


_new("new_zeros", 0)
_new("new_ones", 1)
_new("new_empty", 0)


@function(
    "new_full(input, size, fill_value, *, dtype=None, requires_grad=False)",
    work="size",
    differentiable=False,
    example="ones(2).new_full((2, 2), 3.)",
)
def new_full(input: Any, size: Any, fill_value: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """One value everywhere, of a size, with the dtype of this tensor."""
    target = numpy_dtype("new_full", dtype, input.data.dtype)
    value = array_of(number("new_full", "fill_value", 2, fill_value), target)
    return leaf(filled(sizes("new_full", size), value, target), requires_grad, mode.where)


@function(
    "new_tensor(input, data, *, dtype=None, requires_grad=False)",
    work="elements",
    differentiable=False,
    example="ones(2).new_tensor([3, 4])",
)
def new_tensor(input: Any, data: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """A tensor of the given numbers, with the dtype of this tensor."""
    if data.__class__ is Tensor:
        mode.warn(COPY_CONSTRUCT)
    return leaf(array_of(data, numpy_dtype("new_tensor", dtype, input.data.dtype)), requires_grad, mode.where)


# --- tensors that have a role ----------------------------------------------------------------------------------------


def _alias_of(data: Tensor) -> Tensor:
    """A new leaf on the same memory."""
    storage = data.share()
    out = make(data.data)
    out.storage = storage
    out.origin = mode.where
    return out


@function(
    "Parameter(data, requires_grad=True)",
    work="elements",
    method=False,
    differentiable=False,
    example="Parameter(ones(2))",
    cuts=True,
)
def parameter(data: Any, requires_grad: bool) -> Tensor:
    """A leaf with the grad flag that a model takes for a parameter; it shares the memory of `data`."""
    if data is None:
        data = make(alloc.zeros(0, mode.default))
    if data.__class__ is not Tensor:
        raise ArgumentError(f"'{type_word(data)}' object has no attribute 'detach'", kind="AttributeError")
    out = leaf(data.data, requires_grad, mode.where)
    out.storage = data.share()
    out.data = data.data
    out.own_extra().parameter = True
    return out


# for `isinstance(p, nn.Parameter)`, and `type(p)` in Python
parameter.apply.tells = lambda value: (
    (value.__class__ is Tensor or hasattr(value, "uninitialized"))  # of a lazy layer
    and value.extra is not None
    and value.extra.parameter
)
parameter.apply.makes = Tensor
parameter.apply.title = "torch.nn.parameter.Parameter"


@function(
    "Variable(data, requires_grad=False)",
    work="elements",
    method=False,
    differentiable=False,
    example="Variable(ones(2), grad)",
    cuts=True,
)
def variable(data: Any, requires_grad: bool) -> Tensor:
    """A leaf on the memory of `data`; tensors have long been variables themselves."""
    if data.__class__ is not Tensor:
        raise ArgumentError(f"Variable data has to be a tensor, but got {type_word(data)}")
    out = leaf(data.data, requires_grad, mode.where)
    out.storage = data.share()
    out.data = data.data
    return out


variable.apply.makes = Tensor  # `isinstance(x, Variable)` is true of every tensor
variable.apply.title = "torch.autograd.variable.Variable"


def _typed(name: str, dtype: Any) -> None:
    """`FloatTensor([1, 2])`, `FloatTensor(2, 3)`: PyTorch's old constructors."""
    entry = Operator(
        f"{name}(*data, device=None)", method=False, differentiable=False, cuts=True, example=f"{name}([1, 2])"
    )

    def apply(*data: Any, device: Any = None) -> Tensor:
        devices.of_old_constructors(device)
        where = mode.where
        if where is None:
            import sys

            where = caller(sys._getframe(1))
        if not data:
            return leaf(alloc.zeros(0, dtype), False, where)
        first = data[0]
        if len(data) == 1 and first.__class__ is Tensor:
            if first.data.dtype != dtype:
                words = "expected TensorOptions(dtype={}, {rest}) (got TensorOptions(dtype={}, {rest}))"
                rest = (
                    "device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
                    "memory_format=(nullopt)"
                )
                raise ArgumentError(words.format(OF[dtype].c_name, OF[first.data.dtype].c_name, rest=rest))
            out = leaf(first.data, False, where)
            out.storage = first.share()
            out.data = first.data
            return out
        if all(item.__class__ is int for item in data):
            return leaf(scalar_like(alloc.zeros(sizes(name, data), dtype)), False, where)
        if len(data) == 1 and (isinstance(first, (list, tuple, range, np.ndarray))):
            return leaf(array_of(first, dtype), False, where)
        raise ArgumentError(f"new(): data must be a sequence (got {type_word(first)})")

    apply.__doc__ = f"A tensor of dtype {OF[dtype].name}: of the numbers in one list, or of a size."
    apply.__name__ = apply.__qualname__ = name
    entry.apply = apply
    entry.register(apply)


for _np, _dtype in OF.items():
    _typed(f"{_dtype.title}Tensor", _np)
