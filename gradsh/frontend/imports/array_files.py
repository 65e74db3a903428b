"""`numpy.load`, `genfromtxt`, `savez` and their kin: files of numbers, as a gradsh program may read and write them."""

from __future__ import annotations

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np

from gradsh.frontend import text
from gradsh.frontend.arrays import plain
from gradsh.frontend.imports.opening import File
from gradsh.frontend.imports.pure import checked

__acts_for_programs__ = True

OF_ENDING = {"gz": "gzip", "bz2": "bz2", "xz": "lzma"}


class Archive(dict[str, Any]):
    """What `np.load` gives of an `.npz`: its arrays by name, which can be closed."""

    __public__ = frozenset(("files", "keys", "values", "items", "get", "close", "f"))

    @property
    def files(self) -> list[str]:
        return list(self)

    def close(self) -> None:
        """Everything was read when it was opened."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        names = ", ".join(list(self)[:5]) + ("..." if len(self) > 5 else "")
        return f"NpzFile 'object' with keys: {names}"


def functions(session: Any) -> dict[str, Callable[..., Any]]:
    """The functions by their names. What they read is read whole; objects are in no file that they read or write."""

    def opened(file: Any) -> Any:
        if isinstance(file, File):
            return file.stream
        if isinstance(file, (io.StringIO, io.BytesIO)):
            return file
        path = text.written(file)
        data = session.files.read(path)
        if path.endswith((".gz", ".bz2", ".xz")):  # as NumPy goes by the name
            data = import_module(OF_ENDING[path.rpartition(".")[2]]).decompress(data)
        return io.BytesIO(data)

    def rows(file: Any) -> Any:
        return file if isinstance(file, (list, tuple)) else opened(file)

    def load(file: Any, *_: Any, **__: Any) -> Any:
        found = np.load(opened(file), allow_pickle=False)
        return Archive(found) if isinstance(found, np.lib.npyio.NpzFile) else found

    def loadtxt(fname: Any, *given: Any, **keywords: Any) -> Any:
        return np.loadtxt(rows(fname), *map(plain, given), **{name: plain(each) for name, each in keywords.items()})

    def genfromtxt(fname: Any, *given: Any, **keywords: Any) -> Any:
        return np.genfromtxt(rows(fname), *map(plain, given), **{name: plain(each) for name, each in keywords.items()})

    def written(file: Any, ending: str, produce: Callable[[BinaryIO], None]) -> None:
        if isinstance(file, (io.StringIO, io.BytesIO)):
            produce(file)  # type: ignore[arg-type]  # a text's stream takes what savetxt writes
            return
        path = text.written(file)
        session.files.write(path if path.endswith(ending) else path + ending, produce)

    def save(file: Any, arr: Any, *_: Any, **__: Any) -> None:
        written(file, ".npy", lambda stream: np.save(stream, plain(arr), allow_pickle=False))

    def savez(file: Any, *arrays: Any, **named: Any) -> None:
        found = {name: plain(each) for name, each in named.items()}
        written(file, ".npz", lambda stream: np.savez(stream, *map(plain, arrays), allow_pickle=False, **found))

    def savetxt(fname: Any, X: Any, **keywords: Any) -> None:
        written(fname, "", lambda stream: np.savetxt(stream, plain(X), **keywords))

    made = (load, loadtxt, genfromtxt, save, savez, savetxt)
    return {function.__name__: checked(function) for function in made} | {"savez_compressed": savez}
