"""Operators by name, on arrays (`A`) and on tensors (`T`): two empty tables that the entries fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.core.tensor import output_tensor, restore


def _nothing() -> None:
    """Before `gradsh.engine.ops` is imported there is nothing to load."""


loader: Callable[[], None] = _nothing


def loads_with(load: Callable[[], None]) -> None:
    """Hand in what loads every operator: a rule may name one whose file no program has needed yet."""
    global loader
    loader = load


class Namespace:
    """Operators by name: `A` runs them on arrays, `T` on tensors."""

    def __getattr__(self, name: str) -> Any:
        loader()
        try:
            return self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    # how a rule sees what was saved for it; the tensors' namespace gives tensors with their history
    @staticmethod
    def restore(x: Any, edge: Any) -> Any:
        return x.data

    @staticmethod
    def output(node: Any, data: Any) -> Any:
        return data


class TensorNamespace(Namespace):
    restore = staticmethod(restore)
    output = staticmethod(output_tensor)


A = Namespace()
T = TensorNamespace()
