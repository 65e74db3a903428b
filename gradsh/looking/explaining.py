"""From a backward that was watched to the report of `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradsh.engine.core.graph import Node
from gradsh.engine.core.tensor import Tensor
from gradsh.looking import folding, places
from gradsh.looking.amounts import amount
from gradsh.looking.drawing import container, rounds_label
from gradsh.looking.flows import called, flows, going, going_in, incoming
from gradsh.looking.folding import Folded, Item
from gradsh.looking.rows import Leaf, Reading
from gradsh.reports.looking import Amount, Arrived, Derivatives, ExplainedStep, Explanation, Flow
from gradsh.runtime import jacobian
from gradsh.runtime.results import Result

MOST = 60  # steps that are explained one by one
FEW = 8  # names that are said; elements of what a Jacobian is shown of


def explain(
    reading: Reading,
    walk: Any,
    variables: Mapping[str, Any],
    before: Mapping[Tensor, Result],
    open: Any = False,
) -> Explanation:
    """The report on a backward that has run; `before` has the gradients that leaves had already.

    `walk` is a Watching, or what an earlier backward noted (gradsh.looking.replay).
    """
    folded = folding.fold(reading, open, limit=10**9)
    report = Explanation(reading.name)
    value = amount(reading.root.data)
    report.heading = f"backward from {reading.name or 'this'}{_equals(value)}, latest operation first; "
    report.heading += "g is what comes in"
    for item in folded.items:
        report.steps.append(_step(reading, item, folded, walk, variables))
    report.parts = len(folded.items) > MOST or (open is not False and any(item.call for item in folded.items))
    report.leaves = [_arrived(reading, leaf, walk, before) for leaf in reading.leaves]
    named = [row for row in reversed(reading.rows) if row.call is None and row.name and not row.kept]
    names = dict.fromkeys(row.name for row in named if variables.get(row.name).__class__ is Tensor)
    if any(row.step > 1 for row in named):
        report.kept = list(names)
    report.plain = (
        [name for name, _ in reading.untracked],
        list(dict.fromkeys(reading.place(places.made(t)) for _, t in reading.untracked)),
    )
    return report


def _equals(value: Amount | None) -> str:
    if value is None or value.value is None:
        return ""
    from gradsh.looking.writing import listed

    text = listed(value.value, FEW)
    return f" = {text[0]}" if text is not None else ""


def _step(reading: Reading, item: Item, folded: Folded, walk: Any, variables: Mapping[str, Any]) -> ExplainedStep:
    row = item.rows[0]
    if item.rounds:
        step = ExplainedStep(item.steps, rounds_label(item), "", "")
        step.rounds = True
        return step
    if item.call is not None:
        label = places.flat(item.call.text) if item.call.text else item.call.path
        step = ExplainedStep(item.steps, label, container(item.call), reading.place_of(item.call))
    else:
        step = ExplainedStep(item.steps, row.label, row.layer, reading.place_of(row))
        if row.derived is not None:
            step.label = f"backward of {row.label}"
    step.g = [amount(g) for g in incoming(row, walk)]
    if item.folded:
        _folded(reading, item, folded, walk, step)
    else:
        step.flows = flows(reading, row, walk, variables)
    step.norm = _parameters_norm(item, walk)
    return step


def _folded(reading: Reading, item: Item, folded: Folded, walk: Any, step: ExplainedStep) -> None:
    """What goes out of a model that is closed: to its inputs, and how many of its parameters get a gradient."""
    inside = {id(row) for row in item.rows}
    parameters = {id(leaf): leaf for row in item.rows for leaf in row.parameters}
    if parameters:
        step.note = f"→ {len(parameters)} gradient{'s' if len(parameters) > 1 else ''}"
    for row in item.rows:
        for flow, target in zip(*_targets(reading, row, walk), strict=True):
            if isinstance(target, Leaf) and target.parameter:
                continue
            if id(target) not in inside:
                step.flows.append(flow)


def _targets(reading: Reading, row: Any, walk: Any) -> tuple[list[Flow], list[Any]]:
    found = going(reading, row, walk)
    return [Flow(called(each.target, row), amount(each.total)) for each in found], [each.target for each in found]


def _parameters_norm(item: Item, walk: Any) -> float | None:
    """The norm of the gradients of the parameters that an item uses, all taken together."""
    total, any_found = 0.0, False
    for leaf in {id(leaf): leaf for row in item.rows for leaf in row.parameters}.values():
        for g, _ in walk.arrivals(leaf.tensor):
            shown = amount(g)
            if shown is None:
                continue
            any_found = True
            total += float(np.sum(np.square(shown.value))) if shown.value is not None else (shown.norm or 0.0) ** 2
    return total**0.5 if any_found else None


def _arrived(reading: Reading, leaf: Leaf, walk: Any, before: Mapping[Tensor, Result]) -> Arrived:
    t = leaf.tensor
    held = t.gradient
    name = leaf.name or leaf.label
    found = Arrived(name if leaf.parameter else f"{name}.grad", reading.place(leaf.span), None, leaf.parameter)
    found.total = amount(held.data) if held is not None else None
    parts = [(amount(g), reading.of_node[node].step) for g, node in walk.arrivals(t) if node in reading.of_node]
    found.parts = [(shown, step) for shown, step in parts if shown is not None]
    if t in before:
        found.before = amount(before[t])
    return found


# --- forward ----------------------------------------------------------------------------------------------------------


def forward(reading: Reading, variables: Mapping[str, Any], open: Any = False) -> Explanation:
    """The same operations in the order in which they ran, with the numbers that went in and came out."""
    folded = folding.fold(reading, open, limit=10**9)
    report = Explanation(reading.name)
    report.heading = f"forward to {reading.name or 'this'}{_equals(amount(reading.root.data))}, first operation first"
    for item in reversed(folded.items):
        row = item.rows[0]
        if item.rounds:
            step = ExplainedStep(item.steps, rounds_label(item), "", "")
            step.rounds = True
        elif item.call is not None:
            label = places.flat(item.call.text) if item.call.text else item.call.path
            step = ExplainedStep(item.steps, label, container(item.call), reading.place_of(item.call))
        else:
            step = ExplainedStep(item.steps, row.label, row.layer, reading.place_of(row))
        result = item.call.result if item.call is not None else row.result
        if not item.rounds:
            flow = Flow("", amount(result) if result is not None else None)
            flow.formula = going_in(row, variables) if not item.folded else ""
            step.flows = [flow]
        report.steps.append(step)
    return report


# --- the gradient argument --------------------------------------------------------------------------------------------


def jacobians(reading: Reading, gradient: Tensor) -> list[Derivatives]:
    """What the gradient argument is: for each leaf v @ J, where all of it is small. Runs backward, touches nothing."""
    root = reading.root
    leaves = [leaf.tensor for leaf in reading.leaves if 0 < leaf.tensor.data.size <= FEW and not leaf.parameter]
    if not 1 < root.data.size <= FEW or not leaves or root.data.ndim > 1:
        return []
    return _tables(reading, gradient.data, jacobian.derivatives(root.edge, root.data, leaves))


def noted_jacobians(reading: Reading) -> list[Derivatives]:
    """The same of the backward that has freed the graph, where it noted them."""
    noted = jacobian.PRODUCTS.get(reading.root.node) if reading.root.node.__class__ is Node else None
    return _tables(reading, noted.v, noted.rows) if noted is not None else []


def _tables(reading: Reading, v: Any, rows: Mapping[Tensor, list[list[float]]]) -> list[Derivatives]:
    name = reading.name or "y"
    found = []
    for leaf in reading.leaves:
        if leaf.tensor not in rows or leaf.parameter:
            continue
        table = Derivatives(leaf.label, name, [f"d/d{leaf.label}{index}" for index in _indices(leaf.tensor.data.shape)])
        outputs = [f"{name}{index}" for index in _indices(reading.root.data.shape)]
        sizes = [float(each) for each in np.asarray(v).ravel()]
        table.rows = list(zip(sizes, outputs, rows[leaf.tensor], strict=True))
        table.product = [float(sum(size * row[i] for size, _, row in table.rows)) for i in range(len(table.columns))]
        found.append(table)
    return found


def _indices(shape: tuple[int, ...]) -> list[str]:
    return ["" if not shape else f"[{', '.join(map(str, index))}]" for index in np.ndindex(*shape)]
