"""Ctrl-C in the middle of a loop that runs by a plan, and at the same place of that loop as it is written."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

import pytest

from gradsh.plans import loops
from gradsh.plans.turns import Stretch
from tests.plans.compared import Run, difference


def stopped(texts: Sequence[str], after: int) -> tuple[str, int]:
    """The first difference after texts of which the first loop with a plan is interrupted when that has run so often,
    and how many iterations the loop had then: 0 where it has no plan, and nothing was interrupted."""
    by_plan = Run(True, shared=True)
    with pytest.MonkeyPatch.context() as patch:
        done = interrupting(patch, after)
        mine = [by_plan.run(text) for text in texts]
    plain = Run(False, shared=True)
    if done:
        plain.session.globals["@looped"] = interrupted_after(done[0])
    for text, came in zip(texts, mine, strict=True):
        if found := difference(came, plain.run(text)):
            return f"{text}\n{found}", done[0] if done else 0
    return "", done[0] if done else 0


def interrupting(patch: pytest.MonkeyPatch, after: int) -> list[int]:
    """SIGINT once a plan has run `after` iterations; the list gets how many iterations the loop had when it stopped."""
    done: list[int] = []
    sent: list[Stretch] = []
    stopping: list[loops.Loop] = []
    next_item = loops.Loop.next

    class Interrupted(Stretch):
        def __init__(self, trial: Any, entry: Any, most: int, stops: Callable[[], bool], items: Any) -> None:
            super().__init__(trial, entry, most, self.asked, items)
            self.wanted = stops

        def asked(self) -> bool:
            if not sent and self.done >= after:
                sent.append(self)
                signal.raise_signal(signal.SIGINT)
            return self.wanted()

    def next_of(loop: loops.Loop) -> Any:
        item = next_item(loop)
        if sent and loop in (stopping or [loop]):
            stopping[:], done[:] = [loop], [loop.done]
        return item

    patch.setattr(loops, "Stretch", Interrupted)
    patch.setattr(loops.Loop, "next", next_of)
    return done


def interrupted_after(count: int) -> Callable[..., Iterator[Any]]:
    """What hands out the items of loops, and interrupts the first that has so many, at the head of the next."""
    left = [count]

    def looped(items: Any, *_: Any) -> Iterator[Any]:
        for number, item in enumerate(repeat(None) if items is None else items, 1):
            yield item
            if left and number == left[0]:
                left.clear()
                raise KeyboardInterrupt

    return looped
