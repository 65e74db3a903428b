"""What a session does for a program outside of it: files, the environment, a bar on the terminal.

The built-ins are the engine's (gradsh/engine/ops/program/files.py), which asks for these through `mode.host`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh import errors
from gradsh.engine.core.dtypes import NAMES, OF, DType, Size
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor, make

if TYPE_CHECKING:
    from gradsh.runtime.running import Running


class Host:
    """The outside of one session."""

    __slots__ = ("session",)

    def __init__(self, session: Running) -> None:
        self.session = session

    def load(self, path: str, dtype: Any) -> object:
        """The value in a file; see gradsh.data."""
        from gradsh import data

        return data.load(path, self.session.files, CODEC, dtype)

    def save(self, value: object, path: str) -> None:
        """Write a value to a file, whole or not at all."""
        from gradsh import data

        data.save(value, path, self.session.files, CODEC)

    def save_checkpoint(self, value: object, path: str) -> None:
        """Write a value as PyTorch does, whatever the name ends in."""
        from gradsh.data import checkpoint

        self.session.files.write(path, checkpoint.write(value, path, ordered()))

    def checkpoint(self, value: object) -> bytes:
        """What would be in such a file."""
        from io import BytesIO

        from gradsh.data import checkpoint

        buffer = BytesIO()
        checkpoint.write(value, "archive", ordered())(buffer)
        return buffer.getvalue()

    def load_checkpoint(self, path: str, data: bytes | None) -> object:
        """The value in such a file, or in these bytes; in a file of another of gradsh's formats by its ending."""
        from gradsh import data as formats
        from gradsh.data import checkpoint

        found = self.session.files.read(path) if data is None else data
        if data is None and found[:2] != b"PK":
            return formats.load(path, self.session.files, CODEC, None)
        return checkpoint.read(path, found, ordered(), None)

    def env(self, name: str) -> str | None:
        """A variable of the environment, of which a sandbox has none."""
        try:
            return None if self.session.files.sandboxed else os.environ.get(name)
        except UnicodeEncodeError:  # half of a surrogate pair, which no name of the system's has
            return None

    def check_address(self, what: str) -> None:
        """Errors: Sandboxed, for what says where in memory a value is."""
        if self.session.files.sandboxed:
            raise errors.Sandboxed(f"{what} is an address in memory: the program runs in a sandbox")

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        """The items, with a bar where somebody sees it."""
        return self.session.display.progress(items, title, total)


class Codec:
    """Tensors and their kin, for gradsh.data.

    mapping   what an ordered dict of a checkpoint becomes, and where it is no plain dict, what is written as one
    """

    mapping: Any = dict

    def array(self, value: object) -> tuple[str, Any] | None:
        if isinstance(value, Tensor):
            kind = "parameter" if value.extra is not None and value.extra.parameter else "tensor"
            return (kind + " grad" if value.requires_grad else kind), value.data
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype in OF:
            return "array", value
        return None

    def make(self, kind: str, array: Any) -> object:
        if kind == "array":
            return array[()]
        tensor = make(array[()])
        if kind.startswith("parameter"):
            tensor.own_extra().parameter = True
        if kind.endswith("grad"):
            tensor.requires_grad = True
        tensor.origin = mode.where
        return tensor

    def tag(self, value: object) -> tuple[str, object] | None:
        if isinstance(value, DType):
            return "dtype", value.name
        if isinstance(value, Size):
            return "size", list(value)
        return None

    def items(self, value: object) -> list[Any] | None:
        from gradsh.runtime.sets import Set

        return list(value.held) if isinstance(value, Set) else None

    def untag(self, tag: str, content: object) -> object:
        if tag == "dtype":
            return NAMES[content]  # type: ignore[index]  # anything but a name is a KeyError or TypeError, as it should
        if tag == "size":
            return Size(int(extent) for extent in content)  # type: ignore[attr-defined]  # likewise
        if tag == "set":
            from gradsh.runtime.sets import Set

            return Set(content)  # type: ignore[arg-type]  # a list
        raise KeyError(tag)


CODEC = Codec()


def ordered() -> Codec:
    """That of Python programs, whose state dicts are ordered dicts."""
    from gradsh.engine.nn.state import StateDict

    codec = Codec()
    codec.mapping = StateDict
    return codec
