"""Parameter groups, weight decay, learning-rate schedules, gradient clipping and accumulation, state restored."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, StepLR

torch.set_default_dtype(torch.float64)


def build(make_optimizer):
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    decayed = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim < 2]
    return net, make_optimizer([{"params": decayed, "weight_decay": 0.1}, {"params": others, "lr": 0.02}])


def train(make_optimizer, make_schedule, clip):
    torch.manual_seed(9)
    x, y = torch.randn(32, 4), torch.randn(32, 2)
    net, optimizer = build(make_optimizer)
    schedule = make_schedule(optimizer)
    for step in range(12):
        for inputs, targets in zip(x.chunk(2), y.chunk(2), strict=True):
            (F.mse_loss(net(inputs), targets) / 2).backward()
        norm = clip(list(net.parameters()))
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step % 4 == 0:
            loss = F.mse_loss(net(x), y)
            print(f"  {step:2d}  loss {loss:.12f}  norm {norm:.10f}  lr {schedule.get_last_lr()}")

    other, restored = build(make_optimizer)
    other.load_state_dict(net.state_dict())
    restored.load_state_dict(optimizer.state_dict())
    for model, own in ((net, optimizer), (other, restored)):
        F.mse_loss(model(x), y).backward()
        own.step()
        print(" ", own.param_groups[0]["lr"], model[2].bias, len(own.state_dict()["state"]))


def sgd(groups):
    return torch.optim.SGD(groups, lr=0.1, momentum=0.9)


print("SGD, StepLR")
train(sgd, lambda o: StepLR(o, step_size=4, gamma=0.5), lambda p: clip_grad_norm_(p, 0.1))
print("Adam, ExponentialLR")
train(
    torch.optim.Adam,
    lambda o: ExponentialLR(o, gamma=0.9),
    lambda p: clip_grad_value_(p, 0.01) or clip_grad_norm_(p, 1.0),
)
print("AdamW, CosineAnnealingLR")
train(torch.optim.AdamW, lambda o: CosineAnnealingLR(o, T_max=12), lambda p: clip_grad_norm_(p, 0.2, norm_type=1))
