"""Reports of graphs as plain data for JSON, with every digit."""

from __future__ import annotations

import math
from typing import Any

from gradsh.reports.looking import Amount, DrawnRow, GraphDrawing


def number(value: Any) -> Any:
    """A number as JSON can hold it: "nan", "inf" and "-inf" for those; of lists each."""
    if isinstance(value, list):
        return [number(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if value != value else "inf" if value > 0 else "-inf"
    return value


def amount(given: Amount | None) -> dict[str, Any] | None:
    """Shape and value of a small tensor, shape and norm of a larger one; norm null where it is not known."""
    if given is None:
        return None
    if given.value is not None:
        return {"shape": list(given.shape), "value": number(given.value)}
    return {"shape": list(given.shape), "norm": number(given.norm)}


def as_data(report: GraphDrawing) -> dict[str, Any]:
    """The drawing of a graph."""
    return {
        "graph": report.name,
        "heading": [line for line in report.heading if line],
        "rows": [_row(row) for row in report.rows],
        "without_grad": [{"name": name, "shape": list(dims)} for name, dims in report.plain],
        "notes": report.notes,
    }


def _row(row: DrawnRow) -> dict[str, Any]:
    found: dict[str, Any] = {
        "mark": row.mark,
        "steps": list(row.steps) if row.steps is not None else None,
        "label": row.label,
        "kind": row.kind,
        "shape": list(row.shape) if row.shape is not None else None,
        "place": row.place,
        "inputs": row.inputs,
        "functions": row.functions,
        "operations": row.operations,
        "rule": row.rule,
        "parameters": row.parameters,
        "elements": row.elements,
        "freed": row.freed,
        "kept": row.kept,
    }
    if row.value is not None:
        found["value"] = amount(row.value)
    if row.gradient is not None:
        found["gradient"] = amount(row.gradient)
    if row.slopes:
        found["local_derivatives"] = [{"input": at, "value": number(value)} for at, value in row.slopes.items()]
    if row.arrivals:
        found["arrivals"] = [{"from": step, **(amount(given) or {})} for given, step in row.arrivals]
    return found
