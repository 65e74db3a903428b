"""What of a recorded call has to run, where nothing outlives it but its results."""

from __future__ import annotations

from collections import Counter

from gradsh.plans.builder import Plan
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, Step, Value


def pure(record: Record, entries: set[int], results: list[Value]) -> Plan:
    """The plan of what was recorded: without what nobody reads, and what is the same in each call.

    entries  the roots of what is given, which are others in each call
    Errors: NoPlan where one of these is written.
    """
    writers: Counter[int] = Counter()
    for step in record.steps:
        if step.out is not None:
            if id(step.out.root) in entries:
                raise NoPlan("the call writes into a tensor")
            writers[id(step.out.root)] += 1
    # memory that is written twice may hold something else when it is read in between
    varying = entries | {root for root, times in writers.items() if times > 1}
    while True:  # what is written into memory that varies makes all of it vary
        before = len(varying)
        for step in record.steps:
            if step.out is not None and any(id(value.root) in varying for value in step.inputs()):
                varying.add(id(step.out.root))
        if len(varying) == before:
            break
    needed = {id(value.root) for value in results}
    steps: list[Step] = []
    for step in reversed(record.steps):
        if step.kind == "guard":
            if any(id(value.root) in varying for value in step.inputs()):
                steps.append(step)
                needed |= {id(value.root) for value in step.inputs()}
        elif id(step.out.root) in needed and id(step.out.root) in varying:
            steps.append(step)
            needed |= {id(value.root) for value in step.inputs()}
    steps.reverse()
    unique = {id(value.root): value.root for value in results}
    return Plan(steps, [], list(unique.values()))
