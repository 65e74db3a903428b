"""`logging`: messages on standard error or a stream of the program's, with the levels and formats that Python has."""

from __future__ import annotations

import time
from typing import Any

from gradsh.frontend import text
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.namespace import formattable

__acts_for_programs__ = True

LEVELS = {"CRITICAL": 50, "ERROR": 40, "WARNING": 30, "INFO": 20, "DEBUG": 10, "NOTSET": 0}
NAMES = {number: name for name, number in LEVELS.items()}
BASIC = "%(levelname)s:%(name)s:%(message)s"


def level_of(level: Any) -> int:
    return LEVELS[level] if isinstance(level, str) else int(level)


def level_name(level: Any) -> Any:
    """`getLevelName(level)`."""
    return LEVELS.get(level, level) if isinstance(level, str) else NAMES.get(level, f"Level {level}")


class Formatter:
    """`Formatter(fmt, datefmt, style)`."""

    __public__ = frozenset(("format",))

    def __init__(self, fmt: Any = None, datefmt: Any = None, style: str = "%", **_: Any) -> None:
        self.fmt = fmt or "%(message)s"
        self.datefmt = datefmt
        self.style = style

    def format(self, record: dict[str, Any]) -> str:
        if "asctime" in self.fmt:
            now = time.localtime(record["created"])
            record["asctime"] = time.strftime(self.datefmt or "%Y-%m-%d %H:%M:%S", now)
            if not self.datefmt:
                record["asctime"] += f",{int(record['msecs']):03d}"
        return str(self.fmt.format(**record) if self.style == "{" else self.fmt % record)


class Handler:
    """`StreamHandler(stream)`; one of no stream writes to standard error, `NullHandler` nowhere."""

    __public__ = frozenset(("setLevel", "setFormatter", "level", "formatter", "flush", "close"))

    def __init__(self, write: Any) -> None:
        self.take = write
        self.level = 0
        self.formatter: Any = None

    def setLevel(self, level: Any) -> None:
        self.level = level_of(level)

    def setFormatter(self, formatter: Any) -> None:
        self.formatter = formatter

    def flush(self) -> None:
        """Nothing is kept back."""

    close = flush

    def emit(self, record: dict[str, Any]) -> None:
        if record["levelno"] >= self.level:
            self.take((self.formatter or Formatter()).format(dict(record)) + "\n")


class Logger:
    """`getLogger(name)`."""

    __public__ = frozenset(
        """
        debug info warning warn error critical fatal exception log setLevel addHandler removeHandler handlers level
        name propagate isEnabledFor getEffectiveLevel hasHandlers getChild disabled parent root
        """.split()  # noqa: SIM905 - as elsewhere
    )

    def __init__(self, name: str, parent: Logger | None, own: Logs) -> None:
        self.name = name
        self.parent = parent
        self.own = own
        self.level = 0 if parent is not None else 30
        self.handlers: list[Any] = []
        self.propagate = True
        self.disabled = False

    def __repr__(self) -> str:
        return f"<Logger {self.name} ({level_name(self.getEffectiveLevel())})>"

    def __set_member__(self, name: str, value: Any) -> None:
        if name in ("propagate", "disabled", "level", "handlers"):
            setattr(self, name, value)

    @property
    def root(self) -> Logger:
        return self.own.root

    def getChild(self, suffix: str) -> Logger:
        return self.own.logger(f"{self.name}.{suffix}")

    def getEffectiveLevel(self) -> int:
        logger: Logger | None = self
        while logger is not None and logger.level == 0:
            logger = logger.parent
        return 0 if logger is None else logger.level

    def setLevel(self, level: Any) -> None:
        self.level = level_of(level)

    def isEnabledFor(self, level: Any) -> bool:
        return not self.disabled and level_of(level) >= max(self.getEffectiveLevel(), self.own.least)

    def addHandler(self, handler: Any) -> None:
        if handler not in self.handlers:
            self.handlers.append(handler)

    def removeHandler(self, handler: Any) -> None:
        if handler in self.handlers:
            self.handlers.remove(handler)

    def hasHandlers(self) -> bool:
        return bool(self.reached())

    def reached(self) -> list[Any]:
        """The handlers of this logger and of those above it."""
        found: list[Any] = []
        logger: Logger | None = self
        while logger is not None:
            found += logger.handlers
            logger = logger.parent if logger.propagate else None
        return found

    def log(self, level: Any, msg: Any, *args: Any, **_: Any) -> None:
        if not self.isEnabledFor(level):
            return
        message = text.written(msg)
        if args:
            given = args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args
            message = message % formattable(given)
        created = time.time()
        record = {"name": self.name, "levelno": level, "levelname": level_name(level), "message": message}
        record |= {
            "created": created,
            "msecs": created % 1 * 1000,
            "filename": self.own.file,
            "pathname": self.own.file,
        }
        record |= {"module": self.own.file.rpartition(".")[0], "lineno": 0, "funcName": "<module>", "process": 1}
        record |= {"threadName": "MainThread", "processName": "MainProcess", "thread": 1, "relativeCreated": 0.0}
        handlers = self.reached()
        for handler in handlers:
            handler.emit(record)
        if not handlers and level >= 30:  # Python's handler of last resort
            self.own.session.display.note(message + "\n")

    def debug(self, msg: Any, *args: Any, **options: Any) -> None:
        self.log(10, msg, *args, **options)

    def info(self, msg: Any, *args: Any, **options: Any) -> None:
        self.log(20, msg, *args, **options)

    def warning(self, msg: Any, *args: Any, **options: Any) -> None:
        self.log(30, msg, *args, **options)

    def error(self, msg: Any, *args: Any, **options: Any) -> None:
        self.log(40, msg, *args, **options)

    def critical(self, msg: Any, *args: Any, **options: Any) -> None:
        self.log(50, msg, *args, **options)

    warn, exception, fatal = warning, error, critical


class Logs:
    """The loggers of one session."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.file = str(session.argv[0]) if session.argv else "<stdin>"
        self.least = 0
        self.root = Logger("root", None, self)
        self.loggers: dict[str, Logger] = {}

    def logger(self, name: Any = None) -> Logger:
        if not name or name == "root":
            return self.root
        if name not in self.loggers:
            above = name.rpartition(".")[0]
            self.loggers[name] = Logger(name, self.logger(above), self)
        return self.loggers[name]

    def stream(self, stream: Any = None) -> Handler:
        from gradsh.frontend.access import method

        return Handler(self.session.display.note if stream is None else method(stream, "write"))

    def configure(
        self,
        *,
        level: Any = None,
        format: Any = BASIC,
        datefmt: Any = None,
        style: str = "%",
        stream: Any = None,
        handlers: Any = None,
        force: bool = False,
        **_: Any,
    ) -> None:
        """`basicConfig(…)`, which does nothing where there are handlers already."""
        if force:
            self.root.handlers.clear()
        if self.root.handlers:
            return
        for handler in [self.stream(stream)] if handlers is None else handlers:
            if handler.formatter is None:
                handler.formatter = Formatter(format, datefmt, style)
            self.root.addHandler(handler)
        if level is not None:
            self.root.setLevel(level)

    def disable(self, level: Any = 50) -> None:
        self.least = level_of(level) + 1

    def to_file(self, path: Any, *_: Any, **__: Any) -> Any:
        from gradsh.frontend.imports.opening import opened

        opened(self.session)(path, "a")  # which says that files are not written


def module(session: Any, name: str) -> Module:
    logs = Logs(session)

    def said(word: str) -> Any:
        def say(msg: Any, *args: Any, **options: Any) -> None:
            if not logs.root.handlers:
                logs.configure()
            getattr(logs.root, word)(msg, *args, **options)

        say.__name__ = say.__qualname__ = word
        return say

    words = ("debug", "info", "warning", "warn", "error", "critical", "fatal", "exception")
    members: dict[str, Any] = {word: said(word) for word in words} | LEVELS | {"WARN": 30, "FATAL": 50}
    members |= {"basicConfig": logs.configure, "getLogger": logs.logger, "StreamHandler": logs.stream}
    members |= {"Formatter": Formatter, "FileHandler": logs.to_file, "NullHandler": lambda: Handler(lambda words: None)}
    members |= {"getLevelName": level_name, "disable": logs.disable, "Logger": Logger, "root": logs.root}
    return of_members("logging", members)
