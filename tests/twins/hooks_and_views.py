"""Hooks, retained gradients, views written in place, and the errors that protect them."""

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(12)

x = torch.randn(2, 3, requires_grad=True)
seen = []
h = x * 2
h.retain_grad()
handle = h.register_hook(lambda g: seen.append(g.norm().item()))
doubled = h.sin().register_hook(lambda g: g * 10)
out = (h.exp() * h).sum()
out.backward(retain_graph=True)
print(out, h.grad, x.grad)
handle.remove()
out.backward()
print(seen, torch.allclose(x.grad, 2 * h.grad))

x.grad = None
x.register_hook(lambda g: g.clamp(-1, 1))
(x**3).sum().backward()
print(x.grad)

a = torch.zeros(3, 4)
row = a[1]
row += torch.arange(4.0)
a[:, 0] = 5
a[a > 2.5] *= -1
print(a, a._version, row._base is a, row.is_leaf)

w = torch.ones(4, requires_grad=True)
y = w * 3
y[1:3] = w[0] ** 2
y.view(2, 2)[1].mul_(2)
print(y)
y.sum().backward()
print(w.grad, y.grad_fn, y[0].grad_fn)

for attempt in (lambda: w.add_(1), lambda: y.sum().backward(), lambda: w.view(3)):
    try:
        attempt()
    except RuntimeError as error:
        print("error:", str(error).split(".")[0])

v = torch.ones(3, requires_grad=True)
e = v.exp()
total = (e * v).sum()
e.add_(1)
try:
    total.backward()
except RuntimeError as error:
    print("error:", str(error).split(";")[0])
with torch.no_grad():
    v[0] = 4
    v.mul_(0.5)
print(v, v.requires_grad, v.detach().requires_grad, v.data_ptr() == v.detach().data_ptr())
