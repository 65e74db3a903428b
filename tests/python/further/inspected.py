"""What `inspect` says of the functions and classes of a program, and of PyTorch's."""

import inspect
from typing import List, Optional

import torch
import torch.nn as nn

print("fused" in inspect.signature(torch.optim.AdamW).parameters)


def mixed(a, b=2, *args, c, d: int = 4, **kw):
    # nothing is done
    return a  # end


def typed(x: torch.Tensor, n: "int" = 3, l: List[int] = None, *, k: Optional[float] = 1.5) -> torch.Tensor:
    return x


class Plain:
    def __init__(self, x, y=1):
        pass

    def method(self, z):
        pass

    @staticmethod
    def still(q: float = 0.5) -> None:
        pass


class Net(nn.Module):
    """A net."""

    def __init__(self, hidden: int, drop: float = 0.1):
        super().__init__()

    def forward(self, x, mask=None):
        return x


s = inspect.signature(mixed)
print(s, list(s.parameters), s.parameters["b"].default, s.parameters["a"].default is inspect.Parameter.empty)
print(inspect.signature(Plain), inspect.signature(Plain(1).method), inspect.signature(Plain.still), inspect.signature(Plain.method))
print(inspect.getfullargspec(mixed))
print(inspect.getfullargspec(Plain(1).method).args)
s = inspect.signature(typed)
print(s.return_annotation, s.parameters["x"].annotation, s.parameters["n"], repr(s.parameters["k"]))
for name, p in s.parameters.items():
    print(name, p.kind, p.kind.name, p.default, p.kind == inspect.Parameter.KEYWORD_ONLY)
print(inspect.signature(Net), inspect.signature(Net.forward), inspect.signature(Net(1).forward), list(inspect.signature(Net.__init__).parameters))
b = inspect.signature(typed).bind(1, n=2)
print(b.arguments, b.args, b.kwargs)
b.apply_defaults()
print(b.arguments)
try:
    inspect.signature(typed).bind()
except TypeError as error:
    print(error)


print(inspect.signature(lambda a, b=1: a), inspect.getdoc(Net), inspect.isclass(Net), inspect.getmro(Net)[0].__name__)
print(inspect.isgeneratorfunction(mixed), inspect.isfunction(typed), inspect.ismethod(Net(1).forward))
