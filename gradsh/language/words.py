"""The words that the language knows by name."""

from __future__ import annotations

# Reserved words as a text begins them, the likelier ones first: what a misspelt word may have been meant to be.
_KEYWORDS = """
let fn if else while for in is repeat try catch break continue return pass del assert and or not print backward
import from true false none
"""
KEYWORDS = tuple(_KEYWORDS.split())
RESERVED = frozenset((*KEYWORDS, "True", "False", "None"))

# The reserved ones that are values where an expression is expected.
VERBS = frozenset(("print", "backward", "repeat"))

# What can stand before a block of its own.
MODES = frozenset(("no_grad", "enable_grad", "inference_mode", "detect_anomaly", "nancheck"))

# Methods called for what they do: a bare statement that calls one prints nothing.
_EFFECT_METHODS = """
train eval apply load_state_dict zero_grad step backward retain_grad remove register_hook register_prehook
register_forward_hook register_forward_pre_hook register_full_backward_hook register_post_accumulate_grad_hook
"""
EFFECT_METHODS = frozenset(_EFFECT_METHODS.split())

# Words of the language's contract that a session may not have yet: the error is "not yet", not "no such name".
LATER = frozenset(("explain", "graph", "kinks", "nancheck", "plot", "saved", "why"))

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
