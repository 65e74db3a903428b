"""Record the bits that PyTorch gives of elementary functions in float32: `python -m tests.record.elementary`.

Needs torch 2.13, on one thread. The inputs are drawn again by whoever compares: `drawn`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent.parent / "data" / "elementary.npz"
EACH = 1000
# how many of a hundred may have other bits than PyTorch's, whose own differ by as much between processors
LIMITS = {
    "exp": 2,
    "log": 8,
    "log2": 1,
    "log10": 1,
    "log1p": 2,
    "expm1": 1,
    "exp2": 7,
    "tanh": 1,
    "sinh": 1,
    "cosh": 1,
    "sin": 6,
    "cos": 8,
    "tan": 20,
    "asin": 5,
    "acos": 5,
    "atan": 7,
    "atanh": 2,
    "sigmoid": 5,
    "silu": 6,
    "mish": 7,
    "softplus": 8,
    "logsigmoid": 7,
    "elu": 1,
    "selu": 1,
    "digamma": 1,
}
POSITIVE = frozenset(("log", "log2", "log10", "log1p", "digamma"))
UNIT = frozenset(("asin", "acos", "atanh"))


def drawn(name: str) -> Any:
    """float32[EACH] in the function's domain, large and small."""
    draw = np.random.default_rng(sum(name.encode()))
    x = np.concatenate([draw.uniform(-size, size, EACH // 4) for size in (0.01, 1, 10, 80)])
    x = np.abs(x) + 1e-6 if name in POSITIVE else np.clip(x / 80, -0.999, 0.999) if name in UNIT else x
    return x.astype(np.float32)


def main() -> None:
    import torch

    torch.set_num_threads(1)
    found = {}
    for name in LIMITS:
        function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
        found[name] = function(torch.from_numpy(drawn(name))).numpy()
    np.savez_compressed(DATA, **found)


if __name__ == "__main__":
    main()
