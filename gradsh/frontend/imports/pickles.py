"""`pickle`: values in files and in bytes. What is written is one of gradsh's checkpoints; no pickle is ever run."""

from __future__ import annotations

import pickle
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.errors import ArgumentError, CannotHold, ValueError_
from gradsh.frontend import saving
from gradsh.frontend.access import method
from gradsh.frontend.exceptions import OF_TORCH
from gradsh.frontend.imports import Module, of_members

__acts_for_programs__ = True

MARK = b"gradsh pickle\n"  # before the length of what follows: files have one pickle after another


def dumps(obj: Any, protocol: Any = None, *, fix_imports: Any = True, buffer_callback: Any = None) -> bytes:
    """A value as bytes. Errors: CannotHold."""
    data: bytes = mode.host.checkpoint(saving.held(obj))
    return MARK + len(data).to_bytes(8, "little") + data


def dump(obj: Any, file: Any, protocol: Any = None, *, fix_imports: Any = True, buffer_callback: Any = None) -> None:
    """Write a value to a stream of bytes."""
    method(file, "write")(dumps(obj))


def loads(data: Any, /, *, encoding: Any = "ASCII", errors: Any = "strict", **_: Any) -> Any:
    """The value in such bytes. Errors: CannotHold for what Python itself has pickled."""
    data = bytes(data)
    if not data:
        raise ValueError_("Ran out of input", kind="EOFError")
    if not data.startswith(MARK):
        raise CannotHold(
            "gradsh reads no pickle of Python's: it may hold code, which would run",
            help="save what it holds with `torch.save`, `np.savez` or `json.dump`",
            kind="UnpicklingError",
        )
    content = data[len(MARK) + 8 :]
    if len(content) < int.from_bytes(data[len(MARK) :][:8], "little"):
        raise CannotHold("pickle data was truncated", kind="UnpicklingError")
    return saving.restored(mode.host.load_checkpoint("archive", content), "the pickle", False)


def load(file: Any, *, encoding: Any = "ASCII", errors: Any = "strict", **_: Any) -> Any:
    """The next value of a stream. Errors: EOFError where there is none."""
    read = method(file, "read")
    head = read(len(MARK) + 8)
    if isinstance(head, str):
        raise ArgumentError("a bytes-like object is required, not 'str'")
    return loads(head + read(int.from_bytes(head[len(MARK) :], "little")) if head.startswith(MARK) else head)


def module(session: Any, name: str) -> Module:
    errors = {kind: OF_TORCH[kind] for kind in ("PickleError", "PicklingError", "UnpicklingError")}
    numbers = {"HIGHEST_PROTOCOL": pickle.HIGHEST_PROTOCOL, "DEFAULT_PROTOCOL": pickle.DEFAULT_PROTOCOL}
    return of_members("pickle", {**errors, **numbers, "dump": dump, "dumps": dumps, "load": load, "loads": loads})
