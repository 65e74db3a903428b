"""`rcParams` of matplotlib: what a program sets it reads again, and figures have the size that is set."""

from __future__ import annotations

from typing import Any

from gradsh.errors import KeyError_
from gradsh.frontend.imports.artists import Unseen, listed

__acts_for_programs__ = True

# the colours of lines, one after the other
CYCLE = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"]
FIRST = {"figure.figsize": [6.4, 4.8], "figure.dpi": 100.0, "font.size": 10.0, "lines.linewidth": 1.5}
COLOURS = "axes.prop_cycle"


class Cycle:
    """The looks of lines, one after the other, as `rcParams["axes.prop_cycle"]` has them."""

    __slots__ = ()

    def __member__(self, name: str) -> Any:
        return self.by_key if name == "by_key" else Unseen(name)

    def __members__(self) -> list[str]:
        return ["by_key"]

    def by_key(self) -> dict[str, list[str]]:
        return {"color": list(CYCLE)}

    def __iter__(self) -> Any:
        return iter([{"color": colour} for colour in CYCLE])

    def __len__(self) -> int:
        return len(CYCLE)

    def __repr__(self) -> str:
        return f"cycler('color', {CYCLE})"


class Parameters:
    """A dict of what has been set, over matplotlib's own."""

    __slots__ = ("set",)

    def __init__(self) -> None:
        self.set: dict[str, Any] = {}

    def __member__(self, name: str) -> Any:
        return getattr(self, name) if name in ("copy", "get", "items", "keys", "update") else Unseen(name)

    def __members__(self) -> list[str]:
        return ["copy", "get", "items", "keys", "update"]

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __getitem__(self, key: Any) -> Any:
        if key in self.set:
            return self.set[key]
        if key == COLOURS:
            return Cycle()
        if key in FIRST:
            found = FIRST[key]
            return list(found) if isinstance(found, list) else found
        theirs = _theirs()
        if theirs is not None and key not in theirs:
            raise KeyError_(repr(key))
        found = None if theirs is None else theirs[key]
        return found if isinstance(found, (str, int, float, list)) else Unseen(str(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.set[key] = listed(value) if key == "figure.figsize" else value

    def __contains__(self, key: Any) -> bool:
        return key in self.set or key in FIRST or key == COLOURS or key in (_theirs() or ())

    def __iter__(self) -> Any:
        return iter(self.keys())

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError_:
            return default

    def keys(self) -> list[str]:
        return sorted({*FIRST, COLOURS, *self.set, *(_theirs() or ())})

    def items(self) -> list[tuple[str, Any]]:
        return [(key, self[key]) for key in self.keys()]

    def copy(self) -> dict[str, Any]:
        return dict(self.items())

    def update(self, other: Any = (), **more: Any) -> None:
        for key, value in (dict(other) | more).items():
            self[key] = value

    def rc(self, group: Any, **values: Any) -> None:
        """`plt.rc("font", size=12)`"""
        for each in [group] if isinstance(group, str) else group:
            self.update({f"{each}.{name}": value for name, value in values.items()})

    def rcdefaults(self) -> None:
        self.set.clear()


def _theirs() -> Any:
    try:
        from matplotlib import rcParamsDefault
    except (ImportError, OSError):
        return None
    return rcParamsDefault


def of(session: Any) -> Parameters:
    """A session's own."""
    known: Parameters = session.modules.setdefault("matplotlib.rcParams", Parameters())
    return known
