import math
import torch
from torch import nn
from torch.distributions import MultivariateNormal


class AffineCoupling(nn.Module):
    def __init__(self, dim, hidden, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(dim // 2, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, dim))

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, dim=1)
        s = torch.tanh(s)
        b = b * s.exp() + t
        z = torch.cat([b, a] if self.flip else [a, b], dim=1)
        return z, s.sum(dim=1)

    def inverse(self, z):
        a, b = z.chunk(2, dim=1)
        if self.flip:
            a, b = b, a
        s, t = self.net(a).chunk(2, dim=1)
        s = torch.tanh(s)
        b = (b - t) * (-s).exp()
        return torch.cat([b, a] if self.flip else [a, b], dim=1)


class Flow(nn.Module):
    def __init__(self, dim=2, n=4, hidden=16):
        super().__init__()
        self.layers = nn.ModuleList(AffineCoupling(dim, hidden, bool(i % 2)) for i in range(n))
        self.register_buffer("loc", torch.zeros(dim))
        self.register_buffer("cov", torch.eye(dim))

    @property
    def prior(self):
        return MultivariateNormal(self.loc, self.cov)

    def log_prob(self, x):
        total = x.new_zeros(x.shape[0])
        for layer in self.layers:
            x, logdet = layer(x)
            total = total + logdet
        return self.prior.log_prob(x) + total

    @torch.no_grad()
    def sample(self, n):
        z = self.prior.sample((n,))
        for layer in reversed(self.layers):
            z = layer.inverse(z)
        return z


def two_moons(n):
    theta = torch.rand(n) * math.pi
    side = (torch.rand(n) > 0.5).float()
    x = torch.stack([theta.cos() + side, theta.sin() * (1 - 2 * side) + 0.5 * side], dim=1)
    return x + 0.05 * torch.randn_like(x)


torch.manual_seed(0)
flow = Flow()
optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
for step in range(12):
    optimizer.zero_grad()
    loss = -flow.log_prob(two_moons(64)).mean()
    loss.backward()
    optimizer.step()
    if step % 4 == 3:
        print(f"{step}: {loss.item():.4f}")
x = two_moons(5)
z = x
for l in flow.layers:
    z, _ = l(z)
back = z
for l in reversed(flow.layers):
    back = l.inverse(back)
print(torch.allclose(back, x, atol=1e-5), flow.sample(3).shape)
print(flow.state_dict().keys().__len__(), [k for k in flow.state_dict() if "layers" not in k])
