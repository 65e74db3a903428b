"""`gzip` and `zipfile`: files that are packed, read and written whole as all files of programs are."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

from gradsh.errors import GradshError, KeyError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.access import HOST, method
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.opening import File, Written, decoded, make_folder, opened, read
from gradsh.frontend.imports.pure import checked

__acts_for_programs__ = True


# --- gzip -------------------------------------------------------------------------------------------------------------


def unpacked(data: bytes) -> bytes:
    """What a gzip file holds. Errors: gzip.BadGzipFile, EOFError."""
    import gzip
    import zlib

    try:
        return gzip.decompress(data)
    except (OSError, EOFError) as error:
        raise raised(error.with_traceback(None)) from None
    except zlib.error as error:
        raise raised(gzip.BadGzipFile(str(error))) from None


class Packed(Written):
    """What `gzip.open(path, "w")` gives."""

    __slots__ = ()

    def packed(self, data: bytes) -> bytes:
        import gzip

        return gzip.compress(data, mtime=0)

    def unpacked(self, data: bytes) -> bytes:
        return unpacked(data)


def opening(session: Any) -> Callable[..., Any]:
    """`gzip.open(path, mode)`; its mode is of bytes, unless it says `t`."""

    def open(
        filename: Any, mode: str = "rb", compresslevel: int = 9, encoding: Any = None, errors: Any = None, *_: Any
    ) -> Any:
        words = "t" in mode
        if words and "b" in mode:
            raise ValueError_(f"Invalid mode: {mode!r}")
        if not words and (encoding is not None or errors is not None):
            name = "encoding" if encoding is not None else "errors"
            raise ValueError_(f"Argument '{name}' not supported in binary mode")
        plain = mode.replace("t", "").replace("b", "")
        if plain not in ("r", "w", "a", "x"):
            raise ValueError_(f"invalid mode: {plain + 'b'!r}")
        if plain != "r":
            return Packed(session, text.written(filename), plain + "t" * words + "b" * (not words), encoding or "utf-8")
        named = isinstance(filename, (str, bytes)) or hasattr(filename, "__fspath__")
        name = text.written(filename) if named else "<fileobj>"
        data = unpacked(read(session, name) if named else method(filename, "read")())
        return File(io.StringIO(decoded(data, encoding), newline=None) if words else io.BytesIO(data), name)

    return open


def _gzip(session: Any) -> Module:
    import gzip

    open = opening(session)

    def kind(filename: Any = None, mode: Any = None, compresslevel: int = 9, fileobj: Any = None, *_: Any) -> Any:
        """`gzip.GzipFile(filename, mode)`."""
        return open(filename if fileobj is None else fileobj, (mode or "r").replace("b", "") + "b")

    return of_members(
        "gzip",
        {
            "open": open,
            "GzipFile": kind,
            "compress": lambda data, compresslevel=9, *, mtime=None: gzip.compress(
                data, compresslevel, mtime=mtime or 0
            ),
            "decompress": unpacked,
            "BadGzipFile": gzip.BadGzipFile,
        },
    )


# --- zipfile ----------------------------------------------------------------------------------------------------------


class Archive:
    """`zipfile.ZipFile(path, mode)`: kept in memory, and written whole when it is closed."""

    __public__ = frozenset(
        """
        namelist infolist getinfo read open extract extractall writestr write close testzip filename mode printdir
        """.split()  # noqa: SIM905 - as elsewhere
    )

    def __init__(self, session: Any, file: Any, mode: str = "r", compression: int = 0, *_: Any, **__: Any) -> None:
        import zipfile

        if mode not in ("r", "w", "a", "x"):
            raise ValueError_("ZipFile requires mode 'r', 'w', 'x', or 'a'")
        self.session, self.mode = session, mode
        named = isinstance(file, str) or hasattr(file, "__fspath__")
        self.filename = text.written(file) if named else None
        self.sink: Any = None
        data = b""
        if mode != "r":
            self.sink = opened(session)(file, "xb" if mode == "x" else "wb" if mode == "w" else "ab") if named else file
            data = self.sink.stream.getvalue() if mode == "a" and named else b""
        else:
            data = read(session, self.filename or "") if named else method(file, "read")()
        self.kept = io.BytesIO(data)
        try:
            self.inner = zipfile.ZipFile(self.kept, "a" if mode == "a" else mode.replace("x", "w"), compression)  # type: ignore[call-overload]  # checked above
        except zipfile.BadZipFile as error:
            raise raised(error.with_traceback(None)) from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __printed__(self) -> str:
        return f"<zipfile.ZipFile filename={self.filename!r} mode={self.mode!r}>"

    __repr__ = __str__ = __printed__

    def namelist(self) -> list[str]:
        return list(self.inner.namelist())

    def infolist(self) -> list[Any]:
        return list(self.inner.infolist())

    def testzip(self) -> Any:
        return self.inner.testzip()

    def getinfo(self, name: str) -> Any:
        try:
            return self.inner.getinfo(name)
        except KeyError as error:
            raise KeyError_(text.shown(error.args[0]), kind="KeyError") from None

    def read(self, name: Any, pwd: Any = None) -> bytes:
        self.getinfo(name if isinstance(name, str) else name.filename)
        return bytes(self.inner.read(name))

    def open(self, name: Any, mode: str = "r", *_: Any, **__: Any) -> File:
        if mode != "r":
            raise ValueError_("what is written into an archive here is written whole: writestr(name, data)")
        return File(io.BytesIO(self.read(name)), name if isinstance(name, str) else name.filename)

    def extract(self, member: Any, path: Any = None, pwd: Any = None) -> str:
        """Write one of its files below a folder; a name leads to no place above that. Errors: FileError, Sandboxed."""
        name = member if isinstance(member, str) else member.filename
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        to = os.path.join(text.written(path) if path is not None else "", *parts)
        folder = to if name.endswith("/") else os.path.dirname(to)
        if folder:
            make_folder(self.session, folder, exist_ok=True)
        if not name.endswith("/"):
            data = self.read(name)
            self.session.files.write(to, lambda file: file.write(data))
        return to

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        for each in self.namelist() if members is None else members:
            self.extract(each, path)

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        import zipfile

        name = zinfo_or_arcname
        info = zipfile.ZipInfo(name) if isinstance(name, str) else name  # of 1980: the same bytes at any time
        info.compress_type = self.inner.compression
        checked(self.inner.writestr)(info, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        path = text.written(filename)
        name = text.written(arcname) if arcname is not None else path
        self.writestr(name.replace(os.sep, "/").lstrip("/"), read(self.session, path))

    def printdir(self) -> None:
        out = io.StringIO()
        self.inner.printdir(out)
        self.session.display.printed((out.getvalue(),), [None], "", "")

    def close(self) -> None:
        if self.sink is None:
            return
        self.inner.close()
        if isinstance(self.sink, Written):
            self.sink.stream.seek(0)
            self.sink.truncate(0)
            self.sink.write(self.kept.getvalue())
            self.sink.close()
        else:
            method(self.sink, "write")(self.kept.getvalue())
        self.sink = None


def _zipfile(session: Any) -> Module:
    import zipfile

    HOST.setdefault(
        zipfile.ZipInfo, frozenset(("filename", "file_size", "compress_size", "date_time", "is_dir", "CRC"))
    )

    def is_zip(filename: Any) -> bool:
        try:
            return zipfile.is_zipfile(io.BytesIO(read(session, text.written(filename))))
        except GradshError:
            return False

    members = {name: getattr(zipfile, name) for name in ("ZIP_STORED", "ZIP_DEFLATED", "BadZipFile", "ZipInfo")}
    members |= {"is_zipfile": is_zip, "ZipFile": lambda *given, **options: Archive(session, *given, **options)}
    return of_members("zipfile", members)


def module(session: Any, name: str) -> Module:
    return _gzip(session) if name == "gzip" else _zipfile(session)
