"""The lanes beside the rows of a graph, in the manner of `git log --graph`.

Each row has a lane in which it waits for what leads to it. A row's first input goes on in the row's own lane; of the
others each gets a lane of its own, unless a lane already waits for the same: then the edge joins that. Of two lanes
that come to wait for the same, the left one goes on.
"""

from __future__ import annotations

MANY = 6  # inputs that nothing else uses: more of them are drawn one after the other

UNICODE = {"operation": "●", "leaf": "◆", "plain": "○", "cut": "✂", "rounds": "⋮", "freed": "†", "outside": "╵"}
ASCII = {"operation": "o", "leaf": "x", "plain": ".", "cut": "8<", "rounds": ":", "freed": "+", "outside": "'"}

ROW, LINK, OPEN, CLOSE = "row", "link", "open", "close"


class Line:
    """A line of the drawing: what is drawn, and what it is of which row.

    kind  ROW the row itself, LINK what leads from it, OPEN and CLOSE the frame number `frame` that begins above it or
          ends below it
    """

    __slots__ = ("drawn", "frame", "kind", "row")

    def __init__(self, drawn: str, row: int, kind: str = ROW, frame: int = 0) -> None:
        self.drawn = drawn
        self.row = row
        self.kind = kind
        self.frame = frame


def lay(marks: list[str], inputs: list[list[int]], leaf: list[bool], opens: list[int], closes: list[int]) -> list[Line]:
    """The lines for rows with these marks and inputs, each above its inputs; leaves are drawn where they are complete.

    `opens`, `closes`: how many frames begin above each row and end below it. Rows that nothing leads to begin a lane of
    their own.
    """
    lanes: list[int | None] = []
    lines: list[Line] = []
    waiting = [0] * len(marks)  # how many rows that lead to it are still to come
    for targets in inputs:
        for each in targets:
            waiting[each] += 1
    led = [count > 0 for count in waiting]
    for row, mark in enumerate(marks):
        if leaf[row] and led[row]:
            continue
        at = _lane_of(lanes, row)
        lines += [Line(_cells(lanes, at, "╭"), row, OPEN, frame) for frame in range(opens[row])]
        lines.append(Line(_cells(lanes, at, mark), row))
        targets = [each for each in inputs[row] if each != row]
        for each in targets:
            waiting[each] -= 1
        lanes[at] = None
        alone = [each for each in targets if leaf[each] and not waiting[each] and each not in lanes]
        if len(alone) > MANY:
            rest = [each for each in targets if each not in alone]
            lanes[at] = -1  # goes on while they are drawn
            for each in alone:
                side = _free(lanes, at)
                lanes[side] = each
                lines.append(Line(_connector(lanes, at, {side: "new"}, True), row, LINK))
                lines.append(Line(_cells(lanes, side, marks[each]), each))
                lanes[side] = None
            lanes[at] = None
            targets = rest
        ends = _branch(lanes, at, targets)
        if ends:
            lines.append(Line(_connector(lanes, at, ends, lanes[at] is not None), row, LINK))
        lines += [Line(_cells(lanes, at, "╰"), row, CLOSE, frame) for frame in range(closes[row])]
        for lane in range(len(lanes) - 1, -1, -1):
            complete = lanes[lane]
            if complete is not None and complete >= 0 and leaf[complete] and not waiting[complete]:
                lines.append(Line(_cells(lanes, lane, marks[complete]), complete))
                lanes[lane] = None
        while lanes and lanes[-1] is None:
            lanes.pop()
    return lines


def _lane_of(lanes: list[int | None], row: int) -> int:
    if row in lanes:
        return lanes.index(row)
    at = lanes.index(None) if None in lanes else len(lanes)
    if at == len(lanes):
        lanes.append(row)
    lanes[at] = row
    return at


def _free(lanes: list[int | None], at: int) -> int:
    """The free lane next to one; a new one at the right where none is free."""
    free = [lane for lane, waits in enumerate(lanes) if waits is None and lane != at]
    if free:
        return min(free, key=lambda lane: (abs(lane - at), lane < at))
    lanes.append(None)
    return len(lanes) - 1


def _branch(lanes: list[int | None], at: int, targets: list[int]) -> dict[int, str]:
    """Give the targets their lanes; what happens at which lane: "new", "joins" (it goes on), "ends" (it comes here)."""
    ends: dict[int, str] = {}
    fresh = [each for each in targets if each not in lanes]
    known = [each for each in targets if each in lanes]
    if fresh:
        lanes[at] = fresh[0]
        for each in fresh[1:]:
            lane = _free(lanes, at)
            lanes[lane] = each
            ends[lane] = "new"
    for each in known:
        lane = lanes.index(each)
        if lane > at and lanes[at] is None:
            lanes[at], lanes[lane] = each, None
            ends[lane] = "ends"
        else:
            ends[lane] = "joins"
    return ends


def _cells(lanes: list[int | None], at: int, mark: str) -> str:
    """The line of a row: its mark, and the lanes that pass it."""
    parts = [mark if lane == at else " " if waits is None else "│" for lane, waits in enumerate(lanes)]
    if at >= len(lanes):
        parts += [" "] * (at - len(lanes)) + [mark]
    return " ".join(parts).rstrip()


def _connector(lanes: list[int | None], at: int, ends: dict[int, str], goes_on: bool) -> str:
    """The line below a row, from its lane to others."""
    first, last = min(at, *ends), max(at, *ends)
    found = []
    for lane, waits in enumerate(lanes):
        left, right = lane > first, lane < last
        if lane == at:
            shape = {(True, True): "┼┴", (True, False): "┤╯", (False, True): "├╰", (False, False): "│ "}
            found.append(shape[left, right][0 if goes_on else 1])
        elif lane in ends:
            table = {
                "new": {(True, True): "┬", (True, False): "╮", (False, True): "╭"},
                "joins": {(True, True): "┼", (True, False): "┤", (False, True): "├"},
                "ends": {(True, True): "┴", (True, False): "╯", (False, True): "╰"},
            }
            found.append(table[ends[lane]][left, right])
        elif first < lane < last:
            found.append("─" if waits is None else "│")
        else:
            found.append(" " if waits is None else "│")
    cells = ""
    for lane, cell in enumerate(found):
        cells += cell + ("─" if first <= lane < last else " ")
    return cells.rstrip()


def as_ascii(drawn: str) -> str:
    """A line of lanes for a terminal without Unicode: `|\\ ` for `├─╮`, as git draws it."""
    drawn = drawn.replace("├─╮", "|\\ ").replace("├─╯", "|/ ").replace("╭─┤", " /|").replace("╰─┤", " \\|")
    for character, plain in zip("│├┤┼┬┴─╮╯╭╰", "|||+--" + "-\\//\\", strict=True):
        drawn = drawn.replace(character, plain)
    for word, mark in UNICODE.items():
        drawn = drawn.replace(mark, ASCII[word])
    return drawn
