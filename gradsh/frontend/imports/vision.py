"""`torchvision`: its ResNets, whose weights are read from the folder that GRADSH_WEIGHTS names."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.frontend.imports import NONE, Module, of_members
from gradsh.runtime.builtins import BUILTINS

__acts_for_programs__ = True

FOLDER = "GRADSH_WEIGHTS"
FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resnet.grad")
# the function of the file that builds each, the blocks of its stages, and what else it takes
NETS: dict[str, tuple[str, list[int], tuple[int, ...]]] = {
    "resnet18": ("basic", [2, 2, 2, 2], ()),
    "resnet34": ("basic", [3, 4, 6, 3], ()),
    "resnet50": ("deep", [3, 4, 6, 3], ()),
    "resnet101": ("deep", [3, 4, 23, 3], ()),
    "resnet152": ("deep", [3, 8, 36, 3], ()),
    "resnext50_32x4d": ("deep", [3, 4, 6, 3], (32, 4)),
    "wide_resnet50_2": ("deep", [3, 4, 6, 3], (1, 128)),
}


@cache
def _space() -> dict[str, Any]:
    with open(FILE, encoding="utf-8") as stream:
        text = stream.read()
    return BUILTINS.library.run("torchvision/models/resnet.grad", text)


def load_all() -> None:
    """Make ready what is not to be read later, behind the door of a sandbox."""
    _space()


def _net(session: Any, name: str) -> Callable[..., Any]:
    build, blocks, more = NETS[name]

    def make(pretrained: Any = False, progress: Any = True, *, weights: Any = None, num_classes: int = 1000) -> Any:
        net = _space()["." + build](blocks, num_classes, *more)
        if pretrained or weights is not None:
            _fill(session, name, net)
        return net

    make.__name__ = make.__qualname__ = name
    return make


def _fill(session: Any, name: str, net: Any) -> None:
    """Read the weights, if the file is there; else say so and leave those that the net has."""
    folder = session.context.host.env(FOLDER)
    path = _file(folder, name) if folder else None
    if path is None:
        where = f"there is no file of {name} in {folder}" if folder else f"{FOLDER} names no folder"
        mode.warn(f"{name}: the trained weights are not there, and the initial ones are used: {where}")
        return
    net.load_state_dict(session.context.host.load(path, None))


def _file(folder: str, name: str) -> str | None:
    """The file of a net: `resnet18.safetensors`, `resnet18-f37072fd.pth`."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    found = [n for n in names if n.startswith(name) and n[len(name) : len(name) + 1] in ".-_"]
    found = [n for n in found if n.endswith((".safetensors", ".pth", ".pt", ".npz"))]
    return os.path.join(folder, found[0]) if found else None


def _weights(name: str) -> Any:
    """`ResNet18_Weights.DEFAULT` and its kin: that there are to be some."""
    chosen = ("DEFAULT", "IMAGENET1K_V1", "IMAGENET1K_V2")
    return of_members(f"torchvision.models.{name}", dict.fromkeys(chosen, name))


def module(session: Any, name: str) -> Module:
    def find(member: str) -> Any:
        if member in NETS:
            return _net(session, member)
        return _weights(member) if member.endswith("_Weights") else NONE

    models = Module("torchvision.models", find)
    models.known["resnet"] = models
    return of_members("torchvision", {"models": models, "__version__": "0.28.0"})
