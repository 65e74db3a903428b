"""What of gradsh a body may reach: functions that do nothing but to what they are given, and what of them must know
numbers that change."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from gradsh.engine.core.tensor import Tensor
from gradsh.plans.lists import is_readable
from gradsh.plans.numbers import KINDS, Number, called
from gradsh.plans.refusal import NoPlan
from gradsh.plans.values import Value

TRANSFORMS = "gradsh.engine.transforms."
MODES = "gradsh.frontend.torch"  # `with torch.no_grad():`
HOLDING = (TRANSFORMS, MODES)
# Rooms of the engine whose functions do nothing but to the tensors that they are given.
KNOWN = ("gradsh.engine.ops.", "gradsh.engine.operators.", "gradsh.engine.nn.functions.", TRANSFORMS)
UNKNOWN = ("gradsh.engine.ops.program.", "gradsh.engine.ops.distributions.")
ALLOWED = frozenset(
    {
        *("gradsh.engine.core.modes", "gradsh.engine.ops.program.autograd", "gradsh.engine.ops.program.inplace"),
        *("gradsh.engine.optim.clip", "gradsh.runtime.library"),
        "gradsh.engine.ops.program.functional",
    }
)
# Helpers of lowered programs that change nothing but what they are given.
HELPERS = frozenset(
    f"@{name}"
    for name in """
    attr set_attr method call count add_to multiply_by exponent bounded int key in items mapping or_to options Exception
    Exceptions matches raised failed tuple shift str template format formattable context super
    """.split()  # noqa: SIM905 - one each line would be thirty lines
)
# What a handler of a program begins with: it has caught what a recording has raised, too.
CATCHING = frozenset({"@exception", "@caught"})
# Python's own, as programs have it
PYTHONS = frozenset({"gradsh.runtime.python", "gradsh.frontend.kinds"})
CONVERTERS = frozenset({"Converter", "Items", "PythonType"})
FUNCTIONS = {
    MODES: frozenset({"_no_grad", "_enable_grad", "_inference", "_itself"}),
    "gradsh.runtime.python": frozenset({"isinstance"}),
    "gradsh.frontend.imports.pure": frozenset({"deepcopy"}),
    "gradsh.runtime.steps": frozenset({"any_of", "all_of"}),
    "gradsh.frontend.builtins": frozenset(
        {"is_instance", "is_subclass", "get_attribute", "has_attribute", "set_attribute", "is_callable", "next_of",
         "iterator", "called"}
    ),
}  # fmt: skip


def known(x: Any) -> bool:
    """Whether it is a function of gradsh's that changes nothing but what it is given."""
    if x is abs:  # which asks its argument
        return True
    module = getattr(x, "__module__", None) or ""
    kind = type(x)
    if kind.__module__ in PYTHONS and kind.__qualname__ in CONVERTERS:
        return True
    if kind is FunctionType and module in FUNCTIONS and (x.__name__ in FUNCTIONS[module] or transformed(x)):
        return True
    if module in ALLOWED or (kind.__module__, kind.__name__) == (MODES, "Mode"):
        return True
    return module.startswith(KNOWN) and not module.startswith(UNKNOWN)


def transformed(x: FunctionType) -> bool:
    """Whether it is what `grad(f)`, another transform or `torch.no_grad()` above a function gave: it holds `f`."""
    return x.__closure__ is not None and x.__module__.startswith(HOLDING)


OF_NUMBERS: dict[str, Any] = {function.__name__: function for function in (abs, round, min, max, sum)}


def summed(start: Any, *items: Any) -> Any:
    return sum(items, start)


def summing(function: Any) -> Any:
    """`sum`, for numbers that change too: from Python 3.12 on it is no chain of additions."""

    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and not options and is_readable(arguments[0]):
            return arguments[0].asked(function)
        start = (*arguments[1:], *options.values())
        if not arguments or len(start) > 1 or type(arguments[0]) is range or type(arguments[0]) is Tensor:
            return function(*arguments, **options)
        items = tuple(arguments[0])
        if not any(type(each) is Number for each in (*items, *start)):
            return function(items, *start)
        out = called(summed, (*(start or (0,)), *items))
        if out is NotImplemented:
            raise NoPlan("numbers are summed with what is none")
        return out

    return call


def numeric(function: Any) -> Any:
    """A function of a program on numbers or tensors, for numbers that change too."""
    of_numbers = OF_NUMBERS[function.__name__]
    if function.__name__ == "sum":
        return summing(function)

    def call(*arguments: Any, **options: Any) -> Any:
        if len(arguments) == 1 and not options and is_readable(arguments[0]):
            return arguments[0].asked(function)
        if not any(type(each) is Number for each in arguments):
            return function(*arguments, **options)
        out = NotImplemented if options else called(of_numbers, arguments)
        if out is NotImplemented:
            raise NoPlan(f"{function.__name__} of more than numbers")
        return out

    return call


def converting(dtype: Any) -> Any:
    """`int`, `float`, `bool`: of numbers that change too."""
    kind = type(dtype)

    class Converting(kind):  # type: ignore[misc, valid-type]
        __slots__ = ()

        def __call__(self, *arguments: Any, **options: Any) -> Any:
            if len(arguments) == 1 and not options and self.python in KINDS:
                x = arguments[0]
                if type(x) is Tensor and x.data.size == 1:  # of one that has a graph PyTorch warns, once
                    x = x.item() if self.python is bool else x._scalar()
                elif type(x) is Value and x.size == 1:  # a value of `loss.detach().numpy()`
                    x = x.item()
                if type(x) is Number:
                    return called(self.python, (x,))
            return kind.__call__(self, *arguments, **options)

    made = object.__new__(Converting)
    for base in kind.__mro__:
        for name in base.__dict__.get("__slots__", ()):
            if hasattr(dtype, name):
                object.__setattr__(made, name, getattr(dtype, name))
    return made
