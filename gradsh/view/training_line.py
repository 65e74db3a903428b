"""The line of a training loop on a terminal: `1,240/5,000  loss 0.0113 ▇▅▃▂▁▁  |g| 3e-3  412 it/s  ETA 9 s`."""

from __future__ import annotations

import math

from gradsh.reports.training import TrainingState
from gradsh.view import color
from gradsh.view.plain import visible
from gradsh.view.progress import OneLine, clock, rate_text

BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-=#"
WIDEST = 12  # columns of the losses


class TrainingLine(OneLine):
    """Draws each reading over the one before, and goes without a trace."""

    state: TrainingState

    def show(self, state: TrainingState | None) -> None:
        """The next reading; None: there is nothing to be seen any more."""
        if state is None:
            self.hide()
        else:
            self.state = state
            self.draw()

    def line(self, width: int) -> str:
        return line(self.state, width, color.unicode(self.out), self.colored)


def line(state: TrainingState, width: int, unicode: bool = True, colored: bool = False) -> str:
    """The text of a reading, at most `width` columns: what there is no room for is left out, the least needed first."""
    bars = sparkline(state.losses, BARS if unicode else ASCII_BARS)
    loss = f"{state.name} {number(state.loss)}" if state.loss is not None else ""
    dot = " · " if unicode else " "
    known = [each for each in state.turns[:-1] if each[0] is not None]
    place = dot.join(turn(*each) for each in (*known, state.turns[-1]))
    odd = f"{state.odd.value} at step {state.odd.step:,}" if state.odd is not None else ""
    if state.odd is not None and state.odd.maker:
        odd += f": {state.odd.maker}" + (f" ({visible(state.odd.place)})" if state.odd.place else "")
    pieces = [  # (how much it is needed, text)
        (9, place),
        (8, odd),
        (7, f"{loss} {bars}".rstrip() if loss and not odd else loss),
        (3, f"|g| {state.norm:.0e}".replace("e-0", "e-").replace("e+0", "e") if state.norm is not None else ""),
        (2, rate(state.rate)),
        (5, f"ETA {seconds(state.left)}" if state.left is not None else seconds(state.spent)),
    ]
    kept = [(need, text) for need, text in pieces if text]
    while len(kept) > 1 and len("  ".join(text for _, text in kept)) > width:
        kept.remove(min(kept))
    text = "  ".join(text for _, text in kept)[:width]
    return color.paint(text, "error" if odd else "dim", colored)


def turn(number: int | None, total: int | None) -> str:
    """`1,240/5,000`, of an unknown number `1,240`."""
    return f"{number:,}" if total is None else f"{number:,}/{total:,}"


def number(value: float) -> str:
    """Four digits, as short as they can be."""
    return f"{value:.4g}"


def rate(value: float) -> str:
    return f"{value:,.0f} it/s" if value >= 10 else rate_text(value).replace("/s", " it/s")


def seconds(value: float) -> str:
    """`9 s`, from a minute on `1:20`."""
    return f"{math.ceil(value)} s" if value < 60 else clock(value)


def sparkline(values: list[float], bars: str = BARS) -> str:
    """The course of some numbers in at most WIDEST columns; of their logarithms where they fall a hundredfold."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    if min(finite) > 0 and max(finite) > 100 * min(finite):
        finite = [math.log(value) for value in finite]
    columns = min(WIDEST, len(finite))
    groups = [finite[len(finite) * i // columns : len(finite) * (i + 1) // columns] for i in range(columns)]
    means = [sum(group) / len(group) for group in groups]
    low, high = min(means), max(means)
    if high == low:
        return bars[0] * columns
    return "".join(bars[round((mean - low) / (high - low) * (len(bars) - 1))] for mean in means)
