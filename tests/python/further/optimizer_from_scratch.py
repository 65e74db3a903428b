import math
import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import _LRScheduler, LRScheduler


class MySGD(Optimizer):
    def __init__(self, params, lr=1e-3, momentum=0.0):
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        defaults = dict(lr=lr, momentum=momentum)
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["buf"] = torch.zeros_like(p)
                state["step"] += 1
                state["buf"].mul_(group["momentum"]).add_(p.grad)
                p.add_(state["buf"], alpha=-group["lr"])
        return loss


class MyAdam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.b1, self.b2, self.eps, self.t = lr, *betas, eps, 0
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p, m, v in zip(self.params, self.m, self.v):
            g = p.grad
            m.mul_(self.b1).add_(g, alpha=1 - self.b1)
            v.mul_(self.b2).addcmul_(g, g, value=1 - self.b2)
            mhat, vhat = m / (1 - self.b1 ** self.t), v / (1 - self.b2 ** self.t)
            p -= self.lr * mhat / (vhat.sqrt() + self.eps)


class Warmup(LRScheduler):
    def __init__(self, optimizer, warmup, last_epoch=-1):
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        scale = min(1.0, (self.last_epoch + 1) / self.warmup)
        return [base * scale for base in self.base_lrs]


torch.manual_seed(0)
x = torch.randn(16, 3)
y = x @ torch.tensor([[1.0], [2.0], [-1.0]]) + 0.5


def train(make, steps=8):
    torch.manual_seed(1)
    net = torch.nn.Linear(3, 1)
    opt = make(net)
    for _ in range(steps):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(net(x), y)
        loss.backward()
        opt.step()
    return loss.item(), opt


mine, opt = train(lambda n: MySGD(n.parameters(), lr=0.05, momentum=0.9))
theirs, _ = train(lambda n: torch.optim.SGD(n.parameters(), lr=0.05, momentum=0.9))
print(f"{mine:.6f} {theirs:.6f}", abs(mine - theirs) < 1e-6, opt.param_groups[0]["lr"], len(opt.state))
print(opt)
a, _ = train(lambda n: MyAdam(n.parameters(), lr=0.1))
b, _ = train(lambda n: torch.optim.Adam(n.parameters(), lr=0.1))
print(f"{a:.5f} {b:.5f}")
try:
    MySGD([torch.zeros(1, requires_grad=True)], lr=-1)
except ValueError as e:
    print(e)
net = torch.nn.Linear(1, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.4)
sched = Warmup(opt, warmup=4)
lrs = []
for _ in range(6):
    lrs.append(opt.param_groups[0]["lr"])
    opt.step()
    sched.step()
print(lrs, sched.last_epoch, sched.get_last_lr(), issubclass(Warmup, LRScheduler), isinstance(opt, Optimizer))
sd = MySGD([torch.ones(2, requires_grad=True)], lr=0.1).state_dict()
print(sd)
