"""Memory formats: in which order the dims of an image lie in memory."""

from __future__ import annotations

from typing import Any

from gradsh.errors import ArgumentError, ShapeError

PRESERVE, CONTIGUOUS, LAST, LAST_3D = "preserve_format", "contiguous_format", "channels_last", "channels_last_3d"


class MemoryFormat:
    """`torch.channels_last` and its kin."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __argument__(self) -> tuple[str, tuple[str, ...]]:
        """For errors of calls: the word for the type."""
        return "torch.memory_format", ()

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def rank(self) -> int | None:
        """Of which tensors alone it is a format."""
        return {LAST: 4, LAST_3D: 5}.get(self.name)


MemoryFormat.__name__ = MemoryFormat.__qualname__ = "memory_format"  # which programs know it by

channels_last = MemoryFormat(LAST)
channels_last_3d = MemoryFormat(LAST_3D)
contiguous_format = MemoryFormat(CONTIGUOUS)
preserve_format = MemoryFormat(PRESERVE)


def order_of(data: Any, wanted: Any, operator: str, checks: bool = True) -> list[int] | None:
    """The dims of an array in the order that a format asks for, fastest first; None for as they are.

    Errors: ArgumentError for what is no format, ShapeError for a rank that it is not for.
    """
    if wanted is None or (isinstance(wanted, MemoryFormat) and wanted.name == PRESERVE):
        return None
    if not isinstance(wanted, MemoryFormat):
        kind = type(wanted).__name__
        raise ArgumentError(f"{operator}(): argument 'memory_format' must be torch.memory_format, not {kind}")
    if not checks:
        return None
    if wanted.rank is None:
        return list(range(data.ndim - 1, -1, -1))
    if data.ndim != wanted.rank:
        raise ShapeError(f"required rank {wanted.rank} tensor to use {wanted.name} format")
    return [1, *range(data.ndim - 1, 1, -1), 0]
