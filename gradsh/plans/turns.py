"""A stretch of iterations by a plan, in turns between which somebody may want it to stop."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from gradsh.plans.refusal import NoPlan
from gradsh.plans.trial import Trial

TURN = 0.01  # seconds between two looks for Ctrl-C, a limit of time or of memory


def stretch(trial: Trial, most: int, stops: Callable[[], bool]) -> tuple[int, bool, list[Any]]:
    """Up to `most` iterations: (how many, whether there is one after them that does not fit, what they gave).

    Where one does not fit, the arrays are put back to the head of the one before it, so that this one can run really
    too, and all that it binds is there when the next one leaves the loop or looks back: the turn is begun again, and
    comes to the same. `stops` is asked between turns.
    """
    done, turn = 0, 1
    begun: Any = None  # the snapshot at the head of the turn before, how many iterations it had, and what they gave
    given: list[Any] = []
    while done < most and not stops():
        turn = min(turn, most - done)
        head = trial.snapshot()
        outs: list[Any] = []
        start = perf_counter()
        came, _ = trial.run(turn, outs)
        if came == turn:
            begun = (head, turn, len(given))
            given += outs
            done += turn
            if perf_counter() - start < TURN / 2:
                turn *= 2
            continue
        if came:
            trial.restore(head)
            return done + again(trial, came - 1, given), True, given
        trial.restore(head if begun is None else begun[0])
        if begun is None:
            return done, True, given
        done -= begun[1]
        del given[begun[2] :]
        return done + again(trial, begun[1] - 1, given), True, given
    return done, False, given


def again(trial: Trial, count: int, given: list[Any]) -> int:
    """So many iterations once more."""
    if count and trial.run(count, given)[0] != count:
        raise NoPlan("the plan comes to other digits")
    return count
