"""50 products of a Hessian with a vector, each the vector of the next, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    r = np.random.default_rng(0)
    return [np.linspace(-1, 1, 50), r.standard_normal(50)]


def prepare(x: Any, v: Any) -> Any:
    import torch

    def f(x: Any) -> Any:
        return torch.sin(x[:-1] * x[1:]).sum() + 0.1 * (x * x).sum() ** 2

    def run() -> Any:
        w = v
        for _ in range(50):
            _, product = torch.autograd.functional.hvp(f, x, w)
            w = product / product.norm()
        return w

    return run
