"""Drawings of graphs as files: SVG by a layered layout of its own, DOT, JSON; PNG is the SVG through resvg.

The picture has the leaves at the top and the result at the bottom. In a box stand the label, the value and the
gradient; on an arrow between numbers the local derivative, so that the product along a way is what it contributes.
"""

from __future__ import annotations

import json
from html import escape
from itertools import pairwise
from typing import Any

from gradsh.errors import FileError, GradshError, MissingPackage
from gradsh.errors.e05_files import lacking
from gradsh.looking.exact import as_data
from gradsh.reports.looking import Amount, DrawnRow, GraphDrawing

CHARACTER, LINE, PADDING = 7.3, 17, 10  # of a box's text, in pixels
GAP, LAYER_GAP = 28, 46
FORMATS = ("svg", "png", "dot", "json")
COLORS = {"leaf": "#d9f2d9", "operation": "#ffffff", "freed": "#eeeeee", "plain": "#fff6d5", "cut": "#ffdddd"}


def picture(report: GraphDrawing, name: str) -> bytes:
    """The drawing in the format that the file's name asks for. Errors: MissingExtra for PNG without resvg."""
    kind = name.rpartition(".")[2].lower()
    if kind == "json":
        return (json.dumps(as_data(report), ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()
    if kind == "dot":
        return dot(report).encode()
    text = svg(report)
    if kind != "png":
        return text.encode()
    try:
        import resvg_py  # type: ignore[import-not-found, import-untyped, unused-ignore]  # it has no types
    except ImportError:
        raise MissingPackage(
            lacking(f"'{name}'", "resvg-py", "pictures"),
            help="""`graph z, "z.svg"` needs none, and every browser shows it""",
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=text, background="white"))


# --- what stands in the boxes ---------------------------------------------------------------------------------------


def lines_of(row: DrawnRow) -> list[str]:
    """The lines of text of a row's box."""
    found = [row.label + (f"   {row.kind}" if row.kind else "")]
    if row.mark == "rounds":
        return [f"⋮ {row.label}"]
    facts = []
    if row.value is not None and _short(row.value):
        facts.append(_short(row.value))
    elif row.shape is not None:
        facts.append(f"[{', '.join(map(str, row.shape))}]")
    if row.gradient is not None and _short(row.gradient):
        facts.append(f"grad {_short(row.gradient)}")
    if row.place:
        facts.append(row.place)
    return [*found, "   ".join(facts)] if facts else found


def _short(amount: Amount) -> str:
    if amount.value is not None:
        text = _listed(amount.value)
        if len(text) <= 28:
            return text
    return f"norm {amount.norm:.4g}" if amount.norm is not None else ""


def _listed(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def slope(row: DrawnRow, other: DrawnRow, at: int) -> str:
    """The local derivative on the arrow between two numbers: what one unit of gradient becomes on the way."""
    given = row.slopes.get(at)
    return f"· {given:.6g}" if given is not None and other.shape == () and row.shape == () else ""


# --- layout ---------------------------------------------------------------------------------------------------------


class Box:
    """A row's place in the picture, or where an arrow passes a layer (`row` None)."""

    __slots__ = ("height", "layer", "lines", "row", "width", "x", "y")

    def __init__(self, row: DrawnRow | None, layer: int) -> None:
        self.row = row
        self.layer = layer
        self.lines = lines_of(row) if row is not None else []
        self.width = max((len(line) for line in self.lines), default=0) * CHARACTER + (2 * PADDING if row else 0)
        self.height = len(self.lines) * LINE + 2 * PADDING if row is not None else 0
        self.x = self.y = 0.0

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def layers_of(rows: list[DrawnRow]) -> list[int]:
    """The layer of each row: leaves at 0, every row below all of its inputs; leaves come down to who uses them."""
    found = [0] * len(rows)
    users: list[list[int]] = [[] for _ in rows]
    order = sorted(range(len(rows)), key=lambda at: (rows[at].mark != "leaf", -(rows[at].steps or (10**9, 0))[0]))
    for at in order:
        found[at] = max((found[each] + 1 for each in rows[at].inputs), default=0)
        for each in rows[at].inputs:
            users[each].append(at)
    for at, row in enumerate(rows):
        if not row.inputs and users[at]:
            found[at] = min(found[user] for user in users[at]) - 1
    return found


def lay_out(report: GraphDrawing) -> tuple[list[Box], list[tuple[int, int, list[Box]]], float, float]:
    """The boxes of the rows, the arrows (input, row, what they pass), width and height."""
    rows = report.rows
    depth = layers_of(rows)
    boxes = [Box(row, layer) for row, layer in zip(rows, depth, strict=True)]
    layers: list[list[Box]] = [[] for _ in range(max(depth, default=0) + 1)]
    neighbours: dict[int, list[Box]] = {}
    for box in boxes:
        layers[box.layer].append(box)
    arrows = []
    for at, row in enumerate(rows):
        for each in row.inputs:
            way = [boxes[each], *(Box(None, layer) for layer in range(depth[each] + 1, depth[at])), boxes[at]]
            for passed in way[1:-1]:
                layers[passed.layer].append(passed)
            for one, other in pairwise(way):
                neighbours.setdefault(id(one), []).append(other)
                neighbours.setdefault(id(other), []).append(one)
            arrows.append((each, at, way))
    _order(layers, neighbours)
    width, height = _place(layers, neighbours)
    return boxes, arrows, width, height


def _order(layers: list[list[Box]], neighbours: dict[int, list[Box]]) -> None:
    """Sort each layer by where its neighbours stand, up and down a few times: fewer arrows cross."""
    for turn in range(8):
        positions = {id(box): at / max(1, len(layer)) for layer in layers for at, box in enumerate(layer)}
        step = 1 if turn % 2 == 0 else -1
        for layer in layers[::step]:
            keys = {}
            for box in layer:
                beside = [positions[id(n)] for n in neighbours.get(id(box), []) if n.layer == box.layer - step]
                keys[id(box)] = sum(beside) / len(beside) if beside else positions[id(box)]
            layer.sort(key=lambda box: keys[id(box)])
            for at, box in enumerate(layer):
                positions[id(box)] = at / max(1, len(layer))


def _place(layers: list[list[Box]], neighbours: dict[int, list[Box]]) -> tuple[float, float]:
    """Give the boxes their places: side by side, then towards the middle of their neighbours."""
    y = float(GAP)
    for layer in layers:
        x = float(GAP)
        tallest = max((box.height for box in layer), default=0)
        for box in layer:
            box.x, box.y = x, y + (tallest - box.height) / 2
            x += box.width + GAP
        y += tallest + LAYER_GAP
    for turn in range(12):
        for layer in layers if turn % 2 == 0 else layers[::-1]:
            _settle(layer, neighbours)
    left = min((box.x for layer in layers for box in layer), default=0) - GAP
    for layer in layers:
        for box in layer:
            box.x -= left
    right = max((box.x + box.width for layer in layers for box in layer), default=0)
    return right + GAP, y - LAYER_GAP + GAP


def _settle(layer: list[Box], neighbours: dict[int, list[Box]]) -> None:
    """Move the boxes of a layer under and over their neighbours, without letting them meet."""
    wanted = []
    for box in layer:
        beside = [other.middle for other in neighbours.get(id(box), [])]
        wanted.append((sum(beside) / len(beside) if beside else box.middle) - box.width / 2)
    for at, box in enumerate(layer):
        least = layer[at - 1].x + layer[at - 1].width + GAP if at else wanted[at]
        box.x = max(wanted[at], least)
    for at in range(len(layer) - 2, -1, -1):  # what was pushed too far comes back
        most = layer[at + 1].x - layer[at].width - GAP
        least = layer[at - 1].x + layer[at - 1].width + GAP if at else wanted[at]
        layer[at].x = max(least, min(layer[at].x, most))


# --- formats --------------------------------------------------------------------------------------------------------


def svg(report: GraphDrawing) -> str:
    """The picture as SVG: no fonts, scripts or styles from elsewhere."""
    boxes, arrows, width, height = lay_out(report)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
        'font-size="12">',
        f"<title>{escape(f'the graph of {report.name}' if report.name else 'a graph')}</title>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
    ]
    labels = []
    for each, at, way in arrows:
        points = [(way[0].middle, way[0].y + way[0].height)]
        points += [(box.middle, box.y) for box in way[1:-1]]
        points.append((way[-1].middle, way[-1].y))
        out.append(f'<path d="{_curve(points)}" fill="none" stroke="#555" marker-end="url(#arrow)"/>')
        said = slope(report.rows[at], report.rows[each], each)
        if said:
            x, y = (points[-2][0] + points[-1][0]) / 2, (points[-2][1] + points[-1][1]) / 2
            halo = 'paint-order="stroke" stroke="#fff" stroke-width="4"'
            labels.append(f'<text x="{x + 5:.1f}" y="{y + 4:.1f}" fill="#7a3e00" {halo}>{escape(said)}</text>')
    for box in boxes:
        assert box.row is not None
        fill = COLORS.get("freed" if box.row.freed else box.row.mark, "#ffffff")
        out.append(
            f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
            f'fill="{fill}" stroke="#333"/>'
        )
        for number, line in enumerate(box.lines):
            y = box.y + PADDING + LINE * (number + 1) - 5
            color = "#000" if number == 0 else "#555"
            out.append(
                f'<text x="{box.middle:.1f}" y="{y:.1f}" text-anchor="middle" fill="{color}" '
                f'xml:space="preserve">{escape(line)}</text>'
            )
    return "\n".join([*out, *labels, "</svg>"]) + "\n"


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth line from the first point down to the last."""
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in rest:
        half = (to_y - y) / 2
        path += f" C{x:.1f} {y + half:.1f} {to_x:.1f} {to_y - half:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return path


def dot(report: GraphDrawing) -> str:
    """The picture for Graphviz."""
    out = ["digraph graph_of_a_tensor {", '  node [shape=box, style="rounded,filled", fillcolor=white];']
    for at, row in enumerate(report.rows):
        label = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines_of(row))
        color = COLORS.get("freed" if row.freed else row.mark, "#ffffff")
        out.append(f'  n{at} [label="{label}", fillcolor="{color}"];')
    for at, row in enumerate(report.rows):
        for each in row.inputs:
            said = slope(row, report.rows[each], each)
            out.append(f"  n{each} -> n{at}" + (f' [label="{said}"]' if said else "") + ";")
    return "\n".join([*out, "}"]) + "\n"


def unknown(path: str) -> GradshError:
    """The error for a file name that says no format."""
    return FileError(
        f"graph: '{path}' must end in {', '.join('.' + f for f in FORMATS[:-1])} or .{FORMATS[-1]}",
        help="""`graph z, "z.svg"` draws it for a browser""",
    )
