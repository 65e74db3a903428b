"""An error or a warning as text: its words, the user's own line with the exact part underlined, one line of help.

    error[E0201]: there is no name 'los'
     --> train.grad:3:7
      |
    3 | print los
      |       ^^^
    help: did you mean `loss`?

Plain strings only: nobody should wait for rich to be told of a typing error.
"""

from __future__ import annotations

from typing import TextIO

from gradsh.errors import GradshError, Label, Source, Span, WarningRecord
from gradsh.view.color import paint, terminal_width, wanted
from gradsh.view.plain import in_json, visible

WIDTH = 110  # columns of a source line shown at most; longer lines become a window around what is underlined
TAB = "    "
MOST = 4000  # characters of a text that are shown; PyTorch's longest are half of that
SPAN_LINES = 4  # a longer span shows its first two and its last line


def render(error: GradshError, *, style: str = "full", color: bool = False, width: int | None = None) -> str:
    """One error as text that ends in a newline. `style` is full or short; `width` is the terminal's, if any."""
    heading = f"error[{error.code}]"
    return _render(heading, "error", error.message, error.labels, error.help, style, color, width, error.note)


def render_warning(
    warning: WarningRecord, *, style: str = "full", color: bool = False, width: int | None = None
) -> str:
    """One warning as text that ends in a newline, in the same form as an error."""
    labels = [Label(warning.span, warning.words), *warning.labels] if warning.span is not None else []
    heading, text = "warning", f"{warning.category}: {warning.message}"
    if warning.code:
        heading, text = f"warning[{warning.code}]", warning.message
    return _render(heading, "warning", text, labels, warning.help, style, color, width)


def write(
    problems: list[GradshError] | list[WarningRecord], stream: TextIO, *, color: str = "auto", style: str = "full"
) -> None:
    """Write errors or warnings to `stream`. `color` is auto, always or never; `style` is full, short or json."""
    if style == "json":
        import json

        datas = [as_data(each) if isinstance(each, GradshError) else warning_as_data(each) for each in problems]
        stream.write("".join(in_json(json.dumps(data, ensure_ascii=False)) + "\n" for data in datas))
    else:
        colored = wanted(stream, color)
        width = terminal_width(stream)
        texts = [
            render(each, style=style, color=colored, width=width)
            if isinstance(each, GradshError)
            else render_warning(each, style=style, color=colored, width=width)
            for each in problems
        ]
        stream.write(("\n" if style == "full" else "").join(texts))
    stream.flush()


def cut(text: str) -> str:
    """A text as far as it is worth reading: of a name or an assertion's words of megabytes, the beginning."""
    return text if len(text) <= MOST else f"{text[:MOST]} … ({len(text) - MOST:,} characters more)"


def as_data(error: GradshError) -> dict[str, object]:
    """The object that `--json` and `--errors=json` write for an error."""
    data: dict[str, object] = {"error": error.code, "message": cut(error.message)}
    data.update(_place(error.labels))
    data["help"] = None if error.help is None else cut(error.help)
    if error.note is not None:
        data["note"] = cut(error.note)
    return data


def warning_as_data(warning: WarningRecord) -> dict[str, object]:
    """The object that `--json` and `--errors=json` write for a warning."""
    data: dict[str, object] = {"warning": warning.code or warning.category, "message": cut(warning.message)}
    data.update(_place([Label(warning.span)] if warning.span is not None else []))
    if warning.help is not None:
        data["help"] = cut(warning.help)
    return data


def _place(labels: list[Label]) -> dict[str, object]:
    if not labels:
        return {"file": None, "line": None, "column": None}
    span = labels[0].span
    line, column = span.source.position(span.start)
    return {"file": span.source.name, "line": line, "column": column}


def _render(
    heading: str,
    heading_style: str,
    message: str,
    labels: list[Label],
    help: str | None,
    style: str,
    color: bool,
    width: int | None,
    note: str | None = None,
) -> str:
    message = visible(cut(message), keep="\n\t").rstrip("\n")
    if style == "short":
        place = ""
        if labels:
            line, column = labels[0].span.source.position(labels[0].span.start)
            place = f"{visible(labels[0].span.source.name)}:{line}:{column}: "
        first = message.split("\n", 1)[0]
        return f"{place}{paint(heading, heading_style, color)}: {first}\n"
    message = _wrapped(message, width, len(heading) + 2)
    first, newline, rest = message.partition("\n")
    bold = paint(first, "bold", color) + newline + paint(rest, "bold", color)
    out = [paint(heading, heading_style, color) + ": " + bold]
    if labels:
        out += _excerpts(labels, color, width)
    if note:
        out.append(paint("note", "note", color) + ": " + _wrapped(visible(cut(note), keep="\n"), width, 6))
    if help and "\n" in help:  # a block of code, to be copied as it stands
        out.append(paint("help", "help", color) + ":\n" + visible(help, keep="\n"))
    elif help:
        out.append(paint("help", "help", color) + ": " + _wrapped(visible(cut(help)), width, 6))
    return "\n".join(out) + "\n"


def _wrapped(text: str, width: int | None, before: int) -> str:
    """Prose broken between words for a terminal of `width` columns; as it is where there is none.

    `before` columns of the first line are taken. Lines that begin with a space, tables and tensors, stay whole.
    """
    if width is None or len(text) + before <= width:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        used = before if not lines else 0
        row: list[str] = []
        for word in line.split(" ") if line[:1] != " " else [line]:
            size = columns_of(word)
            if row and used + size > width:
                lines.append(" ".join(row))
                row, used = [], 0
            row.append(word)
            used += size + 1
        lines.append(" ".join(row))
    return "\n".join(lines)


# --- the user's lines -----------------------------------------------------------------------------------------


class _Mark:
    """What is to be underlined on one line: characters `start` to `end` of it, and the words beside the last line."""

    __slots__ = ("end", "label", "line", "primary", "start", "text")

    def __init__(self, line: int, start: int, end: int, text: str, primary: bool, label: int) -> None:
        self.line = line
        self.start = start
        self.end = end
        self.text = text
        self.primary = primary
        self.label = label


def _excerpts(labels: list[Label], color: bool, width: int | None) -> list[str]:
    """The arrow and the marked lines of every source that a label lies in, the primary label's source first."""
    sources: list[Source] = []
    for label in labels:
        if label.span.source not in sources:
            sources.append(label.span.source)
    marks = {id(source): _marks(labels, source) for source in sources}
    gutter = len(str(max(mark.line for some in marks.values() for mark in some)))
    limit = max(40, min(WIDTH, (width or WIDTH) - gutter - 3))
    out: list[str] = []
    bar = " " * gutter + " " + paint("|", "line", color)
    for number, source in enumerate(sources):
        first = next(label for label in labels if label.span.source is source)
        line, column = source.position(first.span.start)
        arrow = "-->" if number == 0 else ":::"
        out.append(" " * gutter + paint(arrow, "line", color) + f" {visible(source.name)}:{line}:{column}")
        out.append(bar)
        before = 0
        for shown in sorted({mark.line for mark in marks[id(source)]}):
            between = _expand(source.line(before + 1)) if before and shown == before + 2 else None
            if between is not None and len(between) <= limit:  # it takes no more room than saying that it is left out
                out.append(f"{paint(f'{shown - 1:>{gutter}} |', 'line', color)} {_code(between, color)}".rstrip())
            elif before and shown > before + 1:
                out.append(paint("...", "line", color))
            before = shown
            here = [mark for mark in marks[id(source)] if mark.line == shown]
            number_text = paint(f"{shown:>{gutter}} |", "line", color)
            for window, rows in _windows(source.line(shown), here, limit):
                out.append(f"{number_text} {_code(window, color)}".rstrip())
                out += [f"{bar} {row}" for row in (_row(row, color) for row in rows)]
    return out


def _code(line: str, color: bool) -> str:
    if not color:
        return line
    from gradsh.view.code import painted  # in a pipe nobody waits for it

    return painted(line, True)


def _marks(labels: list[Label], source: Source) -> list[_Mark]:
    marks: list[_Mark] = []
    for number, label in enumerate(labels):
        if label.span.source is not source:
            continue
        first, _ = source.position(label.span.start)
        last, _ = source.position(max(label.span.start, label.span.end - 1))
        lines = list(range(first, last + 1))
        if len(lines) > SPAN_LINES:
            lines = [first, first + 1, last]
        for line in lines:
            text = source.line(line)
            begin = source.starts[line - 1]
            start = label.span.start - begin if line == first else len(text) - len(text.lstrip())
            end = min(label.span.end - begin, len(text)) if line == last else len(text.rstrip())
            words = label.text if line == last else ""
            marks.append(_Mark(line, start, max(end, start + 1), words, number == 0, number))
    return marks


def _windows(text: str, marks: list[_Mark], limit: int) -> list[tuple[str, list[tuple[int, int, _Mark]]]]:
    """The line as shown, with (column, length, mark) rows under it: once, or once per group of marks if it is long."""
    if len(text) <= limit * 4:  # cheap test first: measuring a line of a million characters is not
        shown = _expand(text)
        if columns_of(shown) <= limit:
            return [(shown, [_placed(text, 0, mark) for mark in marks])]
    windows: list[tuple[int, int, list[_Mark]]] = []
    for mark in marks:
        room = max(10, limit - 2)
        if windows and windows[-1][0] <= mark.start and mark.end <= windows[-1][1]:
            windows[-1][2].append(mark)
            continue
        lead = min(mark.start, max(8, (room - (mark.end - mark.start)) // 2), room // 2)
        start = mark.start - lead
        end = start
        used = 0
        while end < len(text) and used < room:
            used += columns_of(_expand(text[end]))
            end += 1
        if end == len(text):  # the tail of the line: use the whole room
            while start > 0 and used < room:
                start -= 1
                used += columns_of(_expand(text[start]))
        windows.append((start, end, [mark]))
    out = []
    for start, end, members in windows:
        head, tail = ("…" if start > 0 else ""), ("…" if end < len(text) else "")
        rows = []
        for mark in members:
            clipped = _Mark(mark.line, mark.start - start, min(mark.end, end) - start, mark.text, mark.primary, 0)
            rows.append(_placed(text[start:end], len(head), clipped))
        out.append((head + _expand(text[start:end]) + tail, rows))
    return out


def _placed(text: str, offset: int, mark: _Mark) -> tuple[int, int, _Mark]:
    start = columns_of(_expand(text[: mark.start])) + max(0, mark.start - len(text))
    length = columns_of(_expand(text[mark.start : mark.end]))
    return offset + start, max(1, length), mark


def _row(row: tuple[int, int, _Mark], color: bool) -> str:
    column, length, mark = row
    line = ("^" if mark.primary else "-") * length + (" " + visible(mark.text) if mark.text else "")
    return " " * column + paint(line, "primary" if mark.primary else "secondary", color)


def _expand(text: str) -> str:
    return visible(text.replace("\t", TAB))


def columns_of(text: str) -> int:
    """How many terminal columns `text` takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    if char.isascii():
        return 1
    import unicodedata

    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def span_text(span: Span, limit: int = 60) -> str:
    """The span's characters on one line, for use inside a sentence; shortened in the middle when long."""
    text = visible(" ".join(span.text.split()))
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-(limit // 2) + 1 :]}"
