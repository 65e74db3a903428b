"""The random stream against PyTorch for unseen seeds; part of compare.py."""

from __future__ import annotations

from typing import Any


def compare(report: Any, seed: int) -> None:
    pass
