"""Filling weights with their first values: PyTorch's `nn.init`, with its numbers. Nothing here is recorded.

As functions `normal_(w)` and `uniform_(w)` are these; the methods `w.normal_()` and `w.uniform_()` are the tensor's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, not_implemented
from gradsh.engine.core.modes import mode, no_grad
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import empty_as
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.kernels import transcendental as exact
from gradsh.engine.operators.composite import function, python_function
from gradsh.engine.operators.registry import METHODS
from gradsh.engine.ops.program import inplace  # noqa: F401 - the methods that fill a tensor
from gradsh.errors import IndexError_, ValueError_

EMPTY = "Initializing zero-element tensors is a no-op"


def initializer(signature: str, example: str, old: bool = True) -> Callable[[Any], Any]:
    """Register a function of a tensor that fills it, outside of any graph, and gives it back.

    `old`: PyTorch has it without `_` too, deprecated.
    """

    def register(body: Any) -> Any:
        name = signature[: signature.index("(")]

        def fill(tensor: Any, *arguments: Any) -> Any:
            need_tensor(name, "tensor", 1, tensor)
            with no_grad():
                body(tensor, *arguments)
            return tensor

        fill.__doc__ = body.__doc__
        entry = function(signature, python=True, method=False, differentiable=False, effect=True, example=example)(fill)
        if old:
            _old(entry, name, signature, example)
        return entry

    return register


def _old(entry: Any, name: str, signature: str, example: str) -> None:
    """`init_uniform(tensor, …)`, which is what `nn.init.uniform` is called here: `uniform_`, with PyTorch's warning."""
    before = name.rstrip("_")

    def fill(*arguments: Any, **keywords: Any) -> Any:
        mode.warn(f"`nn.init.{before}` is now deprecated in favor of `nn.init.{name}`.", category="FutureWarning")
        return entry.apply(*arguments, **keywords)

    fill.__doc__ = f"The old name of `{name}`."
    shown = signature.replace(name, f"init_{before}", 1)
    python_function(shown, effect=True, example=example.replace(name, f"init_{before}", 1))(fill)


def fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs go into one output, and how many outputs one input goes into."""
    shape = tensor.data.shape
    if len(shape) < 2:
        raise ValueError_("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _spread(tensor: Tensor) -> float:
    """Glorot's standard deviation for a gain of one."""
    both = sum(fans(tensor))
    if not both:
        from gradsh.errors import ZeroDivision  # of a group that few programs load

        raise ZeroDivision("float division by zero")
    return math.sqrt(2.0 / both)


def _fan(tensor: Tensor, which: str) -> int:
    which = which.lower()
    if which not in ("fan_in", "fan_out"):
        raise ValueError_(f"Mode {which} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = fans(tensor)
    return fan_in if which == "fan_in" else fan_out


def gain_of(nonlinearity: Any, param: Any) -> float:
    """See `calculate_gain`."""
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, (int, float)):
            raise ValueError_(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    gains = {"sigmoid": 1, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4, "linear": 1}
    gains |= {f"conv{transposed}{n}d": 1 for transposed in ("", "_transpose") for n in (1, 2, 3)}
    if nonlinearity not in gains:
        raise ValueError_(f"Unsupported nonlinearity {nonlinearity}")
    return gains[nonlinearity]


@function(
    "calculate_gain(nonlinearity, param=None)",
    python=True,
    method=False,
    differentiable=False,
    example='calculate_gain("relu")',
)
def calculate_gain(nonlinearity: Any, param: Any) -> float:
    """The factor that keeps the spread of values through a nonlinearity: sqrt(2) for relu, 5/3 for tanh, …"""
    return gain_of(nonlinearity, param)


def _write(tensor: Tensor, values: Tensor) -> None:
    METHODS["copy_"](tensor, values)


def _uniform(tensor: Tensor, low: float, high: float, generator: Any) -> None:
    METHODS["uniform_"](tensor, low, high, generator=generator)


def _normal(tensor: Tensor, mean: float, std: float, generator: Any) -> None:
    METHODS["normal_"](tensor, mean, std, generator=generator)


@initializer("uniform_(tensor, a=0.0, b=1.0, generator=None)", "uniform_(empty(2, 3), -1., 1.)")
def uniform_(tensor: Tensor, a: float, b: float, generator: Any) -> None:
    """Fills with numbers uniform in [a, b)."""
    _uniform(tensor, a, b, generator)


@initializer("normal_(tensor, mean=0.0, std=1.0, generator=None)", "normal_(empty(2, 3), 0., 0.1)")
def normal_(tensor: Tensor, mean: float, std: float, generator: Any) -> None:
    """Fills with normally distributed numbers."""
    _normal(tensor, mean, std, generator)


@initializer("constant_(tensor, val)", "constant_(empty(2, 3), 0.5)")
def constant_(tensor: Tensor, val: Any) -> None:
    """Fills with one value."""
    METHODS["fill_"](tensor, val)


@initializer("ones_(tensor)", "ones_(empty(2, 3))", old=False)
def ones_(tensor: Tensor) -> None:
    """Fills with ones."""
    METHODS["fill_"](tensor, 1.0)


@initializer("zeros_(tensor)", "zeros_(empty(2, 3))", old=False)
def zeros_(tensor: Tensor) -> None:
    """Fills with zeros."""
    METHODS["zero_"](tensor)


@initializer("eye_(tensor)", "eye_(empty(2, 3))")
def eye_(tensor: Tensor) -> None:
    """Makes a matrix the identity, as far as its shape allows."""
    if tensor.data.ndim != 2:
        raise ValueError_("Only tensors with 2 dimensions are supported")
    _write(tensor, make(alloc.eye(*tensor.data.shape, dtype=tensor.data.dtype)))


@initializer("dirac_(tensor, groups=1)", "dirac_(empty(2, 2, 3))")
def dirac_(tensor: Tensor, groups: int) -> None:
    """Makes the weight of a convolution one that leaves its input as it is, group by group."""
    shape = tensor.data.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError_("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError_("dim 0 must be divisible by groups")
    per_group = shape[0] // groups
    for dim, n in enumerate(shape[2:], 2):
        if not n and shape[0] and shape[1]:
            raise IndexError_(f"index 0 is out of bounds for dimension {dim} with size 0")
    values = alloc.zeros_like(tensor.data)
    centre = tuple(n // 2 for n in shape[2:])
    for group in range(groups):
        for channel in range(min(per_group, shape[1])):
            values[(group * per_group + channel, channel, *centre)] = 1
    _write(tensor, make(values))


@initializer("xavier_uniform_(tensor, gain=1.0, generator=None)", "xavier_uniform_(empty(2, 3))")
def xavier_uniform_(tensor: Tensor, gain: float, generator: Any) -> None:
    """Glorot's uniform initialisation: within gain * sqrt(6 / (fan in + fan out))."""
    bound = math.sqrt(3.0) * (gain * _spread(tensor))
    _uniform(tensor, -bound, bound, generator)


@initializer("xavier_normal_(tensor, gain=1.0, generator=None)", "xavier_normal_(empty(2, 3))")
def xavier_normal_(tensor: Tensor, gain: float, generator: Any) -> None:
    """Glorot's normal initialisation: standard deviation gain * sqrt(2 / (fan in + fan out))."""
    _normal(tensor, 0.0, gain * _spread(tensor), generator)


@initializer(
    "kaiming_uniform_(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)",
    'kaiming_uniform_(empty(2, 3), nonlinearity="relu")',
)
def kaiming_uniform_(tensor: Tensor, a: float, which: str, nonlinearity: str, generator: Any) -> None:
    """He's uniform initialisation: within gain * sqrt(3 / fan)."""
    if 0 in tensor.data.shape:
        mode.warn(EMPTY)
        return
    fan = _fan(tensor, which)
    bound = math.sqrt(3.0) * (gain_of(nonlinearity, a) / math.sqrt(fan))
    _uniform(tensor, -bound, bound, generator)


@initializer(
    "kaiming_normal_(tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None)",
    'kaiming_normal_(empty(2, 3), nonlinearity="relu")',
)
def kaiming_normal_(tensor: Tensor, a: float, which: str, nonlinearity: str, generator: Any) -> None:
    """He's normal initialisation: standard deviation gain / sqrt(fan)."""
    if 0 in tensor.data.shape:
        mode.warn(EMPTY)
        return
    fan = _fan(tensor, which)
    _normal(tensor, 0, gain_of(nonlinearity, a) / math.sqrt(fan), generator)


@initializer(
    "trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None)", "trunc_normal_(empty(2, 3))", old=False
)
def trunc_normal_(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> None:
    """Fills with normally distributed numbers within [a, b]: what falls outside is drawn again."""
    if tensor.data.dtype.kind != "f":
        raise not_implemented("normal_kernel_cpu", tensor.data.dtype)
    if mean < a - 2 * std or mean > b + 2 * std:
        mode.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect."
        )

    def below(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    if below(b) - below(a) > 0.3:
        dtype = tensor.data.dtype
        low, high = dtype.type(a), dtype.type(b)
        _normal(tensor, mean, std, generator)
        values = tensor.data
        while (outside := (values < low) | (values > high)).any():
            again = _like(tensor)
            _normal(again, mean, std, generator)
            values = np.where(outside, again.data, values)
    else:
        values = _rejected(tensor, mean, std, a, b, generator)
    _write(tensor, make(values))


def _rejected(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Any) -> Any:
    """Draws from the tail of a normal: uniform candidates, each kept with the odds of its density."""
    peak = (max(a, min(mean, b)) - mean) / std
    log_peak = -0.5 * (peak * peak)  # a power beyond floats would be Python's error
    candidates, odds = _like(tensor), _like(tensor)

    def refused() -> Any:
        _uniform(odds, 0.0, 1.0, generator)
        drop = ((candidates.data - mean) / std) ** 2 * -0.5 - log_peak
        return exact.log(odds.data) > drop

    _uniform(candidates, a, b, generator)
    values = alloc.array(candidates.data)
    pending = refused()
    while pending.any():
        _uniform(candidates, a, b, generator)
        values = np.where(pending, candidates.data, values)
        pending = pending & refused()
    return values


def _like(tensor: Tensor) -> Tensor:
    return make(empty_as(tensor.data))


@initializer("orthogonal_(tensor, gain=1, generator=None)", "orthogonal_(empty(2, 3))")
def orthogonal_(tensor: Tensor, gain: float, generator: Any) -> None:
    """Makes a matrix whose rows or columns, whichever are fewer, are orthonormal; later dims count as columns."""
    shape = tensor.data.shape
    if len(shape) < 2:
        raise ValueError_("Only tensors with 2 or more dimensions are supported")
    if not tensor.data.size:
        return
    flat = make(alloc.empty((shape[0], tensor.data.size // shape[0]), tensor.data.dtype))
    _normal(flat, 0, 1, generator)
    wide = flat.data.shape[0] < flat.data.shape[1]
    q, r = np.linalg.qr(flat.data.T if wide else flat.data)
    q = q * np.sign(np.diag(r))
    values = (q.T if wide else q).reshape(shape)
    _write(tensor, make(values * values.dtype.type(gain)))


@initializer("sparse_(tensor, sparsity, std=0.01, generator=None)", "sparse_(empty(4, 3), 0.5)")
def sparse_(tensor: Tensor, sparsity: float, std: float, generator: Any) -> None:
    """Fills a matrix with normally distributed numbers, but zeros in a share `sparsity` of each column."""
    if tensor.data.ndim != 2:
        raise ValueError_("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.data.shape
    _normal(tensor, 0, std, generator)
    values = alloc.array(tensor.data)
    try:
        zeros = math.ceil(sparsity * rows)
    except (OverflowError, ValueError) as error:  # of inf and nan
        raise ValueError_(str(error), kind=type(error).__name__) from None
    for column in range(columns):
        values[T.randperm(rows).data[:zeros], column] = 0
    _write(tensor, make(values))
