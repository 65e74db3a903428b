"""What is retained after writes, and what a gradient that nothing reaches is."""

import torch

torch.set_default_dtype(torch.float64)
a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
b = a * 2
b.retain_grad()
b[0] = 5.0
b[1] = 6.0
(b * 3).sum().backward()
print("two writes", b.grad, a.grad)
b = a * 2
v = b[:2]
v.retain_grad()
v.mul_(10)
v.sum().backward()
print("a written view", v.grad)
b = a * 2
v = b[:2]
v.retain_grad()
b.mul_(10)
v.sum().backward()
print("a view whose base is written later", v.grad)
b = a * 2
b.retain_grad()
v = b[:2]
v.mul_(10)
v.retain_grad()
(b * b).sum().backward()
print("both", b.grad, v.grad)
c = torch.tensor([5.0], requires_grad=True)
b = a * 2
b.retain_grad()
b[1:2].copy_(c)
(b * 3).sum().backward()
print("a copy", b.grad, c.grad)
b = a * 2
b.retain_grad()
(b * b).sum().backward(retain_graph=True)
first = b.grad
(b * 1).sum().backward()
print("a second time", b.grad, b.grad is first)
x = torch.tensor([2.0], requires_grad=True)
y = torch.ones(2, requires_grad=True)
zeros = torch.autograd.grad((x * 2).sum(), y, create_graph=True, materialize_grads=True)[0]
print("zeros", zeros, torch.autograd.grad(zeros.sum(), y, materialize_grads=True))
d = a.detach().requires_grad_()
whole = torch.autograd.grad(d.sum(), d)[0]
whole[0] = 7.0
print("one number in memory", whole, whole.stride())
