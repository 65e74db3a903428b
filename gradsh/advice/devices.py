"""Advice on devices: the one there is, in the place of the one that was named."""

from __future__ import annotations

from gradsh.advice.quoted import dtype_in_quotes
from gradsh.advice.scene import Scene
from gradsh.language import nodes


def cpu(scene: Scene) -> None:
    """E0315: the same line with the CPU."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call) or dtype_in_quotes(scene):
        return
    words = "there is one device, the CPU: "
    function = tree.function
    name = function.name if isinstance(function, nodes.Attribute | nodes.Name) else ""
    if name == "cuda" and isinstance(function, nodes.Attribute):
        scene.instead((tree, f"{scene.text_of(function.value)}.cpu()"), words=words)
        return
    for argument in tree.arguments:
        if argument.name == "device" or (argument.name is None and name in ("to", "device")):
            scene.instead((argument.value, '"cpu"'), words=words)
            return
