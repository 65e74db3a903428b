"""What a program sees of where its exceptions come from: lines of its own text, and no frame of the host's."""

from __future__ import annotations

import sys
from collections import namedtuple
from typing import Any

from gradsh.errors import GradshError
from gradsh.frontend.exceptions import MARK, seen
from gradsh.frontend.text import qualified_name, written
from gradsh.language import places

__acts_for_programs__ = True


class Row(namedtuple("Row", "filename lineno name line")):
    """`place`: the whole line, and where in it what failed begins and ends, as CPython counts that."""

    place: dict[str, Any]


Row.__name__ = Row.__qualname__ = "FrameSummary"
Row.__module__ = "traceback"


class Trace:
    """`e.__traceback__`: the lines of the program that an exception has come through, the innermost last."""

    __slots__ = ("rows",)
    __public__ = frozenset(("tb_lineno", "tb_next"))

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows

    @property
    def tb_lineno(self) -> int:
        return self.rows[0].lineno  # type: ignore[no-any-return]  # a number

    @property
    def tb_next(self) -> Any:
        return Trace(self.rows[1:]) if len(self.rows) > 1 else None


Trace.__name__ = Trace.__qualname__ = "traceback"


def rows_of(exception: BaseException) -> list[Any]:
    """Where it was raised, and the calls around that up to where it is handled."""
    mark = exception.__dict__.get(MARK)
    held = exception.__traceback__
    if held is None and isinstance(mark, GradshError):
        held = mark.__traceback__
    found = []
    while held is not None:
        span = places.span_of(held.tb_frame.f_code, held.tb_lineno)
        if span is not None:
            text = span.source.text
            begin = text.rfind("\n", 0, span.start) + 1
            end = text.find("\n", span.start)
            line = text[begin : end if end >= 0 else len(text)]
            place: dict[str, Any] = {"line": line + "\n", "colno": len(text[begin : span.start].encode())}
            last = text.rfind("\n", 0, max(span.end, span.start)) + 1
            place |= {"end_lineno": text.count("\n", 0, last) + 1, "end_colno": len(text[last : span.end].encode())}
            if span.source.name[:1] == "<":  # of `exec`, which no file has
                place = {"line": ""}
            name = held.tb_frame.f_code.co_name
            shown = name if name == "<module>" else qualified_name(name).rpartition(".")[2]
            row = Row(span.source.name, text.count("\n", 0, begin) + 1, shown, str(place["line"]).strip())
            row.place = place
            found.append(row)
        held = held.tb_next
    return found


def context_of(exception: BaseException) -> Any:
    """What was being handled when it was raised, as the program saw that; None."""
    mark = exception.__dict__.get(MARK)
    held = exception.__context__
    if held is None and isinstance(mark, GradshError):
        held = mark.__context__
        if held is not None and mark.__suppress_context__:  # of the host's own, behind which the program's may be
            held = held.__context__
    if not isinstance(held, Exception):
        return held if held is not None and MARK in held.__dict__ else None
    try:
        return seen(held)
    except BaseException:  # none of the program's
        return None


def of_exception(exception: BaseException, name: str) -> Any:
    """`e.__context__`, `e.__suppress_context__`, `e.__traceback__`."""
    if name == "__suppress_context__":
        return exception.__suppress_context__
    if name == "__context__":
        return context_of(exception)
    rows = rows_of(exception)
    return Trace(rows) if rows else None


def last_lines(exception: BaseException) -> list[str]:
    """What a traceback ends with: `ValueError: …`, and the notes."""
    kind, words = type(exception), written(exception)
    within = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    name = f"{within}{kind.__qualname__}"
    notes = getattr(exception, "__notes__", ())
    return [f"{name}: {words}\n" if words else f"{name}\n", *(f"{note}\n" for note in notes)]


def frame_lines(rows: list[Any]) -> list[str]:
    """As the Python that runs this writes them, from 3.11 on with what failed marked in its line."""
    from traceback import FrameSummary, StackSummary

    made = []
    for row in rows:
        place = row.place if sys.version_info >= (3, 11) else {"line": row.line}
        made.append(FrameSummary(row.filename, row.lineno, row.name, lookup_line=False, **place))
    return StackSummary.from_list(made).format()


BETWEEN = (
    "\nThe above exception was the direct cause of the following exception:\n\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
)


class Depth:
    """How far in a group of exceptions is written: `levels`, and whether what ends a group is still to come."""

    __slots__ = ("closes", "levels")

    def __init__(self) -> None:
        self.levels = 0
        self.closes = False

    def within(self, lines: list[str], margin: str = "|") -> list[str]:
        """Each line behind the margin."""
        before = "  " * self.levels + (f"{margin} " if self.levels else "")
        return ["".join(before + line for line in words.splitlines(True)) for words in lines]


MOST_WITHIN, DEEPEST = 15, 10  # what Python writes of a group, and how far in
TITLE = "Traceback (most recent call last):\n"


def lines_of(exception: BaseException, known: tuple[int, ...] = (), depth: Depth | None = None) -> list[str]:
    """All that Python writes of an exception, with those behind it, and those in it where it is a group."""
    found: list[str] = []
    depth = depth or Depth()
    context = None if exception.__suppress_context__ else context_of(exception)
    for each, between in ((exception.__cause__, BETWEEN[0]), (context, BETWEEN[1])):
        if each is not None and id(each) not in known and not found:
            found = [*lines_of(each, (*known, id(exception)), depth), *depth.within([between])]
    rows = frame_lines(rows_of(exception))
    if isinstance(exception, BaseExceptionGroup):
        return found + _lines_of_group(exception, rows, known, depth)
    return found + depth.within([*([TITLE] if rows else []), *rows, *last_lines(exception)])


def _lines_of_group(group: Any, rows: list[str], known: tuple[int, ...], depth: Depth) -> list[str]:
    if depth.levels > DEEPEST:
        return depth.within([f"... (max_group_depth is {DEEPEST})\n"])
    outermost = depth.levels == 0
    depth.levels += outermost
    found = depth.within([f"Exception Group {TITLE}"], "+" if outermost else "|") if rows else []
    found += depth.within([*rows, *last_lines(group)])
    count = len(group.exceptions)
    for at, each in enumerate(group.exceptions[: MOST_WITHIN + 1]):
        last = at == min(count, MOST_WITHIN + 1) - 1
        depth.closes = depth.closes or last
        title = str(at + 1) if at < MOST_WITHIN else "..."
        found.append(f"{'  ' * depth.levels}{'  ' if at else '+-'}+---------------- {title} ----------------\n")
        depth.levels += 1
        if at < MOST_WITHIN:
            found += lines_of(each, (*known, id(group)), depth)
        else:
            more = count - MOST_WITHIN
            found += depth.within([f"and {more} more exception{'s' if more > 1 else ''}\n"])
        if last and depth.closes:
            found.append("  " * depth.levels + "+------------------------------------\n")
            depth.closes = False
        depth.levels -= 1
    if outermost:
        depth.levels = 0
    return found
