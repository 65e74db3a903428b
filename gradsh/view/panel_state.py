"""The panel of the shell, a line for each name: value, gradient, of how many passes that is the sum, and version."""

from __future__ import annotations

import math

import numpy as np

from gradsh.commands.show import norm_of
from gradsh.engine.core.tensor import Tensor
from gradsh.reports import StateRow
from gradsh.reports.panel import PanelRow, PanelState
from gradsh.view import numbers
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.registry import Look, View, renders
from gradsh.view.state_table import NOT_KEPT, contents

NAMES = 16  # columns, at the most
BAR = 8
HEADING = ("name", "value", "gradient", "sums", "ver")


@renders(PanelState)
class PanelStateView(View[PanelState]):
    def text(self, report: PanelState, look: Look) -> str:
        width = look.width or 80
        if not report.rows:
            return "nothing to watch yet\n"
        names = min(NAMES, max(4, *(2 * row.depth + columns_of(row.name) for row in report.rows)))
        room = max(8, (width - names - 4 - 3 - 6) // 2)  # of value and gradient; 4 and 3 for the numbers behind them
        heads = [cut(HEADING[0], names), cut(HEADING[1], room), cut(HEADING[2], room), *HEADING[3:]]
        lines = [paint(line(heads, names, room).rstrip(), "dim", look.color)]
        lines += [self.row(row, names, room, look) for row in report.rows]
        if report.more:
            lines.append(f"and {report.more} more")
        return "\n".join(lines) + "\n"

    def row(self, row: PanelRow, names: int, room: int, look: Look) -> str:
        mark = "•" if look.unicode else "*"
        dots = "…" if look.unicode else "~"
        name = cut("  " * row.depth + row.name, names, dots)
        value, gradient = value_of(row, room - 2), gradient_of(row, room - 2, look.unicode)
        cells = []
        for which, text in (("value", value), ("grad", gradient)):
            new = which in row.changed
            padded = pad(f"{mark} {text}" if new else f"  {text}", room)
            cells.append(paint(padded, "yellow" if new else style(row, which), look.color))
        state = row.state
        passes = str(state.passes) if state is not None and state.passes else ""
        version = str(row.version) if state is not None else ""
        start = paint(pad(name, names), "bold" if not row.depth else "", look.color)
        return f"{start} {cells[0]} {cells[1]} {passes:>4} {version:>3}".rstrip()

    def data(self, report: PanelState) -> dict[str, object]:
        from gradsh.view.json_lines import exact

        rows = [
            {
                "name": row.name,
                "depth": row.depth,
                "value": value_of(row, 80),
                "gradient": gradient_of(row, 80, False),
                "norm": exact(row.norm) if row.norm is not None else None,
                "passes": row.state.passes if row.state is not None else None,
                "version": row.version,
                "changed": sorted(row.changed),
            }
            for row in report.rows
        ]
        return {"panel": rows, "more": report.more}


def line(cells: list[str], names: int, room: int) -> str:
    return f"{cells[0]:{names}}   {cells[1]:{room - 2}}   {cells[2]:{room - 2}} {cells[3]:>4} {cells[4]:>3}"


def value_of(row: PanelRow, room: int) -> str:
    if row.state is not None:
        return small(row.state.value, room)
    if isinstance(row.value, float) and row.depth:
        return f"|w| {numbers.norm(row.value)}"
    return cut(row.value if isinstance(row.value, str) else repr(row.value), room)


def small(tensor: object, room: int) -> str:
    """A tensor's elements as they print where they fit, else with four digits, else its shape and norm."""
    assert isinstance(tensor, Tensor)
    text = contents(tensor)
    if "\n" not in text and columns_of(text) <= room:
        return text
    data = tensor.data
    if data.ndim <= 1 and data.size <= room:
        short = ", ".join(f"{value:.4g}" for value in np.atleast_1d(data).tolist())
        short = f"[{short}]" if data.ndim else short
        if len(short) <= room:
            return short
    shape = numbers.shape(data.shape)
    norm = f"{shape} |·| {numbers.norm(norm_of(tensor))}" if data.dtype.kind == "f" else shape
    return norm if columns_of(norm) <= room else cut(shape, room)


def gradient_of(row: PanelRow, room: int, unicode: bool) -> str:
    """The gradient, and in words what is none, zero, nan, not kept or not wanted."""
    if row.depth:
        if row.norm is None:
            return "none"
        said = "zero" if row.norm == 0 else "nan" if not math.isfinite(row.norm) else f"|g| {numbers.norm(row.norm)}"
        longest = min(BAR, room - columns_of(said) - 1)
        bar = ("█" if unicode else "#") * max(1, round((row.share or 0) * longest)) if row.share else ""
        return cut(f"{said} {bar}".rstrip(), room)
    state = row.state
    if state is None:
        return ""
    return words(state) or small(state.grad, room)


def words(state: StateRow) -> str:
    if state.grad is None:
        if not state.requires_grad:
            return "not wanted"
        return "none" if state.kept else NOT_KEPT.partition(" (")[0]
    assert isinstance(state.grad, Tensor)
    data = state.grad.data
    if data.dtype.kind == "f" and data.size and not math.isfinite(float(abs(data).sum())):
        return f"nan or inf in [{', '.join(map(str, data.shape))}]"
    return f"zero [{', '.join(map(str, data.shape))}]" if data.size and not data.any() else ""


def style(row: PanelRow, which: str) -> str:
    if which == "value":
        return ""
    if row.state is not None:
        said = words(row.state)
        return "error" if said.startswith("nan") else "dim" if said else ""
    return "error" if row.norm is not None and not math.isfinite(row.norm) else ""


def cut(text: str, room: int, dots: str = "…") -> str:
    return text if columns_of(text) <= room else text[: max(0, room - 1)] + dots


def pad(text: str, room: int) -> str:
    return text + " " * (room - columns_of(text))
