"""W0521: two names that look the same and are two."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language.lookalikes import alike
from gradsh.lints.reading import Reading
from gradsh.lints.registry import lint


@lint(
    "W0521",
    summary="A name that looks like another one and has a letter of another alphabet.",
    happened=(
        "Cyrillic and Greek have letters that are drawn as Latin ones are. Two names that look the same are two, and a "
        "program then computes with another value than it shows."
    ),
    example="let a = 1.0\nlet \u0430 = 2.0\nprint a",
    cure="let a = 1.0\nlet b = 2.0\nprint a",
    see="`help let`, E0201",
)
def names_that_look_alike(reading: Reading) -> Iterator[WarningRecord]:
    """A Cyrillic a beside a Latin one, or a name that looks like a built-in's."""
    return alike(reading.source, lambda name: reading.builtins.lookup(name) is not None)
