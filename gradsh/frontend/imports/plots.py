"""`matplotlib`: its calls are taken, nothing is drawn, and the first that would be seen says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.frontend.imports import Module

__acts_for_programs__ = True

UNSEEN = "charts of matplotlib are not drawn here, and savefig writes no file; `plot` in a gradsh program draws"


class Drawn:
    """A figure, an axis, a line, a module: whatever is asked of it is another."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __member__(self, name: str) -> Any:
        return Drawn(f"{self.name}.{name}")

    def __members__(self) -> list[str]:
        return []

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        word = self.name.rpartition(".")[2]
        if word in ("show", "savefig", "pause"):
            mode.warn(UNSEEN, once=True)
            return None
        if word == "close":
            return None
        if word != "subplots":
            return Drawn(word)
        rows, columns = (*arguments, *(1, 1)[len(arguments) :])[:2]
        rows, columns = keywords.get("nrows", rows), keywords.get("ncols", columns)
        axes = np.empty((rows, columns), dtype=object)
        for place in np.ndindex(rows, columns):
            axes[place] = Drawn("axes")
        if keywords.get("squeeze", True):
            axes = axes.squeeze()
        return Drawn("figure"), axes.item() if axes.ndim == 0 else axes

    def __iter__(self) -> Any:
        return iter((Drawn(self.name), Drawn(self.name)))

    def __getitem__(self, index: Any) -> Any:
        return Drawn(self.name)

    def __setitem__(self, index: Any, value: Any) -> None:
        return

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __repr__(self) -> str:
        return f"<{self.name}>"


def module(session: Any, name: str) -> Module:
    return Module(name, lambda member: Drawn(f"{name}.{member}"))
