"""Samples of classes through which gradients flow."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.arguments import need_tensor
from gradsh.engine.core.modes import mode
from gradsh.engine.core.namespaces import T
from gradsh.engine.operators.composite import composite
from gradsh.engine.operators.registry import METHODS
from gradsh.errors import DtypeError


@composite(
    "gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1)",
    method=False,
    python=True,
    outside=True,
    looped="it draws",
    example="gumbel_softmax(tensor([1., 2., 3.]), hard).sum()",
    formula="that of softmax((logits + noise) / tau)",
)
def gumbel_softmax(logits: Any, tau: Any, hard: bool, eps: Any, dim: Any) -> Any:
    """Samples of the Gumbel-Softmax distribution; `hard` makes them one-hot, with the gradients of the soft ones.

    Jang et al., arXiv:1611.01144.
    """
    need_tensor("gumbel_softmax", "logits", 1, logits)
    if logits.data.dtype.kind != "f":
        raise DtypeError(f"\"exponential_\" not implemented for '{logits.dtype.title}'", kind="NotImplementedError")
    if eps != 1e-10:
        mode.warn("`eps` parameter is deprecated and has no effect.")
    noise = T.log(METHODS["exponential_"](T.empty(tuple(logits.shape), dtype=logits.dtype)))
    soft = T.softmax((logits - noise) / tau, dim)
    if not hard:
        return soft
    index = T.argmax(soft, dim, True)
    one = T.scatter(T.zeros(tuple(logits.shape), dtype=logits.dtype), dim, index, 1.0)
    return one - T.detach(soft) + soft
