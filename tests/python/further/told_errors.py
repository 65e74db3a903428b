import torch

def section(title):
    print()
    print("#" * 8, title)

section("version counter")
x = torch.zeros(3)
print(x._version)
x.add_(1); x[0] = 5; x.mul_(2)
print(x._version, x)
y = x.detach()
y += 1
print(x._version, y._version)
v = x.view(3, 1)
v.zero_()
print(x._version)

section("errors")
a = torch.ones(3, requires_grad=True)
try:
    a += 1
except RuntimeError as e:
    print("1:", e)
try:
    a[0] = 7.0
except RuntimeError as e:
    print("2:", e)
b = a * 2
c = b ** 2
b.add_(1)
try:
    c.sum().backward()
except RuntimeError as e:
    print("3:", str(e).replace("\n", " "))
s = torch.sigmoid(a)
s.zero_()
try:
    s.sum().backward()
except RuntimeError as e:
    print("4:", e)
try:
    a.requires_grad = False
    (a * 2).sum().backward()
except RuntimeError as e:
    print("5:", e)
try:
    t = torch.tensor([1, 2], requires_grad=True)
except RuntimeError as e:
    print("6:", e)
try:
    a = torch.ones(3, requires_grad=True)
    a.numpy()
except RuntimeError as e:
    print("7:", e)
try:
    (a * 1).requires_grad_(False)
except RuntimeError as e:
    print("8:", e)
try:
    with torch.inference_mode():
        k = a * 2
    (k * a).sum().backward()
except RuntimeError as e:
    print("9:", e)
try:
    w = torch.ones(3, requires_grad=True)
    torch.autograd.grad((a * 2).sum(), w)
except RuntimeError as e:
    print("10:", e)
print(torch.autograd.grad((a * 2).sum(), [a, w], allow_unused=True))
try:
    a.view(2, 2)
except RuntimeError as e:
    print("11:", e)
try:
    torch.ones(3).float().backward()
except RuntimeError as e:
    print("12:", e)
try:
    torch.cat([torch.ones(2, 3), torch.ones(3, 2)])
except RuntimeError as e:
    print("13:", e)
try:
    torch.stack([torch.ones(2), torch.ones(3)])
except RuntimeError as e:
    print("14:", e)
try:
    torch.nn.Linear(3, 2)(torch.ones(2, 4))
except RuntimeError as e:
    print("15:", e)
try:
    torch.ones(2, 3).sum(dim=2)
except IndexError as e:
    print("16:", e)
try:
    torch.ones(2, dtype=torch.long) @ torch.ones(2)
except RuntimeError as e:
    print("17:", e)
try:
    if torch.ones(2) > 0:
        pass
except RuntimeError as e:
    print("18:", e)
try:
    torch.tensor([1, 2]) + "a"
except TypeError as e:
    print("19:", e)
try:
    torch.ones(2).foo()
except AttributeError as e:
    print("20:", e)
try:
    torch.zeros(2, 3)[0, 0, 0]
except IndexError as e:
    print("21:", e)
try:
    torch.tensor([[1, 2], [3]])
except ValueError as e:
    print("22:", e)
try:
    torch.zeros(-1)
except RuntimeError as e:
    print("23:", e)
try:
    torch.nn.functional.softmax(torch.ones(2), dim=4)
except IndexError as e:
    print("24:", e)
try:
    torch.linalg.inv(torch.zeros(2, 2))
except torch.linalg.LinAlgError as e:
    print("25:", e)
except RuntimeError as e:
    print("25r:", e)
try:
    torch.linalg.cholesky(torch.tensor([[1., 2.], [2., 1.]]))
except RuntimeError as e:
    print("26:", type(e).__name__, e)
try:
    torch.randn(3, device="cuda")
except (AssertionError, RuntimeError) as e:
    print("27:", type(e).__name__, e)

section("detect anomaly")
with torch.autograd.set_detect_anomaly(True):
    z = torch.tensor(-1.0, requires_grad=True)
    try:
        torch.sqrt(z).backward()
    except RuntimeError as e:
        print(e)
section("masks")
m = torch.arange(6.).view(2, 3)
m[m > 3] = -1
m.masked_fill_(m == 0, 100)
m.clamp_(max=50)
print(m)
p = torch.nn.Parameter(torch.zeros(2))
with torch.no_grad():
    p.copy_(torch.tensor([1., 2.]))
    p[0] += 3
print(p, p._version)
p.data = torch.ones(3)
print(p)
