"""What errors of Python programs advise, where gradsh's own have no such error: names, `self`, imports."""

from __future__ import annotations

import pytest

from tests.test_python_source import Run

HELPS = {
    "weights = 1\nwieghts + 1": "did you mean `weights`?",
    "def f(value):\n    return valeu\nf(1)": "did you mean `value`?",
    "pritn(1)": "did you mean `print`?",
    "torch.ones(3)": "`import torch` at the top of the program brings it",
    "nn.Linear(2, 1)": "`import torch.nn as nn` at the top of the program brings it",
    "math.pi": "`import math` at the top of the program brings it",
    "Linear(2, 1)": "`from torch.nn import Linear` brings it",
    "n += 1": "`n` has no value before: `n = 0`",
    "class A:\n    k = 1\n    def f(self):\n        return k\nA().f()": "did you mean `self.k`?",
    "class A:\n    def f(x):\n        return x\nA().f(1)": "a method is given what it is called on first: `f(self, x)`",
    "class A:\n    def __init__(self):\n        k = 1\n    def f(self):\n        return self.k\nA().f()": (
        "`k` is a variable of `__init__`, which ends with it: `self.k`"
    ),
    "import torch\nwith torch.no_grad:\n    pass": "`with torch.no_grad():`",
    "import torch\nx = torch.ones(2)\ny = x.sum + 1": "a method is called: `y = x.sum() + 1`",
    "import torch\nx = torch.ones(2, requires_grad=True)\ntorch.optim.SGD(x, lr=0.1)": (
        "put it into a list: `torch.optim.SGD([x], lr=0.1)`"
    ),
    "import torch\nx = torch.ones(2, requires_grad=True)\ntorch.optim.Rprop([x], learning_rate=0.1)": (
        "it takes `params`, `lr`, `etas`, `step_sizes`, `capturable`, `foreach`, `maximize`, `differentiable`"
    ),
    "import torch\nx = torch.ones(2, requires_grad=True)\ny = x * 2\ntorch.autograd.grad(y, x)": (
        "make one number of it, `torch.autograd.grad(y.sum(), x)`, or give the gradient that comes in, "
        "`torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y))`; all of the matrix: "
        "`torch.autograd.functional.jacobian(lambda x: x * 2, x)`"
    ),
}


@pytest.mark.parametrize("text", HELPS)
def test_helps_of_python_programs(text: str) -> None:
    run = Run()
    assert run.run(text) == 1
    assert f"\nhelp: {HELPS[text]}\n" in run.err.getvalue()
