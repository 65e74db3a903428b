"""The live line: what a line would give, in one or two lines below it."""

from __future__ import annotations

from gradsh.reports.preview import Figure, Preview
from gradsh.view.color import paint
from gradsh.view.diagnostics import columns_of
from gradsh.view.numbers import shape
from gradsh.view.plain import visible
from gradsh.view.registry import Look, View, renders

WIDTH = 100
LEVELS = "▁▂▃▄▅▆▇█"
PLAIN = "_.:-=+*#"


@renders(Preview)
class PreviewView(View[Preview]):
    def text(self, report: Preview, look: Look) -> str:
        if report.wrong is not None:
            return paint(visible(report.wrong.words), "error", look.color) + "\n"
        return "\n".join(paint(line, "dim", look.color) for line in lines(report, look)) + "\n"

    def data(self, report: Preview) -> dict[str, object]:
        if report.wrong is not None:
            wrong = report.wrong
            return {"preview": report.about, "wrong": wrong.words, "start": wrong.start, "end": wrong.end}
        return {
            "preview": report.about,
            "values": [_data(figure) for figure in report.values],
            "gradients": [_data(figure) for figure in report.gradients],
            "of_sum": report.of_sum,
        }


def lines(report: Preview, look: Look) -> list[str]:
    """One line, or two where the gradients have no room beside the value."""
    room = (look.width or WIDTH) - 1
    start = f"{visible(report.about)} = " if report.about else "= "
    value = start + ", ".join(_value(figure, look) for figure in report.values)
    head = "of the sum: " if report.of_sum else ""
    gradients = [_gradient(figure, look) for figure in report.gradients]
    if not gradients:
        return [_cut(value, room, look)]
    beside = f"{value}   {head}{'  '.join(gradients)}"
    if columns_of(beside) <= room:
        return [beside]
    return [_cut(value, room, look), _fitting(f"  {head}", gradients, room, look)]


def _fitting(head: str, gradients: list[str], room: int, look: Look) -> str:
    """As many gradients as one line has room for, and how many more there are."""
    shown = len(gradients)
    while True:
        rest = len(gradients) - shown
        more = f"  and {rest} more" if rest else ""
        line = head + "  ".join(gradients[:shown])
        if columns_of(line + more) <= room or shown == 1:
            return _cut(line, room - len(more), look) + more
        shown -= 1


def _value(figure: Figure, look: Look) -> str:
    if figure.shape is None:
        return visible(figure.text)
    form = f"{shape(figure.shape)} {figure.dtype}"
    if figure.numbers is not None:
        return f"tensor({_numbers(figure.numbers)})  {form}"
    if figure.least is None or figure.mean is None or figure.largest is None:
        return form + _odd(figure)
    numbers = f"least {_number(figure.least)}  mean {_number(figure.mean)}  largest {_number(figure.largest)}"
    return f"{form}  {numbers}{_odd(figure)}{_bar(figure, look)}"


def _gradient(figure: Figure, look: Look) -> str:
    name = f"∂{figure.name}" if look.unicode else f"d/d{figure.name}"
    if figure.numbers is not None:
        return f"{name} {_numbers(figure.numbers)}"
    if figure.least is None or figure.largest is None:
        return f"{name} {shape(figure.shape or ())}{_odd(figure)}"
    if figure.least == figure.largest == 0 and not figure.odd:
        return f"{name} 0 everywhere"
    between = f"{_number(figure.least)} to {_number(figure.largest)}"
    return f"{name} {shape(figure.shape or ())} {between}{_odd(figure)}{_bar(figure, look)}"


def _odd(figure: Figure) -> str:
    return f"  {figure.odd:,} nan or inf" if figure.odd else ""


def _bar(figure: Figure, look: Look) -> str:
    """How the numbers are spread, as a bar for each class."""
    if not figure.bars:
        return ""
    levels = LEVELS if look.unicode else PLAIN
    most = max(figure.bars)
    return "  " + "".join(levels[-(-count * (len(levels) - 1) // most)] for count in figure.bars)


def _numbers(value: object) -> str:
    return f"[{', '.join(map(_numbers, value))}]" if isinstance(value, list) else _number(value)


def _number(value: object) -> str:
    """Four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _cut(line: str, room: int, look: Look) -> str:
    if columns_of(line) <= room:
        return line
    dots = "…" if look.unicode else "..."
    while line and columns_of(line) > room - len(dots):
        line = line[:-1]
    return line + dots


def _data(figure: Figure) -> dict[str, object]:
    return {name: getattr(figure, name) for name in Figure.__slots__ if getattr(figure, name) not in (None, "", [])}
