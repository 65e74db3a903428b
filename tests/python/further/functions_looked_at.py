"""A graph through functions of the program's own: what their `ctx` holds is on the node too."""

import torch


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.note, ctx.factor = "first", 2
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor


class Triple(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x * 3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.note = "second"
        ctx.save_for_backward(*inputs, output)

    @staticmethod
    def backward(ctx, g):
        print("backward of", ctx.note)
        return g * 3


x = torch.ones(2, requires_grad=True)
y = Double.apply(x)
print(y.grad_fn.note, y.grad_fn.factor, y.grad_fn.saved_tensors, y.grad_fn.needs_input_grad, hasattr(y.grad_fn, "other"))
z = Triple.apply(y)
print(z.grad_fn.note, [t.tolist() for t in z.grad_fn.saved_tensors], z.grad_fn.saved_tensors[0].grad_fn is y.grad_fn)
print(z.grad_fn.name(), z.grad_fn.next_functions[0][0].note, [getattr(f, "note", None) for f, _ in y.grad_fn.next_functions])
z.sum().backward()
try:
    print(z.grad_fn.saved_tensors)
except RuntimeError as error:
    print(str(error)[:60])
print(z.grad_fn.note, x.grad)
