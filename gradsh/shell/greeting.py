"""The first prompt, which is on the screen while all that answers it is still being loaded.

    greeting = Greeting(quiet=False, color="auto")
    greeting.begin()      a welcome line and the prompt; keys that are typed now wait, unseen
    greeting.end()        the line is free for the editor, which reads these keys, and the terminal is as it was

Imported before NumPy and prompt_toolkit: it imports next to nothing itself.
"""

from __future__ import annotations

import os
import sys

from gradsh import __version__
from gradsh.view.color import is_terminal, sgr, wanted

TYPE_CHECKING = False  # as in `typing`, which is not loaded yet
if TYPE_CHECKING:
    from typing import Any

PROMPT = "gradsh> "
WELCOME = "`help` for the language, `:help` for the shell; Ctrl-D leaves."
DUMB = ("dumb", "unknown", "")  # terminals without a way to the beginning of a line
PASTING, PLAIN = "\x1b[?2004h", "\x1b[?2004l"  # whether what is pasted comes in brackets


class Greeting:
    """`quiet` leaves the welcome line out, `color` is auto, always or never."""

    def __init__(self, *, quiet: bool = False, color: str = "auto") -> None:
        self.quiet = quiet
        self.color = color
        self.begun = False
        self.mode: list[Any] | None = None  # the terminal's, while the keys wait

    def begin(self) -> None:
        """Show it, once. On a terminal that cannot take it back there is the welcome line alone."""
        if self.begun or not is_terminal(sys.stdin):
            return
        self.begun = True
        if not self.quiet:
            print(f"gradsh {__version__}. {WELCOME}", flush=True)
        if not is_terminal(sys.stdout) or os.environ.get("TERM", "").lower() in DUMB or not self._wait():
            return
        painted = sgr("prompt") if wanted(sys.stdout, self.color) else ""
        sys.stdout.write(PASTING + (f"\x1b[0;{painted}m{PROMPT}\x1b[0m" if painted else PROMPT))
        sys.stdout.flush()

    def _wait(self) -> bool:
        """Have the terminal keep its keys as they are typed, as the editor will read them: it shows none, ends no line
        at an Enter and loses none of a long paste. Whether it can."""
        try:
            import termios

            found = termios.tcgetattr(sys.stdin)
            raw = list(found)
            raw[0] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
            raw[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
            raw[6] = list(found[6])
            raw[6][termios.VMIN] = 1
            termios.tcsetattr(sys.stdin, termios.TCSANOW, raw)  # NOW: the others throw away what was typed before
        except (ImportError, OSError, ValueError, termios.error):
            return False
        self.mode = found
        return True

    def end(self, *, reads: bool = False) -> None:
        """Take the prompt back: the editor shows its own, and `reads` from here, or the shell has something to say."""
        if self.mode is None:
            return
        import termios

        mode, self.mode = self.mode, None
        try:
            sys.stdout.write("\r\x1b[K" + ("" if reads else PLAIN))
            sys.stdout.flush()
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, mode)
