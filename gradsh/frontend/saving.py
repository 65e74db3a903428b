"""`torch.save` and `torch.load`: checkpoints as PyTorch writes them, in files of any name and in memory; `pickle`."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.data.checkpoint import STORAGES
from gradsh.engine.core.dtypes import ALL, DType, Size
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.nn.module import Model
from gradsh.errors import ArgumentError, CannotHold
from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.classes import ProgramType
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
    obj = held(obj)
    path = _path(f)
    if path is not None:
        mode.host.save_checkpoint(obj, path)
    else:
        method(f, "write")(mode.host.checkpoint(obj))


def load(f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: Any = None, **_: Any) -> Any:
    """What a file or a stream holds. Errors: FileError, BadFile."""
    path = _path(f)
    if path is not None:
        return restored(mode.host.load_checkpoint(path, None), path, weights_only)
    data = method(f, "read")()
    if not isinstance(data, bytes):
        raise ArgumentError(f"a bytes-like object is required, not '{type(data).__name__}'")
    return restored(mode.host.load_checkpoint("archive", data), "the stream", weights_only)


# --- what no file holds -------------------------------------------------------------------------------------------
# No file holds code, so none holds a class: of a whole module it has what was learned, and the session a copy of the
# rest. What the program itself has saved it loads again; another program is told why it cannot. Of Python's and
# NumPy's own kinds a file has the parts.


def held(value: Any) -> Any:
    """The value with its parts, or tokens, in place of what no file holds."""
    kind = type(value)
    if kind in (list, tuple):
        return kind(map(held, value))
    if kind in (dict, OrderedDict):
        return kind((key, held(item)) for key, item in value.items())
    if kind in MADE:
        part, _ = MADE[kind]
        return {KEPT: kind.__name__, "state": held(part(value))}
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.str[1:] in STORAGES:
        scalar = isinstance(value, np.generic)
        return {KEPT: "numpy scalar" if scalar else "numpy array", "state": np.array(value)}
    whole = isinstance(value, (Model, np.ndarray, np.generic)) or isinstance(kind, ProgramType)
    if not whole and (value is None or isinstance(value, (str, int, float, Tensor, dict, list))):
        return value
    name = f"{TOKEN}-{len(_kept())}"
    _kept()[name] = deepcopy(value)
    state = method(value, "state_dict")() if isinstance(value, Model) else {}
    return {KEPT: name, "class": class_text(kind), "state": state}


# of each kind its parts, and how it is made of them
MADE: dict[type, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: (lambda value: value.decode("latin-1"), lambda parts: parts.encode("latin-1")),
    bytearray: (lambda value: value.decode("latin-1"), lambda parts: bytearray(parts, "latin-1")),
    complex: (lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
    set: (list, set),
    frozenset: (list, frozenset),
    range: (lambda value: [value.start, value.stop, value.step], lambda parts: range(*parts)),
    slice: (lambda value: [value.start, value.stop, value.step], lambda parts: slice(*parts)),
    deque: (lambda value: [list(value), value.maxlen], lambda parts: deque(*parts)),
    Counter: (dict, Counter),
    defaultdict: (
        lambda value: [value.default_factory, dict(value)],
        lambda parts: defaultdict(*parts),
    ),
    Size: (list, Size),
    DType: (lambda value: value.name, {each.name: each for each in ALL}.__getitem__),
}
OF_NAME = {kind.__name__: made for kind, (_, made) in MADE.items()}
OF_NUMPY = {"numpy array": lambda state: state.data, "numpy scalar": lambda state: state.data[()]}
# what PyTorch loads with `weights_only` too
PLAIN = frozenset(kind.__name__ for kind in (bytes, bytearray, complex, set, Counter, Size, DType))


def restored(value: Any, path: str, weights_only: Any) -> Any:
    """The reverse. Errors: CannotHold for an object that another program has saved."""
    if type(value) in (list, tuple):
        return type(value)(restored(item, path, weights_only) for item in value)
    if type(value) not in (dict, OrderedDict):
        return value
    if KEPT not in value:
        return type(value)((key, restored(item, path, weights_only)) for key, item in value.items())
    name = value[KEPT]
    title = str(value.get("class", name))
    if weights_only is not False and name not in PLAIN:
        raise CannotHold(
            f"Weights only load failed: {path!r} holds a whole {title}, not only tensors",
            help="`torch.load(path, weights_only=False)`, or save the state dict alone",
            kind="UnpicklingError",
        )
    if name in OF_NUMPY:
        return OF_NUMPY[name](value["state"])
    if name in OF_NAME:
        return OF_NAME[name](restored(value["state"], path, weights_only))
    if name not in _kept():
        raise CannotHold(
            f"cannot load {path!r}: it holds a whole {title}, whose class only the program that saved it has",
            help="save what it has learned: `torch.save(model.state_dict(), path)`",
        )
    made = deepcopy(_kept()[name])
    if isinstance(made, Model):
        method(made, "load_state_dict")(value["state"])
    return made


def _kept() -> dict[str, Any]:
    kept: dict[str, Any] = mode.host.session.kept
    return kept
