"""Pictures in files, `plot losses, "loss.png"`: the same data through matplotlib, which is an extra."""

from __future__ import annotations

import math
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gradsh.errors import MissingPackage, UnknownFormat, ValueError_
from gradsh.errors.e05_files import lacking
from gradsh.reports.figures import Figure as Panels
from gradsh.reports.plotting import Chart, Contour, Curves, HeatMap, Histogram, Norms

if TYPE_CHECKING:
    from gradsh.files import Files

FORMATS = (".png", ".svg")
EXTRA = 'pip install "gradsh[plot]"'


def write(chart: Chart, path: str, files: Files) -> None:
    """Draw into a file, whole or not at all. Errors: UnknownFormat, MissingPackage, FileError."""
    ending = next((each for each in FORMATS if path.lower().endswith(each)), None)
    if ending is None:
        raise UnknownFormat(
            f"plot: cannot write '{path}': a picture is a file that ends in {' or '.join(FORMATS)}",
            help='`plot losses, "losses.png"`',
        )
    files.check(path, "write")  # in a sandbox nothing can be imported either
    data = drawn(chart, ending, path)

    def produce(file: BinaryIO) -> None:
        file.write(data)

    files.write(path, produce)


def drawn(chart: Chart, ending: str, name: str = "a picture") -> bytes:
    """The picture, as a file of that ending has it. Errors: MissingPackage."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingPackage(
            lacking(f"plot: writing '{name}'", "matplotlib"),
            help=f"{EXTRA} installs it: in the terminal pictures need nothing",
        ) from None
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    (FigureCanvasSVG if ending == ".svg" else FigureCanvasAgg)(figure)
    file = BytesIO()
    # without the time of day, so that the same program writes the same file
    metadata = {"Date": None} if ending == ".svg" else None
    if not isinstance(chart, Panels):
        _draw(chart, figure.add_subplot())
        if chart.notes:
            figure.supxlabel("\n".join(chart.notes), fontsize="small")
        figure.savefig(file, format=ending[1:], metadata=metadata)
        return file.getvalue()
    from gradsh.plotting.panels import draw

    try:
        with warnings.catch_warnings():  # what matplotlib finds odd of an axis is nothing that the program can catch
            warnings.simplefilter("ignore")
            draw(chart, figure)
            figure.savefig(file, format=ending[1:], metadata=metadata)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:  # a colour, a style, that matplotlib does not know
        raise ValueError_(str(error)) from None
    return file.getvalue()


def _draw(chart: Chart, axes: Any) -> None:
    if isinstance(chart, Curves):
        for one in chart.series:
            look: dict[str, Any] = {"label": one.name} if one.name else {}
            style = {"line": "-", "points": ".", "mark": "o"}[one.style]
            axes.plot(one.xs, one.ys, style, **look)
        axes.set_xlabel(chart.x)
        if chart.log:
            axes.set_yscale("log")
        if chart.limits is not None:
            axes.set_ylim(*chart.limits)
        axes.legend()
    elif isinstance(chart, Norms):
        axes.barh([name for name, _ in chart.rows][::-1], [norm or 0.0 for _, norm in chart.rows][::-1])
        if any(norm and math.isfinite(norm) for _, norm in chart.rows):
            axes.set_xscale("log")
        axes.set_xlabel("norm of the gradient")
    elif isinstance(chart, Histogram):
        axes.stairs(chart.counts, chart.edges, fill=True)
        axes.set_xlabel(chart.name)
    elif isinstance(chart, HeatMap):
        image = axes.imshow(_array(chart.rows), aspect="auto")
        axes.figure.colorbar(image)
        axes.set_title(chart.name)
    elif isinstance(chart, Contour):
        filled = axes.contourf(chart.xs, chart.ys, _array(chart.rows), levels=20)
        axes.figure.colorbar(filled)
        if chart.path:
            axes.plot([x for x, _ in chart.path], [y for _, y in chart.path], "w.-")
        axes.set_title(chart.name)


def _array(rows: list[list[float | None]]) -> Any:
    return np.array([[math.nan if x is None else x for x in row] for row in rows])
