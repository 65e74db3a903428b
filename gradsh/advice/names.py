"""Advice on names that are not bound where they are read."""

from __future__ import annotations

from types import CodeType

from gradsh.advice.scene import Scene
from gradsh.calls.suggest import suggest
from gradsh.language import nodes
from gradsh.language.models import SELF

# what programs call modules, where it is not the module's own name
SHORT = {
    "nn": "import torch.nn as nn",
    "F": "import torch.nn.functional as F",
    "optim": "import torch.optim as optim",
    "np": "import numpy as np",
    "plt": "import matplotlib.pyplot as plt",
}


def unbound(scene: Scene) -> None:
    """E0605: a name that is assigned later in the same function hides the one outside; one that nothing has bound."""
    name = scene.error.message.split("'")[1]
    if "local variable" in scene.error.message:
        if f".{name}" in scene.globals:
            scene.offer(
                f"the function assigns `{name}` further on, so the name is its own; give the outer one as a parameter"
            )
    elif "is not defined" in scene.error.message and scene.error.help is None:
        scene.error.help = of_self(scene, name) or brought(scene, name) or near(scene, name)
        if scene.error.help is None and isinstance(scene.tree, nodes.AugAssign) and scene.text.startswith(name):
            scene.error.help = f"`{name}` has no value before: `{name} = 0`"


def of_self(scene: Scene, name: str) -> str | None:
    """`fc(x)` in a method, where `self.fc` is meant."""
    from gradsh.frontend.access import names

    held = scene.frames[0][1].get("." + SELF) if scene.frames else None
    return f"did you mean `{SELF}.{name}`?" if held is not None and name in names(held) else None


def near(scene: Scene, name: str) -> str | None:
    """The name that was meant, among those of the program and what there is without an import."""
    inner = scene.frames[0] if scene.frames else (None, {})
    code = inner[0]
    own = [*inner[1], *(code.co_freevars if isinstance(code, CodeType) else ()), *scene.globals]
    known = [key[1:] for key in own if key.startswith(".") and key[1:].isidentifier()]
    close = suggest(name, [*known, *scene.globals["@table"].names()])
    return f"did you mean `{close}`?" if close else None


def brought(scene: Scene, name: str) -> str | None:
    """The import that is missing."""
    from gradsh.frontend.imports import FILES
    from gradsh.language.exporting.paths import paths
    from gradsh.language.python.torch import TORCH

    if name in SHORT or name in FILES or name in TORCH:
        return f"`{SHORT.get(name, f'import {name}')}` at the top of the program brings it"
    module = paths().get(name, "")
    return f"`from {module} import {name}` brings it" if module.startswith("torch") else None
