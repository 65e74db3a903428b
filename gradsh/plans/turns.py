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
    """Up to `most` iterations; `stops` is asked between turns whether there should be no more.

    done     how many the arrays have come to; `missed`: whether there is one after them that does not fit
    given    what the last of them gave, which the program does not have yet, in `waiting` iterations
    """

    def __init__(self, trial: Trial, entry: Entry, most: int, stops: Callable[[], bool]) -> None:
        self.trial, self.entry, self.most, self.stops = trial, entry, most, stops
        self.done = self.waiting = 0
        self.given: list[Any] = []
        self.head: Any = None  # the snapshot where those begin
        self.missed = False

    def run(self) -> None:
        """Where an iteration does not fit, the arrays are put back to the head of the one before it, so that this one
        can run really too, and all that it binds is there when the next one leaves the loop or looks back: the turn is
        begun again, and comes to the same. So the program gets what a turn gave when the next one has come to its end.
        Likewise the last of `most` is only tried: what is real next must not fail in the middle, where what it has not
        bound is what the iteration before bound.
        """
        turn = 1
        while self.done < self.most and not self.stops():
            last = self.done == self.most - 1
            turn = 1 if last else min(turn, self.most - 1 - self.done)
            head = self.trial.snapshot()
            outs: list[Any] = []
            start = perf_counter()
            came, _ = self.trial.run(turn, outs)
            if came and last:
                self.trial.restore(head)
                break
            if came == turn:
                self.give()
                self.head, self.given, self.waiting = head, outs, turn
                self.done += turn
                if perf_counter() - start < TURN / 2:
                    turn *= 2
                continue
            self.missed = True
            if came:
                self.give()
                self.head, self.waiting = head, came
                self.done += came
            self.back(self.head or head, max(self.waiting - 1, 0))
            break
        self.give()

    def give(self) -> None:
        """The program gets what was given in the turn before."""
        self.trial.give(self.entry, self.waiting, self.given)
        self.given, self.waiting = [], 0

    def back(self, head: Any, count: int) -> None:
        """Put the arrays back to where the turn before began, and `count` iterations further."""
        self.trial.restore(head)
        self.done += count - self.waiting
        self.given, self.waiting = [], count
        if count and self.trial.run(count, self.given)[0] != count:
            raise NoPlan("the plan comes to other digits")
