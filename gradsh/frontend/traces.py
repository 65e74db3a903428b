"""What a program sees of where its exceptions come from: lines of its own text, and no frame of the host's."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from gradsh.errors import GradshError
from gradsh.frontend.exceptions import MARK, seen
from gradsh.frontend.text import qualified_name, written
from gradsh.language import places

__acts_for_programs__ = True

Row = namedtuple("Row", "filename lineno name line")
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
            line = text[begin : end if end >= 0 else len(text)].strip()
            name = held.tb_frame.f_code.co_name
            shown = name if name == "<module>" else qualified_name(name).rpartition(".")[2]
            found.append(Row(span.source.name, text.count("\n", 0, begin) + 1, shown, line))
        held = held.tb_next
    return found


def context_of(exception: BaseException) -> Any:
    """What was being handled when it was raised, as the program saw that; None."""
    mark = exception.__dict__.get(MARK)
    held = exception.__context__
    if held is None and isinstance(mark, GradshError):
        held = mark.__context__
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
    return [f'  File "{row.filename}", line {row.lineno}, in {row.name}\n    {row.line}\n' for row in rows]


BETWEEN = (
    "\nThe above exception was the direct cause of the following exception:\n\n",
    "\nDuring handling of the above exception, another exception occurred:\n\n",
)


def lines_of(exception: BaseException, known: tuple[int, ...] = ()) -> list[str]:
    """All that Python writes of an exception, with those behind it."""
    found: list[str] = []
    context = None if exception.__suppress_context__ else context_of(exception)
    for each, between in ((exception.__cause__, BETWEEN[0]), (context, BETWEEN[1])):
        if each is not None and id(each) not in known and not found:
            found = [*lines_of(each, (*known, id(exception))), between]
    rows = rows_of(exception)
    if rows:
        found += ["Traceback (most recent call last):\n", *frame_lines(rows)]
    return found + last_lines(exception)
