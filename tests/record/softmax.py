"""Record the bits that PyTorch gives of softmax and its kin in float32: `python -m tests.record.softmax`.

Needs torch 2.13, on one thread, with AVX-512. The inputs are drawn again by whoever compares: `drawn`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent.parent / "data" / "softmax.npz"
# how many of a hundred elements may have other bits than PyTorch's
LIMITS = {"softmax": 1, "log_softmax": 2, "cross_entropy": 3}
# shapes and dims: rows shorter than a vector, of vectors, with a rest; columns likewise; classes of images
CASES = (
    *(((80, 2), 1), ((80, 3), 1), ((30, 10), 1), ((20, 16), 1), ((10, 41), 1), ((3, 200), 1), ((250,), 0)),
    *(
        ((3, 80), 0),
        ((6, 40), 0),
        ((5, 4, 16), 1),
        ((4, 6, 19), 1),
        ((4, 5, 3, 4), 1),
        ((4, 20, 5), 2),
        ((60, 4, 1), 1),
    ),
)


def drawn(number: int) -> tuple[Any, Any, Any]:
    """An input, a gradient of its shape, and classes for each place along the dim."""
    shape, dim = CASES[number]
    draw = np.random.default_rng(number)
    x = draw.standard_normal(shape) * (0.3, 1, 4)[number % 3]
    g = draw.standard_normal(shape)
    classes = draw.integers(0, shape[dim], shape[:dim] + shape[dim + 1 :])
    return x.astype(np.float32), g.astype(np.float32), classes


def kinds(number: int) -> list[str]:
    """What is computed of a case: each function and its gradient."""
    _shape, dim = CASES[number]
    names = [name for name in LIMITS if name != "cross_entropy" or dim == 1]
    return [*names, *(f"{name}'" for name in names)]


def main() -> None:
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)
    found = {}
    for number, (_shape, dim) in enumerate(CASES):
        x, g, classes = (torch.from_numpy(a) for a in drawn(number))
        x.requires_grad_()
        results = {
            "softmax": x.softmax(dim),
            "log_softmax": x.log_softmax(dim),
            "cross_entropy": functional.cross_entropy(x, classes, reduction="none") if dim == 1 else None,
        }
        for kind in kinds(number):
            out = results[kind.removesuffix("'")]
            assert out is not None
            if kind.endswith("'"):
                (out,) = torch.autograd.grad(out, x, g if out.shape == x.shape else torch.ones_like(out))
            found[f"{kind} {number}"] = out.detach().numpy()
    np.savez_compressed(DATA, **found)


if __name__ == "__main__":
    main()
