"""Axes of `matplotlib.pyplot`'s: what a program draws on them becomes marks of a panel, for gradsh's own pictures."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.arrays import plain
from gradsh.frontend.imports.artists import (
    QUIET,
    Artist,
    Unseen,
    Words,
    array_of,
    grid_of,
    listed,
    looks,
    not_drawn,
    styled,
)
from gradsh.frontend.imports.parameters import CYCLE
from gradsh.reports.figures import Mark, Panel

__acts_for_programs__ = True

LINES, POINTS = "lines.Line2D", "collections.PathCollection"
DONE = "end"  # of the marks of a panel


class Axes:
    """One pair of axes. Methods have matplotlib's names and take what its methods take, as far as it is drawn."""

    __slots__ = ("figure", "panel")

    def __init__(self, panel: Panel, figure: Any) -> None:
        self.panel = panel
        self.figure = figure

    def __member__(self, name: str) -> Any:
        if name in METHODS:
            return getattr(self, name)
        if name == "figure":
            return self.figure
        if name not in QUIET and not name.startswith("get_"):
            not_drawn(name)
        return Unseen(name)

    def __members__(self) -> list[str]:
        return sorted(METHODS)

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __repr__(self) -> str:
        return "<Axes: >"

    def _add(
        self, artist: str, kind: str, xs: list[float], ys: list[float], keywords: dict[str, Any], **more: Any
    ) -> Artist:
        label = keywords.get("label")
        words = "" if label is None else text.written(label)
        mark = Mark(kind, xs, ys, label="" if words[:1] == "_" else words, look=looks(keywords), **more)
        self.panel.marks.append(mark)
        if artist != LINES or "color" in mark.look:
            return Artist(mark, artist)
        before = sum(each.kind == "line" and "color" not in each.look for each in self.panel.marks[:-1])
        return Artist(mark, artist, CYCLE[before % len(CYCLE)])

    def _positions(self, value: Any, upright: bool = False) -> list[float]:
        """Numbers as they are; texts get the places 0, 1, … of the axis."""
        array = array_of(value)
        if array.dtype.kind == "f":
            numbers: list[float] = array.ravel().tolist()
            return numbers
        names = self.panel.names_y if upright else self.panel.names_x
        places = {name: place for place, name in names.items()}
        found = []
        for item in array.ravel().tolist():
            word = text.written(item)
            place = places.setdefault(word, float(len(places)))
            names[place] = word
            found.append(place)
        return found

    # --- lines and points ---------------------------------------------------------------------------------------------

    def plot(self, *given: Any, **keywords: Any) -> list[Artist]:
        """Lines: `plot(y)`, `plot(x, y)`, `plot(x, y, "ro--")`, and several of these."""
        rest, made = list(given), []
        data = keywords.pop("data", None)
        while rest:
            values = [rest.pop(0)]
            if rest and not isinstance(rest[0], str):
                values.append(rest.pop(0))
            style = styled(rest.pop(0)) if rest and isinstance(rest[0], str) else {}
            if data is not None:
                values = [data[value] if isinstance(value, str) else value for value in values]
            made += self._lines(values, style | keywords)
        return made

    def _lines(self, values: list[Any], keywords: dict[str, Any]) -> list[Artist]:
        ys = np.atleast_1d(array_of(values[-1]))
        columns = ys.reshape(len(ys), -1).T if ys.ndim > 1 else [ys]
        labels = keywords.get("label")
        made = []
        for number, column in enumerate(columns):
            places = self._positions(column, upright=True)
            if len(values) == 1:
                xs = [float(i) for i in range(len(places))]
            else:
                given = array_of(values[0])
                given = given[:, min(number, given.shape[1] - 1)] if given.ndim == 2 else given
                xs = self._positions(given)
                if len(xs) != len(places):
                    shapes = f"({len(xs)},) and {tuple(ys.shape)}"
                    raise ValueError_(f"x and y must have same first dimension, but have shapes {shapes}")
            own = keywords
            if isinstance(labels, (list, tuple)):
                own = keywords | {"label": labels[number] if number < len(labels) else None}
            made.append(self._add(LINES, "line", xs, places, own))
        return made

    def _logarithmic(self, axes: str, given: tuple[Any, ...], keywords: dict[str, Any]) -> list[Artist]:
        for axis in axes:
            setattr(self.panel, f"log_{axis}", True)
        return self.plot(*given, **keywords)

    def semilogy(self, *given: Any, **keywords: Any) -> list[Artist]:
        return self._logarithmic("y", given, keywords)

    def semilogx(self, *given: Any, **keywords: Any) -> list[Artist]:
        return self._logarithmic("x", given, keywords)

    def loglog(self, *given: Any, **keywords: Any) -> list[Artist]:
        return self._logarithmic("xy", given, keywords)

    def step(self, x: Any, y: Any, *style: str, where: str = "pre", **keywords: Any) -> list[Artist]:
        xs, ys = self._positions(x), listed(y)
        edges = [place for place in xs for _ in range(2)]
        doubled = [value for value in ys for _ in range(2)]
        xs, ys = (edges[:-1], doubled[1:]) if where == "pre" else (edges[1:], doubled[:-1])
        return [self._add(LINES, "line", xs, ys, (styled(style[0]) if style else {}) | keywords)]

    def errorbar(self, x: Any, y: Any, yerr: Any = None, xerr: Any = None, fmt: str = "", **keywords: Any) -> Artist:
        keywords = {name: value for name, value in keywords.items() if name not in ("capsize", "ecolor", "elinewidth")}
        (line,) = self.plot(x, y, *([fmt] if fmt else []), **keywords)
        xs, ys = line.mark.xs, line.mark.ys
        plain_look = {"color": keywords.get("color", "gray")}
        for error, upright in ((yerr, True), (xerr, False)):
            if error is None:
                continue
            low, high = np.broadcast_to(array_of(error), (2, len(xs))).tolist()
            for px, py, below, above in zip(xs, ys, low, high, strict=True):
                across = [px, px] if upright else [px - below, px + above]
                self._add(LINES, "line", across, [py - below, py + above] if upright else [py, py], plain_look)
        return line

    def scatter(self, x: Any, y: Any, s: Any = None, c: Any = None, **keywords: Any) -> Artist:
        xs, ys = self._positions(x), self._positions(y, upright=True)
        if len(xs) != len(ys):
            raise ValueError_("x and y must be the same size")
        made = self._add(POINTS, "points", xs, ys, keywords | {"s": s})
        if c is not None:  # a colour, or a number or a colour for each point
            made.mark.look.pop("color", None)
            made.mark.look["c"] = looks({"color": c}).get("color")
        return made

    def stem(self, *given: Any, **keywords: Any) -> Artist:
        ys = listed(given[-1])
        xs = self._positions(given[0]) if len(given) > 1 else [float(i) for i in range(len(ys))]
        for x, y in zip(xs, ys, strict=True):
            self._add(LINES, "line", [x, x], [0.0, y], {"color": "C0"})
        return self._add(LINES, "points", xs, ys, keywords)

    def fill_between(self, x: Any, y1: Any, y2: Any = 0.0, where: Any = None, **keywords: Any) -> Artist:
        xs = self._positions(x)
        low, high = (np.broadcast_to(array_of(each).ravel(), (len(xs),)).tolist() for each in (y1, y2))
        return self._add("collections.FillBetweenPolyCollection", "band", xs, low, keywords, more=high)

    def axhline(self, y: Any = 0, *_: Any, **keywords: Any) -> Artist:
        return self._add(LINES, "level", [], listed(y), keywords)

    def axvline(self, x: Any = 0, *_: Any, **keywords: Any) -> Artist:
        return self._add(LINES, "upright", listed(x), [], keywords)

    def hlines(self, y: Any, xmin: Any, xmax: Any, *_: Any, **keywords: Any) -> Artist:
        return self._segments(y, xmin, xmax, False, keywords)

    def vlines(self, x: Any, ymin: Any, ymax: Any, *_: Any, **keywords: Any) -> Artist:
        return self._segments(x, ymin, ymax, True, keywords)

    def _segments(self, at: Any, first: Any, last: Any, upright: bool, keywords: dict[str, Any]) -> Artist:
        spots = listed(at)
        ends = [np.broadcast_to(array_of(each).ravel(), (len(spots),)).tolist() for each in (first, last)]
        keywords = {"color" if name == "colors" else name: value for name, value in keywords.items()}
        made = []
        for place, first, last in zip(spots, *ends, strict=True):
            here, there = [place, place], [first, last]
            made.append(self._add(LINES, "line", here if upright else there, there if upright else here, keywords))
        return made[-1] if made else self._add(LINES, "line", [], [], keywords)

    # --- bars, distributions, grids -----------------------------------------------------------------------------------

    def bar(self, x: Any, height: Any, width: Any = 0.8, bottom: Any = None, **keywords: Any) -> Artist:
        names = keywords.pop("tick_label", None)
        made = self._bars("bars", x, height, bottom, keywords | {"width": width})
        if names is not None:
            self.panel.names_x = dict(zip(made.mark.xs, map(text.written, names), strict=False))
        return made

    def barh(self, y: Any, width: Any, height: Any = 0.8, left: Any = None, **keywords: Any) -> Artist:
        return self._bars("rows", y, width, left, keywords | {"height": height})

    def _bars(self, kind: str, x: Any, lengths: Any, begins: Any, keywords: dict[str, Any]) -> Artist:
        places = self._positions(x, upright=kind == "rows")
        long = np.broadcast_to(array_of(lengths).ravel(), (len(places),)).tolist()
        more = [] if begins is None else np.broadcast_to(array_of(begins).ravel(), (len(places),)).tolist()
        return self._add("BarContainer", kind, places, long, keywords, more=more)

    def hist(
        self, x: Any, bins: Any = 10, range: Any = None, density: bool = False, **keywords: Any
    ) -> tuple[Any, Any, Any]:
        """Counts, edges, and what was drawn; of several data sets lists of them, over the same edges."""
        several = isinstance(x, (list, tuple)) and bool(x) and np.ndim(array_of(x[0])) > 0
        sets = [np.asarray(listed(each)) for each in (x if several else [x])]
        weights = keywords.pop("weights", None)
        given = bins if isinstance(bins, (int, str)) else array_of(bins)
        ends = None if range is None else (listed(range)[0], listed(range)[1])
        edges = np.histogram_bin_edges(np.concatenate(sets), given, ends)
        labels = keywords.pop("label", None)
        alone = not isinstance(labels, (list, tuple))
        counts, made = [], []
        for number, values in enumerate(sets):
            weighed = None if weights is None else np.asarray(listed(weights))
            count = np.histogram(values, edges, weights=weighed, density=density)[0].astype(np.float64)
            if keywords.get("cumulative"):
                count = count.cumsum()
            label = labels if alone else labels[number]
            look = {name: value for name, value in looks(keywords).items() if name in ("color", "alpha", "edgecolor")}
            if "color" in look and several and isinstance(look["color"], (list, tuple)):
                look["color"] = look["color"][number]
            counts.append(count)
            made.append(self._add("BarContainer", "steps", edges.tolist(), count.tolist(), look | {"label": label}))
        return (counts, edges, made) if several else (counts[0], edges, made[0])

    def hist2d(
        self, x: Any, y: Any, bins: Any = 10, range: Any = None, **keywords: Any
    ) -> tuple[Any, Any, Any, Artist]:
        """Counts, the edges of both, and the image of them."""
        counted = np.histogram2d(listed(x), listed(y), plain(bins), plain(range), keywords.pop("density", None))
        across, up = (edges[:-1] + np.diff(edges) / 2 for edges in counted[1:])
        made = self._grid("filled", (across, up, counted[0].T), keywords)
        return (*counted, made)

    def imshow(self, X: Any, *_: Any, **keywords: Any) -> Artist:
        return self._add("image.AxesImage", "image", [], [], keywords, grid=grid_of(X))

    def matshow(self, Z: Any, **keywords: Any) -> Artist:
        return self.imshow(Z, **keywords)

    def pcolormesh(self, *given: Any, **keywords: Any) -> Artist:
        """The cells of a grid: by their middles where the edges of cells are given."""
        if len(given) == 1:
            return self.imshow(given[0], **{"origin": "lower", "aspect": "auto"} | keywords)
        return self._grid("filled", given, keywords)

    def contour(self, *given: Any, **keywords: Any) -> Artist:
        return self._grid("contour", given, keywords)

    def contourf(self, *given: Any, **keywords: Any) -> Artist:
        return self._grid("filled", given, keywords)

    def _grid(self, kind: str, given: tuple[Any, ...], keywords: dict[str, Any]) -> Artist:
        values = array_of(given[2] if len(given) > 2 else given[0])
        if values.ndim != 2:
            raise TypeError_(f"Input z must be 2D, not {values.ndim}D")
        if len(given) > 2:
            x, y = array_of(given[0]), array_of(given[1])
            xs, ys = x[0] if x.ndim == 2 else x, y[:, 0] if y.ndim == 2 else y
        else:
            ys, xs = (np.arange(float(size)) for size in values.shape)
        if len(xs) == values.shape[1] + 1:
            xs = (xs[1:] + xs[:-1]) / 2
        if len(ys) == values.shape[0] + 1:
            ys = (ys[1:] + ys[:-1]) / 2
        if (len(ys), len(xs)) != values.shape:
            raise TypeError_(f"Length of x ({len(xs)}) must match number of columns in z ({values.shape[1]})")
        levels = given[3:] or ([given[1]] if len(given) == 2 else [])
        if levels:
            keywords = {"levels": levels[0]} | keywords
        return self._add("contour.QuadContourSet", kind, xs.tolist(), ys.tolist(), keywords, grid=values.tolist())

    def text(self, x: Any, y: Any, s: Any, *_: Any, **keywords: Any) -> Words:
        (px,), (py,) = self._positions([x]), listed(y)
        self._add("text.Text", "words", [px], [py], keywords | {"label": s})
        return Words(px, py, text.written(s))

    def annotate(self, text: Any, xy: Any, xytext: Any = None, **keywords: Any) -> Words:
        x, y = xytext if xytext is not None and keywords.get("textcoords") is None else xy
        return self.text(x, y, text)

    def clabel(self, *_: Any, **__: Any) -> None:
        """Values on contours: matplotlib's own pictures have them, these do without."""

    # --- what is written beside -----------------------------------------------------------------------------------

    def set_title(self, label: Any, *_: Any, **__: Any) -> Words:
        self.panel.title = text.written(label)
        return Words(0.5, 1.0, self.panel.title)

    def set_xlabel(self, xlabel: Any, *_: Any, **__: Any) -> Words:
        self.panel.x = text.written(xlabel)
        return Words(0.5, 0, self.panel.x)

    def set_ylabel(self, ylabel: Any, *_: Any, **__: Any) -> Words:
        self.panel.y = text.written(ylabel)
        return Words(0, 0.5, self.panel.y)

    def get_title(self, *_: Any) -> str:
        return self.panel.title

    def get_xlabel(self) -> str:
        return self.panel.x

    def get_ylabel(self) -> str:
        return self.panel.y

    def set(self, **keywords: Any) -> list[Any]:
        return [self.__member__(f"set_{name}")(value) for name, value in keywords.items()]

    def legend(self, *given: Any, **keywords: Any) -> Unseen:
        self.panel.legend = True
        labels = keywords.get("labels") or (given[-1] if given else [])
        marks = [mark for mark in self.panel.marks if mark.kind != "words"]
        if len(given) == 2:
            marks = [handle.mark for handle in given[0] if isinstance(handle, Artist)]
        for mark, label in zip(marks, labels, strict=False):
            if not isinstance(label, Artist):
                mark.label = text.written(label)
        return Unseen("legend")

    def grid(self, visible: Any = True, *_: Any, **__: Any) -> None:
        self.panel.grid = bool(visible)

    def set_xlim(self, *given: Any, **keywords: Any) -> tuple[float, float]:
        return self._limits(
            "x", given, keywords.get("left", keywords.get("xmin")), keywords.get("right", keywords.get("xmax"))
        )

    def set_ylim(self, *given: Any, **keywords: Any) -> tuple[float, float]:
        return self._limits(
            "y", given, keywords.get("bottom", keywords.get("ymin")), keywords.get("top", keywords.get("ymax"))
        )

    def get_xlim(self) -> tuple[float, float]:
        return self._limits("x", (), None, None)

    def get_ylim(self) -> tuple[float, float]:
        return self._limits("y", (), None, None)

    def _limits(self, axis: str, given: tuple[Any, ...], low: Any, high: Any) -> tuple[float, float]:
        if len(given) == 1 and not isinstance(given[0], (int, float)):
            given = tuple(given[0])
        low, high = given[0] if given else low, given[1] if len(given) > 1 else high
        before = getattr(self.panel, f"limits_{axis}") or self._around(axis)
        ends = (before[0] if low is None else listed(low)[0], before[1] if high is None else listed(high)[0])
        if low is None and high is None:
            return np.float64(ends[0]), np.float64(ends[1])
        setattr(self.panel, f"limits_{axis}", ends)
        return ends

    def _around(self, axis: str) -> tuple[float, float]:
        """Where an axis begins and ends that nobody has set: a twentieth beside what lines and points need."""
        values = [each for mark in self.panel.marks for each in (mark.xs if axis == "x" else mark.ys)]
        values = [value for value in values if np.isfinite(value)]
        if not values:
            return 0.0, 1.0
        low, high = min(values), max(values)
        if any(mark.kind not in ("line", "points", "level", "upright", "words") for mark in self.panel.marks):
            return low, high
        if getattr(self.panel, f"log_{axis}"):
            if low <= 0:
                return low, high
            beside = (np.log10(high) - np.log10(low)) / 20
            return 10 ** (np.log10(low) - beside), 10 ** (np.log10(high) + beside)
        if low == high:
            low, high = low - abs(low) / 20 or -0.05, high + abs(high) / 20 or 0.05
        beside = (high - low) / 20
        return low - beside, high + beside

    def set_xscale(self, value: str, *_: Any, **__: Any) -> None:
        self.panel.log_x = value in ("log", "symlog")

    def set_yscale(self, value: str, *_: Any, **__: Any) -> None:
        self.panel.log_y = value in ("log", "symlog")

    def set_xticks(self, ticks: Any = (), labels: Any = None, *_: Any, **__: Any) -> None:
        self._ticks("names_x", ticks, labels)

    def set_yticks(self, ticks: Any = (), labels: Any = None, *_: Any, **__: Any) -> None:
        self._ticks("names_y", ticks, labels)

    def _ticks(self, names: str, ticks: Any, labels: Any) -> None:
        places = listed(ticks)
        words = [f"{place:g}" for place in places] if labels is None else [text.written(label) for label in labels]
        setattr(self.panel, names, dict(zip(places, words, strict=False)))

    def set_xticklabels(self, labels: Any, *_: Any, **__: Any) -> None:
        self.panel.names_x = dict(
            zip(self.panel.names_x or map(float, range(len(labels))), map(text.written, labels), strict=False)
        )

    def set_yticklabels(self, labels: Any, *_: Any, **__: Any) -> None:
        self.panel.names_y = dict(
            zip(self.panel.names_y or map(float, range(len(labels))), map(text.written, labels), strict=False)
        )

    def axis(self, arg: Any = None, **keywords: Any) -> Any:
        if isinstance(arg, str):
            self.panel.off = arg == "off"
            self.panel.equal = arg in ("equal", "square", "image", "scaled")
        elif isinstance(arg, bool):
            self.panel.off = not arg
        elif arg is not None:
            left, right, low, high = listed(arg)
            self.set_xlim(left, right)
            self.set_ylim(low, high)
        return (*self.set_xlim(), *self.set_ylim())

    def set_axis_off(self) -> None:
        self.panel.off = True

    def set_aspect(self, aspect: Any, *_: Any, **__: Any) -> None:
        self.panel.equal = aspect in ("equal", 1)

    def invert_yaxis(self) -> None:
        low, high = self.set_ylim()
        self.panel.limits_y = (high, low)

    def twinx(self) -> Axes:
        twin: Axes = self.figure.add(Panel(self.panel.place, over=self.panel))
        return twin

    def clear(self) -> None:
        self.panel.clear()

    cla = clear


METHODS = frozenset(name for name, found in vars(Axes).items() if name[0] != "_" and isinstance(found, FunctionType))
