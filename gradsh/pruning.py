"""What goes from the cache folder: what nobody has used for long, and beyond a size what was used longest ago.

A write looks once in a while (`cache.write`), so nothing is paid where programs are only read. An entry is read whole
at once, so one that goes meanwhile is at most made anew.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator

PROGRAMS = "program"
TABLES = ("grammar", "models", "operators", "signatures")  # of gradsh itself, each for one of its versions

UNFINISHED = ""  # the kind of what a process that was killed has left of a write

HOUR = 3600.0
UNUSED = 30 * 24 * HOUR
MOST = 32 << 20  # bytes of programs, each as whole blocks of 4 KiB
AT_ONCE = 5000  # entries that go at one look, so that no user waits for a folder of 100,000


def kind_of(name: str) -> str | None:
    """The kind of an entry, by its file's name; None for files that are not the cache's, which stay."""
    kind, _, rest = name.partition("-")
    rest = rest.removesuffix(".table")
    known = kind == PROGRAMS or kind in TABLES
    return kind if known and len(rest) >= 40 and not rest.strip("0123456789abcdef") else None


def _entries(folder: str) -> Iterator[tuple[str, str, os.stat_result]]:
    """(kind, path, status) of the files that are the cache's."""
    try:
        found = list(os.scandir(folder))
    except OSError:
        return
    for entry in found:
        name = entry.name
        kind = kind_of(name) if name[0] != "." else kind_of(name[1:].partition(".")[0]) and UNFINISHED
        if kind is None:
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue  # another process was faster
        if stat.S_ISREG(status.st_mode):
            yield kind, entry.path, status


def prune(folder: str) -> int:
    """Remove what is too old or too much; how many entries that were. What cannot be removed is no error."""
    now = time.time()
    programs: list[tuple[float, int, str]] = []  # (last used, bytes, path)
    tables: dict[str, list[tuple[float, str]]] = {}
    going: list[str] = []
    for kind, path, status in _entries(folder):
        used = status.st_mtime
        if kind == UNFINISHED:
            if now - used > HOUR:
                going.append(path)
        elif kind == PROGRAMS:
            programs.append((used, (status.st_size + 4095) // 4096 * 4096, path))
        else:
            tables.setdefault(kind, []).append((used, path))
    room = MOST
    for used, size, path in sorted(programs, reverse=True):
        room -= size
        if room < 0 or now - used > UNUSED:
            going.append(path)
    for found in tables.values():
        newest = max(found)
        going += [path for used, path in found if now - used > UNUSED and path != newest[1]]
    removed = 0
    for path in going[:-AT_ONCE:-1]:  # those used longest ago first
        try:
            os.unlink(path)
            removed += 1
        except OSError:
            pass
    return removed
