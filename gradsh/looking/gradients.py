"""A backward that is run in order to look at it."""

from __future__ import annotations

from gradsh.engine.autograd.backward import seeds, with_grad_mode
from gradsh.engine.core.graph import Where
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime.watching import Watching


def watch(root: Tensor, gradient: Tensor | None, *, touches: bool, keep: bool, where: Where | None) -> Watching:
    """Run backward from `root`: with `touches` as `backward` does. Errors: those of `backward`."""
    walk = Watching(touches, keep, where)
    with_grad_mode(walk, seeds([root], [gradient], False))
    if touches:
        walk.note()
    return walk
