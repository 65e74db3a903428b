# Python's float, int and bool as dtypes; and classes where an object, a tensor or a number should be.
import numpy as np
import torch

x = torch.tensor([1.5, 2.0], dtype=torch.float64)
half = torch.tensor([1.5, 2.0, 1.0, 2.0], dtype=torch.float16)


class Point:
    pass


class Net(torch.nn.Module):
    pass


def said(*makes):
    for make in makes:
        try:
            print(repr(make()))
        except Exception as error:
            print(type(error).__name__, error)


said(
    lambda: torch.tensor([1.2, 2], dtype=int), lambda: torch.tensor([1, 2], dtype=float), lambda: torch.tensor([1, 0], dtype=bool),
    lambda: torch.zeros(2, dtype=int), lambda: torch.ones(2, dtype=float), lambda: torch.full((2,), 2.5, dtype=int),
    lambda: torch.arange(3, dtype=float), lambda: torch.eye(2, dtype=int), lambda: torch.linspace(0, 3, 4, dtype=float),
    lambda: torch.zeros_like(x, dtype=int), lambda: x.new_zeros(2, dtype=int), lambda: torch.as_tensor(np.array([1.5]), dtype=int),
    lambda: x.to(int), lambda: x.to(dtype=int), lambda: (x > 1.7).to(float), lambda: x.bool().to(int), lambda: x.sum(dtype=int),
    lambda: torch.mean(torch.tensor([1, 2]), dtype=float), lambda: torch.cumsum(x, 0, dtype=int), lambda: torch.softmax(x.float(), 0, dtype=float),
    lambda: x.view(int), lambda: x.view(dtype=torch.int32), lambda: x.view(dtype=float), lambda: x.view(torch.float16).shape,
    lambda: half.view(torch.int16), lambda: torch.randn(2, dtype=float).dtype, lambda: torch.empty(2, dtype=int).dtype,
    lambda: torch.nn.Linear(2, 1, dtype=float).weight.dtype, lambda: torch.nn.Linear(2, 1).to(float).weight.dtype,
    lambda: torch.nn.Linear(2, 1).to(int), lambda: torch.nn.Linear(2, 1).to(dtype=float).bias.dtype,
    lambda: torch.iinfo(int).max, lambda: torch.finfo(float).eps, lambda: torch.can_cast(int, float), lambda: torch.promote_types(int, torch.float32),
    lambda: (x.dtype == float, float == x.dtype, x.dtype in (int, float), torch.int64 == int, type(2) == int, len({int: 1, torch.int64: 2})),
)
print("what is no dtype")
said(
    lambda: x.type(int), lambda: x.type(dict), lambda: x.type("foo"), lambda: x.type(torch.nn.Linear), lambda: x.type(len), lambda: x.type(3),
    lambda: torch.set_default_dtype(float), lambda: torch.set_default_dtype(torch.int), lambda: torch.set_default_dtype("x"),
    lambda: torch.zeros(2, dtype=str), lambda: torch.zeros(2, dtype="float"), lambda: torch.zeros(2, dtype=Point), lambda: torch.zeros("a", dtype=int),
    lambda: torch.tensor([1.0], dtype=str), lambda: x.to(str), lambda: x.to(dtype=str), lambda: x.to("float"), lambda: x.to(Net),
)
print("what is no object")
said(
    lambda: torch.add(x, Point), lambda: torch.add(x, str), lambda: torch.relu(int), lambda: torch.sum(x, dim=str), lambda: torch.sum(x, int),
    lambda: torch.zeros(dict), lambda: x + str, lambda: x * int, lambda: torch.mm(x, float), lambda: torch.tensor(int), lambda: torch.tensor([int]),
    lambda: torch.as_tensor(str), lambda: torch.nn.functional.relu(Net), lambda: torch.reshape(x, (int,)), lambda: x.reshape(float), lambda: x.view(str),
    lambda: torch.relu(torch.nn.ReLU), lambda: [1] + str, lambda: 3 + int, lambda: 3 + Point, lambda: 3 * Net, lambda: int < 3, lambda: Point < Point,
    lambda: x + torch.nn.ReLU, lambda: len(int), lambda: sum([int]), lambda: float(Net),
)
