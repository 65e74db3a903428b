"""How a tensor prints: PyTorch 2.13's rules, without the `torch.` in front of dtypes.

The rules in short. Floats are shown with `precision` digits; when every shown value is a whole number they shrink to
`1.`; they turn scientific when the largest shown magnitude is over 1000 times the smallest, above 1e8, or the smallest
is below 1e-4 (zeros, NaN and infinities have no say in any of this, nor in the common width). Over `threshold`
elements, each long dimension shows its first and last `edgeitems`, and the statistics above are those of the shown
elements alone. The last dimension wraps at `linewidth`; suffixes (`size=`, `dtype=`, then the caller's) follow on the
same line, or on a new one under the opening bracket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradsh.errors import ArgumentError, ValueError_

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREFIX = "tensor("
FLOAT32 = np.dtype(np.float32)
MOST_DIGITS = 2**31 - 1  # a C int: Python writes no number with more


class PrintOptions:
    """What `set_printoptions` sets. `threshold` may be `inf`; `sci_mode` None means "decide by the values"."""

    __slots__ = ("edgeitems", "linewidth", "precision", "sci_mode", "threshold")

    def __init__(self) -> None:
        self.precision: int = 4
        self.threshold: float = 1000
        self.edgeitems: int = 3
        self.linewidth: int = 80
        self.sci_mode: bool | None = None

    def update(
        self,
        precision: int | None = None,
        threshold: float | None = None,
        edgeitems: int | None = None,
        linewidth: int | None = None,
        profile: str | None = None,
        sci_mode: bool | None = None,
    ) -> None:
        """PyTorch's `set_printoptions`: the profile ("default", "short", "full") first, then what is given.

        As there, an unknown profile changes nothing, and every call sets `sci_mode`: leaving it out makes it None.
        Errors: ArgumentError and ValueError_ for what no tensor could be printed with, which PyTorch tells when one is.
        """
        for name, value in (
            ("precision", precision),
            ("threshold", threshold),
            ("edgeitems", edgeitems),
            ("linewidth", linewidth),
        ):
            kinds = (int, float) if name == "threshold" else int
            if value is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
                raise ArgumentError(f"set_printoptions(): argument '{name}' must be int, not {type(value).__name__}")
        if precision is not None and precision < 0:
            raise ArgumentError(f"set_printoptions(): argument 'precision' must not be negative, not {precision}")
        if precision is not None and precision > MOST_DIGITS:
            raise ValueError_("precision too big")
        if profile in ("default", "short", "full"):
            self.precision = 2 if profile == "short" else 4
            self.threshold = float("inf") if profile == "full" else 1000
            self.edgeitems = 2 if profile == "short" else 3
            self.linewidth = 80
        if precision is not None:
            self.precision = precision
        if threshold is not None:
            self.threshold = threshold
        if edgeitems is not None:
            self.edgeitems = edgeitems
        if linewidth is not None:
            self.linewidth = linewidth
        self.sci_mode = sci_mode

    def as_dict(self) -> dict[str, Any]:
        """The options as keywords for `update` (PyTorch's `get_printoptions`)."""
        return {
            "precision": self.precision,
            "threshold": self.threshold,
            "edgeitems": self.edgeitems,
            "linewidth": self.linewidth,
            "sci_mode": self.sci_mode,
        }

    def copy(self) -> PrintOptions:
        """An independent copy, for a `printoptions` block to put back."""
        other = PrintOptions()
        other.update(**self.as_dict())
        return other


DEFAULT_OPTIONS = PrintOptions()


def format_tensor(
    data: NDArray[Any] | np.generic,
    *,
    suffixes: list[str] | tuple[str, ...] = (),
    options: PrintOptions = DEFAULT_OPTIONS,
    default_dtype: np.dtype[Any] = FLOAT32,
    module: str = "",
) -> str:
    """The text of a tensor: `tensor([1., 2.], dtype=float64, grad_fn=<MulBackward0>)`.

    `data` is an array of any shape, or a NumPy scalar for a 0-d tensor, of a floating, integer or bool dtype.
    `suffixes` come after `size=` and `dtype=`: `grad_fn=<MulBackward0>` or `requires_grad=True`. `default_dtype` is the
    floating dtype that goes without saying; `module`, "torch.", stands before the names of others. Of a tensor beyond
    `options.threshold` only the shown elements are touched.
    """
    dtype, shape = data.dtype, data.shape
    own: list[str] = []
    if data.size == 0:
        # The elements cannot tell int64 or bool apart here, so only the default dtype goes without saying.
        if len(shape) != 1:
            own.append(f"size={shape}")
        if dtype != default_dtype:
            own.append(f"dtype={module}{dtype.name}")
        text = "[]"
    else:
        if not options.edgeitems:
            own.append(f"size={shape}")
        if not (dtype == default_dtype or dtype.char == "?" or dtype == np.int64):
            own.append(f"dtype={module}{dtype.name}")
        text = _contents(data, options)
    return _with_suffixes(PREFIX + text, [*own, *suffixes], options.linewidth)


def _with_suffixes(text: str, suffixes: list[str], linewidth: int) -> str:
    if not suffixes:
        return text + ")"
    parts = [text]
    # One more than the last line is long, as in PyTorch: it decides where lines break.
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        length = len(suffix)
        if suffix.startswith("dtype=") and not suffix.startswith("dtype=torch."):
            # Lines break where PyTorch breaks them, so that its output and ours differ by `torch.` alone.
            length += len("torch.")
        if column + length + 2 > linewidth:
            parts.append(",\n" + " " * len(PREFIX) + suffix)
            column = len(PREFIX) + length
        else:
            parts.append(", " + suffix)
            column += length + 2
    parts.append(")")
    return "".join(parts)


def _contents(data: NDArray[Any] | np.generic, options: PrintOptions) -> str:
    """The elements with their brackets, for a tensor that has some."""
    shape = data.shape
    edge = options.edgeitems
    if not shape:
        return _strings([data.item()], data.dtype.kind, options)[0][0]
    summarise = data.size > options.threshold
    if summarise and not edge:
        return "[...]"
    cut = [summarise and size > 2 * edge for size in shape]
    shown = np.asarray(data)
    if any(cut):
        # One gather of the shown elements: slicing one dimension at a time would copy most of a (7, 1000000) array.
        picks = [
            np.r_[0:edge, size - edge : size] if short else np.arange(size)
            for size, short in zip(shape, cut, strict=True)
        ]
        shown = shown[np.ix_(*picks)]
    strings, width = _strings(shown.ravel().tolist(), data.dtype.kind, options)
    strings = [string.rjust(width) for string in strings]

    last = len(shape) - 1
    counts = shown.shape
    start = 0

    def row() -> str:
        """The next row of the last dimension, wrapped."""
        nonlocal start
        items = strings[start : start + counts[last]]
        start += counts[last]
        if cut[last]:
            items.insert(edge, " ...")
        return ("," + "\n" + " " * (indent + 1)).join(
            [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        )

    indent = len(PREFIX) + last
    per_line = max(1, (options.linewidth - indent) // (width + 2))

    def block(dim: int) -> str:
        if dim == last:
            return "[" + row() + "]"
        blocks = [block(dim + 1) for _ in range(counts[dim])]
        if cut[dim]:
            blocks.insert(edge, "...")
        separator = "," + "\n" * (last - dim) + " " * (len(PREFIX) + dim + 1)
        return "[" + separator.join(blocks) + "]"

    return block(0)


def _strings(values: list[Any], kind: str, options: PrintOptions) -> tuple[list[str], int]:
    """Each value's text, not yet padded, and the common width (which zeros, NaN and infinities may exceed)."""
    if kind != "f":
        strings = [str(value) for value in values]
        return strings, max(map(len, strings))
    # v - v is 0 for finite values only.
    finite = [v for v in values if v and v - v == 0.0]
    if not finite:
        return [_whole(v) for v in values], 1
    scientific = options.sci_mode
    if scientific is None:
        magnitudes = [abs(v) for v in finite]
        low, high = min(magnitudes), max(magnitudes)
        scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
    if scientific:
        spec = f".{options.precision}e"
    elif all(map(float.is_integer, finite)):
        return [_whole(v) for v in values], max([len(f"{v:.0f}") for v in finite]) + 1
    else:
        spec = f".{options.precision}f"
    strings = [format(v, spec) for v in values]
    if len(finite) == len(values):
        return strings, max(map(len, strings))
    return strings, max([len(format(v, spec)) for v in finite])


def _whole(value: float) -> str:
    """A whole number as `3.`; NaN and infinities without the point."""
    return f"{value:.0f}." if value - value == 0.0 else f"{value:.0f}"
