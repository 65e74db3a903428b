"""The user's configuration: `config.toml`, what SETTINGS may be, and `init.grad`, the program that a shell begins with.

Both stand in the folder that the system has for it, ~/.config/gradsh on Linux. Nothing that is wrong with them keeps a
shell from starting; `-c`, scripts and pipes do not come here.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gradsh.errors import GradshError, Source, Span, WarningRecord
from gradsh.files import decode, read_regular
from gradsh.shell.settings import SETTINGS, Settings, unknown

if TYPE_CHECKING:
    from gradsh.session.session import Session

FILE, PROGRAM = "config.toml", "init.grad"
LONGEST = 1 << 20  # bytes
CATEGORY = "configuration"


def folder() -> str | None:
    """The folder of the configuration, which may not be there; None where the user has no home at all."""
    try:
        from platformdirs import user_config_dir

        return user_config_dir("gradsh", appauthor=False)
    except (OSError, RuntimeError):
        return None


class Configuration:
    """The files of one folder; None for a shell that reads none.

    `begins`: the shell begins with the program there, and not with one that the command line gave.
    """

    def __init__(self, folder: str | None = None, *, begins: bool = True) -> None:
        self.folder = folder
        self.begins = begins

    @property
    def file(self) -> str:
        """The path of the settings' file. There must be a folder."""
        assert self.folder is not None
        return os.path.join(self.folder, FILE)

    def described(self) -> str:
        """Where the settings come from."""
        if self.folder is None:
            return "no configuration is read"
        there = "" if os.path.exists(self.file) else "\nIt is not there yet: `gradsh config` prints one."
        return f"configuration: {self.file}{there}"

    def apply(self, settings: Settings) -> list[WarningRecord]:
        """Set what the file says; what is wrong in it. The other lines of a file with a wrong one hold."""
        if self.folder is None:
            return []
        text = self._text(FILE)
        if text is None:
            return []
        if not isinstance(text, str):
            return [text]
        return applied(Source(self.file, text), settings)

    def has_program(self) -> bool:
        """Is there a program that the shell begins with?"""
        return self.folder is not None and self.begins and os.path.exists(os.path.join(self.folder, PROGRAM))

    def begin(self, session: Session) -> None:
        """Run the program that the shell begins with, if there is one. Errors: KeyboardInterrupt."""
        if self.folder is None or not self.begins:
            return
        text = self._text(PROGRAM)
        if isinstance(text, WarningRecord):
            session.display.warning(text)
        elif text is not None:
            session.run(text, os.path.join(self.folder, PROGRAM))

    def _text(self, name: str) -> str | WarningRecord | None:
        """The text of one of the files, None where there is none, or what is wrong with it."""
        assert self.folder is not None
        path = os.path.join(self.folder, name)
        try:
            os.stat(path)
        except (OSError, ValueError):  # also in a folder that may not be looked into
            return None
        try:
            text = decode(path, read_regular(path, LONGEST))
        except OSError as error:
            return WarningRecord(f"cannot read '{path}': {error.strerror}", category=CATEGORY)
        if isinstance(text, GradshError):
            return WarningRecord(text.message, text.labels[0].span, CATEGORY)
        return text


def applied(source: Source, settings: Settings) -> list[WarningRecord]:
    """Set what a text of TOML says; what is wrong in it."""
    import tomllib

    try:
        found = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        return [_not_toml(source, str(error))]
    except RecursionError:
        return [WarningRecord("it is nested too deep", Span(source, 0, 0), CATEGORY)]
    except ValueError as error:  # a number of thousands of digits
        return [_not_toml(source, str(error).partition(":")[0])]
    wrong = []
    for name, value in found.items():
        place = _place(source, name)
        try:
            settings.set(name, value, f"{os.path.basename(source.name)}:{place.line}")
        except KeyError:
            wrong.append(WarningRecord(unknown(name), place, CATEGORY))
        except ValueError as error:
            wrong.append(WarningRecord(str(error), place, CATEGORY, help=_line(name)))
    return wrong


def _not_toml(source: Source, said: str) -> WarningRecord:
    """tomllib's words end in `(at line 2, column 5)`, or `(at end of document)`."""
    import re

    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", said)
    start = len(source.text)
    if at is not None and at[1]:
        start = source.starts[int(at[1]) - 1] + int(at[2]) - 1
    message = said[: at.start()] if at is not None else said
    return WarningRecord(f"it is not TOML: {message}", Span(source, start, start + 1), CATEGORY, help=_line("live"))


def _place(source: Source, name: str) -> Span:
    """Where a key stands; tomllib does not tell."""
    import re

    key = re.escape(name)
    found = re.search(rf"^[ \t]*\[*[ \t]*([\"']?){key}\1[ \t]*[=.\]]", source.text, re.MULTILINE)
    start = source.text.find(name, found.start()) if found is not None else 0
    return Span(source, start, start + (len(name) if found is not None else 0))


def _line(name: str) -> str:
    """The line of a file that sets it to what it is by default."""
    return f"`{name} = {in_toml(SETTINGS[name].default)}`"


def in_toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def document(settings: Settings) -> str:
    """A whole file, with a line on each setting; what is not as by default is set."""
    out = []
    for name, setting in SETTINGS.items():
        line = f"{name} = {in_toml(settings[name])}"
        takes = f" ({setting.takes})" if setting.choices or not isinstance(setting.default, bool) else ""
        out.append(f"# {setting.summary}{takes}\n{'# ' if settings[name] == setting.default else ''}{line}\n")
    return "\n".join(out)
