# Operators with a backward of their own.

import torch


def echo(value):
    """What a bare expression prints: its value, unless that is None."""
    if value is not None:
        print(repr(value))


def value_and_grad(f, argnums=0, has_aux=False):
    """torch.func.grad_and_value with the value first."""
    both = torch.func.grad_and_value(f, argnums=argnums, has_aux=has_aux)

    def run(*arguments):
        gradient, value = both(*arguments)
        return value, gradient

    return run


class power(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b=2.0):
        ctx.b = b
        out = a ** b
        ctx.save_for_backward(a, out)
        return out

    @staticmethod
    def backward(ctx, g):
        a, _ = ctx.saved_tensors
        b = ctx.b
        # only what is wanted
        left = g * b * a ** (b - 1) if ctx.needs_input_grad[0] else None
        return left, None


class both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y, x + y

    @staticmethod
    def backward(ctx, gp, gs):
        x, y = ctx.saved_tensors
        return gp * y + gs, gp * x + gs


x = torch.tensor([1.0, 2.0], requires_grad=True)
y = power.apply(x, 3.0)
print(y)
y.sum().backward()
echo(x.grad)
print(power.apply(x, 2.0))
p, s = both.apply(x, x * 2)
print(torch.autograd.grad(p.sum() + s.sum(), x))
echo(torch.autograd.gradcheck(both.apply, (torch.ones(2, dtype=torch.float64, requires_grad=True), torch.ones(2, dtype=torch.float64, requires_grad=True))))
cube = lambda t: t ** 3
echo(torch.func.grad(cube)(torch.tensor(2.0)))
echo(value_and_grad(cube)(torch.tensor(2.0)))
echo(torch.vmap(torch.func.grad(cube))(torch.tensor([1.0, 2.0])))
echo(torch.autograd.functional.jacobian(lambda v: v * v[0], torch.tensor([1.0, 2.0])))
