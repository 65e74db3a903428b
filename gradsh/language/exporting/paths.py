"""Where PyTorch has what programs call by its bare name: what paths.txt says, see tests/record/paths.py."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

# what is not in a module: only a method, Python's own, Python's on plain values and PyTorch's on tensors, nowhere
METHOD, PYTHON, BOTH, NOWHERE = "Tensor", "builtins", "both", "-"
SHORT = {"torch.nn": "nn", "torch.nn.functional": "F"}
# what `import torch` brings; of all others the module is imported
COMES: tuple[str, ...] = (
    "torch",
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.autograd",
    "torch.autograd.functional",
)
COMES += ("torch.func", "torch.nn.init", "torch.nn.utils", "torch.distributions", "torch.utils.data")


@cache
def paths() -> dict[str, str]:
    """The module of each built-in, or METHOD and its kin."""
    found: dict[str, str] = {}
    module = ""
    for line in (files(__package__) / "paths.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            found[line.strip()] = module
        else:
            module = line
    return found
