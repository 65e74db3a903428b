"""Dictionaries that a program is given for what lies elsewhere: `globals()`, `model.__dict__`, `model._modules`."""

from __future__ import annotations

from typing import Any


class Through(dict[str, Any]):
    """What is put in or taken out here is `bound` or `unbound` there too; `|` makes a plain dictionary."""

    __slots__ = ()

    def bound(self, name: str, value: Any) -> None:
        raise NotImplementedError

    def unbound(self, name: str) -> None:
        raise NotImplementedError

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self.bound(name, value)

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self.unbound(name)

    def update(self, *others: Any, **named: Any) -> None:
        for name, value in dict(*others, **named).items():
            self[name] = value

    def setdefault(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, *default: Any) -> Any:
        if name not in self:
            return super().pop(name, *default)
        value = self[name]
        del self[name]
        return value

    def popitem(self) -> tuple[str, Any]:
        name = next(reversed(self)) if self else ""
        return name, self.pop(name)

    def clear(self) -> None:
        for name in list(self):
            del self[name]

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]  # as of a dict of other kinds
        self.update(other)
        return self
