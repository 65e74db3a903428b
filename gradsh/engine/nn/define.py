"""The class of a model that is written in gradsh."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import count
from typing import Any

from gradsh.engine.nn.module import LibraryModel, Model, ModelType
from gradsh.errors import IndexError_, NotIterable


def _length(model: Any) -> Any:
    return model.__member__("__len__")()


def _item(model: Any, index: Any) -> Any:
    return model.__member__("__getitem__")(index)


def _items(model: Any) -> Iterator[Any]:
    """Its items, as Python goes through what has no more than an index: up to the first that is not there."""
    try:
        for index in range(len(model)) if hasattr(model, "__len__") else count():
            yield model[index]
    except (IndexError, IndexError_):
        return


def _own_items(model: Any) -> Iterator[Any]:
    items = model.__member__("__iter__")()
    if not hasattr(type(items), "__iter__"):
        raise NotIterable(f"'{type(items).__name__}' object is not iterable")
    return iter(items)


# what Python itself calls, where a model has a method of that name
SPECIAL: dict[str, dict[str, Callable[..., Any]]] = {
    "__len__": {"__len__": _length},
    "__getitem__": {"__getitem__": _item, "__iter__": _items},
    "__iter__": {"__iter__": _own_items},
}


def define(
    name: str,
    fields: Collection[str],
    body: Callable[..., None],
    hidden: frozenset[str],
    spell: Callable[[Any, dict[str, Any]], dict[str, Any]],
    library: bool,
) -> ModelType:
    """The class of a model that is written in gradsh, with these fields.

    `fn __len__()` is asked by `len(…)`, `fn __getitem__(index)` by `…[index]` and by loops: such a model is a data set.
    `fn __iter__()` gives what loops go through.
    """
    parts: dict[str, Any] = {
        "__slots__": (),
        "__module__": ModelType.__module__,
        "body": staticmethod(body),
        "spell": staticmethod(spell),
    }
    for special, methods in SPECIAL.items():
        if special in fields:
            parts |= methods
    return ModelType(name, (LibraryModel if library else Model,), {**parts, "hidden": hidden})
