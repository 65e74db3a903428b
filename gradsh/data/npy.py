"""One array: .npy, read and written without NumPy's way to pickles."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np

from gradsh.data.common import Codec, Write, broken, described, foreign
from gradsh.errors import BadFile, CannotHold

BIG = 2**63


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    found = supported(path, parse_npy(path, data, "an .npy file"))
    return found if isinstance(found, (str, list)) else codec.make("tensor", found)


def parse_npy(path: str, data: bytes, title: str) -> Any:
    """The array in the bytes of an .npy file, whatever its dtype but for objects; its own copy, in C order."""
    import ast

    if data[:6] != b"\x93NUMPY" or len(data) < 12:
        foreign(path, data, title)
    wide = data[6] > 1
    begin = 12 if wide else 10
    size = int.from_bytes(data[8:begin], "little")
    try:
        header: Any = ast.literal_eval(data[begin : begin + size].decode("latin-1").strip()) if size < 65536 else None
        shape, fortran, dtype = header["shape"], header["fortran_order"], np.dtype(header["descr"])
        sizes = tuple(int(extent) for extent in shape)
        count = math.prod(sizes)
    except (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError, OverflowError):
        broken(path, "is broken: its header cannot be read")
    if dtype.hasobject:
        broken(path, "holds Python objects, that is, a pickle, which gradsh never reads")
    begin += size
    if math.prod(extent for extent in sizes if extent) * max(dtype.itemsize, 1) >= BIG:
        broken(path, f"is broken: no array has the shape {'x'.join(map(str, sizes))}")
    if any(extent < 0 for extent in sizes) or len(sizes) > 64 or count * dtype.itemsize != len(data) - begin:
        shown = "x".join(map(str, sizes)) or "one"
        broken(
            path,
            f"is broken: {shown} values of {dtype} do not fill the {max(len(data) - begin, 0)} bytes it has for them",
        )
    if dtype.itemsize == 0:
        return np.zeros(sizes, dtype)
    flat = np.frombuffer(data, dtype, count, begin)
    array = flat.reshape(sizes[::-1]).T if fortran else flat.reshape(sizes)
    return np.array(array, order="C")


def supported(path: str, array: Any) -> Any:
    """The array in a dtype that tensors have, with the same values; strings as lists of them."""
    kind, width = array.dtype.kind, array.dtype.itemsize
    if kind == "U":
        return array.tolist()
    if kind == "u" and width > 1:
        if width == 8 and array.size and int(array.max()) >= BIG:
            broken(path, "holds unsigned integers too large for int64")
        return array.astype(np.int32 if width == 2 else np.int64)
    if kind in "biu" or (kind == "f" and width in (2, 4, 8)):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    raise BadFile(f"'{path}' holds values of {array.dtype}, which no tensor has")


def write(value: object, path: str, codec: Codec) -> Write:
    found = codec.array(value)
    if found is None:
        raise CannotHold(
            f"cannot save {described(value)} in '{path}': an .npy file holds one tensor",
            help="numbers become one with `tensor([1.0, 2.0])`; .npz and .json files hold any value",
        )
    return npy_bytes(found[1])


def npy_bytes(array: Any) -> Write:
    values = np.asarray(array, order="C")

    def produce(file: BinaryIO) -> None:
        np.lib.format.write_array(file, values, allow_pickle=False)

    return produce
