"""`torch.sin_(x)`: the functions in place that PyTorch has beside the methods, made by one rule of their operators."""

from __future__ import annotations

import numpy as np

from gradsh import Session
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.operators.registry import OPERATORS
from gradsh.engine.ops import families

families.load_all()
NAMES = sorted(n for n, e in OPERATORS.items() if e.summary.startswith(f"`{n[:-1]}`, written over"))
MORE = {"addmv_": "ones(2, 2), ones(2)", "threshold_": "0.3, 9.", "clamp_max_": "0.3", "clamp_min_": "0.3"}
MORE |= {"clamp_": "0.3", "clip_": "0.3", "xlogy_": "tensor([2., 3.])", "ldexp_": "tensor([2, 3])"}
MORE |= {"dropout_": "0.", "index_put_": "[tensor([1])], tensor(5.)"}
OF_INTS = ("gcd_", "lcm_")


def test_they_are_those_of_pytorch() -> None:
    assert len(NAMES) >= 66
    assert not {"add_", "mul_", "sign_", "lgamma_", "relu6_", "silu_"} & set(OPERATORS)  # methods, or not at all


def test_each_writes_what_its_operator_gives() -> None:
    session = Session()
    wrong = []
    for name in NAMES:
        start = "1.25, 1.75" if name in ("acosh_", "arccosh_") else "0.25, 0.75"
        # with a graph behind it, that the gradient goes through what was written
        more = MORE.get(name, "")
        if name in OF_INTS:
            told = session.run(
                f"let x = tensor([4, 6]); let w = tensor([6, 9]); let z = {name[:-1]}(x, w); let y = {name}(x, w)"
            )
            space = session.globals
            if not told.ok or space[".y"] is not space[".x"] or not np.array_equal(_of(space[".x"]), _of(space[".z"])):
                wrong.append(name)
            continue
        program = (
            f"let leaf = tensor([{start}], grad); let x = leaf * 1; let y = {name}(x{more and ', ' + more})\n"
            f"let z = {name[:-1]}(leaf * 1{more and ', ' + more}); let same = y is x\n"
            "let a = grad(y.sum(), leaf, allow_unused)[0]; let b = grad(z.sum(), leaf, allow_unused)[0]"
        )
        result = session.run(program, name)
        space = session.globals
        pairs = [(space.get("." + one), space.get("." + other)) for one, other in ("xz", "ab")]
        alike = [np.array_equal(_of(one), _of(other)) for one, other in pairs]
        if not result.ok or space[".same"] is not True or not all(alike):
            wrong.append(name)
    assert not wrong


def _of(value: Tensor | None) -> object:
    return () if value is None else value.data
