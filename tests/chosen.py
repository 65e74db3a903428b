"""Kernels in C, or NumPy's: which of them a test computes with."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from gradsh.engine.kernels import compiled


@functools.cache
def loaded(native: compiled.Native) -> Any:
    """Its function, tried once on its cases: that takes longer than most of what a test computes."""
    function = native.load()
    assert function is not None, f"{native.name} gives other bits than NumPy's"
    return function


def chosen(compiled_ones: bool) -> None:
    """Compute with the kernels in C, wherever there is one, or with NumPy's alone."""
    for native in compiled.NATIVE:
        native.left = 0
        native.function = loaded(native) if compiled_ones else None


@pytest.fixture(autouse=True)
def chosen_again() -> Iterator[None]:
    """What a test chose does not stay."""
    before = [(native, native.left, native.function) for native in compiled.NATIVE]
    yield
    for native, left, function in before:
        native.left, native.function = left, function
