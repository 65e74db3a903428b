"""Random numbers in vmap, by what it says of randomness, and in jacfwd."""

import torch
import torch.nn.functional as F
from torch.func import jacfwd, jacrev, vmap

x = torch.ones(2, 3)
y = torch.ones(2)
draws = [
    lambda a: torch.randn_like(a),
    lambda a: torch.rand_like(a),
    lambda a: F.dropout(a, 0.5),
    lambda a: a + torch.rand(3),
    lambda a: a + torch.randn(3),
    lambda a: a + torch.randint(9, (3,)),
    lambda a: torch.randint_like(a, 9),
    lambda a: a + torch.randperm(3),
    lambda a: torch.bernoulli(a * 0.5),
    lambda a: torch.multinomial(a, 2),
    lambda a: a.clone().normal_(),
    lambda a: a.clone().uniform_(),
    lambda a: a + torch.zeros(3).normal_(),
    lambda a: torch.normal(a, 1.0),
    lambda a: a + torch.normal(0.0, 1.0, (3,)),
    lambda a: F.alpha_dropout(a, 0.5, True),
    lambda a: torch.rand(2) + torch.rand(2),
    lambda a: a + 1,
]
for how in ["same", "different", "error"]:
    for draw in draws:
        torch.manual_seed(0)
        try:
            print(vmap(draw, randomness=how)(x), torch.rand(1))
        except RuntimeError as e:
            print(e)
torch.manual_seed(0)
nest = vmap(lambda a: vmap(lambda b: b + torch.rand(2), randomness="different")(a), randomness="same")
print(nest(torch.zeros(2, 2, 2)))
for f in [lambda a: a * torch.randn(2), lambda a: a * torch.randn_like(a), lambda a: F.dropout(a)]:
    torch.manual_seed(0)
    try:
        print(jacfwd(f)(y))
    except RuntimeError as e:
        print(e)
print(jacrev(lambda a: a * torch.rand(2))(y).abs())
