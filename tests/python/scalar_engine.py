import math
import torch


class Value:
    """A number that remembers how it was made."""

    def __init__(self, data, children=(), op=""):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(children)
        self._op = op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Value(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t**2) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def build(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    build(child)
                order.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()

    def __neg__(self):
        return self * -1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + (-other)

    def __repr__(self):
        return f"Value(data={self.data:.4f}, grad={self.grad:.4f})"


x1, x2, w = Value(2.0), Value(-0.5), Value(0.7)
out = (3 * x1 * w + x2 - x1 * x2).tanh()
out.backward()
print(out, x1, x2, w)
a, b, c = (torch.tensor(v, dtype=torch.double, requires_grad=True) for v in (2.0, -0.5, 0.7))
z = (3 * a * c + b - a * b).tanh()
z.backward()
print([round(t.grad.item(), 4) for t in (a, b, c)])
print(all(abs(v.grad - t.grad.item()) < 1e-9 for v, t in zip((x1, x2, w), (a, b, c))))
