import torch
from torch.autograd import Function, gradcheck, gradgradcheck


class Square(Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x**2

    @staticmethod
    def backward(ctx, grad_out):
        (x,) = ctx.saved_tensors
        gx = None
        if ctx.needs_input_grad[0]:
            gx = grad_out * 2 * x * ctx.scale
        return gx, None


class Sinh(Function):
    @staticmethod
    def forward(ctx, x):
        expx, expnegx = torch.exp(x), torch.exp(-x)
        ctx.save_for_backward(expx, expnegx)
        return (expx - expnegx) / 2, expx, expnegx

    @staticmethod
    def backward(ctx, grad_out, _grad_exp, _grad_negexp):
        expx, expnegx = ctx.saved_tensors
        grad_input = grad_out * (expx + expnegx) / 2
        grad_input += _grad_exp * expx
        grad_input -= _grad_negexp * expnegx
        return grad_input


x = torch.rand(3, 3, requires_grad=True, dtype=torch.double)
print(gradcheck(lambda v: Square.apply(v, 3.0), x), gradgradcheck(lambda v: Square.apply(v, 3.0), x))
print(gradcheck(lambda v: Sinh.apply(v)[0], x))
print(gradgradcheck(lambda v: Sinh.apply(v)[0], x))
y = torch.tensor(2.0, requires_grad=True)
z = Square.apply(y, 5.0)
(g,) = torch.autograd.grad(z, y, create_graph=True)
print(z, g, torch.autograd.grad(g, y)[0])
