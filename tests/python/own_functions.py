import torch
from torch.autograd import Function, gradcheck
class MyReLU(Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)
    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input
class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input ** 3 - 3 * input)
    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input ** 2 - 1)
class Scale(Function):
    @staticmethod
    def forward(ctx, x, k):
        ctx.k = k
        return x * k
    @staticmethod
    def backward(ctx, g):
        print("needs", ctx.needs_input_grad)
        return g * ctx.k, None
relu = MyReLU.apply
x = torch.tensor([-1., 2.], requires_grad=True)
y = relu(x)
print(y, y.grad_fn.name())
y.sum().backward()
print(x.grad)
P3 = LegendrePolynomial3.apply
print(gradcheck(P3, torch.randn(4, dtype=torch.double, requires_grad=True)))
t = torch.tensor(3., requires_grad=True)
s = Scale.apply(t, 4)
s.backward()
print(s, t.grad)
