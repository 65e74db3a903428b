"""Calls as they are written, and what can be seen of one that has run: all that is loaded before a plan is worth it."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import is_users
from gradsh.plans.refusal import NoPlan

if TYPE_CHECKING:
    from gradsh.plans.reach import Guards, Reach

MOST = 2000  # things that are looked at to see whether a call wrote to them


class FunctionCall:
    """A call of a function of the program: `given` are its arguments and outer names, by name.

    real(given)    runs it as it is written, with what is given now
    copied(shadow) the call of copies
    guard(guards)  writes what must be so of what is given
    named()        what is given, as a plan that is read calls it
    """

    def __init__(self, code: CodeType, space: dict[str, Any], given: Any) -> None:
        self.code, self.space, self.given = code, space, given

    def function(self, space: dict[str, Any], given: dict[str, Any], of: Callable[[Any], Any]) -> Callable[[], Any]:
        """The call of the function with these globals, and with what `of` makes of its arguments and outer names."""
        code = self.code
        cells = []
        for name in code.co_freevars:
            if name not in given:
                raise NoPlan(f"{name.lstrip('.')} is not bound yet")
            cells.append(CellType(of(given[name])))
        made = FunctionType(code, space, code.co_name, None, tuple(cells))
        count = code.co_argcount + code.co_kwonlyargcount
        names = list(code.co_varnames[: count + bool(code.co_flags & 4) + bool(code.co_flags & 8)])
        options = of(given[names.pop()]) if code.co_flags & 8 else {}
        rest = of(given[names.pop()]) if code.co_flags & 4 else ()
        arguments = [of(given[name]) for name in names]
        positional = arguments[: code.co_argcount]
        named = dict(zip(names[code.co_argcount :], arguments[code.co_argcount :], strict=True))
        return lambda: made(*positional, *rest, **named, **options)

    def real(self, given: dict[str, Any]) -> Any:
        return self.function(self.space, given, lambda x: x)()

    def copied(self, shadow: Reach) -> Callable[[], Any]:
        shadow.check(self.code)
        for name, value in self.given.items():
            shadow.depth = name in self.code.co_freevars
            shadow.of(value)
        shadow.depth = 0
        return self.function(shadow.space(self.space, self.code), self.given, shadow.of)

    def guard(self, guards: Guards) -> None:
        for name, value in self.given.items():
            guards.like(f"given[{name!r}]", value)
        guards.globals(self.space, self.code)

    def named(self) -> list[tuple[str, Any]]:
        return list(self.given.items())

    def reached(self) -> list[Any]:
        return [*self.given.values(), *globals_of(self.space, self.code)]


class TransformCall:
    """A call of a transform of the engine, with its arguments: as `FunctionCall`."""

    def __init__(self, transform: Any, arguments: Any) -> None:
        self.transform, self.given = transform, arguments

    def real(self, given: tuple[Any, ...]) -> Any:
        return self.transform(*given)

    def copied(self, shadow: Reach) -> Callable[[], Any]:
        arguments = [shadow.of(each) for each in self.given]
        return lambda: self.transform(*arguments)

    def guard(self, guards: Guards) -> None:
        for at, value in enumerate(self.given):
            guards.like(f"given[{at}]", value)

    def named(self) -> list[tuple[str, Any]]:
        return []  # a function that is transformed has names for it

    def reached(self) -> list[Any]:
        return list(self.given)


def globals_of(space: dict[str, Any], code: CodeType) -> list[Any]:
    """What is bound to the names of a program that the code reads."""
    return [space[name] for name in code.co_names if name[0] == "." and name in space]


def tensors_in(first: list[Any]) -> list[Tensor]:
    """The tensors that these reach, through lists, functions, models and optimisers; the first of them, where many."""
    found: list[Tensor] = []
    seen: set[int] = set()
    ahead = list(first)
    while ahead and len(seen) < MOST:
        x = ahead.pop()
        if x is None or id(x) in seen:
            continue
        kind = type(x)
        if kind is Tensor:
            found.append(x)
        elif kind is list or kind is tuple:
            ahead += x
        elif isinstance(x, dict):
            ahead += x.values()
        elif kind is FunctionType:
            ahead += [cell.cell_contents for cell in x.__closure__ or () if cell != EMPTY]
            if is_users(x):
                ahead += globals_of(x.__globals__, x.__code__)
        elif kind is MethodType:
            ahead.append(x.__self__)
        elif kind.__module__.startswith(HOLDERS):
            ahead += [getattr(x, name, None) for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())]
        else:
            continue
        seen.add(id(x))
    return found


EMPTY = CellType()
HOLDERS = ("gradsh.engine.nn.", "gradsh.engine.optim.")


def marks(tensors: list[Tensor]) -> list[Any]:
    """What tells whether somebody wrote to them, or left them a gradient."""
    found: list[Any] = []
    for x in tensors:
        found += (x.data, x.gradient, x.node, 0 if x.storage is None else x.storage.version)
    return found


def unmarked(tensors: list[Tensor], before: list[Any]) -> bool:
    """Whether nobody has."""
    after = marks(tensors)
    return all(a is b or (type(a) is int and a == b) for a, b in zip(after, before, strict=True))


def has_graph(x: Any) -> bool:
    """Whether a result, or an item of it, has a graph."""
    if type(x) is Tensor:
        return x.node is not None
    if isinstance(x, (tuple, list)):
        return any(map(has_graph, x))
    return isinstance(x, dict) and any(map(has_graph, x.values()))
