"""Second and third derivatives: create_graph, jacobian, hessian, products, and Newton's method with a Hessian."""

import torch
from torch.autograd import grad
from torch.autograd.functional import hessian, hvp, jacobian, jvp, vjp

torch.set_default_dtype(torch.float64)
torch.set_printoptions(precision=10)

x = torch.tensor(0.7, requires_grad=True)
y = torch.sin(x) * torch.exp(x**2)
derivatives = [y]
for _ in range(4):
    derivatives += grad(derivatives[-1], x, create_graph=True)
for k, d in enumerate(derivatives):
    print(k, d.item())


def energy(v):
    return (v[:-1] * v[1:]).sin().sum() + 0.25 * v.pow(4).sum() - v.prod()


def field(v):
    return torch.stack([v[0] * v[1], torch.exp(-v[2]) * v[0], torch.log(v[1] ** 2 + v[2])])


v = torch.tensor([0.5, -1.2, 0.8])
u = torch.tensor([1.0, 0.5, -0.25])
print(jacobian(field, v))
print(hessian(energy, v))
print(hvp(energy, v, u))
print(vjp(field, v, u)[1])
print(jvp(field, v, u)[1])

p = torch.tensor([0.9, 1.1, 1.4])
for step in range(5):
    gradient = jacobian(energy, p)
    p = p - torch.linalg.solve(hessian(energy, p), gradient)
    print(f"step {step}  |gradient| {gradient.norm():.3e}  energy {energy(p):.12f}")
print(p, torch.linalg.eigvalsh(hessian(energy, p)))

w = torch.tensor([1.0, 2.0], requires_grad=True)
(g,) = grad((w**3).sum(), w, create_graph=True)
penalty = g.pow(2).sum().sqrt()
penalty.backward()
print(penalty)
print(w.grad)
