"""Kernels in C, or NumPy's: which of them a test computes with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gradsh.engine.kernels import compiled


def chosen(compiled_ones: bool) -> None:
    """Compute with the kernels in C, wherever there is one, or with NumPy's alone."""
    for native in compiled.NATIVE:
        native.left = 0
        native.function = native.load() if compiled_ones else None
        assert native.function is not None or not compiled_ones, f"{native.name} gives other bits than NumPy's"


@pytest.fixture(autouse=True)
def chosen_again() -> Iterator[None]:
    """What a test chose does not stay."""
    before = [(native, native.left, native.function) for native in compiled.NATIVE]
    yield
    for native, left, function in before:
        native.left, native.function = left, function
