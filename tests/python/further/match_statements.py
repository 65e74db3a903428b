from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class Point:
    x: float
    y: float


def describe(value):
    match value:
        case torch.Tensor():
            return f"tensor {tuple(value.shape)}"
        case 0:
            return "zero"
        case int(n) if n < 0:
            return f"negative {n}"
        case int() | float():
            return "number"
        case "relu" | "tanh" as name:
            return f"activation {name}"
        case str(s):
            return f"text of {len(s)}"
        case []:
            return "empty"
        case [x]:
            return f"one: {x}"
        case [first, *rest]:
            return f"first {first}, {len(rest)} more"
        case {"type": "conv", "out": out, **others}:
            return f"conv to {out} with {others}"
        case {"type": kind}:
            return f"layer {kind}"
        case Point(x=0, y=y):
            return f"on the axis at {y}"
        case Point(x, y):
            return f"point {x} {y}"
        case None | True | False:
            return "constant"
        case _:
            return "unknown"


for v in [0, -3, 2.5, "relu", "hello", [], [1], (1, 2, 3), {"type": "conv", "out": 3, "k": 5}, {"type": "pool"},
          Point(0, 2), Point(1, 2), torch.ones(2, 3), None, True, object]:
    print(describe(v))


def build(spec):
    layers, size = [], 4
    for item in spec:
        match item:
            case ("linear", int(out)):
                layers.append(nn.Linear(size, out))
                size = out
            case ("dropout", float(p)):
                layers.append(nn.Dropout(p))
            case "relu":
                layers.append(nn.ReLU())
            case (name, *args):
                raise ValueError(f"unknown layer {name} {args}")
    return nn.Sequential(*layers)


print(build([("linear", 8), "relu", ("dropout", 0.1), ("linear", 2)]))
try:
    build([("conv", 3, 3)])
except ValueError as e:
    print(e)


class Command:
    __match_args__ = ("name", "arg")

    def __init__(self, name, arg=None):
        self.name, self.arg = name, arg


for c in (Command("lr", 0.1), Command("stop"), Command("save", "a.pt")):
    match c:
        case Command("lr", value):
            print("set lr", value)
        case Command("stop", None):
            print("stopping")
        case Command(name=n, arg=a):
            print(n, a)
