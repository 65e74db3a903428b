"""What of a recorded call has to run, where nothing outlives it but its results."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gradsh.plans.builder import Plan, check_windows
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Record, Step, Value

COMPUTED = ("map", "reduce", "call", "into")


def pure(record: Record, entries: set[int], outs: list[Any], laid: list[Value]) -> Plan:
    """The plan of what was recorded: without what nobody reads, and what is the same in each call.

    entries  the roots of what is given, which are others in each call
    outs     what each run gives; `laid` what is to be in its arrays after it
    Errors: NoPlan where what is given is written, or something is read of it that decides otherwise the next time.
    """
    check_windows(record)
    reads = [{id(value.root) for value in step.inputs()} for step in record.steps]
    writes = [{id(value.root) for value in step.outs} for step in record.steps]
    writers = Counter(root for written in writes for root in written)
    if not entries.isdisjoint(writers):
        raise NoPlan("the call writes into a tensor")
    # memory that is written twice may hold something else when it is read in between; what is computed is computed
    # each time, for of numbers alone only arrays are to be kept that are filled and laid out
    varying = entries | {root for root, times in writers.items() if times > 1}
    varying.update(*(written for step, written in zip(record.steps, writes, strict=True) if step.kind in COMPUTED))
    before = -1
    while len(varying) > before:  # what is written into memory that varies makes all of it vary
        before = len(varying)
        for read, written in zip(reads, writes, strict=True):
            if not varying.isdisjoint(read):
                varying |= written
    needed = {id(value.root) for value in (*outs, *laid)}
    steps: list[Step] = []
    for step, read, written in reversed(list(zip(record.steps, reads, writes, strict=True))):
        if varying.isdisjoint(written or read):
            continue
        if step.kind == "guard":
            raise NoPlan("a value that changes is read as a number, or decides what is done")
        # what a function of numbers gives may be needed by none, and what it raises by all
        if step.kind in ("decide", "number") or not needed.isdisjoint(written):
            steps.append(step)
            needed |= read
    steps.reverse()
    state = {id(value.root): value.root for value in laid}
    return Plan(steps, [], [], outs, list(state.values()), varying)
