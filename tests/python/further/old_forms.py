"""Calls in the forms that PyTorch has kept for old programs, `add_(0.1, x)`: optimisers of 2019 are full of them."""

import warnings

import torch

t, u, eye = torch.ones(3), torch.full((3,), 2.0), torch.eye(2)


def said(f):
    try:
        print(f())
    except Exception as error:
        print(type(error).__name__, error)


with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always")
    for f in (
        lambda: t.clone().add_(0.5, u),
        lambda: t.add(2, u),
        lambda: torch.add(t, 2, u),
        lambda: t.sub(2, u),
        lambda: t.clone().sub_(2, u),
        lambda: torch.sub(t, 2, u),
        lambda: t.addcmul(0.5, u, u),
        lambda: t.clone().addcmul_(0.5, u, u),
        lambda: torch.addcmul(t, 0.5, u, u),
        lambda: t.addcdiv(0.5, u, u),
        lambda: t.clone().addcdiv_(-0.5, u, u),
        lambda: torch.addcdiv(t, 0.5, u, u),
        lambda: torch.addmm(2, torch.zeros(2, 2), 3, eye, eye),
        lambda: torch.zeros(2, 2).addmm(3, eye, eye),
        lambda: torch.ones(2, 2).addmm_(2, 3, eye, eye),
        lambda: torch.addmv(t, 2, torch.eye(3), u),
        lambda: torch.addr(t.new_zeros(3, 3), 2, u, u),
        lambda: torch.zeros(1, 2, 2).baddbmm_(1, 2, eye[None], eye[None]),
        lambda: torch.subtract(t, 2, 3),
        lambda: t.clone().subtract_(2, 3),
        lambda: t.add(torch.tensor(2.0), u),
        # and what is no form of PyTorch's
        lambda: t.add(2, u, 3),
        lambda: t.add_("a", u),
        lambda: t.add_(2, u, alpha=3),
        lambda: t.addcmul_(u, u, 0.5),
        lambda: t.mul_(2, u),
        lambda: torch.lerp(t, u, 0.5, 1),
        lambda: torch.addmm(t, u, u, 2, 3),
    ):
        said(f)
print([str(each.message).partition(" (Triggered")[0] for each in found])

w = torch.ones(3, requires_grad=True)
y = w.add(2, w * w)
y.sum().backward()
print(w.grad, y)
b = w * 1
b.addcmul_(0.5, w, u)
b.sum().backward()
print(w.grad, b)
out = torch.empty(3)
print(torch.add(t, 2, u, out=out), out)
print(torch.func.vmap(lambda a: a.add(2, u))(torch.ones(2, 3)), torch.func.jvp(lambda a: torch.add(a, 3, a), (u,), (t,)))
for _ in range(50):
    t.mul_(0.9).add_(0.1, u).addcmul_(0.01, u, u)
print(t)
