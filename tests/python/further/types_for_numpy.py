import numpy as np
import torch
from torch import autograd
from torch.autograd import Variable

x = np.zeros(2)
print(x.dtype == float, x.dtype != int, float == x.dtype, int == x.dtype, x.dtype in (float, int))
print(x.astype(int).dtype == int, np.array([True]).dtype == bool, np.array(["a"]).dtype == str)
print(np.array([1j]).dtype == complex, np.array([None]).dtype == object, np.issubdtype(float, np.floating))
print(np.finfo(float).eps, np.finfo(np.float32).eps.item(), np.iinfo(int).max, -np.iinfo(np.int64).max)
print(np.vectorize(lambda v: v + 1, otypes=[float])(np.arange(3)), np.dtype([("a", int), ("b", float)]))
print(np.result_type(int, float), np.promote_types(int, float), np.can_cast(float, int))
print({float: 1, int: 2}[float], float is float, float == int, torch.zeros(2, dtype=float).dtype, torch.float64 == float)
print(hasattr(float, "dtype"), hasattr(str, "dtype"))

v = Variable(torch.ones(2), requires_grad=True)
print(Variable, isinstance(v, Variable), isinstance(1, Variable), isinstance(v, autograd.Variable))
print(isinstance(torch.ones(1), (int, Variable)), isinstance(torch.nn.Parameter(v), Variable), type(v) is Variable)


def repackage(h):
    return Variable(h.data) if isinstance(h, Variable) else tuple(repackage(one) for one in h)


print(repackage((v * 2, (v,))))
