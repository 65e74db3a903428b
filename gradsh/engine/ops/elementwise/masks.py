"""What elementwise operators share: checks of dtypes, masks for rules, and the form for one tensor with settings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.autograd.inplace import apply_in_place
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import FAILURES, need_tensor, type_word
from gradsh.engine.core.batched import Batched
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.graph import Kind, Node
from gradsh.engine.core.modes import truth
from gradsh.engine.core.namespaces import Namespace, T
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import takes_numbers
from gradsh.engine.kernels.compiled import Native, numbers
from gradsh.engine.operators.general import General, op, run
from gradsh.engine.operators.registry import METHODS
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, DtypeError, ValueProblem, ZeroDivision

ndarray = np.ndarray
_getframe = sys._getframe

# from this many elements on, a product of bits is faster than `np.where`, which goes element by element
MANY = 512
LARGE = 1 << 14  # from this many on, one pass in C is faster than three
_BITS = {2: np.dtype(np.uint16), 4: np.dtype(np.uint32), 8: np.dtype(np.uint64)}

# --- helpers of rules ------------------------------------------------------------------------------------------


def zeros(F: Any, g: Any) -> Any:
    """Zeros like `g`, for rules: an array for arrays, a tensor for tensors."""
    cls = g.__class__
    if cls is Batched:
        return Batched(zeros(F, g.value), g.level)
    data = g.data if cls is Tensor else g
    z = alloc.zeros(data.shape, data.dtype)[()]
    return make(z) if cls is Tensor else z


def kept(g: Any, mask: Any) -> Any:
    """`g` where the mask is true, else 0; one of them is an array."""
    if g.__class__ is not ndarray or g.size < MANY or g.dtype.kind != "f" or mask.shape != g.shape:
        return np.where(mask, g, g.dtype.type(0))
    # the bits times 0 or 1: no infinity becomes nan
    bits: Any = _BITS[g.itemsize]
    out = alloc.empty(g.shape, g.dtype)
    np.multiply(g.view(bits), mask, out=out.view(bits))
    return out


def where_over_zero(g: Any, x: Any) -> Any:
    """`g` where the array `x` is not 0 or less, else 0."""
    if g.__class__ is ndarray and g.size >= LARGE:
        fast = _over_zero.function or _over_zero.wanted(g.size)
        if fast is not None and (out := fast(g, x)) is not None:
            return out
    return _where_over_zero(g, x)


def _where_over_zero(g: Any, x: Any) -> Any:
    return kept(g, np.logical_not(x <= 0))


_over_zero = Native("where_over_zero", _where_over_zero, lambda: [(numbers(3, 400), -numbers(3, 400))])


def refused_dtype(kernel_name: str, dtype: Any) -> DtypeError:
    """PyTorch's words for a dtype that its kernel does not know."""
    return DtypeError(f"\"{kernel_name}\" not implemented for '{OF[dtype].title}'", kind="NotImplementedError")


def floats_only(kernel_name: str) -> Any:
    """A check that refuses integers, of one dtype or of two inputs, with the name of PyTorch's kernel in the words."""

    def check(first: Any, second: Any = None) -> None:
        a = getattr(first, "dtype", first)
        b = getattr(second, "dtype", a)
        if a.kind != "f" and b.kind != "f":
            raise refused_dtype(kernel_name, a)

    return check


def not_bool(kernel_name: str) -> Any:
    """A check that refuses bools only."""

    def check(dtype: Any) -> None:
        if dtype.kind == "b":
            raise refused_dtype(kernel_name, dtype)

    return check


def with_settings(
    signature: str, *, grad_fn: str, check: Any = None, slopes: bool | None = None, **options: Any
) -> Callable[[Any], General]:
    """Register an elementwise operator of one tensor and some settings; a plain number gives a plain number.

    slopes   the first setting is the slope where the tensor is negative, see `from_result`; False of an operator that
             has no slope, and whose node is called so too when it is written in place

    `check(dtype)` may raise for integers. Settings whose default is a number must be numbers (or one-element tensors);
    `inplace`, where there is one, stands last.
    """
    form = op(signature, grad_fn=grad_fn, elementwise=True, **options)
    writes = ", inplace=" in signature

    def register(kernel: Any) -> General:
        entry = form(kernel)
        bind = entry.signature.bind
        short = entry.name

        def apply(*args: Any, **kwargs: Any) -> Any:
            values = bind(args, kwargs)
            x = values[0]
            if x.__class__ is not Tensor:
                if isinstance(x, (int, float)) and takes_numbers(_getframe(1)):
                    try:
                        return kernel(np.float64(x), *values[1:]).item()
                    except FAILURES as error:
                        from gradsh.engine.operators.blame import blame  # only an error needs it

                        raise blame(entry, values, error) from None
                if x.__class__ is not Batched:
                    need_tensor(short, "input", 1, x)
            elif x.data.dtype.kind != "f" and check is not None:
                check(x.data.dtype)
            for i, v in enumerate(values):
                if i and v.__class__ is not float and v.__class__ is not int:
                    values[i] = _setting(entry, i, v)
            if writes and truth(values[-1]):
                out = apply_in_place(apply, x, tuple(values[1:-1]), {}, _getframe(1))
                return out if slopes is None else from_result(out, values[1] if slopes else 0)
            return run(entry, values, _getframe(1))

        apply.__name__ = apply.__qualname__ = short
        entry.apply = T.__dict__[short] = apply
        if short in METHODS:
            METHODS[short] = apply
        return entry

    return register


def _setting(entry: General, index: int, value: Any) -> Any:
    """A setting that is no plain number: a one-element tensor in its place, a bool, None, a word, or an error."""
    parameter = entry.signature.parameters[index]
    numeric = parameter.default.__class__ is float or parameter.default.__class__ is int or not parameter.has_default
    if value.__class__ is Tensor and numeric:
        return value.item()
    if numeric and not isinstance(value, (int, float)):
        raise ArgumentError(
            f"{entry.name}(): argument '{parameter.name}' (position {index + 1}) must be Number, not {type_word(value)}"
        )
    return value


@op("tied(grad, input)", method=False, private=True, grad_fn="AliasBackward0", elementwise=True)
def tied(g: Any, x: Any) -> Any:
    """`grad` as a gradient that depends on `input`, by exactly nothing."""
    return g


tied.vjp("grad")(lambda F, g, out, grad, x: g)
tied.vjp("input")(lambda F, g, out, grad, x: zeros(F, g))


@op(
    "drop_where(grad, mask)",
    grad_fn="WhereBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"))],
)
def drop_where(g: Any, mask: Any) -> Any:
    """`grad`, with 0 where the mask is true."""
    if g.__class__ is not ndarray and mask.__class__ is not ndarray:
        return g.__class__(0) if mask else g
    return kept(g, np.logical_not(mask))


drop_where.vjp("grad", saves="mask")(lambda F, g, out, grad, mask: F.drop_where(g, mask))


@op(
    "keep_where(grad, mask)",
    grad_fn="WhereBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"))],
)
def keep_where(g: Any, mask: Any) -> Any:
    """`grad` where the mask is true, else 0."""
    if g.__class__ is not ndarray and mask.__class__ is not ndarray:
        return g if mask else g.__class__(0)
    return kept(g, mask)


@op(
    "fill_where(input, mask, value)",
    grad_fn="MaskedFillBackward0",
    method=False,
    private=True,
    elementwise=True,
    samples=lambda: [call(t(2, 3), t(2, 3, dtype="bool"), 0.5)],
)
def fill_where(x: Any, mask: Any, value: float) -> Any:
    """`input`, with a number where the mask is true."""
    return np.where(mask, x.dtype.type(value), x)[()]


fill_where.vjp("input", saves="mask")(lambda F, g, out, x, mask, value: F.drop_where(g, mask))
keep_where.vjp("grad", saves="mask")(lambda F, g, out, grad, mask: F.keep_where(g, mask))


def by_zero(b: Any) -> None:
    """PyTorch refuses integers divided by 0."""
    if not np.all(b):
        raise ZeroDivision("ZeroDivisionError", kind="RuntimeError")


def not_bools(kernel_name: str, a: Any, b: Any) -> None:
    if all(v.__class__ is bool or getattr(v, "dtype", None) == np.bool_ for v in (a, b)):
        raise refused_dtype(kernel_name, a.dtype if hasattr(a, "dtype") else b.dtype)


def is_float(a: Any, b: Any) -> bool:
    return any(v.__class__ is float or (hasattr(v, "dtype") and v.dtype.kind == "f") for v in (a, b))


def pick(mask: Any, a: Any, b: Any) -> Any:
    """`np.where` that gives scalars for scalars; `a` and `b` in one dtype, or plain numbers."""
    return np.where(mask, a, b)[()]


def backward_of(signature: str, grad_fn: str, sample: call, second: Any = None) -> Callable[[Any], General]:
    """Register `f_backward(grad, input, *settings)`, an operator of its own as in PyTorch.

    `second(F, g, grad, input, *settings)` is its derivative with respect to `input`; None where that is 0.
    """

    def register(kernel: Any) -> General:
        form = op(signature, grad_fn=grad_fn, method=False, private=True, elementwise=True, samples=lambda: [sample])
        entry = form(kernel)
        name = entry.name

        def first(F: Any, g: Any, out: Any, grad: Any, x: Any, *settings: Any) -> Any:
            return getattr(F, name)(g, x, *settings)

        def other(F: Any, g: Any, out: Any, grad: Any, x: Any, *settings: Any) -> Any:
            return zeros(F, g) if second is None else second(F, g, grad, x, *settings)

        entry.vjp("grad", saves="input")(first)
        entry.vjp("input", saves="grad input")(other)
        return entry

    return register


def written(function: Any, x: Tensor, *settings: Any, slope: Any = 0) -> Tensor:
    """`f(x, inplace=True)`: the result replaces what `x` holds. `slope`: by what it multiplies where x is negative."""
    return from_result(apply_in_place(function, x, settings, {}, _getframe(1)), slope)


def from_result(x: Tensor, slope: Any) -> Tensor:
    """What was written in place, its node called as PyTorch calls one that has the result only.

    Its gradient is read off the signs of that, which a negative slope has turned round.
    """
    node = x.node
    if node.__class__ is Node:
        kind = node.kind.renamed(f"{node.kind.name[:-1]}1")
        node.kind = Kind(kind.name, _turned_round, saves=False, operator=kind.operator) if slope < 0 else kind
    return x


def _turned_round(node: Node, g: Any, F: Namespace) -> Any:
    """The step of a node whose slope is negative. Errors: ValueProblem."""
    leaky = not node.kind.name.startswith(("Elu", "Celu"))
    said = (
        f"In-place {'leakyReLu' if leaky else 'elu'} backward calculation is triggered with a negative slope which is "
        "not supported. This is caused by calling in-place forward function with a negative slope, please call "
        "out-of-place version instead."
    )
    if leaky:
        said += (
            " File an issue at https://github.com/pytorch/pytorch if you do require supporting in-place leakRelu "
            "backward calculation with negative slope"
        )
    raise ValueProblem(said)
