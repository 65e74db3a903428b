"""Files as Python programs open, list, rename and remove them, as far as a gradsh program may: `session.files`."""

from __future__ import annotations

import io
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from gradsh import errors
from gradsh.frontend import text
from gradsh.frontend.imports import Module, of_members

__acts_for_programs__ = True

UNSUPPORTED = "io.UnsupportedOperation"


def opened(session: Any) -> Callable[..., Any]:
    """`open(path, mode)`: all of a file at once, read when it is opened and written when it is flushed or closed."""

    def open(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, *_: Any, **options: Any) -> Any:
        path, kinds = text.written(file), set(mode)
        if len(kinds & set("rwax")) != 1 or kinds - set("rwaxbt+"):
            raise errors.ValueError_(f"invalid mode: {mode!r}")
        if kinds & set("wax+"):
            return Written(session, path, mode, encoding or "utf-8")
        data = read(session, path)
        return File(io.BytesIO(data) if "b" in kinds else io.StringIO(decoded(data, encoding), newline=None), path)

    return open


def decoded(data: Any, encoding: Any) -> str:
    """Bytes as text. Errors: ValueError_, a UnicodeDecodeError or a LookupError."""
    try:
        return str(data.decode(encoding or "utf-8"))
    except (UnicodeDecodeError, LookupError) as error:
        raise errors.ValueError_(str(error), kind=type(error).__name__) from None


def read(session: Any, path: str) -> Any:
    """All of a file. Errors: FileError in Python's words."""
    try:
        return session.files.read(path)
    except errors.FileError as error:
        raise _in_pythons_words(error, path) from None


def _in_pythons_words(error: errors.FileError, path: str) -> errors.FileError:
    number = getattr(error.__context__, "errno", None)
    if number is None:
        return error
    said = f"[Errno {number}] {os.strerror(number)}: {path!r}"
    return type(error)(said, help=error.help, kind=type(error.__context__).__name__)


class File:
    """What `open` gives for reading."""

    __slots__ = ("name", "stream")
    OPEN = frozenset(("read", "readline", "readlines", "close", "closed", "seek", "tell", "readable", "writable"))

    def __init__(self, stream: Any, name: str) -> None:
        self.stream = stream
        self.name = name

    def __member__(self, name: str) -> Any:
        if name == "name":
            return self.name
        if name == "writable":
            return lambda: isinstance(self, Written)
        if name not in self.OPEN:
            if name in ("write", "writelines"):
                raise errors.FileError("not writable", kind=UNSUPPORTED)
            raise KeyError(name)
        return getattr(self.stream, name) if name != "close" else self.close

    def __members__(self) -> list[str]:
        return sorted(self.OPEN)

    def __iter__(self) -> Any:
        return iter(self.stream)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stream.close()


class Written(File):
    """What `open` gives for writing: kept in memory, and written whole when it is flushed, closed or let go of."""

    __slots__ = ("__weakref__", "binary", "changed", "encoding", "session")
    OPEN = File.OPEN | {"write", "writelines", "flush", "truncate"}

    def __init__(self, session: Any, path: str, mode: str, encoding: str) -> None:
        self.session, self.name, self.encoding = session, path, encoding
        self.binary, self.changed = "b" in mode, False
        there = path != os.devnull and os.path.exists(os.path.join(session.files.folder, path))
        session.files.check(path, "write")
        if "x" in mode and there:
            raise errors.FileError(f"[Errno 17] File exists: {path!r}", kind="FileExistsError")
        old = self.unpacked(read(session, path)) if "r" in mode or ("a" in mode and there) else b""
        self.stream = io.BytesIO(old) if self.binary else io.StringIO(decoded(old, encoding))
        if "a" in mode:
            self.stream.seek(0, io.SEEK_END)
        if not there or "w" in mode:
            self.changed = True
            self.flush()
        session.writing.append(weakref.ref(self))

    def __member__(self, name: str) -> Any:
        if name in ("write", "writelines", "truncate", "flush"):
            return getattr(self, name)
        return super().__member__(name)

    def packed(self, data: bytes) -> bytes:
        """What is written of these bytes; `unpacked`: of what was there before."""
        return data

    unpacked = packed

    def write(self, words: Any) -> int:
        if not isinstance(words, (bytes, bytearray) if self.binary else str):
            kind = type(words).__name__
            said = f"a bytes-like object is required, not '{kind}'"
            raise errors.TypeError_(said if self.binary else f"write() argument must be str, not {kind}")
        self.changed = True
        return int(self.stream.write(words))

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def truncate(self, size: Any = None) -> int:
        self.changed = True
        return int(self.stream.truncate(size))

    def flush(self) -> None:
        """Errors: FileError in Python's words."""
        if not self.changed or self.stream.closed or self.name == os.devnull:  # where nothing stays
            return
        self.changed = False
        held = self.stream.getvalue()
        data = self.packed(held if self.binary else held.encode(self.encoding, "surrogateescape"))
        try:
            self.session.files.write(self.name, lambda file: file.write(data))
        except errors.FileError as error:
            raise _in_pythons_words(error, self.name) from None

    def close(self) -> None:
        self.flush()
        self.stream.close()

    def __del__(self) -> None:
        if getattr(self, "changed", False):  # `open(path, "w").write(words)`
            with suppress(Exception):
                self.flush()


# --- folders --------------------------------------------------------------------------------------------------------


def own(session: Any) -> set[str]:
    """The files and folders that a session has made: those it may remove."""
    made: set[str] = session.files.made
    return made


def listed(session: Any, path: str) -> list[str]:
    """The names in a folder. Errors: FileError, Sandboxed."""
    session.files.check(path, "read")
    try:
        return sorted(os.listdir(os.path.join(session.files.folder, path)))
    except OSError as error:
        raise failed(error, path) from None


def walked(session: Any, top: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """`os.walk(top)`, names in order."""
    session.files.check(top, "read")
    for folder, folders, files in os.walk(os.path.join(session.files.folder, top)):
        folders.sort()
        yield folder, folders, sorted(files)


def make_folder(session: Any, path: str, exist_ok: bool, parents: bool = True) -> None:
    """Make a folder. Errors: FileError, Sandboxed."""
    session.files.check(path, "write")
    real = os.path.join(session.files.folder, path)
    there = os.path.isdir(real)
    try:
        if parents:
            os.makedirs(real, exist_ok=exist_ok)
        elif not (exist_ok and there):
            os.mkdir(real)
    except OSError as error:
        raise failed(error, path) from None
    if not there:
        own(session).add(session.files.real(path))


def _mine(session: Any, path: str, doing: str) -> str:
    """Where a file or folder is that the session has made. Errors: FileError."""
    session.files.check(path, doing)
    real: str = session.files.real(path)
    if not os.path.lexists(real):
        raise errors.FileError(f"[Errno 2] No such file or directory: {path!r}", kind="FileNotFoundError")
    if not any(real == made or real.startswith(made + os.sep) for made in own(session)):
        raise errors.FileError(
            f"cannot {doing} {path!r}: a program touches only files that it has written itself", kind="PermissionError"
        )
    return real


def remove(session: Any, path: str) -> None:
    """Remove a file that the session has written. Errors: FileError."""
    real = _mine(session, path, "remove")
    try:
        os.unlink(real)
    except OSError as error:
        raise failed(error, path) from None


def remove_all(session: Any, path: str, whole: bool = False) -> None:
    """Remove a folder that the session has made; `whole`: and what is in it. Errors: FileError."""
    real = _mine(session, path, "remove")
    try:
        if whole:
            import shutil

            shutil.rmtree(real)
        else:
            os.rmdir(real)
    except OSError as error:
        raise failed(error, path) from None


def rename(session: Any, path: str, new: str) -> None:
    """Give a file that the session has written another name. Errors: FileError."""
    real = _mine(session, path, "rename")
    copy(session, path, new)
    os.unlink(real)


def copy(session: Any, path: Any, new: Any) -> str:
    """`shutil.copy(path, new)`: the new name. Errors: FileError."""
    path, to = text.written(path), str(text.written(new))
    if os.path.isdir(os.path.join(session.files.folder, to)):
        to = os.path.join(to, os.path.basename(path))
    data: bytes = read(session, path)
    try:
        session.files.write(to, lambda file: file.write(data))
    except errors.FileError as error:
        raise _in_pythons_words(error, to) from None
    return to


def failed(error: OSError, path: str) -> errors.FileError:
    """An error of the system's in Python's words."""
    return errors.FileError(f"[Errno {error.errno}] {error.strerror}: {path!r}", kind=type(error).__name__)


# --- standard input -------------------------------------------------------------------------------------------------


def lines_of(session: Any) -> Iterator[str]:
    """The lines that come on standard input, read when the first is asked for."""
    yield from io.StringIO(session.files.standard_input().decode("utf-8", "replace"))


def asking(session: Any) -> Callable[..., str]:
    """`input(prompt)`."""
    lines = lines_of(session)

    def input(prompt: Any = "") -> str:
        if session.asks is not None:
            return str(session.asks(text.written(prompt)))
        session.display.printed((prompt,), [None], "", "")
        line = next(lines, None)
        if line is None:
            raise errors.FileError("EOF when reading a line", kind="EOFError")
        return str(line).removesuffix("\n")

    return input


def module(session: Any, name: str) -> Module:
    """`shutil`."""

    def tree(path: Any, ignore_errors: bool = False, **_: Any) -> None:
        try:
            remove_all(session, text.written(path), whole=True)
        except errors.FileError:
            if not ignore_errors:
                raise

    def copied(path: Any, new: Any, **_: Any) -> str:
        return copy(session, path, new)

    members: dict[str, Any] = {"rmtree": tree, **dict.fromkeys(("copy", "copy2", "copyfile"), copied)}

    def move(src: Any, dst: Any, **_: Any) -> str:
        to = str(text.written(dst))
        if os.path.isdir(os.path.join(session.files.folder, to)):
            to = os.path.join(to, os.path.basename(text.written(src)))
        rename(session, text.written(src), to)
        return to

    def whole(src: Any, dst: Any, *_: Any, dirs_exist_ok: bool = False, **__: Any) -> str:
        """`shutil.copytree(src, dst)`."""
        path, to = text.written(src), str(text.written(dst))
        names = listed(session, path)
        make_folder(session, to, dirs_exist_ok)
        for name in names:
            inner = os.path.join(path, name)
            is_folder = os.path.isdir(os.path.join(session.files.folder, inner))
            (whole if is_folder else copy_to)(inner, os.path.join(to, name), dirs_exist_ok=dirs_exist_ok)
        return to

    def copy_to(src: Any, dst: Any, **_: Any) -> str:
        return copy(session, src, dst)

    members |= {"move": move, "copytree": whole, "which": lambda cmd, *_, **__: None}
    members["get_terminal_size"] = lambda *_: os.terminal_size((80, 24))
    return of_members("shutil", members)
