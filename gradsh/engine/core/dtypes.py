"""Tensor dtypes and sizes, with PyTorch's names, and its rules for mixing them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.errors import IndexError_, TypeError_, ValueError_

BOOL, INTEGER, FLOAT = range(3)


class DType:
    """A tensor's element type. Prints as PyTorch's name without `torch.`.

    `np` is NumPy's dtype, `category` one of BOOL < INTEGER < FLOAT; `title` is the word PyTorch uses in most error
    texts (`Long`), `c_name` the one in a few others (`long int`).
    """

    __slots__ = ("c_name", "category", "name", "np", "title")

    def __init__(self, name: str, category: int, title: str, c_name: str) -> None:
        self.name = name
        self.np = np.dtype(name)
        self.category = category
        self.title = title
        self.c_name = c_name

    def __repr__(self) -> str:
        return self.name

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type."""
        return "torch.dtype", ()

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOAT

    @property
    def is_complex(self) -> bool:
        return False

    @property
    def is_signed(self) -> bool:
        return self.category == FLOAT or self.np.kind == "i"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.np.itemsize


class Half(DType):
    """float16, which notes that a program has come to use it: NumPy rounds a Python number to half before it computes,
    and PyTorch afterwards, so a walk backwards that may meet it runs the rules on tensors (`halved_step`)."""

    __slots__ = ("half", "used")

    @property
    def np(self) -> Any:
        self.used = True
        return self.half

    @np.setter
    def np(self, dtype: Any) -> None:
        self.half = dtype


float16 = Half("float16", FLOAT, "Half", "c10::Half")
float32 = DType("float32", FLOAT, "Float", "float")
float64 = DType("float64", FLOAT, "Double", "double")
uint8 = DType("uint8", INTEGER, "Byte", "unsigned char")
int8 = DType("int8", INTEGER, "Char", "signed char")
int16 = DType("int16", INTEGER, "Short", "short int")
int32 = DType("int32", INTEGER, "Int", "int")
int64 = DType("int64", INTEGER, "Long", "long int")
bool_ = DType("bool", BOOL, "Bool", "bool")

ALL = (float16, float32, float64, uint8, int8, int16, int32, int64, bool_)
OF: dict[Any, DType] = {d.np: d for d in ALL}
float16.used = False

# every spelling a program may use
NAMES: dict[str, DType] = {d.name: d for d in ALL} | {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
}


class Size(tuple[int, ...]):
    """A tensor's shape; prints as `Size([2, 3])`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{mode.module}Size({list(self)})"

    @property
    def words(self) -> str:
        """As PyTorch's errors have it, whose words are the same in gradsh's programs and in Python's."""
        return f"torch.Size({list(self)})"

    def numel(self) -> int:
        n = 1
        for extent in self:
            n *= extent
        return n

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | Size:
        try:
            item = tuple.__getitem__(self, index)
        except IndexError as error:  # of the program, which reads it
            raise IndexError_(str(error)) from None
        except TypeError as error:
            raise TypeError_(str(error)) from None
        except ValueError as error:  # a step of 0
            raise ValueError_(str(error)) from None
        return Size(item) if isinstance(item, tuple) else item

    def __add__(self, other: Iterable[int]) -> Size:  # type: ignore[override]  # tuple's is generic in the item type
        if not isinstance(other, tuple):
            raise TypeError_(f"can only concatenate tuple (not {type(other).__name__}) to torch.Size")
        return Size((*self, *other))


def promote_dtypes(a: DType, b: DType) -> DType:
    """PyTorch's table for two dtypes of the same standing: float over integer over bool, the wider of two.

    uint8 with a signed integer gives the next wider signed one (uint8 + int8 = int16), as NumPy does.
    """
    if a is b:
        return a
    if a.category != b.category:
        return a if a.category > b.category else b
    return OF[np.promote_types(a.np, b.np)]
