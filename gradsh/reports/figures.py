"""The report of `plt.show()`: what a program has put on the axes of a figure of matplotlib's, nothing drawn."""

from __future__ import annotations

import math
from typing import Any

from gradsh.reports.plotting import Chart

Look = dict[str, Any]  # options for a picture, `color`, `linestyle`: texts, numbers and tuples of such


class Mark:
    """One thing on a panel. Numbers may be nan.

    line, points    xs and ys
    bars, rows      at the positions xs, ys high (or long); they begin at `more`
    steps           ys[i] between xs[i] and xs[i + 1]
    band            from ys to `more`, over xs
    image           `grid`, the first row on top; of three numbers each where it has colours
    contour, filled lines, or areas, of the values `grid[i][j]` at (xs[j], ys[i])
    level, upright  a line across all at ys[0], or at xs[0]
    words           `label` at a point
    """

    __slots__ = ("grid", "kind", "label", "look", "more", "xs", "ys")

    def __init__(
        self,
        kind: str,
        xs: list[float],
        ys: list[float],
        *,
        more: list[float] | None = None,
        grid: list[Any] | None = None,
        label: str = "",
        look: Look | None = None,
    ) -> None:
        self.kind = kind
        self.xs = xs
        self.ys = ys
        self.more: list[float] = more or []
        self.grid: list[Any] = grid or []
        self.label = label
        self.look: Look = look or {}


class Panel:
    """One pair of axes: marks in the order in which they were made, and what is written beside them.

    `place` is (rows, columns, first cell, last cell) in the figure, cells counted from 0; `over`: it shares the x axis,
    and the place, of that panel. `names_x`: what stands at the positions of the axis, in place of numbers.
    """

    __slots__ = (
        "bar",
        "equal",
        "grid",
        "legend",
        "limits_x",
        "limits_y",
        "log_x",
        "log_y",
        "marks",
        "names_x",
        "names_y",
        "off",
        "over",
        "place",
        "title",
        "x",
        "y",
    )

    def __init__(self, place: tuple[int, int, int, int], over: Panel | None = None) -> None:
        self.place = place
        self.over = over
        self.clear()

    def clear(self) -> None:
        self.marks: list[Mark] = []
        self.title = self.x = self.y = ""
        self.log_x = self.log_y = self.legend = self.grid = self.off = self.equal = self.bar = False
        self.limits_x: tuple[float, float] | None = None
        self.limits_y: tuple[float, float] | None = None
        self.names_x: dict[float, str] = {}
        self.names_y: dict[float, str] = {}


class Figure(Chart):
    """Panels in a grid; `size` in inches."""

    __slots__ = ("panels", "size", "title")

    def __init__(self, size: tuple[float, float] = (6.4, 4.8)) -> None:
        super().__init__()
        self.size = size
        self.panels: list[Panel] = []
        self.title = ""


def drawable(panel: Panel, xs: list[float], ys: list[float]) -> list[tuple[float, float]]:
    """The points that are seen in a panel: finite, within its limits of x, above 0 on an axis of logarithms."""
    left, right = panel.limits_x or (-math.inf, math.inf)
    return [
        (x, y)
        for x, y in zip(xs, ys, strict=False)
        if math.isfinite(x)
        and math.isfinite(y)
        and min(left, right) <= x <= max(left, right)
        and (x > 0 or not panel.log_x)
        and (y > 0 or not panel.log_y)
    ]
