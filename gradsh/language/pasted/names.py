"""What the names of other modules are in gradsh; PyTorch's own are in `words.MODULES`.

A value is the gradsh name. A name of `SAME` modules is the same here, if it is here at all.
"""

from __future__ import annotations

from gradsh.language.words import MODULES

SAME = ("math", "numpy")
OTHERS = {
    "copy.deepcopy": "deepcopy",
    "numpy.array": "tensor",
    "numpy.asarray": "tensor",
    "numpy.random.seed": "manual_seed",
    "numpy.random.rand": "rand",
    "numpy.random.randn": "randn",
    "time.time": "time",
    "time.perf_counter": "time",
    "tqdm.tqdm": "progress",
    "tqdm.auto.tqdm": "progress",
    "tqdm.trange": "range",
}
# Python's types as dtypes, of PyTorch's and of NumPy's.
DTYPES = {"float": "float64", "int": "int64"}
# What `with` takes in PyTorch and has no part in what is computed.
WITHOUT = ("torch.autocast", "torch.amp", "torch.profiler", "torch.autograd.profiler", "warnings", "torch.random")


def short(module: str) -> str:
    """A module of PyTorch's as gradsh reads it, in the spelling that most programs have: `nn.init`, `F`."""
    for name, path in MODULES.items():
        if path == module != name:
            return name
    return module
