"""`matplotlib.pyplot`: figures of gradsh's own plots. What these cannot draw says so once, and the rest is drawn.

`show()` shows the figures that are open, as does the end of a cell; `savefig` writes .png and .svg.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.errors import MissingPackage
from gradsh.frontend import text
from gradsh.frontend.imports import Module, colours, parameters
from gradsh.frontend.imports.artists import QUIET, Unseen, Words, listed, not_drawn
from gradsh.frontend.imports.axes import METHODS, Axes
from gradsh.reports import figures

__acts_for_programs__ = True

FORMATS = ("png", "svg")
# functions of pyplot that are methods of the axes under another name
RENAMED = {
    name: f"set_{name}"
    for name in ("title", "xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale", "xticks", "yticks")
}
PARTS = ("style", "ticker", "patches", "lines", "gridspec")
MAPS = ("cm", "colormaps")


class Figure:
    """A figure: its panels, as axes."""

    __slots__ = ("all", "dpi", "pyplot", "report")
    __printed__ = True  # `print` shows what `str` gives, and a bare expression what `repr` gives

    def __init__(self, pyplot: Pyplot, size: Any, dpi: Any = None) -> None:
        wide, tall = listed(pyplot.parameters["figure.figsize"] if size is None else size)[:2]
        self.dpi = pyplot.parameters["figure.dpi"] if dpi is None else dpi
        self.report = figures.Figure((wide, tall))
        self.all: list[Axes] = []
        self.pyplot = pyplot

    def __member__(self, name: str) -> Any:
        if name in OF_FIGURES:
            return getattr(self, name)
        if name == "axes":
            return list(self.all)
        if name == "dpi":
            return self.dpi
        if name == "number":
            return next((key for key, figure in self.pyplot.open.items() if figure is self), 1)
        if name not in QUIET and not name.startswith("get_"):
            not_drawn(name)
        return Unseen(name)

    def __members__(self) -> list[str]:
        return sorted(OF_FIGURES)

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __str__(self) -> str:
        wide, tall = self.report.size
        return f"Figure({self.dpi * wide:g}x{self.dpi * tall:g})"

    def __repr__(self) -> str:
        wide, tall = (round(self.dpi * size) for size in self.report.size)
        return f"<Figure size {wide}x{tall} with {len(self.all)} Axes>"

    def add(self, panel: figures.Panel) -> Axes:
        axes = Axes(panel, self)
        self.report.panels.append(panel)
        self.all.append(axes)
        self.pyplot.axes = axes
        return axes

    def add_subplot(self, *given: Any, **keywords: Any) -> Axes:
        if keywords.get("projection") not in (None, "rectilinear"):
            not_drawn(f"the projection {keywords['projection']!r}")
        places = given or (1, 1, 1)
        if len(given) == 1:  # `111`; what else it is, a cell of a grid that is laid out elsewhere, is one cell
            places = (given[0] // 100, given[0] // 10 % 10, given[0] % 10) if isinstance(given[0], int) else (1, 1, 1)
        rows, columns, cell = places
        first, last = (cell, cell) if isinstance(cell, (int, np.integer)) else cell
        place = (int(rows), int(columns), int(first) - 1, int(last) - 1)
        for axes in self.all:
            if axes.panel.place == place and axes.panel.over is None:
                self.pyplot.axes = axes
                return axes
        return self.add(figures.Panel(place))

    def subplots(self, nrows: int = 1, ncols: int = 1, *, squeeze: bool = True, **_: Any) -> Any:
        """The axes, row by row: an array of them where there are several."""
        axes = np.empty((nrows, ncols), dtype=object)
        for place in np.ndindex(nrows, ncols):
            cell = place[0] * ncols + place[1]
            axes[place] = self.add(figures.Panel((nrows, ncols, cell, cell)))
        if self.all:
            self.pyplot.axes = axes.flat[-1]
        axes = axes.squeeze() if squeeze else axes
        return axes.item() if axes.ndim == 0 else axes

    def gca(self, **_: Any) -> Axes:
        return self.all[-1] if self.all else self.add_subplot()

    def get_axes(self) -> list[Axes]:
        return list(self.all)

    def get_size_inches(self) -> Any:
        return np.array(self.report.size)

    def set_size_inches(self, w: Any, h: Any = None, **_: Any) -> None:
        wide, tall = listed(w)[:2] if h is None else (float(w), float(h))
        self.report.size = (wide, tall)

    def suptitle(self, t: Any, **_: Any) -> Words:
        self.report.title = text.written(t)
        return Words(0.5, 0.98, self.report.title)

    def legend(self, *given: Any, **keywords: Any) -> Unseen:
        return self.gca().legend(*given, **keywords)

    def colorbar(self, mappable: Any = None, **_: Any) -> Unseen:
        mark = getattr(mappable, "mark", None)
        for axes in self.all:
            axes.panel.bar = axes.panel.bar or any(each is mark or mark is None for each in axes.panel.marks)
        return Unseen("colorbar")

    def clear(self, **_: Any) -> None:
        self.all.clear()
        self.report.panels.clear()
        self.report.title = ""

    clf = clear

    def show(self, *_: Any, **__: Any) -> None:
        self.pyplot.show()

    def savefig(self, fname: Any, *, format: str | None = None, **_: Any) -> None:
        """Write a .png or a .svg. Errors: FileError."""
        path = text.written(fname)
        ending = format or path.rpartition(".")[2].lower()
        if "." not in path.rpartition("/")[2]:
            path, ending = f"{path}.{format or 'png'}", format or "png"
        if ending not in FORMATS or not path.lower().endswith(FORMATS):
            mode.warn(f"'{path}' is not written: a picture is a file that ends in .png or .svg", once=True)
            return
        from gradsh.plotting.pictures import write

        try:
            write(self.report, path, self.pyplot.session.files)
        except MissingPackage as missing:
            mode.warn(f"{missing.message.removeprefix('plot: ')}; {missing.help}", once=True)


OF_FIGURES = frozenset(
    name for name, found in vars(Figure).items() if name[0] != "_" and isinstance(found, FunctionType) and name != "add"
)


class Pyplot:
    """What `pyplot` keeps for one session: the figures that are open, the last of them current."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.parameters = parameters.of(session)
        self.open: dict[Any, Figure] = {}
        self.figure_: Figure | None = None  # the current one, also when it has been shown: `savefig` may come then
        self.axes: Axes | None = None

    def __member__(self, name: str) -> Any:
        if name in OF_PYPLOT:
            return getattr(self, name)
        if name in METHODS:
            return lambda *given, **keywords: getattr(self.gca(), name)(*given, **keywords)
        if name in RENAMED:
            return lambda *given, **keywords: getattr(self.gca(), RENAMED[name])(*given, **keywords)
        if name in OF_FIGURES:
            return lambda *given, **keywords: getattr(self.gcf(), name)(*given, **keywords)
        if name in MAPS:
            return colours.Maps(name)
        if name in OF_PARAMETERS:
            return self.parameters if name == "rcParams" else getattr(self.parameters, name)
        if name == "get_cmap":
            return colours.map_of
        if name not in QUIET and name not in PARTS and not name.startswith("get_"):
            not_drawn(name)
        return Unseen(name)

    def gcf(self) -> Figure:
        if self.figure_ is None or not any(each is self.figure_ for each in self.open.values()):
            return self.figure()
        return self.figure_

    def gca(self, **_: Any) -> Axes:
        figure = self.gcf()
        if self.axes is None or self.axes.figure is not figure:
            self.axes = figure.gca()
        return self.axes

    def sca(self, ax: Any) -> None:
        if isinstance(ax, Axes):
            self.axes, self.figure_ = ax, ax.figure

    def figure(self, num: Any = None, figsize: Any = None, dpi: Any = None, **_: Any) -> Figure:
        """A new figure, or the one of that number, becomes the current one."""
        if isinstance(num, Figure):
            self.figure_ = num
            return num
        if num is None:
            num = max((key for key in self.open if isinstance(key, int)), default=0) + 1
        if num not in self.open:
            self.open[num] = Figure(self, figsize, dpi)
        self.figure_ = self.open[num]
        return self.figure_

    def subplots(self, nrows: int = 1, ncols: int = 1, *, figsize: Any = None, **keywords: Any) -> Any:
        figure = self.figure(figsize=figsize, dpi=keywords.get("dpi"))
        return figure, figure.subplots(nrows, ncols, squeeze=keywords.get("squeeze", True))

    def subplot(self, *given: Any, **keywords: Any) -> Axes:
        return self.gcf().add_subplot(*given, **keywords)

    def savefig(self, *given: Any, **keywords: Any) -> None:
        (self.figure_ or self.gcf()).savefig(*given, **keywords)

    def show(self, *_: Any, **__: Any) -> None:
        """Show what is open, and close it."""
        shown, self.open = self.open, {}
        for figure in shown.values():
            if any(panel.marks for panel in figure.report.panels):
                self.session.display.report(figure.report)

    def close(self, fig: Any = None) -> None:
        if fig == "all":
            self.open.clear()
        elif fig is None and self.figure_ is not None:
            fig = self.figure_
        self.open = {key: figure for key, figure in self.open.items() if figure is not fig and key != fig}

    def get_fignums(self) -> list[Any]:
        return list(self.open)

    def fignum_exists(self, num: Any) -> bool:
        return num in self.open

    def isinteractive(self) -> bool:
        return False

    def imread(self, *_: Any, **__: Any) -> Unseen:
        not_drawn("imread")
        return Unseen("imread")


OF_PYPLOT = frozenset(
    name for name, found in vars(Pyplot).items() if name[0] != "_" and isinstance(found, FunctionType)
)


OF_PARAMETERS = frozenset(("rc", "rcParams", "rcdefaults"))
NAMES = OF_PYPLOT | METHODS | RENAMED.keys() | OF_PARAMETERS | {"style", "get_cmap", *MAPS}


def pyplot_of(session: Any) -> Module:
    """The module `matplotlib.pyplot` of a session, one for all names that it has."""
    known: Module | None = session.modules.get("matplotlib.pyplot")
    if known is None:
        pyplot = Pyplot(session)
        known = session.modules["matplotlib.pyplot"] = Module("matplotlib.pyplot", pyplot.__member__, has=NAMES)
        session.at_end.append(pyplot.show)
    return known


def module(session: Any, name: str) -> Module:
    if name == "pylab":
        return pyplot_of(session)
    if name != "matplotlib":
        return Module(name, lambda member: Unseen(member))
    pyplot = pyplot_of(session)
    members = {"pyplot": pyplot, "__version__": "3.10.0", "colors": colours.module()}
    members |= {each: pyplot.__member__(each) for each in (*MAPS, *OF_PARAMETERS)}
    return Module(name, lambda member: members.get(member) or Unseen(member), has=members)
