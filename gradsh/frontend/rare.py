"""Functions of PyTorch's that are another's by a longer way, or that few programs call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.namespaces import T
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import spelled
from gradsh.errors import ArgumentError, TypeError_, ValueError_
from gradsh.frontend.bases import MEMBERS as BASES
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

# --- memory of others -------------------------------------------------------------------------------------------------


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Any:
    """A tensor that shares the memory of bytes. Errors: ValueError_ in PyTorch's words, NotHere for other dtypes."""
    if not isinstance(buffer, (bytes, bytearray, memoryview, np.ndarray)):
        raise ValueError_("object does not implement Python buffer protocol.")
    if not isinstance(dtype, DType):
        raise TypeError_(f"frombuffer(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    memory: Any = buffer
    size, length = dtype.np.itemsize, memoryview(memory).nbytes
    if length == 0 or count == 0:
        raise ValueError_(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError_(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError_(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({size})"
        )
    if count > 0 and offset + count * size > length:
        raise ValueError_(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({length} bytes)"
        )
    made = BUILTINS.value("from_numpy")(np.frombuffer(buffer, dtype.np, max(count, -1), offset))
    made.requires = bool(requires_grad)
    return made


class Capsule:
    """What `to_dlpack` gives, which can be read once."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor

    def __repr__(self) -> str:
        return '<capsule object "dltensor">'


def to_dlpack(tensor: Any) -> Capsule:
    """The tensor's memory, for another library."""
    return Capsule(_shared(tensor))


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: Any = None) -> Any:
    """A tensor with the memory of an array, of a tensor, or of what `to_dlpack` gave. Errors: ArgumentError."""
    if isinstance(ext_tensor, Capsule) and ext_tensor.tensor is not None:
        found, ext_tensor.tensor = ext_tensor.tensor, None
    elif isinstance(ext_tensor, np.ndarray):
        found = BUILTINS.value("from_numpy")(ext_tensor)
    elif isinstance(ext_tensor, Tensor):
        found = _shared(ext_tensor)
    else:
        raise ArgumentError(
            "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
            "might have already constructed a tensor from it once.",
            kind="RuntimeError",
        )
    return T.clone(found) if copy else found


def _shared(tensor: Any) -> Any:
    if not isinstance(tensor, Tensor):
        raise ArgumentError(f"to_dlpack(): argument must be Tensor, not {type(tensor).__name__}")
    if tensor.requires_grad:
        raise ArgumentError("Can't export tensors that require gradient, use tensor.detach()", kind="BufferError")
    return T.detach(tensor)


# --- layers that become one -------------------------------------------------------------------------------------------


def _defaults(like: Any, bias: Any, weight: Any = None, shift: Any = None) -> tuple[Any, Any, Any]:
    return (
        T.zeros_like(like) if bias is None else bias,
        T.ones_like(like) if weight is None else weight,
        T.zeros_like(like) if shift is None else shift,
    )


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: Any, bn_w: Any, bn_b: Any, transpose: bool = False
) -> tuple[Any, Any]:
    """The weight and the bias of a convolution with the batch norm behind it."""
    parameter = BUILTINS.value("Parameter")
    bias, scale, shift = _defaults(bn_rm, conv_b, bn_w, bn_b)
    root = T.rsqrt(bn_rv + bn_eps)
    shape = [1, -1] if transpose else [-1, 1]
    weight = T.to(conv_w * T.reshape(scale * root, shape + [1] * (conv_w.ndim - 2)), conv_w.dtype)
    moved = T.to((bias - bn_rm) * root * scale + shift, bias.dtype if conv_b is not None else conv_w.dtype)
    return parameter(T.detach(weight), conv_w.requires_grad), parameter(T.detach(moved), bias.requires_grad)


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: Any, bn_w: Any, bn_b: Any
) -> tuple[Any, Any]:
    """The weight and the bias of a linear layer with the batch norm behind it."""
    parameter = BUILTINS.value("Parameter")
    bias, _, _ = _defaults(bn_rm, linear_b)
    scale = bn_w * T.rsqrt(bn_rv + bn_eps)
    weight = linear_w * T.to(T.unsqueeze(scale, -1), linear_w.dtype)
    moved = T.to((bias - bn_rm) * scale + bn_b, bias.dtype if linear_b is not None else linear_w.dtype)
    return parameter(T.detach(weight), linear_w.requires_grad), parameter(T.detach(moved), bias.requires_grad)


def _fused(layer: Any, bn: Any, weights: Callable[..., Any], *more: Any) -> Any:
    if layer.training or bn.training:
        raise ArgumentError("Fusion only for eval!", kind="AssertionError")
    if bn.get("running_mean") is None or bn.get("running_var") is None:
        raise ArgumentError("bn.running_mean and bn.running_var must not be None", kind="AssertionError")
    made = BUILTINS.value("deepcopy")(layer)
    of_bn = [bn.get(name) for name in ("running_mean", "running_var", "eps", "weight", "bias")]
    fused = weights(made.get("weight"), made.get("bias"), *of_bn, *more)
    for name, value in zip(("weight", "bias"), fused, strict=True):
        made.__set_member__(name, value)
    return made


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that does what it and the batch norm behind it do. Errors: ArgumentError in training."""
    return _fused(conv, bn, fuse_conv_bn_weights, transpose)


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """The same of a linear layer."""
    if not (linear.training or bn.training):
        out, count = linear.get("out_features"), bn.get("num_features")
        if out != count and count != 1:
            raise ArgumentError(
                "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
                f"linear.out_features={out} and bn.num_features={count}",
                kind="AssertionError",
            )
    return _fused(linear, bn, fuse_linear_bn_weights)


def replace_all_batch_norm_modules_(root: Any) -> Any:
    """Batch norms that keep no running statistics, as `vmap` needs them."""
    is_norm = BASES["_BatchNorm"]().tells
    for module in (root, *root.modules()):
        if is_norm(module) and module.get("track_running_stats"):
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                module.__set_member__(name, None)
            module.__set_member__("track_running_stats", False)
    return root


# --- by another name --------------------------------------------------------------------------------------------------


def _with_indices(name: str) -> Callable[..., Any]:
    def pool(*arguments: Any, **keywords: Any) -> Any:
        function = BUILTINS.value(name)
        return function(*arguments, **spelled(function, {**keywords, "return_indices": True}))

    return pool


def _other(name: str) -> Callable[..., Any]:
    return lambda *arguments, **keywords: BUILTINS.value(name)(*arguments, **keywords)


def cond(pred: Any, true_fn: Any, false_fn: Any, operands: Any = ()) -> Any:
    """What one of two functions gives."""
    return (true_fn if pred else false_fn)(*operands)


def while_loop(cond_fn: Any, body_fn: Any, carried_inputs: Any) -> Any:
    """What a function makes of values, again and again as long as another says so."""
    carried = tuple(carried_inputs)
    while cond_fn(*carried):
        carried = tuple(body_fn(*carried))
    return carried


def functionalize(func: Any, *, remove: str = "mutations") -> Any:
    """The function: what it writes in place is the same either way."""
    return func


MEMBERS: dict[str, Any] = {
    **{
        each.__name__: each
        for each in (
            *(frombuffer, to_dlpack, from_dlpack, fuse_conv_bn_weights, fuse_linear_bn_weights, fuse_conv_bn_eval),
            *(fuse_linear_bn_eval, replace_all_batch_norm_modules_, cond, while_loop, functionalize),
        )
    },
    **{
        f"{kind}max_pool{n}d_with_indices": _with_indices(f"{kind}max_pool{n}d")
        for kind in ("", "adaptive_")
        for n in (1, 2, 3)
    },
    "unsafe_chunk": _other("chunk"),
    "unsafe_split": _other("split"),
    "unsafe_split_with_sizes": _other("split"),
}
