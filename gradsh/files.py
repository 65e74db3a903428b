"""The one door to the user's files: every read and every write of a program goes through a `Files`.

What is written is written whole or not at all: it goes to a file without a name in the same folder (where the system
has such files, else to one with a name of its own), is forced to the disk, and takes the wanted name in one step. A
reader, and whoever comes after a kill or a power cut, finds what was there before or all that is there now.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import BinaryIO

from gradsh import errors
from gradsh.errors import GradshError, Label, Source, Span

NEW = 0o666  # of a new file, less what the user's umask takes away
LOOKED_AT = 1000  # names of a folder, for one that was meant


class Files:
    """What a session may do with files; `closed` says why it may not (standard input is no file)."""

    __slots__ = ("_numbers", "closed", "stdin")

    def __init__(self, closed: str | None = None, stdin: Callable[[], bytes] | None = None) -> None:
        """`stdin` reads all of standard input, where that is not the program's own text."""
        self.closed = closed
        self.stdin = stdin
        self._numbers: bytes | None = None

    def check(self, path: str, doing: str) -> None:
        """Errors: FileError where files are not to be touched, or for a name that no file can have."""
        if self.closed is not None:
            raise errors.FileError(f"cannot {doing} '{path}': {self.closed}", kind="PermissionError")
        if "\0" in path:
            raise errors.FileError(f"cannot {doing} {path!r}: a file name cannot contain a NUL", kind="ValueError")

    def read(self, path: str) -> bytes:
        """All of a file. Errors: FileError, naming a file of a similar name where there is one."""
        self.check(path, "read")
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise refused(path, "read", error, near(path)) from None

    def standard_input(self) -> bytes:
        """All that comes on standard input; the same again when asked again. Errors: FileError."""
        if self._numbers is None:
            if self.stdin is None:
                raise errors.FileError(
                    "cannot read '-': standard input is where the program comes from",
                    help='run the program from a file or with `-c`: then `load("-")` reads standard input',
                )
            self._numbers = self.stdin()
        return self._numbers

    def write(self, path: str, produce: Callable[[BinaryIO], None]) -> None:
        """Write a file with what `produce` writes, whole or not at all. Errors: FileError."""
        self.check(path, "write")
        try:
            # through a link the file is written that it leads to
            self._write(os.path.realpath(path), produce)
        except OSError as error:
            raise refused(path, "write", error) from None

    @staticmethod
    def _write(path: str, produce: Callable[[BinaryIO], None]) -> None:
        mode = None
        try:
            there = os.stat(path)
        except FileNotFoundError:
            pass
        else:
            if stat.S_ISDIR(there.st_mode):
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            if not stat.S_ISREG(there.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file")
            if not os.access(path, os.W_OK):
                raise PermissionError(errno.EACCES, "the file is read-only")
            mode = stat.S_IMODE(there.st_mode)
        folder, name = os.path.split(path)
        temporary = os.path.join(folder, f".{name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
        made = False
        try:
            made = _nameless(temporary, mode, produce)
            if not made:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                handle = os.open(temporary, flags, NEW)
                made = True
                with open(handle, "wb") as file:
                    _fill(file, mode, produce)
            os.replace(temporary, path)
            made = False
        finally:
            if made:
                os.unlink(temporary)
        _settle(folder)


def _fill(file: BinaryIO, mode: int | None, produce: Callable[[BinaryIO], None]) -> None:
    """Write the content and force it to the disk; `mode` is that of the file that is replaced."""
    produce(file)
    file.flush()
    if mode is not None and hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), mode)
    os.fsync(file.fileno())


def _nameless(path: str, mode: int | None, produce: Callable[[BinaryIO], None]) -> bool:
    """Write a file that is gone when this process is, and name it at the end; False where there is no such thing."""
    if not hasattr(os, "O_TMPFILE"):
        return False
    try:
        handle = os.open(os.path.dirname(path) or ".", os.O_WRONLY | os.O_TMPFILE, NEW)
    except OSError:
        return False
    with open(handle, "wb") as file:
        _fill(file, mode, produce)
        try:
            # a folder's handle is asked for so that the link is followed; with a whole path it is not looked at
            os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle, follow_symlinks=True)
        except OSError:  # no /proc, or a system that forbids it
            return False
    return True


def _settle(folder: str) -> None:
    """Force the new name to the disk too; a system that cannot has said so in vain."""
    try:
        handle = os.open(folder or ".", os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def refused(path: str, doing: str, error: OSError, help: str | None = None) -> errors.FileError:
    """What the system said, in the user's terms."""
    reason = error.strerror or str(error)
    if doing == "write" and isinstance(error, FileNotFoundError):
        reason = f"there is no folder '{os.path.dirname(path)}'"
    return errors.FileError(f"cannot {doing} '{path}': {reason}", help=help, kind=type(error).__name__)


def near(path: str) -> str | None:
    """A help line with a file of a similar name in the same folder."""
    from gradsh.calls.suggest import suggest

    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            there = sorted(entry.name for _, entry in zip(range(LOOKED_AT), entries, strict=False))
    except OSError:
        return None
    close = suggest(name, there)
    return f"did you mean '{os.path.join(folder, close)}'?" if close else None


def decode(name: str, text: bytes) -> str | GradshError:
    """A program's text from its bytes, or the error that says where it stops being UTF-8."""
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(name, text.decode("utf-8", "replace"))
        at = len(text[: error.start].decode("utf-8"))
        return errors.NotUtf8(
            f"the program is not UTF-8 text: byte 0x{text[error.start]:02x} at offset {error.start}",
            [Label(Span(source, at, at + 1))],
        )
