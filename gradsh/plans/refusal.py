"""Why a loop has no plan."""

from __future__ import annotations


class NoPlan(Exception):
    """Raised with a sentence wherever a plan could be wrong: the loop then runs as it is written."""
