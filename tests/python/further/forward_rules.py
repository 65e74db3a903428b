import torch
import torch.autograd.forward_ad as fwAD
class Mul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, k):
        ctx.a, ctx.b, ctx.k = a, b, k
        return a * b * k
    @staticmethod
    def jvp(ctx, ga, gb, gk):
        print("jvp", ga, gb, gk, torch.is_grad_enabled())
        return (ga * ctx.b if ga is not None else 0) + (gb * ctx.a if gb is not None else 0)
a, b = torch.arange(3.), torch.ones(3)
with fwAD.dual_level():
    x = fwAD.make_dual(a, torch.tensor([1., 2., 3.]))
    out = Mul.apply(x, b, 2)
    print(out)
    out = Mul.apply(b, x, 2)
    print(out)
    print(fwAD.unpack_dual(out))
    print(Mul.apply(b, a, 2))
class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2
    @staticmethod
    def jvp(ctx, ga):
        return kind(ga)
for kind in (lambda g: (g, g), lambda g: 3, lambda g: g.sum(), lambda g: g.double(), lambda g: (), lambda g: [g], lambda g: g):
    with fwAD.dual_level():
        x = fwAD.make_dual(a, torch.tensor([1., 2., 3.]))
        try:
            print(Bad.apply(x))
        except Exception as e:
            print(type(e).__name__, e)
class NoJ(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 2
with fwAD.dual_level():
    x = fwAD.make_dual(a, torch.tensor([1., 2., 3.]))
    try:
        print(NoJ.apply(x))
    except Exception as e:
        print(type(e).__name__, e)
class Sin(torch.autograd.Function):
    generate_vmap_rule = True
    @staticmethod
    def forward(x):
        return x.sin()
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, = inputs
        ctx.save_for_forward(x)
        ctx.save_for_backward(x)
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * x.cos()
    @staticmethod
    def jvp(ctx, g):
        x, = ctx.saved_tensors
        print("Sin jvp")
        return g * x.cos()
with fwAD.dual_level():
    x = fwAD.make_dual(a, torch.tensor([1., 2., 3.]))
    print(Sin.apply(x))
r = torch.arange(3.).requires_grad_()
with fwAD.dual_level():
    x = fwAD.make_dual(r, torch.tensor([1., 2., 3.]))
    y = Sin.apply(x)
    print(y)
    t = fwAD.unpack_dual(y).tangent
    print(t, torch.autograd.grad(t.sum(), r))

class Fn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, foo):
        result = torch.exp(foo)
        ctx.result = result
        return result
    @staticmethod
    def jvp(ctx, gI):
        gO = gI * ctx.result
        del ctx.result
        return gO
p = torch.arange(3, dtype=torch.double, requires_grad=True)
print(torch.autograd.gradcheck(Fn.apply, (p,), check_forward_ad=True, check_backward_ad=False, check_undefined_grad=False, check_batched_grad=False))
class Wrong(Fn):
    @staticmethod
    def jvp(ctx, g):
        return g * 2
print(torch.autograd.gradcheck(Wrong.apply, (p,), check_forward_ad=True, check_backward_ad=False, raise_exception=False))
Fn.apply(p).sum()
class Kept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.r = 1
        del ctx.r
        print(hasattr(ctx, "r"))
        del ctx.r
try:
    Kept.apply(p)
except AttributeError as e:
    print(e)

with torch.device("cpu") as d:
    print(torch.zeros(2), d, torch.get_default_device())
    print(torch.nn.Linear(2, 3).weight.device)
cpu = torch.device("cpu")
with cpu, torch.no_grad():
    print(torch.ones(2, requires_grad=True) * 2)
torch.set_default_device(cpu)
torch.set_default_device("cpu")
print(torch.get_default_device(), torch.zeros(1).device)
