"""Operators with a backward of their own, checked by gradcheck and used in training."""

import torch
from torch.autograd import Function, gradcheck, gradgradcheck


class Softclip(Function):
    @staticmethod
    def forward(ctx, x, limit):
        ctx.save_for_backward(x)
        ctx.limit = limit
        return limit * torch.tanh(x / limit)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (1 - torch.tanh(x / ctx.limit) ** 2), None


class RoundThrough(Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


class SinCos(Function):
    @staticmethod
    def forward(ctx, x):
        s, c = torch.sin(x), torch.cos(x)
        ctx.save_for_backward(s, c)
        return s, c

    @staticmethod
    def backward(ctx, gs, gc):
        s, c = ctx.saved_tensors
        return gs * c - gc * s


torch.set_default_dtype(torch.float64)
x = torch.tensor([-0.6, 0.2, 1.1, 0.4], requires_grad=True)
y = Softclip.apply(3 * x, 2.0)
print(y, torch.autograd.grad(y.sum(), x))
print(*[check(Softclip.apply, (x, 1.5)) for check in (gradcheck, gradgradcheck)], gradcheck(SinCos.apply, (x,)))
s, c = SinCos.apply(x)
print(s.grad_fn, (s**2 + c**2).sum(), torch.autograd.grad((s * c).sum(), x))

w = torch.zeros(4, requires_grad=True)
optimizer = torch.optim.Adagrad([w], lr=0.5)
for _ in range(6):
    loss = ((RoundThrough.apply(4 * w) / 4 - x) ** 2).sum()
    optimizer.zero_grad()
    loss.backward(inputs=[w])
    optimizer.step()
    print(f"{loss:.12f}", w.tolist())
