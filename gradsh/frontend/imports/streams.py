"""`io` and `csv`: texts and bytes that are kept in memory, and tables in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gradsh.errors import ValueError_
from gradsh.frontend import text
from gradsh.frontend.access import HOST
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.opening import opened
from gradsh.frontend.imports.pure import checked

__acts_for_programs__ = True

_STREAM = """
read readline readlines write writelines getvalue getbuffer seek tell close closed truncate flush readable writable
seekable
"""


def in_memory() -> tuple[type, type]:
    """The two kinds of streams, whose members the program may use from then on, also where it does not import `io`."""
    import io

    for kind in (io.StringIO, io.BytesIO):
        HOST.setdefault(kind, frozenset(name for name in _STREAM.split() if hasattr(kind, name)))
    HOST.setdefault(memoryview, frozenset(("nbytes", "tobytes", "tolist", "itemsize")))
    return io.StringIO, io.BytesIO


def _io(session: Any) -> Module:
    words, data = in_memory()
    members = {"StringIO": words, "BytesIO": data, "open": opened(session)}
    return of_members("io", {**members, "SEEK_SET": 0, "SEEK_CUR": 1, "SEEK_END": 2})


class Rows:
    """`csv.writer(file)` and `csv.DictWriter(file, fieldnames)`."""

    __public__ = frozenset(("writerow", "writerows", "writeheader", "fieldnames"))

    def __init__(
        self,
        file: Any,
        fieldnames: Any = None,
        restval: Any = "",
        extrasaction: str = "raise",
        dialect: Any = "excel",
        **options: Any,
    ) -> None:
        import csv

        from gradsh.frontend.access import method

        if extrasaction.lower() not in ("raise", "ignore"):
            raise ValueError_(f"extrasaction ({extrasaction}) must be 'raise' or 'ignore'")
        self.out = csv.writer(_Sink(method(file, "write")), dialect, **options)
        self.passes = extrasaction.lower() == "ignore"
        self.fieldnames = None if fieldnames is None else list(fieldnames)
        self.rest = restval

    def writeheader(self) -> Any:
        return self.writerow(dict(zip(self.fieldnames or (), self.fieldnames or (), strict=True)))

    def writerow(self, row: Any) -> Any:
        if self.fieldnames is not None:
            wrong = [text.shown(name) for name in row if name not in self.fieldnames]
            if wrong and not self.passes:
                raise ValueError_(f"dict contains fields not in fieldnames: {', '.join(wrong)}")
            row = [row.get(name, self.rest) for name in self.fieldnames]
        return self.out.writerow([_cell(value) for value in row])

    def writerows(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self.writerow(row)


class _Sink:
    __slots__ = ("write",)

    def __init__(self, write: Any) -> None:
        self.write = write


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float)) else text.written(value)


def _csv(session: Any) -> Module:
    import csv

    HOST.setdefault(csv.DictReader, frozenset(("fieldnames", "line_num")))
    HOST.setdefault(type(csv.reader(())), frozenset(("line_num",)))
    members = {
        "reader": checked(csv.reader),
        "DictReader": csv.DictReader,
        "writer": lambda csvfile, dialect="excel", **options: Rows(csvfile, dialect=dialect, **options),
        "DictWriter": Rows,
        "Error": csv.Error,
        "list_dialects": csv.list_dialects,
        **{name: getattr(csv, name) for name in ("excel", "excel_tab", "unix_dialect")},
    }
    return of_members("csv", {**members, **{name: getattr(csv, name) for name in dir(csv) if name[:6] == "QUOTE_"}})


def module(session: Any, name: str) -> Module:
    return _io(session) if name == "io" else _csv(session)
