"""What is other in a session at one time than at another, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.engine.core.dtypes import OF
from gradsh.looking.amounts import amount
from gradsh.reports.travel import Difference
from gradsh.session.contents import known
from gradsh.session.state import Part, state

if TYPE_CHECKING:
    from gradsh.session.session import Session

ARRAYS = ("tensor", "array")
INNER = re.compile(r"[.\[]")


class Moment:
    """All of a session at one time: its values, with memory of their own, its random stream and its modes."""

    def __init__(self, session: Session) -> None:
        self.parts = {path: part.keep() for path, part in state(session.globals).items()}
        context = session.context
        generator = context.generator
        self.stream = None if generator is None else known(generator.__class__).read(generator)
        self.modes = {
            "default dtype": repr(OF[np.dtype(context.default)]).removeprefix("torch."),
            "gradients are recorded": "yes" if context.grad else "no",
            "anomalies are looked for": "no" if context.anomaly is None else "yes",
        }


def stream_between(before: Moment, after: Moment) -> str:
    """What became of the random stream."""
    a, b = before.stream, after.stream
    if a == b:
        return "the same"
    if a is None or b is None:
        return "begun" if a is None else "not begun"
    return "moved on" if a[0] == b[0] else "seeded anew"


def modes_between(before: Moment, after: Moment) -> list[tuple[str, str, str]]:
    """(name, before, after) of the modes that differ."""
    return [(name, was, after.modes[name]) for name, was in before.modes.items() if was != after.modes[name]]


def differences(before: Mapping[str, Part], after: Mapping[str, Part]) -> list[Difference]:
    """What differs, in the order of the names; of what is new or gone only the whole."""
    rows: list[Difference] = []
    whole: set[str] = set()
    for path in sorted({*before, *after}, key=_in_order(before, after)):
        if any(parent in whole for parent in _parents(path)):
            continue
        a, b = before.get(path), after.get(path)
        if a is None or b is None:
            whole.add(path)
            part = a or b
            assert part is not None
            rows.append(Difference(path, "gone" if b is None else "new", a and _shown(a), b and _shown(b)))
        elif "['params'][" in path:  # of an optimiser: the same tensors under their own names
            continue
        elif a.kind != b.kind:
            whole.add(path)
            rows.append(Difference(path, "kind", _shown(a), _shown(b)))
        else:
            rows += _of_one(path, a, b)
    return rows


def _in_order(before: Mapping[str, Part], after: Mapping[str, Part]) -> Any:
    """The order of the names, and in a name that of its parts."""
    places = {path: place for place, path in enumerate([*before, *(path for path in after if path not in before)])}

    def key(path: str) -> tuple[str, int]:
        return INNER.split(path)[0], places[path]

    return key


def _parents(path: str) -> list[str]:
    return [path[: match.start()] for match in INNER.finditer(path)]


def _of_one(path: str, a: Part, b: Part) -> list[Difference]:
    if a.kind not in ARRAYS:
        same = a.equal(b) or a.kind in ("list", "tuple", "dict")
        return [] if same and a.value == b.value else [Difference(path, "value", _shown(a), _shown(b))]
    rows = []
    x, y = np.asarray(a.value), np.asarray(b.value)
    if x.shape != y.shape or x.dtype != y.dtype:
        rows.append(Difference(path, "value", _shown(a), _shown(b)))
    elif x.tobytes() != y.tobytes():
        largest, many = _apart(x, y)
        rows.append(Difference(path, "value", amount(a.value), amount(b.value), largest, many))
    if a.kind == "tensor":
        for at, what in ((1, "version"), (0, "requires_grad")):
            if a.facts[at] != b.facts[at]:
                rows.append(Difference(path, what, a.facts[at], b.facts[at]))
    return rows


def _apart(x: Any, y: Any) -> tuple[float | None, int]:
    """The largest difference, and how many elements differ; a nan on one side only makes it nan."""
    with np.errstate(all="ignore"):
        wide = np.float64 if x.dtype.kind == "f" else object if x.dtype.kind in "iu" else np.int8
        gap = np.abs(x.astype(wide) - y.astype(wide))
        differs = (x != y) & ~((x != x) & (y != y))
    if not differs.any():
        return 0.0, 0
    return float(np.asarray(gap)[np.asarray(differs)].max()), int(differs.sum())


def _shown(part: Part) -> Any:
    """A part in a few words, or as an Amount."""
    if part.kind in ARRAYS:
        value = np.asarray(part.value)
        return amount(part.value) if part.kind == "tensor" and value.dtype.kind == "f" else _named(value)
    if part.kind in ("number", "text"):
        return part.value if isinstance(part.value, (int, float, str, bool, type(None))) else str(part.value)
    if part.kind == "same as":
        return f"the same as {part.value}"
    if part.kind in ("function", "model"):
        return part.value
    return f"{part.kind} of {part.value}" if isinstance(part.value, int) else part.kind


def _named(value: Any) -> Any:
    kept = amount(value)
    dtype = repr(OF[value.dtype]).removeprefix("torch.") if value.dtype in OF else str(value.dtype)
    return kept if kept is not None and kept.value is not None else f"{dtype} {list(value.shape)}"
