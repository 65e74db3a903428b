import torch

# gradients of all sorts of things
x = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True)
y = (x ** 2).sum(dim=1)
for i in range(2):
    g, = torch.autograd.grad(y[i], x, retain_graph=True)
    print(f"dy[{i}]/dx =\n{g}")
y.backward(torch.tensor([1., 0.1]))
print(x.grad, x.is_leaf, y.is_leaf, y.requires_grad)
x.grad = None
z = x.detach()
z.requires_grad_(True)
w = (z.exp() * z).mean()
w.backward()
print(z.grad, x.grad)
a = torch.tensor(2.0, requires_grad=True)
f = a ** 4
d1 = torch.autograd.grad(f, a, create_graph=True)[0]
d2 = torch.autograd.grad(d1, a, create_graph=True)[0]
d3 = torch.autograd.grad(d2, a)[0]
print(d1.item(), d2.item(), d3.item())
try:
    f.backward(); f.backward()
except RuntimeError as e:
    print("RuntimeError:", str(e)[:60])
try:
    torch.ones(2, requires_grad=True).mul(2).backward()
except RuntimeError as e:
    print("RuntimeError:", e)
b = torch.randn(3, requires_grad=True)
try:
    b += 1
except RuntimeError as e:
    print("RuntimeError:", e)
with torch.no_grad():
    b += 1
v = b * 2
v[0] = 0
print(v.grad_fn.__class__.__name__, v.grad_fn.name() if hasattr(v.grad_fn, "name") else "")
v.sum().backward()
print(b.grad)
c = torch.ones(2, 2, requires_grad=True)
d = c.sigmoid()
e = d.pow(2)
d.mul_(2)
try:
    e.sum().backward()
except RuntimeError as err:
    print(str(err).split(":")[0])
m = torch.nn.Linear(2, 2)
with torch.no_grad():
    m.weight.copy_(torch.eye(2)); m.bias.zero_()
out = m(torch.tensor([[1., 2.]]))
out.norm().backward()
print(m.weight.grad, m.bias.grad, sep="\n")
m.zero_grad()
print(m.weight.grad, m.bias.grad is None)
p = torch.tensor([1., -1., 0.], requires_grad=True)
p.abs().sum().backward(); print(p.grad); p.grad.zero_()
p.relu().sum().backward(); print(p.grad); p.grad.zero_()
torch.max(p, torch.zeros(3)).sum().backward(); print(p.grad)
print(torch.autograd.functional.jacobian(lambda t: t.sort().values, torch.tensor([3., 1., 2.])))
print(torch.autograd.functional.vjp(lambda t: t.cumsum(0), torch.ones(3), torch.tensor([1., 0., 2.])))
with torch.autograd.set_detect_anomaly(False):
    print(torch.is_grad_enabled(), torch.is_tensor(p), torch.numel(p), torch.get_default_dtype())
t = torch.arange(4.).requires_grad_()
s = torch.stack([t[i] * i for i in range(4)])
s.sum().backward()
print(t.grad, s)
h = t.register_hook(lambda g: print("hook", g))
(t * 3).sum().backward()
h.remove()
with torch.autograd.graph.save_on_cpu() if False else torch.no_grad():
    print((t * 2).requires_grad)
