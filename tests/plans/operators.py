"""Each operator's samples as calls in a loop, with numbers, where they have some, that change: `2` is `(2 + (i - i))`;
and with tensors that are others in each iteration, as batches are.

What an operator does with a number or an array, or asks of it, is thus asked of what stands for one while a plan is
recorded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradsh.calls.words import error_of
from gradsh.engine.core.tensor import Tensor, make
from gradsh.engine.ops import families
from gradsh.reports.plans import LoopPlan
from tests.plans.compared import Run, compared


def calls(every: bool) -> Iterator[tuple[str, Any]]:
    """(operator, a sample of it that PyTorch takes): one of each, or `every` one."""
    for name, entry in sorted(families.functions().items()):
        for sample in entry.samples() if entry.samples is not None else ():
            if error_of(entry.signature, *sample.draw(), name) is None:
                yield name, sample
                if not every:
                    break


def spelled(value: Any, moving: bool, held: list[Any]) -> str:
    """The value as text of a program; what has none is `held`, and has a name there."""
    if moving and type(value) is bool:
        return "(i >= 0)" if value else "(i < 0)"
    if moving and (type(value) is int or (type(value) is float and math.isfinite(value))):
        return f"({value!r} + (i - i))"
    if type(value) is list:
        return f"[{', '.join(spelled(each, moving, held) for each in value)}]"
    if type(value) is tuple:
        return f"({''.join(spelled(each, moving, held) + ', ' for each in value)})"
    held.append(value)
    return f"a{len(held) - 1}"


def looped(name: str, sample: Any, moving: bool) -> tuple[str, list[LoopPlan]]:
    """As `compared` gives it: of a loop of such calls."""

    def text_of() -> tuple[str, list[Any]]:
        args, kwargs = sample.draw()
        held: list[Any] = []
        words = [spelled(value, moving, held) for value in args]
        words += [f"{keyword}={spelled(value, moving, held)}" for keyword, value in kwargs.items()]
        return f"let r = none\nfor i in range(7) {{ r = {name}({', '.join(words)}) }}", held

    def make(planned: bool) -> Run:
        run = Run(planned, shared=True)
        run.session.globals.update((f".a{at}", value) for at, value in enumerate(text_of()[1]))
        return run

    return compared(["manual_seed(0)", text_of()[0]], make=make)


def rolled(x: Tensor, by: int) -> Tensor:
    """One of its shape, with its elements moved on."""
    made = make(np.ascontiguousarray(np.roll(np.array(x.data).reshape(-1), by).reshape(x.data.shape)))
    if hasattr(x, "origin"):
        made.origin = x.origin
    return made


def batched(name: str, sample: Any) -> tuple[str, list[LoopPlan]]:
    """The same of a loop over its tensors, whose elements are in other places each time; of none where it has none."""

    def text_of() -> tuple[list[str], list[Any], list[int]]:
        args, kwargs = sample.draw()
        held: list[Any] = []
        words = [spelled(value, False, held) for value in args]
        words += [f"{keyword}={spelled(value, False, held)}" for keyword, value in kwargs.items()]
        return words, held, [at for at, value in enumerate(held) if type(value) is Tensor and value.data.ndim]

    def make(planned: bool) -> Run:
        run = Run(planned, shared=True)
        _, held, places = text_of()
        run.session.globals.update((f".a{at}", value) for at, value in enumerate(held) if at not in places)
        run.session.globals[".batches"] = [tuple(rolled(held[at], k) for at in places) for k in range(7)]
        return run

    words, _, places = text_of()
    if not places:
        return "", []
    names = "".join(f"a{at}, " for at in places)
    text = f"let r = none\nfor ({names}) in batches {{ r = {name}({', '.join(words)}) }}"
    return compared(["manual_seed(0)", text], make=make)


def of_batches(every: bool) -> Iterator[tuple[str, list[str]]]:
    """Of each loop over batches what differs with plans, and why it has none."""
    for name, sample in calls(every):
        found, told = batched(name, sample)
        yield found, [each.reason for each in told]


def outcomes(every: bool) -> Iterator[tuple[str, bool]]:
    """Of each loop what differs with plans, and whether it has one."""
    for name, sample in calls(every):
        for moving in (False, True) if every else (True,):
            found, told = looped(name, sample, moving)
            yield found, [each.reason for each in told] == [""]
