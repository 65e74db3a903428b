"""`--json`: one object a line for every value that is printed, exact enough to be read back.

    {"expr": "x.grad", "line": 1, "type": "tensor", "dtype": "float32", "shape": [], "requires_grad": false,
     "grad_fn": null, "data": 0.6000000238418579}

Numbers keep every digit of their own precision; "nan", "inf" and "-inf" stand for those, and -0.0 keeps its sign.
Characters that would drive a terminal, or end a line elsewhere (U+2028), are escaped.
"""

from __future__ import annotations

import json
import math
from typing import Any, TextIO

import numpy as np

from gradsh.engine.core.named import Named
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span, ValueError_
from gradsh.reports import Report
from gradsh.runtime.text import shown, without_addresses
from gradsh.view.display import Display
from gradsh.view.plain import in_json
from gradsh.view.registry import view_of


class JsonDisplay(Display):
    """The display of `--json`: values as lines of JSON on `out`, errors and warnings the same on `err`."""

    needs_spans = True

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        super().__init__(out, err, color="never", style="json")

    def value(self, value: object, span: Span | None) -> None:
        self.write(line_of(value, span))

    def printed(self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n") -> None:
        self.write("".join(line_of(value, span) for value, span in zip(values, spans, strict=True)))

    def told(self, words: str | None) -> None:
        if words:
            self.note(dumps({"note": words}))

    def report(self, report: Report) -> None:
        view = view_of(report)
        line = dumps(view.data(report))
        if view.note:
            self.note(line)
        else:
            self.write(line)


def dumps(data: dict[str, object]) -> str:
    """Errors: ValueError_ for an int of more digits than Python writes."""
    try:
        return in_json(json.dumps(data, ensure_ascii=False, allow_nan=False)) + "\n"
    except ValueError as error:
        raise _too_long(error) from None


def _too_long(error: ValueError) -> Exception:
    said, limit, _ = str(error).partition("; use sys.")
    return ValueError_(said) if limit else error


def line_of(value: object, span: Span | None) -> str:
    """The line for one printed value; `span` is the expression that gave it."""
    head: dict[str, object] = {"expr": span.text if span else None, "line": span.line if span else None}
    return dumps(head | describe(value, set()))


def describe(value: Any, inside: set[int]) -> dict[str, object]:
    """A value as `type`, its own facts, and `data`. `inside` holds the ids of containers being described."""
    if isinstance(value, Tensor):
        node = value.grad_fn
        return {
            "type": "tensor",
            "dtype": repr(value.dtype),
            "shape": list(value.shape),
            "requires_grad": value.requires_grad,
            "grad_fn": node.kind.name if node is not None else None,
            "data": exact_array(value.data),
        }
    if value is None:
        return {"type": "none", "data": None}
    if isinstance(value, bool):
        return {"type": "bool", "data": value}
    if isinstance(value, (int, float)):
        return {"type": "number", "data": exact(value)}
    if isinstance(value, str):
        return {"type": "string", "data": value}
    if isinstance(value, (list, tuple, dict)):
        if id(value) in inside:  # a list that contains itself
            return {"type": "other", "data": "..."}
        inside.add(id(value))
        try:
            return _container(value, inside)
        finally:
            inside.discard(id(value))
    return {"type": "other", "data": shown(value)}


def _container(value: Any, inside: set[int]) -> dict[str, object]:
    if isinstance(value, dict):
        return {"type": "dict", "data": {_key(key): describe(item, inside) for key, item in value.items()}}
    data: dict[str, object] = {"type": "list" if isinstance(value, list) else "tuple"}
    if isinstance(value, Named):
        data["fields"] = list(value.names)
    data["data"] = [describe(item, inside) for item in value]
    return data


def _key(key: object) -> str:
    try:
        return key if isinstance(key, str) else without_addresses(repr(key))
    except ValueError as error:
        raise _too_long(error) from None


def exact(number: float) -> object:
    """A number as JSON can hold it; Python writes floats with the fewest digits that read back the same."""
    if isinstance(number, float) and not math.isfinite(number):
        return "nan" if number != number else "inf" if number > 0 else "-inf"
    return number


def exact_values(value: Any) -> Any:
    """Plain values, lists and dicts, with every number as JSON can hold it."""
    if isinstance(value, dict):
        return {key: exact_values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact_values(item) for item in value]
    return exact(value) if isinstance(value, float) else value


def exact_array(data: Any) -> object:
    """An array's elements as nested lists of exact values (a scalar for 0-d). float32 0.6 is 0.6000000238418579."""
    values = data.tolist()
    if data.dtype.kind != "f" or bool(np.isfinite(data).all()):
        return values

    def convert(item: object) -> object:
        return [convert(each) for each in item] if isinstance(item, list) else exact(item)  # type: ignore[arg-type]  # a float

    return convert(values)
