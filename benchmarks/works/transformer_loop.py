"""200 steps of training, in a loop, of a transformer block, in PyTorch."""

from typing import Any

from benchmarks.works.transformer import data as data


def prepare(x: Any, y: Any) -> Any:
    import torch

    torch.manual_seed(0)
    net = torch.nn.TransformerEncoderLayer(32, 4, 128, 0.0, batch_first=True)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

    def run() -> float:
        for _ in range(200):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
        return loss.item()

    return run
