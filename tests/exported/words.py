# What gradsh says in words, flags and pipes.

import math
import torch


def echo(value):
    """What a bare expression prints: its value, unless that is None."""
    if value is not None:
        print(repr(value))


def either(python, pytorch):
    """PyTorch's function on tensors, Python's on everything else."""

    def call(first, *rest, **options):
        return (pytorch if isinstance(first, torch.Tensor) else python)(first, *rest, **options)

    return call


x = torch.tensor([1.0, 2.0], requires_grad=True)  # a leaf
class_, names = 3, ["a", 'b']
print(torch.sqrt(torch.sum(x)))


def twice(v, times=2, *rest, **options):
    return v * times


echo(twice(twice(x), times=3))
print(torch.sum(x, 0, keepdim=True))
print(repr("text"))
print(repr(f"{x.sum()} {class_:>4} {names[0]!r}"))
y = (x *
    2)  # on two lines
(y**2).sum().backward(retain_graph=True)

echo(x.grad)
x.grad = None
print(x.grad, class_, sep=" | ")
table = {"a": 1, "b": [True, None]}
print(table)
names = names + ["c"]
print(names)
for i, name in enumerate(names):
    if i % 2 == 0:
        print(i, name)
    elif i > 5:
        pass
    else:
        continue
n = 0


def count():
    global n
    n += 1  # of the top level


for _ in range(3):
    count()
print(n)
echo(math.sqrt(2.0) + max(1, 2) + abs(-3) + sum([1, 2]))


def largest(values):
    return either(max, torch.max)(values)


print(largest([1, 5, 2]))
print(largest(x))
try:
    print(torch.ones(2) @ torch.ones(3))
except Exception as fault:
    problem = str(fault)
    print(problem)
try:
    raise RuntimeError("no")
except Exception:
    print("caught")


def later(v):
    # a comment inside
    w = v + 1
    return w * w


print(later(3))


def function_1(v):
    w = v + 1
    return w


adders = [(function_1) for k in range(2)]
print([f(1) for f in adders])
print((1 < 2) == True)
x.requires_grad_(False)
while n > 1:
    n -= 1
    if n == 2:
        break
print(n)
