# Names that Python has taken: of variables, parameters and their arguments, fields and what a script is given.

import argparse as argparse_
import ast
import torch
from torch import nn


def echo(value):
    """What a bare expression prints: its value, unless that is None."""
    if value is not None:
        print(repr(value))


parser = argparse_.ArgumentParser()
parser.add_argument('--lambda', dest='lambda_', type=float, default=0.5, help='weight of it')
parser.add_argument('--F', dest='F_', type=int, default=2)
parser.add_argument('--argparse', action=argparse_.BooleanOptionalAction, default=True)
parser.add_argument('--sizes', type=ast.literal_eval, default=[1, 2])
parser.add_argument('--nothing')
arguments = parser.parse_args()
lambda_ = arguments.lambda_  # weight of it
F_ = arguments.F_
argparse = arguments.argparse
sizes = arguments.sizes
nothing = None if arguments.nothing is None else arguments.nothing
print(lambda_, F_, argparse, sizes, nothing)


def f(lambda_, class_=3, F_=1):
    return lambda_ * class_ + F_


print(f(2, class_=4, F_=2))
print(f(lambda_=1))
g = lambda x, math_=2: x * math_
print(g(1, math_=5))


def opts(x, **rest):
    return rest


print(opts(1, **{'class': 2}, F=3))


class N(nn.Module):
    def __init__(self, in_, nn_=2):
        super().__init__()
        self.def_ = nn_

    def forward(self, x, with_=1):
        return x * self.def_ + with_


echo(N(1, nn_=3)(2, with_=5))


class sq(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, is_=1, from_=2):
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g, None, None


print(f(2, class_=7))
echo(f((2), class_=1))
h = [f][0]
echo(h(2, class_=9))


class M(nn.Module):
    def __init__(self, in_):
        super().__init__()
        self.def_ = in_
        self.class_ = nn.Linear(1, 1)
        self.lambda_ = nn.Parameter(torch.ones(1))
        self.register_buffer("is_", torch.arange(2.0))

    def forward(self, x):
        self.def_ = 7
        return self.class_(x) * self.lambda_ * self.def_

    def from_(self):
        return self.def_


torch.manual_seed(0)
m = M(2)
echo(m.def_)
echo(m.class_)
print(m(torch.ones(1, 1)).shape)
echo(m.from_())
echo(m.lambda_)
m.def_ = 5
echo(m.def_)


class scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lambda_):
        ctx.lambda_ = lambda_
        return x * lambda_

    @staticmethod
    def backward(ctx, g):
        lambda_ = ctx.lambda_
        return g * lambda_, None


x = torch.ones(2, requires_grad=True)
print(torch.autograd.grad(scaled.apply(x, 3.0).sum(), x))
