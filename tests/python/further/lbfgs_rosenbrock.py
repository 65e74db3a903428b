import torch
from torch import optim


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def himmelblau(p):
    x, y = p
    return (x ** 2 + y - 11) ** 2 + (x + y ** 2 - 7) ** 2


def minimise(f, start, make, steps):
    p = torch.tensor(start, requires_grad=True)
    opt = make([p])
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        opt.zero_grad()
        loss = f(p)
        loss.backward()
        return loss

    for _ in range(steps):
        loss = opt.step(closure)
    return p.detach(), f(p).item(), calls, loss.item()


results = {}
for name, make, steps in [
    ("LBFGS", lambda ps: optim.LBFGS(ps, lr=1, max_iter=10, line_search_fn="strong_wolfe"), 1),
    ("LBFGS plain", lambda ps: optim.LBFGS(ps, lr=0.1, history_size=5), 2),
    ("SGD", lambda ps: optim.SGD(ps, lr=1e-3, momentum=0.9), 30),
    ("Adam", lambda ps: optim.Adam(ps, lr=0.1), 30),
    ("Rprop", lambda ps: optim.Rprop(ps, lr=0.01), 30),
    ("NAdam", lambda ps: optim.NAdam(ps, lr=0.05), 10),
    ("Adadelta", lambda ps: optim.Adadelta(ps, lr=1.0), 10),
    ("ASGD", lambda ps: optim.ASGD(ps, lr=1e-4), 10),
]:
    p, value, calls, last = minimise(rosenbrock, [-1.5, 2.0], make, steps)
    results[name] = value
    print(f"{name:<12} x=({p[0]:+.4f}, {p[1]:+.4f}) f={value:.3e} calls={calls} last={last:.3e}")
best = min(results, key=results.get)
print("best:", best)
for start in ([4.0, 4.0], [-3.0, 3.0]):
    p, value, *_ = minimise(himmelblau, start, lambda ps: optim.LBFGS(ps, line_search_fn="strong_wolfe"), 2)
    print(start, "->", [round(v, 3) for v in p.tolist()], f"{value:.1e}")
H = torch.autograd.functional.hessian(rosenbrock, torch.tensor([1.0, 1.0]))
print(H, torch.linalg.eigvalsh(H.double()))
newton = torch.tensor([-1.2, 1.0], dtype=torch.float64)
for i in range(4):
    g = torch.autograd.functional.jacobian(rosenbrock, newton)
    newton = newton - torch.linalg.solve(torch.autograd.functional.hessian(rosenbrock, newton), g)
    print(i, newton)
