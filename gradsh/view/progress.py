"""A bar for a loop, on a terminal: what is done, how fast, how long it will take.

epoch 1  ━━━━━━━━━━━━╸            512/938  55%  118/s  0:00:03 left
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from gradsh.view import color
from gradsh.view.plain import visible

EVERY = 0.1  # seconds between two drawings
WIDEST = 40  # columns of the bar itself


class OneLine:
    """A line that is drawn over itself."""

    def __init__(self, out: TextIO, colored: bool) -> None:
        self.out = out
        self.colored = colored
        self.shown = False

    def line(self, width: int) -> str:
        """What it says now, at most `width` columns of it."""
        raise NotImplementedError

    def draw(self) -> None:
        """Write the line over what was there."""
        width = (color.terminal_width(self.out) or 80) - 1
        self.out.write("\r" + self.line(width) + "\x1b[K")
        self.out.flush()
        self.shown = True

    def hide(self) -> None:
        """Take the line away, so that something else can be written; the next drawing brings it back."""
        if self.shown:
            self.out.write("\r\x1b[K")
            self.out.flush()
            self.shown = False


class Bar(OneLine):
    """One loop's bar. Only the innermost running loop of a display draws; the others wait."""

    def __init__(self, out: TextIO, title: str, total: int | None, colored: bool) -> None:
        super().__init__(out, colored)
        self.title = visible(" ".join(title.split()))
        self.total = total
        self.done = 0
        self.start = self.drawn = time.monotonic()

    def line(self, width: int) -> str:
        """The text of the bar."""
        spent = time.monotonic() - self.start
        rate = self.done / spent if spent > 0 else 0.0
        title = self.title + "  " if self.title else ""
        total = self.total
        if not total or self.done > total:  # of unknown length, or longer than was said
            return f"{title}{self.done}  {rate_text(rate)}  {clock(spent)}"[:width]
        left = (total - self.done) / rate if rate else None
        ending = f"{clock(spent)} in all" if self.done == total else f"{clock(left)} left"
        text = f"{self.done:{len(str(total))}}/{total}  {100 * self.done // total:3}%  {rate_text(rate)}  {ending}"
        room = min(width - len(title) - len(text) - 2, WIDEST)
        if room < 4:
            return (title + text)[:width]
        filled = self.done * room // total
        bar = color.paint("━" * filled, "help", self.colored) + " " * (room - filled)
        return f"{title}{bar}  {text}"


def rate_text(rate: float) -> str:
    """`118/s`, `3.2/s`, or for slow things the seconds of one, `12.5 s each`."""
    if 0 < rate < 0.5:
        return f"{1 / rate:.1f} s each"
    return f"{rate:.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def clock(seconds: float | None) -> str:
    """`0:03`, `12:40`, `1:02:03`; `?` when nobody knows."""
    if seconds is None:
        return "?"
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


class Tracked:
    """The items of a loop, which move a bar. `bars` are those of the loops that run, innermost last."""

    def __init__(self, items: Iterable[Any], bar: Bar, bars: list[Bar]) -> None:
        self.items = items
        self.bar = bar
        self.bars = bars

    def __len__(self) -> int:
        return len(self.items)  # type: ignore[arg-type]  # a TypeError where the items have none, as it should

    def __iter__(self) -> Iterator[Any]:
        bar, bars = self.bar, self.bars
        for outer in bars:
            outer.hide()
        bars.append(bar)
        bar.start = bar.drawn = time.monotonic()
        bar.done = 0
        try:
            bar.draw()
            for item in self.items:
                yield item
                bar.done += 1
                now = time.monotonic()
                if now - bar.drawn >= EVERY and bars[-1] is bar:
                    bar.drawn = now
                    bar.draw()
        finally:
            # the last state stays to be read, above whatever comes next; after an error too
            if bar in bars:
                bars.remove(bar)
            bar.draw()
            bar.out.write("\n")
            bar.out.flush()
