"""Optimisation with tensors alone: gradient descent, projections, Lagrange multipliers, Frank-Wolfe, least squares."""
import torch
from math import pi, cos, sin, sqrt
torch.set_printoptions(precision=3, sci_mode=False)
torch.set_default_dtype(torch.double)


def gd(f, x0, lr=0.1, steps=50, project=lambda x: x, callback=None):
    x = torch.as_tensor(x0).clone().requires_grad_(True)
    for k in range(steps):
        fx = f(x)
        g, = torch.autograd.grad(fx, x)
        with torch.no_grad():
            x.copy_(project(x - lr * g))
        if callback:
            callback(k, x.detach(), fx.item())
    return x.detach()


trace = []
xmin = gd(lambda x: ((x - torch.tensor([1., 2.])) ** 2).sum() + x.prod(), [0., 0.], callback=lambda k, x, fx: trace.append(fx))
print(xmin, len(trace), "%.4f %.4f" % (trace[0], trace[-1]))
simplex = lambda v: torch.clamp(v, min=0) / torch.clamp(v, min=0).sum()
print(gd(lambda x: (x * torch.tensor([3., 1., 2.])).sum(), torch.ones(3) / 3, steps=40, project=simplex))
A = torch.tensor([[4., 1.], [1., 3.]])
b = torch.tensor([1., 2.])


def conjugate_gradient(A, b, tol=1e-10):
    x = torch.zeros_like(b)
    r = b - A @ x
    p = r.clone()
    rs = r @ r
    for i in range(len(b)):
        Ap = A @ p
        alpha = rs / (p @ Ap)
        x += alpha * p
        r -= alpha * Ap
        rs_new = r @ r
        if rs_new.sqrt() < tol:
            break
        p, rs = r + (rs_new / rs) * p, rs_new
    return x, i + 1


print(*conjugate_gradient(A, b), torch.linalg.solve(A, b))
L = torch.linalg.cholesky(A)
Q, R = torch.linalg.qr(A)
U, S, Vh = torch.linalg.svd(A)
w, V = torch.linalg.eigh(A)
print(L, (Q @ R).allclose(A), S, w, torch.linalg.det(A), torch.linalg.matrix_rank(A), torch.linalg.cond(A), A.trace(), sep="\n")
x = torch.linspace(0, 2 * pi, 20)
y = 1.5 * torch.sin(x + 0.3) + 0.2
params = torch.tensor([1.0, 0.0, 0.0])


def residual(p): return p[0] * torch.sin(x + p[1]) + p[2] - y


for it in range(5):
    J = torch.func.jacrev(residual)(params)
    r = residual(params)
    params = params - torch.linalg.lstsq(J, r.unsqueeze(1)).solution.squeeze(1)
    print(it, params, f"{r.norm():.2e}")
lam = torch.zeros((), requires_grad=True)
z = torch.tensor([1.0, 1.0], requires_grad=True)
for _ in range(200):
    lag = z.pow(2).sum() + lam * (z.sum() - 2) + 2 * (z.sum() - 2) ** 2
    gz, gl = torch.autograd.grad(lag, (z, lam))
    with torch.no_grad():
        z -= 0.05 * gz
        lam += 0.05 * gl
print(z, lam)
rot = lambda t: torch.tensor([[cos(t), -sin(t)], [sin(t), cos(t)]])
print(rot(pi / 3) @ torch.tensor([1., 0.]), rot(pi / 2).round(), sqrt(2), torch.dist(b, torch.zeros(2)), torch.linalg.norm(A, ord=2), torch.linalg.vector_norm(b, 1))
pts = torch.tensor([[0., 0.], [1., 0.], [1., 1.], [0., 1.]])
area = 0.5 * torch.abs((pts[:, 0] * pts.roll(-1, 0)[:, 1] - pts[:, 1] * pts.roll(-1, 0)[:, 0]).sum())
print(area, torch.cdist(pts, pts), torch.triu(A), torch.block_diag(A, b.diag()), torch.cov(pts.T), torch.corrcoef(torch.stack([x, y])), torch.trapezoid(y, x), sep="\n")
