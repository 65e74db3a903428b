"""The user's cache folder: parse tables and compiled programs. Losing it costs time, never correctness.

What is read back is executed or unpickled, so the folder must belong to the user and be closed to everybody else;
otherwise there is no cache. Every entry begins with the digest of its content and is replaced as a whole.
`gradsh -c` reads one entry on its way to the first value: nothing beyond `os` is imported on that path.
"""

from __future__ import annotations

import marshal
import os
import stat
import sys
import time

from gradsh.interrupts import held

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")

try:  # the C module: `hashlib` loads OpenSSL, which takes longer than all that is done here
    from _blake2 import blake2b
except ImportError:  # pragma: no cover - a Python built without it
    from hashlib import blake2b

DIGEST = 32
DAY = 86400.0
LARGEST = 2**28  # bytes of an entry
# not blocking: a FIFO in the folder would be waited for
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def digest(data: bytes) -> bytes:
    """What an entry begins with."""
    return blake2b(data, digest_size=DIGEST).digest()


def key(parts: list[str]) -> str:
    """What depends on all of these texts, as part of a file name."""
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def wanted() -> str | None:
    """Where the cache should be: GRADSH_CACHE_DIR, else the platform's own place; None where there is no home."""
    if given := os.environ.get("GRADSH_CACHE_DIR"):
        return os.path.abspath(given)
    if sys.platform == "linux":
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.cache")
        return os.path.join(base, "gradsh") if os.path.isabs(base) else None
    from platformdirs import user_cache_dir

    return user_cache_dir("gradsh", appauthor=False)


def is_private(path: str) -> bool:
    """Whether `path` is a real folder that is the user's and that nobody else may write."""
    try:
        status = os.lstat(path)
    except OSError:
        return False
    if not stat.S_ISDIR(status.st_mode):
        return False
    if not hasattr(os, "getuid"):  # Windows: the profile folder is the user's own
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def folder(make: bool = False) -> str | None:
    """The cache folder, or None if there is none that can be trusted; `make` creates it, open to the user only."""
    path = wanted()
    if path is None:
        return None
    if make and not os.path.lexists(path):
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.mkdir(path, 0o700)
        except OSError:
            pass
    return path if is_private(path) else None


def read(key: str) -> bytes | None:
    """The entry of that key, a plain file name; None if there is none, or if it is torn or not the user's own."""
    path = folder()
    if path is None:
        return None
    try:
        handle = os.open(os.path.join(path, key), READ)
    except OSError:
        return None
    try:
        with open(handle, "rb", closefd=True) as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
                return None
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
            entry = file.read()
        if time.time() - status.st_mtime > DAY:
            _touch(os.path.join(path, key))
    except OSError:
        return None
    data = entry[DIGEST:]
    return data if digest(data) == entry[:DIGEST] else None


def table(key: str, make: Callable[[Any], T], shipped_as: str = "") -> T | None:
    """What `make` makes of a marshalled entry; of the wheel's own where there is one.

    None where there is none, or where it was written by another Python or another gradsh.
    """
    stored = (shipped(shipped_as) if shipped_as else None) or read(key)
    if stored is None:
        return None
    try:
        return make(marshal.loads(stored))
    except (ValueError, EOFError, TypeError):
        return None


def _touch(path: str) -> None:
    """The time of an entry is that of its last use, to the day: what goes first is what was used longest ago."""
    from contextlib import suppress

    with suppress(OSError):
        os.utime(path)


def write(key: str, data: bytes) -> None:
    """Store an entry, whole or not at all; a folder that cannot be written is no error."""
    path = folder(make=True)
    if path is None:
        return
    token = os.urandom(4)
    if token[0] < 4:  # one write in 64
        from gradsh.pruning import prune

        prune(path)
    temporary = os.path.join(path, f".{key}.{os.getpid()}.{token.hex()}")
    with held():  # else an interrupt would leave the temporary file
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            try:
                with open(handle, "wb") as file:
                    file.write(digest(data) + data)
                os.replace(temporary, os.path.join(path, key))
            except OSError:
                os.unlink(temporary)
        except OSError:
            pass


HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(HERE, "built")  # what a wheel brings along: tables, and the digest of the files that made them
# what the tables and the code of programs are made by: the rest of gradsh only runs and shows them
MADE_BY = ("calls", "commands", "engine", "language", "lib", "runtime")
VERSION = "version"


def shipped(name: str) -> bytes | None:
    """A table that came with the wheel; None where gradsh runs from a checkout, whose files may change."""
    try:
        with open(os.path.join(BUILT, name), "rb") as file:
            return file.read()
    except OSError:
        return None


_sources: str | None = None


def fingerprint() -> str:
    """What another version, or an edited one, has another of: it never reads this one's tables and programs.

    An installed one says it; of a checkout these are sizes and times of the files that decide.
    """
    global _sources
    if _sources is None:
        version = shipped(VERSION)
        _sources = version.decode() if version is not None else _stamps()
    return _sources


def _stamps() -> str:
    found: list[str] = []
    folders = [os.path.join(HERE, name) for name in MADE_BY]
    folders.append(os.path.join(os.path.dirname(HERE), "grammar"))
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    name = entry.name
                    if name.endswith((".py", ".lark", ".grad")):
                        status = entry.stat()
                        found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
                    elif "." not in name and name != "__pycache__" and entry.is_dir():
                        folders.append(entry.path)
        except OSError:
            continue
    return "\n".join(sorted(found))


def content() -> str:
    """The digest of the files that decide, for a wheel to say."""
    from pathlib import Path

    grammar = (Path(HERE) / "grammar", Path(HERE).parent / "grammar")
    folders = [Path(HERE) / name for name in MADE_BY] + [each for each in grammar if each.exists()]
    files = sorted(file for each in folders for file in each.rglob("*") if file.suffix in (".py", ".lark", ".grad"))
    return digest(b"\0".join(file.name.encode() + b"\0" + file.read_bytes() for file in files)).hex()
