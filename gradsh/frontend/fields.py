"""What a program puts on an object of a class that PyTorch has in Python: `dataset.classes = [...]`, `opt.step = f`.

Such a class of the engine says so by `__fields__`, which names what it holds beside `__public__`. What the program puts
there is in the object's `__dict__`, under a name that no Python name can be.
"""

from __future__ import annotations

from types import FunctionType, MemberDescriptorType
from typing import Any

from gradsh.errors import ValueError_
from gradsh.runtime import access

ABSENT = object()
# what PyTorch lets nobody change once a loader is made
FIXED = frozenset(("batch_sampler", "batch_size", "dataset", "drop_last", "persistent_workers", "sampler"))


def takes_fields(kind: type) -> bool:
    """Is it such a class?"""
    return hasattr(kind, "__fields__")


def field(value: Any, name: str) -> Any:
    """`value.name` of an object of such a class. Errors: AttributeError_ in Python's words."""
    held = value.__dict__.get("@" + name, ABSENT)
    if held is not ABSENT:
        return held
    if name in type(value).__fields__:
        return getattr(value, name)
    if name in getattr(value, "__options__", ()) and name not in type(value).__public__:
        raise access.missing(value, name)  # `opt.lr` is gradsh's: PyTorch's groups have it
    return access.attribute(value, name)


def put_field(value: Any, name: str, new: Any) -> None:
    """`value.name = new`; a method is hidden by it, also from the class's own. Errors: AttributeError_ for a property,
    ValueError_ for what PyTorch lets nobody change."""
    kind = type(value)
    if name in FIXED and kind.__name__ == "DataLoader":
        raise ValueError_(f"{name} attribute should not be set after DataLoader is initialized")
    inside = getattr(kind, name, None)
    held = name in value.__dict__ or type(inside) is MemberDescriptorType
    if name in kind.__fields__ or (name in kind.__public__ and held):
        setattr(value, name, new)
        return
    if isinstance(inside, FunctionType) and name in kind.__public__:
        value.__dict__[name] = new
    elif inside is not None or held or name[:2] == "__":
        access.set_attribute(new, value, name)
        return
    value.__dict__["@" + name] = new


def drop_field(value: Any, name: str) -> bool:
    """Whether it was there."""
    if "@" + name not in value.__dict__:
        return False
    value.__dict__.pop(name, None)
    del value.__dict__["@" + name]
    return True


def names_of(value: Any) -> list[str]:
    """The names of what the program has put there."""
    return [name[1:] for name in value.__dict__ if name[0] == "@"]
