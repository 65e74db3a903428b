"""The sum of 100,000 leaves, in PyTorch."""

from typing import Any


def data() -> list[Any]:
    return []


def prepare() -> Any:
    import torch

    def run() -> float:
        leaves = [torch.tensor(1.0, requires_grad=True) for _ in range(100_000)]
        torch.stack(leaves).sum().backward()
        return leaves[0].grad.item()

    return run
