"""What of a recorded call has to run, where nothing outlives it but its results."""

from __future__ import annotations

from collections import Counter

from gradsh.plans.builder import Plan
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, Step, Value

COMPUTED = ("map", "reduce", "call")


def pure(record: Record, entries: set[int], results: list[Value]) -> Plan:
    """The plan of what was recorded: without what nobody reads, and what is the same in each call.

    entries  the roots of what is given, which are others in each call
    Errors: NoPlan where one of these is written.
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
    needed = {id(value.root) for value in results}
    steps: list[Step] = []
    for step, read in zip(reversed(record.steps), reversed(reads), strict=True):
        if step.kind == "guard":
            wanted = not varying.isdisjoint(read)
        else:
            wanted = id(step.out.root) in needed and id(step.out.root) in varying
        if wanted:
            steps.append(step)
            needed |= read
    steps.reverse()
    unique = {id(value.root): value.root for value in results}
    return Plan(steps, [], list(unique.values()))
