"""`:vars`."""

from __future__ import annotations

from math import prod
from types import FunctionType
from typing import Any

from gradsh.commands.help import call_of
from gradsh.commands.show import row_of
from gradsh.engine.core.dtypes import DType
from gradsh.engine.core.modes import swapped
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.reports import StateRow, Variables
from gradsh.runtime.text import function_name, is_model, shown
from gradsh.shell.asking import is_net, named, names
from gradsh.shell.prompt import Shell
from gradsh.shell.registry import Misused, shell_command

Row = tuple[str, str, str, str, str]
PLAIN = (bool, int, float, str)
LONG = 24  # characters of a plain value


@shell_command(":vars [TEXT]", example=":vars w", offers=names, while_paused=True)
def vars(shell: Shell, rest: str) -> None:
    """Every name that is bound, with its kind, shape and dtype, and how its gradient stands."""
    with swapped(shell.session.context):  # which has counted the backward passes
        found = [row(name, value) for name, value in named(shell).items() if rest in name]
    if rest and not found:
        raise Misused(f"no name has {rest!r} in it; `:vars` lists all")
    shell.session.display.report(Variables(found))


def row(name: str, value: Any) -> Row:
    """The texts of one line."""
    if isinstance(value, Tensor):
        state = row_of(name, value)
        return name, "tensor", f"[{', '.join(map(str, state.shape))}]", state.dtype, gradient(state)
    if is_net(value):
        return net(name, value)
    if is_model(value):
        return name, f"model {call_of(function_name(value), value.body, 1)}", "", "", ""
    return name, kind(name, value), "", "", ""


def gradient(state: StateRow) -> str:
    """How the gradient of a tensor stands, in words."""
    if not state.requires_grad:
        return "computed" if state.grad is not None else ""
    if not state.is_leaf and not state.retains_grad:
        return f"passes through {state.grad_fn}, not kept"
    of = "leaf" if state.is_leaf else f"kept at {state.grad_fn}"
    if state.grad is None:
        return f"{of}, none yet"
    return f"{of}, sum of {state.passes} backwards" if state.passes > 1 else f"{of}, computed"


def net(name: str, model: Any) -> Row:
    """A model: what its parameters have."""
    found = [row_of(path, t) for path, t in model.named_parameters()]
    wanted = [state for state in found if state.requires_grad]
    have = sum(state.grad is not None for state in wanted)
    elements = sum(prod(state.shape) for state in found)
    shape = f"{len(found)} tensors, {elements:,} elements" if found else "no parameters"
    dtypes = ", ".join(dict.fromkeys(state.dtype for state in found))
    return name, f"a {type(model).__name__}", shape, dtypes, f"{have} of {len(wanted)} computed" if wanted else ""


def kind(name: str, value: Any) -> str:
    """Anything else in a few words: `fn f(x)`, `3`, `a list of 2`."""
    function = getattr(value, "__func__", value)
    if isinstance(function, FunctionType) and is_users(function):
        return f"fn {call_of(function_name(value), function, int(function is not value))}"
    if callable(value):
        return f"built-in {function_name(value)}"
    if value is None:
        return "none"
    if isinstance(value, DType):
        return f"dtype {value.name}"
    if isinstance(value, PLAIN):
        text = shown(value)
        return f"{type(value).__name__} {text if len(text) <= LONG else text[: LONG - 1] + '…'}"
    if isinstance(value, (list, tuple, dict, set)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
