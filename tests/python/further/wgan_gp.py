"""WGAN-GP on a ring of Gaussians."""
import math
from typing import NamedTuple
import torch
from torch import nn, optim, autograd


class HParams(NamedTuple):
    z_dim: int = 2
    hidden: int = 16
    lr: float = 1e-3
    n_critic: int = 2
    lambda_gp: float = 10.0


hp = HParams(lr=5e-3)
print(hp, hp.hidden, hp._replace(hidden=8)._asdict())


def ring(n, k=8, std=0.02):
    idx = torch.randint(k, (n,))
    angle = 2 * math.pi * idx.float() / k
    return torch.stack((angle.cos(), angle.sin()), dim=-1) + std * torch.randn(n, 2)


class MLP(nn.Sequential):
    def __init__(self, *sizes, activation=nn.LeakyReLU):
        layers = []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
            layers.append(nn.Linear(a, b))
            if i + 2 < len(sizes):
                layers.append(activation())
        super().__init__(*layers)


def gradient_penalty(critic, real, fake):
    eps = torch.rand(len(real), 1)
    mixed = torch.lerp(fake, real, eps).requires_grad_()
    score = critic(mixed)
    (grad,) = autograd.grad(score, mixed, torch.ones_like(score), create_graph=True)
    return (grad.norm(dim=1) - 1).square().mean()


torch.manual_seed(1)
G, D = MLP(hp.z_dim, hp.hidden, 2), MLP(2, hp.hidden, hp.hidden, 1)
og, od = (optim.Adam(m.parameters(), lr=hp.lr, betas=(0.0, 0.9)) for m in (G, D))
print(D, len(G), G[-1].out_features)
for it in range(4):
    for _ in range(hp.n_critic):
        real, z = ring(32), torch.randn(32, hp.z_dim)
        fake = G(z).detach()
        gp = gradient_penalty(D, real, fake)
        loss_d = D(fake).mean() - D(real).mean() + hp.lambda_gp * gp
        od.zero_grad(); loss_d.backward(); od.step()
    loss_g = -D(G(torch.randn(32, hp.z_dim))).mean()
    og.zero_grad(); loss_g.backward(); og.step()
    print(f"{it=} {loss_d.item()=:.4f} {loss_g.item()=:.4f} {gp:.3f}")
