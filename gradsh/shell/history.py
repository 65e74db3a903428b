"""The history of the prompt: a file in the user's state folder, readable by nobody else.

Where it cannot be written the history lasts as long as the prompt.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from prompt_toolkit.history import History

LENGTH = 2_000  # inputs that Up and Ctrl-R find: all of them are gone through at each prompt
BYTES = 1 << 20  # of the file's end that are read for them
FLAGS = os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)  # a FIFO would be waited for


class BoundedHistory(History):
    """A history of which memory holds the last inputs only."""

    def append_string(self, string: str) -> None:
        super().append_string(string)
        del self._loaded_strings[LENGTH:]  # the newest comes first

    def load_history_strings(self) -> list[str]:
        return self._loaded_strings

    def store_string(self, string: str) -> None:
        """Nowhere else."""


class FileHistory(BoundedHistory):
    """Inputs in a file in prompt_toolkit's own form: a comment with the time, then each line with `+` before it.

    Each is written in one piece, at the file's end as it is then: two shells at once lose nothing. Where the file
    cannot be read or written any more, what is typed stays in memory.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def load_history_strings(self) -> list[str]:
        """The last inputs, the newest first."""
        try:
            with open(self.path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - BYTES))
                lines = file.read().decode("utf-8", "replace").split("\n")
        except OSError:
            return []
        found: list[list[str]] = [[]]
        for line in lines:
            if line.startswith("+"):
                found[-1].append(line[1:])
            elif found[-1]:
                found.append([])
        return ["\n".join(each) for each in reversed(found) if each][:LENGTH]

    def store_string(self, string: str) -> None:
        lines = "".join(f"+{line}\n" for line in string.split("\n"))
        entry = f"\n# {datetime.now()}\n{lines}".encode("utf-8", "replace")
        with suppress(OSError):
            descriptor = os.open(self.path, os.O_WRONLY | FLAGS, 0o600)
            try:
                os.write(descriptor, entry)
            finally:
                os.close(descriptor)


def open_history() -> BoundedHistory:
    """The history file, made with mode 0600 in a folder of mode 0700; in memory where that is not possible."""
    try:
        path = history_path()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | FLAGS, 0o600)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return BoundedHistory()
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder at all
        return BoundedHistory()
    return FileHistory(path)


def history_path() -> Path:
    """GRADSH_HISTORY, else `history` in the user's state folder."""
    given = os.environ.get("GRADSH_HISTORY")
    if given:
        return Path(given)
    from platformdirs import user_state_dir

    return Path(user_state_dir("gradsh", appauthor=False)) / "history"
