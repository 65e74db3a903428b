import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence


class BayesLinear(nn.Module):
    def __init__(self, i, o, prior_std=1.0):
        super().__init__()
        self.mu = nn.Parameter(torch.empty(o, i).normal_(0, 0.1))
        self.rho = nn.Parameter(torch.full((o, i), -3.0))
        self.bias = nn.Parameter(torch.zeros(o))
        self.prior_std = prior_std

    @property
    def sigma(self):
        return F.softplus(self.rho)

    def forward(self, x):
        w = self.mu + self.sigma * torch.randn_like(self.sigma) if self.training else self.mu
        return F.linear(x, w, self.bias)

    def kl(self):
        return kl_divergence(Normal(self.mu, self.sigma), Normal(0.0, self.prior_std)).sum()


class MCDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))

    def forward(self, x, samples=1):
        if samples == 1:
            return self.net(x)
        self.train()
        return torch.stack([self.net(x) for _ in range(samples)])


def pinball(pred, target, quantiles):
    errors = target - pred
    q = torch.as_tensor(quantiles)
    return torch.maximum((q - 1) * errors, q * errors).mean()


torch.manual_seed(0)
x = torch.linspace(-1, 1, 32).unsqueeze(1)
y = x ** 3 + 0.1 * torch.randn_like(x)
bnn = nn.ModuleList([BayesLinear(1, 8), BayesLinear(8, 1)])
opt = torch.optim.Adam(bnn.parameters(), lr=0.02)
for step in range(10):
    out = bnn[1](torch.tanh(bnn[0](x)))
    nll = -Normal(out, 0.1).log_prob(y).sum()
    kl = sum(l.kl() for l in bnn)
    loss = nll + 0.1 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 3 == 0:
        print(f"{step} nll {nll:.2f} kl {kl:.3f}")
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 3))
opt = torch.optim.Adam(net.parameters(), lr=0.05)
qs = [0.1, 0.5, 0.9]
for _ in range(15):
    loss = pinball(net(x), y, qs)
    opt.zero_grad()
    loss.backward()
    opt.step()
pred = net(x)
print(f"pinball {loss:.4f}", [(y <= pred[:, i:i + 1]).float().mean().item() for i in range(3)])
mc = MCDropout()
s = mc(x, samples=20)
print(s.shape, s.mean(0)[0].item(), s.std(0).mean().item())
w = torch.tensor([0.1, 0.2, 0.7])
print(torch.quantile(y, torch.tensor([0.25, 0.75])), torch.median(y), torch.mode(torch.tensor([1, 2, 2, 3])), torch.histc(y, bins=4), sep="\n")
print(torch.special.expit(w), torch.erf(w), torch.lgamma(w), torch.digamma(w), torch.logit(w), torch.xlogy(w, w), sep="\n")
print(F.gaussian_nll_loss(w, w + 0.1, torch.ones(3)), F.poisson_nll_loss(w, torch.ones(3)), F.huber_loss(w, w * 2), F.soft_margin_loss(w, torch.tensor([1., -1., 1.])))
