"""Asking what a tensor or a dtype is, and the settings that new and printed tensors follow."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.calls.formats import order_of
from gradsh.engine.core.arguments import dim_index, need_tensor, numpy_dtype, type_word
from gradsh.engine.core.dtypes import ALL, BOOL, FLOAT, INTEGER, OF, DType, Size, promote_dtypes
from gradsh.engine.core.modes import mode
from gradsh.engine.core.promotion import result_dtype
from gradsh.engine.core.strided import offset, ordered
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.composite import composite, function
from gradsh.engine.operators.registry import alias
from gradsh.errors import ArgumentError, ScalarConversion

# --- a tensor's size -------------------------------------------------------------------------------------------------


@composite("size(input, dim=None)", differentiable=False, example="ones(2, 3).size(0)")
def size(input: Any, dim: Any) -> Any:
    """The extent in every dimension, or in one."""
    need_tensor("size", "input", 1, input)
    shape = input.data.shape
    if dim is None:
        return Size(shape)
    at = dim_index(dim, len(shape))
    if not shape:
        from gradsh.errors import DimError

        raise DimError(f"Dimension specified as {dim} but tensor has no dimensions")
    return shape[at]


@composite("dim(input)", differentiable=False, example="ones(2, 3).dim()")
def dim(input: Any) -> int:
    """How many dimensions it has."""
    need_tensor("dim", "input", 1, input)
    return int(input.data.ndim)


alias("ndimension", dim)


@composite("numel(input)", differentiable=False, example="numel(ones(2, 3))")
def numel(input: Any) -> int:
    """How many elements it has."""
    need_tensor("numel", "input", 1, input)
    return int(input.data.size)


alias("nelement", numel)


def strides(x: Any) -> tuple[int, ...]:
    """The strides of an array in elements."""
    return tuple(s // x.itemsize for s in x.strides)


@function("stride(input, dim=None)", work="elements", differentiable=False, example="ones(2, 3).stride()")
def stride(input: Any, dim: Any) -> Any:
    """How many elements of memory lie between neighbours in every dimension, or in one."""
    need_tensor("stride", "input", 1, input)
    steps = strides(input.data)
    return steps if dim is None else steps[dim_index(dim, len(steps))]


@composite("element_size(input)", differentiable=False, example="ones(2).element_size()")
def element_size(input: Any) -> int:
    """Bytes per element."""
    need_tensor("element_size", "input", 1, input)
    return int(input.data.itemsize)


@function(
    "is_contiguous(input, *, memory_format=None)",
    work="elements",
    differentiable=False,
    example="ones(2, 3).t().is_contiguous()",
)
def is_contiguous(input: Any, memory_format: Any) -> bool:
    """Whether the elements lie in memory in the order in which they are counted."""
    need_tensor("is_contiguous", "input", 1, input)
    data = input.data
    order = order_of(data, memory_format, "is_contiguous")
    if data.__class__ is not np.ndarray:
        return True
    return bool(data.flags.c_contiguous) if order is None else ordered(data, order) is data


@function("storage_offset(input)", work="elements", differentiable=False, example="arange(4)[2:].storage_offset()")
def storage_offset(input: Any) -> int:
    """How many elements of memory lie before its first one."""
    need_tensor("storage_offset", "input", 1, input)
    data = input.data
    return offset(data) if data.__class__ is np.ndarray else 0


@function("data_ptr(input)", differentiable=False, example="let x = ones(2); x.data_ptr() == x.view(2).data_ptr()")
def data_ptr(input: Any) -> int:
    """The address of its first element."""
    need_tensor("data_ptr", "input", 1, input)
    if mode.host is not None:
        mode.host.check_address("data_ptr()")
    input.share()
    return int(input.data.__array_interface__["data"][0])


@composite("is_same_size(input, other)", differentiable=False, example="is_same_size(ones(2), zeros(2))")
def is_same_size(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape."""
    need_tensor("is_same_size", "other", 2, other)
    return bool(input.data.shape == other.data.shape)


# --- what it is ------------------------------------------------------------------------------------------------------


@composite("is_tensor(obj)", method=False, differentiable=False, example="is_tensor(ones(2))")
def is_tensor(obj: Any) -> bool:
    """Whether a value is a tensor."""
    return obj.__class__ is Tensor


@composite("is_floating_point(input)", differentiable=False, example="is_floating_point(ones(2))")
def is_floating_point(input: Any) -> bool:
    """Whether the elements are floating-point numbers."""
    need_tensor("is_floating_point", "input", 1, input)
    return bool(input.data.dtype.kind == "f")


@composite("is_complex(input)", differentiable=False, example="is_complex(ones(2))")
def is_complex(input: Any) -> bool:
    """Whether the elements are complex numbers: never, here."""
    need_tensor("is_complex", "input", 1, input)
    return False


@composite("is_signed(input)", differentiable=False, example="ones(2).is_signed()")
def is_signed(input: Any) -> bool:
    """Whether the elements can be negative."""
    need_tensor("is_signed", "input", 1, input)
    return bool(input.data.dtype.kind in "fi")


@function("is_nonzero(input)", work="elements", differentiable=False, example="is_nonzero(tensor([1.]))")
def is_nonzero(input: Any) -> bool:
    """Whether the only element is not zero."""
    need_tensor("is_nonzero", "input", 1, input)
    if input.data.size != 1:
        how = "more than one value" if input.data.size else "no values"
        raise ScalarConversion(f"Boolean value of Tensor with {how} is ambiguous")
    return bool(input.data.item())


# --- mixing dtypes ---------------------------------------------------------------------------------------------------


@function(
    "result_type(tensor, other)",
    work="elements",
    method=False,
    differentiable=False,
    example="result_type(tensor([1]), 1.5)",
)
def result_type(tensor: Any, other: Any) -> DType:
    """The dtype that arithmetic on two tensors or numbers gives."""
    first, second = tensor.__class__ is Tensor, other.__class__ is Tensor
    if first and second:
        return result_dtype(tensor.data, other.data)
    if not first and not second:
        return promote_dtypes(_number_dtype(tensor), _number_dtype(other))
    x, number = (tensor, other) if first else (other, tensor)
    own, other = OF[x.data.dtype], _number_dtype(number)
    return own if own.category >= other.category else other


def _number_dtype(value: Any) -> DType:
    if isinstance(value, bool):
        return OF[np.dtype(np.bool_)]
    if isinstance(value, int):
        return OF[np.dtype(np.int64)]
    if isinstance(value, float):
        return OF[mode.default]
    raise ArgumentError(f"result_type(): argument 'tensor1' (position 1) must be Tensor, not {type_word(value)}")


@function(
    "promote_types(type1, type2)",
    work="elements",
    method=False,
    differentiable=False,
    example="promote_types(int32, float32)",
)
def promote_types(type1: Any, type2: Any) -> DType:
    """The smallest dtype that holds both."""
    return promote_dtypes(OF[numpy_dtype("promote_types", type1)], OF[numpy_dtype("promote_types", type2)])


@function(
    "can_cast(from_, to)", work="elements", method=False, differentiable=False, example="can_cast(int32, float32)"
)
def can_cast(from_: Any, to: Any) -> bool:
    """Whether PyTorch's rules of promotion let one dtype become another."""
    first, second = OF[numpy_dtype("can_cast", from_)], OF[numpy_dtype("can_cast", to)]
    if first.category == FLOAT and second.category != FLOAT:
        return False
    return not (first.category == INTEGER and second.category == BOOL)


# --- the limits of dtypes --------------------------------------------------------------------------------------------


class FloatInfo:
    """What `finfo(dtype)` gives: the limits of a floating dtype."""

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")
    __public__ = frozenset(__slots__)

    def __init__(self, dtype: Any) -> None:
        info = np.finfo(dtype)
        self.dtype = OF[dtype].name
        self.bits = int(info.bits)
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(f"1e-{info.precision}")

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class IntegerInfo:
    """What `iinfo(dtype)` gives: the limits of an integer dtype."""

    __slots__ = ("bits", "dtype", "max", "min")
    __public__ = frozenset(__slots__)

    def __init__(self, dtype: Any) -> None:
        info = np.iinfo(dtype)
        self.dtype = OF[dtype].name
        self.bits = int(info.bits)
        self.max = int(info.max)
        self.min = int(info.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


FloatInfo.__name__ = "finfo"
IntegerInfo.__name__ = "iinfo"


@function("finfo(type=None)", work="elements", method=False, differentiable=False, example="finfo(float32).eps")
def finfo(type: Any) -> FloatInfo:
    """The limits of a floating dtype, of the default one if none is given."""
    dtype = numpy_dtype("finfo", type, mode.default)
    if dtype.kind != "f":
        raise ArgumentError(
            "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
        )
    return FloatInfo(dtype)


@function("iinfo(type)", work="elements", method=False, differentiable=False, example="iinfo(int64).max")
def iinfo(type: Any) -> IntegerInfo:
    """The limits of an integer dtype."""
    dtype = numpy_dtype("iinfo", type)
    if dtype is None or dtype.kind not in "iu":
        name = OF[dtype].name if dtype is not None else "None"
        if name == "bool":
            raise ArgumentError("torch.bool is not supported by torch.iinfo")
        raise ArgumentError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
    return IntegerInfo(dtype)


# --- settings --------------------------------------------------------------------------------------------------------


@function("get_default_dtype()", work="elements", method=False, differentiable=False, example="get_default_dtype()")
def get_default_dtype() -> DType:
    """The dtype of floating literals and of creators."""
    return OF[mode.default]


@function("set_default_dtype(d)", method=False, differentiable=False, effect=True, example="set_default_dtype(float64)")
def set_default_dtype(d: Any) -> None:
    """Sets the dtype of floating literals and of creators."""
    known = isinstance(d, DType) and d in ALL  # Python's float is none of them
    if not known or d.category != FLOAT:
        dtype = "" if known else "invalid dtype object: "
        raise ArgumentError(f"{dtype}only floating-point types are supported as the default type")
    mode.default = d.np


@function(
    "set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None)",
    method=False,
    differentiable=False,
    effect=True,
    example="set_printoptions(precision=2)",
)
def set_printoptions(
    precision: Any, threshold: Any, edgeitems: Any, linewidth: Any, profile: Any, sci_mode: Any
) -> None:
    """Sets how tensors print: digits, how many elements in full, how many at the edges, width, scientific or not."""
    from gradsh.engine.printing.format import PrintOptions

    if mode.print_options is None:
        mode.print_options = PrintOptions()
    mode.print_options.update(precision, threshold, edgeitems, linewidth, profile, sci_mode)


@function("get_printoptions()", method=False, differentiable=False, example="get_printoptions()")
def get_printoptions() -> dict[str, Any]:
    """How tensors print."""
    from gradsh.engine.printing.format import DEFAULT_OPTIONS

    return (mode.print_options or DEFAULT_OPTIONS).as_dict()
