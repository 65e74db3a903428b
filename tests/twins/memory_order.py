"""Random fills go in the order of memory, and results lie in memory as they do in PyTorch."""

import torch
import torch.nn.functional as F

x = torch.ones(2, 3).t()
w = torch.ones(4, 5).t()
torch.manual_seed(0)
print(torch.rand_like(x).tolist())
print(torch.randint_like(x, 9).tolist())
print(torch.randn_like(w)[0].tolist())
print(torch.rand(1).item())
print(F.dropout(x, 0.5).tolist())
print(F.alpha_dropout(x, 0.5, True).tolist())
print(F.dropout(torch.ones(1, 2, 2, 3).permute(0, 3, 1, 2), 0.4).flatten().tolist())
print(torch.empty(3, 2).t().exponential_().tolist())
print(torch.empty(4, 5).t().normal_()[1].tolist())
print(torch.empty(4, 5).t().uniform_()[1].tolist())
print(torch.bernoulli(0.3 * x).tolist())
print(torch.multinomial(torch.tensor([[1.0, 2.0], [3.0, 4.0], [2.0, 9.0]]).t(), 2).tolist())
print(torch.nn.init.trunc_normal_(torch.empty(4, 5).t(), std=3.0)[0].tolist())
print(torch.nn.init.kaiming_uniform_(torch.empty(4, 5).t())[0].tolist())
print(torch.rand(1).item())
print(torch.zeros_like(x).stride(), torch.full_like(x.expand(2, 3, 2), 3.0).stride())
print(torch.empty_like(torch.ones(2, 3, 4, 5).permute(0, 3, 1, 2)).stride())
print((x + torch.ones(3, 2)).stride(), (torch.ones(3, 2) + x).stride(), (x * 2).stride())
print(F.softmax(x, 0).view(-1).tolist(), torch.cumsum(x, 0).view(-1).tolist())
