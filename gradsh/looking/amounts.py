"""Arrays and what was noted of them, as reports show them."""

from __future__ import annotations

from typing import Any

from gradsh.reports.looking import Amount
from gradsh.runtime.results import Result


def amount(data: Any) -> Amount | None:
    """An array, or what was noted of one, as it is shown."""
    if data is None:
        return None
    result = data if isinstance(data, Result) else Result(data)
    value = result.value.tolist() if result.value is not None else None
    return Amount(tuple(result.shape), value, result.norm)
