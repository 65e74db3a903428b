"""The prompt: reads a statement, runs it in the session, again. The only floor that imports prompt_toolkit.

Enter runs what is typed unless a bracket or brace is open. Ctrl-C clears the line, or stops what is running and keeps
every binding; Ctrl-D leaves. The history is kept in the user's state folder, readable by nobody else; where that
cannot be written it lasts as long as the prompt.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from gradsh import __version__, interrupts
from gradsh.interrupts import held
from gradsh.language.program import LOOKING
from gradsh.language.syntax import is_incomplete
from gradsh.runtime.builtins import BUILTINS
from gradsh.session.check import Entered
from gradsh.session.session import Session

PROMPT = "gradsh> "
CONTINUATION = "   ...> "
PATIENCE = 10  # failures one after the other, after which it is no key that fails
# of prompt_toolkit: other systems' terminals, and what only servers of prompts need
ELSEWHERE = ("win32", "windows", "conemu", "contrib")
LEAVE = ("exit", "quit", "exit()", "quit()")


class Prompt:
    """One interactive session in a terminal: `quiet` leaves out the welcome line, `history` keeps a history file."""

    def __init__(self, session: Session, *, quiet: bool = False, history: bool = True) -> None:
        self.session = session
        self.quiet = quiet
        self.history = history
        self.count = 0
        self.entered = Entered(BUILTINS, session.files)

    def run(self) -> int:
        """Read and run until the user leaves; the exit status."""
        if not sys.stdin.isatty():  # `-i` with a pipe: there is nobody to prompt, but there may be more program
            return self.session.run(sys.stdin.read(), "<stdin>").status
        interrupts.take(always=False)  # what comes between two statements has nothing to stop
        if not self.quiet:
            print(
                f"gradsh {__version__}. `help` says what there is, `show` lists your tensors, Ctrl-D leaves.",
                flush=True,
            )
        self.session.options = (LOOKING,)  # what will be asked about is not known yet
        reader: PromptSession[str] = PromptSession(
            PROMPT,
            history=open_history() if self.history else InMemoryHistory(),
            multiline=Condition(lambda: is_incomplete(get_app().current_buffer.document.text)),
            prompt_continuation=lambda width, line, wrapped: CONTINUATION,
            enable_open_in_editor=not self.session.files.sandboxed,
        )
        failed = 0
        while True:
            try:
                with held():  # what comes while the prompt is set up or put away is for no asyncio
                    text = reader.prompt(set_exception_handler=False, pre_run=lambda: begin(reader))
            except KeyboardInterrupt:
                continue
            except EOFError:
                return 0
            except Exception as error:  # of a key that was typed ahead, which goes past `log`
                failed += 1
                if failed == PATIENCE:
                    raise
                log(None, {"message": "a key failed", "exception": error})
                continue
            failed = 0
            if text.strip() in LEAVE and not self.session.binds(text.strip().removesuffix("()")):
                return 0
            if not text.strip():
                continue
            self.count += 1
            name = f"<prompt {self.count}>"
            interrupts.listen()
            try:
                for warning in self.entered.warnings(name, text):
                    self.session.display.warning(warning)
                self.session.run(text, name)
                self.warn_of_nan()
            except KeyboardInterrupt:
                sys.stderr.write("interrupted\n")

    def warn_of_nan(self) -> None:
        """Say which gradients have become nan since the last input."""
        notes = self.session.context.notes
        if notes is None:
            return
        if notes.passes.fresh_nan:
            from gradsh.advice.warnings import fresh_nan

            for warning in fresh_nan(self.session.globals, notes.passes):
                self.session.display.warning(warning)
        notes.passes.fresh_nan = {}


def begin(reader: PromptSession[str]) -> None:
    """A line begins. No key may end in a traceback: prompt_toolkit's own handler shows one and waits for Enter.

    Two Ctrl-C close together end one line twice, and Ctrl-X Ctrl-E is still at work when the next key comes: what fails
    then is nothing of the user's, and the line stays. A search that the last line ended in would fail in this one.
    """
    asyncio.get_running_loop().set_exception_handler(log)
    reader.layout.focus(reader.default_buffer)


def log(loop: asyncio.AbstractEventLoop | None, context: dict[str, Any]) -> None:
    """Say under GRADSH_DEBUG what failed in the prompt."""
    if os.environ.get("GRADSH_DEBUG") == "1":
        error = context.get("exception")
        sys.stderr.write(f"{context['message']}: {type(error).__name__}: {error}\n")


def load_all() -> None:
    """Import all of prompt_toolkit that a prompt may come to need: in a sandbox nothing can be imported later."""
    import pkgutil

    import prompt_toolkit

    for module in pkgutil.walk_packages(prompt_toolkit.__path__, "prompt_toolkit."):
        if not any(part in module.name for part in ELSEWHERE):
            with suppress(ImportError):  # what wants another package, which no prompt then asks for
                import_module(module.name)


class _PrivateHistory(FileHistory):
    """A history file that may become unwritable while the prompt runs; then lines are kept in memory only."""

    def store_string(self, string: str) -> None:
        try:
            super().store_string(string)
        except (OSError, UnicodeError):
            return

    def load_history_strings(self) -> list[str]:
        try:
            return list(super().load_history_strings())
        except OSError:
            return []


def open_history() -> History:
    """The history file, made with mode 0600 in a folder of mode 0700; in memory where that is not possible."""
    try:
        path = history_path()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a FIFO would be waited for
                return InMemoryHistory()
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder at all
        return InMemoryHistory()
    return _PrivateHistory(str(path))


def history_path() -> Path:
    """GRADSH_HISTORY, else `history` in the user's state folder."""
    given = os.environ.get("GRADSH_HISTORY")
    if given:
        return Path(given)
    from platformdirs import user_state_dir

    return Path(user_state_dir("gradsh", appauthor=False)) / "history"
