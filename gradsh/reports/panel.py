"""What the panel of the shell shows, as data."""

from __future__ import annotations

from typing import Any

from gradsh.reports import Report, StateRow


class PanelRow:
    """One line.

    state    of a tensor; None for a model, a layer of one and any other value
    name     as the program says it, `depth` levels deep in a model
    value    of what is no tensor; of a model its class, of a layer the norm of its parameters
    norm     of a layer: that of its gradients, None where there are none; `share` is the part of the model's largest
    version  how often the tensor was written in place
    changed  which of "value", "grad" the last input has changed
    """

    __slots__ = ("changed", "depth", "name", "norm", "share", "state", "value", "version")

    def __init__(
        self,
        name: str,
        *,
        depth: int = 0,
        state: StateRow | None = None,
        value: Any = None,
        norm: float | None = None,
        share: float | None = None,
        version: int = 0,
        changed: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.depth = depth
        self.state = state
        self.value = value
        self.norm = norm
        self.share = share
        self.version = version
        self.changed = changed


class PanelState(Report):
    """The rows, the newest first or as they were asked for; `more` is how many there are beside them."""

    __slots__ = ("more", "rows")

    def __init__(self, rows: list[PanelRow], more: int = 0) -> None:
        self.rows = rows
        self.more = more
