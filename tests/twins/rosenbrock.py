"""The minimum of Rosenbrock's function by SGD, Adam, RMSprop and L-BFGS."""

import torch

torch.set_default_dtype(torch.float64)


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def descend(make, steps):
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    optimizer = make([p])
    for step in range(steps):
        value = rosenbrock(p)
        if step % (steps // 5) == 0:
            print(f"  {step:4d}  {value.item():.10f}  {p[0]:.10f}  {p[1]:.10f}")
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return p


print("SGD")
print(descend(lambda p: torch.optim.SGD(p, lr=1e-3), 500))
print("SGD with Nesterov's momentum")
print(descend(lambda p: torch.optim.SGD(p, lr=2e-4, momentum=0.95, nesterov=True), 500))
print("Adam")
print(descend(lambda p: torch.optim.Adam(p, lr=0.02), 500))
print("RMSprop")
print(descend(lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.95), 500))

print("L-BFGS")
p = torch.tensor([-1.2, 1.0], requires_grad=True)
optimizer = torch.optim.LBFGS([p], max_iter=5, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    value = rosenbrock(p)
    value.backward()
    return value


for step in range(8):
    value = optimizer.step(closure)
    print(f"  {step}  {value.item():.10f}")
print(p)
