"""Optimisers, schedulers and clipping: PyTorch's recorded traces, its texts, and what only a step in place can get wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

import gradsh

RUNS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "data/optim_reference.json").read_text())["runs"]

PROBLEM = """
let p = tensor([1., -2., 3.], dtype=float64, grad)
let q = tensor(0.5, dtype=float64, grad)
let ps = [p, q]
fn closure() {
    zero_grad p, q
    let l = ((p - 0.5)**2 * tensor([1., 2., 3.], dtype=float64)).sum() + cosh(q) + (q - p[0])**2
    backward l
    return l
}
"""


def run(text: str, **options: Any) -> str:
    """What a program prints."""
    out = io.StringIO()
    result = gradsh.Session(out=out, err=io.StringIO(), **options).run(text)
    assert result.ok, result.errors[0].message
    return out.getvalue()


def error(text: str) -> tuple[str, str]:
    result = gradsh.Session(out=io.StringIO(), err=io.StringIO()).run(text)
    assert result.status == 1, result
    return result.errors[0].kind, result.errors[0].message


def warned(text: str) -> list[str]:
    said: list[str] = []
    session = gradsh.Session(out=io.StringIO(), err=io.StringIO())
    session.display.warning = lambda warning: said.append(warning.message)  # type: ignore[method-assign]  # a spy
    assert session.run(text).ok
    return said


@pytest.mark.parametrize("call", RUNS)
def test_trace(call: str) -> None:
    trace = RUNS[call]
    step = "step opt, closure" if call.startswith("LBFGS") else "step opt"
    first = "l = opt.step(closure)" if call.startswith("LBFGS") else "l = closure(); step opt"
    printed = run(f"{PROBLEM}let opt = {call}\nlet rows = []\nrepeat {len(trace)} {{\n  {first}\n"
                  "  rows.append([p.tolist(), q.item(), l.item()]);\n}\nrows")
    assert step  # both forms are statements: see test_step_is_a_statement
    for (p, q, loss), expected in zip(json.loads(printed), trace, strict=True):
        assert [*p, q, loss] == pytest.approx([*expected["p"], expected["q"], expected["loss"]], rel=1e-12, abs=1e-12)
