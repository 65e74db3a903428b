"""The report of `why`: one sentence, the way with its lines, one line that helps."""

from __future__ import annotations

import re
import textwrap

from gradsh.looking import exact
from gradsh.reports.why import Why, WhyRow
from gradsh.view import numbers
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.graph_drawing import plain
from gradsh.view.registry import Look, View, renders

WIDTH = 80
ARROW = "  →  "


@renders(Why)
class WhyView(View[Why]):
    def text(self, report: Why, look: Look) -> str:
        width = look.width or WIDTH
        joint = "." if report.kind == "nan" else ":"
        lines = wrapped(f"{report.name}.grad is {value(report, look.none)}{joint} {report.words}", width)
        lines += _table(report.rows, width)
        for note in report.notes:
            lines += wrapped(note, width, "  ", "  ")
        if report.help:
            head = paint("help", "help", look.color)
            first, *rest = wrapped("help: " + report.help, width, "", "      ")
            lines += [head + first[len("help") :], *rest]
        text = "\n".join(line.rstrip() for line in lines) + "\n"
        return text if look.unicode else plain(text)

    def data(self, report: Why) -> dict[str, object]:
        return {
            "why": report.name,
            "cause": report.kind,
            "grad": exact.amount(report.value),
            "at": report.odd,
            "says": report.words,
            "rows": [{"left": r.left, "text": r.text, "words": r.words, "cut": r.cut} for r in report.rows],
            "notes": report.notes,
            "help": report.help or None,
        }


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """A sentence in lines; no word and no piece of the program is broken in two."""
    whole = re.sub("`[^`]*`", lambda piece: piece.group().replace(" ", "\xa0"), text)
    lines = textwrap.wrap(
        whole, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\xa0", " ") for line in lines]


def value(report: Why, none: str) -> str:
    """What the gradient is, in a word: `none`, `0`, `nan at [0]`, `[0, 0.25]`."""
    if report.value is None:
        return none
    if report.odd_value:
        places = [f"[{', '.join(map(str, at))}]" for at in report.odd]
        at = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        return f"{report.odd_value} at {at}" if places and places != ["[]"] else report.odd_value
    if report.value.value is not None:
        return numbers.listed(report.value.value)
    return numbers.amount(report.value)


def _table(rows: list[WhyRow], width: int) -> list[str]:
    """The rows in columns; where they are too wide, the words stand below."""
    if not rows:
        return []
    left = max(columns_of(row.left) for row in rows)
    texts = [_wrapped(row.text, width - left - 5) for row in rows]
    beside = max(columns_of(lines[-1]) for lines in texts)
    room = width - left - 5
    together = all(beside + 5 + columns_of(row.words) <= room for row in rows)
    found = []
    for row, lines in zip(rows, texts, strict=True):
        pad = " " * (left - columns_of(row.left))
        for at, line in enumerate(lines):
            head = f"  {row.left}{pad}   " if at == 0 else " " * (left + 5)
            last = at == len(lines) - 1
            words = f"{' ' * (beside - columns_of(line))}     {row.words}" if last and together and row.words else ""
            found.append(head + line + words)
        if row.words and not together:
            indent = " " * (left + 9)
            found += wrapped(row.words, width, indent, indent)
    return found


def _wrapped(text: str, room: int) -> list[str]:
    """A way broken at its arrows; anything else stays whole."""
    if columns_of(text) <= room or ARROW not in text:
        return [text]
    lines = [""]
    for number, part in enumerate(text.split(ARROW)):
        piece = part if number == 0 else ARROW + part
        if number and columns_of(lines[-1] + piece) > room:
            lines.append("→  " + part)
        else:
            lines[-1] += piece
    return lines
