"""Why a line is not looked at, or not to its end; none of it is ever shown."""

from __future__ import annotations


class Untold(Exception):
    """What the line would give is not to be had without running it."""


class Impure(Untold):
    """It would change something."""


class Dear(Untold):
    """It would take too long."""
