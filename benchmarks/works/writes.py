"""200 writes into one tensor that are tracked, in PyTorch."""

from typing import Any


def data() -> list[Any]:
    return []


def prepare() -> Any:
    import torch

    def run() -> float:
        a = torch.tensor(2.0, requires_grad=True)
        x = torch.zeros(200)
        for i in range(200):
            x[i] = a * 2
        x.sum().backward()
        return a.grad.item()

    return run
