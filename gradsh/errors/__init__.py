"""Every error a user can see: its stable code, its words, the places it points at. Nothing here renders.

An error is one class, in the file of its group: `e04_autograd.py` has E0401, E0402, …. It carries a `code` that never
changes once released, a `summary` (one line, for the reference page) and an `example` (gradsh text that triggers it),
so that documentation and tests are loops over `REGISTRY`. What belongs to one occurrence stands in the instance:
`message` (PyTorch's own words first, where PyTorch has the error), `labels` (the first is the primary one; a session
adds it when it is missing) and `help`.

Codes that begin with W are warnings, see gradsh.lints.

A group is loaded when one of its classes is first asked for: a class takes 12 µs to make, and most programs that run
without an error need two groups of the seven.
"""

from __future__ import annotations

from importlib import import_module

from gradsh.errors.base import *
from gradsh.errors.base import LOADED, GradshError

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from gradsh.errors.e01_syntax import *
    from gradsh.errors.e02_names import *
    from gradsh.errors.e03_values import *
    from gradsh.errors.e04_autograd import *
    from gradsh.errors.e05_files import *
    from gradsh.errors.e06_running import *
    from gradsh.errors.e09_limits import *

    REGISTRY: dict[str, type[GradshError]]

# In the order in which a class is looked for: those first that every program loads.
GROUPS = ("e03_values", "e04_autograd", "e06_running", "e09_limits", "e05_files", "e02_names", "e01_syntax")


def __getattr__(name: str) -> object:
    """A class of one of the groups, or REGISTRY: all classes by their codes, in the order of these."""
    if name == "REGISTRY":
        for group in GROUPS:
            import_module(f"gradsh.errors.{group}")
        found: object = dict(sorted(LOADED.items()))
    else:
        found = _find(name)
    globals()[name] = found
    return found


def _find(name: str) -> object:
    if name[:1].isupper():
        for group in GROUPS:
            found = getattr(import_module(f"gradsh.errors.{group}"), name, None)
            if found is not None:
                return found
    raise AttributeError(f"module 'gradsh.errors' has no attribute {name!r}")
