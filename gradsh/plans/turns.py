"""A stretch of iterations by a plan, in turns between which somebody may want it to stop."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from gradsh.plans.entry import Entry
from gradsh.plans.refusal import NoPlan
from gradsh.plans.trial import Trial

TURN = 0.01  # seconds between two looks for Ctrl-C, a limit of time or of memory


class Stretch:
    """Up to `most` iterations; `stops` is asked between turns whether there should be no more; `items` are theirs.

    is_odd   asked after each turn, with the arrays at its head and those now, whether it is to be run as it is written
    done     how many the arrays have come to; `missed`: whether there is one after them that does not fit
    odd      how many iterations the turn has that is_odd has said it of
    each     seconds in which the program got what one iteration gave
    turns    those that may have to be put back, oldest first: (snapshot where it begins, what it gave, how many
             iterations); what they gave the program does not have yet
    """

    def __init__(
        self,
        trial: Trial,
        entry: Entry,
        most: int,
        stops: Callable[[], bool],
        items: Any = None,
        is_odd: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        self.trial, self.entry, self.most, self.stops, self.items = trial, entry, most, stops, items
        self.is_odd = is_odd
        self.done = self.odd = 0
        self.each = 0.0
        self.turns: list[tuple[Any, list[Any], int]] = []
        self.missed = False

    def run(self) -> None:
        """Where an iteration does not fit, the arrays are put back to so many (`Trial.tail`) before it, so that these
        can run really too, and all that they bind is there when it leaves the loop or looks back: the turn is begun
        again, and comes to the same. So the program gets what a turn gave when the next ones have come to their end.
        Likewise the last of `most`, and those that are real because somebody wants it to stop, are only tried: what is
        real next must not fail in the middle, where what it has not bound is what the iteration before bound.
        """
        longest, tail = self.trial.turn, self.trial.tail
        self.trial.turn = 1  # where an iteration does not fit, its turn is begun again
        while True:
            left = self.most - self.done
            last = left <= tail or self.stops()
            most = min(tail, left) if last else min(longest, left - tail)
            turn = self.trial.fill(self.items, most)
            head = self.trial.snapshot()
            outs: list[Any] = []
            start = perf_counter()
            came, _ = self.trial.run(turn, outs)
            if came < turn or (turn < most and (last or not turn)):
                self.missed = True
                self.back(head, came)
                break
            if last:
                self.trial.restore(head)
                self.trial.turn = longest
                break
            if self.is_odd is not None and self.is_odd(head[0], self.trial.arrays()):
                self.odd = turn
                self.back(head, 0)
                break
            self.turns.append((head, outs, turn))
            self.done += turn
            self.give(tail)
            if perf_counter() - start + turn * self.each < TURN / 2:
                longest = max(longest, turn * 2)
            elif longest * self.each > TURN:  # a slow stream: nothing ends a run while it is given what a turn gave
                longest = max(int(TURN / self.each), 1)
        self.give(0)

    def give(self, kept: int) -> None:
        """The program gets what was given in turns after which so many iterations have come to their end."""
        while self.turns and sum(count for _, _, count in self.turns[1:]) >= kept:
            _, outs, count = self.turns.pop(0)
            start = perf_counter()
            self.trial.give(self.entry, count, outs)
            if count:
                self.each = (perf_counter() - start) / count

    def back(self, head: Any, came: int) -> None:
        """Put the arrays back from an iteration that does not fit; its turn began at `head`, and `came` before it."""
        tail, last = self.trial.tail, head
        self.give(tail - came)
        if self.turns:
            head = self.turns[0][0]
        whole = sum(count for _, _, count in self.turns)
        count = max(whole + came - tail, 0)
        self.done += count - whole
        items = self.trial.items_of([*(each for each, _, _ in self.turns), last])
        self.trial.restore(head)
        outs: list[Any] = []
        self.turns = [(head, outs, count)]
        while count:
            turn = self.trial.fill(items, count)
            if self.trial.run(turn, outs)[0] != turn or not turn:
                raise NoPlan("the plan comes to other digits")
            count -= turn

    def undo(self) -> None:
        """Put the arrays back to the head of the oldest turn."""
        if self.turns:
            self.trial.restore(self.turns[0][0])
            self.done -= sum(count for _, _, count in self.turns)
            self.turns = []
