"""Where a running training loop is, as data."""

from __future__ import annotations


class Odd:
    """The loss became `value`, nan or inf, at backward number `step`; `maker` is the operator that made the first one,
    "" where that is not known, or the variable that it stood in, and `place` where, "loop.grad:7"."""

    __slots__ = ("maker", "place", "step", "value")

    def __init__(self, step: int, value: str, maker: str, place: str) -> None:
        self.step = step
        self.value = value
        self.maker = maker
        self.place = place


class TrainingState:
    """One look at a loop.

    turns    (turn from 1 or None, of how many or None) of each loop around the backward, the outermost first
    name     of what is differentiated, `loss` its value (None where it has several elements), `losses` some before
    norm     of the gradients of all leaves that were reached
    rate     backward passes per second
    left     seconds until the end, None where nobody knows; `spent` those since the first backward
    odd      that the loss is no number any more
    """

    __slots__ = ("left", "loss", "losses", "name", "norm", "odd", "rate", "spent", "turns")

    def __init__(
        self,
        turns: list[tuple[int | None, int | None]],
        name: str,
        loss: float | None,
        losses: list[float],
        norm: float | None,
        rate: float,
        spent: float,
        left: float | None,
        odd: Odd | None,
    ) -> None:
        self.turns = turns
        self.name = name
        self.loss = loss
        self.losses = losses
        self.norm = norm
        self.rate = rate
        self.spent = spent
        self.left = left
        self.odd = odd
