"""Advice on dtypes in quotes, as NumPy takes them."""

from __future__ import annotations

import numpy as np

from gradsh.advice.scene import Scene
from gradsh.engine.core.dtypes import OF
from gradsh.language import nodes


def dtype_in_quotes(scene: Scene) -> bool:
    """`zeros(2, dtype="float32")`, `zeros(2, 3, 'float')`, `x.to('float64')`, as in NumPy: a dtype is a name."""
    tree = scene.tree
    if not isinstance(tree, nodes.Call):
        return False
    for argument in tree.arguments:
        dtype = dtype_named(argument.value.value) if isinstance(argument.value, nodes.String) else ""
        if dtype and argument.name in (None, "dtype"):
            is_method = isinstance(tree.function, nodes.Attribute) and tree.function.name in ("to", "type")
            scene.instead((argument.value, dtype if argument.name or is_method else f"dtype={dtype}"))
            return True
    return False


def dtype_named(said: str) -> str:
    """The dtype that NumPy means by a string, "float" has 64 bits there; "" for none."""
    try:
        return repr(OF[np.dtype(said)]) if said else ""
    except (TypeError, KeyError, ValueError):
        return ""
