"""200 steps of training, in a loop, of an LSTM(32, 64), in PyTorch."""

from typing import Any

from benchmarks.works.lstm import data as data


def prepare(x: Any, y: Any) -> Any:
    import torch

    torch.manual_seed(0)
    net = torch.nn.LSTM(32, 64)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def run() -> float:
        for _ in range(200):
            optimizer.zero_grad()
            out, _ = net(x)
            loss = torch.nn.functional.mse_loss(out, y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return run
