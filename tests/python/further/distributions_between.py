# Modes of distributions on the simplex, and divergences between different families.
import torch
from torch.distributions import Beta, Dirichlet, HalfCauchy, Normal, Uniform, kl_divergence

print(Beta(torch.tensor([0.5, 2.0, 0.5, 0.7]), torch.tensor([1.5, 3.0, 0.5, 0.6])).mode)
print(Dirichlet(torch.tensor([[0.5, 1.0, 2.0], [0.2, 0.3, 0.4], [2.0, 3.0, 4.0]])).mode, Dirichlet(torch.ones(2) * 3).mode)
beta = Beta(torch.tensor([0.5, 2.0]), torch.tensor([1.5, 3.0]))
print(kl_divergence(beta, Normal(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0]))))
print(kl_divergence(Uniform(torch.tensor([0.0, 0.2, -1.0]), torch.tensor([1.0, 0.5, 0.5])), Beta(2.0, 3.0)))
print(kl_divergence(HalfCauchy(torch.tensor([1.0, 2.0])), HalfCauchy(torch.tensor([1.5, 2.0]))))
a = torch.tensor(2.0, requires_grad=True)
kl_divergence(Beta(a, torch.tensor(3.0)), Normal(0.5, 1.0)).backward()
print(a.grad)
