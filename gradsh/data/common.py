"""What the formats share: who says what a tensor is, and what is said of a file that is broken."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, BinaryIO, NoReturn, Protocol

from gradsh.errors import BadFile

BEGINNINGS = {b"PK\x03\x04": ".npz", b"PK\x05\x06": ".npz", b"\x93NUMPY": ".npy"}

Write = Callable[[BinaryIO], None]


class Codec(Protocol):
    """Which values are arrays, and which other values of the language have a place in a manifest.

    mapping   what an ordered dict of a checkpoint becomes, and where it is no plain dict, what is written as one
    """

    @property
    def mapping(self) -> Any: ...

    def array(self, value: object) -> tuple[str, Any] | None:
        """(kind, array) of a tensor and its like: kind is "tensor", "array" or "parameter", with " grad" if flagged."""

    def make(self, kind: str, array: Any) -> object:
        """The value again."""

    def tag(self, value: object) -> tuple[str, object] | None:
        """(tag, JSON) of a value of some other class."""

    def items(self, value: object) -> list[Any] | None:
        """What is in a set, in its order; None for anything else. With them the tag is "set"."""

    def untag(self, tag: str, content: object) -> object:
        """The value again. Errors: KeyError, TypeError, ValueError for what `tag` has not given."""


class Door(Protocol):
    """What may be done with files: gradsh.files.Files."""

    def read(self, path: str) -> bytes: ...
    def write(self, path: str, produce: Write) -> None: ...
    def standard_input(self) -> bytes: ...


def broken(path: str, why: str) -> NoReturn:
    raise BadFile(f"'{path}' {why}")


def foreign(path: str, data: bytes, title: str) -> NoReturn:
    """Say what a file is that is not what its name says."""
    if not data:
        broken(path, f"is empty, not {title}")
    for start, other in BEGINNINGS.items():
        if data.startswith(start) and not path.lower().endswith(other):
            broken(path, f"is not {title}: it begins as an {other} file does")
    if data[:1] == b"\x80":
        broken(path, f"is not {title}: it looks like a pickle, which gradsh never reads")
    broken(path, f"is not {title}")


def cited(path: str, text: str) -> str:
    """What a cell of a table holds, in an error: of a file whose name says that it is one, also behind a link.

    Of another only that it is there: `load("x.csv")`, a link to /etc/passwd, would show its lines.
    """
    is_own = path == "-" or os.path.splitext(os.path.realpath(path))[1].lower() == os.path.splitext(path)[1].lower()
    return repr(text[:40]) if is_own else "what stands there"


def decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        for start in BEGINNINGS:
            if data.startswith(start):
                foreign(path, data, "a text file")
        broken(path, f"is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start}")


def described(value: object) -> str:
    """A value in an error: `a list`, `a function`."""
    if value is None:
        return "none"
    titles = {bool: "a bool", int: "an integer", float: "a number", str: "a string"}
    kind = type(value)
    if kind in titles:
        return titles[kind]
    name = "function" if callable(value) and not hasattr(kind, "__member__") else kind.__name__.lower()
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def whole(data: bytes) -> Write:
    """What writes these bytes."""

    def produce(file: BinaryIO) -> None:
        file.write(data)

    return produce
