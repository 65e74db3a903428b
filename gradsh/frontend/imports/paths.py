"""`pathlib`, `tempfile` and `glob`: names of files, and of those what a program may look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from gradsh.frontend import text
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.opening import (
    Written,
    failed,
    listed,
    make_folder,
    opened,
    own,
    read,
    remove,
    remove_all,
    rename,
)
from gradsh.frontend.imports.pure import SimpleNamespace
from gradsh.frontend.imports.streams import in_memory

__acts_for_programs__ = True

PURE = frozenset(("name", "stem", "suffix", "suffixes", "parts", "anchor", "root", "drive"))
MADE = frozenset(("with_name", "with_stem", "with_suffix", "relative_to", "joinpath"))
ASKED = frozenset(("as_posix", "is_absolute", "match", "is_relative_to"))


STAT = ("st_mode", "st_size", "st_atime", "st_mtime", "st_ctime", "st_mtime_ns")


class Path:
    """`Path(…)`: Python's own as far as it is only a name; below that, what `session.files` allows."""

    __slots__ = ("pure", "session")

    def __init__(self, session: Any, *parts: Any) -> None:
        self.session = session
        self.pure = PurePosixPath(
            *[str(part) if isinstance(part, (Path, PurePosixPath)) else text.written(part) for part in parts]
        )

    def made(self, *parts: Any) -> Path:
        return Path(self.session, *parts)

    def __str__(self) -> str:
        return str(self.pure)

    __fspath__ = __printed__ = __str__

    def __repr__(self) -> str:
        return f"PosixPath({str(self)!r})"

    def __truediv__(self, other: Any) -> Path:
        return self.made(self.pure, other)

    def __rtruediv__(self, other: Any) -> Path:
        return self.made(other, self.pure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and self.pure == other.pure

    def __lt__(self, other: Any) -> bool:
        return self.pure < other.pure if isinstance(other, Path) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.pure)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __members__(self) -> list[str]:
        return sorted({*PURE, *MADE, *ASKED, "parent", "parents", *OWN})

    def __member__(self, name: str) -> Any:
        if name in PURE:
            return getattr(self.pure, name)
        if name == "parent":
            return self.made(self.pure.parent)
        if name == "parents":
            return [self.made(each) for each in self.pure.parents]
        if name in MADE:
            function = getattr(self.pure, name)
            return lambda *given: self.made(function(*map(text.written, given)))
        if name in ASKED:
            function = getattr(self.pure, name)
            return lambda *given: function(*map(text.written, given))
        if name in OWN:
            return getattr(self, name)
        raise KeyError(name)

    # --- what is there ----------------------------------------------------------------------------------------------

    def real(self) -> str:
        return os.path.join(self.session.files.folder, str(self.pure))

    def exists(self) -> bool:
        return not self.session.files.sandboxed and os.path.exists(self.real())

    def is_file(self) -> bool:
        return not self.session.files.sandboxed and os.path.isfile(self.real())

    def is_dir(self) -> bool:
        return not self.session.files.sandboxed and os.path.isdir(self.real())

    def stat(self) -> Any:
        """Size and times, and whether it is a folder, in `st_mode`. Errors: FileError, Sandboxed."""
        self.session.files.check(str(self), "read")
        try:
            found = os.stat(self.real())
        except OSError as error:
            raise failed(error, str(self)) from None
        return SimpleNamespace(**{name: getattr(found, name) for name in STAT})

    def open(self, mode: str = "r", buffering: int = -1, encoding: Any = None, **_: Any) -> Any:
        return opened(self.session)(str(self), mode, buffering, encoding)

    def read_text(self, encoding: Any = None, errors: Any = None) -> Any:
        return self.open("r", -1, encoding).__member__("read")()

    def read_bytes(self) -> Any:
        return read(self.session, str(self))

    def write_text(self, data: Any, encoding: Any = None, *_: Any, **__: Any) -> Any:
        with self.open("w", -1, encoding) as file:
            return file.write(data)

    def write_bytes(self, data: Any) -> Any:
        with self.open("wb") as file:
            return file.write(data)

    def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        if not self.exists():
            self.open("w").close()

    def unlink(self, missing_ok: bool = False) -> None:
        if self.exists() or not missing_ok:
            remove(self.session, str(self))

    def rmdir(self) -> None:
        remove_all(self.session, str(self))

    def rename(self, target: Any) -> Path:
        rename(self.session, str(self), text.written(target))
        return self.made(target)

    replace = rename

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        make_folder(self.session, str(self), exist_ok, parents)

    def iterdir(self) -> Iterator[Path]:
        return iter([self.made(self.pure, name) for name in listed(self.session, str(self))])

    def glob(self, pattern: str) -> Iterator[Path]:
        found = globbed(self.session, str(self.pure / pattern), recursive=True)
        return iter([self.made(each) for each in found])

    def rglob(self, pattern: str) -> Iterator[Path]:
        return self.glob(f"**/{pattern}")

    def resolve(self, strict: bool = False) -> Path:
        return self.made(os.path.abspath(self.real()) if not self.session.files.sandboxed else self.pure)

    absolute = resolve

    def expanduser(self) -> Path:
        return self


OWN = frozenset(
    """
    exists is_file is_dir open read_text read_bytes write_text write_bytes touch mkdir iterdir glob rglob resolve
    absolute expanduser unlink rmdir rename replace stat
    """.split()  # noqa: SIM905 - as elsewhere
)


def globbed(session: Any, pattern: str, recursive: bool = False) -> list[str]:
    """`glob.glob(pattern)`, sorted."""
    import glob

    session.files.check(pattern, "read")
    return sorted(glob.glob(pattern, root_dir=session.files.folder or None, recursive=recursive))


class Kind:
    """`pathlib.Path`, which is called, asked for `cwd`, and stands in `isinstance`."""

    makes = Path

    def __init__(self, session: Any) -> None:
        self.session = session

    def __repr__(self) -> str:
        return "<class 'pathlib.Path'>"

    def __call__(self, *parts: Any) -> Path:
        return Path(self.session, *parts)

    def __instance__(self, value: Any) -> bool:
        return isinstance(value, Path)

    def __member__(self, name: str) -> Any:
        if name == "__name__":
            return "Path"
        if name in ("cwd", "home"):
            return lambda: Path(self.session, "." if self.session.files.sandboxed or name == "home" else os.getcwd())
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["cwd", "home"]


# --- folders for a while ------------------------------------------------------------------------------------------


class Temporary:
    """`TemporaryDirectory()`: a folder that is gone after the block."""

    __slots__ = ("folder",)
    __public__ = frozenset(("name", "cleanup"))

    def __init__(self, session: Any) -> None:
        self.folder = temporary(session)

    @property
    def name(self) -> str:
        return self.folder

    def __enter__(self) -> str:
        return self.folder

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)


def temporary(session: Any) -> str:
    """A new folder. Errors: Sandboxed."""
    import tempfile

    session.files.check("a temporary folder", "write")
    made = tempfile.mkdtemp()
    own(session).add(os.path.realpath(made))
    return made


class TemporaryFile(Written):
    """`NamedTemporaryFile(mode)`: a file that is gone when it is closed, unless `delete=False`."""

    __slots__ = ("delete",)

    def __init__(
        self,
        session: Any,
        mode: str = "w+b",
        buffering: int = -1,
        encoding: Any = None,
        newline: Any = None,
        suffix: Any = None,
        prefix: Any = None,
        dir: Any = None,
        delete: bool = True,
        **_: Any,
    ) -> None:
        import tempfile

        session.files.check("a temporary file", "write")
        folder = None if dir is None else session.files.real(text.written(dir))
        number, path = tempfile.mkstemp(suffix, prefix, folder)
        os.close(number)
        own(session).add(os.path.realpath(path))
        self.delete = delete
        super().__init__(session, path, mode.replace("x", "w"), encoding or "utf-8")

    def close(self) -> None:
        """Write what there is, or take the file away."""
        if not self.delete:
            super().close()
            return
        self.changed = False
        self.stream.close()
        with suppress(OSError):
            os.unlink(self.name)

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


def _unnamed(mode: str = "w+b", *_: Any, **__: Any) -> Any:
    """`TemporaryFile(mode)`, which nothing but the program ever sees."""
    words, data = in_memory()
    return data() if "b" in mode else words()


def module(session: Any, name: str) -> Module:
    if name == "glob":

        def found(pattern: Any, **options: Any) -> list[str]:
            return globbed(session, text.written(pattern), **options)

        def escaped(path: Any) -> str:
            import glob

            return glob.escape(text.written(path))

        return of_members(
            "glob", {"glob": found, "iglob": lambda *given, **o: iter(found(*given, **o)), "escape": escaped}
        )
    if name == "tempfile":

        def place() -> str:
            import tempfile

            return "." if session.files.sandboxed else tempfile.gettempdir()

        members: dict[str, Any] = {"TemporaryDirectory": lambda *_, **__: Temporary(session)}
        members |= {"mkdtemp": lambda *_, **__: temporary(session), "TemporaryFile": _unnamed}
        members |= {"NamedTemporaryFile": partial(TemporaryFile, session)}
        members |= {"SpooledTemporaryFile": lambda max_size=0, *given, **named: _unnamed(*given, **named)}
        return of_members("tempfile", {**members, "gettempdir": place})
    kind = Kind(session)
    return of_members("pathlib", {"Path": kind, "PurePath": kind, "PosixPath": kind, "PurePosixPath": kind})
