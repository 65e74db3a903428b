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
    happened=(
        "Unicode has characters that are not seen and that turn the direction of what follows. What the line shows is "
        "then not what it says; as an escape in the string the character is seen."
    ),
    example='let user = "guest \u202e nimda"',
    cure='let user = "guest \\u202e nimda"',
    see="`help str`, E0103",
)
def hidden_turns(reading: Reading) -> Iterator[WarningRecord]:
    """An embedding, override or isolate of direction."""
    return turned(reading.source)
