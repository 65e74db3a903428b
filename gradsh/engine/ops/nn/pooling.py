"""Pooling: the largest, the mean or the p-norm of each window."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import dim_index, is_int, not_implemented, too_long, type_word, whole
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import contiguous
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels.pooling import largest, put
from gradsh.engine.operators.batch_rules import applied, fronted, on_images
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.engine.ops.nn.padding import without_batch
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

WORDS = {1: "one int", 2: "two ints", 3: "three ints"}
AXES = ("T", "H", "W")

# --- windows ---------------------------------------------------------------------------------------------------------


def spread_int(name: str, argument: str, value: Any, dims: int) -> tuple[int, ...]:
    """One int for each spatial dim; PyTorch's error for any other number of them."""
    given = value if isinstance(value, (tuple, list)) else (value,)
    wrong = next((v for v in given if not is_int(v)), None)
    if wrong is not None or None in given:
        raise ArgumentError(f"{name}(): argument '{argument}' must be tuple of ints, not {type_word(wrong)}")
    values = tuple(whole(v) for v in given)
    if any(abs(v) >= 2**63 for v in values):
        raise too_long()
    if len(values) == 1:
        return values * dims
    if len(values) != dims:
        omitted = "either be omitted, a single int, or" if argument == "stride" else "either be a single int, or"
        if argument == "padding":
            omitted = "either be a single int, or"
        raise ShapeError(f"{name}: {argument} must {omitted} a tuple of {WORDS[dims]}")
    return values


def places(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> tuple[int, ...]:
    """How many windows there are along each dim; with `ceil_mode` the last may hang over the end, but must begin
    inside the input or its left padding."""
    result = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        m = (n + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (m - 1) * s >= n + p:
            m -= 1
        result.append(m)
    return tuple(result)


def check_padding(kernel: Any, padding: Any, dilation: Any) -> None:
    """PyTorch's errors for padding that no window could reach beyond."""
    for p, k, d in zip(padding, kernel, dilation, strict=True):
        if p < 0:
            raise ValueProblem(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise ValueProblem(
                "pad should be at most half of effective kernel size, but got "
                f"pad={p}, kernel_size={k} and dilation={d}"
            )


def check_filled(name: str, dims: int, batched: Any, given: Any) -> None:
    """PyTorch's errors for an input without elements, but for one without a batch; `given` is its shape as passed."""
    if 0 not in batched[1:]:
        return
    if dims == 3:
        raise ShapeError(
            f"{name}(): Expected input's non-batch dimensions to have positive length, but input has a shape of "
            f"{list(given)} and non-batch dimension 0 has length zero!"
        )
    raise ShapeError(
        f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(given)}"
    )


def check_windows(name: str, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> None:
    """PyTorch's errors for windows that cannot be."""
    dims = len(kernel)
    if any(s == 0 for s in stride):
        raise ValueProblem("stride should not be zero")
    if any(s < 0 for s in stride):
        words = " ".join(f"d{a}: {s}" for a, s in zip(AXES[-dims:], stride, strict=True))
        raise ValueProblem(f"stride should be greater than zero, but got {words}")
    if any(k <= 0 for k in kernel):
        words = " ".join(f"k{a}: {k}" for a, k in zip(AXES[-dims:], kernel, strict=True))
        raise ValueProblem(f"kernel size should be greater than zero, but got {words}")
    if any(d <= 0 for d in dilation):
        words = " ".join(f"dilation{a}: {d}" for a, d in zip(AXES[-dims:], dilation, strict=True))
        raise ValueProblem(f"dilation should be greater than zero, but got {words}")
    check_padding(kernel, padding, dilation)
    if any(n < 1 for n in out()):
        size = "x".join(map(str, x.shape[1:]))
        raise ShapeError(
            f"Given input size: ({size}). Calculated output size: ({'x'.join(map(str, (x.shape[1], *out())))}). "
            "Output size is too small"
        )


def surrounded(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any, fill: Any) -> Any:
    """The input with `fill` around it, as far as the windows reach."""
    whole = [
        max((m - 1) * s + d * (k - 1) + 1, n + p)
        for n, k, s, p, d, m in zip(x.shape[2:], kernel, stride, padding, dilation, out, strict=True)
    ]
    if tuple(whole) == x.shape[2:]:
        return x
    full = alloc.full((*x.shape[:2], *whole), fill, x.dtype)
    full[inner(padding, x.shape[2:])] = x
    return full


def inner(padding: Any, size: Any) -> tuple[slice, ...]:
    return (slice(None), slice(None), *(slice(p, p + n) for p, n in zip(padding, size, strict=True)))


def tap(at: Any, stride: Any, dilation: Any, out: Any) -> tuple[slice, ...]:
    """Where the kernel's element `at` stands in all windows."""
    return (
        slice(None),
        slice(None),
        *(slice(i * d, i * d + s * (m - 1) + 1, s) for i, s, d, m in zip(at, stride, dilation, out, strict=True)),
    )


def _batched(name: str, dims: int, input: Any, words: str = "") -> tuple[Any, bool]:
    """The input with a batch dim, and whether it came without."""
    if not isinstance(input, Tensor):
        raise ArgumentError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    shape = input.data.shape
    if len(shape) == dims + 1:
        return T.unsqueeze(input, 0), True
    if len(shape) != dims + 2:
        raise ShapeError(words or f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
    return input, False


# --- the largest -----------------------------------------------------------------------------------------------------


@op("plane_pick(input, index, dims)", grad_fn="GatherBackward0", private=True, linear=True)
def plane_pick(x: Any, index: Any, dims: int) -> Any:
    """The elements at flat positions of each channel's plane."""
    lead = x.shape[:-dims]
    flat, at = (v.reshape(*lead, math.prod(v.shape[-dims:])) for v in (x, index))
    return np.take_along_axis(flat, at, -1).reshape(index.shape)


plane_pick.vjp("input", saves="index")(lambda F, g, out, x, index, dims: F.plane_put(g, index, tuple(x.shape[-dims:])))


@plane_pick.batched
def _(F: Any, size: int, batched: Any, x: Any, index: Any, dims: int) -> Any:
    return applied(plane_pick, fronted(x, batched[0], size), fronted(index, batched[1], size), dims)


@op("plane_put(grad, index, size)", grad_fn="ScatterAddBackward0", private=True, linear=True)
def plane_put(g: Any, index: Any, size: Any) -> Any:
    """Zeros with `grad` added at flat positions of each channel's plane."""
    lead = g.shape[: g.ndim - len(size)]
    plane = math.prod(size)
    channels = math.prod(lead)
    at = index.reshape(channels, math.prod(index.shape[len(lead) :]))
    if g.dtype.kind == "f" and g.itemsize > 2:
        return put(g.reshape(at.shape), at, plane).reshape(*lead, *size)
    at = at + alloc.arange(channels)[:, None] * plane
    full = np.bincount(at.reshape(-1), g.reshape(-1), channels * plane)
    return full.astype(g.dtype).reshape(*lead, *size)


plane_put.vjp("grad", saves="index")(lambda F, g, out, grad, index, size: F.plane_pick(g, index, len(size)))


@plane_put.batched
def _(F: Any, size: int, batched: Any, g: Any, index: Any, shape: Any) -> Any:
    return applied(plane_put, fronted(g, batched[0], size), fronted(index, batched[1], size), shape)


def _max_op(dims: int) -> Any:
    signature = f"max_windows{dims}d(input, kernel, stride, padding, dilation, out)"

    def kernel(x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, out: Any) -> Any:
        return largest(x, kernel, stride, padding, dilation, out)

    entry = op(
        signature,
        grad_fn=f"MaxPool{dims}DWithIndicesBackward0",
        second="Backward",
        work="windows",
        private=True,
        outputs=2,
        layout="images",
    )(kernel)
    # PyTorch saves the input too, and so notices when it is written to
    entry.vjp("input", saves="input out")(lambda F, g, out, x, *_: F.plane_put(g[0], out[1], tuple(x.shape[2:])))
    on_images(entry)
    return entry


_max_op(2)
_max_op(3)


def _max_pool(dims: int) -> Any:
    name = f"max_pool{dims}d"

    def function(
        input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, return_indices: Any
    ) -> Any:
        if dims == 1:
            return _max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
        kernel = spread_int(name, "kernel_size", kernel_size, dims)
        steps = kernel if stride is None or stride == () or stride == [] else spread_int(name, "stride", stride, dims)
        pad = spread_int(name, "padding", padding, dims)
        spacing = spread_int(name, "dilation", dilation, dims)
        x, single = _batched(name, dims, input)
        data = x.data
        if data.dtype.kind == "b":
            raise DtypeError(f"\"{name}\" not implemented for 'Bool'", kind="NotImplementedError")
        if 0 in data.shape[1:]:
            check_padding(kernel, pad, spacing)
            check_filled("max_pool3d_with_indices_out_cpu_template", dims, data.shape, input.data.shape)
        out: tuple[int, ...] = ()
        check_windows(
            name,
            data,
            kernel,
            steps,
            pad,
            spacing,
            lambda: places(data.shape[2:], kernel, steps, pad, spacing, ceil_mode),
        )
        out = places(data.shape[2:], kernel, steps, pad, spacing, ceil_mode)
        values, index = getattr(T, f"max_windows{dims}d")(x, kernel, steps, pad, spacing, out)
        if single:
            values = without_batch(values, f"MaxPool{dims}DWithIndicesBackward0")
            index = T.squeeze(index, 0)
        return (values, index) if return_indices else values

    function.__doc__ = f"The largest element of each window over the last {dims} dim{'s' * (dims > 1)}."
    size = ", ".join(["2"] * dims)
    return composite(
        f"{name}(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False)",
        python=True,
        method=False,
        samples=_MAX_SAMPLES[dims],
        formula="g at the largest element of each window",
        kinks="of several largest elements the first",
        example=f"{name}(ones(1, 1, {size}), 2)",
    )(function)


def _max_pool1d(
    input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, return_indices: Any
) -> Any:
    """As in PyTorch, the two-dimensional one over a plane of one row."""
    kernel = spread_int("max_pool1d", "kernel_size", kernel_size, 1)
    steps = kernel if stride is None or stride == () or stride == [] else spread_int("max_pool1d", "stride", stride, 1)
    pad = spread_int("max_pool1d", "padding", padding, 1)
    spacing = spread_int("max_pool1d", "dilation", dilation, 1)
    if not isinstance(input, Tensor):
        _batched("max_pool1d", 1, input)
    shape = input.data.shape
    if input.data.dtype.kind == "b" and return_indices:
        raise not_implemented("max_pool2d", input.data.dtype)
    if input.data.dtype.kind != "f" and not return_indices:
        raise not_implemented("max_pool1d_impl", input.data.dtype)
    if return_indices:  # another of PyTorch's operators, with words of its own
        check_padding(kernel, pad, spacing)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise ShapeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:"
            f"{list(shape)}"
        )
    if kernel[0] <= 0:
        raise ValueProblem(f"max_pool1d() kernel_size must be greater than zero, but got {kernel[0]}")
    if steps[0] <= 0:
        raise ValueProblem(f"max_pool1d() stride must be greater than zero, but got {steps[0]}")
    if pad[0] < 0:
        raise ValueProblem(f"max_pool1d() padding must be non-negative, but got {pad[0]}")
    if pad[0] > kernel[0] // 2:
        raise ValueProblem(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={pad[0]} and "
            f"kernel_size={kernel[0]}"
        )
    if spacing[0] <= 0:
        raise ValueProblem(f"max_pool1d() dilation must be greater than zero, but got {spacing[0]}")
    out = places(shape[-1:], kernel, steps, pad, spacing, ceil_mode)
    if out[0] < 1:
        raise ShapeError(f"max_pool1d() Invalid computed output size: {out[0]}")
    x = T.unsqueeze(input, -2)
    x = T.unsqueeze(x, 0) if len(shape) == 2 else x
    values, index = T.max_windows2d(x, (1, *kernel), (1, *steps), (0, *pad), (1, *spacing), (1, *out))
    if len(shape) == 2:
        values, index = T.squeeze(values, 0), T.squeeze(index, 0)
    values, index = T.squeeze(values, -2), T.squeeze(index, -2)
    if values.__class__ is Tensor and not (
        return_indices or values.requires
    ):  # PyTorch has a kernel of its own for this, which makes it contiguous
        values.data = contiguous(values.data)
    return (values, index) if return_indices else values


_MAX_SAMPLES: dict[int, Any] = {
    1: lambda: [
        call(t(1, 2, 5, distinct=True), 2),
        call(t(2, 5, distinct=True), 3, 2, 1),
        call(t(1, 1, 6, distinct=True), 2, 1, 0, 2, True, True),
    ],
    2: lambda: [
        call(t(1, 2, 2, 3, distinct=True), 2),
        call(t(1, 3, 4, distinct=True), (2, 3), stride=1, padding=1),
        call(t(1, 1, 3, 3, distinct=True), 2, 2, ceil_mode=True, return_indices=True),
        call(t(1, 1, 4, 3, distinct=True), 2, 1, dilation=2),
        call(t(3, 2, 1, 2, strided=True, distinct=True), 1),
    ],
    3: lambda: [call(t(1, 1, 2, 2, 3, distinct=True), 2), call(t(1, 2, 3, 2, distinct=True), 2, 1, 1)],
}

# --- the mean --------------------------------------------------------------------------------------------------------


def _divisor(
    size: Any, kernel: Any, stride: Any, padding: Any, out: Any, include: bool, override: Any, dtype: Any
) -> Any:
    """What the sum of each window is divided by: a number, or an array shaped as the windows."""
    if override is not None:
        return override
    result: Any = 1
    dims = len(size)
    for axis, (n, k, s, p, m) in enumerate(zip(size, kernel, stride, padding, out, strict=True)):
        start = alloc.arange(m) * s - p
        end = np.minimum(start + k, n + p)
        count = end - start if include else np.minimum(end, n) - np.maximum(start, 0)
        result = result * count.reshape((-1, *(1,) * (dims - axis - 1)))
    low, high = result.min().item(), result.max().item()
    return low if low == high else result.astype(dtype)


def _mean_op(dims: int) -> Any:
    def forward(
        x: Any, kernel: Any, stride: Any, padding: Any, out: Any, include: bool, override: Any, size: Any
    ) -> Any:
        ones = (1,) * dims
        full = surrounded(x, kernel, stride, padding, ones, out, 0)
        dtype = np.dtype(np.float32) if x.dtype == np.float16 else x.dtype
        total = alloc.zeros((*x.shape[:2], *out), dtype)
        for at in product(*map(range, kernel)):
            total += full[tap(at, stride, ones, out)]
        by = _divisor(size, kernel, stride, padding, out, include, override, dtype)
        if x.dtype.kind != "f":
            return np.trunc(total / by).astype(x.dtype)
        total /= by
        return total if dtype is x.dtype else total.astype(x.dtype)

    def backward(
        g: Any, kernel: Any, stride: Any, padding: Any, out: Any, include: bool, override: Any, size: Any
    ) -> Any:
        ones = (1,) * dims
        part = g / _divisor(size, kernel, stride, padding, out, include, override, g.dtype)
        whole = [max((m - 1) * s + k, n + p) for n, k, s, p, m in zip(size, kernel, stride, padding, out, strict=True)]
        full = alloc.zeros((*g.shape[:2], *whole), g.dtype)
        for at in product(*map(range, kernel)):
            full[tap(at, stride, ones, out)] += part
        return alloc.ascontiguousarray(full[inner(padding, size)])

    parameters = "kernel, stride, padding, out, include, override, size"
    one = op(
        f"mean_windows{dims}d(input, {parameters})",
        grad_fn=f"AvgPool{dims}DBackward0",
        second="Backward",
        work="windows",
        private=True,
        linear=True,
        layout="images" if dims == 2 else "contiguous",
        refuses={"avg_pool2d": "Byte Char Short Int Bool"}
        if dims == 2
        else {"avg_pool3d_out_frame": "Half Byte Char Short Int Bool"},
    )(forward)
    two = op(
        f"mean_windows{dims}d_backward(grad, {parameters})",
        grad_fn=f"AvgPool{dims}DBackwardBackward0",
        private=True,
        linear=True,
    )(backward)
    # PyTorch saves the input, though only its shape is needed
    one.vjp("input", saves="input")(lambda F, g, out, x, *how: getattr(F, f"mean_windows{dims}d_backward")(g, *how))
    two.vjp("grad")(lambda F, g, out, grad, *how: getattr(F, f"mean_windows{dims}d")(g, *how))
    on_images(one)
    on_images(two)


_mean_op(2)
_mean_op(3)


def mean_pool(name: str, dims: int, x: Any, how: Any, ceil_mode: bool, include: bool, override: Any) -> Any:
    """Means of windows of a batched input; `how` is (kernel, stride, padding)."""
    kernel, stride, padding = how
    if override is not None and not is_int(override):
        raise ArgumentError(f"{name}(): argument 'divisor_override' must be int, not {type_word(override)}")
    if override is not None and override == 0:
        raise ValueProblem("divisor must be not zero")
    ones = (1,) * dims
    size = x.data.shape[2:]
    check_windows(
        name, x.data, kernel, stride, padding, ones, lambda: places(size, kernel, stride, padding, ones, ceil_mode)
    )
    out = places(size, kernel, stride, padding, ones, ceil_mode)
    return getattr(T, f"mean_windows{dims}d")(x, kernel, stride, padding, out, bool(include), override, tuple(size))


def _avg_pool(dims: int) -> Any:
    name = f"avg_pool{dims}d"

    def function(
        input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any, include: Any, override: Any = None
    ) -> Any:
        kernel = spread_int(name, "kernel_size", kernel_size, dims)
        steps = kernel if stride is None or stride == () or stride == [] else spread_int(name, "stride", stride, dims)
        pad = spread_int(name, "padding", padding, dims)
        if dims == 1:
            x, single = _batched(name, 1, input, _one_dim_words(name, input))
            x = T.unsqueeze(x, -2)
            check_padding(kernel, pad, (1,))
            check_filled(name, 2, x.data.shape, x.data.shape[single:])
            out = mean_pool(name, 2, x, ((1, *kernel), (1, *steps), (0, *pad)), ceil_mode, include, None)
            out = T.squeeze(out, 0) if single else out
            return T.squeeze(out, -2)
        if dims == 2 and input.__class__ is Tensor:
            dim_index(-3, input.data.ndim)
        x, single = _batched(name, dims, input)
        check_padding(kernel, pad, (1,) * dims)
        check_filled(name, dims, x.data.shape, input.data.shape)
        out = mean_pool(name, dims, x, (kernel, steps, pad), ceil_mode, include, override)
        return without_batch(out, f"AvgPool{dims}DBackward0") if single else out

    function.__doc__ = f"The mean of each window over the last {dims} dim{'s' * (dims > 1)}."
    size = ", ".join(["2"] * dims)
    last = ", divisor_override=None" if dims > 1 else ""
    return composite(
        f"{name}(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True{last})",
        method=False,
        samples=_AVG_SAMPLES[dims],
        formula="g / (window size) for every element of the window",
        example=f"{name}(ones(1, 1, {size}), 2)",
    )(function)


def _one_dim_words(name: str, input: Any) -> str:
    ndim = input.data.ndim if isinstance(input, Tensor) else 0
    return (
        f"Expected 2 to 3 dimensions, but got {ndim}-dimensional tensor for argument #1 'self' (while checking "
        "arguments "
        f"for {name})"
    )


_AVG_SAMPLES: dict[int, Any] = {
    1: lambda: [
        call(t(1, 2, 4), 2),
        call(t(2, 5), 3, 2, 1, count_include_pad=False),
        call(t(1, 1, 5), 2, ceil_mode=True),
    ],
    2: lambda: [
        call(t(1, 2, 2, 3), 2),
        call(t(1, 3, 4), (2, 3), 1, 1),
        call(t(1, 1, 3, 3), 2, padding=1, count_include_pad=False),
        call(t(1, 1, 3, 3), 2, ceil_mode=True),
        call(t(1, 1, 3, 3), 2, divisor_override=3),
        call(t(2, 2, 1, 2, strided=True), 1),
    ],
    3: lambda: [
        call(t(1, 1, 2, 2, 3), 2),
        call(t(1, 2, 3, 2), 2, 1, 1, True, False),
        call(t(1, 2, 2, 2), 2, divisor_override=5),
    ],
}

max_pool1d, max_pool2d, max_pool3d = (_max_pool(n) for n in (1, 2, 3))
avg_pool1d, avg_pool2d, avg_pool3d = (_avg_pool(n) for n in (1, 2, 3))

# --- the p-norm ------------------------------------------------------------------------------------------------------


def _lp_pool(dims: int) -> Any:
    def function(input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> Any:
        kernel = spread_int(f"avg_pool{dims}d", "kernel_size", kernel_size, dims)
        pool = getattr(T, f"avg_pool{dims}d")
        mean = pool(T.pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
        if math.isinf(norm_type):
            largest = getattr(T, f"max_pool{dims}d")
            if norm_type > 0:
                return largest(T.abs(input), kernel_size, stride, 0, 1, ceil_mode)
            return -largest(-T.abs(input), kernel_size, stride, 0, 1, ceil_mode)
        total = T.sign(mean) * T.relu(T.abs(mean)) * math.prod(kernel)
        if norm_type == 0:
            raise ValueProblem("float division by zero", kind="ZeroDivisionError")
        return T.pow(total, 1.0 / norm_type)

    function.__doc__ = f"The p-norm of each window over the last {dims} dim{'s' * (dims > 1)}."
    size = ", ".join(["4"] * dims)
    return composite(
        f"lp_pool{dims}d(input, norm_type, kernel_size, stride=None, ceil_mode=False)",
        python=True,
        method=False,
        samples=lambda: [
            call(t(1, 1, *(2,) * dims, low=0.5), 2, 2),
            call(t(1, *(3,) * (dims if dims < 3 else 0), *(2,) * (dims if dims == 3 else 0), low=0.5), 3.0, 2, 1),
        ],
        formula="that of avg_pool(input**p) * (window size), to the power 1/p",
        example=f"lp_pool{dims}d(ones(1, 1, {size}), 2, 2)",
    )(function)


lp_pool1d, lp_pool2d, lp_pool3d = (_lp_pool(n) for n in (1, 2, 3))
