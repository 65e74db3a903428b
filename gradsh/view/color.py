"""What the terminal is like: whether to use colour, decided in one place, its width, and the styles of each theme.

Precedence, highest first: `--color=always|never`; a non-empty NO_COLOR (never); a non-empty FORCE_COLOR or
CLICOLOR_FORCE other than 0 (always); a terminal whose TERM is not `dumb`. When NO_COLOR and FORCE_COLOR are both set,
NO_COLOR wins.
"""

from __future__ import annotations

import os

THEMES = ("dark", "light")  # the ground that they are for
# What is painted: on a dark ground, on a light one, as SGR parameters; "" is the terminal's own.
STYLES = {
    "error": ("1;31", "1;31"),
    "warning": ("1;33", "1;35"),
    "bold": ("1", "1"),
    "line": ("1;34", "1;34"),  # line numbers, the arrow and the gutter
    "primary": ("1;31", "1;31"),
    "secondary": ("1;34", "1;34"),
    "note": ("1;36", "1;36"),
    "help": ("1;32", "1;32"),
    "green": ("32", "32"),
    "yellow": ("33", "35"),
    "dim": ("2", "2"),
    # pieces of programs, see gradsh.language.scanning
    "comment": ("90", "90"),
    "string": ("92", "32"),
    "escape": ("93", "35"),
    "interpolation": ("93", "35"),
    "number": ("93", "35"),
    "constant": ("95", "35"),
    "keyword": ("94", "34"),
    "command": ("94", "34"),
    "definition": ("1", "1"),
    "function": ("36", "36"),
    # the prompt
    "prompt": ("1;32", "1;32"),
    "continuation": ("90", "90"),
    "suggestion": ("90", "90"),
    "signature": ("90", "90"),
    "parameter": ("1", "1"),  # of a signature, the one that is being typed
    "match": ("1;4", "1;4"),  # brackets
}
_theme = 0  # which column of STYLES, -1 for no colour at all


def use_theme(name: str) -> None:
    """Paint for the ground of that name from now on, of THEMES; any other name is no colour at all."""
    global _theme
    _theme = THEMES.index(name) if name in THEMES else -1


def sgr(style: str) -> str:
    """What one of STYLES is in the theme in use, as SGR parameters; "" where that is the terminal's own."""
    return STYLES[style][_theme] if _theme >= 0 and style in STYLES else ""


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
    parameters = sgr(style) if on and text else ""
    return f"\x1b[{parameters}m{text}\x1b[0m" if parameters else text
