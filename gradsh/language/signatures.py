"""What the resolver may know of a built-in, and the words that mean something in a program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from gradsh.calls.signature import Signature

# What PyTorch spells with a module in front; the text is PyTorch's own name of the module.
MODULES = {
    "torch": "torch",
    "torch.nn": "torch.nn",
    "torch.nn.functional": "torch.nn.functional",
    "torch.nn.init": "torch.nn.init",
    "torch.nn.utils": "torch.nn.utils",
    "torch.autograd": "torch.autograd",
    "torch.autograd.functional": "torch.autograd.functional",
    "torch.func": "torch.func",
    "torch.optim": "torch.optim",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler",
    "F": "torch.nn.functional",
    "nn": "torch.nn",
    "nn.functional": "torch.nn.functional",
    "nn.init": "torch.nn.init",
    "nn.utils": "torch.nn.utils",
    "init": "torch.nn.init",
    "optim": "torch.optim",
    "optim.lr_scheduler": "torch.optim.lr_scheduler",
    "lr_scheduler": "torch.optim.lr_scheduler",
}
NAMESPACES = ("linalg", "special")
ROOTS = frozenset(name for name in MODULES if "." not in name) | frozenset(NAMESPACES)

_KEYWORDS = """
let fn if else while for in is repeat try catch break continue return pass del assert and or not print backward
import from true false none
"""
KEYWORDS = tuple(_KEYWORDS.split())

# Methods called for what they do: a bare statement that calls one prints nothing.
_EFFECT_METHODS = """
train eval apply load_state_dict zero_grad step backward retain_grad remove register_hook register_prehook
register_forward_hook register_forward_pre_hook register_full_backward_hook register_post_accumulate_grad_hook
"""
EFFECT_METHODS = frozenset(_EFFECT_METHODS.split())

# Words of the language's contract that a session may not have yet: the error is "not yet", not "no such name".
LATER = frozenset(("explain", "graph", "kinks", "nancheck", "plot", "saved", "why"))


class Builtins(Protocol):
    """The table of built-ins, handed over by the session. Names are flat, or dotted for `linalg.` and `special.`.

    Methods are looked up as `Tensor.sum`.
    """

    def lookup(self, name: str) -> Signature | None: ...
    def names(self) -> Iterable[str]: ...
