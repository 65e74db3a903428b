"""Plain values in text: .json. Tensors are written as nested lists, and come back as such."""

from __future__ import annotations

import json
from typing import Any

from gradsh.data.common import Codec, Write, broken, decoded, described, foreign, whole
from gradsh.errors import CannotHold


def read(path: str, data: bytes, codec: Codec, dtype: Any) -> object:

    text = decoded(path, data)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            foreign(path, b"", "a .json file")
        broken(path, f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        broken(path, "is nested too deeply")
    except ValueError as error:
        broken(path, f"holds a number that cannot be read: {str(error).partition(';')[0]}")


def write(value: object, path: str, codec: Codec) -> Write:

    try:
        text = json.dumps(as_json(value, path, codec), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise CannotHold(f"cannot save a value that contains itself, or is nested so deeply, in '{path}'") from None
    data = (text + "\n").encode("utf-8", "surrogatepass")
    return whole(data)


def as_json(value: Any, path: str, codec: Codec) -> Any:
    """The value with tensors as nested lists, and tuples as lists."""
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    found = codec.array(value)
    if found is not None:
        return found[1].tolist()
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise CannotHold(
                    f"cannot save a dict with the key {key!r} in '{path}': JSON has strings as keys only",
                    help='an .npz file keeps keys as they are: `save {1: ones(2)}, "x.npz"`',
                )
        return {key: as_json(item, path, codec) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item, path, codec) for item in value]
    raise CannotHold(f"cannot save {described(value)} in '{path}'")
