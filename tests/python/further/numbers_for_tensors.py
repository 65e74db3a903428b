import torch
import torch.nn.functional as F

# what takes tensors takes no numbers, though the same functions of gradsh's do
calls = [lambda f=f: f(2.0) for f in (torch.sqrt, torch.exp, torch.log, torch.sin, torch.tanh, torch.abs, torch.round)]
calls += [lambda f=f: f(2) for f in (torch.relu, torch.sigmoid, torch.square, torch.isnan, torch.floor, torch.sign)]
calls += [lambda f=f: f(2.0) for f in (F.relu, F.gelu, F.softplus, F.leaky_relu, F.hardtanh, torch.erf, torch.logit)]
calls += [
    lambda: torch.pow(2, 3),
    lambda: torch.clamp(2.0, 0.0, 1.0),
    lambda: torch.softmax(torch.ones(2)),
    lambda: torch.log_softmax(torch.ones(2)),
    lambda: torch.ones(2).softmax(),
]
for call in calls:
    try:
        print(call())
    except TypeError as error:
        print(str(error).split("\n")[0])

x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
print(torch.softmax(x, 1), torch.log_softmax(x, dim=-1, dtype=torch.float64), torch.softmax(input=x, dim=0))
print(torch.func.vmap(lambda row: torch.softmax(row, 0))(x.detach()), torch.softmax.__name__)
print(torch.add(1, 2), torch.mul(2, 3.0), abs(-2.0), round(2.5), max(1, 2), pow(2, 3))

print(torch.tril_indices(2, 3, device="cpu"), torch.triu_indices(2, 2, 1, dtype=torch.int32, requires_grad=False))
print(torch.block_diag(torch.tensor([[1, 2]]), torch.ones(1, 1)), torch.block_diag(torch.tensor(2), torch.ones(1)).dtype)
