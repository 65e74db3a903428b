"""From what was recorded to what has to run: without what nobody reads, and what is the same in each iteration."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gradsh.plans.lists import list_of
from gradsh.plans.numbers import Number
from gradsh.plans.outside import is_drawn
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, Step, Value, inputs_in, values_in


class Plan:
    """What one iteration does to the arrays of a shadow.

    steps    in their order
    carried  (value, what it becomes at the end of an iteration)
    numbers  (number, what it becomes), a number of Python's too where that is the same each time
    outs     values and numbers that each iteration gives, as they are at its end
    written  the memory that an iteration reads and leaves changed: the state
    varying  the identities of memory and of numbers that may be others in the next iteration
    """

    def __init__(
        self,
        steps: list[Step],
        carried: list[tuple[Value, Value]],
        numbers: list[tuple[Number, Any]],
        outs: list[Any],
        written: list[Value],
        varying: set[int],
    ) -> None:
        self.steps = steps
        self.carried = carried
        self.numbers = numbers
        self.outs = outs
        self.written = written
        self.varying = varying


def build(
    record: Record,
    entries: list[Value],
    carried: list[tuple[Value, Value]],
    gone: list[Value],
    numbers: list[tuple[Number, Any]],
    outs: list[Any],
    loose: set[int],
) -> Plan:
    """The plan of what was recorded.

    loose    the memory of those that are the same in each iteration of one run, and others in the next run

    entries  what was there at the head of the iteration
    gone     those of them that the next iteration does not have: none may have been read
    Errors: NoPlan where an iteration looks at a value that is not the same in the next one.
    """
    state = {id(value.root): value.root for value in entries}
    reads = [{id(value.root) for value in step.inputs()} for step in record.steps]
    writes = [{id(out.root) for out in step.outs} for step in record.steps]
    writers = Counter(id(out.root) for step in record.steps for out in step.outs)
    changing = {id(value.root) for value, _ in carried}
    changing.update(root for root in writers if root in state)
    shared = [value for value, _ in carried if value.root is not value]
    if shared:
        raise NoPlan("a view gets other memory")
    # memory that is written twice may hold something else when it is read in between
    varying = changing | {root for root, times in writers.items() if times > 1}
    varying |= {id(step.out.root) for step in record.steps if step.kind == "draw"}
    varying |= {id(step.out) for step in record.steps if is_drawn(step) or list_of(step) is not None}
    varying |= loose
    varying |= {id(number) for number, _ in numbers} | {id(value.root) for value in gone}
    while True:  # what is written into memory that varies makes all of it vary
        before = len(varying)
        for read, written in zip(reads, writes, strict=True):
            if not varying.isdisjoint(read):
                varying |= written
        if len(varying) == before:
            break
    check_windows(record)
    for step, read in zip(record.steps, reads, strict=True):
        if step.kind == "guard" and not varying.isdisjoint(read):
            raise NoPlan("a value that changes is read as a number, or decides what is done", step)
    # also by what nobody needs: gradients that are summed with a graph, `.grad = .grad + g`, are needed after the plan
    if any(id(value.root) in read for read in reads for value in gone):
        raise NoPlan("what an iteration makes is read by the next")
    needed = set(changing) | {id(value.root) for _, value in carried}
    needed |= {id(value.root) for value in inputs_in([[new for _, new in numbers], outs])}
    steps: list[Step] = []
    for step, read, written in reversed(list(zip(record.steps, reads, writes, strict=True))):
        if varying.isdisjoint(written or read):
            continue  # it is there since the recording
        # what a function of numbers gives may be needed by none, and what it raises by all
        if step.kind not in ("decide", "number", "draw") and needed.isdisjoint(written):
            continue
        steps.append(step)
        needed |= read
    steps.reverse()
    return Plan(steps, carried, numbers, outs, [state[root] for root in changing], varying)


def check_windows(record: Record) -> None:
    """Errors: NoPlan where a copy of a part is read after what it is a part of was written by another."""
    windows: dict[int, dict[int, Any]] = {}  # of each whole
    stale: set[int] = set()
    for step in record.steps:
        for value in (*step.inputs(), *step.outs):
            root = value.root
            if type(root) is Value and id(root) in stale:
                raise NoPlan("a part that moves is read after a write to the whole")
            if type(root) is Value and root.window is not None:
                windows.setdefault(id(root.window.whole.root), {})[id(root)] = root
        for out in step.outs:
            own = {id(each) for each in step.arguments if type(each) is Value}
            stale.update(key for key in windows.get(id(out.root), ()) if key not in own)


def scalars(plan: Plan) -> set[int]:
    """The memory that is one number, of which there is no view: NumPy's scalars take a tenth of its arrays' time."""
    found: dict[int, bool] = {}
    for step in plan.steps:
        for value in values_in([step.arguments, step.extra, step.out]):
            plain = value.array.ndim == 0 and value.root.array.ndim == 0
            plain = plain and not (step.kind == "into" or (value is step.out and step.kind == "put"))
            found[id(value.root)] = found.get(id(value.root), True) and plain
    for pair in plan.carried:
        for value in pair:
            found[id(value.root)] = found.get(id(value.root), True) and value.array.ndim == 0 and value.root is value
    for value in plan.outs:
        if type(value) is Value:
            found[id(value.root)] = found.get(id(value.root), True) and value.array.ndim == 0
    return {root for root, plain in found.items() if plain}
