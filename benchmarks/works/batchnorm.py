"""BatchNorm2d of 8 samples of 64 planes of 32 x 32 in training, in PyTorch."""

from typing import Any

import numpy as np


def data() -> list[Any]:
    return [np.random.default_rng(0).standard_normal((8, 64, 32, 32), dtype=np.float32)]


def prepare(x: Any) -> Any:
    import torch

    net = torch.nn.BatchNorm2d(64)
    x.requires_grad_()

    def run() -> float:
        x.grad = net.weight.grad = net.bias.grad = None
        net(x).sum().backward()
        return net.bias.grad[0].item()

    return run
