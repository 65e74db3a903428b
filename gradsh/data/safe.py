"""A dict of tensors as other libraries share them: .safetensors, with the package of that name."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.data.common import Codec, Write, broken, described, foreign, whole
from gradsh.data.npy import supported
from gradsh.errors import CannotHold, MissingPackage
from gradsh.errors.e05_files import lacking

SAFE = {"F64": "f8", "F32": "f4", "F16": "f2", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U8": "u1"}
SAFE |= {"U16": "u2", "U32": "u4", "U64": "u8", "BOOL": "?"}


def _package(path: str) -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise MissingPackage(lacking(f"'{path}'", "safetensors", "safetensors")) from None
    return safetensors


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:
    package = _package(path)
    try:
        found = package.deserialize(data)
    except package.SafetensorError as error:
        if not data or data.startswith((b"PK", b"\x93NUMPY", b"\x80\x02", b"\x80\x04")):
            foreign(path, data, "a .safetensors file")
        broken(path, f"is not a .safetensors file, or is broken: {error}")
    result: dict[str, object] = {}
    for name, entry in sorted(found, key=_first):
        result[name] = codec.make("tensor", _safe_array(f"{path}: {name}", entry))
    return result


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _safe_array(path: str, entry: dict[str, Any]) -> Any:
    kind, shape = entry["dtype"], entry["shape"]
    if kind == "BF16":  # the upper half of a float32, which holds it exactly
        raw = np.frombuffer(entry["data"], "<u2").astype(np.uint32) << 16
        return raw.view(np.float32).reshape(shape)
    if kind not in SAFE:
        broken(path, f"holds values of {kind}, which no tensor has")
    return supported(path, np.frombuffer(entry["data"], "<" + SAFE[kind]).reshape(shape).copy())


def write(value: object, path: str, codec: Codec) -> Write:
    package = _package(path)
    arrays: dict[str, Any] = {}
    if not isinstance(value, dict):
        raise CannotHold(f"cannot save {described(value)} in '{path}': a .safetensors file holds a dict of tensors")
    for key, item in value.items():
        found = codec.array(item)
        if found is None or not isinstance(key, str):
            what = f"the key {key!r}" if found is not None else f"{described(item)} (at {key})"
            raise CannotHold(
                f"cannot save {what} in '{path}': a .safetensors file holds a dict of tensors",
                help='an .npz file holds any value: `save {"n": 1}, "x.npz"`',
            )
        arrays[str(key)] = np.array(found[1], order="C")
    data = package.numpy.save(arrays)
    return whole(data)
