# The signs of zeros in Jacobians: forward mode multiplies tangents by what is negative, reverse mode gradients.
import torch
from torch.func import hessian, jacfwd, jacrev, vmap

F = torch.autograd.functional
v = torch.tensor([0.5, -1.0, 2.0])
A = torch.tensor([[1.0, -2.0], [3.0, 4.0], [-5.0, 6.0]])


def cubes(t):
    return (t**3).sum()


for f in (lambda t: -t, lambda t: t * t, lambda t: t * torch.tensor([-1.0, 2.0, -3.0]), torch.sin, lambda t: (-t).prod()):
    print(jacfwd(f)(v), jacrev(f)(v), F.jacobian(f, v), F.jacobian(f, v, strategy="forward-mode", vectorize=True))
for tall in (lambda t: torch.cat([-t, t * t, t[:1] * -3]), lambda t: torch.outer(t, -t)):
    print(jacrev(tall)(v), F.jacobian(tall, v))
print(hessian(cubes)(v), jacfwd(jacrev(cubes))(v), jacrev(jacrev(cubes))(v), jacfwd(jacfwd(cubes))(v), jacrev(jacfwd(cubes))(v))
print(F.hessian(cubes, v), F.hessian(cubes, v, vectorize=True, outer_jacobian_strategy="forward-mode").detach())
print(vmap(hessian(cubes))(torch.stack([v, -v])), hessian(lambda x: torch.tanh(A @ x).prod())(v[:2]))
print(F.hessian(lambda a, b: (a * -b).sum() ** 2 + (a**3).sum(), (v, v + 1)))
print(hessian(lambda a, b: (a * -b).sum() ** 2 + (a**3).sum(), argnums=(0, 1))(v, v + 1))
