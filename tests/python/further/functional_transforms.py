import torch
from torch import nn, Tensor
from torch.func import grad, vmap, jacrev, jacfwd, hessian, functional_call, jvp, vjp, stack_module_state
from torch.func import grad_and_value
import copy

torch.manual_seed(0)

f = lambda x: torch.sin(x) * x
x = torch.tensor(1.3)
print("f'", grad(f)(x))
print("f''", grad(grad(f))(x))
xs = torch.linspace(0, 1, 4)
print(vmap(grad(f))(xs))


def predict(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
    return torch.nn.functional.linear(x, weight, bias).tanh()


D = 4
weight, bias, xx = torch.randn(D, D), torch.randn(D), torch.randn(D)
J = jacrev(predict, argnums=2)(weight, bias, xx)
Jf = jacfwd(predict, argnums=2)(weight, bias, xx)
print(J.shape, torch.allclose(J, Jf, atol=1e-6))
jw, jb = jacrev(predict, argnums=(0, 1))(weight, bias, xx)
print(jw.shape, jb.shape)
H = hessian(predict, argnums=2)(weight, bias, xx)
print(H.shape, H[0].diagonal())

out, vjp_fn = vjp(lambda a: predict(weight, bias, a), xx)
print(vjp_fn(torch.ones(D))[0])
o, t = jvp(lambda a: predict(weight, bias, a), (xx,), (torch.ones(D),))
print(o, t, sep="\n")

# per-sample gradients
model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
params = {k: v.detach() for k, v in model.named_parameters()}
buffers = {k: v.detach() for k, v in model.named_buffers()}


def compute_loss(params, buffers, sample, target):
    batch = sample.unsqueeze(0)
    targets = target.unsqueeze(0)
    preds = functional_call(model, (params, buffers), (batch,))
    return nn.functional.cross_entropy(preds, targets)


ft_compute_grad = grad(compute_loss)
per_sample = vmap(ft_compute_grad, in_dims=(None, None, 0, 0))
X, y = torch.randn(6, 3), torch.randint(0, 2, (6,))
grads = per_sample(params, buffers, X, y)
for name, g in grads.items():
    print(f"{name:12s} {tuple(g.shape)} {g.flatten(1).norm(dim=1).mean():.4f}")
gv, v = grad_and_value(compute_loss)(params, buffers, X[0], y[0])
print(type(gv), v)

# ensembling
models = [nn.Linear(3, 1) for _ in range(3)]
p, b = stack_module_state(models)
base = copy.deepcopy(models[0]).to("meta") if False else copy.deepcopy(models[0])
def fmodel(params, buffers, x):
    return functional_call(base, (params, buffers), (x,))
print(vmap(fmodel, in_dims=(0, 0, None))(p, b, X).shape)
print({k: tuple(v.shape) for k, v in p.items()}, b)
try:
    grad(lambda x: x * 2)(torch.ones(3))
except RuntimeError as e:
    print(e)
try:
    vmap(lambda a, b: a + b)(torch.ones(3), torch.ones(4))
except ValueError as e:
    print(e)
def bad(x):
    if x.sum() > 0:
        return x
    return -x
try:
    vmap(bad)(torch.randn(3, 2))
except RuntimeError as e:
    print(str(e).split(".")[0])
print(vmap(torch.dot, in_dims=(1, 1))(torch.ones(2, 3), torch.arange(6.).view(2, 3)))
print(vmap(lambda x: (x, x.sum()), out_dims=(1, 0))(torch.ones(2, 3))[0].shape)
