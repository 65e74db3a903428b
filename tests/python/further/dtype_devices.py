import torch
import numpy as np
for dt in (torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool):
    t = torch.ones(2, dtype=dt)
    print(dt, t, t.element_size(), t.dtype.is_floating_point, t.type())
x = torch.tensor([1.7, -2.3])
print(x.int(), x.long(), x.half(), x.double(), x.bool(), x.to(torch.uint8).dtype, x.type(torch.DoubleTensor).dtype, x.byte().dtype)
print(torch.tensor(1) + torch.tensor(1.5), torch.tensor([1]) / 2, torch.tensor([7]) // 2, torch.tensor([-7]) % 3, (torch.tensor(5) > 3).item())
print(torch.promote_types(torch.int32, torch.float32), torch.result_type(torch.tensor([1]), 1.0), torch.can_cast(torch.double, torch.int), torch.finfo(torch.float32).eps, torch.iinfo(torch.int8).max)
d = torch.device("cpu")
print(d, repr(d), d.type, d.index, torch.zeros(1, device=d).device == d, torch.cuda.is_available(), torch.cuda.device_count(), torch.backends.mps.is_available())
s = torch.Size([2, 3])
print(s, s.numel(), len(s), s[0], list(s), tuple(s) == (2, 3), torch.zeros(s).shape == s, s + (4,))
a = torch.arange(12).view(3, 4)
print(a.stride(), a.t().stride(), a.t().is_contiguous(), a.storage_offset(), a[1:].storage_offset(), a.data_ptr() == a.view(-1).data_ptr())
print(a.numpy().dtype, torch.as_tensor(np.array([1, 2], dtype=np.int32)).dtype, torch.from_numpy(np.float32([1])).dtype, torch.tensor(np.float64(3)).dtype, np.array(a)[0], a.tolist()[0])
n = np.zeros(2)
t = torch.from_numpy(n)
n[0] = 5
t[1] = 7
print(n, t, t.numpy() is not n)
print(torch.empty(2, 0).shape, torch.tensor([]).dtype, torch.tensor(3.14), torch.tensor([[1, 2], [3, 4]], dtype=torch.float), torch.scalar_tensor(2))
print(torch.full((2,), 3), torch.eye(2, 3), torch.arange(1, 2, 0.25), torch.linspace(0, 1, 3), torch.logspace(0, 2, 3), torch.zeros_like(a).shape, torch.ones(2).new_zeros(1))
big = torch.arange(2000.).view(40, 50)
print(big)
print(torch.tensor([1e-8, 1.0, 1e8]), torch.tensor([float("nan"), float("inf"), -float("inf")]), torch.tensor([0.1, 0.123456789]), torch.tensor(1e10), torch.tensor([1e5, 1e-5]), torch.tensor([True, False]), torch.tensor(2 ** 40))
torch.set_printoptions(precision=2, linewidth=60, threshold=20, edgeitems=2)
print(big, torch.rand(3, 4) * 0 + 1 / 3)
torch.set_printoptions(profile="default")
c = torch.randn(2, 3, generator=torch.Generator().manual_seed(0))
print(c.shape, c.size(0), c.dim(), c.ndim, c.nelement(), c.ndimension(), c.sum().item(), f"{c[0, 0]:.4f}", "%.2f" % c[0, 1], c[1].tolist())
print(c.max(), c.min(1), c.argmax(), c.mean(0, keepdim=True), c.var(unbiased=False), c.prod(), c.norm(p=1), c.clip(-1, 1), c.sign(), c.frac().shape, c.floor(), sep="\n")
e = torch.zeros(3)
e[1] += 2; e[-1] = e[1] * 2
e[[0, 2]] = torch.tensor([9., 8.])
print(e, e[e > 5], e.repeat(2), e.expand(2, 3), e.unsqueeze(0).squeeze(), e.view(3, 1).shape, e.flip(0), torch.is_floating_point(e), e.eq(9).any(), torch.isclose(e, e).all(), bool(e[0] > 1))
try:
    torch.ones(2, 3) @ torch.ones(2, 3)
except RuntimeError as err: print(err)
try:
    torch.ones(3) + torch.ones(4)
except RuntimeError as err: print(err)
try:
    torch.tensor([1, 2]).view(3)
except RuntimeError as err: print(err)
try:
    torch.ones(2)[5]
except IndexError as err: print(err)
try:
    torch.zeros(2, dtype=torch.long).mean()
except RuntimeError as err: print(err)
try:
    bool(torch.ones(2))
except RuntimeError as err: print(err)
try:
    torch.cat([torch.ones(2), torch.ones(2, 2)])
except RuntimeError as err: print(err)
try:
    torch.nn.Linear(2, 3)(torch.ones(1, 4))
except RuntimeError as err: print(err)
try:
    torch.nn.functional.cross_entropy(torch.ones(2, 3), torch.tensor([0, 5]))
except IndexError as err: print(err)
try:
    torch.tensor([1.0, 2.0]).item()
except (RuntimeError, ValueError) as err: print(err)
try:
    torch.randn(2, requires_grad=True).numpy()
except RuntimeError as err: print(err)
