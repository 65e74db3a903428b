"""What the terminal is like: whether to use colour, decided in one place, its width, and the styles of each theme.

Precedence, highest first: `--color=always|never`; a non-empty NO_COLOR (never); a non-empty FORCE_COLOR or
CLICOLOR_FORCE other than 0 (always); a terminal whose TERM is not `dumb`. When NO_COLOR and FORCE_COLOR are both set,
NO_COLOR wins.
"""

from __future__ import annotations

import os

THEMES = ("dark", "light")  # the ground that they are for
# What is painted: on a dark ground, on a light one, as SGR parameters; "" is the terminal's own.
#
# A dark ground has the terminal's sixteen colours, which people choose for it. On a light one many terminals' cannot be
# read (xterm's green is 2.1 to 1 on white, its cyan 2.0): there they are of the 256 that are the same everywhere.
RED, BROWN, GREEN, BLUE, PURPLE, TEAL, GRAY = (f"38;5;{number}" for number in (124, 94, 22, 25, 90, 23, 240))
STYLES = {
    "error": ("1;31", f"1;{RED}"),
    "warning": ("1;33", f"1;{BROWN}"),
    "bold": ("1", "1"),
    "line": ("1;34", f"1;{BLUE}"),  # line numbers, the arrow and the gutter
    "primary": ("1;31", f"1;{RED}"),
    "secondary": ("1;34", f"1;{BLUE}"),
    "note": ("1;36", f"1;{TEAL}"),
    "help": ("1;32", f"1;{GREEN}"),
    "green": ("32", GREEN),
    "yellow": ("33", BROWN),
    "dim": ("2", GRAY),
    # pieces of programs, see gradsh.language.scanning
    "comment": ("90", GRAY),
    "string": ("92", GREEN),
    "escape": ("93", PURPLE),
    "interpolation": ("93", PURPLE),
    "number": ("93", PURPLE),
    "constant": ("95", PURPLE),
    "keyword": ("94", BLUE),
    "command": ("94", BLUE),
    "definition": ("1", "1"),
    "function": ("36", TEAL),
    # the prompt
    "prompt": ("1;32", f"1;{GREEN}"),
    "continuation": ("90", GRAY),
    "suggestion": ("90", GRAY),
    "signature": ("90", GRAY),
    "parameter": ("1", "1"),  # of a signature, the one that is being typed
    "match": ("1;4", "1;4"),  # brackets
    "wrong": ("31", RED),  # what does not fit, while it is typed
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
