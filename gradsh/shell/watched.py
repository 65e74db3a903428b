"""The values of a session that are watched, and what the last input has changed of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from zlib import crc32

import numpy as np

from gradsh.commands.show import norm_of, row_of
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.reports.panel import PanelRow, PanelState

LOOKED_AT = 1 << 16  # bytes of an array that are compared; of larger ones, whether it is the same and was written to
MOST = 40  # rows

Mark = tuple[Any, ...]


class Watched:
    """`marks` are those of the values when they were last looked at, by name."""

    def __init__(self) -> None:
        self.marks: dict[str, tuple[Mark, Mark]] = {}
        self.rows: list[PanelRow] = []
        self.found: dict[str, tuple[Mark, Mark]] = {}

    def look(self, variables: dict[str, Any], names: list[str] | None) -> PanelState:
        """The state of these names, or of all tensors and models, the newest first; marked since the last look."""
        self.rows, self.found = [], {}
        if names is None:
            named = [(name, value) for name, value in reversed(variables.items()) if is_shown(value)]
        else:
            named = []
            for name in names:
                with suppress(KeyError):  # it has been deleted since
                    named.append((name, value_of(variables, name)))
        for name, value in named:
            if len(self.rows) >= MOST:
                break
            if isinstance(type(value), ModelKind):
                self.model(name, value)
            elif isinstance(value, Tensor):
                self.tensor(name, value)
            else:
                self.rows.append(
                    PanelRow(name, value=value, changed=self.changed(name, (type(value), repr(value)), ()))
                )
        self.marks = self.found
        return PanelState(self.rows, max(0, len(named) - MOST))

    def tensor(self, name: str, t: Tensor) -> None:
        changed = self.changed(name, mark(t), mark(t.gradient))
        version = t.storage.version if t.storage is not None else 0
        self.rows.append(PanelRow(name, state=row_of(name, t), version=version, changed=changed))

    def model(self, name: str, model: Any) -> None:
        """The model, and below it each layer that has parameters, with the norm of their gradients together."""
        layers: dict[str, list[Tensor]] = {}
        for path, t in model.named_parameters():
            layers.setdefault(path.rpartition(".")[0], []).append(t)
        norms = {path: together([t.gradient for t in given]) for path, given in layers.items()}
        largest = max((norm for norm in norms.values() if norm is not None and math.isfinite(norm)), default=0.0)
        self.rows.append(PanelRow(name, value=type(model).__name__, changed=self.changed(name, (id(model),), ())))
        for path, given in layers.items():
            norm = norms[path]
            share = norm / largest if norm is not None and largest and math.isfinite(norm) else None
            changed = self.changed(f"{name}.{path}", tuple(map(mark, given)), tuple(mark(t.gradient) for t in given))
            total = together(given)
            self.rows.append(PanelRow(path or "·", depth=1, value=total, norm=norm, share=share, changed=changed))

    def changed(self, name: str, value: Mark, gradient: Mark) -> frozenset[str]:
        self.found[name] = value, gradient
        before = self.marks.get(name)
        if before is None:
            return frozenset(("value",)) if self.marks else frozenset()
        return frozenset(
            word for word, old, new in zip(("value", "grad"), before, (value, gradient), strict=True) if old != new
        )


def is_shown(value: Any) -> bool:
    return isinstance(value, Tensor) or isinstance(type(value), ModelKind)


def value_of(variables: dict[str, Any], name: str) -> Any:
    """The value of a name, or of a model's parameter `net.fc.weight`. Errors: KeyError."""
    first, _, path = name.partition(".")
    value = variables[first]
    if path:
        if not isinstance(type(value), ModelKind):
            raise KeyError(name)
        value = dict(value.named_parameters())[path]
    return value


def mark(t: Tensor | None) -> Mark:
    """What is another when the tensor has changed."""
    if t is None:
        return ()
    data = np.asarray(t.data)
    version = t.storage.version if t.storage is not None else 0
    if data.nbytes <= LOOKED_AT:
        return data.shape, data.dtype, crc32(np.ascontiguousarray(data).data)
    return data.shape, data.dtype, id(t.data), version


def together(tensors: Sequence[Tensor | None]) -> float | None:
    """The norm of all elements of those that are there; None where none is."""
    norms = [norm_of(t) for t in tensors if t is not None]
    return math.hypot(*norms) if norms else None
