"""Ctrl-C in the middle of a loop that runs by a plan, and at the same place of that loop as it is written."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from types import CodeType, FunctionType
from typing import Any

import pytest

from gradsh.plans import loops
from gradsh.plans.turns import Stretch
from tests.plans.compared import Run, difference


def stopped(texts: Sequence[str], after: int) -> tuple[str, int]:
    """The first difference after texts of which the first loop with a plan is interrupted when that has run so often,
    and how many iterations the loop had then: 0 where it has no plan, and nothing was interrupted."""
    by_plan, begun = Run(True, shared=True), list[CodeType]()
    by_plan.session.globals["@looped"] = noted(by_plan.session.globals["@looped"], begun)
    with pytest.MonkeyPatch.context() as patch:
        done = interrupting(patch, after, begun)
        mine = [by_plan.run(text) for text in texts]
    plain = Run(False, shared=True)
    if done:
        plain.session.globals["@looped"] = interrupted_after(*done)
    for text, came in zip(texts, mine, strict=True):
        if found := difference(came, plain.run(text)):
            return f"{text}\n{found}", done[0] if done else 0
    return "", done[0] if done else 0


def noted(looped: Callable[..., Any], begun: list[CodeType]) -> Callable[..., Any]:
    """What hands out the items of loops, and writes down which loops have begun."""

    def of(items: Any, body: FunctionType, *rest: Any) -> Any:
        begun.append(body.__code__)
        return looped(items, body, *rest)

    return of


def interrupting(patch: pytest.MonkeyPatch, after: int, begun: list[CodeType]) -> list[Any]:
    """SIGINT once a plan has run `after` iterations; the list gets how many iterations the loop had when it stopped,
    its body's code, and how many runs of that have `begun` by then."""
    done: list[Any] = []
    sent: list[Stretch] = []
    stopping: list[loops.Loop] = []
    next_item, planned = loops.Loop.next, loops.Loop.planned

    def note(loop: loops.Loop) -> None:
        code = loop.body.__code__
        stopping[:], done[:] = [loop], [loop.done, code, begun.count(code)]

    def planned_of(loop: loops.Loop, *given: Any) -> None:
        """Where the next iteration does not fit, what the plan had run is put back, and none may be real after it."""
        try:
            planned(loop, *given)
        finally:
            if sent and not stopping:
                note(loop)

    class Interrupted(Stretch):
        def __init__(self, trial: Any, entry: Any, most: int, stops: Callable[[], bool], *rest: Any) -> None:
            super().__init__(trial, entry, most, self.asked, *rest)
            self.wanted = stops

        def asked(self) -> bool:
            if not sent and self.done >= after:
                sent.append(self)
                signal.raise_signal(signal.SIGINT)
            return self.wanted()

    def next_of(loop: loops.Loop) -> Any:
        item = next_item(loop)
        if loop in stopping:
            note(loop)
        return item

    patch.setattr(loops, "Stretch", Interrupted)
    patch.setattr(loops.Loop, "next", next_of)
    patch.setattr(loops.Loop, "planned", planned_of)
    return done


def interrupted_after(count: int, code: CodeType, run: int) -> Callable[..., Iterator[Any]]:
    """What hands out the items of loops, and interrupts that run of the loop of that body after so many of them."""
    begun: list[CodeType] = []

    def looped(items: Any, body: FunctionType, *_: Any) -> Iterator[Any]:
        begun.append(body.__code__)
        return handed(items, body.__code__ == code and begun.count(code) == run)

    def handed(items: Any, stops: bool) -> Iterator[Any]:
        for number, item in enumerate(repeat(None) if items is None else items, 1):
            yield item
            if stops and number == count:
                raise KeyboardInterrupt

    return looped
