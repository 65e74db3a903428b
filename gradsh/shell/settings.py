"""What can be set in the shell: `:set NAME VALUE`, and the user's configuration file. One entry each in SETTINGS."""

from __future__ import annotations

from gradsh.calls.suggest import suggest

Value = bool | int | str

DEFAULT, TYPED = "default", ":set"  # where a value comes from; else the file and its line
SPELLED = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


class Setting:
    """`default` says its type too, bool, int or str; `choices` are all that it may be, if they are few.

    A number is not below `least`.
    """

    __slots__ = ("choices", "default", "least", "summary")

    def __init__(self, default: Value, summary: str, choices: tuple[str, ...] = (), *, least: int = 0) -> None:
        self.default = default
        self.summary = summary
        self.choices = choices
        self.least = least

    @property
    def takes(self) -> str:
        """What it may be, in words."""
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        if isinstance(self.default, bool):
            return "on or off"
        return f"a whole number from {self.least} on" if isinstance(self.default, int) else "a text"


SETTINGS = {
    "live": Setting(True, "show the value and the gradients of what is being typed"),
    "progress": Setting(True, "one line on training loops that take longer than 0.3 s"),
    "undo": Setting(256, "MiB of old values that are kept for :undo and :at"),
    "pager": Setting(True, "show what is longer than the terminal in $PAGER, else less"),
    "editing": Setting("emacs", "keys of the prompt", ("emacs", "vi")),
    "theme": Setting("dark", "colours, for the terminal's ground", ("dark", "light", "none")),
}


class Settings:
    """The values of SETTINGS, by name: `settings["live"]`; `sources` says of each where it comes from."""

    def __init__(self) -> None:
        self._values = {name: setting.default for name, setting in SETTINGS.items()}
        self.sources = dict.fromkeys(SETTINGS, DEFAULT)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def set(self, name: str, value: Value, source: str = TYPED) -> None:
        """Errors: KeyError, no such name; ValueError, with words, where it cannot have that value."""
        setting = SETTINGS[name]
        fits = type(value) is type(setting.default)
        if not fits or (isinstance(value, int) and value < setting.least and not isinstance(value, bool)):
            raise ValueError(f"{name} is {setting.takes}, not {quoted(value)}")
        if setting.choices and value not in setting.choices:
            raise ValueError(f"{name} is {setting.takes}, not {quoted(value)}")
        self._values[name] = value
        self.sources[name] = source


def read(name: str, text: str) -> Value:
    """The value that a text stands for: `on`, `256`, `vi`, `"vi"`. Errors: KeyError; ValueError, with words."""
    setting = SETTINGS[name]
    text = text.strip().strip("\"'")
    if isinstance(setting.default, bool):
        if text.lower() not in SPELLED:
            raise ValueError(f"{name} is {setting.takes}, not {quoted(text)}")
        return SPELLED[text.lower()]
    if isinstance(setting.default, int):
        if not (text.isascii() and text.isdecimal()):
            raise ValueError(f"{name} is {setting.takes}, not {quoted(text)}")
        return int(text)
    return text


def written(value: Value) -> str:
    """A value as `:set` takes it, and shows it."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def quoted(value: Value) -> str:
    """A value that does not fit, in the words that say so."""
    return f'"{value}"' if isinstance(value, str) else written(value)


def unknown(name: str) -> str:
    """The words for a name that is no setting, with the one that was probably meant."""
    near = suggest(name, SETTINGS)
    return f"there is no setting `{name}`" + (f"; did you mean `{near}`?" if near else f": {', '.join(SETTINGS)}")
