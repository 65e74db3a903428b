"""The reports of `plot`: numbers and names, nothing drawn."""

from __future__ import annotations

from collections.abc import Callable

from gradsh.reports import Report


class Series:
    """Points (x, y) in their order, all finite. `style`: "line" joins them, "points" does not, "mark" is a single one.

    `name` stands at its end.
    """

    __slots__ = ("name", "style", "xs", "ys")

    def __init__(self, name: str, xs: list[float], ys: list[float], style: str = "line") -> None:
        self.name = name
        self.xs = xs
        self.ys = ys
        self.style = style


class Chart(Report):
    """Base of what `plot` finds out. `notes`: sentences below the picture."""

    __slots__ = ("notes",)

    def __init__(self, notes: list[str] | None = None) -> None:
        self.notes: list[str] = notes or []


class Live:
    """A picture of a statement in a loop, at `place`: one takes the place of the one before; `make` makes it."""

    __slots__ = ("make", "place")

    def __init__(self, place: object, make: Callable[[], Chart]) -> None:
        self.place = place
        self.make = make


class Curves(Chart):
    """Lines and points over an axis `x`; `limits` of y where not all is shown; `log`: the axis of y is logarithmic."""

    __slots__ = ("limits", "log", "series", "x")

    def __init__(
        self,
        series: list[Series],
        *,
        x: str = "",
        log: bool = False,
        limits: tuple[float, float] | None = None,
        notes: list[str] | None = None,
    ) -> None:
        super().__init__(notes)
        self.series = series
        self.x = x
        self.log = log
        self.limits = limits


class Norms(Chart):
    """The norms of a model's gradients: (name, norm) of each parameter, None for one that has none."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[tuple[str, float | None]], notes: list[str] | None = None) -> None:
        super().__init__(notes)
        self.rows = rows


class Histogram(Chart):
    """How many numbers lie between each two of `edges`, the last edge included."""

    __slots__ = ("counts", "edges", "name")

    def __init__(self, name: str, edges: list[float], counts: list[int], notes: list[str] | None = None) -> None:
        super().__init__(notes)
        self.name = name
        self.edges = edges
        self.counts = counts


class HeatMap(Chart):
    """A matrix, by rows; None for an element that is no finite number."""

    __slots__ = ("name", "rows")

    def __init__(self, name: str, rows: list[list[float | None]], notes: list[str] | None = None) -> None:
        super().__init__(notes)
        self.name = name
        self.rows = rows


class Contour(Chart):
    """A function of two numbers on a grid: `rows[i][j]` is its value at (xs[j], ys[i]), None where that is not finite.

    `path`: points that a descent went through.
    """

    __slots__ = ("name", "path", "rows", "xs", "ys")

    def __init__(
        self,
        name: str,
        xs: list[float],
        ys: list[float],
        rows: list[list[float | None]],
        path: list[tuple[float, float]],
        notes: list[str] | None = None,
    ) -> None:
        super().__init__(notes)
        self.name = name
        self.xs = xs
        self.ys = ys
        self.rows = rows
        self.path = path


class PictureFile(Report):
    """The report of `plot …, "loss.png"`: which file was written."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path
