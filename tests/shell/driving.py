"""The prompt without a terminal: keys go in through prompt_toolkit's pipe, the screen is pyte's."""

from __future__ import annotations

import asyncio
import copy
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyte
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from gradsh import Session
from gradsh.shell.editor import Editor
from gradsh.shell.history import BoundedHistory
from gradsh.shell.prompt import Shell

UP, DOWN, LEFT, RIGHT = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C"
ENTER, ALT_ENTER, TAB, BACKSPACE = "\r", "\x1b\r", "\t", "\x7f"


class Screen(io.StringIO):
    """What is written to a terminal of that size; `text()` is what stands on it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        super().__init__()
        self.shown = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.shown)
        self.raw = ""

    def write(self, data: str) -> int:
        self.raw += data
        self.stream.feed(data.replace("\r\n", "\n").replace("\n", "\r\n"))
        return len(data)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise io.UnsupportedOperation

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.shown.display).rstrip()


class Driven:
    """A shell whose keys come from `keys(…)`. `session` writes to the same screen."""

    def __init__(self, pipe: Any, screen: Screen, history: list[str]) -> None:
        self.pipe = pipe
        self.seen = ""
        self.cells: Any = {}
        self.screen = screen
        self.out = io.StringIO()
        self.session = Session(out=self.out, err=self.out)
        self.shell = Shell(self.session, quiet=True, history=False, color="always")
        past = BoundedHistory()
        for line in history:
            past.append_string(line)
        self.editor = self.shell.editor = Editor(self.shell, past)

    def read(self, *keys: str) -> str:
        """What the prompt reads when these are typed, each when the prompt has done all that the one before asked.

        `seen` is the screen before the last of them, and `cells` what its lines are made of.
        """
        app = self.editor.reader.app
        left = list(keys)
        waiting = False

        def rendered(_: Any) -> None:
            nonlocal waiting
            if left and not waiting and not app.is_done:
                waiting = True
                asyncio.get_running_loop().call_later(0.002, type_next)  # behind all that is ready now

        def type_next() -> None:
            nonlocal waiting
            waiting = False
            if len(left) == 1:
                self.seen = self.screen.text()
                self.cells = copy.deepcopy(self.screen.shown.buffer)
            if left:
                self.pipe.send_text(left.pop(0))
                app.invalidate()

        app.after_render += rendered
        try:
            return self.editor.read()
        finally:
            app.after_render -= rendered

    def enter(self, *keys: str) -> str:
        """What the shell writes when these are typed."""
        before = len(self.out.getvalue())
        self.shell.enter(self.read(*keys))
        return self.out.getvalue()[before:]

    def written(self, *keys: str) -> str:
        """What stands in the prompt after these keys, which are none that end it."""
        return self.read(*keys, "\x18\x07")  # Ctrl-X Ctrl-G, bound below


@contextmanager
def driven(columns: int = 80, rows: int = 24, history: list[str] | None = None) -> Iterator[Driven]:
    """A shell in this process."""
    screen = Screen(columns, rows)
    output = Vt100_Output(screen, lambda: Size(rows=rows, columns=columns), term="xterm", enable_cpr=False)
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=output):
        made = Driven(pipe, screen, history or [])

        @made.editor.keys.add("c-x", "c-g")
        def _(event: Any) -> None:
            buffer = event.app.layout.get_buffer_by_name("DEFAULT_BUFFER")
            event.app.exit(result=f"{buffer.text[: buffer.cursor_position]}|{buffer.text[buffer.cursor_position :]}")

        yield made


__all__ = ["ALT_ENTER", "BACKSPACE", "DOWN", "ENTER", "LEFT", "RIGHT", "TAB", "UP", "Driven", "driven"]
