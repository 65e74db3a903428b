"""`torch.save` and `torch.load`: checkpoints as PyTorch writes them, in files of any name and in memory."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.nn.module import Model
from gradsh.errors import ArgumentError, CannotHold
from gradsh.frontend import text
from gradsh.frontend.access import method

__acts_for_programs__ = True

NO_MODULES = "a whole module is saved as its class, which only the program has"


def _path(file: Any) -> str | None:
    """The name, where it is one and no open file."""
    return text.written(file) if isinstance(file, str) or hasattr(file, "__fspath__") else None


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2, **_: Any) -> None:
    """Write a value to a file, whole or not at all, or to a stream. Errors: CannotHold, FileError."""
    if isinstance(obj, Model):
        raise CannotHold(
            f"cannot save a {type(obj).__name__}: {NO_MODULES}",
            help="save what it has learned: `torch.save(model.state_dict(), path)`",
        )
    path = _path(f)
    if path is not None:
        mode.host.save_checkpoint(obj, path)
    else:
        method(f, "write")(mode.host.checkpoint(obj))


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: Any = None, **_: Any) -> Any:
    """What a file or a stream holds. Errors: FileError, BadFile."""
    path = _path(f)
    if path is not None:
        return mode.host.load_checkpoint(path, None)
    data = method(f, "read")()
    if not isinstance(data, bytes):
        raise ArgumentError(f"a bytes-like object is required, not '{type(data).__name__}'")
    return mode.host.load_checkpoint("archive", data)
