"""The drawing of `graph`: numbered rows with their lanes, at most as wide as the terminal (80 columns in a pipe)."""

from __future__ import annotations

import textwrap

from gradsh.looking import exact
from gradsh.looking.places import shortened
from gradsh.reports.looking import Amount, DrawnRow, GraphDrawing
from gradsh.view import lanes, numbers
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.lanes import CLOSE, LINK, OPEN, ROW, Line
from gradsh.view.registry import Look, View, renders

WIDTH = 80
LEAST = 16  # columns that a label always gets
FIXED = 7  # columns for a number and what is between it, the lanes and the rest
MARKS = frozenset((*lanes.UNICODE.values(), "╭", "╰"))  # of rows, and of frames that begin and end
FREE = ("cut", "rounds")  # rows that are a sentence, in no columns
HEADING = "parameters"
LONGEST = 26  # columns of a value or gradient beside others


@renders(GraphDrawing)
class GraphDrawingView(View[GraphDrawing]):
    def text(self, report: GraphDrawing, look: Look) -> str:
        width = look.width or WIDTH
        lines = [part for line in report.heading for part in textwrap.wrap(line, width) or [""]]
        if report.rows:
            lines += _drawn(report, width, look)
        lines += _footer(report, width)
        text = "\n".join(line.rstrip() for line in lines) + "\n"
        return text if look.unicode else plain(text)

    def data(self, report: GraphDrawing) -> dict[str, object]:
        return exact.as_data(report)


WITHOUT = {"…": "...", "\u00d7": "x", "†": "+", "←": "<-", "→": "->", "·": "*", "ᵀ": ".T", "✂": "8<", "⋮": ":"}


def plain(text: str) -> str:
    """A text without Unicode."""
    for mark, word in WITHOUT.items():
        text = text.replace(mark, word)
    return text


# --- lines ------------------------------------------------------------------------------------------------------------


def _drawn(report: GraphDrawing, width: int, look: Look) -> list[str]:
    rows = report.rows
    laid = lanes.lay(
        [lanes.UNICODE["freed" if row.freed and row.mark == "operation" else row.mark] for row in rows],
        [row.inputs for row in rows],
        [row.mark in ("leaf", "outside") for row in rows],
        [len(row.opened) for row in rows],
        [row.closes for row in rows],
    )
    asked = bool(report.columns & {"values", "gradients"})
    most = max(LEAST, (width - FIXED) // (3 if asked else 2))
    wide = max(len(line.drawn) for line in laid)
    drawn = [line.drawn if look.unicode else lanes.as_ascii(line.drawn) for line in laid]
    if wide > most:
        drawn = [_cut(text, line, most, "…" if look.unicode else ">") for line, text in zip(laid, drawn, strict=True)]
    beside = max(map(len, drawn))
    steps = [_steps(row) for row in rows]
    count = max(3, *map(len, steps))
    head = count + 2 + beside + 2
    dots = "…" if look.unicode else "..."
    cells, heading = _amounts(report, width - head, dots) if asked else (_cells(report, width - head, dots), "")
    if len(cells) > len(rows):
        (heading,) = cells.pop()
    found = [" " * head + heading] if heading else []
    for line, lane in zip(laid, drawn, strict=True):
        row = rows[line.row]
        number = paint(steps[line.row].rjust(count), "line", look.color) if line.kind == ROW else " " * count
        texts = _beside(line, row, cells[line.row], width - head, dots)
        for at, text in enumerate(texts):
            if at == 0:
                found.append(f"{number}  {lane:{beside}}  {text}")
            else:
                found.append(" " * head + text)
    if wide > most:
        said = f"{(wide + 1) // 2} lanes: what is right of the {dots if look.unicode else '>'} is not drawn here"
        name = report.name if report.name.isidentifier() else "z"
        found += textwrap.wrap(f'{said}; `graph {name}, "{name}.svg"` draws all', width, break_on_hyphens=False)
    return found


def _cut(drawn: str, line: Line, most: int, mark: str) -> str:
    """Lanes that are more than there is room for, cut; the mark of a row stands at the cut where its lane is beyond."""
    if len(drawn) <= most:
        return drawn
    at = next((at for at, each in enumerate(line.drawn) if each in MARKS), 0) if line.kind != LINK else 0
    own = drawn[at] if at >= most - 2 else ""
    return f"{drawn[: most - 3]}{mark} {own}" if own else drawn[: most - 1] + mark


def _beside(line: Line, row: DrawnRow, cells: list[str], room: int, dots: str) -> list[str]:
    """What stands beside the lanes of a line."""
    if line.kind == ROW:
        return cells
    if line.kind == OPEN:
        name, kind = row.opened[line.frame]
        name, kind = _written(name, dots), _written(kind, dots)
        return [shortened(name, room - len(kind) - 3, dots) + (f"   {kind}" if kind else "")]
    if line.kind == CLOSE:
        return [""]
    assert line.kind == LINK
    return [""]


def _steps(row: DrawnRow) -> str:
    if row.steps is None or row.mark == "rounds":
        return ""
    first, last = row.steps
    return str(first) if first == last or not row.folded else f"{first}-{last}"


def _label(row: DrawnRow, room: int, dots: str) -> str:
    """What the program wrote, with the class of the layer, in `room` columns."""
    kind = f"   {_written(row.kind, dots)}" if row.kind else ""
    kept = "  *" if row.kept else ""
    label = _written(row.label, dots)
    return shortened(label, max(LEAST, room - len(kind) - len(kept)), dots) + kind + kept


def _written(text: str, dots: str) -> str:
    """A text of the report on a terminal on which three dots are `dots`."""
    return text if dots == "…" else plain(text)


def _cells(report: GraphDrawing, room: int, dots: str) -> list[list[str]]:
    """Label, shape, place and what else there is of each row, in `room` columns; some go on in a second line.

    One more than there are rows is a heading.
    """
    rows = [row for row in report.rows if row.mark not in FREE]
    cells = iter(_columns(report, rows, room, dots))
    found = [[_written(row.label, dots)] if row.mark in FREE else next(cells) for row in report.rows]
    return [*found, *cells]


def _columns(report: GraphDrawing, rows: list[DrawnRow], room: int, dots: str) -> list[list[str]]:
    """The same without the rows that are a sentence."""
    labels = [_label(row, 1000, dots) for row in rows]
    shapes = [numbers.shape(row.shape) if row.shape is not None else "" for row in rows]
    places = [row.place for row in rows]
    fixed = _widest(shapes) + _widest(places)
    several = any(row.folded for row in rows)
    remarked = several or any(row.parameters for row in rows)
    if report.columns & {"nodes"}:
        functions = [row.functions[0] if row.functions else "" for row in rows]
        room_left = room - fixed - _widest(functions) - 6
        labels = [_label(row, room_left, dots) for row in rows]
        return _fitting([functions, labels, shapes, places], (1, 3, 2), room)
    lasts = []
    if remarked:
        lasts += [[_remark(row, several, word) for row in rows] for word in ("parameters", "par.")]
    else:
        lasts.append([_written(row.rule, dots) or (row.functions[:1] or [_nature(row)])[0] for row in rows])
        lasts.append([_nature(row) for row in rows])
    for last in lasts:
        for gaps in ([5, 3, 3], [2, 2, 2]):
            if _widest(labels) + fixed + _widest(last) + sum(gaps) <= room:
                return _table([labels, shapes, places, last], gaps)
    if remarked:
        two = [_in_two(row, several) for row in rows]
        widest = _widest([text for pair in two for text in pair])
        at = _widest(labels) + fixed + 6
        if at + widest <= room:
            table = _table([labels, shapes, places, [first for first, _ in two]], [2, 2, 2])
            return [cells + ([" " * at + more] if more else []) for cells, (_, more) in zip(table, two, strict=True)]
    if any(row.parameters for row in rows):
        counts = [f"{row.elements:,}" if row.parameters else "" for row in rows]
        widest = max(_widest(counts), len(HEADING))
        lasts.append([count.rjust(widest) for count in counts])
        labels = [_label(row, max(LEAST, room - fixed - widest - 6), dots) for row in rows]
        at = _widest(labels) + fixed + 6
        if at + widest <= room:
            table = _table([labels, shapes, places, lasts[-1]], [2, 2, 2])
            return [*table, [" " * at + HEADING.rjust(widest)]]
    last = lasts[-1] if not remarked else lasts[1]
    labels = [_label(row, max(LEAST, room - fixed - _widest(last) - 6), dots) for row in rows]
    return _fitting([labels, shapes, places, last], (3, 2, 1), room)


def _fitting(columns: list[list[str]], order: tuple[int, ...], room: int) -> list[list[str]]:
    """The table without the columns that there is no room for; `order` says which go first."""
    columns = list(columns)
    for at in order:
        if sum(map(_widest, columns)) + 2 * (sum(map(bool, map(_widest, columns))) - 1) <= room:
            break
        columns[at] = [""] * len(columns[at])
    return _table(columns, [2] * (len(columns) - 1))


def _nature(row: DrawnRow) -> str:
    return "leaf" if row.mark == "leaf" else ""


def _remark(row: DrawnRow, several: bool, word: str) -> str:
    return ", ".join(part for part in _remarks(row, several, word) if part)


def _remarks(row: DrawnRow, several: bool, word: str) -> tuple[str, str]:
    """How many operations a row stands for, and which parameters they use."""
    if row.mark == "rounds":
        return "", ""
    operations = f"{row.operations} operations" if several and row.operations > 1 else ""
    if row.parameters and (row.folded or len(row.parameters) > 3):
        return operations, f"{row.elements:,} {word}"
    return ("" if row.parameters else operations), ", ".join(row.parameters)


def _in_two(row: DrawnRow, several: bool) -> tuple[str, str]:
    first, second = _remarks(row, several, "parameters")
    return (first, second) if first else (second, "")


def _widest(texts: list[str]) -> int:
    return max(map(columns_of, texts), default=0)


def _table(columns: list[list[str]], gaps: list[int]) -> list[list[str]]:
    """The rows of a table with that much between its columns; columns that are empty take no room."""
    widths = [_widest(column) for column in columns]
    found = []
    for row in zip(*columns, strict=True):
        text = ""
        for cell, width, gap in zip(row, widths, [0, *gaps], strict=True):
            if width:
                text += " " * (gap if text or gap else 0) + cell + " " * (width - columns_of(cell))
        found.append([text.rstrip()])
    return found


# --- values and gradients ---------------------------------------------------------------------------------------------


def _amounts(report: GraphDrawing, room: int, dots: str) -> tuple[list[list[str]], str]:
    """Label, value and gradient of each row, and the heading over them."""
    rows = [row for row in report.rows if row.mark not in FREE]
    columns = []
    for name in ("values", "gradients"):
        if name in report.columns:
            given = [row.value if name == "values" else row.gradient for row in rows]
            heading = name[:-1]
            texts = ["" if amount is None else _short(numbers.amount(amount), amount) for amount in given]
            if name == "gradients":
                texts = [text or "none" for text in texts]
            width = max(len(heading), _widest(texts))
            columns.append([text.rjust(width) for text in (heading, *texts)])
    taken = sum(len(column[0]) + 3 for column in columns)
    labels = [_label(row, room - taken, dots) for row in rows]
    width = _widest(labels)
    found = []
    for at, label in enumerate(labels):
        text = label + " " * (width - columns_of(label)) + "".join("   " + column[at + 1] for column in columns)
        parts = [f"{numbers.amount(amount)} (from {step})" for amount, step in rows[at].arrivals]
        said = " + ".join(parts)
        if not said:
            found.append([text.rstrip()])
        elif len(text) + 3 + len(said) <= room:
            found.append([f"{text}   {said}"])
        else:
            found.append([text, *("    " + part for part in textwrap.wrap("= " + said, room - 4))])
    cells = iter(found)
    found = [[_written(row.label, dots)] if row.mark in FREE else next(cells) for row in report.rows]
    return found, " " * width + "".join("   " + column[0] for column in columns)


def _short(text: str, amount: Amount) -> str:
    """A list that is too long for a column is its shape and norm."""
    if len(text) <= LONGEST or amount.value is None:
        return text
    return f"{numbers.shape(amount.shape)}  norm {numbers.norm(numbers.size(amount))}"


def _footer(report: GraphDrawing, width: int) -> list[str]:
    found = []
    if report.plain:
        parts = ", ".join(f"{name}\0{numbers.shape(dims).replace(' ', chr(0))}" for name, dims in report.plain)
        found += [
            line.replace("\0", " ")
            for line in textwrap.wrap(f"without grad: {parts}", width, break_on_hyphens=False, break_long_words=False)
        ]
    if "gradients" in report.columns:
        found.append(f"gradients of {report.name or 'this'}; no .grad was changed")
    for note in report.notes:
        found += textwrap.wrap(note, width, break_on_hyphens=False, break_long_words=False)
    return found
