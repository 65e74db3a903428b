"""Values from files and back: npy, npz, csv, tsv, json, safetensors, pt, and numbers on standard input.

| ending       | holds                                                        | comes back as                     |
|--------------|--------------------------------------------------------------|-----------------------------------|
| .npy         | one tensor                                                   | the tensor                        |
| .npz         | any plain value: dicts, lists, tuples, tensors, numbers, ... | the same, to the last bit         |
| .csv .tsv    | numbers in rows; a dict of columns gives a header            | a 2-d tensor, without the header  |
| .json        | dicts, lists, numbers, strings, bools, none; tensors as lists | dicts and lists                  |
| .safetensors | a dict of tensors                                            | the dict, sorted by name          |
| .pt .pth     | what torch.save writes: state dicts, plain values            | the same; nothing of it is run    |

An .npz is NumPy's, each tensor under a readable name (`net/fc1.weight`), and one member more: gradsh.json, the
structure with all that is no tensor. Without that member (a file of NumPy's own) it is a dict of tensors. Numbers in
text become floating tensors of the default dtype; an empty cell is nan. Nothing is ever unpickled, and a file that is
not what its name says is an errors.BadFile with that name. What a tensor is, is for the caller to say: see Codec.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from gradsh.data.common import Codec, Door
from gradsh.errors import UnknownFormat

# by ending: the module that has `read(path, bytes, codec, dtype)` and `write(value, path, codec)`, imported when needed
FORMATS = {".npy": "npy", ".npz": "npz", ".csv": "tables", ".tsv": "tables", ".json": "plain", ".safetensors": "safe"}
FORMATS |= {".pt": "checkpoint", ".pth": "checkpoint"}
PICKLED = (".ckpt", ".bin", ".pkl", ".pickle")


def load(path: str, files: Door, codec: Codec, dtype: Any) -> object:
    """The value in a file; numbers in text become `dtype`.

    Errors: FileError, BadFile, UnknownFormat, MissingPackage.
    """
    if path == "-":
        from gradsh.data.tables import stream_numbers

        return codec.make("tensor", stream_numbers(files.standard_input(), dtype))
    module = format_of(path, "load")
    value: object = module.read(path, files.read(path), codec, dtype)
    return value


def save(value: object, path: str, files: Door, codec: Codec) -> None:
    """Write a value to a file, whole or not at all. Errors: CannotHold, FileError, UnknownFormat, MissingPackage."""
    files.write(path, format_of(path, "save").write(value, path, codec))


def format_of(path: str, doing: str) -> Any:
    """The module of the format that the name says. Errors: UnknownFormat."""
    found = os.path.splitext(path)[1].lower()
    if found in FORMATS:
        return import_module("gradsh.data." + FORMATS[found])
    if found in PICKLED:
        raise UnknownFormat(
            f"cannot {doing} '{path}': {found} files are pickles, which run code when they are read, "
            "and gradsh reads none; PyTorch writes what it reads with safetensors.torch.save_file(state_dict, path)"
        )
    known = ", ".join(FORMATS)
    raise UnknownFormat(f"cannot {doing} '{path}': the ending of the name says the format, which is one of {known}")
