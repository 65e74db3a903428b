import torch
from torch.func import grad, vmap, jacrev, jacfwd, hessian, vjp, jvp, grad_and_value
import torch.nn.functional as F

torch.manual_seed(0)
D = 4
weight = torch.randn(D, D)
bias = torch.randn(D)
x = torch.randn(D)


def predict(weight, bias, x):
    return F.linear(x, weight, bias).tanh()


xp = x.clone().requires_grad_()
unit_vectors = torch.eye(D)


def compute_jac(xp):
    jacobian_rows = [torch.autograd.grad(predict(weight, bias, xp), xp, vec)[0] for vec in unit_vectors]
    return torch.stack(jacobian_rows)


jacobian = compute_jac(xp)
print(jacobian.shape)
print(jacobian[0])
_, vjp_fn = vjp(lambda inp: predict(weight, bias, inp), x)
ft_jacobian, = vmap(vjp_fn)(unit_vectors)
print(torch.allclose(ft_jacobian, jacobian))
assert torch.allclose(jacrev(predict, argnums=2)(weight, bias, x), jacobian)
assert torch.allclose(jacfwd(predict, argnums=2)(weight, bias, x), jacobian, atol=1e-6)
print(jacrev(predict, argnums=(0, 1))(weight, bias, x)[0].shape)
hess = hessian(lambda v: predict(weight, bias, v).sum())(x)
print(hess, torch.allclose(hess, hess.T, atol=1e-6))
out, tangent = jvp(lambda v: predict(weight, bias, v), (x,), (torch.ones(D),))
print(out, tangent)
print(grad(torch.sin)(torch.tensor(0.5)), grad(grad(torch.sin))(torch.tensor(0.5)))
g, v = grad_and_value(lambda w: (w ** 3).sum())(torch.tensor([1.0, 2.0]))
print(g, v)
batched = torch.randn(3, D)
print(vmap(lambda r: torch.dot(r, x))(batched))
print(vmap(torch.dot, in_dims=(0, 0))(batched, batched).shape, vmap(torch.mul, (0, None))(batched, 2.0).shape)
per = vmap(grad(lambda w, x, y: F.mse_loss(F.linear(x, w), y)), in_dims=(None, 0, 0))(weight, batched, torch.zeros(3, D))
print(per.shape, per[1, 0])


def loss_aux(w):
    y = (w * 2).sin()
    return y.sum(), y


gr, aux = grad(loss_aux, has_aux=True)(torch.tensor([0.1, 0.2]))
print(gr, aux)
from torch.autograd.functional import jacobian as J, hvp, vhp
print(J(lambda a, b: a * b, (torch.tensor([1., 2.]), torch.tensor([3., 4.]))))
print(hvp(lambda a: (a ** 3).sum(), torch.tensor([1., 2.]), torch.tensor([1., 1.])))
