"""softmax of 1000 rows of 1000, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [r.standard_normal((1000, 1000), dtype=np.float32) for _ in range(2)]


def prepare(x: Any, g: Any) -> Any:
    import torch

    x.requires_grad_()

    def run() -> float:
        x.grad = None
        torch.softmax(x, 1).backward(g)
        return x.grad[0, 0].item()

    return run
