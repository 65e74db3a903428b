"""W0522: a string or comment that makes its line look other than it is."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language.lookalikes import turned
from gradsh.lints.reading import Reading
from gradsh.lints.registry import lint


@lint(
    "W0522",
    summary="A character in a string or comment that turns the direction in which the line is shown.",
    example='let user = "guest \u202e nimda"',
    cure='let user = "guest \\u202e nimda"',
)
def hidden_turns(reading: Reading) -> Iterator[WarningRecord]:
    """An embedding, override or isolate of direction."""
    return turned(reading.source)
