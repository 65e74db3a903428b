"""The one door to the user's files: every read and every write of a program goes through a `Files`.

What is read is a regular file: a FIFO would wait for ever, /dev/zero would never end.

What is written is written whole or not at all: it goes to a file without a name in the same folder (where the system
has such files, else to one with a name of its own), is forced to the disk, and takes the wanted name in one step. A
reader, and whoever comes after a kill or a power cut, finds what was there before or all that is there now.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable
from typing import BinaryIO

from gradsh import errors
from gradsh.errors import GradshError, Label, Source, Span

ENDING = ".grad"
PYTHON = (".py", ".ipynb")  # PyTorch's own source
NEW = 0o666  # of a new file, less what the user's umask takes away
HOUR = 3600.0
LOOKED_AT = 1000  # names of a folder, for one that was meant
PROGRAM = 32 * 2**20  # bytes of the longest program
BLOCK = 2**20
# not blocking: what is a FIFO by now would be waited for
READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# what a program in a sandbox does in place of reading and writing files
INSTEAD = {
    "read": '`load("-")` reads the numbers that come on standard input',
    "write": "`print x` writes to standard output",
}
HANDED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")  # descriptors that the caller opened: `gradsh <(echo 1)`


class Files:
    """What a session may do with files; `closed` says why it may not (standard input is no file).

    In a sandbox it may do nothing with them, but use programs below a folder. Names begin in `folder`, where one is
    given; else, as everywhere, in the folder that the process is in.
    """

    __slots__ = ("_numbers", "closed", "folder", "made", "sandboxed", "stdin")

    def __init__(
        self, closed: str | None = None, stdin: Callable[[], bytes] | None = None, sandboxed: bool = False
    ) -> None:
        """`stdin` reads all of standard input, where that is not the program's own text."""
        self.closed = closed
        self.folder = ""
        self.made: set[str] = set()  # files and folders that programs have made and may remove, where they say so
        self.sandboxed = sandboxed
        self.stdin = stdin
        self._numbers: bytes | None = None

    def real(self, path: str) -> str:
        """Where a name leads, links and all."""
        return os.path.realpath(os.path.join(self.folder, path))

    def check(self, path: str, doing: str) -> None:
        """Errors: FileError where files are not to be touched, or for a name that no file can have."""
        if self.sandboxed and doing != "use":
            raise errors.Sandboxed(f"cannot {doing} '{path}': the program runs in a sandbox", help=INSTEAD.get(doing))
        if self.closed is not None:
            kind = errors.Sandboxed if self.sandboxed else errors.FileError
            raise kind(f"cannot {doing} '{path}': {self.closed}", kind="PermissionError")
        if "\0" in path:
            raise errors.FileError(f"cannot {doing} {path!r}: a file name cannot contain a NUL", kind="ValueError")
        try:
            os.fsencode(path)
        except UnicodeEncodeError:
            said = f"cannot {doing} {path!r}: a file name cannot contain half of a surrogate pair"
            raise errors.FileError(said, kind="ValueError") from None

    def read(self, path: str) -> bytes:
        """All of a file. Errors: FileError, naming a file of a similar name where there is one."""
        self.check(path, "read")
        try:
            return read_regular(os.path.join(self.folder, path))
        except OSError as error:
            raise refused(path, "read", error, self.folder) from None

    def program(self, path: str, below: str, ending: str = ENDING) -> bytes:
        """All of a file that a program uses, in a sandbox only of one below the folder `below`.

        Errors: FileError, also where it is not called NAME.grad (or what `ending` says); Sandboxed. `check` has been
        asked.
        """
        real, inside = self.real(path), self.real(below)
        if self.sandboxed and not (real + os.sep).startswith(inside.rstrip(os.sep) + os.sep):
            raise errors.Sandboxed(
                f"cannot use '{path}': the program runs in a sandbox, and uses what is below its own folder only"
            )
        if not real.endswith(ending):  # its errors would show lines of /etc/shadow
            what = "it is a link to a file that is not" if path.endswith(ending) else "what is used is"
            help = f"did you mean '{path}{ending}'?" if os.path.exists(real + ending) else None
            raise errors.FileError(f"cannot use '{path}': {what} called NAME{ending}", help=help)
        try:
            return read_below(inside, real, PROGRAM) if self.sandboxed else read_regular(real, PROGRAM)
        except OSError as error:
            raise refused(path, "read", error, self.folder) from None

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
            real = self.real(path)
            self._write(real, produce)
        except OSError as error:
            raise refused(path, "write", error, self.folder) from None
        self.made.add(real)

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
        try:
            if not _nameless(temporary, mode, produce):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
                with open(os.open(temporary, flags, NEW), "wb") as file:
                    _fill(file, mode, produce)
            os.replace(temporary, path)
        except BaseException:  # an interrupt too; and a close that fails when the file has its name already
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _settle(folder)
        _sweep(folder, name)


def read_regular(path: str, limit: int | None = None, folder: int | None = None) -> bytes:
    """All of a regular file, of at most `limit` bytes; `path` begins in the open `folder`, if one is given.

    Errors: OSError, in plain words for anything else.
    """
    link = folder is None
    _refuse(os.stat(path, dir_fd=folder, follow_symlinks=link).st_mode)  # before opening, which some devices act upon
    with open(os.open(path, READ if link else READ | NO_LINK, dir_fd=folder), "rb") as file:
        _refuse(os.fstat(file.fileno()).st_mode)  # it may be another one by now
        return _limited(file, limit)


def read_below(folder: str, path: str, limit: int) -> bytes:
    """All of a regular file below a folder, both without links in their names: one folder after the other is opened.

    What somebody makes a link meanwhile is not followed. Errors: OSError.
    """
    if os.open not in os.supports_dir_fd:
        return read_regular(path, limit)
    *folders, name = os.path.relpath(path, folder).split(os.sep)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for each in folders:
            inner = os.open(each, os.O_RDONLY | os.O_DIRECTORY | NO_LINK, dir_fd=at)
            os.close(at)
            at = inner
        return read_regular(name, limit, at)
    finally:
        os.close(at)


def read_program(path: str) -> bytes:
    """All of a program that the command line names: a regular file, or a pipe that the caller has opened for it.

    Errors: OSError.
    """
    if path.startswith(HANDED) and stat.S_ISFIFO(os.stat(path).st_mode):
        with open(path, "rb") as file:
            return _limited(file, PROGRAM)
    return read_regular(path, PROGRAM)


def read_stream(stream: BinaryIO) -> bytes:
    """All of a program on standard input. Errors: OSError where it is longer than one can be."""
    return _limited(stream, PROGRAM)


def read_text(stream: BinaryIO) -> bytes:
    """All of a text, however long, and of what is none the beginning that tells: /dev/zero has no end."""
    blocks: list[bytes] = []
    while block := stream.read(BLOCK):
        blocks.append(block)
        if b"\0" in block:
            break
    return b"".join(blocks)


def _refuse(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):
        what = "FIFO" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
        raise OSError(errno.EINVAL, f"it is a {what}, and only regular files are read")


def _limited(file: BinaryIO, limit: int | None) -> bytes:
    data: bytes | None = file.read() if limit is None else file.read(limit + 1)
    if data is None:  # what the system gives as a file, and would have us wait for
        raise BlockingIOError(errno.EAGAIN, "it gives nothing to read")
    if limit is not None and len(data) > limit:
        raise OSError(errno.EFBIG, f"it is longer than a program can be ({limit >> 20} MiB)")
    return data


def shows_lines(path: str, text: bytes) -> bool:
    """Whether errors may show lines of a file that turns out to be no program.

    They may where it is called NAME.grad, NAME.py or NAME.ipynb, also behind a link, or says by `#!` that gradsh runs
    it; else a link to /etc/shadow would have its lines shown.
    """
    first = text[:200].partition(b"\n")[0]
    by_name = path.startswith(HANDED) or os.path.realpath(path).endswith((ENDING, *PYTHON))
    return by_name or (first.startswith(b"#!") and b"gradsh" in first)


def concealed(path: str, found: list[GradshError]) -> list[GradshError]:
    """In place of the errors in a file that is no program: where it stops being one, and nothing that stands in it."""
    place = ""
    if found and found[0].labels:
        span = found[0].labels[0].span
        line, column = span.source.position(span.start)
        place = f": line {line}, column {column} cannot be read"
    help = "lines of a program are shown where its name ends in .grad, or it begins with `#!/usr/bin/env gradsh`"
    return [errors.BadFile(f"'{path}' is not a gradsh program{place}", help=help)]


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


def _sweep(folder: str, name: str) -> None:
    """Remove what saves of a file that were killed have left beside it, long ago: nobody is writing there any more."""
    import re

    temporary = re.compile(rf"\.{re.escape(name[:200])}\.\d+\.[0-9a-f]{{8}}\.tmp")
    try:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                if temporary.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > HOUR:
                    os.unlink(entry.path)
    except OSError:
        pass


def refused(path: str, doing: str, error: OSError, start: str = "") -> errors.FileError:
    """What the system said, in the user's terms, and a file of a similar name where there is none of this one.

    `start` is the folder in which the name begins, where that is not the process's own.
    """
    reason = error.strerror or str(error)
    help = near(path, start) if doing == "read" and isinstance(error, FileNotFoundError) else None
    if doing == "write" and isinstance(error, FileNotFoundError):
        reason = f"there is no folder '{os.path.dirname(path)}'"
    return errors.FileError(f"cannot {doing} '{path}': {reason}", help=help, kind=type(error).__name__)


def near(path: str, start: str = "") -> str | None:
    """A help line with a file of a similar name in the same folder."""
    from gradsh.calls.suggest import suggest

    folder, name = os.path.split(path)
    try:
        with os.scandir(os.path.join(start, folder) or ".") as entries:
            there = sorted(entry.name for _, entry in zip(range(LOOKED_AT), entries, strict=False))
    except OSError:
        return None
    close = suggest(name, there)
    return f"did you mean '{os.path.join(folder, close)}'?" if close else None


def _as_it_says(name: str, text: bytes) -> str | GradshError:
    """A Python program's text, read as its own comment asks."""
    import codecs
    import re

    bare = text.removeprefix(codecs.BOM_UTF8)
    said = re.match(rb"(?:[ \t\f]*(?:#[^\r\n]*)?\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", bare)
    if said is None:
        return _utf8(name, text)
    encoding, more = said[1].decode("latin-1"), ""
    try:
        if codecs.lookup(encoding).name == "utf-8":
            return _utf8(name, text)
        if bare is text:
            return text.decode(encoding)
        more = " with BOM"
    except (LookupError, ValueError):  # no such, none of text, or not the text's
        pass
    place = Label(Span(Source(name, bare.decode("latin-1")), *said.span(1)))
    return errors.SyntaxError_(f"encoding problem: {encoding}{more}", [place])


def decode(name: str, text: bytes) -> str | GradshError:
    """A program's text from its bytes, or the error that says where it stops being UTF-8.

    A Python program may say in a comment of its first two lines that it is something else: `# coding: latin-1`.
    """
    if name.endswith(".py") and b"coding" in text[:LOOKED_AT]:
        return _as_it_says(name, text)
    return _utf8(name, text)


def _utf8(name: str, text: bytes) -> str | GradshError:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(name, text.decode("utf-8", "replace"))
        at = len(text[: error.start].decode("utf-8"))
        return errors.NotUtf8(
            f"the program is not UTF-8 text: byte 0x{text[error.start]:02x} at offset {error.start}",
            [Label(Span(source, at, at + 1))],
        )
