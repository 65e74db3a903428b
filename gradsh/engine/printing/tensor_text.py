"""How a tensor prints, with what it says about its gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradsh.engine.core.modes import mode
from gradsh.engine.printing.format import DEFAULT_OPTIONS, format_tensor

if TYPE_CHECKING:
    from gradsh.engine.core.tensor import Tensor


def value_text(data: Any) -> str:
    """The text of an array as a tensor without history."""
    return _text(data, [])


def _text(data: Any, suffixes: list[str]) -> str:
    options = mode.print_options or DEFAULT_OPTIONS
    return format_tensor(data, suffixes=suffixes, options=options, default_dtype=mode.default, module=mode.module)


def tensor_text(t: Tensor) -> str:
    """The text of a tensor as PyTorch prints it: `tensor([1., 2.], grad_fn=<MulBackward0>)`."""
    node = t.grad_fn
    if node is not None:
        suffixes = [f"grad_fn=<{node.kind.name}>"]
    elif t.requires_grad:
        suffixes = ["requires_grad=True"]
    else:
        suffixes = []
    if mode.forward is not None:
        suffixes += mode.forward.suffix(t)
    text = _text(t.data, suffixes)
    return "Parameter containing:\n" + text if t.extra is not None and t.extra.parameter else text
