"""Write tests/data/public_names.json anew: PyTorch's public names, module by module and class by class.

`python -m tests.record.public_names` with a Python that has PyTorch. What a module has only imported (`math`, `Any`,
the classes of another of PyTorch's modules where it says `__all__`) is left out.
"""

from __future__ import annotations

import inspect
import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "data" / "public_names.json"
MODULES = """
torch torch.nn torch.nn.functional torch.nn.init torch.nn.parameter torch.nn.utils torch.nn.utils.rnn
torch.nn.utils.parametrize torch.nn.utils.parametrizations torch.nn.utils.prune torch.nn.modules.module torch.linalg
torch.special torch.fft torch.optim torch.optim.lr_scheduler torch.optim.swa_utils torch.autograd
torch.autograd.functional torch.autograd.graph torch.autograd.forward_ad torch.autograd.profiler torch.func
torch.utils.data torch.utils.checkpoint torch.distributions torch.distributions.constraints
torch.distributions.transforms torch.distributions.kl torch.distributions.constraint_registry torch.testing torch.random
torch.signal.windows torch.cuda torch.backends torch.sparse torch.amp torch.accelerator torch.jit torch.compiler
"""
CLASSES = ("torch.Tensor", "torch.nn.Module", "torch.optim.Optimizer", "torch.Generator")


def found(path: str) -> Any:
    """The module or class of that name."""
    try:
        return import_module(path)
    except ImportError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name)


def own(module: Any, name: str) -> bool:
    """Is it the module's, and not what it has merely imported?"""
    value = getattr(module, name)
    if inspect.ismodule(value):
        return value.__name__ == f"{module.__name__}.{name}"
    home = getattr(value, "__module__", None) or "torch"
    listed = getattr(module, "__all__", None)
    if listed is not None and module.__name__ != "torch":
        return name in listed
    return name != "TYPE_CHECKING" and (home == "builtins" or home.startswith("torch")) and name != "Any"


def names(path: str) -> list[str]:
    thing = found(path)
    public = [name for name in dir(thing) if not name.startswith("_")]
    return public if inspect.isclass(thing) else [name for name in public if own(thing, name)]


def main() -> None:
    warnings.simplefilter("ignore")
    listed = {path: " ".join(names(path)) for path in (*MODULES.split(), *CLASSES)}
    FILE.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    print(f"recorded {sum(len(words.split()) for words in listed.values())} names of {len(listed)} modules and classes")


if __name__ == "__main__":
    main()
