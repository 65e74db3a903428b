"""Pictures of statements in loops: on a terminal each is drawn over the one before, elsewhere the last one is shown."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

from gradsh.errors import GradshError
from gradsh.reports.plotting import Live
from gradsh.view.color import is_terminal

if TYPE_CHECKING:
    from gradsh.view.display import Display

PAUSE = 0.1  # seconds between two pictures


class Pictures:
    """The last picture of each such statement; `lines` are those of the terminal that they take now."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self.waiting: dict[object, Live] = {}
        self.lines = 0
        self.drawn = -math.inf

    def take(self, picture: Live) -> None:
        """The next picture of a statement."""
        self.waiting[picture.place] = picture
        if is_terminal(self.display.out) and time.monotonic() - self.drawn >= PAUSE:
            self.hide()
            text = self.text()
            if text.count("\n") < self.rows():
                self.put(text)
                self.lines = text.count("\n")
            self.drawn = time.monotonic()

    def hide(self) -> None:
        """Wipe the pictures off the terminal, before anything else is written there."""
        if self.lines:
            lines, self.lines = self.lines, 0
            self.put(f"\x1b[{lines}F\x1b[J")

    def finish(self) -> None:
        """Leave the last of each, and forget them."""
        if not self.waiting:
            return
        self.hide()
        waiting, self.waiting = self.waiting, {}
        for picture in waiting.values():
            try:
                self.display.report(picture.make())
            except GradshError as error:
                self.display.note(f"{error.message}\n")

    def text(self) -> str:
        try:
            return "".join(self.display.rendered(picture.make())[0] for picture in self.waiting.values())
        except GradshError:
            return ""  # said at the end, if it is still so

    def put(self, text: str) -> None:
        self.display.straight(text)

    def rows(self) -> int:
        try:
            return os.get_terminal_size(self.display.out.fileno()).lines
        except (OSError, ValueError, AttributeError):
            return 24
