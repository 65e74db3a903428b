"""The commands of the language, `word x, y`: one file each in gradsh/commands/, which has the name of its word.

    @command("why x, …", example="why w")
    def why(session, values, places):
        'What has reached a gradient, and what has not.'
        yield WhyReport(…)

This is all that there is of a command: the words that a statement may begin with, completion, `help` and the shell's
own help loop over the files. One is imported when its command first runs, or is asked about.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradsh.interrupts import held
from gradsh.language.places import span_of

if TYPE_CHECKING:
    from gradsh.errors import Span
    from gradsh.reports import Report
    from gradsh.runtime.running import Running

    Act = Callable[..., Iterable[Report]]  # (session, values, places), and its options as keywords

__acts_for_programs__ = True

_getframe = sys._getframe

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "commands")
WORDS = tuple(sorted(file[:-3] for file in os.listdir(FOLDER) if file.endswith(".py") and file[0] != "_"))


class Command:
    """`act` gets the session, the values and the places of their expressions, and gives the reports to be shown.

    `places`: whether it always wants the places, which cost a look-up, or only for a display that needs them.
    `alone`: the bare word is a statement. `asks`: what it is given may be a word of the language, `help while`.
    `options`: the flags and keywords that stand behind the values, `graph z, nodes, open=net`; `keywords`: those that
    are no flags, `print x, end=""`. `looks`: what it shows
    was noted while the program ran (gradsh.runtime.notes). `of_tensors`: it is about tensors, `x.grad` stands for `x`.
    `counts`: how many backward passes there were has been counted for it. `named`: it takes keywords of any name.
    `outside`: its example needs files, and is shown without being run.
    """

    __slots__ = (
        "act",
        "alone",
        "asks",
        "counts",
        "example",
        "keywords",
        "looks",
        "name",
        "named",
        "of_tensors",
        "options",
        "outside",
        "places",
        "summary",
        "usage",
    )

    def __init__(
        self,
        act: Act,
        usage: str,
        *,
        example: str = "",
        places: bool = True,
        alone: bool = False,
        asks: bool = False,
        options: str = "",
        keywords: str = "",
        looks: bool = False,
        of_tensors: bool = False,
        counts: bool = False,
        named: bool = False,
        outside: bool = False,
    ) -> None:
        self.act = act
        self.name = act.__module__.rpartition(".")[2]  # the file's
        self.summary = (act.__doc__ or "").partition("\n")[0]
        self.usage = usage
        self.example = example
        self.places = places
        self.alone = alone
        self.asks = asks
        self.options = tuple(options.split())
        self.keywords = tuple(keywords.split())
        self.looks = looks
        self.of_tensors = of_tensors
        self.counts = counts
        self.named = named
        self.outside = outside


_loaded: dict[str, Command] = {}


def command(usage: str, **options: Any) -> Callable[[Act], Act]:
    """Register a function as the command that its file is named after; its docstring's first line is the summary."""

    def register(act: Act) -> Act:
        entry = Command(act, usage, **options)
        _loaded[entry.name] = entry
        return act

    return register


def load(word: str) -> Command:
    """The command of that word. Errors: KeyError."""
    if word not in _loaded and word in WORDS:
        with held():
            import_module(f"gradsh.commands.{word}")
    return _loaded[word]


def statement(session: Running, word: str, found: Command | None = None) -> Callable[..., None]:
    """What `word x, y` calls: it is told, before its values, which expressions they come from."""

    def call(lines: tuple[int, ...] | None, /, *values: Any, **options: Any) -> None:
        nonlocal found
        if found is None:
            found = load(word)
        spans: list[Span | None]
        if lines is None or not (found.places or session.display.needs_spans):
            spans = [None] * len(values)
        else:
            code = _getframe(1).f_code
            spans = [span_of(code, line) for line in lines]
        for report in found.act(session, values, spans, **options):
            session.display.report(report)

    return call


def as_value(session: Running, word: str) -> Callable[..., None]:
    """The command as a value of the program, which can be bound and called."""
    act = statement(session, word)

    def call(*values: Any, **options: Any) -> None:
        act(None, *values, **options)

    call.__name__ = call.__qualname__ = word
    return call
