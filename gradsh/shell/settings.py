"""What can be set in the shell: `:set NAME VALUE`, and the user's configuration file. One entry each in SETTINGS."""

from __future__ import annotations


class Setting:
    """`default` says its type too, bool, int or str; `choices` are all that it may be, if they are few."""

    __slots__ = ("choices", "default", "summary")

    def __init__(self, default: bool | int | str, summary: str, choices: tuple[str, ...] = ()) -> None:
        self.default = default
        self.summary = summary
        self.choices = choices


SETTINGS = {
    "live": Setting(True, "show the value and the gradients of what is being typed"),
    "progress": Setting(True, "one line on training loops that take longer than 0.3 s"),
    "undo": Setting(256, "MiB of old values that are kept for :undo and :at"),
    "pager": Setting(True, "show what is longer than the terminal in $PAGER, else less"),
    "editing": Setting("emacs", "keys of the prompt", ("emacs", "vi")),
    "theme": Setting("dark", "colours, for the terminal's ground", ("dark", "light", "none")),
}


class Settings:
    """The values of SETTINGS, by name: `settings["live"]`."""

    def __init__(self) -> None:
        self._values = {name: setting.default for name, setting in SETTINGS.items()}

    def __getitem__(self, name: str) -> bool | int | str:
        return self._values[name]

    def set(self, name: str, value: bool | int | str) -> None:
        """Errors: KeyError, no such name; ValueError, with words, where it cannot have that value."""
        setting = SETTINGS[name]
        if type(value) is not type(setting.default):
            kind = {bool: "true or false", int: "a whole number", str: "a text"}[type(setting.default)]
            raise ValueError(f"{name} is {kind}, not {value!r}")
        if setting.choices and value not in setting.choices:
            raise ValueError(f"{name} is one of {', '.join(setting.choices)}, not {value!r}")
        self._values[name] = value
