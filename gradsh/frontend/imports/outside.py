"""What reaches outside of a program, as far as a gradsh program may: arguments, paths, files for reading."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from gradsh import errors
from gradsh.frontend import text
from gradsh.frontend.imports import NONE, Module, of_members

__acts_for_programs__ = True


class Stream:
    """`sys.stdout`, `sys.stderr`: `take` writes a text."""

    __slots__ = ("take",)

    def __init__(self, take: Callable[[str], None]) -> None:
        self.take = take

    def __member__(self, name: str) -> Any:
        if name == "write":
            return self.write
        if name == "flush":
            return lambda: None
        if name == "isatty":
            return lambda: False
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["write", "flush", "isatty"]

    def write(self, words: str) -> int:
        self.take(words)
        return len(words)


def _sys(session: Any) -> Module:
    def leave(status: Any = None) -> None:
        raise SystemExit(status)

    def out(words: str) -> None:
        session.display.printed((words,), [None], "", "")

    members = {
        "argv": list(session.argv),
        "exit": leave,
        "stdout": Stream(out),
        "stderr": Stream(session.display.note),
        "maxsize": sys.maxsize,
        "version": sys.version,
        "version_info": tuple(sys.version_info),
        "platform": sys.platform,
        "path": [],
        "modules": {},
        "float_info": sys.float_info,
        "byteorder": sys.byteorder,
        "getsizeof": sys.getsizeof,
        "getrecursionlimit": sys.getrecursionlimit,
        "setrecursionlimit": lambda limit: None,
        "executable": "gradsh",
    }
    return of_members("sys", members)


def _as_name(value: Any) -> Any:
    """A path as a string; lists and other options as they are."""
    return os.fspath(value) if hasattr(value, "__fspath__") else value


_PURE_PATHS = "join basename dirname splitext split normpath isabs sep commonprefix relpath"


def _os(session: Any) -> Module:
    def asked(test: Callable[[str], bool]) -> Callable[[str], bool]:
        def ask(path: Any) -> bool:
            if session.files.sandboxed:
                return False
            return test(os.path.join(session.files.folder, text.written(path)))

        return ask

    def named(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: function(*map(_as_name, given))

    paths: dict[str, Any] = {name: named(getattr(os.path, name)) for name in _PURE_PATHS.split() if name != "sep"}
    paths["sep"] = os.sep
    paths |= {name: asked(getattr(os.path, name)) for name in ("exists", "isfile", "isdir")}
    paths |= {"abspath": named(os.path.abspath), "expanduser": lambda path: path, "realpath": named(os.path.abspath)}

    def made(path: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        make_folder(session, text.written(path), exist_ok)

    def environ(name: str, default: Any = None) -> Any:
        found = session.context.host.env(name)
        return default if found is None else found

    return of_members(
        "os",
        {
            "path": of_members("os.path", paths),
            "getcwd": lambda: "." if session.files.sandboxed else os.getcwd(),
            "listdir": lambda path=".": listed(session, text.written(path)),
            "makedirs": made,
            "mkdir": made,
            "getenv": environ,
            "environ": Environment(environ),
            "sep": os.sep,
            "linesep": os.linesep,
            "name": os.name,
            "cpu_count": os.cpu_count,
            "getpid": lambda: 1,
        },
    )


def listed(session: Any, path: str) -> list[str]:
    """The names in a folder. Errors: FileError, Sandboxed."""
    session.files.check(path, "read")
    try:
        return sorted(os.listdir(os.path.join(session.files.folder, path)))
    except OSError as error:
        raise _failed(error, path) from None


def make_folder(session: Any, path: str, exist_ok: bool, parents: bool = True) -> None:
    """Make a folder. Errors: FileError, Sandboxed."""
    session.files.check(path, "write")
    real = os.path.join(session.files.folder, path)
    try:
        if parents:
            os.makedirs(real, exist_ok=exist_ok)
        elif not (exist_ok and os.path.isdir(real)):
            os.mkdir(real)
    except OSError as error:
        raise _failed(error, path) from None


def _failed(error: OSError, path: str) -> errors.FileError:
    return errors.FileError(f"[Errno {error.errno}] {error.strerror}: '{path}'", kind=type(error).__name__)


class Environment:
    """`os.environ`: what the environment has, and what the program puts there for itself."""

    __slots__ = ("ask", "own")

    def __init__(self, ask: Callable[..., Any]) -> None:
        self.ask = ask
        self.own: dict[str, str] = {}

    def get(self, name: str, default: Any = None) -> Any:
        return self.own.get(name) or self.ask(name, default)

    def __getitem__(self, name: str) -> Any:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, value: str) -> None:
        self.own[name] = value

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def __member__(self, name: str) -> Any:
        if name in ("get", "setdefault"):
            return self.get
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["get"]


# --- files ----------------------------------------------------------------------------------------------------------


def opened(session: Any) -> Callable[..., Any]:
    """`open(path)`, for reading: a text or bytes, all of it at once."""

    def open(file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, **_: Any) -> Any:
        import io

        path = text.written(file)
        if set(mode) & set("wax+"):
            raise errors.FileError(f"cannot write '{path}': programs in Python read files only", kind="PermissionError")
        data = read(session, path)
        if "b" in mode:
            return File(io.BytesIO(data))
        try:
            return File(io.StringIO(data.decode(encoding or "utf-8"), newline=None))
        except (UnicodeDecodeError, LookupError) as error:
            raise errors.ValueError_(str(error)) from None

    return open


def read(session: Any, path: str) -> Any:
    """All of a file. Errors: FileError in Python's words."""
    try:
        return session.files.read(path)
    except errors.FileError as error:
        number = getattr(error.__context__, "errno", None)
        if number is None:
            raise
        said = f"[Errno {number}] {os.strerror(number)}: '{path}'"
        raise type(error)(said, help=error.help, kind=type(error.__context__).__name__) from None


class File:
    """What `open` gives."""

    __slots__ = ("stream",)
    OPEN = frozenset(("read", "readline", "readlines", "close", "seek", "tell"))

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __member__(self, name: str) -> Any:
        if name not in self.OPEN:
            raise KeyError(name)
        return getattr(self.stream, name)

    def __members__(self) -> list[str]:
        return sorted(self.OPEN)

    def __iter__(self) -> Any:
        return iter(self.stream)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()


# --- command lines --------------------------------------------------------------------------------------------------


def _argparse(session: Any) -> Module:
    from gradsh.frontend.imports.arguments import Parser

    def parser(*given: Any, **options: Any) -> Any:
        return Parser(session, *given, **options)

    members = {"ArgumentParser": parser, "Namespace": NONE}
    names = ("ArgumentDefaultsHelpFormatter", "RawTextHelpFormatter", "RawDescriptionHelpFormatter", "SUPPRESS")
    members |= {name: name for name in names}
    return of_members("argparse", members)


MAKERS: dict[str, Callable[[Any], Module]] = {"sys": _sys, "os": _os, "argparse": _argparse}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
