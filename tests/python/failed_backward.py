# What a backward that fails has done by then: leaves that were complete have their gradient.
import torch


def show(name, loss, **leaves):
    try:
        loss.backward()
    except RuntimeError as error:
        print(name, str(error)[:60])
    print({key: leaf.grad for key, leaf in leaves.items()})


def leaf(*numbers):
    return torch.tensor(numbers, requires_grad=True)


# a second backward
a, x = leaf(1.0), leaf(2.0, 3.0)
loss = (x * x).sum() + a.sum()
loss.backward()
show("again", loss, a=a, x=x)

# the same leaf above and below what fails
a, x = leaf(1.0), leaf(2.0, 3.0)
loss = (x * x * a).sum() + a.sum()
loss.backward()
show("both", loss, a=a, x=x)

# one branch after the other: what was computed last goes first
a, b, x = leaf(1.0), leaf(4.0), leaf(2.0, 3.0)
first, second, third = a.sum() + 1, x.exp().sum(), b.sum() * 2
loss = first + second + third
loss.backward()
show("branches", loss, a=a, b=b, x=x)

# changed in place
a, m, v = leaf(2.0), leaf(1.0, 1.0), leaf(3.0, 4.0)
loss = (m * v).sum() * a + v.sum()
with torch.no_grad():
    v[0] = 7
show("changed", loss.sum(), a=a, m=m, v=v)


# a Function of one's own
class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        raise RuntimeError("no rule")


a, b, x = leaf(1.0), leaf(4.0), leaf(2.0, 3.0)
show("function", (Fails.apply(x) * a).sum() * b + b, a=a, b=b, x=x)
a, b, x = leaf(1.0), leaf(4.0), leaf(2.0, 3.0)
show("later", ((Fails.apply(x) * a).sum() * b + x.sum()).sum(), a=a, b=b, x=x)
