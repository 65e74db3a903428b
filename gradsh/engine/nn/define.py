"""The class of a model that is written in gradsh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradsh.engine.nn.module import LibraryModel, Model, ModelType


def define(
    name: str,
    body: Callable[..., None],
    hidden: frozenset[str],
    spell: Callable[[Any, dict[str, Any]], dict[str, Any]],
    library: bool,
) -> ModelType:
    """The class of a model that is written in gradsh."""
    parts = {
        "__slots__": (),
        "__module__": ModelType.__module__,
        "body": staticmethod(body),
        "spell": staticmethod(spell),
    }
    return ModelType(name, (LibraryModel if library else Model,), {**parts, "hidden": hidden})
