# What is a number, a tuple, a function or a layer only where it is read or called.

import math
import torch
import torch.nn.functional as F
from torch import nn


def echo(value):
    """What a bare expression prints: its value, unless that is None."""
    if value is not None:
        print(repr(value))


def of_number(function, value, *arguments, **options):
    """A function of tensors, on a number."""
    given = function(torch.tensor(value), *arguments, **options)
    if given.dtype.is_floating_point:
        given = function(torch.tensor(value, dtype=torch.float64), *arguments, **options)
    return given.item()


def value_and_grad(f, argnums=0, has_aux=False):
    """torch.func.grad_and_value with the value first."""
    both = torch.func.grad_and_value(f, argnums=argnums, has_aux=has_aux)

    def run(*arguments):
        gradient, value = both(*arguments)
        return value, gradient

    return run


fs = [lambda x: x**2, lambda x: x**3]
for f in fs:
    echo(torch.func.grad(f)(torch.tensor(2.0)))
    echo(torch.func.grad(f)(torch.tensor(3.0)))
    echo(value_and_grad(f)(torch.tensor(2.0)))
    echo(torch.vmap(torch.func.grad(f))(torch.tensor([1.0, 2.0])))


def twice(f):
    return torch.func.grad(torch.func.grad(f))


echo(twice(lambda x: x**3)(torch.tensor(2.0)))
d = {"a": lambda x, y: x * y}
echo(torch.func.grad(d["a"], argnums=1)(torch.tensor(2.0), torch.tensor(3.0)))
echo(torch.func.grad(d["a"], 1)(torch.tensor(2.0), torch.tensor(3.0)))
x = torch.tensor([1.0, 2.0], requires_grad=True)


def gradients(y, xs):
    return torch.autograd.grad(y, xs)


print(gradients((x**2).sum(), x))
print(gradients((x**2).sum(), [x]))
echo(torch.autograd.grad((x**3).sum(), x))
print(torch.autograd.grad((x**2).sum(), x))
print(torch.autograd.grad(outputs=(x**2).sum(), inputs=x))
print(of_number(torch.floor, 2.7))
print(of_number(torch.floor, 3))
print(of_number(torch.ceil, 2.1))
print(of_number(torch.trunc, 2.7))
print(of_number(torch.trunc, -3))
print(round(2.5))
print(round(2.567, 2))
print(of_number(torch.sign, -3))
print(of_number(torch.square, 3))
print(of_number(F.relu, -2))
print(of_number(F.relu, 3.5))
print(of_number(torch.clamp, 5, 1, 3))
print(of_number(torch.clamp, 2.5, max=1))
print(of_number(torch.frac, 2.5))
print(of_number(torch.neg, 3))
print(of_number(torch.sign, 2.5))
print(math.exp(0))
print(math.sqrt(4))
print(of_number(torch.reciprocal, 2))
print(math.isnan(2.0))
print(of_number(F.leaky_relu, -1.0, 0.1))
print(of_number(F.softplus, 1.0, beta=2))
print(of_number(F.gelu, 1.0, approximate="tanh"))
print(of_number(torch.logit, 0.3))
print(of_number(torch.pow, 2, 3))
print(math.erf(0.5))
print(of_number(torch.sigmoid, 0.5))
print(of_number(torch.floor, 2.7))
n = 3
print(of_number(torch.square, n))
print(of_number(torch.clamp, n, 1, 2))
print(torch.add(1, 2))
print((1, 2))
print(((1, 2), (3, 4)))
a = 1
b = [2]
print((a, b))
print((1, (1, 2)))
print(("a", torch.tensor(1)))
a, b


def f(x):
    print((x, x))
    return x, x


echo(f(2))
if True:
    print((a, "q"))
print((a, math.sqrt(2.0) if True else 3))
torch.manual_seed(0)


class Wrapper(nn.Module):
    def __init__(self, inner, k=2):
        super().__init__()
        self.__dict__["inner"] = inner
        self.k = k

    def forward(self, x):
        return self.inner(x) * self.k + 1


w = Wrapper(nn.Linear(1, 1))
print(len(list(list(w.parameters()))))
print(w)
print(w(torch.ones(1, 1)).shape)
echo(Wrapper(lambda x: x * 2)(4))


class Held(nn.Module):
    def __init__(self, net, scale):
        super().__init__()
        self.__dict__["net"] = net
        self.scale = scale
        self.fc = nn.Linear(2, 1)

    def forward(self, x):
        return self.fc(x) * self.scale

    def weight(self):
        return self.net.weight


h = Held(nn.Linear(2, 2), torch.tensor(2.0))
print(h)
print(h.weight().shape)
print(list(h.state_dict().keys()))


class Twice(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        for l in self.layers:
            x = l(x)
        return x


print(Twice([nn.ReLU(), nn.Tanh()]))
echo(Twice([nn.ReLU()])(torch.tensor(-1.0)))


class Own(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.inside = layer

    def forward(self, x):
        return self.inside(x)


print(Own(nn.ReLU()))


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})

    def forward(self, x):
        return self.parts["b"](self.parts["a"](x))


print(Deep())
