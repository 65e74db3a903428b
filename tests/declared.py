"""The notation of tests/data/declared.json: layers and optimisers on the inputs that PyTorch declares for its tests.

Floating tensors are not recorded but made, from their shape and range, by the same formula on both sides; of results
two numbers are, a sum with weights and one of absolute values. Everything else is as in tests/recorded.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.recorded import decoded

SHAPES = ((2, 3), (4, 2))  # of the parameters that optimisers are tried on
GOLDEN = 0.6180339887498949


def spread(shape: Any, low: float, high: float, number: int) -> Any:
    """Values all over a range, none twice: a float32 array."""
    count = int(np.prod(shape))
    places = (np.arange(1, count + 1) * GOLDEN + number * 0.37) % 1
    return (low + (high - low) * places).reshape(shape).astype(np.float32)


def weights(shape: Any, number: int) -> Any:
    """Values for a parameter or a floating buffer, which stay above 0 where that may be asked for."""
    return spread(shape, 0.05, 0.6, number)


def parameter(number: int) -> Any:
    """A parameter that optimisers are tried on: in float64, since LBFGS divides by small differences."""
    return spread(SHAPES[number], -1, 1, number).astype(np.float64)


def digest(array: Any) -> list[Any]:
    """The shape, a sum with weights and one of absolute values."""
    flat = np.asarray(array, np.float64).reshape(-1)
    weighted = float(flat @ np.cos(np.arange(1, flat.size + 1)))
    return [list(np.shape(array)), float(f"{weighted:.7g}"), float(f"{np.abs(flat).sum():.7g}")]


def value(recorded: Any, number: int) -> Any:
    """An argument as recorded: {"f": shape, "r": range} is a floating tensor, its array is given; None stays None."""
    if isinstance(recorded, dict) and "f" in recorded:
        return spread(recorded["f"], *recorded["r"], number)
    if isinstance(recorded, dict) and "u" in recorded:
        return tuple(value(each, number + at) for at, each in enumerate(recorded["u"]))
    if isinstance(recorded, list):
        return [value(each, number + at) for at, each in enumerate(recorded)]
    return decoded(recorded)
