"""A plane of braille dots with axes around it, as lines of text: plotille's canvas, our own ticks and names."""

from __future__ import annotations

import math
from itertools import pairwise

from gradsh.reports.plotting import Series
from gradsh.view.registry import Look

WIDTH, LEAST = 80, 30
HEIGHT = 18  # rows of the plane
TICKS_X, TICKS_Y = 7, 6
BRAILLE = 0x2800
UPPER, LOWER = 0x1B, 0xE4  # the dots of a braille character's two upper rows and two lower ones
ASCII = str.maketrans({"│": "|", "┤": "+", "└": "+", "┬": "+", "─": "-", "●": "O"})


def ticks(low: float, high: float, most: int, whole: bool = False) -> list[float]:
    """Round numbers between two, at most so many; `whole` ones only."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    for exponent in range(math.floor(math.log10(span / most)), math.floor(math.log10(span)) + 2):
        for step in (1, 2, 2.5, 5):
            size = step * 10.0**exponent
            if whole and size % 1:
                continue
            first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
            if 0 < last - first + 1 <= most:
                return [size * i if i else 0.0 for i in range(first, last + 1)]
    return [low]


def powers(low: float, high: float, most: int) -> list[float]:
    """The same of an axis of logarithms: `low` and `high` are these; powers of ten, or 1, 2 and 5 times such."""
    decades = list(range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1))
    if len(decades) >= 2:
        every = -(-len(decades) // most)
        return [float(decade) for decade in decades[::every]]
    found = [d + math.log10(m) for d in range(math.floor(low), math.floor(high) + 1) for m in (1, 2, 5)]
    inside = [value for value in found if low <= value <= high]
    return inside if len(inside) >= 2 else [math.log10(v) for v in ticks(10**low, 10**high, most) if v > 0]


def label(value: float) -> str:
    return f"{value:.5g}"


def plane(
    series: list[Series],
    look: Look,
    *,
    x: str,
    log: bool,
    limits: tuple[float, float] | None,
    height: int = HEIGHT,
    log_x: bool = False,
) -> list[str]:
    """The lines of a picture of these series."""
    room = max(LEAST, min(look.width or WIDTH, 140))
    points = [
        Series(
            s.name,
            [math.log10(x) for x in s.xs] if log_x else s.xs,
            [math.log10(y) for y in s.ys] if log else s.ys,
            s.style,
        )
        for s in series
    ]
    left, right = _range([x for s in points for x in s.xs])
    if limits is not None:
        low, high = (math.log10(limits[0]), math.log10(limits[1])) if log else limits
    else:
        low, high = _range([y for s in points for y in s.ys])
    marks_y = powers(low, high, TICKS_Y) if log else ticks(low, high, TICKS_Y)
    texts_y = [label(10**y if log else y) for y in marks_y]
    before = max(map(len, texts_y), default=0) + 2
    beside = max(len(s.name) for s in points) + 1
    width = max(10, room - before - 1 - beside)
    cells = _drawn(points, (left, right), (low, high), width, height, look.unicode)
    for row in cells:
        row += [" "] * beside
    _name(cells, points, (left, right), (low, high), width)
    out = []
    at_rows = {cell(y, low, high, height): text for y, text in zip(marks_y, texts_y, strict=True)}
    for number, row in enumerate(cells):
        text = at_rows.get(height - 1 - number)
        out.append(f"{text or '':>{before - 1}} {'┤' if text is not None else '│'}{''.join(row)}".rstrip())
    marks_x = powers(left, right, TICKS_X) if log_x else ticks(left, right, TICKS_X, whole=not x)
    out += axis(marks_x, left, right, width, before, x, log_x)
    return out if look.unicode else [line.translate(ASCII) for line in out]


def _range(values: list[float]) -> tuple[float, float]:
    """From the smallest to the largest, with room around a single one."""
    low, high = min(values), max(values)
    if math.isinf(high - low):
        return low / 2, high / 2
    if high - low > abs(high) * 1e-12:
        return low, high
    around = abs(high) / 2 or 1.0
    return low - around, high + around


def cell(value: float, low: float, high: float, cells: int) -> int:
    """The cell of a value, from 0."""
    return max(0, min(cells - 1, round((value - low) / (high - low) * (cells - 1))))


def _drawn(
    series: list[Series], across: tuple[float, float], up: tuple[float, float], width: int, height: int, unicode: bool
) -> list[list[str]]:
    """The plane as rows of characters, from the top."""
    from plotille import Canvas  # type: ignore[import-untyped]  # it has no annotations that are published

    # in dots, so that what is on the border is drawn: plotille's own borders are outside of its last dot
    columns, rows = 2 * width, 4 * height
    canvas = Canvas(width, height, 0, 0, columns, rows)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            (x - across[0]) / (across[1] - across[0]) * (columns - 1),
            (y - up[0]) / (up[1] - up[0]) * (rows - 1),
        )

    for one in series:
        spots = [place(x, y) for x, y in zip(one.xs, one.ys, strict=True)]
        if one.style == "line":
            for start, end in pairwise(spots):
                part = _inside(start, end, rows - 1)
                if part is not None:
                    canvas.line(*part[0], *part[1])
        if one.style != "line" or len(spots) == 1:
            for x, y in spots:
                if -0.5 <= y <= rows - 0.5:
                    canvas.point(x, y, marker="●" if one.style == "mark" else None)
    text = canvas.plot(linesep="\n").split("\n")
    return [[_character(c, unicode) for c in line.ljust(width)] for line in text]


def _inside(start: tuple[float, float], end: tuple[float, float], top: float) -> tuple[tuple[float, float], ...] | None:
    """The part of a line between the rows 0 and `top`."""
    (x0, y0), (x1, y1) = start, end
    if max(y0, y1) < 0 or min(y0, y1) > top:
        return None

    def cut(x: float, y: float, other_x: float, other_y: float) -> tuple[float, float]:
        border = min(max(y, 0.0), top)
        return (x, y) if border == y else (x + (other_x - x) * (border - y) / (other_y - y), border)

    return cut(x0, y0, x1, y1), cut(x1, y1, x0, y0)


def _character(char: str, unicode: bool) -> str:
    """A braille character, or what is nearest to it without Unicode."""
    dots = ord(char) - BRAILLE
    if not 0 <= dots < 256:
        return char
    if not dots:
        return " "
    if unicode:
        return char
    return ":" if dots & UPPER and dots & LOWER else "'" if dots & UPPER else "."


def _name(
    cells: list[list[str]], series: list[Series], across: tuple[float, float], up: tuple[float, float], width: int
) -> None:
    """Write the name of each series behind its last point that is seen, or near it where something stands there."""
    height = len(cells)
    for one in series:
        seen = [(x, y) for x, y in zip(one.xs, one.ys, strict=True) if up[0] <= y <= up[1]]
        if not one.name or not seen:
            continue
        x, y = max(seen) if one.style == "line" else max(seen, key=lambda spot: spot[0])
        column = cell(x, *across, width) + 2
        row = height - 1 - cell(y, *up, height)
        for near in sorted(range(height), key=lambda r: (abs(r - row), r)):
            if all(cell == " " for cell in cells[near][column - 1 : column + len(one.name)]):
                cells[near][column : column + len(one.name)] = list(one.name)
                break


def axis(
    marks: list[float], left: float, right: float, width: int, before: int, name: str, log: bool = False
) -> list[str]:
    """The axis of x: its line with ticks, and the numbers below; `log`: what is given are their logarithms."""
    line, numbers = ["─"] * width, ""
    for mark in marks:
        column = cell(mark, left, right, width)
        line[column] = "┬"
        text = label(10**mark if log else mark)
        start = max(column - len(text) // 2, len(numbers) + 1 if numbers else 0)
        numbers = numbers.ljust(start) + text
    end = f"  {name}" if name else ""
    return [" " * before + "└" + "".join(line), (" " * (before + 1) + numbers + end).rstrip()]
