"""Figures of `matplotlib.pyplot`'s for files: their panels through matplotlib, with the looks that the program gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.reports.figures import Figure, Mark, Panel


def draw(report: Figure, figure: Any) -> None:
    """Draw on a figure of matplotlib's. Errors: ValueError, TypeError for a look that it does not know."""
    figure.set_size_inches(*report.size)
    if report.title:
        figure.suptitle(report.title)
    made: dict[int, Any] = {}
    for panel in report.panels:
        if panel.over is not None and id(panel.over) in made:
            axes = made[id(panel.over)].twinx()
        else:
            rows, columns, first, last = panel.place
            axes = figure.add_subplot(rows, columns, (first + 1, last + 1))
        made[id(panel)] = axes
        _panel(panel, axes)


def _panel(panel: Panel, axes: Any) -> None:
    axes.set_xscale("log" if panel.log_x else "linear")
    axes.set_yscale("log" if panel.log_y else "linear")
    for mark in panel.marks:
        look = mark.look | ({"label": mark.label} if mark.label else {})
        if isinstance(look.get("cmap"), list):  # the colours of a map that is the program's own
            from matplotlib.colors import ListedColormap

            look["cmap"] = ListedColormap(look["cmap"])
        shown = MARKS[mark.kind](axes, mark, look)
        if panel.bar and mark.kind in ("image", "filled", "points") and shown.get_array() is not None:
            axes.figure.colorbar(shown, ax=axes)
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y)
    if panel.limits_x is not None:
        axes.set_xlim(*panel.limits_x)
    if panel.limits_y is not None:
        axes.set_ylim(*panel.limits_y)
    for names, put in ((panel.names_x, axes.set_xticks), (panel.names_y, axes.set_yticks)):
        if names:
            put(list(names), labels=list(names.values()))
    if panel.legend and any(mark.label and mark.kind != "words" for mark in panel.marks):
        axes.legend()
    if panel.grid:
        axes.grid(True)
    if panel.equal:
        axes.set_aspect("equal")
    if panel.off:
        axes.set_axis_off()


def _bars(axes: Any, mark: Mark, look: dict[str, Any]) -> Any:
    return axes.bar(mark.xs, mark.ys, bottom=mark.more or None, **look)


def _rows(axes: Any, mark: Mark, look: dict[str, Any]) -> Any:
    return axes.barh(mark.xs, mark.ys, left=mark.more or None, **look)


def _image(axes: Any, mark: Mark, look: dict[str, Any]) -> Any:
    return axes.imshow(np.array(mark.grid, dtype=float), **look)


def _words(axes: Any, mark: Mark, look: dict[str, Any]) -> Any:
    return axes.text(mark.xs[0], mark.ys[0], mark.label, **{key: look[key] for key in look if key != "label"})


def _grid(kind: str) -> Callable[[Any, Mark, dict[str, Any]], Any]:
    def show(axes: Any, mark: Mark, look: dict[str, Any]) -> Any:
        return getattr(axes, kind)(mark.xs, mark.ys, np.array(mark.grid, dtype=float), **look)

    return show


MARKS: dict[str, Callable[[Any, Mark, dict[str, Any]], Any]] = {
    "line": lambda axes, mark, look: axes.plot(mark.xs, mark.ys, **look),
    "points": lambda axes, mark, look: axes.scatter(mark.xs, mark.ys, **look),
    "bars": _bars,
    "rows": _rows,
    "steps": lambda axes, mark, look: axes.stairs(mark.ys, mark.xs, **({"fill": True} | look)),
    "band": lambda axes, mark, look: axes.fill_between(mark.xs, mark.ys, mark.more, **look),
    "image": _image,
    "contour": _grid("contour"),
    "filled": _grid("contourf"),
    "level": lambda axes, mark, look: axes.axhline(mark.ys[0], **look),
    "upright": lambda axes, mark, look: axes.axvline(mark.xs[0], **look),
    "words": _words,
}
