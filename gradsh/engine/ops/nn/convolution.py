"""Convolutions of one, two and three dimensions, and their transposes.

Three operators are closed under differentiation, since each is linear in both of its inputs: the convolution itself,
its gradient with respect to the input (which is the transposed convolution), and the one with respect to the weight.
The arithmetic is in gradsh/engine/convolution.py.
"""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import not_implemented, type_word
from gradsh.engine.core.dtypes import OF
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.strided import contiguous, images
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.kernels import convolution
from gradsh.engine.operators.batch_rules import on_images
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.general import op
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, DtypeError, ShapeError, ValueProblem

# --- the three operators ---------------------------------------------------------------------------------------------
# `how` is (stride, padding, dilation, groups), the first three tuples with an int for each spatial dim.


def _laid_out(result: Any, x: Any, weight: Any) -> Any:
    """A convolution's result in memory: sequences as the weight says, volumes channels last in float32 only."""
    if result.ndim == 3:
        return images(result, weight, least=3)
    return contiguous(result) if result.ndim == 5 and result.dtype.itemsize != 4 else images(result, x, weight)


@op(
    "convolve(input, weight, bias, how)",
    work="convolution",
    grad_fn="ConvolutionBackward0",
    second="ConvolutionBackwardBackward0",
    private=True,
    layout="own",
)
def convolve(x: Any, weight: Any, bias: Any, how: Any) -> Any:
    """A convolution (in truth a correlation) plus bias."""
    return _laid_out(convolution.forward(x, weight, bias, how), x, weight)


@convolve.vjp("input", "weight", "bias", saves="input weight")
def _(F: Any, needs: Any, g: Any, out: Any, x: Any, weight: Any, bias: Any, how: Any) -> Any:
    return (
        F.convolve_input(g, weight, None, tuple(x.shape[2:]), how) if needs[0] else None,
        F.convolve_weight(g, x, tuple(weight.shape[2:]), how) if needs[1] else None,
        bias_gradient(F, g) if needs[2] else None,
    )


on_images(convolve)


def bias_gradient(F: Any, g: Any) -> Any:
    return F.sum(g, (0, *range(2, g.ndim)), False, None)


@op(
    "convolve_input(grad, weight, bias, size, how)",
    work="convolution",
    grad_fn="ConvolutionBackward0",
    second="ConvolutionBackwardBackward0",
    private=True,
    layout="own",
)
def convolve_input(g: Any, weight: Any, bias: Any, size: Any, how: Any) -> Any:
    """The gradient of a convolution with respect to an input of spatial `size`, plus bias: the transposed "
    "convolution."""
    return _laid_out(convolution.backward_input(g, weight, bias, size, how), g, weight)


@convolve_input.vjp("grad", "weight", "bias", saves="grad weight")
def _(F: Any, needs: Any, g: Any, out: Any, x: Any, weight: Any, bias: Any, size: Any, how: Any) -> Any:
    return (
        cropped(F, F.convolve(g, weight, None, how), x.shape) if needs[0] else None,
        F.convolve_weight(x, g, tuple(weight.shape[2:]), how) if needs[1] else None,
        bias_gradient(F, g) if needs[2] else None,
    )


on_images(convolve_input)


def cropped(F: Any, x: Any, shape: Any) -> Any:
    """The first places, where output padding wider than the stride made room for more."""
    for dim in range(2, len(shape)):
        if x.shape[dim] != shape[dim]:
            x = F.narrow(x, dim, 0, shape[dim])
    return x


@op(
    "convolve_weight(grad, input, kernel, how)",
    work="convolution",
    grad_fn="ConvolutionBackwardBackward0",
    private=True,
)
def convolve_weight(g: Any, x: Any, kernel: Any, how: Any) -> Any:
    """The gradient of a convolution with respect to its weight, whose spatial size is `kernel`."""
    return convolution.backward_weight(g, x, kernel, how)


@convolve_weight.vjp("grad", "input", saves="grad input")
def _(F: Any, needs: Any, g: Any, out: Any, grad: Any, x: Any, kernel: Any, how: Any) -> Any:
    return (
        cropped(F, F.convolve(x, g, None, how), grad.shape) if needs[0] else None,
        F.convolve_input(grad, g, None, tuple(x.shape[2:]), how) if needs[1] else None,
    )


# --- checks ----------------------------------------------------------------------------------------------------------


def _expanded(name: str, value: Any, dims: int) -> tuple[int, ...]:
    """A number for each spatial dim, from one number or as many as there are dims."""
    if value.__class__ is int:
        return (value,) * dims
    values = tuple(int(v) for v in value) if isinstance(value, (tuple, list)) else (int(value),)
    if len(values) == 1:
        return values * dims
    if len(values) != dims:
        raise ShapeError(
            f"expected {name} to be a single integer value or a list of {dims} values to match the convolution "
            "dimensions, "
            f"but got {name}={list(values)}"
        )
    return values


def _tensors(name: str, dims: int, transposed: bool, input: Any, weight: Any, bias: Any) -> None:
    given = [input, weight] if bias is None else [input, weight, bias]
    if all(isinstance(v, Tensor) for v in given):
        return
    got = ", ".join("Tensor" if v.__class__ is Tensor else type_word(v) for v in given)
    ints = "tuple of ints"
    head = f"{name}() received an invalid combination of arguments - got ({got}), but expected one of:\n"
    if transposed:
        raise ArgumentError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type_word(input)}")
    first = f"Tensor input, Tensor weight, Tensor bias = None, {ints} stride = 1"
    raise ArgumentError(
        head + f" * ({first}, {ints} padding = 0, {ints} dilation = 1, int groups = 1)\n"
        f' * ({first}, str padding = "valid", {ints} dilation = 1, int groups = 1)\n'
    )


def _empty_weight(shape: tuple[int, ...], transposed: bool) -> Exception:
    """PyTorch's error for a weight without elements; that of a sequence is one of images of height 1."""
    *_, height, width = shape
    if len(shape) == 4:
        if height and width:
            return ShapeError(f"non-empty 2D or 4D weight tensor expected, but got: {list(shape)}")
        return ShapeError(
            f"kernel size should be greater than zero, but got kernel_height: {height} kernel_width: {width}"
        )
    if transposed:
        return ShapeError(
            "non-empty 5D (n_output_plane x n_input_plane x kernel_depth x kernel_height x kernel_width) tensor "
            f"expected for weight, but got: {list(shape)}"
        )
    return ShapeError(f"kernel size should be greater than zero, but got: {shape[2]} x {height} x {width} (TxHxW)")


def _check(
    name: str, x: Any, weight: Any, bias: Any, how: Any, transposed: bool, output_padding: tuple[int, ...] = ()
) -> None:
    """PyTorch's errors for shapes and dtypes that do not go together; `x` is batched, all are arrays."""
    stride, padding, dilation, groups = how
    if any(s <= 0 for s in stride):
        raise ValueProblem("non-positive stride is not supported")
    if any(p < 0 for p in padding):
        raise ValueProblem("negative padding is not supported")
    if any(d <= 0 for d in dilation):
        raise ValueProblem("dilation should be greater than zero")
    if groups <= 0:
        raise ValueProblem("non-positive groups is not supported")
    shape, size = weight.shape, x.shape
    if weight.dtype != x.dtype:
        raise DtypeError(f"expected scalar type {OF[x.dtype].title} but found {OF[weight.dtype].title}")
    if bias is not None and bias.dtype != x.dtype:
        raise DtypeError(
            f"Input type ({OF[x.dtype].c_name}) and bias type ({OF[bias.dtype].c_name}) should be the same"
        )
    which = "transposed=1" if transposed else f"groups={groups}"
    if shape[0] < groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(shape)} instead"
        )
    if shape[0] % groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            "size "
            f"[{list(shape)}] instead"
        )
    channels = shape[0] if transposed else shape[1] * groups
    if size[1] != channels:
        raise ShapeError(
            f"Given {which}, weight of size {list(shape)}, expected input{list(size)} to have {channels} channels, "
            "but got "
            f"{size[1]} channels instead"
        )
    outputs = shape[1] * groups if transposed else shape[0]
    if bias is not None and bias.shape != (outputs,):
        given = "Given transposed=1, weight" if transposed else "Given weight"
        raise ShapeError(
            f"{given} of size {list(shape)}, expected bias to be 1-dimensional with {outputs} elements, but got bias "
            "of "
            f"size {list(bias.shape)} instead"
        )
    if 0 in shape[2:] or (transposed and not outputs):
        raise _empty_weight(shape if len(shape) > 3 else (*shape[:2], 1, *shape[2:]), transposed)
    if not transposed:
        padded = [n + 2 * p for n, p in zip(size[2:], padding, strict=True)]
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, shape[2:], strict=True)]
        if any(n < k for n, k in zip(padded, reach, strict=True)):
            raise ShapeError(
                f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). "
                f"Kernel size: ({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
            )


def _kernel_for(x: Any, dilation: Any, transposed: bool) -> None:
    """PyTorch's kernels for numbers that are neither floating nor int64; without a batch it comes to none."""
    dims = x.ndim - 2
    if x.dtype.kind == "f" or x.dtype.itemsize == 8 or not x.size:
        return
    if transposed:
        raise not_implemented(f"slow_conv_transpose{max(dims, 2)}d_out_cpu", x.dtype)
    if max(dilation) > 1:
        raise not_implemented("slow_conv_dilated<>", x.dtype)
    if x.dtype.kind == "b":
        raise not_implemented("compute_columns3d" if dims == 3 else "slow_conv2d_cpu", x.dtype)


def _batched(name: str, dims: int, input: Tensor) -> tuple[Any, bool]:
    """The input with a batch dim, and whether it came without."""
    ndim = input.data.ndim
    if ndim == dims + 2:
        return input, False
    if ndim == dims + 1:
        return T.unsqueeze(input, 0), True
    raise ShapeError(
        f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
        f"{list(input.data.shape)}"
    )


def _other_dims(weight: tuple[int, ...], size: tuple[int, ...], space: str = " ") -> ShapeError:
    n = len(weight)
    return ShapeError(
        f"Expected {n}-dimensional input for {n}-dimensional weight{space}{list(weight)}, but got "
        f"{len(size)}-dimensional input of size {list(size)} instead"
    )


# --- convolutions ----------------------------------------------------------------------------------------------------


def _convolution(dims: int) -> Any:
    name = f"conv{dims}d"

    def function(input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
        _tensors(name, dims, False, input, weight, bias)
        x, single = _batched(name, dims, input)
        dims_of_weight = weight.data.ndim - 2
        if dims_of_weight < 1:
            raise ShapeError("weight should have at least three dimensions")
        if dims_of_weight != dims and isinstance(padding, str):
            raise _other_dims(weight.data.shape, x.data.shape, "")
        stride = _expanded("stride", stride, dims)
        dilation = _expanded("dilation", dilation, dims)
        if dims_of_weight != dims:
            _expanded("stride", stride, dims_of_weight)
            raise _other_dims(weight.data.shape, input.data.shape)
        if isinstance(padding, str):
            x, padding = _named_padding(x, padding, weight.data.shape[2:], stride, dilation)
        else:
            padding = _expanded("padding", padding, dims)
        how = (stride, padding, dilation, int(groups))
        _check(name, x.data, weight.data, None if bias is None else bias.data, how, False)
        _kernel_for(x.data, dilation, False)
        out = T.convolve(x, weight, bias, how)
        return T.squeeze(out, 0) if single else out

    function.__doc__ = f"Slides the kernels of `weight` over the {dims} last dimension{'s' * (dims > 1)} of `input`."
    return composite(
        f"{name}(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",
        method=False,
        samples=_SAMPLES[dims],
        formula="input: g convolved with the flipped kernels; weight: input correlated with g; bias: g summed",
        example=f"{name}(ones(1, {'1, ' + ', '.join(['3'] * dims)}), ones(1, {'1, ' + ', '.join(['2'] * dims)}))",
    )(function)


def _named_padding(x: Any, padding: str, kernel: Any, stride: Any, dilation: Any) -> tuple[Any, tuple[int, ...]]:
    """The input and padding for "same" and "valid"; an odd one is added to the input beforehand."""
    if padding == "valid":
        return x, (0,) * len(kernel)
    if padding != "same":
        raise ValueProblem(f"Invalid padding string: '{padding}'")
    if any(s != 1 for s in stride):
        raise ValueProblem("padding='same' is not supported for strided convolutions")
    whole = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(w % 2 for w in whole):
        mode.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
            "input be "
            "created (Triggered internally at /__w/pytorch/pytorch/aten/src/ATen/native/Convolution.cpp:1101.)",
            once=True,
        )
        # PyTorch adds what is odd after the last element
        x = T.pad(x, [n for w in reversed(whole) for n in (0, w % 2)])
    return x, tuple(w // 2 for w in whole)


def _transposed(dims: int) -> Any:
    name = f"conv_transpose{dims}d"

    def function(
        input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: Any, dilation: Any
    ) -> Any:
        _tensors(name, dims, True, input, weight, bias)
        x, single = _batched(name, dims, input)
        stride = _expanded("stride", stride, dims)
        padding = _expanded("padding", padding, dims)
        dilation = _expanded("dilation", dilation, dims)
        extra = _expanded("output_padding", output_padding, dims)
        if any(e < 0 for e in extra):
            raise ValueProblem("negative output_padding is not supported")
        how = (stride, padding, dilation, int(groups))
        if weight.data.ndim != dims + 2:
            _expanded("stride", stride, weight.data.ndim - 2)
            raise _other_dims(weight.data.shape, input.data.shape)
        _check(name, x.data, weight.data, None if bias is None else bias.data, how, True)
        if any(e >= s and e >= d for e, s, d in zip(extra, stride, dilation, strict=True)):
            words = ("depth", "height", "width")[-dims:] if dims > 1 else ("height", "width")
            parts = []
            for label, values, first in (
                ("output_padding", extra, 0),
                ("stride", stride, 1),
                ("dilation", dilation, 1),
            ):
                full = values if dims > 1 else (first, *values)
                parts += [f"{label}_{w}: {v}" for w, v in zip(words, full, strict=True)]
            raise ValueProblem(
                f"output padding must be smaller than either stride or dilation, but got {' '.join(parts)}"
            )
        size = tuple(
            (n - 1) * s - 2 * p + d * (k - 1) + e + 1
            for n, s, p, d, k, e in zip(
                x.data.shape[2:], stride, padding, dilation, weight.data.shape[2:], extra, strict=True
            )
        )
        if 0 in x.data.shape[2:]:
            raise ShapeError(
                f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x.data.shape)}"
            )
        if any(n <= 0 for n in size):
            raise ShapeError(
                f"Given input size per channel: ({' x '.join(map(str, x.data.shape[2:]))}). Calculated output size per "
                f"channel: ({' x '.join(map(str, size))}). Output size is too small"
            )
        _kernel_for(x.data, dilation, True)
        out = T.convolve_input(x, weight, bias, size, how)
        return T.squeeze(out, 0) if single else out

    function.__doc__ = f"The transpose of conv{dims}d: every input element writes a kernel of `weight` into the output."
    return composite(
        f"{name}(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)",
        method=False,
        samples=_TRANSPOSED_SAMPLES[dims],
        formula="input: g convolved with the kernels; weight: g correlated with input; bias: g summed",
        example=f"{name}(ones(1, {'1, ' + ', '.join(['2'] * dims)}), ones(1, {'1, ' + ', '.join(['2'] * dims)}))",
    )(function)


_SAMPLES: dict[int, Any] = {
    1: lambda: [
        call(t(1, 2, 4), t(2, 2, 2), t(2)),
        call(t(2, 5), t(1, 2, 3), stride=2, padding=1),
        call(t(2, 2, 3), t(2, 1, 2), t(2), 1, 1, 1, 2),
        call(t(1, 1, 5), t(1, 1, 2), dilation=2),
        call(t(1, 1, 4), t(1, 1, 3), padding="same"),
        call(t(1, 2, 3), t(3, 2, 1)),
    ],
    2: lambda: [
        call(t(1, 1, 3, 3), t(2, 1, 2, 2), t(2)),
        call(t(2, 1, 3, 2), t(1, 1, 3, 2), stride=(2, 1), padding=(1, 0)),
        call(t(1, 2, 2, 3), t(2, 1, 2, 2), groups=2),
        call(t(1, 3, 3), t(1, 1, 2, 2), t(1), dilation=2),
        call(t(1, 1, 3, 3), t(1, 1, 2, 2), padding="same"),
        call(t(1, 2, 2, 2), t(2, 2, 1, 1), stride=2),
        call(t(2, 2, 1, 2), t(2, 2, 1, 1)),
        call(t(1, 1, 3, 3, strided=True), t(1, 1, 2, 2), padding="valid"),
    ],
    3: lambda: [
        call(t(1, 1, 2, 2, 2), t(1, 1, 2, 1, 2), t(1)),
        call(t(1, 2, 2, 2), t(2, 1, 1, 2, 2), stride=2, padding=(0, 1, 0)),
    ],
}
_TRANSPOSED_SAMPLES: dict[int, Any] = {
    1: lambda: [
        call(t(1, 2, 3), t(2, 1, 2), t(1)),
        call(t(2, 3), t(2, 1, 2), stride=2, padding=1, output_padding=1),
        call(t(1, 2, 2), t(2, 1, 2), t(2), groups=2, dilation=2),
    ],
    2: lambda: [
        call(t(1, 1, 2, 2), t(1, 2, 2, 2), t(2)),
        call(t(2, 1, 2, 2), t(1, 1, 3, 2), stride=2, padding=(1, 0), output_padding=1),
        call(t(2, 2, 1), t(2, 1, 2, 2), groups=2),
    ],
    3: lambda: [call(t(1, 1, 1, 2, 2), t(1, 1, 2, 1, 2), t(1)), call(t(1, 1, 2, 1, 2), t(1, 2, 1, 2, 2), stride=2)],
}

conv1d, conv2d, conv3d = (_convolution(n) for n in (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = (_transposed(n) for n in (1, 2, 3))
