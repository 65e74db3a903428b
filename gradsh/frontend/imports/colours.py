"""Colours of matplotlib's that programs count with: colour maps, norms, `to_rgb` and its kin.

What they are matplotlib itself says; where it is not, maps are grey, and the rest leads to nothing that is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradsh.errors import AttributeError_, KeyError_, ValueError_
from gradsh.frontend.arrays import plain
from gradsh.frontend.imports import NONE, Module
from gradsh.frontend.imports.artists import Map, Unseen

__acts_for_programs__ = True

NORMS = ("BoundaryNorm", "CenteredNorm", "LogNorm", "Normalize", "PowerNorm", "SymLogNorm", "TwoSlopeNorm")
WRITTEN = ("hsv_to_rgb", "is_color_like", "rgb_to_hsv", "same_color", "to_hex", "to_rgb", "to_rgba", "to_rgba_array")
# what programs ask of a map or of a norm
_OPEN = """
N boundaries clip colors copy inverse name resampled reversed vcenter vmax vmin
"""
OPEN = frozenset(_OPEN.split())


def _theirs(name: str) -> Any:
    """A member of `matplotlib.colors`, or `matplotlib.colormaps`; NONE where matplotlib is not."""
    try:
        import matplotlib
        import matplotlib.colors
    except (ImportError, OSError):
        return NONE
    return matplotlib.colormaps if name == "colormaps" else getattr(matplotlib.colors, name)


def _called(function: Callable[..., Any], *given: Any, **keywords: Any) -> Any:
    try:
        found = function(*map(_given, given), **{name: _given(value) for name, value in keywords.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError_(str(error)) from None
    return found.filled() if isinstance(found, np.ma.MaskedArray) else found


def _given(value: Any) -> Any:
    return value.real if isinstance(value, (Norm, ColourMap)) else plain(value)


class Norm:
    """A norm of matplotlib's: numbers to 0 … 1."""

    __slots__ = ("real",)

    def __init__(self, real: Any) -> None:
        self.real = real

    def __member__(self, name: str) -> Any:
        if name not in OPEN or not hasattr(self.real, name):
            return Unseen(name)
        found = getattr(self.real, name)
        return (lambda *given, **keywords: shown(_called(found, *given, **keywords))) if callable(found) else found

    def __members__(self) -> list[str]:
        return [name for name in sorted(OPEN) if hasattr(self.real, name)]

    def __set_member__(self, name: str, value: Any) -> None:
        if name in ("vmin", "vmax", "vcenter"):
            setattr(self.real, name, plain(value))

    def __call__(self, *given: Any, **keywords: Any) -> Any:
        return _called(self.real, *given, **keywords)

    def __repr__(self) -> str:
        return f"<matplotlib.colors.{type(self.real).__name__} object at {id(self.real):#x}>"


class ColourMap(Norm, Map):
    """A colour map: 0 … 1, or the number of a colour, to red, green, blue and how opaque."""

    __slots__ = ()

    def look(self) -> Any:
        """As pictures have it: the name that matplotlib knows, or else the colours."""
        name = self.real.name
        if self.real.__class__ is Grey or (name in _theirs("colormaps") and _theirs("colormaps")[name] == self.real):
            return "gray" if self.real.__class__ is Grey else name
        return [list(map(float, each)) for each in self.real(np.arange(self.real.N))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ColourMap) and bool(self.real == other.real)

    __hash__ = object.__hash__


class Grey:
    """What there is of a map without matplotlib."""

    def __init__(self, name: str, size: int = 256) -> None:
        self.name = name
        self.N = size

    def __call__(self, X: Any, alpha: Any = None, bytes: bool = False) -> Any:
        values = np.asarray(X)
        if values.dtype.kind in "iu":
            values = values / max(self.N - 1, 1)
        grey = np.clip(values, 0.0, 1.0)
        found = np.stack([grey, grey, grey, np.full_like(grey, 1.0 if alpha is None else alpha)], -1)
        found = (found * 255).astype(np.uint8) if bytes else found
        return tuple(found) if found.ndim == 1 else found

    def reversed(self, name: str | None = None) -> Grey:
        return Grey(name or f"{self.name}_r", self.N)

    def resampled(self, lutsize: int) -> Grey:
        return Grey(self.name, lutsize)

    copy = reversed


def shown(found: Any) -> Any:
    """What a program gets of matplotlib's answer."""
    if isinstance(found, Grey) or hasattr(found, "resampled"):
        return ColourMap(found)
    return found


def map_of(name: Any = None, lut: int | None = None) -> Any:
    """`plt.get_cmap`. Errors: ValueError_, in matplotlib's words."""
    if isinstance(name, (Map, Unseen)):
        return name
    name = "viridis" if name is None else str(name)
    known = _theirs("colormaps")
    if known is NONE:
        return ColourMap(Grey(name, lut or 256))
    if name not in known:
        raise ValueError_(f"{name!r} is not a valid value for name")
    return ColourMap(known[name] if lut is None else known[name].resampled(int(lut)))


class Maps:
    """`matplotlib.colormaps`, `plt.colormaps` and `matplotlib.cm`: maps by their names."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __member__(self, name: str) -> Any:
        if name == "get_cmap":
            return map_of
        known = _theirs("colormaps")
        if name in ("ScalarMappable", "register_cmap", "register") or name[:2] == "__":
            return Unseen(name)
        if known is not NONE and name not in known:
            raise AttributeError_(f"module 'matplotlib.{self.name}' has no attribute {name!r}")
        return map_of(name)

    def __members__(self) -> list[str]:
        known = _theirs("colormaps")
        return [] if known is NONE else list(known)

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __getitem__(self, name: Any) -> Any:
        known = _theirs("colormaps")
        if known is not NONE and name not in known:
            raise KeyError_(repr(f"{name!r} is not a valid value for colormap"))
        return map_of(name)

    def __call__(self) -> list[str]:
        return self.__members__()

    def __iter__(self) -> Any:
        return iter(self.__members__())

    def __contains__(self, name: Any) -> bool:
        return name in self.__members__()

    def __repr__(self) -> str:
        return f"<module 'matplotlib.{self.name}'>"


def _made(name: str) -> Any:
    """A function that makes a map or a norm, or counts colours."""

    def make(*given: Any, **keywords: Any) -> Any:
        function = _theirs(name.partition(".")[0])
        if function is NONE:
            return Unseen(name)
        if "." in name:
            function = getattr(function, name.partition(".")[2])
        found = _called(function, *given, **keywords)
        return Norm(found) if name in NORMS else shown(found)

    return make


class Segmented:
    """`LinearSegmentedColormap`, which makes maps by itself too."""

    __slots__ = ()

    def __member__(self, name: str) -> Any:
        return _made(f"LinearSegmentedColormap.{name}") if name == "from_list" else Unseen(name)

    def __members__(self) -> list[str]:
        return ["from_list"]

    def __call__(self, *given: Any, **keywords: Any) -> Any:
        return _made("LinearSegmentedColormap")(*given, **keywords)


def module() -> Module:
    """`matplotlib.colors`."""
    members: dict[str, Any] = {name: _made(name) for name in (*NORMS, *WRITTEN, "ListedColormap")}
    members["LinearSegmentedColormap"] = Segmented()
    names = ("BASE_COLORS", "CSS4_COLORS", "TABLEAU_COLORS", "XKCD_COLORS")

    def find(name: str) -> Any:
        if name in names:
            return {} if _theirs(name) is NONE else dict(_theirs(name))
        return members.get(name) or Unseen(name)

    return Module("matplotlib.colors", find, has=members)
