"""Named results, as `max(x, 0)` gives them: a tuple whose items have names."""

from __future__ import annotations

from typing import Any

from gradsh.engine.core.modes import mode


class Named(tuple[Any, ...]):
    """A tuple with named items; prints as PyTorch's `return_types.max(values=..., indices=...)`."""

    kind: str
    names: tuple[str, ...]

    def __repr__(self) -> str:
        inside = ",\n".join(f"{name}={value!r}" for name, value in zip(self.names, self, strict=True))
        return f"{mode.module}return_types.{self.kind}(\n{inside})"

    def field(self, name: str) -> Any:
        """The item called `name`; KeyError when there is none."""
        if name not in self.names:
            raise KeyError(name)
        return self[self.names.index(name)]


KINDS: dict[str, type[Named]] = {}


def kind_named(kind: str) -> type[Named]:
    """The class of such results, `torch.return_types.max` in Python."""
    made = KINDS.get(kind)
    if made is None:
        full = f"torch.return_types.{kind}"  # as it is said in errors
        members = {"__module__": "gradsh.engine.core.named", "__full_name__": full, "kind": kind}
        made = KINDS[kind] = type(kind, (Named,), members)
    return made


def named(kind: str, **items: Any) -> Named:
    """A named result of the operator `kind`."""
    result = kind_named(kind)(items.values())
    result.names = tuple(items)
    return result
