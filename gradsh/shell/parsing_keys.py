"""What the terminal sends, as keys: prompt_toolkit's parser, which a paste without an end does not leave deaf."""

from __future__ import annotations

from typing import Any

from prompt_toolkit.input.vt100_parser import Vt100Parser

CTRL_C, CTRL_D = "\x03", "\x04"


class KeyParser(Vt100Parser):
    """Ctrl-C that comes by itself ends a paste whose end was lost, and is Ctrl-C.

    The system throws away what was typed when Ctrl-C is pressed while a line runs, so also the end of a paste of which
    the prompt had read the beginning: it would wait for that end for ever.
    """

    def feed(self, data: str) -> None:
        if self._in_bracketed_paste and CTRL_C in data and not data.strip(CTRL_C + CTRL_D):
            self._in_bracketed_paste = False
            self._paste_buffer = ""
        super().feed(data)


def never_deaf(keys: Any) -> None:
    """Let an input of prompt_toolkit read keys in this way, if it is that of a terminal as POSIX has it."""
    if hasattr(keys, "vt100_parser"):
        keys.vt100_parser = KeyParser(keys.vt100_parser.feed_key_callback)
