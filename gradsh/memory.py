"""How much memory this process has, how much it may have, and how sizes are written.

What is counted is the memory that belongs to the process alone and that it may write, whether it has been written yet
or not: that is what Linux limits (RLIMIT_DATA), and what `zeros` takes before its pages are touched. Reserved address
space is not in it, of which each thread takes 130 MB, nor are libraries and files.
"""

from __future__ import annotations

import os
import sys

from gradsh.interrupts import Full, full

TYPE_CHECKING = False  # as in `typing`, which start-up does without
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
FORMS = "a size is a number of bytes, or of K, M, G or T of them: 500M, 2G, 1.5GiB"


def size(text: str) -> int:
    """The bytes that a size says: "1048576", "500M", "1.5GiB", "2 gb", in units of 1024. Errors: ValueError."""
    import re

    said = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([kmgt]?)(?:i?b)?\s*", text, re.IGNORECASE | re.ASCII)
    if said is None or ("." in said[1] and not said[2]):
        raise ValueError(f"{text!r} is not a size; {FORMS}")
    unit = UNITS[said[2].upper()]
    found = int(float(said[1]) * unit) if "." in said[1] else int(said[1]) * unit
    if found <= 0:
        raise ValueError(f"{text!r} leaves no memory; {FORMS}")
    return found


def spelled(count: int) -> str:
    """A number of bytes as messages write it: "3.6 TiB", "800 bytes"."""
    if count < 1024:
        return f"{count} bytes"
    amount, power = float(count), 0
    while amount >= 999.95 and power < 6:
        amount /= 1024
        power += 1
    return f"{amount:.1f}".removesuffix(".0") + f" {'_KMGTPE'[power]}iB"


# --- what the process has ---------------------------------------------------------------------------------------------


def _linux() -> Callable[[], int]:
    handle = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    page = os.sysconf("SC_PAGE_SIZE")
    pread = os.pread
    first = os.getpid()

    def taken() -> int:
        if os.getpid() == first:  # of a fork the open file is still the parent's
            try:
                return int(pread(handle, 128, 0).split()[5]) * page
            except (OSError, ValueError, IndexError):
                pass  # a host has closed what it did not open, and perhaps opened another file under that number
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[5]) * page

    taken()
    return taken


def _darwin() -> Callable[[], int]:
    """The `phys_footprint` of mach's TASK_VM_INFO: what Activity Monitor shows, compressed pages included."""
    import ctypes

    class Info(ctypes.Structure):
        _pack_ = 4
        _fields_ = (
            ("virtual_size", ctypes.c_uint64),
            ("region_count", ctypes.c_int32),
            ("page_size", ctypes.c_int32),
            *((name, ctypes.c_uint64) for name in ("resident_size", "resident_size_peak", "device", "device_peak")),
            *((name, ctypes.c_uint64) for name in ("internal", "internal_peak", "external", "external_peak")),
            *((name, ctypes.c_uint64) for name in ("reusable", "reusable_peak", "purgeable", "purgeable_pmap")),
            *((name, ctypes.c_uint64) for name in ("purgeable_resident", "compressed", "compressed_peak")),
            *((name, ctypes.c_uint64) for name in ("compressed_lifetime", "phys_footprint")),
        )

    system: Any = ctypes.CDLL(None)
    task = ctypes.c_uint32.in_dll(system, "mach_task_self_")

    def taken() -> int:
        info, count = Info(), ctypes.c_uint32(ctypes.sizeof(Info) // 4)
        if system.task_info(task, 22, ctypes.byref(info), ctypes.byref(count)):
            raise OSError("task_info")
        return int(info.phys_footprint)

    taken()
    return taken


def _nowhere() -> int:
    return 0


def _measure() -> Callable[[], int]:
    try:
        if sys.platform == "linux":
            return _linux()
        if sys.platform == "darwin":
            return _darwin()
    except (OSError, ValueError, IndexError, AttributeError):
        pass
    return _nowhere


def _glibc() -> Callable[[], int]:
    """What `malloc` keeps for the next who asks: arrays that are freed below one that is not stay with it."""
    import ctypes

    names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")

    class Info(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_size_t) for name in names)

    try:
        mallinfo = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return _nowhere
    mallinfo.restype = Info
    return lambda: int(mallinfo().fordblks)


_owned: Callable[[], int] | None = None
_kept: Callable[[], int] = _nowhere


def owned() -> int:
    """Bytes that belong to this process alone; 0 where the system does not tell."""
    global _owned, _kept
    if _owned is None:
        _owned, _kept = _measure(), _glibc() if sys.platform == "linux" else _nowhere
    try:
        return _owned()
    except OSError:
        return 0


def taken() -> int:
    """Those of them that are in use: without what the C library has of what was freed."""
    return max(0, owned() - _kept())


# --- what the C library keeps -----------------------------------------------------------------------------------------

KEPT = 64 << 20  # bytes of freed memory that the prompt leaves with the C library
MOST = 1 << 30  # bytes of an array that glibc may lay into the memory that it keeps
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def reuse() -> None:
    """Let the C library keep what is freed for the next array, in a process that is gradsh's own.

    glibc gives arrays of 128 KB and more back to the system at once, and each new page that it asks for is a fault and
    is filled with zeros: half the time of element-wise work on 300,000 numbers. What the user has set stands.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    if "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", ""):
        return
    import ctypes

    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # another C library
    mallopt(M_MMAP_THRESHOLD, MOST)
    mallopt(M_TRIM_THRESHOLD, MOST)


def give_back() -> None:
    """Give the system what is kept, if that is much: a prompt may stand for hours."""
    owned()  # finds out how to ask
    if _kept() < KEPT:
        return
    import ctypes

    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def known(limit: int) -> int:
    """The limit. Errors: ValueError where the system does not tell how much memory the process has."""
    if not owned():
        raise ValueError("this system does not tell how much memory a process has")
    return limit


# --- what the process may have ----------------------------------------------------------------------------------------


def allowed() -> int:
    """Bytes that this process can have at most: of the machine, its container, or a limit that was laid on it."""
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        most = 8 << 30
    for path in CGROUPS:
        try:
            with open(path, "rb") as file:
                most = min(most, int(file.read()))
        except (OSError, ValueError):
            continue
    try:
        import resource
    except ImportError:  # Windows
        return most
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        soft = resource.getrlimit(kind)[0]
        if soft != resource.RLIM_INFINITY:
            most = min(most, soft)
    return most


READING = 64 << 20  # bytes that a program may take beside while it is read: the parser, and the operators that it uses


class Limit:
    """What the programs of one session may take, beyond what the process has without them. Each run begins and ends it.

    most     bytes; `said` is what they are called where they are given: "--max-memory"
    used     what the session's programs have taken in the runs before
    reading  the program of this run has not begun yet
    hard     the process is gradsh's own, and gets no more from the system either
    """

    __slots__ = ("base", "before", "full", "hard", "most", "reading", "said", "used")

    def __init__(self, most: int, said: str, hard: bool = False) -> None:
        self.most = most
        self.said = said
        self.hard = hard
        self.used = 0
        self.base = 0
        self.reading = False
        self.full: type[Full] = Full
        self.before: int | None = None

    def read(self) -> None:
        """A run begins: its program is read."""
        self.full = full()
        self._start(True)

    def begin(self) -> None:
        """The program begins: from here on memory counts."""
        self._start(False)

    def _start(self, reading: bool) -> None:
        self.reading = reading
        self.base = taken() - self.used + READING * reading
        if self.hard:
            # what grows little by little is stopped before that
            self._lay(owned() - self.used + READING * reading + self.most + self.most // 20)

    def end(self) -> None:
        """The run has ended; what it left is the session's."""
        self.lift()
        if not self.reading:
            self.used = max(0, taken() - self.base)

    def room(self) -> int:
        """Bytes that are left; negative beyond the limit."""
        return self.base + self.most - taken()

    def _lay(self, most: int) -> None:
        try:
            import resource
        except ImportError:  # Windows
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if self.before is None:
            self.before = soft
        for bound in (self.before, hard, sys.maxsize):
            if bound != resource.RLIM_INFINITY:
                most = min(most, bound)
        self._set(most)

    def lift(self) -> None:
        """The system gives as much as before: what there is to say about the program is no more of it."""
        if self.before is not None:
            self._set(self.before)
            self.before = None

    def _set(self, most: int) -> None:
        import resource

        try:
            resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(resource.RLIMIT_DATA)[1]))
        except (OSError, ValueError):
            return  # behind the door of a sandbox; what is looked at is the memory itself, too
