"""Between dtypes, and between tensors and plain values; asking what a tensor is."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.calls.devices import Device, chosen
from gradsh.calls.formats import order_of
from gradsh.engine.core import alloc
from gradsh.engine.core.arguments import need_tensor, numpy_dtype, type_word
from gradsh.engine.core.dtypes import NAMES, OF, DType
from gradsh.engine.core.modes import mode
from gradsh.engine.core.strided import as_laid_out, copied, empty_as, in_format, ordered
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.batch_rules import applied
from gradsh.engine.operators.composite import composite, function
from gradsh.engine.operators.general import op
from gradsh.engine.operators.registry import METHODS, on_arrays
from gradsh.engine.operators.samples import call, t
from gradsh.errors import ArgumentError, NeedsDetach, WrongDevice

# --- dtypes ----------------------------------------------------------------------------------------------------------


@op(
    "to_copy(input, dtype)",
    grad_fn="ToCopyBackward0",
    private=True,
    elementwise=True,
)
def to_copy(x: Any, dtype: Any) -> Any:
    """A copy in another dtype."""
    return x.astype(dtype)


to_copy.vjp("input")(lambda F, g, out, x, dtype: g)  # the engine casts it back


def cast(x: Tensor, dtype: Any) -> Tensor:
    """`x` in a NumPy dtype, itself when it has it."""
    return x if x.data.dtype == dtype else to_copy.apply(x, dtype)


@composite(
    "to(input, dtype=None, non_blocking=False, copy=False, *, device=None, memory_format=None)",
    samples=lambda: [call(t(2, 3), t(1))],
    formula="g, in input's dtype",
    example="tensor([1, 2]).to(float32)",
)
def to(input: Any, dtype: Any, non_blocking: Any, copy: bool, device: Any, memory_format: Any) -> Any:
    """The tensor in another dtype, or in that of another tensor; the same object when it has it already.

    The one device, `"cpu"`, may be named in its place, or before it.
    """
    need_tensor("to", "input", 1, input)
    if dtype.__class__ is str or isinstance(dtype, Device):  # `to(device, dtype)`
        device, dtype = dtype, non_blocking if isinstance(non_blocking, DType) else None
    chosen(device)
    if dtype is None:
        target = input.data.dtype
    elif dtype.__class__ is Tensor:
        target = dtype.data.dtype
    elif isinstance(dtype, DType) or dtype is float or dtype is int or dtype is bool or isinstance(dtype, np.dtype):
        target = numpy_dtype("to", dtype)
    else:
        raise ArgumentError(f"to(): argument 'dtype' must be torch.dtype, not {type_word(dtype)}")
    out = to_copy.apply(input, target) if copy and target == input.data.dtype else cast(input, target)
    return out if memory_format is None else formatted(out, memory_format, "to")


@to.batched
def _(F: Any, size: int, batched: Any, x: Any, dtype: Any, *rest: Any) -> Any:
    if not batched[0]:
        return NotImplemented
    non_blocking, copy, device, _ = rest
    if isinstance(dtype, str | Device):
        device, dtype = dtype, non_blocking if isinstance(non_blocking, DType) else None
    chosen(device)
    return applied(to, x, dtype.data.dtype if hasattr(dtype, "data") else dtype, False, copy, None, None)


on_arrays(
    "to",
    lambda x, dtype=None, *_, **__: (
        x.astype(dtype if isinstance(dtype, np.dtype) else dtype.np, copy=False)
        if isinstance(dtype, np.dtype | DType)
        else x
    ),
)


def cpu(input: Any, memory_format: Any = None) -> Any:
    """The tensor, which is there already."""
    return input


def cuda(input: Any, device: Any = None, non_blocking: Any = False, memory_format: Any = None) -> Any:
    """There is no such device. Errors: WrongDevice."""
    raise WrongDevice("Torch not compiled with CUDA enabled")


def get_device(input: Any) -> int:
    """The number of its graphics card, -1 for none."""
    return -1


METHODS.update(cpu=cpu, cuda=cuda, get_device=get_device)


@function("type(input, dtype=None)", work="elements", method=True, differentiable=False, example="ones(2).type(int64)")
def type_(input: Any, dtype: Any) -> Any:
    """The tensor in another dtype; without one, the name of its type."""
    need_tensor("type", "input", 1, input)
    if dtype is None:
        return f"{mode.module}{OF[input.data.dtype].title}Tensor"
    if not isinstance(dtype, DType) or callable(dtype):  # torch.DoubleTensor, or its name; Python's float
        said = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", "")
        word = "FloatTensor" if said == "Tensor" else said.removeprefix("torch.")
        found = next((d for d in OF.values() if f"{d.title}Tensor" == word), None)
        if found is None and not isinstance(dtype, str) and type_word(dtype) != "type":
            raise ArgumentError("dtype must be a type, str, or dtype object")
        if found is None:
            raise ArgumentError(f"invalid type: '{said}'", kind="ValueError")
        dtype = found
    return cast(input, numpy_dtype("type", dtype))


@composite("type_as(input, other)", formula="g, in input's dtype", example="ones(2).type_as(tensor(1))")
def type_as(input: Any, other: Any) -> Any:
    """The tensor in the dtype of another."""
    need_tensor("type_as", "other", 1, other)
    return cast(input, other.data.dtype)


def _short(name: str, dtype: DType) -> None:
    def convert(input: Any, memory_format: Any) -> Any:
        need_tensor(name, "input", 1, input)
        out = cast(input, dtype.np)
        return out if memory_format is None else formatted(out, memory_format, name)

    convert.__doc__ = f"The tensor as {dtype.name}."
    formula = "g, in input's dtype" if dtype.is_floating_point else "none: only floating values have gradients"
    composite(f"{name}(input, *, memory_format=None)", formula=formula, example=f"tensor([1.5]).{name}()")(convert)


for _name, _dtype in {
    **{n: d for n, d in NAMES.items() if n != d.name},
    "bool": NAMES["bool"],
    "byte": NAMES["uint8"],
    "char": NAMES["int8"],
}.items():
    _short(_name, _dtype)

# --- copies ----------------------------------------------------------------------------------------------------------


@op(
    "clone(input, *, memory_format=None)",
    layout="own",
    grad_fn="CloneBackward0",
    samples=lambda: [call(t(2, 3)), call(t()), call(t(3, 2, strided=True))],
    formula="g",
    example="clone(ones(2))",
    elementwise=True,
    linear=True,
)
def clone(x: Any, memory_format: Any = None) -> Any:
    """A copy with memory of its own, through which gradients flow."""
    if x.__class__ is not np.ndarray:
        return x.copy()
    return copied(x) if memory_format is None else as_laid_out(x, in_format(empty_as(x), memory_format, "clone"))


clone.vjp("input")(lambda F, g, out, x, memory_format: g)


@composite(
    "contiguous(input, *, memory_format=None)",
    samples=lambda: [call(t(3, 2, strided=True)), call(t(2))],
    formula="g",
    example="ones(2, 3).t().contiguous()",
    elementwise=True,
)
def contiguous(input: Any, memory_format: Any) -> Any:
    """The tensor with its elements in the order of memory: itself if they are, else a copy."""
    need_tensor("contiguous", "input", 1, input)
    if memory_format is not None:
        return formatted(input, memory_format, "contiguous")
    x = input.data
    if x.__class__ is not np.ndarray or x.flags.c_contiguous:
        return input
    from gradsh.engine.ops.shape.shape import clone_contiguous  # `item`, which most programs load, needs no shapes

    return clone_contiguous.apply(input)


on_arrays("contiguous", lambda x, memory_format=None: alloc.ascontiguousarray(x))


@op(
    "clone_ordered(input, order)",
    layout="own",
    grad_fn="CloneBackward0",
    private=True,
    elementwise=True,
)
def clone_ordered(x: Any, order: Any) -> Any:
    """A copy with the dims in this order in memory, fastest first."""
    return ordered(x, order)


clone_ordered.vjp("input")(lambda F, g, out, x, order: g)


def formatted(input: Tensor, wanted: Any, operator: str) -> Tensor:
    """The tensor in a memory format: itself if it is, else a copy."""
    order = order_of(input.data, wanted, operator)
    if order is None or ordered(input.data, order) is input.data:
        return input
    out: Tensor = clone_ordered.apply(input, order)
    return out


@op(
    "copy(input)", grad_fn="CopyBackwards", private=True, samples=lambda: [call(t(2, 3))], elementwise=True, linear=True
)
def copy(x: Any) -> Any:
    """A copy, as accumulation makes it."""
    return x.copy()


copy.vjp("input")(lambda F, g, out, x: g)


# --- plain values ----------------------------------------------------------------------------------------------------


@composite("item(input)", differentiable=False, example="tensor(2.5).item()", cuts=True)
def item(input: Any) -> Any:
    """The only element as a plain number."""
    need_tensor("item", "input", 1, input)
    return input.item()


@composite("tolist(input)", work="elements", differentiable=False, example="arange(3).tolist()", cuts=True)
def tolist(input: Any) -> Any:
    """The elements as nested lists of plain numbers."""
    need_tensor("tolist", "input", 1, input)
    return input.data.tolist()


@composite("numpy(input, *, force=False)", work="elements", differentiable=False, example="ones(2).numpy()", cuts=True)
def numpy(input: Any, force: bool) -> Any:
    """A NumPy array that shares the memory of the tensor."""
    need_tensor("numpy", "input", 1, input)
    if input.requires and not force:
        raise NeedsDetach("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    input.share()
    return input.data.view()  # an array of the program's own, whose shape it may set
