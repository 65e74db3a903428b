"""`result loss=…, accuracy=…`: what a run of a script has found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gradsh.engine.core.tensor import Tensor
from gradsh.errors import ArgumentError
from gradsh.reports.swept import Found
from gradsh.runtime.commands import command

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports import Report
    from gradsh.runtime.running import Running


@command("result name=value, …", example="result loss=0.25, epochs=3", alone=True, named=True)
def result(session: Running, values: tuple[Any, ...], places: list[Span | None], **named: Any) -> Iterable[Report]:
    """What this run has found, by name; `gradsh sweep` collects it. A later value of a name takes the earlier's place.

    Values are numbers, strings, bools, none, and lists of them; a tensor is its number, of several elements the list of
    them. A bare name stands for itself, `result loss`. Errors: ArgumentError.
    """
    found: dict[str, object] = {}
    for value, place in zip(values, places, strict=True):
        name = place.text.strip() if place is not None else ""
        if not name.isidentifier():
            raise ArgumentError("result(): a result has a name", help=f"result loss={name or '0.25'}")
        found[name] = plain(name, value)
    for name, value in named.items():
        found[name] = plain(name, value)
    if not found:
        raise ArgumentError("result(): there is no result", help="result loss=0.25")
    yield Found(found)


def plain(name: str, value: Any) -> object:
    """The value as a file of results holds it."""
    if isinstance(value, Tensor):
        value = value.data.item() if value.data.size == 1 else value.data.tolist()
    elif hasattr(value, "tolist"):  # an array of NumPy's, or one of its numbers
        value = value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(name, item) for item in value]
    raise ArgumentError(
        f"result(): {name} is a {type(value).__name__}; a result is a number, a string, or a list of them"
    )
