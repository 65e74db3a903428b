# The options of what makes tensors: layout, device, pin_memory, memory_format, generator and out, where PyTorch has them.
import torch


def tried(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0])


here = dict(layout=torch.strided, device="cpu", pin_memory=False)
x = torch.ones(2, 2)
for f in (torch.zeros, torch.ones, torch.randn):
    tried(lambda: f(2, generator=None, **here) if f is torch.randn else f(2, **here))
tried(lambda: torch.full((2,), 3.0, **here))
tried(lambda: torch.linspace(0, 1, 3, **here))
tried(lambda: torch.logspace(0, 1, 3, **here))
tried(lambda: torch.eye(2, **here))
tried(lambda: torch.randperm(3, **here).sort().values)
tried(lambda: torch.tril_indices(2, 2, **here))
tried(lambda: torch.triu_indices(2, 2, dtype=torch.int32, **here))
tried(lambda: torch.arange(0, 6, 2, **here))
tried(lambda: torch.arange(end=3))
tried(lambda: torch.arange(end=3, step=2, start=1))
tried(lambda: torch.zeros_like(x, memory_format=torch.preserve_format, **here))
tried(lambda: x.new_zeros(2, **here))
tried(lambda: x.new_full((2,), 5, dtype=torch.int64, **here))
tried(lambda: torch.zeros(2, layout=None, device=None, dtype=None, pin_memory=None))
tried(lambda: torch.tensor([1.0], pin_memory=False, device=torch.device("cpu")))
tried(lambda: torch.as_tensor([1, 2], device="cpu"))
tried(lambda: torch.as_tensor(x, dtype=torch.float64, device=torch.device("cpu")))
tried(lambda: torch.as_tensor(x, device="cpu") is x)
tried(lambda: x.float(memory_format=torch.preserve_format))
tried(lambda: x.long(memory_format=torch.contiguous_format))
tried(lambda: torch.zeros(2, layout=3))
tried(lambda: torch.zeros(2, pin_memory=True))
tried(lambda: torch.as_tensor([1.0], device="cuda"))
tried(lambda: torch.as_tensor([1.0], layout=torch.strided))
tried(lambda: torch.tensor([1.0], layout=torch.strided))

seeded = lambda: torch.Generator().manual_seed(3)
tried(lambda: torch.normal(torch.zeros(2), torch.ones(2), generator=seeded()))
tried(lambda: torch.normal(1.0, torch.ones(2), generator=seeded()))
tried(lambda: torch.normal(torch.zeros(2), generator=seeded()))
tried(lambda: torch.normal(0.0, 1.0, (2,), generator=seeded(), **here))

r = torch.max(x, 1)
print(type(r), type(r).__name__, type(torch.sort(x)), isinstance(r, tuple), type(torch.linalg.slogdet(x)).__name__)

y = torch.empty(0)
tried(lambda: torch.dot(torch.ones(3), torch.ones(3), out=y))
print(y, torch.sum(x, 0, out=torch.empty(2)), torch.tensordot(x, x, 1, out=None))
tried(lambda: torch.add(x, 0.5, out=torch.zeros(2, 2, dtype=torch.int64)))
tried(lambda: torch.sort(torch.ones(2), out=y))
tried(lambda: torch.kthvalue(torch.ones(2), 1, out=y))
tried(lambda: torch.flip(x, (0,), out=y))
tried(lambda: torch.amax(x, out=y))
