"""The text of `:diff`: one row for each thing that differs, the change in words and numbers."""

from __future__ import annotations

from typing import Any

from gradsh.looking.places import shortened
from gradsh.reports.looking import Amount
from gradsh.reports.travel import Difference, StateDiff
from gradsh.view import numbers
from gradsh.view.color import paint
from gradsh.view.json_lines import exact
from gradsh.view.registry import Look, View, renders

WIDE = 100  # columns, in a pipe
MANY = 60  # rows; of more the first are shown
COLORS = {"new": "green", "gone": "error"}


@renders(StateDiff)
class StateDiffView(View[StateDiff]):
    def text(self, report: StateDiff, look: Look) -> str:
        width, dots, arrow = look.width or WIDE, "…" if look.unicode else "...", "→" if look.unicode else "->"
        rows = _together(report.rows)[:MANY]
        paths = min(max((len(row.path) for row, _ in rows), default=0), width // 3)
        kinds = max((len(row.what) for row, _ in rows), default=0)
        lines = [paint(f"after line {report.before} {arrow} after line {report.after}", "bold", look.color)]
        for row, behind in rows:
            room = max(20, width - paths - kinds - 6)
            told = paint(f"{row.what:{kinds}}", COLORS.get(row.what, "yellow"), look.color)
            path = shortened(row.path, paths, dots)
            lines.append(f"  {path:{paths}}  {told}  {_change(row, behind, room, arrow, dots)}".rstrip())
        more = len(_together(report.rows)) - len(rows)
        if more:
            lines.append(f"  {dots} and {more} more")
        lines += [f"  {name}: {before} {arrow} {after}" for name, before, after in report.modes]
        if report.stream != "the same" or report.rows or report.modes:
            lines.append(f"  random stream: {report.stream}")
        if not report.rows and not report.modes and report.stream == "the same":
            lines.append("  nothing differs")
        elif report.same:
            lines.append(f"  {report.same} other name{'s are' if report.same > 1 else ' is'} the same")
        return "\n".join(lines) + "\n"

    def data(self, report: StateDiff) -> dict[str, object]:
        return {
            "diff": [report.before, report.after],
            "rows": [
                {
                    "path": row.path,
                    "what": row.what,
                    "before": _data(row.before),
                    "after": _data(row.after),
                    "largest_difference": None if row.largest is None else exact(row.largest),
                    "elements": row.many,
                }
                for row in report.rows
            ],
            "random_stream": report.stream,
            "modes": [{"name": name, "before": before, "after": after} for name, before, after in report.modes],
            "same_names": report.same,
        }


def _together(rows: list[Difference]) -> list[tuple[Difference, list[Difference]]]:
    """Each row with what else differs of the same thing: a version moves with a value."""
    found: list[tuple[Difference, list[Difference]]] = []
    for row in rows:
        if found and found[-1][0].path == row.path:
            found[-1][1].append(row)
        else:
            found.append((row, []))
    return found


def _change(row: Difference, behind: list[Difference], room: int, arrow: str, dots: str) -> str:
    if row.what in ("new", "gone"):
        return _fitted(row.after if row.what == "new" else row.before, room, dots)
    said = ""
    if row.largest is not None and isinstance(row.after, Amount):
        said = f"   by up to {numbers.norm(row.largest)}"
        said += f" in {row.many:,} elements" if row.after.value is None else ""
    said += "".join(f"   {each.what} {_words(each.before)} {arrow} {_words(each.after)}" for each in behind)
    each = max(8, (room - len(said) - 3) // 2)
    return f"{_fitted(row.before, each, dots)} {arrow} {_fitted(row.after, each, dots)}{said}"


def _fitted(value: Any, room: int, dots: str) -> str:
    """A value in so many columns: an array that is too long for them by its shape and norm."""
    text = _words(value)
    if len(text) > room and isinstance(value, Amount):
        text = f"{numbers.shape(value.shape)}  norm {numbers.norm(numbers.size(value))}"
    return shortened(text, room, dots)


def _words(value: Any) -> str:
    if isinstance(value, Amount):
        return numbers.amount(value)
    if isinstance(value, (bool, type(None))):
        return {True: "true", False: "false", None: "none"}[value]
    return numbers.number(value) if isinstance(value, (int, float)) else " ".join(str(value).split())


def _data(value: Any) -> object:
    if isinstance(value, Amount):
        return {"shape": list(value.shape), "value": _exact(value.value), "norm": value.norm and exact(value.norm)}
    return exact(value) if isinstance(value, float) else value


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return exact(value) if isinstance(value, float) else value
