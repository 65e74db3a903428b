"""softmax, log_softmax, logsumexp."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, need_tensor, not_implemented, numpy_dtype, wrong_call
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import softmax as kernels
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.kernels.summation import summed
from gradsh.engine.operators.batch_rules import fronted, sample_of
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import General, op, run
from gradsh.engine.operators.reduction import axes, batches_along, public, short_step, takes_tensor
from gradsh.engine.operators.registry import METHODS, alias
from gradsh.engine.operators.samples import call, t
from gradsh.engine.operators.typed import Types
from gradsh.engine.ops.reduce.sums import opened

max_reduce: Any = np.maximum.reduce
float16 = np.dtype(np.float16)
_getframe = sys._getframe


def _prepared(name: str, x: Any, dim: Any, dtype: Any) -> tuple[Any, Any]:
    """The input in the dtype to compute in, and the dim as NumPy's axis (None for a 0-d input)."""
    if dtype is not None and x.dtype != numpy_dtype("softmax", dtype):
        x = x.astype(dtype.np)
    axis = dim_index(dim, x.ndim)
    if x.dtype.kind != "f" and x.size:
        last = "lastdim_" if axis == max(x.ndim, 1) - 1 else ""
        raise not_implemented(f"{name}_{last}kernel_impl", x.dtype)
    return x, axis if x.ndim else None


def _samples() -> list[call]:
    return [
        call(t(2, 3), 1),
        call(t(2, 3), 0),
        call(t(3), -1),
        call(t(), 0),
        call(t(0, 3), 0),
        call(t(2, 0), 1),
        call(t(2, 3, 2), 1),
        call(t(3, 2, strided=True), 1),
    ]


@op(
    "softmax(input, dim=None, dtype=None)",
    work="elements",
    python=True,
    grad_fn="SoftmaxBackward0",
    samples=_samples,
    formula="out * (g - (g * out).sum(dim, keepdim))",
    example="softmax(tensor([1., 2., 3.]), 0)",
)
def softmax(x: Any, dim: int, dtype: Any) -> Any:
    """exp(input) divided by its sum along `dim`: positive numbers that sum to 1."""
    x, axis = _prepared("softmax", x, dim, dtype)
    if not x.size:
        return alloc.zeros(x.shape, x.dtype)
    return kernels.softmax(x, axis)


@softmax.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, dtype: Any) -> Any:
    return F.softmax_backward(g, out, dim)


@op(
    "log_softmax(input, dim=None, dtype=None)",
    work="elements",
    python=True,
    grad_fn="LogSoftmaxBackward0",
    samples=_samples,
    formula="g - exp(out) * g.sum(dim, keepdim)",
    example="log_softmax(tensor([1., 2., 3.]), 0)",
)
def log_softmax(x: Any, dim: int, dtype: Any) -> Any:
    """The logarithm of softmax, without overflow or underflow on the way."""
    x, axis = _prepared("log_softmax", x, dim, dtype)
    if not x.size:
        return alloc.zeros(x.shape, x.dtype)
    return kernels.log_softmax(x, axis)


@log_softmax.vjp("input", saves="out")
def _(F: Any, g: Any, out: Any, x: Any, dim: int, dtype: Any) -> Any:
    return F.log_softmax_backward(g, out, dim)


def _backward(name: str, kernel: Any, grad_fn: str) -> General:
    """What PyTorch computes the gradient with: an operator of the gradient, the result, and the dim."""

    def compute(g: Any, out: Any, dim: int) -> Any:
        return kernel(g, out, dim_index(dim, g.ndim) if g.ndim else None) if g.size else g

    entry = op(f"{name}(grad, output, dim)", work="elements", grad_fn=grad_fn, private=True)(compute)

    @entry.batched
    def _(F: Any, size: int, batched: Any, g: Any, out: Any, dim: int) -> Any:
        g, out = fronted(g, batched[0], size), fronted(out, batched[1], size)
        if not sample_of(g):
            return F.reshape(getattr(F, name)(F.reshape(g, (size, 1)), F.reshape(out, (size, 1)), 1), (size,))
        return getattr(F, name)(g, out, dim_index(dim, len(sample_of(g))) + 1)

    return entry


softmax_backward = _backward("softmax_backward", kernels.softmax_backward, "SoftmaxBackwardDataBackward0")
log_softmax_backward = _backward(
    "log_softmax_backward", kernels.log_softmax_backward, "LogSoftmaxBackwardDataBackward0"
)


@softmax_backward.vjp("grad", saves="output")
def _(F: Any, g: Any, result: Any, grad: Any, out: Any, dim: int) -> Any:
    return F.softmax_backward(g, out, dim)


@softmax_backward.vjp("output", saves="grad output")
def _(F: Any, g: Any, result: Any, grad: Any, out: Any, dim: int) -> Any:
    return grad * g - F.sum(out * grad, dim, True, None) * g - grad * F.sum(out * g, dim, True, None)


@log_softmax_backward.vjp("grad", saves="output")
def _(F: Any, g: Any, result: Any, grad: Any, out: Any, dim: int) -> Any:
    return g - F.sum(g * F.exp(out), dim, True, None)


@log_softmax_backward.vjp("output", saves="grad output")
def _(F: Any, g: Any, result: Any, grad: Any, out: Any, dim: int) -> Any:
    return -F.sum(grad, dim, True, None) * F.exp(out) * g


def _implicit_dim(name: str, ndim: int) -> int:
    """The dim PyTorch takes when none is given, with its warning."""
    mode.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument."
    )
    return 0 if ndim in (0, 1, 3) else 1


def _call(entry: Any) -> None:
    """The function may leave out `dim`, as `torch.nn.functional` has it; the method may not."""
    bind = Types(entry.signature, True).bind

    def strict(*args: Any, **kwargs: Any) -> Any:
        values = bind(args, kwargs)
        if values[1] is None:
            raise wrong_call(entry.signature, _getframe(0))
        return run(entry, values, _getframe(1))

    def apply(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("_stacklevel", None)
        values = bind(args, kwargs)
        if values[1] is None:
            values[1] = _implicit_dim(entry.name, values[0].data.ndim)
        return run(entry, values, _getframe(1))

    public(entry)(apply)
    strict.__name__ = entry.name  # `torch.softmax` in Python, too
    METHODS[entry.name] = strict
    short_step(entry)
    batches_along(entry, one_dim=True)


_call(softmax)
_call(log_softmax)
alias("special.softmax", softmax, method=False)
alias("special.log_softmax", log_softmax, method=False)


@composite(
    "softmin(input, dim=None, _stacklevel=3, dtype=None)",
    python=True,
    method=False,
    samples=lambda: [call(t(2, 3), 1), call(t(), 0)],
    formula="-out * (g - (g * out).sum(dim, keepdim))",
    example="softmin(tensor([1., 2., 3.]), 0)",
)
def softmin(x: Any, dim: Any, _stacklevel: Any, dtype: Any) -> Any:
    """softmax of the negated input."""
    if x.__class__ is not Tensor:
        need_tensor("softmin", "input", 1, x)
    if dim is None:
        dim = _implicit_dim("softmin", x.data.ndim)
    return T.softmax(-x, dim, dtype)


# --- logsumexp -------------------------------------------------------------------------------------------------------


@op(
    "logsumexp(input, dim, keepdim=False)",
    work="elements",
    grad_fn="LogsumexpBackward0",
    samples=lambda: [
        call(t(2, 3), 1),
        call(t(2, 3), -2, True),
        call(t(2, 3, 2), (0, 2)),
        call(t(), 0),
        call(t(3, 2, strided=True), 0),
        call(t(0, 3), 0),
    ],
    formula="g * exp(input - out)",
    kinks="nan where all elements are -inf",
    example="logsumexp(tensor([1., 2.]), 0)",
)
def logsumexp(x: Any, dim: Any, keepdim: bool) -> Any:
    """log(sum(exp(input), dim)) without overflow."""
    axis = axes("logsumexp", dim, x.ndim)
    if x.dtype.kind != "f":
        x = x.astype(mode.default)
    half = x.dtype == float16
    if half:
        x = x.astype(np.float32)
    if not x.size:
        out = exact.log(summed(x, axis, keepdim))
    else:
        largest = max_reduce(x, axis, keepdims=True)
        largest = np.where(np.isinf(largest), x.dtype.type(0), largest)
        out = exact.log(summed(exact.exp(x - largest), axis, True)) + largest
        if not keepdim:
            out = np.squeeze(out, axis)
    return out.astype(float16) if half else out


@logsumexp.vjp("input", saves="input out")
def _(F: Any, g: Any, out: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    return opened(F, g, x, dim, keepdim) * F.exp(x - opened(F, out, x, dim, keepdim))


takes_tensor(logsumexp)
alias("special.logsumexp", logsumexp, method=False)
