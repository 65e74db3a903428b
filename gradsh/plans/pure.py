"""What of a recorded call has to run, where nothing outlives it but its results."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gradsh.plans.builder import Plan
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, Step, Value

COMPUTED = ("map", "reduce", "call")


def pure(record: Record, entries: set[int], outs: list[Any], laid: list[Value]) -> Plan:
    """The plan of what was recorded: without what nobody reads, and what is the same in each call.

    entries  the roots of what is given, which are others in each call
    outs     what each run gives; `laid` what is to be in its arrays after it
    Errors: NoPlan where what is given is written, or something is read of it that decides otherwise the next time.
    """
    reads = [{id(value.root) for value in step.inputs()} for step in record.steps]
    writers: Counter[int] = Counter()
    for step in record.steps:
        if step.out is not None:
            if id(step.out.root) in entries:
                raise NoPlan("the call writes into a tensor")
            writers[id(step.out.root)] += 1
    # memory that is written twice may hold something else when it is read in between; what is computed is computed
    # each time, for of numbers alone only arrays are to be kept that are filled and laid out
    varying = entries | {root for root, times in writers.items() if times > 1}
    varying |= {id(step.out.root) for step in record.steps if step.kind in COMPUTED}
    before = -1
    while len(varying) > before:  # what is written into memory that varies makes all of it vary
        before = len(varying)
        for step, read in zip(record.steps, reads, strict=True):
            if step.out is not None and not varying.isdisjoint(read):
                varying.add(id(step.out.root))
    needed = {id(value.root) for value in (*outs, *laid)}
    steps: list[Step] = []
    for step, read in zip(reversed(record.steps), reversed(reads), strict=True):
        if step.out is None:
            wanted = not varying.isdisjoint(read)
            if wanted and step.kind == "guard":
                raise NoPlan("a value that changes is read as a number, or decides what is done")
        else:  # what a function of numbers gives may be needed by none, and what it raises by all
            wanted = id(step.out.root) in varying and (step.kind == "number" or id(step.out.root) in needed)
        if wanted:
            steps.append(step)
            needed |= read
    steps.reverse()
    written = {id(value.root): value.root for value in laid}
    return Plan(steps, [], [], outs, list(written.values()), varying)
