"""A backward that is run in order to look at it."""

from __future__ import annotations

from gradsh.engine.autograd.backward import seeds, with_grad_mode
from gradsh.engine.core.graph import Where
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import Tensor
from gradsh.runtime.notes import Noting
from gradsh.runtime.passes import Passing
from gradsh.runtime.watching import Watching


def watch(root: Tensor, gradient: Tensor | None, *, touches: bool, keep: bool, where: Where | None) -> Watching:
    """Run backward from `root`; with `touches` it is one, also for `why`. Errors: those of `backward`."""
    walk = Watching(False, keep, where)
    if touches:
        notes = mode.notes if isinstance(mode.notes, Noting) else Noting()
        walk = Passing(notes.passes, keep, where, notes.checking, shown=True)
        mode.passed = where
    with_grad_mode(walk, seeds([root], [gradient], False))
    return walk
