"""Graphs that keep less, and compute it again: torch.utils.checkpoint."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.operators.composite import python_function
from gradsh.errors import ValueError_

__acts_for_programs__ = True  # what it is given to go over may be anything

SAID = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in PyTorch 2.9, calling "
    "checkpoint without use_reentrant will raise an exception. use_reentrant=False is recommended, but if you need to "
    "preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)
SAID_OF_SEVERAL = (
    "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly. In version "
    "2.9 we will raise an exception if use_reentrant is not passed. use_reentrant=False is recommended, but if you "
    "need to preserve the current default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
    "the differences between the two variants."
)


@python_function(
    "checkpoint(function, *args, use_reentrant: bool=None, determinism_check='default', early_stop=True, "
    "preserve_rng_state=True, **kwargs)",
    example="let x = tensor(2., grad); backward checkpoint(fn(v) = v.exp().sin(), x, use_reentrant=false); x.grad",
)
def checkpoint(
    function: Any,
    *args: Any,
    use_reentrant: Any = None,
    determinism_check: str = "default",
    early_stop: Any = True,
    preserve_rng_state: Any = True,
    **kwargs: Any,
) -> Any:
    """The value of `function`, of which nothing is kept for backward but the arguments: it is computed again there."""
    from gradsh.engine.autograd import checkpoint as engine

    if use_reentrant is None:
        mode.warn(SAID)
        use_reentrant = True
    if use_reentrant:
        if kwargs:
            raise ValueError_("Unexpected keyword arguments: " + ",".join(kwargs))
        return engine.reentrant(function, args, preserve_rng_state)
    return engine.hooked(function, args, kwargs, preserve_rng_state, determinism_check, early_stop)


@python_function(
    "checkpoint_sequential(functions, segments, input, use_reentrant: bool=None, *, preserve_rng_state=True, **kwargs)",
    example="let net = Sequential(Linear(2, 2), Tanh(), Linear(2, 1)); "
    "checkpoint_sequential(net, 2, ones(1, 2), use_reentrant=false).shape",
)
def checkpoint_sequential(
    functions: Any,
    segments: Any,
    input: Any,
    use_reentrant: Any = None,
    *,
    preserve_rng_state: Any = True,
    **kwargs: Any,
) -> Any:
    """A Sequential, or a list of functions, in segments of which all but the last are checkpoints."""
    from gradsh.engine.autograd import checkpoint as engine

    if use_reentrant is None:
        mode.warn(SAID_OF_SEVERAL)
        use_reentrant = True
    if kwargs:
        raise ValueError_("Unexpected keyword arguments: " + ",".join(kwargs))
    parts = functions.children() if hasattr(type(functions), "children") else functions
    return engine.in_segments(list(parts), segments, input, bool(use_reentrant), preserve_rng_state)
