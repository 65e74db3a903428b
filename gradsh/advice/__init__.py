"""What the engine cannot know of an error: names, lines and the way out of it.

The engine raises in PyTorch's words and says what the error is about (`subject`). When an error ends a program, the
session asks here for the rest: which variable that is, where it was made or cut off, and a line of gradsh that works.
One function per error, in the table `ADVICE`; each may add labels and offer help, and may find nothing to say. It reads
the program's text and variables, and changes neither.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.advice import arguments, devices, gradients, layers, names, oddities, program, values
from gradsh.advice.scene import Scene
from gradsh.advice.warnings import of_warning
from gradsh.errors import GradshError, Where
from gradsh.runtime.passes import Passes

__all__ = ["ADVICE", "advise", "of_warning"]

ADVICE: dict[str, Callable[[Scene], None]] = {
    "E0302": layers.shapes,
    "E0303": layers.dtypes,
    "E0304": values.dims,
    "E0305": values.indices,
    "E0306": arguments.kind,
    "E0307": arguments.value,
    "E0308": values.operation,
    "E0309": values.attribute,
    "E0312": values.key,
    "E0314": values.one_number,
    "E0315": devices.cpu,
    "E0401": gradients.no_graph,
    "E0402": gradients.freed,
    "E0403": gradients.non_scalar,
    "E0404": gradients.gradient_mismatch,
    "E0405": gradients.version_mismatch,
    "E0406": gradients.leaf_in_place,
    "E0407": gradients.unused_input,
    "E0408": gradients.leaf_flag,
    "E0409": gradients.not_leaf,
    "E0410": gradients.needs_detach,
    "E0411": gradients.autograd,
    "E0412": gradients.grad_assignment,
    "E0413": gradients.gradcheck,
    "E0414": oddities.nan_found,
    "E0601": program.assertion,
    "E0603": program.call,
    "E0604": program.not_callable,
    "E0605": names.unbound,
    "E0606": program.not_iterable,
    "E0901": program.recursion,
}


def advise(
    error: GradshError,
    raised: BaseException,
    space: dict[str, Any],
    passed: Where | None = None,
    passes: Passes | None = None,
) -> None:
    """Add to an error that ended a program what can be said in the program's own terms.

    `passed` is where the last backward was, `passes` what was noted of them.
    """
    act = ADVICE.get(error.code)
    if act is not None and error.labels:
        act(Scene(error, raised, space, passed, passes))
