"""The user's own editor on a text: VISUAL, EDITOR, or one that is there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile

from gradsh.files import decode
from gradsh.shell.registry import Misused

EDITORS = ("editor", "nano", "vim", "vi", "emacs", "notepad")  # where neither VISUAL nor EDITOR says one


def command() -> list[str]:
    """The editor's own command line. Errors: Misused."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not said:
        found = next((each for each in EDITORS if shutil.which(each)), None)
        if found is None:
            raise Misused("there is no editor: VISUAL or EDITOR says which")
        return [found]
    try:
        return shlex.split(said)
    except ValueError as error:
        raise Misused(f"VISUAL or EDITOR cannot be read as a command: {error}") from None


def edited(text: str) -> str:
    """The text as the user's editor leaves it. Errors: Misused."""
    words = command()
    with tempfile.TemporaryDirectory(prefix="gradsh-") as folder:
        path = os.path.join(folder, "input.grad")
        try:
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(text + "\n" if text else "")
            status = subprocess.call([*words, path])
            with open(path, "rb") as written:
                left = decode(path, written.read())
        except OSError as error:
            raise Misused(f"cannot edit with `{words[0]}`: {error.strerror}") from None
    if status:
        raise Misused(f"`{words[0]}` ended with status {status}: its text is not taken")
    if not isinstance(left, str):
        raise Misused(f"what `{words[0]}` left is not UTF-8 text")
    return left.rstrip()
