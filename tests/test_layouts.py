"""Where the dims of results lie in memory, as PyTorch has them (tests/record/layouts.py records it)."""

from __future__ import annotations

import io
import json

import numpy as np

from gradsh import Session
from tests.conftest import ROOT
from tests.record.layouts import outputs, recorded

RECORDED = json.loads((ROOT / "tests" / "data" / "layouts.json").read_text(encoding="utf-8"))


def test_strides_of_every_operators_results() -> None:
    wrong, seen = [], set()
    with np.errstate(all="ignore"):
        for label, entry, args, kwargs in recorded():
            if label in RECORDED:
                seen.add(label)
                found = outputs(entry.apply(*args, **kwargs))
                if found != RECORDED[label]:
                    wrong.append(f"{label}: {found}, PyTorch's {RECORDED[label]}")
    assert not wrong, "\n".join(wrong[:20])
    assert seen == set(RECORDED), "python -m tests.record.layouts"


def printed(program: str) -> str:
    out = io.StringIO()
    result = Session(out=out, err=out).run(program, "layouts.grad")
    assert result.ok, out.getvalue()
    return out.getvalue()


def test_in_place_keeps_the_layout() -> None:
    assert (
        printed(
            "a = torch.ones(2, 3).t().clone()\n"
            "b = torch.ones(3, 2)\n"
            "for f in [fn(x) = x.add_(b), fn(x) = x.copy_(b), fn(x) = x.mul_(2).sub_(b).clamp_(0), fn(x) = x.fill_(2),"
            " fn(x) = x.normal_(), fn(x) = x.addcmul_(b, b), fn(x) = x.lerp_(b, 0.3)] {"
            " let _ = f(a); print(a.stride()) }\n"
        )
        == "(1, 3)\n" * 7
    )


def test_a_leafs_gradient_lies_as_the_leaf_does() -> None:
    assert (
        printed(
            "x = torch.ones(2, 3).t().clone().requires_grad_()\n"
            "(x * torch.ones(3, 2)).sum().backward()\n"
            "y = torch.ones(3, 2).requires_grad_()\n"
            "z = y.t() * 2; z.retain_grad();\n"
            "(z * torch.ones(2, 3)).sum().backward()\n"
            "print(x.grad.stride(), y.grad.stride(), z.grad.stride(), z.stride())\n"
        )
        == "(1, 3) (2, 1) (3, 1) (1, 2)\n"
    )
