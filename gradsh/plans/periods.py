"""Loops whose iterations are of several shapes in turn: `if (i + 1) % 4 == 0 { opt.step(); opt.zero_grad() }`.

A plan is of one shape. Where a remainder of a number decides in the body, so many iterations together are one that
comes again and again: they are recorded one after the other, as one turn of the plan.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from math import lcm
from typing import TYPE_CHECKING, Any

from gradsh.plans.numbers import Number

if TYPE_CHECKING:
    from gradsh.plans.values import Record

LONGEST = 32  # iterations of one turn: in what decides more rarely a plan of one iteration is as good
# Turns that must be left. To record an iteration takes as long as a dozen of them, and some turns run as written.
FORCED, WORTH = 4, 24


def period_of(record: Record, iterations: int) -> int:
    """Of how many iterations a turn is, as far as what was recorded of so many tells; 1 where all are alike."""
    needed: set[int] = set()
    found: set[int] = set()
    for step in reversed(record.steps):
        if step.kind == "decide":
            needed |= {id(each) for each in step.inputs()}
        elif step.kind == "number" and id(step.out) in needed:
            needed |= {id(each) for each in step.inputs()}
            if step.function is operator.mod and type(step.arguments[0]) is Number:
                of = step.arguments[1]
                if type(of) is int and 1 < of <= LONGEST:
                    found.add(of)
    period = 1
    for each in sorted(found):
        if lcm(period, each) <= LONGEST:
            period = lcm(period, each)
    return period if period * len(record.steps) <= record.longest * iterations else 1


def in_turns(items: Iterator[Any], period: int) -> Iterator[Any]:
    """The items of whole turns, each turn's in a tuple; the items themselves where a turn is one iteration."""
    return items if period == 1 else zip(*[items] * period, strict=False)
