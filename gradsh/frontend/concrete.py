"""PyTorch's own optimisers, schedulers, data sets, samplers, loaders and distributions as bases of a program's classes.

`class Clipped(Adam)` derives from a class that is made here: the engine's, whose methods are there to be called as
`super().step()`. Its instances are begun by the engine's `__init__` where that calls what a program may have written
anew (a scheduler's first step), and else take over what an instance of the engine's own class holds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

from gradsh.engine.operators.registry import OPERATORS
from gradsh.frontend.access import HOST
from gradsh.frontend.classes import ABSENT, Object, ProgramType, inside_of, lookup, object_text
from gradsh.frontend.optimizers import OwnOptimizer

__acts_for_programs__ = True

# methods that Python calls, as far as these classes have them
_CALLED = frozenset(("__add__", "__call__", "__eq__", "__getitem__", "__iter__", "__len__"))
# those whose `__init__` is begun with what programs give
_BEGUN = frozenset(("Distribution", "LRScheduler", "Optimizer", "Transform"))
_GETITEMS = (
    "{} overrides __getitem__ but not __getitems__. When subclassing Subset and overriding __getitem__, you must also "
    "override __getitems__ to ensure DataLoader works correctly with your custom logic. A simple implementation:\n\n"
    "def __getitems__(self, indices):\n    return [self.__getitem__(idx) for idx in indices]"
)
# by PyTorch's names: what the engine's classes have by others, and what those call that a program writes
_NAMES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "Distribution": (
        {
            "_batch_shape": "batch_shape",
            "_event_shape": "event_shape",
            "_extended_shape": "extended",
            "_validate_args": "validates",
            "_validate_sample": "checked",
        },
        {},
    ),
    "Transform": ({"_call": "forth", "_inverse": "back"}, {"forth": "_call", "back": "_inverse"}),
}


@cache
def own_base(kind: Any, construct: Callable[..., Any]) -> Any:
    """The class that a program's derives from; `construct` is what makes an instance of the engine's."""
    found = {name: value for base in reversed(kind.__mro__[:-1]) for name, value in vars(base).items()}
    written: dict[str, Any] = {
        name: value
        for name, value in found.items()
        if name in _CALLED or (name in kind.__public__ and isinstance(value, (FunctionType, property)))
    }
    above = {base.__name__ for base in kind.__mro__}
    begin = written["__init__"] = _begins(kind) if above & _BEGUN else _taking_over(kind, construct)
    HOST[kind] = kind.__public__ | kind.__fields__
    made: Any = ProgramType(kind.__name__, (kind, Object), {"written": written, "stands_for": kind})
    made.hosted, made.slots = True, None
    made.inside = inside_of(kind)
    made.__init__ = begin
    if "Optimizer" in above:
        made.called = OwnOptimizer.called
    for name, (inside, calls) in _NAMES.items():
        if name in above:
            for theirs, ours in inside.items():
                written[theirs] = getattr(kind, ours)
                type.__setattr__(made, theirs, written[theirs])
            for ours, theirs in calls.items():
                type.__setattr__(made, ours, _calling(theirs))
    if not above & {"Optimizer", *_NAMES}:
        made.__repr__ = object_text
    return made


def _calling(name: str) -> Callable[..., Any]:
    def call(self: Any, *arguments: Any) -> Any:
        return getattr(self, name)(*arguments)

    return call


def _begins(kind: Any) -> Callable[..., None]:
    signature = next(entry.signature for entry in OPERATORS.values() if getattr(entry.apply, "makes", None) is kind)

    def begin(self: Any, *arguments: Any, **keywords: Any) -> None:
        kind.__init__(self, *signature.bind(arguments, keywords))

    return begin


def _taking_over(kind: Any, construct: Callable[..., Any]) -> Callable[..., None]:
    def begin(self: Any, *arguments: Any, **keywords: Any) -> None:
        if kind.__name__ == "Subset":
            own = lookup(type(self), "__getitem__") is not kind.__dict__["__getitem__"]
            if own and lookup(type(self), "__getitems__") is ABSENT:
                raise NotImplementedError(_GETITEMS.format(type(self).__name__))
        self.__dict__.update(vars(construct(*arguments, **keywords)))

    return begin
