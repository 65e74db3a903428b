"""`sklearn.datasets`: the sets that come with scikit-learn, and those that it draws, where it is installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gradsh.errors import AttributeError_
from gradsh.frontend.arrays import called
from gradsh.frontend.imports import NONE, Module, no_module

__acts_for_programs__ = True

_SETS = """
load_iris load_digits load_wine load_breast_cancer load_diabetes make_moons make_circles make_blobs make_classification
make_regression make_swiss_roll make_s_curve make_gaussian_quantiles
"""
_HELPERS = {"model_selection": ("train_test_split",), "datasets": tuple(_SETS.split())}


def module(session: Any, name: str) -> Module:
    def find(member: str) -> Any:
        if member not in _HELPERS:
            return NONE
        return Module(f"sklearn.{member}", lambda word: _function(member, word))

    return Module("sklearn", find)


def _function(part: str, name: str) -> Any:
    if name not in _HELPERS[part]:
        return NONE
    try:
        found = getattr(import_module(f"sklearn.{part}"), name)
    except ImportError:
        raise no_module("sklearn") from None
    function = called(found)

    def call(*arguments: Any, **keywords: Any) -> Any:
        made = function(*arguments, **keywords)
        return Bunch(made) if isinstance(made, dict) else made

    call.__name__ = call.__qualname__ = name
    return call


class Bunch:
    """A set with what it says of itself: `data`, `target`, `feature_names`."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[str, Any]) -> None:
        self.parts = dict(parts)

    def __member__(self, name: str) -> Any:
        if name not in self.parts:
            raise AttributeError_(f"'Bunch' object has no attribute '{name}'")
        return self.parts[name]

    def __members__(self) -> list[str]:
        return list(self.parts)

    def __getitem__(self, name: str) -> Any:
        return self.parts[name]
