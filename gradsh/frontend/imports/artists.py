"""What calls of `matplotlib.pyplot`'s take and give: numbers, looks, and what stands for what was drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradsh.engine.core.modes import mode
from gradsh.errors import ValueError_
from gradsh.frontend import text
from gradsh.frontend.arrays import plain
from gradsh.reports.figures import Mark

__acts_for_programs__ = True

# `"ro--"`: a line style, a marker and a colour, in any order
STYLE = re.compile(r"(--|-\.|-|:)|([.,ov^<>12348spP*hH+xXDd|_])|(C\d+|[bgrcmykw])")
_LOOKS = """
alpha aspect bottom cmap color colors edgecolor edgecolors extent facecolor facecolors fontsize ha height
interpolation left levels linestyle linewidth linewidths marker markersize origin s va vmax vmin width
"""
LOOKS = frozenset(_LOOKS.split())
SHORT = {"c": "color", "ls": "linestyle", "lw": "linewidth", "ms": "markersize", "ec": "edgecolor", "fc": "facecolor"}
# what only moves or dresses what is drawn
_QUIET = """
tight_layout subplots_adjust tick_params minorticks_on minorticks_off margins autoscale ion ioff draw pause clim
set_axisbelow set_facecolor set_box_aspect set_prop_cycle use autofmt_xdate relim
autoscale_view locator_params ticklabel_format draw_idle flush_events set_zorder set_cmap set_dpi rc_context
set_tight_layout set_theme set_style set_context set_palette filterwarnings register_cmap set_layout_engine
set_major_locator set_major_formatter set_visible set_linewidth set_color set_markersize set_alpha set_rasterized
set_position invert_xaxis set_ticks_position set_label_position label_outer set_anchor canvas patch spines xaxis yaxis
transAxes
"""
QUIET = frozenset(_QUIET.split())


def not_drawn(name: str) -> None:
    """Say, once for each, that something of matplotlib's is not there; the program goes on."""
    mode.warn(f"{name} of matplotlib is not drawn here; the rest is", once=True)


class Unseen:
    """Whatever leads to nothing that is drawn: an artist, a colour map, a part of an axis. All it has is another."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __member__(self, name: str) -> Any:
        return Unseen(name)

    def __members__(self) -> list[str]:
        return []

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return Unseen(self.name)

    def __iter__(self) -> Any:
        return iter((Unseen(self.name), Unseen(self.name)))

    def __getitem__(self, index: Any) -> Any:
        return Unseen(self.name)

    def __setitem__(self, index: Any, value: Any) -> None:
        return

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        return

    # a sum of what is not there is not there either: `Affine2D().rotate_deg(45) + ax.transData`
    def _other(self, *_: Any) -> Any:
        return Unseen(self.name)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _other

    def __repr__(self) -> str:
        return f"<{self.name}>"


class Map:
    """A colour map: `look()` is what a picture takes of it."""

    __slots__ = ()

    def look(self) -> Any:
        raise NotImplementedError


class Artist:
    """What a method of axes gives: a mark that has been made, which some programs change and draw again."""

    __slots__ = ("colour", "kind", "mark")

    def __init__(self, mark: Mark, kind: str, colour: Any = None) -> None:
        self.mark = mark
        self.kind = kind
        self.colour = colour

    def __member__(self, name: str) -> Any:
        return getattr(self, name) if name in OF_ARTISTS else Unseen(name)

    def __members__(self) -> list[str]:
        return sorted(OF_ARTISTS)

    def __set_member__(self, name: str, value: Any) -> None:
        return

    def __iter__(self) -> Any:
        return iter([self] * len(self))

    def __len__(self) -> int:
        return len(self.mark.ys)

    def __getitem__(self, index: Any) -> Any:
        return self

    def __repr__(self) -> str:
        if self.kind == "BarContainer":
            return f"<BarContainer object of {len(self)} artists>"
        return f"<matplotlib.{self.kind} object {text.at(self)}>"

    def set_data(self, *given: Any) -> None:
        if self.mark.kind == "image":
            self.mark.grid = grid_of(given[0])
            return
        xs, ys = given if len(given) == 2 else given[0]
        self.mark.xs, self.mark.ys = listed(xs), listed(ys)

    def set_xdata(self, xs: Any) -> None:
        self.mark.xs = listed(xs)

    def set_ydata(self, ys: Any) -> None:
        self.mark.ys = listed(ys)

    def set_label(self, label: Any) -> None:
        self.mark.label = text.written(label)

    def get_xdata(self, *_: Any) -> Any:
        return np.array(self.mark.xs)

    def get_ydata(self, *_: Any) -> Any:
        return np.array(self.mark.ys)

    def get_data(self, *_: Any) -> Any:
        return np.array(self.mark.grid) if self.mark.kind == "image" else (self.get_xdata(), self.get_ydata())

    get_array = get_data

    def get_label(self) -> str:
        return self.mark.label

    def get_color(self) -> Any:
        return self.mark.look.get("color", self.colour)


OF_ARTISTS = frozenset(name for name in vars(Artist) if name[:4] in ("get_", "set_"))


class Words:
    """A text beside the axes, as `repr` shows it."""

    __slots__ = ("at", "words")

    def __init__(self, x: Any, y: Any, words: str) -> None:
        self.at = (x, y)
        self.words = words

    def __member__(self, name: str) -> Any:
        return Unseen(name)

    def __members__(self) -> list[str]:
        return []

    def __repr__(self) -> str:
        return f"Text({self.at[0]}, {self.at[1]}, {self.words!r})"


# --- values -----------------------------------------------------------------------------------------------------------


def array_of(value: Any) -> Any:
    """Numbers as an array of float64; texts stay texts. Errors: PyTorch's for a tensor that requires grad."""
    if not isinstance(value, (np.ndarray, list, tuple, str)) and isinstance(value, Iterable):
        converted = plain(value)
        value = converted if isinstance(converted, np.ndarray) else list(value)
    array = np.asarray(plain(value))
    if array.dtype.kind == "c":
        array = array.real
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    try:
        return array.astype(np.float64) if array.dtype.kind == "O" else array
    except (TypeError, ValueError):
        return array


def listed(value: Any) -> list[float]:
    """The numbers of it, in one row."""
    array = array_of(value)
    if array.dtype.kind != "f":
        raise ValueError_(f"could not convert {text.shown(array.flat[0].item())} to float")
    numbers: list[float] = array.ravel().tolist()
    return numbers


def grid_of(value: Any) -> list[Any]:
    """A matrix, or an image of colours. Errors: ValueError_ in matplotlib's words."""
    array = array_of(value)
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.dtype.kind != "f" or not (array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (3, 4))):
        raise ValueError_(f"Invalid shape {array.shape} for image data")
    if array.ndim == 3 and array.size and array.max() > 1:
        array = array / 255
    found: list[Any] = array.tolist()
    return found


def looks(keywords: dict[str, Any]) -> dict[str, Any]:
    """What of a call's keywords a picture can take: texts, numbers and tuples of them."""
    found: dict[str, Any] = {}
    for name, value in keywords.items():
        name = SHORT.get(name, name)
        if name not in LOOKS or value is None:
            continue
        if isinstance(value, Map):
            found[name] = value.look()
            continue
        if isinstance(value, Unseen):
            if name == "cmap":
                found[name] = value.name
            continue
        if isinstance(value, (str, int, float)):
            found[name] = value
        else:
            array = array_of(value)
            if array.dtype.kind == "f":
                found[name] = tuple(array.tolist()) if array.ndim == 1 else array.tolist()
            elif array.ndim == 1:
                found[name] = [str(item) for item in array]
    return found


def styled(style: str) -> dict[str, Any]:
    """The looks of `"ro--"`. Errors: ValueError_ in matplotlib's words."""
    if not re.fullmatch(f"({STYLE.pattern})*", style):
        if re.fullmatch(r"#[0-9a-fA-F]{6}|[a-z:]{3,}", style):
            return {"color": style}
        raise ValueError_(f"{style!r} is not a valid format string")
    found: dict[str, Any] = {}
    for pieces in STYLE.findall(style):
        found |= {name: piece for name, piece in zip(("linestyle", "marker", "color"), pieces, strict=True) if piece}
    if "marker" in found and "linestyle" not in found:
        found["linestyle"] = "none"
    return found
