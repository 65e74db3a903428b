"""What reaches outside of a program, files, the environment, the terminal, and how data comes in batches.

The engine knows no files: it asks the session for them through `mode.host`.
"""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import numpy_dtype, type_word
from gradsh.engine.core.modes import mode
from gradsh.engine.operators.composite import function
from gradsh.errors import ArgumentError, FileError


def host(name: str) -> Any:
    """The outside. Errors: FileError where there is none, since no session runs."""
    if mode.host is None:
        raise FileError(f"{name}() works in a session only")
    return mode.host


def text(operator: str, argument: str, value: Any) -> str:
    """A string argument. Errors: ArgumentError."""
    if not isinstance(value, str):
        raise ArgumentError(f"{operator}(): argument '{argument}' must be str, not {type_word(value)}")
    return str(value)


@function(
    "load(path, map_location=None, *, dtype=None, weights_only=True)",
    outside=True,
    method=False,
    differentiable=False,
    example='save ones(2), "x.npy"; load("x.npy")',
)
def load(path: Any, map_location: Any, dtype: Any, weights_only: Any) -> Any:
    """The value in a file: .npy, .npz, .csv, .tsv, .json, .safetensors or .pt; "-" is numbers on standard input."""
    return host("load").load(text("load", "path", path), numpy_dtype("load", dtype, mode.default))


@function(
    "save(value, path)", method=False, differentiable=False, effect=True, example='save {"a": ones(2)}, "run.npz"'
)
def save(value: Any, path: Any) -> None:
    """Writes a value to a file, whole or not at all; the ending of the name says how, as for load."""
    host("save").save(value, text("save", "path", path))


@function("env(name, default=None)", outside=True, method=False, differentiable=False, example='env("HOME", "nowhere")')
def env(name: Any, default: Any) -> Any:
    """A variable of the environment, a string; the default where it is not set."""
    found = host("env").env(text("env", "name", name))
    return default if found is None else found


@function(
    'progress(items, title="", *, total=None)',
    method=False,
    differentiable=False,
    example="for i in progress(range(3)) { pass }",
)
def progress(items: Any, title: Any, total: Any) -> Any:
    """The items of a loop, with a bar, the rate and the time left on a terminal's standard error."""
    if not hasattr(type(items), "__iter__"):
        help = f"`progress(range({items}))` counts from 0" if isinstance(items, int) else None
        raise ArgumentError(
            f"progress(): argument 'items' must be something to loop over, not {type_word(items)}", help=help
        )
    if total is not None and (not isinstance(total, int) or total < 0):
        raise ArgumentError(f"progress(): argument 'total' must be a count, not {total!r}")
    return host("progress").progress(items, text("progress", "title", title), total)


@function(
    "loader(*tensors, batch_size=1, shuffle=False, drop_last=False, generator=None)",
    outside=True,
    method=False,
    differentiable=False,
    example="for x, y in loader(rand(5, 2), arange(5), batch_size=2, shuffle) { print y.shape }",
)
def loader(tensors: Any, batch_size: Any, shuffle: Any, drop_last: Any, generator: Any) -> Any:
    """Batches of tensors that belong together, in the order of PyTorch's DataLoader for the same seed."""
    from gradsh.engine.ops.program.loader import Loader

    return Loader(tensors, batch_size, shuffle, drop_last, generator)
