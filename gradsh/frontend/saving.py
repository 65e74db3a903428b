"""`torch.save` and `torch.load`: checkpoints as PyTorch writes them, in files of any name and in memory."""

from __future__ import annotations

import time
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.nn.module import Model
from gradsh.errors import ArgumentError, CannotHold
from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.classes import Object
from gradsh.frontend.imports.pure import deepcopy
from gradsh.frontend.kinds import class_text

__acts_for_programs__ = True

KEPT = "@kept"  # in a file, before the name of what the program that wrote it keeps a copy of
TOKEN = f"{time.time_ns():x}"  # of this process


def _path(file: Any) -> str | None:
    """The name, where it is one and no open file."""
    return text.written(file) if isinstance(file, str) or hasattr(file, "__fspath__") else None


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int = 2, **_: Any) -> None:
    """Write a value to a file, whole or not at all, or to a stream. Errors: CannotHold, FileError."""
    obj = _held(obj)
    path = _path(f)
    if path is not None:
        mode.host.save_checkpoint(obj, path)
    else:
        method(f, "write")(mode.host.checkpoint(obj))


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: Any = None, **_: Any) -> Any:
    """What a file or a stream holds. Errors: FileError, BadFile."""
    path = _path(f)
    if path is not None:
        return _restored(mode.host.load_checkpoint(path, None), path, weights_only)
    data = method(f, "read")()
    if not isinstance(data, bytes):
        raise ArgumentError(f"a bytes-like object is required, not '{type(data).__name__}'")
    return _restored(mode.host.load_checkpoint("archive", data), "the stream", weights_only)


# --- objects of the program's own classes ---------------------------------------------------------------------------
# No file holds code, so none holds a class: of a whole module it has what was learned, and the session a copy of the
# rest. What the program itself has saved it loads again; another program is told why it cannot.


def _held(value: Any) -> Any:
    """The value with tokens in place of objects of the program's classes and modules."""
    if isinstance(value, (Model, Object)):
        name = f"{TOKEN}-{len(_kept())}"
        _kept()[name] = deepcopy(value)
        state = method(value, "state_dict")() if isinstance(value, Model) else {}
        return {KEPT: name, "class": class_text(type(value)), "state": state}
    if type(value) in (list, tuple):
        return type(value)(map(_held, value))
    if type(value) is dict:
        return {key: _held(item) for key, item in value.items()}
    return value


def _restored(value: Any, path: str, weights_only: Any) -> Any:
    """The reverse. Errors: CannotHold for an object that another program has saved."""
    if type(value) in (list, tuple):
        return type(value)(_restored(item, path, weights_only) for item in value)
    if type(value) is not dict:
        return value
    if KEPT not in value:
        return {key: _restored(item, path, weights_only) for key, item in value.items()}
    name = str(value["class"])
    if weights_only is not False:
        raise CannotHold(
            f"Weights only load failed: {path!r} holds a whole {name}, not only tensors",
            help="`torch.load(path, weights_only=False)`, or save the state dict alone",
            kind="UnpicklingError",
        )
    if value[KEPT] not in _kept():
        raise CannotHold(
            f"cannot load {path!r}: it holds a whole {name}, whose class only the program that saved it has",
            help="save what it has learned: `torch.save(model.state_dict(), path)`",
        )
    made = deepcopy(_kept()[value[KEPT]])
    if isinstance(made, Model):
        method(made, "load_state_dict")(value["state"])
    return made


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = mode.host.session.kept
    return kept
