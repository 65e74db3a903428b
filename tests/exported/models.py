# A model with parameters, a buffer, a layer, methods and a number of the constructor that a method reads.

import torch
import torch.nn.functional as F
from torch import nn


def echo(value):
    """What a bare expression prints: its value, unless that is None."""
    if value is not None:
        print(repr(value))


torch.manual_seed(0)


class Scaled(nn.Module):
    def __init__(self, n, scale=2.0):
        super().__init__()
        self.scale = scale
        # its fields
        self.weight = nn.Parameter(torch.ones(n))  # a parameter
        self.shift = nn.Parameter(torch.zeros(n))
        self.register_buffer("mean", torch.arange(n).float())  # a buffer
        self.calls = 0
        self.inner = nn.Linear(n, n)

    # what calling it does
    def forward(self, x):
        self.calls += 1

        return self.helper(x * self.weight + self.shift - self.mean)

    def helper(self, h):
        return F.relu(self.inner(h)) * self.scale

    def extra_repr(self):
        return f"{self.scale}"


net = Scaled(3)
print(net)
echo(net(torch.ones(2, 3)))
echo(net.calls)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    opt.zero_grad()
    loss = net(torch.ones(2, 3)).pow(2).mean()
    loss.backward()
    opt.step()
    print(f"{loss:.4f}")
print(list(net.state_dict().keys()))
kept = list(net.parameters())
print(len(kept))
with torch.no_grad():
    for p in kept:
        p.mul_(0.5)
print([round(p.sum().item(), 4) for p in net.parameters()])
