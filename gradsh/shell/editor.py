"""The line editor: prompt_toolkit, set up once for as long as the shell lives.

What stands around the text is added by whoever shows it: `below` it, as the live line does, `beside` or `above` it, as
the panel does.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import Container, HSplit, VSplit

from gradsh.interrupts import held
from gradsh.language.syntax import is_incomplete

PROMPT = "gradsh> "
CONTINUATION = "   ...> "
PATIENCE = 10  # failures one after the other, after which it is no key that fails


class Editor:
    """Reads one input after the other. `keys` are the shell's own keys; a later binding goes before an earlier one."""

    def __init__(self, history: History, *, files: bool = True) -> None:
        """`files`: an editor may be started on a temporary file (Ctrl-X Ctrl-E)."""
        self.keys = KeyBindings()
        self.next = ""  # what the next input begins with, to be edited
        self.reader: PromptSession[str] = PromptSession(
            PROMPT,
            history=history,
            multiline=Condition(lambda: is_incomplete(get_app().current_buffer.document.text)),
            prompt_continuation=lambda width, line, wrapped: CONTINUATION,
            enable_open_in_editor=files,
            key_bindings=self.keys,
        )

    def read(self) -> str:
        """The next input. Errors: KeyboardInterrupt, EOFError as the keys of those names say."""
        failed = 0
        while True:
            try:
                with held():  # what comes while the prompt is set up or put away is for no asyncio
                    default, self.next = self.next, ""
                    return self.reader.prompt(default=default, set_exception_handler=False, pre_run=self._begin)
            except (KeyboardInterrupt, EOFError):
                raise
            except Exception as error:  # of a key that was typed ahead, which goes past `log`
                failed += 1
                if failed == PATIENCE:
                    raise
                log(None, {"message": "a key failed", "exception": error})

    def put(self, text: str) -> None:
        """Let the next input begin with that text."""
        self.next = text

    def below(self, container: Container) -> None:
        """Show that under the text."""
        layout = self.reader.layout
        layout.container = HSplit([layout.container, container])

    def above(self, container: Container) -> None:
        """Show that over the text."""
        layout = self.reader.layout
        layout.container = HSplit([container, layout.container])

    def beside(self, container: Container) -> None:
        """Show that at the right of the text."""
        layout = self.reader.layout
        layout.container = VSplit([layout.container, container])

    def _begin(self) -> None:
        """A line begins. No key may end in a traceback: prompt_toolkit's own handler shows one and waits for Enter.

        Two Ctrl-C close together end one line twice, and Ctrl-X Ctrl-E is still at work when the next key comes: what
        fails then is nothing of the user's, and the line stays. A search that the last line ended in would fail in this
        one.
        """
        asyncio.get_running_loop().set_exception_handler(log)
        self.reader.layout.focus(self.reader.default_buffer)


def log(loop: asyncio.AbstractEventLoop | None, context: dict[str, Any]) -> None:
    """Say under GRADSH_DEBUG what failed in the prompt."""
    if os.environ.get("GRADSH_DEBUG") == "1":
        error = context.get("exception")
        sys.stderr.write(f"{context['message']}: {type(error).__name__}: {error}\n")
