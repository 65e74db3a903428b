"""What has been entered at the prompt, line by line, and whoever wants to be told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradsh.session.session import Result


class Line:
    """One input: its `number`, which its errors name as `<prompt 3>`, its `text`, and how it ended once it has.

    `result` is None while it runs, and for one that Ctrl-C has ended (`interrupted`).
    """

    __slots__ = ("interrupted", "number", "result", "text")

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.result: Result | None = None
        self.interrupted = False

    @property
    def name(self) -> str:
        """What its errors call it."""
        return f"<prompt {self.number}>"

    @property
    def worked(self) -> bool:
        """Has it run to its end?"""
        return self.result is not None and self.result.ok


class Watcher:
    """Told of each line before it runs and after it has, in whatever way it ended. Does nothing by itself."""

    def before(self, line: Line) -> None:
        """The line is about to run; an interrupt is held back meanwhile."""

    def after(self, line: Line) -> None:
        """The line has ended."""
