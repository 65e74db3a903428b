"""What reaches outside of a program, as far as a gradsh program may: arguments, paths, files for reading."""

from __future__ import annotations

import collections
import os
import sys
from collections.abc import Callable
from typing import Any

from gradsh.errors import TypeError_
from gradsh.frontend import text, traces
from gradsh.frontend.access import method
from gradsh.frontend.exceptions import leave, seen
from gradsh.frontend.imports import NONE, Module, of_members
from gradsh.frontend.imports.contexts import Redirected
from gradsh.frontend.imports.opening import lines_of, listed, make_folder, read, remove, remove_all, rename, walked
from gradsh.frontend.imports.paths import Path
from gradsh.frontend.imports.pure import SimpleNamespace
from gradsh.frontend.kinds import Only

__acts_for_programs__ = True


KEPT = {
    "encoding": "utf-8",
    "errors": "strict",
    "closed": False,
    "line_buffering": False,
}  # what streams say of themselves


class Stream:
    """`sys.stdout`, `sys.stderr`: `take` writes a text."""

    __slots__ = ("name", "take")

    def __init__(self, take: Callable[[str], None], name: str) -> None:
        self.take, self.name = take, name

    def __member__(self, name: str) -> Any:
        if name == "write":
            return self.write
        if name == "name":
            return self.name
        if name == "flush":
            return lambda: None
        if name in ("isatty", "readable"):
            return lambda: False
        if name == "writable":
            return lambda: True
        if name == "writelines":
            return lambda lines: [self.write(line) for line in lines] and None
        if name in KEPT:
            return KEPT[name]
        raise KeyError(name)

    def __members__(self) -> list[str]:
        return ["write", "writelines", "flush", "isatty", "name", "readable", "writable", *KEPT]

    def write(self, words: str) -> int:
        self.take(words)
        return len(words)


class Stdin:
    """`sys.stdin`."""

    __public__ = frozenset(("read", "readline", "readlines", "isatty"))

    def __init__(self, session: Any) -> None:
        self.lines = lines_of(session)

    def __iter__(self) -> Any:
        return self.lines

    def readline(self) -> str:
        return next(self.lines, "")

    def readlines(self) -> list[str]:
        return list(self.lines)

    def read(self) -> str:
        return "".join(self.lines)

    def isatty(self) -> bool:
        return False


VersionInfo = collections.namedtuple("VersionInfo", "major minor micro releaselevel serial")
VersionInfo.__qualname__ = "sys.version_info"


class Sys(Module):
    """The module `sys`, whose `stdout` and `stderr` a program may put other streams in the place of."""

    __slots__ = ("session",)
    session: Any

    def __set_member__(self, name: str, value: Any) -> None:
        super().__set_member__(name, value)
        if name not in ("stdout", "stderr"):
            return
        shown = _unassigned(self.session.display)
        for stream in ("stdout", "stderr"):
            there = self.__member__(stream)
            if there is not self.__member__(f"__{stream}__"):
                shown = Assigned(shown, method(there, "write"), stream == "stderr")
        self.session.display = shown


class Assigned(Redirected):
    """The display while `sys.stdout` or `sys.stderr` is a stream of the program's."""


def _unassigned(display: Any) -> Any:
    """What shows where both streams are those that the program began with."""
    while isinstance(display, Assigned):
        display = display.shown
    return display


def _handled() -> tuple[Any, Any, Any]:
    """`sys.exc_info()`."""
    error = sys.exc_info()[1]
    if error is None:
        return None, None, None
    shown = seen(error)
    return type(shown), shown, traces.of_exception(shown, "__traceback__")


def _sys(session: Any) -> Module:
    def out(words: str) -> None:
        _unassigned(session.display).printed((words,), [None], "", "")

    members = {
        "argv": list(session.argv),
        "exit": leave,
        "stdout": (stdout := Stream(out, "<stdout>")),
        "__stdout__": stdout,
        "stderr": (stderr := Stream(lambda words: _unassigned(session.display).note(words), "<stderr>")),
        "__stderr__": stderr,
        "maxsize": sys.maxsize,
        "version": sys.version,
        "version_info": VersionInfo(*sys.version_info),
        "platform": sys.platform,
        "path": session.paths,
        "modules": {},
        "float_info": sys.float_info,
        "byteorder": sys.byteorder,
        "getsizeof": sys.getsizeof,
        "getrecursionlimit": sys.getrecursionlimit,
        "setrecursionlimit": lambda limit: None,
        "executable": "gradsh",
        "exc_info": _handled,
        "getrefcount": lambda value: 2,  # how many the host holds is nothing of the program's
        "intern": str,
        "getdefaultencoding": sys.getdefaultencoding,
        "getfilesystemencoding": sys.getfilesystemencoding,
        "hexversion": sys.hexversion,
        "maxunicode": sys.maxunicode,
        "prefix": "gradsh",
        "implementation": SimpleNamespace(name="cpython", version=VersionInfo(*sys.version_info)),
        "flags": SimpleNamespace(optimize=0, debug=0, interactive=0, verbose=0, utf8_mode=sys.flags.utf8_mode),
        "int_info": sys.int_info,
        "hash_info": sys.hash_info,
        "gettrace": lambda: None,
        "getswitchinterval": sys.getswitchinterval,
        "api_version": sys.api_version,
        "float_repr_style": sys.float_repr_style,
        "copyright": sys.copyright,
        "warnoptions": [],
        "stdin": Stdin(session),
    }
    made = Sys("sys", lambda name: members.get(name, NONE), has=members)
    made.session = session
    return made


def _as_name(value: Any) -> Any:
    """A path as a string; lists and other options as they are."""
    return os.fspath(value) if hasattr(value, "__fspath__") else value


_PURE_PATHS = "join basename dirname splitext split normpath isabs commonprefix relpath normcase splitdrive commonpath"
_CONSTANTS = "sep linesep name curdir pardir pathsep devnull extsep altsep"


def _os(session: Any) -> Module:
    def asked(test: Callable[[str], bool]) -> Callable[[str], bool]:
        def ask(path: Any) -> bool:
            if session.files.sandboxed:
                return False
            return test(os.path.join(session.files.folder, text.written(path)))

        return ask

    def named(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: function(*map(_as_name, given))

    paths: dict[str, Any] = {name: named(getattr(os.path, name)) for name in _PURE_PATHS.split()}
    paths["sep"] = os.sep
    paths |= {name: asked(getattr(os.path, name)) for name in ("exists", "isfile", "isdir", "islink", "lexists")}
    paths["samefile"] = lambda one, two: session.files.real(text.written(one)) == session.files.real(text.written(two))
    paths |= {"getsize": lambda path: len(read(session, text.written(path))), "expandvars": lambda path: path}
    paths |= {
        name: (lambda path, stamp=f"st_{name[3]}time": getattr(Path(session, path).stat(), stamp))
        for name in ("getmtime", "getctime", "getatime")
    }
    paths |= {"abspath": named(os.path.abspath), "expanduser": lambda path: path, "realpath": named(os.path.abspath)}

    def made(path: Any, mode: int = 0o777, exist_ok: bool = False) -> None:
        make_folder(session, text.written(path), exist_ok)

    def environ(name: Any, default: Any = None) -> Any:
        if not isinstance(name, str):
            raise TypeError_(f"str expected, not {type(name).__name__}")
        found = session.context.host.env(name)
        return default if found is None else found

    return of_members(
        "os",
        {
            "path": of_members("os.path", paths),
            "getcwd": lambda: "." if session.files.sandboxed else os.getcwd(),
            "listdir": lambda path=".": listed(session, text.written(path)),
            "makedirs": made,
            "mkdir": lambda path, mode=0o777, **_: make_folder(session, text.written(path), False, parents=False),
            "remove": lambda path: remove(session, text.written(path)),
            "unlink": lambda path: remove(session, text.written(path)),
            "rmdir": lambda path: remove_all(session, text.written(path)),
            "stat": lambda path, **_: Path(session, path).stat(),
            "scandir": lambda path=".": Entries(session, text.written(path)),
            "access": lambda path, mode, **_: Path(session, path).exists(),
            "uname": lambda: SimpleNamespace(sysname=sys.platform.capitalize(), nodename="", machine=""),
            **{name: getattr(os, name) for name in ("F_OK", "R_OK", "W_OK", "X_OK")},
            "get_terminal_size": lambda *_: os.terminal_size((80, 24)),
            "rename": lambda old, new: rename(session, text.written(old), text.written(new)),
            "replace": lambda old, new: rename(session, text.written(old), text.written(new)),
            "walk": lambda top: walked(session, text.written(top)),
            "getenv": environ,
            "environ": Environment(environ),
            **{name: getattr(os, name) for name in _CONSTANTS.split()},
            "fspath": lambda path: text.written(path),
            "urandom": os.urandom,
            "fsencode": lambda path: text.written(path).encode(),
            "PathLike": Only("os.PathLike", Path),
            "error": OSError,
            "cpu_count": os.cpu_count,
            "getpid": lambda: 1,
        },
    )


class Entry:
    """What `os.scandir` gives."""

    __public__ = frozenset(("name", "path", "is_file", "is_dir", "is_symlink", "stat"))

    def __init__(self, session: Any, folder: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(folder, name)
        self.inner = Path(session, self.path)

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return self.inner.is_file()

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return self.inner.is_dir()

    def is_symlink(self) -> bool:
        return os.path.islink(self.inner.real())

    def stat(self, *, follow_symlinks: bool = True) -> Any:
        return self.inner.stat()


class Entries:
    """`os.scandir(path)`, names in order; a block too."""

    __public__ = frozenset(("close",))

    def __init__(self, session: Any, folder: str) -> None:
        self.found = iter([Entry(session, folder, name) for name in listed(session, folder)])

    def __iter__(self) -> Any:
        return self.found

    def __next__(self) -> Entry:
        return next(self.found)

    def __enter__(self) -> Entries:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    close = __exit__


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

    def setdefault(self, name: str, value: str) -> str:
        found = self.get(name)
        if found is None:
            self.own[name] = found = value
        return str(found)

    def update(self, *given: Any, **named: Any) -> None:
        self.own.update(*given, **named)

    def pop(self, name: str, *default: Any) -> Any:
        """Only what the program has put there is gone."""
        if name in self.own:
            return self.own.pop(name)
        found = self.get(name)
        if found is None and not default:
            raise KeyError(name)
        return default[0] if found is None else found

    def __member__(self, name: str) -> Any:
        if name not in ("get", "setdefault", "update", "pop"):
            raise KeyError(name)
        return getattr(self, name)

    def __members__(self) -> list[str]:
        return ["get", "setdefault", "update", "pop"]


MAKERS: dict[str, Callable[[Any], Module]] = {"sys": _sys, "os": _os}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
