"""Attention in one step against the same step by step: every bit of the values and gradients, and PyTorch's graph."""

from __future__ import annotations

from typing import Any

import pytest

import gradsh
from gradsh.engine.ops.nn import attention

MASKS = {
    "none": "",
    "numbers": ", randn(5, 6, dtype=kind)",
    "bool": ", rand(5, 6) > 0.4",
    "closed": ", cat([zeros(1, 6) > 0, ones(4, 6) > 0])",
    "padding": ", rand(2, 1, 1, 6) > 0.3",
    "causal": ", is_causal=true",
    "scaled": ", scale=-0.3",
}
PROGRAM = """
manual_seed(0)
let kind = {kind}
let q = randn(2, 3, 5, 8, dtype=kind, grad)
let k = randn(2, 6, 3, 8, dtype=kind, grad)
let v = randn(2, 3, 6, 4, dtype=kind, grad)
let out = scaled_dot_product_attention(q, k.transpose(1, 2), v{mask})
let g = randn(out.shape, dtype=kind)
backward (out * g).sum()
let wanted = [out.detach(), q.grad, k.grad, v.grad]
let alone = scaled_dot_product_attention(q.detach(), k.transpose(1, 2), v.detach(){mask})
let found = torch.autograd.grad((alone ** 2).sum(), [k])
let scaled = scaled_dot_product_attention(q, k.transpose(1, 2), v, scale=0.5)
let second = torch.autograd.grad((scaled * g).sum(), [q], create_graph=true)[0]
let both = torch.autograd.grad((second ** 2).sum(), [q, k, v])
let name = out.grad_fn.name()
let after = [edge[0].name() for edge in out.grad_fn.next_functions]
"""


def values(text: str) -> dict[str, Any]:
    session = gradsh.Session()
    result = session.run(text)
    assert result.ok, result.errors
    return session.globals


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_one_step_has_the_bits_of_all_steps(kind: str, mask: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PROGRAM.format(kind=kind, mask=MASKS[mask])
    one = values(text)
    assert one[".name"] == "ScaledDotProductFlashAttentionForCpuBackward0"
    assert one[".after"] == [
        "torch::autograd::AccumulateGrad",
        "TransposeBackward0",
        "torch::autograd::AccumulateGrad",
    ]
    with monkeypatch.context() as patch:
        patch.setattr(attention, "_is_one_step", lambda *_: False)
        steps = values(text)
    assert steps[".after"] != one[".after"]
    for name in (".wanted", ".found"):
        for x, y in zip(one[name], steps[name], strict=True):
            assert x.data.tobytes() == y.data.tobytes(), name
    for x, y in zip(one[".both"], steps[".both"], strict=True):  # sums of another order
        assert abs(x.data - y.data).max() <= 1e-5 * abs(y.data).max()


@pytest.mark.parametrize("given", ["q, q, q", "q, q, k", "q, k, q", "k, q, q"])
def test_what_comes_in_twice_is_summed_as_it_was(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"""
        manual_seed(0)
        let q = randn(2, 3, 5, 8, grad)
        let k = randn(2, 3, 5, 8, grad)
        backward (scaled_dot_product_attention({given}) ** 2).sum()
        let wanted = [t.grad for t in [q, k] if t.grad is not none]
    """
    one = values(text)
    monkeypatch.setattr(attention, "_is_one_step", lambda *_: False)
    for x, y in zip(one[".wanted"], values(text)[".wanted"], strict=True):
        assert x.data.tobytes() == y.data.tobytes()


def test_what_is_written_to_in_between_is_refused() -> None:
    session = gradsh.Session()
    result = session.run(
        """
        let q, k, v = [randn(1, 2, 3, 4, grad) for _ in range(3)]
        let x = q * 1
        let loss = scaled_dot_product_attention(x, k, v).sum()
        x += 1
        backward loss
        """
    )
    assert not result.ok
    assert "modified by an inplace operation" in str(result.errors[0])
