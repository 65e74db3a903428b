"""How much memory this process has, how much it may have, and how sizes are written.

What is counted is the memory that belongs to the process alone and that it may write, whether it has been written yet
or not: that is what Linux limits (RLIMIT_DATA), and what `zeros` takes before its pages are touched. Reserved address
space is not in it, of which each thread takes 130 MB, nor are libraries and files.
"""

from __future__ import annotations

import os
import sys

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
        if os.getpid() != first:  # a fork: the open file is still the parent's
            with open("/proc/self/statm", "rb") as file:
                return int(file.read().split()[5]) * page
        return int(pread(handle, 128, 0).split()[5]) * page

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


_taken: Callable[[], int] | None = None


def taken() -> int:
    """Bytes that belong to this process alone; 0 where the system does not tell."""
    global _taken
    if _taken is None:
        _taken = _measure()
    try:
        return _taken()
    except OSError:
        return 0


def is_known() -> bool:
    """Whether the system tells how much memory the process has."""
    return taken() > 0


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
