"""A figure of `plt.show()`: its panels one below the other, each as `plot` draws what is on it."""

from __future__ import annotations

import math
from typing import Any

from gradsh.reports.figures import Figure, Mark, Panel, drawable
from gradsh.reports.plotting import Contour, HeatMap, Histogram, Series
from gradsh.view.axes import LEAST, WIDTH, plane
from gradsh.view.contour import ContourView
from gradsh.view.heat_map import HeatMapView
from gradsh.view.histogram import HistogramView
from gradsh.view.registry import Look, View, renders

BAR = 50
MOST_STEPS = 40
MOST_IMAGES = 12  # of the panels of a figure that are only images, how many are shown
EMPTY = "nothing is on it"


@renders(Figure)
class FigureView(View[Figure]):
    aside = True

    def text(self, report: Figure, look: Look) -> str:
        images = [panel for panel in report.panels if panel.marks and panel.marks[0].kind == "image"]
        left_out = {id(panel) for panel in images[MOST_IMAGES:]}
        shown = [panel for panel in report.panels if id(panel) not in left_out]
        parts = [report.title + "\n"] if report.title else []
        parts += [panel_text(panel, look) for panel in shown if panel.marks or len(report.panels) == 1]
        if left_out:
            parts.append(f"and {len(left_out)} more images\n")
        return "\n".join(parts)

    def data(self, report: Figure) -> dict[str, object]:
        return {"plot": "figure", "title": report.title, "panels": [_panel_data(panel) for panel in report.panels]}


def panel_text(panel: Panel, look: Look) -> str:
    """One panel: its title, its marks, the names of its axes."""
    parts: list[str] = []
    heads = [words for words in (panel.title, panel.y) if words]
    for mark in panel.marks:
        if mark.kind == "image":
            parts.append(_image(mark, panel.title, look))
        elif mark.kind in ("bars", "rows"):
            parts.append(_bars(mark, panel.names_x if mark.kind == "bars" else panel.names_y, look))
        elif mark.kind in ("contour", "filled"):
            parts.append(_contour(mark, look))
    if len(panel.marks) == 1 and _is_histogram(panel.marks[0]):
        (only,) = panel.marks
        counts = Histogram(only.label or panel.x or "values", only.xs, [int(count) for count in only.ys])
        return "".join([*(f"{words}\n" for words in heads), HistogramView().text(counts, look)])
    series = [one for mark in panel.marks for one in _series(panel, mark)]
    if any(one.style == "line" or len(one.xs) > 1 for one in series) or (series and not parts):
        limits = panel.limits_y
        if limits is not None and (limits[0] >= limits[1] or (panel.log_y and limits[0] <= 0)):
            limits = None
        lines = plane(series, look, x=panel.x, log=panel.log_y, limits=limits, log_x=panel.log_x)
        parts.append("\n".join(lines) + "\n")
    elif panel.x and parts:
        parts.append(panel.x + "\n")
    if not parts:
        parts.append(EMPTY + "\n")
    only_image = len(panel.marks) == 1 and panel.marks[0].kind == "image"
    return "".join([*(f"{words}\n" for words in heads if not (only_image and words == panel.title)), *parts])


def _is_histogram(mark: Mark) -> bool:
    """Is it of counts, and few enough for a line each?"""
    few = mark.kind == "steps" and len(mark.ys) <= MOST_STEPS and max(mark.ys) > 0
    return few and all(count == int(count) for count in mark.ys)


def _series(panel: Panel, mark: Mark) -> list[Series]:
    """A mark as lines and points, where it is that."""
    if mark.kind in ("line", "points"):
        joined = mark.kind == "line" and mark.look.get("linestyle") not in ("none", "None", "", " ")
        made = [(mark.xs, mark.ys, "line" if joined else "points")]
    elif mark.kind == "band":
        made = [(mark.xs, mark.ys, "line"), (mark.xs, mark.more, "line")]
    elif mark.kind == "steps":
        edges = [edge for edge in mark.xs for _ in range(2)]
        made = [(edges, [0.0, *(count for count in mark.ys for _ in range(2)), 0.0], "line")]
    elif mark.kind == "words":
        made = [(mark.xs, mark.ys, "mark")]
    elif mark.kind in ("level", "upright"):
        made = [(*_across(panel, mark), "line")]
    else:
        return []
    found = []
    for number, (xs, ys, style) in enumerate(made):
        points = drawable(panel, xs, ys)
        if points:
            name = mark.label if number == 0 else ""
            found.append(Series(name, [x for x, _ in points], [y for _, y in points], style))
    return found


def _across(panel: Panel, mark: Mark) -> tuple[list[float], list[float]]:
    """The ends of a line across all that is drawn."""
    others = [each for each in panel.marks if each.kind in ("line", "points", "band", "steps")]
    points = [point for each in others for point in drawable(panel, each.xs, each.ys)]
    if mark.kind == "level":
        xs = [x for x, _ in points] or [0.0, 1.0]
        return [min(xs), max(xs)], mark.ys * 2
    ys = [y for _, y in points] or [0.0, 1.0]
    return mark.xs * 2, [min(ys), max(ys)]


def _image(mark: Mark, title: str, look: Look) -> str:
    grid = mark.grid
    if not grid or not grid[0]:
        return EMPTY + "\n"
    if isinstance(grid[0][0], list):  # colours, as bright as they are
        weights = (0.299, 0.587, 0.114)
        grid = [[sum(w * part for w, part in zip(weights, cell, strict=False)) for cell in row] for row in grid]
    rows = [[x if math.isfinite(x) else None for x in row] for row in grid]
    if all(x is None for row in rows for x in row):
        return EMPTY + "\n"
    return HeatMapView().text(HeatMap(title or "image", rows), look)


def _contour(mark: Mark, look: Look) -> str:
    """At most as many points as there is room for."""
    if not mark.grid or not mark.xs:
        return EMPTY + "\n"
    every = max(1, len(mark.grid) // 20), max(1, len(mark.xs) // 60)
    rows = [[x if math.isfinite(x) else None for x in row[:: every[1]]] for row in mark.grid[:: every[0]]]
    if all(x is None for row in rows for x in row):
        return EMPTY + "\n"
    return ContourView().text(Contour("levels", mark.xs[:: every[1]], mark.ys[:: every[0]], rows, []), look)


def _bars(mark: Mark, names: dict[float, str], look: Look) -> str:
    room = max(LEAST, min(look.width or WIDTH, 140))
    texts = [f"{y:.4g}" for y in mark.ys]
    words = [names.get(x, f"{x:.4g}") for x in mark.xs]
    wide, tall = max(map(len, words), default=0), max(map(len, texts), default=0)
    longest = max(8, min(BAR, room - wide - tall - 4))
    most = max((abs(y) for y in mark.ys if math.isfinite(y)), default=0.0)
    lines = [mark.label] if mark.label else []
    for word, text, y in zip(words, texts, mark.ys, strict=True):
        length = round(abs(y) / most * longest) if most and math.isfinite(y) else 0
        lines.append(f"{word:>{wide}}  {text:>{tall}}  {('█' if look.unicode else '#') * length}".rstrip())
    return "\n".join(lines) + "\n"


# --- as data ----------------------------------------------------------------------------------------------------------


def _panel_data(panel: Panel) -> dict[str, object]:
    return {
        "title": panel.title,
        "x": panel.x,
        "y": panel.y,
        "log": [axis for axis, log in (("x", panel.log_x), ("y", panel.log_y)) if log],
        "marks": [_mark_data(mark) for mark in panel.marks],
    }


def _mark_data(mark: Mark) -> dict[str, object]:
    data: dict[str, object] = {"kind": mark.kind, "label": mark.label, "x": _finite(mark.xs), "y": _finite(mark.ys)}
    for name, values in (("more", mark.more), ("grid", mark.grid)):
        if values:
            data[name] = _finite(values)
    return data


def _finite(value: Any) -> Any:
    """JSON has no nan: null stands for what is no finite number."""
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value if math.isfinite(value) else None
