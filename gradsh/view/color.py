"""What the terminal is like: whether to use colour, decided in one place, its width, and the few styles.

Precedence, highest first: `--color=always|never`; a non-empty NO_COLOR (never); a non-empty FORCE_COLOR or
CLICOLOR_FORCE other than 0 (always); a terminal whose TERM is not `dumb`. When NO_COLOR and FORCE_COLOR are both set,
NO_COLOR wins.
"""

from __future__ import annotations

import os

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "bold": "1",
    "line": "1;34",  # line numbers, the arrow and the gutter
    "primary": "1;31",
    "secondary": "1;34",
    "note": "1;36",
    "help": "1;32",
    "green": "32",
    "yellow": "33",
    "dim": "2",
}


def wanted(stream: object, setting: str = "auto") -> bool:
    """Whether text written to `stream` should be coloured; `setting` is what `--color` said."""
    if setting != "auto":
        return setting == "always"
    if os.environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if os.environ.get(name, "0") not in ("", "0"):
            return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: object) -> bool:
    """Whether `stream` is a terminal; a closed or unusual stream is not."""
    isatty = getattr(stream, "isatty", None)
    try:
        return bool(isatty and isatty())
    except ValueError:  # closed
        return False


def terminal_width(stream: object) -> int | None:
    """The columns of the terminal behind `stream` (COLUMNS wins), or None when it is not a terminal.

    Not `shutil.get_terminal_size`: importing shutil costs more than writing an error.
    """
    if not is_terminal(stream):
        return None
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80  # type: ignore[attr-defined]  # a terminal has one
    except (OSError, ValueError, AttributeError):
        return 80


def unicode(stream: object) -> bool:
    """Whether text written to `stream` may have more than ASCII in it, drawings that is: values always may.

    No where PYTHONIOENCODING or the locale says another encoding than UTF-8, or the stream itself has one, or it is a
    terminal without the characters. A locale that is not set at all says nothing.
    """
    given = os.environ.get("PYTHONIOENCODING", "").partition(":")[0]
    if not given:
        given = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
        given = given.partition(".")[2] or ("ascii" if given in ("C", "POSIX") else "")
    own = getattr(stream, "encoding", None) or ""
    if is_terminal(stream) and os.environ.get("TERM") in ("dumb", "linux", "vt100", "vt220"):
        return False
    return all(each.lower().replace("-", "").startswith("utf") for each in (given.partition("@")[0], own) if each)


def paint(text: str, style: str, on: bool) -> str:
    """`text` in one of `STYLES`, or as it is."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if on and text else text
