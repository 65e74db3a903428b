"""`plot x`: numbers, functions and gradients as a picture, in the terminal or in a file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from itertools import pairwise
from types import FunctionType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.core.users import is_users
from gradsh.errors import ArgumentError, ValueError_
from gradsh.looking.loops import around
from gradsh.plotting import functions, values
from gradsh.reports import Report
from gradsh.reports.plotting import Chart, Contour, Curves, HeatMap, Histogram, Live, Norms, PictureFile, Series
from gradsh.runtime.commands import command

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.runtime.running import Running

COLUMNS, ROWS = 60, 18  # of a contour's grid
RANGE = "take another range of x"
HELP = "`plot losses`, `plot x, y`, `plot f, -3, 3`, `plot net`, `plot w.grad`"


@command("plot x, …", example="plot fn(x) = x**2, -2, 2, at=1.0", options="log hist scatter at path", alone=True)
def plot(
    session: Running,
    given: tuple[Any, ...],
    places: list[Span | None],
    /,
    *,
    log: bool = False,
    hist: bool = False,
    scatter: bool = False,
    at: Any = None,
    path: Any = None,
) -> Iterable[Report]:
    """A picture: of losses, y over x, a function with its derivative or tangent, a model's gradients, a matrix."""
    names = [_name(place, i) for i, place in enumerate(places)]
    file = given[-1] if given and isinstance(given[-1], str) else None
    if file is not None:
        given, names = given[:-1], names[:-1]
    if not given:
        raise ArgumentError("plot: there is nothing to draw", help=HELP)
    options = Options(log=log, hist=hist, scatter=scatter, at=at, path=path)
    if file is not None:
        from gradsh.plotting.pictures import write

        write(_chart(given, names, options), file, session.files)
        yield PictureFile(file)
        return
    first = next((place for place in places if place is not None), None)
    if first is not None and around(first):
        # as they are now: a list grows, and making a picture of a long one each round would take longer than the rounds
        now = tuple(list(value) if isinstance(value, list) else value for value in given)
        session.display.live(Live((id(first.source), first.start), partial(_chart, now, names, options)))
        return
    yield _chart(given, names, options)


class Options:
    """What stands behind the values."""

    def __init__(self, *, log: bool, hist: bool, scatter: bool, at: Any, path: Any) -> None:
        self.log = log
        self.hist = hist
        self.scatter = scatter
        self.at = at
        self.path = path


def _name(place: Span | None, index: int) -> str:
    text = " ".join(place.text.split()) if place is not None else ""
    return text if 0 < len(text) <= 24 else f"value {index + 1}" if not text else text[:21] + "..."


def _chart(given: tuple[Any, ...], names: list[str], options: Options) -> Chart:
    first = given[0]
    if hasattr(type(first), "named_parameters"):
        return _norms(first, names[0])
    if callable(first) and not isinstance(first, Tensor):
        return _function(given, names, options)
    if isinstance(first, Tensor) and len(given) == 1:
        if first.data.ndim == 0:
            raise _one_number(names[0])
        if first.data.ndim > 2:
            raise ArgumentError(
                f"plot: {names[0]} is of shape {list(first.data.shape)}, and a picture has two dimensions",
                help=f"`plot {values.operand(names[0])}[{', '.join('0' * (first.data.ndim - 2))}]`",
            )
        if first.data.ndim == 2 and not options.hist:
            return _heat(first, names[0])
        if options.hist or (first.data.ndim == 1 and first.data.size > values.MANY):
            return _histogram(make(first.data.ravel()), names[0])
    if not all(isinstance(value, (Tensor, list, tuple, range)) for value in given):
        wrong = next(i for i, value in enumerate(given) if not isinstance(value, (Tensor, list, tuple, range)))
        if isinstance(given[wrong], (int, float)):
            raise _one_number(names[wrong])
        raise ArgumentError(f"plot: {names[wrong]} is {values.kind(given[wrong])}, not numbers", help=HELP)
    if options.hist:
        return _histogram(first, names[0])
    if len(given) == 2 and (options.scatter or all(isinstance(value, Tensor) for value in given)):
        return _over(given, names, options)
    return _lines(given, names, options.log)


def _one_number(name: str) -> ArgumentError:
    return ArgumentError(
        f"plot: {name} is one number", help="collect some: `losses.append(loss.item())`, `plot losses`"
    )


# --- numbers ----------------------------------------------------------------------------------------------------------


def _lines(given: tuple[Any, ...], names: list[str], log: bool) -> Curves:
    """Each over the positions of its items."""
    series, notes = [], []
    for value, name in zip(given, names, strict=True):
        ys = values.numbers(value, name)
        xs, ys, lost = values.finite([float(i) for i in range(len(ys))], ys, name, log)
        series.append(Series(name, xs, ys))
        notes += lost
    return Curves(series, log=log, notes=notes)


def _over(given: tuple[Any, ...], names: list[str], options: Options) -> Curves:
    """y over x: a line where x rises, else points."""
    xs, ys = (values.numbers(value, name) for value, name in zip(given, names, strict=True))
    if len(xs) != len(ys):
        raise ValueError_(f"plot: {names[0]} has {len(xs)} numbers and {names[1]} has {len(ys)}")
    xs, ys, notes = values.finite(xs, ys, names[1], options.log)
    rises = all(a < b for a, b in pairwise(xs))
    style = "line" if rises and not options.scatter else "points"
    return Curves([Series(names[1], xs, ys, style)], x=names[0], log=options.log, notes=notes)


def _histogram(value: Any, name: str) -> Histogram:
    found = values.numbers(value, name)
    _, found, notes = values.finite([0.0] * len(found), found, name)
    edges, counts = values.histogram(found)
    return Histogram(name, edges, counts, notes)


def _heat(value: Tensor, name: str) -> HeatMap:
    if not value.data.size:
        raise ValueError_(f"plot: {name} is empty, of shape {list(value.data.shape)}")
    rows = values.matrix(value)
    lost = sum(item is None for row in rows for item in row)
    if lost == value.data.size:
        raise ValueError_(f"plot: no value of {name} is a finite number", help=f"`isfinite({name})` tells which are")
    notes = [f"{lost} of {value.data.size} values of {name} are nan or inf: `?`"] if lost else []
    return HeatMap(name, rows, notes)


def _norms(model: Any, name: str) -> Norms:
    rows: list[tuple[str, float | None]] = []
    for path, parameter in reversed(list(model.named_parameters())):
        gradient = parameter.gradient
        norm = None
        if gradient is not None:
            norm = math.sqrt(sum(float(x) ** 2 for x in gradient.data.ravel().tolist()))
        rows.append((f"{name}.{path}", norm))
    if not rows:
        raise ValueError_(
            f"plot: {name} has no parameters", help="`plot net` shows the gradients of a model's parameters"
        )
    notes = []
    if all(norm is None for _, norm in rows):
        notes.append("no parameter has a gradient: no backward has reached them")
    return Norms(rows, notes)


# --- functions --------------------------------------------------------------------------------------------------------


def _function(given: tuple[Any, ...], names: list[str], options: Options) -> Chart:
    f, name = given[0], _called(given[0], names[0])
    if len(given) != 3:
        raise ArgumentError(
            f"plot: from where to where is {name} to be drawn?",
            help=f"`plot {names[0]}, -3, 3`, or `plot {names[0]}, [-1.0, 1.0], [-1.0, 1.0]` of two numbers",
        )
    if isinstance(given[1], (list, tuple)) or isinstance(given[2], (list, tuple)):
        return _contour(f, name, given, options)
    low, high = values.ordered(given[1], given[2], "the range of x")
    xs, ys, slopes = functions.curve(f, name, low, high)
    if options.at is not None:
        return _tangent(f, name, xs, ys, options.at, options.log)
    xs_f, ys_f, notes = values.finite(xs, ys, name, options.log, RANGE)
    series = [Series(name, xs_f, ys_f)]
    if slopes:
        xs_s, ys_s, lost = values.finite(xs, slopes, f"{name}'", options.log, RANGE)
        series.append(Series(f"{name}'", xs_s, ys_s))
        notes += lost
    else:
        notes.append(f"{name}' is not drawn: no gradient gets through {name} to x")
    limits = functions.limits([y for each in series for y in each.ys]) if not options.log else None
    if limits is not None:
        whole = (min(min(each.ys) for each in series), max(max(each.ys) for each in series))
        notes.append(f"95 of 100 values are shown; all go from {whole[0]:.4g} to {whole[1]:.4g}")
    return Curves(series, x="x", log=options.log, limits=limits, notes=notes)


def _called(f: Any, name: str) -> str:
    """What the curve is called: the function's name, `f` where it has none."""
    return name if name.isidentifier() else "f" if isinstance(f, FunctionType) and is_users(f) else name


def _tangent(f: Any, name: str, xs: list[float], ys: list[float], at: Any, log: bool) -> Curves:
    point = values.one(at, "at")
    if not xs[0] <= point <= xs[-1]:
        raise ValueError_(
            f"plot: at={point:g} is outside of the range, {xs[0]:g} to {xs[-1]:g}", help="`at` is a point of the curve"
        )
    with functions.unnoticed(True):
        value, slope = functions.at(f, name, point)
    if slope is None:
        raise ValueError_(f"plot: {name} has no derivative at {point:g}")
    if not (math.isfinite(value) and math.isfinite(slope)):
        raise ValueError_(f"plot: at {point:g} {name} is {value:g} and its slope {slope:g}")
    kept_x, kept_y, notes = values.finite(xs, ys, name, log, RANGE)
    straight = [value + slope * (x - point) for x in (xs[0], xs[-1])]
    notes.append(f"tangent at {point:g}: slope {slope:.6g}")
    series = [
        Series(name, kept_x, kept_y),
        Series("tangent", [xs[0], xs[-1]], straight),
        Series("", [point], [value], "mark"),
    ]
    low, high = min(kept_y), max(kept_y)
    room = 0.1 * (high - low) or 1.0
    limits = functions.limits(kept_y) or (low - room, high + room)
    return Curves(series, x="x", limits=(min(limits[0], value), max(limits[1], value)), notes=notes)


def _contour(f: Any, name: str, given: tuple[Any, ...], options: Options) -> Contour:
    width, height = values.interval(given[1], "the range of x"), values.interval(given[2], "the range of y")
    xs, ys, rows = functions.grid(f, name, width, height, COLUMNS, ROWS)
    if all(item is None for row in rows for item in row):
        raise ValueError_(f"plot: no value of {name} there is a finite number")
    way = _way(options.path) if options.path is not None else []
    outside = sum(not (width[0] <= x <= width[1] and height[0] <= y <= height[1]) for x, y in way)
    notes = [f"{outside} of {len(way)} points of the path are outside"] if outside else []
    return Contour(name, xs, ys, rows, way, notes)


def _way(path: Any) -> list[tuple[float, float]]:
    """The points of a descent: a tensor of shape [n, 2], or a list of pairs."""
    items = path.data.tolist() if isinstance(path, Tensor) else path
    if isinstance(items, (list, tuple)):
        items = [item.data.tolist() if isinstance(item, Tensor) else item for item in items]
    if not isinstance(items, (list, tuple)) or not all(isinstance(i, (list, tuple)) and len(i) == 2 for i in items):
        raise ArgumentError(
            "plot: a path is points with two numbers each", help="`path.append([w[0].item(), w[1].item()])`"
        )
    points = [tuple(values.numbers(list(item), "path")) for item in items]
    return [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
