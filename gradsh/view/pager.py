"""What is longer than the terminal, shown page by page: $PAGER, else less."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from typing import TextIO

from gradsh.interrupts import held

LESS = ("less", "-R", "-F", "-X")  # colours as they are; what fits after all is shown as it is, and stays


def rows(stream: TextIO) -> int:
    """How many lines of text the terminal behind the stream shows."""
    try:
        return os.get_terminal_size(stream.fileno()).lines - 1
    except (OSError, ValueError, AttributeError):
        return 1 << 30


def page(text: str) -> bool:
    """Show a text in the pager and wait until its reader has done. False where there is none, or it fails to start."""
    given = os.environ.get("PAGER", "").strip()
    try:
        command = shlex.split(given) if given else list(LESS)
    except ValueError:  # quotes that do not match
        return False
    if not command or shutil.which(command[0]) is None:
        return False
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the pager's own key
    except ValueError:
        return False
    try:
        with (
            held()
        ):  # one that came just before: subprocess would kill the pager, which leaves the terminal as it has it
            subprocess.run(command, input=text.encode("utf-8", "replace"), check=False)
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True
