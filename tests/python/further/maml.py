import math
import torch
import torch.nn.functional as F
from collections import OrderedDict
from torch import nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(0)


class SineNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(OrderedDict([
            ("l1", nn.Linear(1, 20)),
            ("r1", nn.ReLU()),
            ("l2", nn.Linear(20, 20)),
            ("r2", nn.ReLU()),
            ("l3", nn.Linear(20, 1)),
        ]))

    def forward(self, x):
        return self.net(x)


model = SineNet()
print(model)


def sample_task():
    amplitude = torch.empty(1).uniform_(0.1, 5.0).item()
    phase = torch.empty(1).uniform_(0, math.pi).item()

    def data(n):
        x = torch.rand(n, 1) * 10 - 5
        return x, amplitude * torch.sin(x + phase)
    return data


def inner_loop(params, x, y, lr=0.01, steps=2):
    for _ in range(steps):
        loss = F.mse_loss(functional_call(model, params, (x,)), y)
        grads = torch.autograd.grad(loss, params.values(), create_graph=True)
        params = {k: p - lr * g for (k, p), g in zip(params.items(), grads)}
    return params


meta_opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for it in range(3):
    meta_opt.zero_grad()
    meta_loss = 0.0
    for task in [sample_task() for _ in range(3)]:
        support, query = task(10), task(10)
        fast = inner_loop(dict(model.named_parameters()), *support)
        meta_loss = meta_loss + F.mse_loss(functional_call(model, fast, query[0]), query[1])
    meta_loss = meta_loss / 3
    meta_loss.backward()
    meta_opt.step()
    print(f"meta iteration {it} loss {meta_loss.item():.5f}")

# per-sample gradients
params = {k: v.detach() for k, v in model.named_parameters()}


def compute_loss(params, sample, target):
    prediction = functional_call(model, params, (sample.unsqueeze(0),))
    return F.mse_loss(prediction, target.unsqueeze(0))


ft_grad = grad(compute_loss)
x, y = sample_task()(4)
per_sample = vmap(ft_grad, in_dims=(None, 0, 0))(params, x, y)
for name, g in per_sample.items():
    print(name, tuple(g.shape), "%.4f" % g.norm())
