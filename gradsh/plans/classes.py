"""Classes that a Python program writes, and their instances, in a shadow.

A class is copied with all that its body has bound, so that no method that runs in a recording reaches anything of the
program; its bases likewise, and `__class__`, by which `super()` knows where it stands.
"""

from __future__ import annotations

from types import FunctionType, MemberDescriptorType
from typing import Any

from gradsh.engine.core.users import ModelKind, is_users
from gradsh.plans.kinds import is_hints
from gradsh.plans.refusal import Closed, NoPlan

FRONTEND = "gradsh.frontend."
METACLASSES = ("ProgramType", "NetworkType", "MixedType")
# What Python itself keeps of a class, or is made with it.
GIVEN = frozenset({"__dict__", "__weakref__", "__doc__", "__abstractmethods__", "written", "runs"})


# The globals that a class's hints stand in: to read one there would give what is the program's own.
UNREAD = Closed("the body reads what a class says of its names")


def is_written(kind: type) -> bool:
    """Whether it is a class of a Python program."""
    return "written" in vars(kind) and kind.__module__ == "__main__"


def is_instance(x: Any) -> bool:
    """Whether it is an object of a plain class of a Python program."""
    kind = type(x)
    return type(kind).__qualname__ == "ProgramType" and is_written(kind)


def check_class(kind: type) -> None:
    """Errors: NoPlan for a class of which no plan knows what its objects are, or whose making runs the program."""
    if isinstance(kind, ModelKind) and not is_written(kind) and kind.body is not None and not kind.library:  # type: ignore[attr-defined]
        raise NoPlan(f"the body reaches the class {kind.__name__} itself")
    if is_written(kind):
        if type(kind).__qualname__ not in METACLASSES or getattr(kind, "hosted", False):
            raise NoPlan(f"{kind.__name__} is a class of a kind that no plan knows")
        if any("__new__" in base.__dict__.get("written", ()) for base in kind.__mro__):
            raise NoPlan(f"{kind.__name__} is a class of a kind that no plan knows")


def copied(shadow: Any, kind: type) -> type:
    """The copy of a class that is written in the program, with those of its bases."""
    check_class(kind)
    members = vars(kind)
    keep = {name: members[name] for name in ("__module__", "__qualname__", "__slots__", "slots", "hosted", "spell")
            if name in members}  # fmt: skip
    bases = tuple(shadow.of(base) if is_written(base) else base for base in kind.__bases__)
    found = shadow.copies.get(id(kind))
    if found is not None:  # a base has reached it
        return found[1]  # type: ignore[no-any-return]
    made: Any = type(kind)(kind.__name__, bases, {**keep, "written": {}})
    shadow.kept(kind, made, True)
    for name, value in members["written"].items():
        made.written[name] = member(shadow, value)
    for name, value in members.items():
        if name not in GIVEN and name not in keep and not isinstance(value, MemberDescriptorType):
            type.__setattr__(made, name, member(shadow, value))
    if "runs" in members:
        type.__setattr__(made, "runs", member(shadow, members["runs"]))
    return made  # type: ignore[no-any-return]


def member(shadow: Any, value: Any) -> Any:
    """The copy of what a class binds."""
    kind = type(value)
    if kind is staticmethod or kind is classmethod:
        return shadow.kept(value, kind(member(shadow, value.__func__)))
    if kind is property:
        return shadow.kept(value, property(*(member(shadow, each) for each in (value.fget, value.fset, value.fdel))))
    if kind is FunctionType and not is_users(value) and (value.__module__ or "").startswith(("gradsh.", "torch")):
        return around(shadow, value)
    if type(value) is object:  # what says that there is none
        return value
    if is_hints(value):
        return shadow.kept(value, kind(value, UNREAD), True)
    return shadow.of(value)


def around(shadow: Any, function: FunctionType) -> Any:
    """The copy of a function of gradsh's that a class has, which may call one of the program's."""
    if not function.__closure__:
        return function
    found = shadow.copies.get(id(function))
    if found is not None:
        return found[1]
    cells = tuple(shadow.of(cell) for cell in function.__closure__)
    made = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, cells)
    made.__kwdefaults__ = function.__kwdefaults__
    made.__dict__.update(function.__dict__)
    return shadow.kept(function, made)


def class_of(shadow: Any, x: Any) -> Any:
    """The class of the copy of an object."""
    kind = type(x)
    return shadow.of(kind) if is_written(kind) else kind
