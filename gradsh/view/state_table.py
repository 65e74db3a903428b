"""The state table of `show`: one row per tensor, with all that decides whether it gets a gradient.

In a pipe it is plain aligned columns, with nothing cut off and nothing escaped; on a terminal it is made to fit.
"""

from __future__ import annotations

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.printing.format import PrintOptions, format_tensor
from gradsh.reports import STATE_COLUMNS, StateRow, StateTable
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.registry import Look, View, renders

NOT_KEPT = "not kept (non-leaf)"
NAME, VALUE, GRAD = (STATE_COLUMNS.index(name) for name in ("name", "value", "grad"))
# in a narrow terminal a column is no wider than this, whatever stands in it
NARROWEST = {n: most for n, most in enumerate((12, 8, 8, 7, 5, 7, 5, 13, 10)) if n not in (VALUE, GRAD)}


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
        contents(row.grad) + mark(row) if row.grad is not None or row.kept else NOT_KEPT,
    ]


def mark(row: StateRow) -> str:
    """What stands behind a gradient that is the sum of several backward passes."""
    return f" ({row.passes} backwards)" if row.passes > 1 and row.grad is not None else ""


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
        return rich(report, look.color, look.width or 140, look.unicode)

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


def rich(table: StateTable, color: bool, width: int, unicode: bool = True) -> str:
    """The table for a terminal of `width` columns; no name, no operator and no number is broken in two.

    Where it does not fit, columns that say the same of all tensors go below it; then cells that are longer than their
    column stand on a line of their own.
    """
    rows = [cells(row) for row in table.rows]
    shown = list(range(len(STATE_COLUMNS)))
    gap, same = 2, [n for n in shown if n not in (NAME, VALUE, GRAD) and len({row[n] for row in rows}) == 1]
    needs = _needs(rows)
    if _least(needs, shown) > width and same:
        shown = [n for n in shown if n not in same]
    else:
        same = []
    if _least(needs, shown) > width:
        gap = 1
    widths = _widths(needs, shown, width, gap)
    out = _lines(list(STATE_COLUMNS), shown, widths, gap, width)
    across = sum(widths[n] for n in shown) + gap * (len(shown) - 1)
    out.append(("─" if unicode else "-") * min(across, width))
    for row, texts in zip(table.rows, rows, strict=True):
        texts[VALUE] = fitted(row.value, max(widths[VALUE], 8), 4 if gap == 2 else 1)
        if row.grad is not None:
            marked = mark(row)
            texts[GRAD] = fitted(row.grad, max(widths[GRAD] - len(marked), 6), 4 if gap == 2 else 1) + marked
        out += _lines(texts, shown, widths, gap, width, row if color else None)
    if same and rows:
        said = ", ".join(f"{STATE_COLUMNS[n]} {rows[0][n]}" for n in same)
        out += _words(("all: " if len(rows) > 1 else "") + said, width)
    return "\n".join(line.rstrip() for line in out) + "\n"


def _needs(rows: list[list[str]]) -> list[int]:
    """The columns that each cell of the table would like."""
    headed = [list(STATE_COLUMNS), *rows]
    return [max(columns_of(line) for row in headed for line in row[n].split("\n")) for n in range(len(STATE_COLUMNS))]


def _least(needs: list[int], shown: list[int]) -> int:
    """What they need when values are summarised."""
    narrow = {VALUE: min(needs[VALUE], 8), GRAD: min(needs[GRAD], 19)}
    return sum(narrow.get(n, needs[n]) for n in shown) + 2 * (len(shown) - 1)


def _widths(needs: list[int], shown: list[int], width: int, gap: int) -> list[int]:
    """The columns that each gets: values and gradients what the others leave; in narrow ones long cells stand alone."""
    widths = list(needs)
    if gap == 1:
        for n, most in NARROWEST.items():
            widths[n] = min(needs[n], most)
    fixed = sum(widths[n] for n in shown if n not in (VALUE, GRAD)) + gap * (len(shown) - 1)
    left = max(18, width - fixed)
    grad = min(needs[GRAD], max(19 if gap == 2 else 10, left // 2, left - needs[VALUE]))
    widths[GRAD] = grad
    widths[VALUE] = max(8, min(needs[VALUE], left - grad)) if needs[VALUE] > left - grad else needs[VALUE]
    return widths


def _lines(
    texts: list[str], shown: list[int], widths: list[int], gap: int, width: int, row: StateRow | None = None
) -> list[str]:
    """A row as lines: cells that are longer than their column come on lines of their own, below."""
    starts, at = {}, 0
    for n in shown:
        starts[n] = at
        at += widths[n] + gap
    lines: list[list[tuple[int, str, int]]] = []
    for n in shown:
        pieces = texts[n].split("\n")
        if n == GRAD and columns_of(texts[n]) > widths[n] and (row is None or texts[n] == NOT_KEPT):
            pieces = _words(texts[n], widths[n])
        level = 0
        for piece in pieces:
            level = _put(lines, starts[n], piece, n, widths[n], width, level)
    return [_line(line, row) for line in lines]


def _put(
    lines: list[list[tuple[int, str, int]]], start: int, piece: str, n: int, room: int, width: int, level: int
) -> int:
    """Place a piece on the first line from `level` on where it disturbs nothing; the level after it."""
    size = columns_of(piece)
    long = size > room
    at = max(0, min(start, width - size))
    while True:
        if level == len(lines):
            lines.append([])
        free = all(at + size < begin or begin + columns_of(text) < at for begin, text, _ in lines[level])
        if free and not (long and level == 0 and n != NAME):
            break
        level += 1
    lines[level].append((at, piece, n))
    return level + 1


def _line(pieces: list[tuple[int, str, int]], row: StateRow | None) -> str:
    text, at = "", 0
    for start, piece, n in sorted(pieces):
        style = _style(n, piece, row) if row is not None else ""
        text += " " * (start - at) + (paint(piece, style, True) if style else piece)
        at = start + columns_of(piece)
    return text


def _style(n: int, piece: str, row: StateRow) -> str:
    if n == NAME:
        return "bold"
    if piece in ("True", "False"):
        return "green" if piece == "True" else "dim"
    return "yellow" if n == GRAD and not row.kept else ""


def _words(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` columns, broken between words."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and columns_of(lines[-1]) + 1 + columns_of(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


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
            **({"backwards": row.passes} if row.passes else {}),
        }
        for row in table.rows
    ]
    return {"show": rows}
