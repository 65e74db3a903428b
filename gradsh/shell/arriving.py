"""What comes from the terminal when it should not: a paste without an end, a Ctrl-C behind the end of a line."""

from __future__ import annotations

import asyncio
from itertools import dropwhile
from typing import TYPE_CHECKING

from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from prompt_toolkit.application import Application

SILENCE = (
    2.0  # seconds without a letter, after which a paste has ended: links stall, and what came later would be typed
)
END = "\x1b[201~"  # what a terminal sends behind a paste
STOPS = "\x03\x04"  # Ctrl-C and Ctrl-D, of somebody whose prompt answers nothing else


class Parser(Vt100Parser):
    """Makes keys of what a terminal sends. A paste whose end never comes is over after a while, or by Ctrl-C.

    A connection that breaks, or a Ctrl-C that makes the terminal forget what it holds, takes the end of a paste away;
    prompt_toolkit's own waits for it, whatever is typed.
    """

    def __init__(self, app: Application[str], before: Vt100Parser) -> None:
        super().__init__(before.feed_key_callback)
        self.app = app
        self.waiting: asyncio.TimerHandle | None = None

    def feed(self, data: str) -> None:
        if self._in_bracketed_paste and "\x03" in data and not data.strip(STOPS):
            data = END
        super().feed(data)
        self.watch()

    def watch(self) -> None:
        """Look after a while whether a paste has come to its end."""
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
        if self._in_bracketed_paste:
            self.waiting = asyncio.get_running_loop().call_later(SILENCE, self.end)

    def end(self) -> None:
        """The paste is what has come of it."""
        super().feed(END)
        self.app.key_processor.feed_multiple(self.app.input.flush_keys())
        self.app.key_processor.process_keys()


def take_over(app: Application[str]) -> Parser | None:
    """Have what the application reads parsed by Parser; None where no such terminal is."""
    before = getattr(app.input, "vt100_parser", None)
    if before is None:
        return None
    parser = app.input.vt100_parser = Parser(app, before)  # type: ignore[attr-defined]
    return parser


def stopped_late(app: Application[str]) -> bool:
    """Did a Ctrl-C come between a line's end and now? It was meant for that line, and is kept for no other."""
    came = get_typeahead(app.input) + app.key_processor.empty_queue()  # of the while in which its tasks were ended
    kept = list(dropwhile(lambda press: press.key in (Keys.ControlC, Keys.SIGINT), came))
    store_typeahead(app.input, [press for press in kept if press.key != Keys.SIGINT])
    return len(kept) < len(came)
