"""The history of the prompt: a file in the user's state folder, readable by nobody else.

Where it cannot be written the history lasts as long as the prompt.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory


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
