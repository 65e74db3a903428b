"""Places as editors count them: lines from 0, columns in units of UTF-16."""

from __future__ import annotations

from lsprotocol.types import Position, Range

from gradsh.errors import Source, Span


def position_of(source: Source, offset: int) -> Position:
    """Where a character of a text stands."""
    line, column = source.position(offset)
    before = source.line(line)[: column - 1]
    return Position(line - 1, _units(before))


def range_of(source: Source, start: int, end: int) -> Range:
    return Range(position_of(source, start), position_of(source, end))


def range_of_span(span: Span) -> Range:
    return range_of(span.source, span.start, span.end)


def offset_of(source: Source, position: Position) -> int:
    """The character at a place; the end of the line, or of the text, where that is shorter."""
    if position.line >= len(source.starts):
        return len(source.text)
    line, units = source.line(position.line + 1), 0
    for column, character in enumerate(line):
        if units >= position.character:
            return source.starts[position.line] + column
        units += _units(character)
    return source.starts[position.line] + len(line)


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
