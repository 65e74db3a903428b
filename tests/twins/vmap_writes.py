"""What a write of a sample into a tensor that all samples share says, by every way to write."""

import warnings

import torch
from torch.func import vmap

warnings.simplefilter("ignore")  # of what vmap does slowly
s = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
i = torch.tensor([1, 0])
m = torch.tensor([True, False])
picks = torch.tensor([[0, 1], [1, 0]])
ways = [
    lambda o, u: o.copy_(u),
    lambda o, u: o.fill_(u[0]),
    lambda o, u: o.view(2).copy_(u),
    lambda o, u: o[0].copy_(u[0]),
    lambda o, u: o.add_(u),
    lambda o, u: o.sub_(u),
    lambda o, u: o.mul_(u),
    lambda o, u: o.div_(u),
    lambda o, u: o.pow_(u),
    lambda o, u: o.addcmul_(u, u),
    lambda o, u: o.lerp_(u, 0.5),
    lambda o, u: o.clamp_(u),
    lambda o, u: o.masked_fill_(m, u[0]),
    lambda o, u: o.masked_scatter_(m, u),
    lambda o, u: o.index_put_((i,), u),
    lambda o, u: o.index_copy_(0, i, u),
    lambda o, u: o.index_add_(0, i, u),
    lambda o, u: o.index_fill_(0, i, u[0]),
    lambda o, u: o.scatter_(0, i, u),
    lambda o, u: o.scatter_add_(0, i, u),
    lambda o, u: o.atan2_(u),
    lambda o, u: o.copysign_(u),
    lambda o, u: o.remainder_(u),
    lambda o, u: o.eq_(u),
    lambda o, u: o.logical_and_(u),
    lambda o, u: o.put_(i, u),
    lambda o, u: o.zero_(),
    lambda o, u: o.fill_(3.0),
    lambda o, u: u.clone().copy_(o),
    lambda o, u: torch.zeros_like(u).copy_(u),
]
for way in ways:
    try:
        print(vmap(lambda u, way=way: way(torch.zeros(2), u))(s))
    except RuntimeError as e:
        print(e)


def picked(u, at):
    o = u.clone()
    o[at[0]] = 7.0
    o[at] += u
    return o


print(vmap(picked)(s, picks))
