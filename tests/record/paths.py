"""Record where PyTorch has what programs call by its bare name: gradsh/language/exporting/paths.txt.

    python -m tests.record.paths

Needs torch. A module, or `Tensor` for what is only a method, `builtins` for what is Python's own and `both` for what is
Python's on plain values and PyTorch's on tensors; then the names, a line each. Where several modules have a name, it
is the first of MODULES whose function it is. What PyTorch lacks stands under `-`: gradsh.language.exporting knows
what to write for it, or says that it has no counterpart.
"""

from __future__ import annotations

import builtins
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from gradsh.language.words import APART
from gradsh.runtime import python
from gradsh.session.check import table

TARGET = Path(__file__).resolve().parents[2] / "gradsh" / "language" / "exporting" / "paths.txt"
MODULES = """torch.nn.functional torch torch.nn torch.optim torch.optim.lr_scheduler torch.nn.utils
torch.nn.utils.rnn torch.nn.utils.parametrizations torch.nn.init torch.nn.utils.parametrize torch.optim.swa_utils
torch.autograd torch.autograd.functional torch.func torch.utils.data torch.utils.checkpoint torch.autograd.graph
torch.autograd.forward_ad torch.distributions torch.testing
torch.random torch.amp""".split()  # noqa: SIM905 - a list reads worse
DEPRECATED = {"sigmoid", "tanh"}  # in torch.nn.functional
OWN = {"deepcopy", "load", "save", "time", *(word.name for word in table().commands())} - {"print"}  # not PyTorch's


def found(module: str, name: str) -> Any:
    value: Any = import_module(module)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


def has(module: str, name: str) -> bool:
    """Is it the module's own, and no other module that it has imported?"""
    value = found(module, name)
    if value is None and name != "newaxis":
        return False
    if module == "torch" and name == "newaxis":
        return True
    if module == "torch" and hasattr(import_module("torch.nn"), name):
        return False  # `torch.ModuleDict` is TorchScript's
    if module == "torch.nn.functional":
        own = getattr(value, "__module__", None) == module or value is getattr(import_module("torch"), name, None)
        own = own and not isinstance(value, type)  # it has imported some
        return (own or "torch._C._nn" in str(getattr(value, "__self__", ""))) and name not in DEPRECATED
    return "." in name or not isinstance(value, ModuleType)  # `backends.cuda` is one


def where(name: str) -> str:
    apart = next((path for path, own in APART.items() if own == name), None)
    if apart is not None:
        return "= " + apart
    if name in OWN:
        return "-"
    if name in python.SHARED:
        return "both"
    if name in python.OWN and hasattr(builtins, name):
        return "builtins"
    for module in MODULES:
        if has(module, name):
            return module
    if found("torch", f"Tensor.{name}") is not None:
        return "Tensor"
    return "builtins" if hasattr(builtins, name) else "-"


def text() -> str:
    rows: dict[str, list[str]] = defaultdict(list)
    for name in sorted(table().names()):
        if not name.startswith("Tensor."):
            rows[where(name)].append(name)
    return "".join(f"{module}\n" + "".join(f"  {name}\n" for name in rows[module]) for module in sorted(rows))


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
