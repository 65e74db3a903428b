"""`warnings`: what a program warns of, and its filters, which say what becomes of its own warnings and of PyTorch's."""

from __future__ import annotations

import builtins
import os
import re
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.engine.core.users import PROGRAM
from gradsh.errors import AssertionFailed, Raised, Span, TypeError_
from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.exceptions import raised
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.kinds import python_of
from gradsh.language import places

__acts_for_programs__ = True

ACTIONS = ("error", "ignore", "always", "default", "module", "once")


def running(level: int = 1) -> tuple[CodeType, int] | None:
    """Which instruction of the program runs; with a higher level that of the call that led there, as `stacklevel`."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if PROGRAM in frame.f_globals and places.text_of(frame.f_code) is not None:
            level -= 1
            if level <= 0:
                return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None


def span_of(where: Any) -> Span | None:
    """The place in the program that a warning is about, if it has one."""
    where = where if where is not None and isinstance(where[0], CodeType) else running()
    return None if where is None else places.locate(*where)


def kind_of(name: str, own: dict[str, Any]) -> Any:
    """The category of that name, one of the program's perhaps."""
    kind = own.get(name) or getattr(builtins, name, UserWarning)
    return kind if isinstance(kind, type) and issubclass(kind, Warning) else UserWarning


class WarningMessage:
    """One warning that `catch_warnings(record=True)` has kept."""

    __public__ = frozenset(("message", "category", "filename", "lineno", "line", "file", "source"))

    def __init__(self, words: str, name: str, own: dict[str, Any], where: Any = None) -> None:
        self.category = kind_of(name, own)
        self.message = self.category(words)
        self.line = self.file = self.source = None
        span = span_of(where)
        if span is None:
            self.filename, self.lineno = "sys", 1  # what Python says where no program runs
        else:
            file = span.source.name
            self.filename = file if file[:1] == "<" else os.path.abspath(file)
            self.lineno = span.source.position(span.start)[0]

    def __str__(self) -> str:
        said = text.shown(self.message)
        kind = self.category.__name__
        return (
            f"{{message : {said}, category : {kind!r}, filename : {self.filename!r}, lineno : {self.lineno}, "
            f"line : {self.line!r}}}"
        )

    __printed__ = __str__


class Filter:
    """One row of the filters: what becomes of warnings of a kind, with these words."""

    __slots__ = ("action", "category", "message", "module")

    def __init__(self, action: str, category: Any, message: str, module: str) -> None:
        self.action, self.category = action, category
        self.message = re.compile(message, re.IGNORECASE) if message else None
        self.module = re.compile(module) if module else None

    def everything(self) -> bool:
        return self.category is Warning and self.message is None and self.module is None

    def fits(self, words: str, category: Any, module: str) -> bool:
        return (
            issubclass(category, self.category)
            and (self.message is None or self.message.match(words) is not None)
            and (self.module is None or self.module.match(module) is not None)
        )


class Warnings:
    """Where the warnings of a session go: to the user, to nobody, to a list, or as errors to the program."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.usual = self.base = session.context.warn_sink
        self.kinds: dict[str, Any] = {}  # of the program's own, by name
        self.filters: list[Filter] = []
        self.seen: set[Any] = set()  # what is said once for each place
        self.warning: Any = None  # that of the program's own which is being said
        self.shows: Callable[..., Any] | None = None  # in the place of `warnings.showwarning`
        self.formats: Callable[..., Any] | None = None

    def put(self) -> None:
        """Let the engine's warnings go where the filters say."""
        self.seen.clear()
        first = self.filters[0] if self.filters else None
        sink: Any = self.said
        if first is not None and first.action == "ignore" and first.everything():
            sink = None
        self.session.context.warn_sink = mode.warn_sink = sink

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1, source: Any = None, **_: Any) -> None:
        """`warnings.warn(message, category, stacklevel)`. Errors: TypeError_ for what is no category."""
        category = UserWarning if category is None else python_of(category) or category
        category = type(message) if isinstance(message, Warning) else category
        if not (isinstance(category, type) and issubclass(category, Warning)):
            raise TypeError_(f"category must be a Warning subclass, not '{type(category).__name__}'")
        self.kinds[category.__name__] = category
        if mode.warn_sink == self.usual:
            self.put()
        self.warning = message if isinstance(message, Warning) else category(message)
        try:
            mode.warn(text.written(message), category=category.__name__, where=running(stacklevel))
        finally:
            self.warning = None

    def said(self, words: str, category: str, where: Any) -> None:
        """A warning, of the engine or the program: what the first filter that fits it says."""
        kind = kind_of(category, self.kinds)
        module = "torch" if self.warning is None else "__main__"
        action = next((each.action for each in self.filters if each.fits(words, kind, module)), "default")
        if action == "error":
            if self.warning is None:
                raise Raised(words, kind=category)
            raise raised(self.warning)
        key: Any = (words, category)
        if action == "default":
            key = (*key, None if where is None else (where[0], where[1])) if self.warning is not None else None
        elif action not in ("once", "module"):
            key = None
        if action == "ignore" or key in self.seen:
            return
        if key is not None:
            self.seen.add(key)
        self.base(words, category, where)

    def told(self, words: str, category: str, where: Any) -> None:
        """By the program's own `warnings.showwarning` or `formatwarning`."""
        made = WarningMessage(words, category, self.kinds, where)
        given = (made.message, made.category, made.filename, made.lineno)
        if self.shows is not None:
            self.shows(*given, None, None)
        elif self.formats is not None:
            self.session.display.note(text.written(self.formats(*given, None)))

    def filter(
        self,
        action: str,
        message: str = "",
        category: Any = Warning,
        module: str = "",
        lineno: int = 0,
        append: bool = False,
    ) -> None:
        """`warnings.filterwarnings(action, …)`. Errors: AssertionFailed, in Python's words."""
        if action not in ACTIONS:
            raise AssertionFailed(f"invalid action: {action!r}")
        kind = python_of(category)
        if not (isinstance(kind, type) and issubclass(kind, Warning)):
            raise AssertionFailed("category must be a Warning subclass")
        self.filters.insert(len(self.filters) if append else 0, Filter(action, kind, message, module))
        self.put()

    def simple(self, action: str, category: Any = Warning, lineno: int = 0, append: bool = False) -> None:
        """`warnings.simplefilter(action, category)`."""
        self.filter(action, category=category, append=append)

    def reset(self) -> None:
        self.filters.clear()
        self.put()


class Caught:
    """`warnings.catch_warnings(record=…)`."""

    __slots__ = ("action", "before", "category", "record", "warnings")

    def __init__(self, warnings: Warnings, record: Any, action: Any, category: Any) -> None:
        self.warnings = warnings
        self.record = record
        self.action, self.category = action, category

    def __enter__(self) -> Any:
        own = self.warnings
        self.before = own.filters, own.base, mode.warn_sink
        own.filters = [*own.filters]
        kept: list[WarningMessage] = []
        if self.record:
            own.base = lambda words, category, where: kept.append(WarningMessage(words, category, own.kinds, where))
            own.put()
        if self.action is not None:
            own.simple(self.action, self.category)
        return kept if self.record else None

    def __exit__(self, *_: object) -> None:
        own = self.warnings
        own.filters, own.base, sink = self.before
        own.seen.clear()
        own.session.context.warn_sink = mode.warn_sink = sink


class Warned(Module):
    """The module, whose `showwarning` and `formatwarning` a program may put its own in the place of."""

    __slots__ = ("own",)
    own: Warnings

    def __set_member__(self, name: str, value: Any) -> None:
        super().__set_member__(name, value)
        if name in ("showwarning", "formatwarning"):
            setattr(self.own, "shows" if name == "showwarning" else "formats", value)
            self.own.base = self.own.told
            self.own.put()


def _formatted(message: Any, category: Any, filename: str, lineno: int, line: Any = None) -> str:
    """`warnings.formatwarning(…)`."""
    last = f"  {line.strip()}\n" if line else ""
    return f"{filename}:{lineno}: {category.__name__}: {text.written(message)}\n{last}"


def module(session: Any, name: str) -> Module:
    own = Warnings(session)

    def show(message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None) -> None:
        words = _formatted(message, category, filename, lineno, line)
        session.display.note(words) if file is None else method(file, "write")(words)

    def catching(*, record: bool = False, module: Any = None, action: Any = None, category: Any = Warning) -> Caught:
        return Caught(own, record, action, category)

    members = {
        "warn": own.warn,
        "filterwarnings": own.filter,
        "simplefilter": own.simple,
        "resetwarnings": own.reset,
        "catch_warnings": catching,
        "showwarning": show,
        "formatwarning": _formatted,
        "WarningMessage": WarningMessage,
    }
    made = Warned("warnings", of_members("warnings", members).find, has=members)
    made.own = own
    return made
