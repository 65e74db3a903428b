"""The state table of `show`: one row per tensor, with all that decides whether it gets a gradient.

On a terminal rich lays it out; in a pipe it is plain aligned columns, with nothing cut off and nothing escaped.
"""

from __future__ import annotations

from io import StringIO

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.printing.format import PrintOptions, format_tensor
from gradsh.reports import STATE_COLUMNS, StateRow, StateTable
from gradsh.view.diagnostics import columns_of
from gradsh.view.registry import Look, View, renders

NOT_KEPT = "not kept (non-leaf)"
NARROW = 100  # narrower terminals get headings and words on two lines, and values on one
VALUE, GRAD_FN, GRAD = (STATE_COLUMNS.index(name) for name in ("value", "grad_fn", "grad"))


def cells(row: StateRow) -> list[str]:
    """The texts of one row, in the order of STATE_COLUMNS; values of several lines keep their line breaks."""
    return [
        row.name,
        contents(row.value),
        f"[{', '.join(map(str, row.shape))}]",
        row.dtype,
        str(row.requires_grad),
        str(row.is_leaf),
        str(row.retains_grad),
        row.grad_fn or "None",
        contents(row.grad) if row.grad is not None or row.kept else NOT_KEPT,
    ]


def contents(value: object, options: PrintOptions | None = None) -> str:
    """What a tensor prints between its brackets: "0.6000", "[1., 2.]"; anything else as Python prints it."""
    if not isinstance(value, Tensor):
        return repr(value)
    text = format_tensor(value.data, default_dtype=value.data.dtype, options=options or PrintOptions())
    lines = text[len("tensor(") : -1].split("\n")
    return "\n".join([lines[0], *(line.removeprefix(" " * len("tensor(")) for line in lines[1:] if line)])


def fitted(value: object, width: int, height: int) -> str:
    """`contents` in at most `height` lines of `width` columns: summarised, then cut, where it is larger."""
    text = contents(value)
    if _fits(text, width, height):
        return text
    options = PrintOptions()
    options.update(threshold=2 * height, edgeitems=2, linewidth=width + len("tensor("))
    lines = contents(value, options).split("\n")
    cut = [line if columns_of(line) <= width else line[: width - 1] + "…" for line in lines[:height]]
    if len(lines) > height:
        cut[-1] = cut[-1][: width - 1].rstrip("…") + "…"
    return "\n".join(cut)


def _fits(text: str, width: int, height: int) -> bool:
    lines = text.split("\n")
    return len(lines) <= height and max(map(columns_of, lines)) <= width


@renders(StateTable)
class StateTableView(View[StateTable]):
    def text(self, report: StateTable, look: Look) -> str:
        if look.width is not None and not report.rows:
            return "no tensors yet\n"
        if look.width is None and not look.color:
            return plain(report)
        return rich(report, look.color, look.width or 140)

    def data(self, report: StateTable) -> dict[str, object]:
        return as_data(report)


def plain(table: StateTable) -> str:
    """The table as aligned text, two spaces between columns; no line is cut."""
    rows = [[cell.split("\n") for cell in line] for line in [list(STATE_COLUMNS), *map(cells, table.rows)]]
    widths = [max(columns_of(line) for row in rows for line in row[i]) for i in range(len(STATE_COLUMNS))]
    out = []
    for row in rows:
        for n in range(max(map(len, row))):
            parts = [cell[n] if n < len(cell) else "" for cell in row]
            padded = [part + " " * (width - columns_of(part)) for part, width in zip(parts, widths, strict=True)]
            out.append("  ".join(padded).rstrip() + "\n")
    return "".join(out)


def rich(table: StateTable, color: bool, width: int) -> str:
    """The table for a terminal of `width` columns; in narrow ones words break where they can be read."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, color_system="standard" if color else None
    )
    narrow = width < NARROW
    headings = [name.replace("_grad", "_\ngrad") if narrow else name for name in STATE_COLUMNS]
    rows = [cells(row) for row in table.rows]
    for texts in rows:
        if narrow:
            texts[GRAD_FN] = texts[GRAD_FN].replace("Backward", "\nBackward")
            texts[GRAD] = texts[GRAD].replace(NOT_KEPT, NOT_KEPT.replace(" (", "\n("))
    room = _room([headings, *rows], width - (len(headings) - 1) * (1 if narrow else 2))
    for row, texts in zip(table.rows, rows, strict=True):
        texts[VALUE] = fitted(row.value, room[0], 1 if narrow else 4)
        if row.grad is not None:
            texts[GRAD] = fitted(row.grad, room[1], 1 if narrow else 4)
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0), pad_edge=False, show_edge=False)
    for heading in headings:
        grid.add_column(heading, overflow="fold", no_wrap=heading != "name")
    for row, texts in zip(table.rows, rows, strict=True):
        styles = ["bold", *[""] * (len(texts) - 1)]
        for column in (4, 5, 6):
            styles[column] = "green" if texts[column] == "True" else "dim"
        styles[GRAD] = "" if row.kept else "yellow"
        grid.add_row(*(Text(text, style=style) for text, style in zip(texts, styles, strict=True)))
    console.print(grid)
    return out.getvalue()


def _room(rows: list[list[str]], width: int) -> tuple[int, int]:
    """How many columns the values and the gradients may take, when everything else has what it needs."""
    needs = [max(columns_of(line) for row in rows for line in row[i].split("\n")) for i in range(len(STATE_COLUMNS))]
    left = max(18, width - sum(needs) + needs[VALUE] + needs[GRAD])
    grad = min(needs[GRAD], max(10, left // 2, left - needs[VALUE]))
    return max(8, min(needs[VALUE], left - grad)), grad


def as_data(table: StateTable) -> dict[str, object]:
    """The table for `--json`: one object with the rows, cells as shown, flags and shapes as values."""
    rows = [
        {
            "name": row.name,
            "value": contents(row.value),
            "shape": list(row.shape),
            "dtype": row.dtype,
            "requires_grad": row.requires_grad,
            "is_leaf": row.is_leaf,
            "retains_grad": row.retains_grad,
            "grad_fn": row.grad_fn,
            "grad": contents(row.grad) if row.grad is not None else None,
        }
        for row in table.rows
    ]
    return {"show": rows}
