"""`logging`: messages on standard error or a stream of the program's, with the levels and formats that Python has."""

from __future__ import annotations

import time
from types import FunctionType
from typing import Any

from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.classes import Object
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


def add_level(level: int, name: str) -> None:
    """`addLevelName(level, name)`."""
    LEVELS[name], NAMES[level] = level, name


class Formatter(Object):
    """`Formatter(fmt, datefmt, style)`."""

    def __init__(self, fmt: Any = None, datefmt: Any = None, style: str = "%", **_: Any) -> None:
        self.fmt = fmt or "%(message)s"
        self.datefmt = datefmt
        self.style = style

    def format(self, record: Any) -> str:
        record = dict(record.facts)
        if "asctime" in self.fmt:
            now = time.localtime(record["created"])
            record["asctime"] = time.strftime(self.datefmt or "%Y-%m-%d %H:%M:%S", now)
            if not self.datefmt:
                record["asctime"] += f",{int(record['msecs']):03d}"
        return str(self.fmt.format(**record) if self.style == "{" else self.fmt % record)


def _open(kind: Any, *names: str) -> None:
    """Let programs derive their own classes from one, and call what it does itself."""
    kind.written, kind.hosted, kind.slots = {name: kind.__dict__[name] for name in names}, False, None
    kind.__module__ = "logging"


_open(Formatter, "__init__", "format")


class Filter(Object):
    """`Filter(name)`: lets pass what a logger of that name says, and those below it."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def filter(self, record: Any) -> bool:
        return not self.name or f"{record.facts['name']}.".startswith(f"{self.name}.")


_open(Filter, "__init__", "filter")


class Record:
    """What a filter is asked of: a message, with where and when it was."""

    __public__ = frozenset(
        """
        name levelno levelname message created msecs filename pathname module lineno funcName process threadName msg
        args processName thread relativeCreated asctime getMessage exc_info
        """.split()  # noqa: SIM905 - as elsewhere
    )

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["facts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def __set_member__(self, name: str, value: Any) -> None:
        self.facts[name] = value

    def getMessage(self) -> str:
        return str(self.facts["message"])


def passes(filters: list[Any], record: dict[str, Any]) -> bool:
    """Do all filters let a record pass?"""
    for each in filters:
        shown = Record(record)
        if not (each(shown) if isinstance(each, FunctionType) else method(each, "filter")(shown)):
            return False
    return True


class Handler:
    """`StreamHandler(stream)`; one of no stream writes to standard error, `NullHandler` nowhere."""

    __public__ = frozenset(
        ("setLevel", "setFormatter", "level", "formatter", "flush", "close", "addFilter", "removeFilter", "filters")
    )

    def __init__(self, write: Any) -> None:
        self.take = write
        self.level = 0
        self.formatter: Any = None
        self.filters: list[Any] = []

    def addFilter(self, filter: Any) -> None:
        self.filters.append(filter)

    def removeFilter(self, filter: Any) -> None:
        if filter in self.filters:
            self.filters.remove(filter)

    def setLevel(self, level: Any) -> None:
        self.level = level_of(level)

    def setFormatter(self, formatter: Any) -> None:
        self.formatter = formatter

    def flush(self) -> None:
        """Nothing is kept back."""

    close = flush

    def emit(self, record: dict[str, Any]) -> None:
        if record["levelno"] >= self.level and passes(self.filters, record):
            self.take(formatted(self.formatter, record) + "\n")


def formatted(formatter: Any, record: dict[str, Any]) -> str:
    """A message as a formatter, of the program's own perhaps, writes it."""
    return str(method(formatter or Formatter(), "format")(Record(record)))


class Own(Object):
    """`logging.Handler`, whose subclasses give `emit`."""

    def __init__(self, level: Any = 0) -> None:
        self.level = level_of(level)
        self.formatter: Any = None
        self.filters: list[Any] = []

    def setLevel(self, level: Any) -> None:
        self.level = level_of(level)

    def setFormatter(self, formatter: Any) -> None:
        self.formatter = formatter

    def addFilter(self, filter: Any) -> None:
        self.filters.append(filter)

    def format(self, record: Any) -> str:
        return formatted(self.formatter, record.facts)

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def handleError(self, record: Any) -> None:
        """What goes wrong in `emit` is not said."""


_open(Own, "__init__", "setLevel", "setFormatter", "addFilter", "format", "flush", "close", "handleError")


class FileHandler(Handler):
    """`FileHandler(path, mode)`: what is logged is in the file as soon as it is."""

    def __init__(self, session: Any, filename: Any, mode: str = "a", encoding: Any = None, *_: Any, **__: Any) -> None:
        from gradsh.frontend.imports.opening import opened

        self.file = opened(session)(filename, mode, encoding=encoding)
        super().__init__(self.file.write)

    def emit(self, record: dict[str, Any]) -> None:
        super().emit(record)
        self.file.flush()

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        self.file.close()


class Logger:
    """`getLogger(name)`."""

    __public__ = frozenset(
        """
        debug info warning warn error critical fatal exception log setLevel addHandler removeHandler handlers level
        name propagate isEnabledFor getEffectiveLevel hasHandlers getChild disabled parent root addFilter removeFilter
        filters
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
        self.filters: list[Any] = []

    addFilter, removeFilter = Handler.addFilter, Handler.removeFilter

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

    def log(self, level: Any, msg: Any, *args: Any, exc_info: Any = None, extra: Any = None, **_: Any) -> None:
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
        line, function = here()
        record |= {"module": self.own.file.rpartition(".")[0], "lineno": line, "funcName": function, "process": 1}
        record |= {"msg": msg, "args": args, "exc_info": exc_info, **(extra or {})}
        if not passes(self.filters, record):
            return
        record |= {"threadName": "MainThread", "processName": "MainProcess", "thread": 1, "relativeCreated": 0.0}
        handlers = self.reached()
        for handler in handlers:
            if not isinstance(handler, Own):
                handler.emit(record)
            elif level >= handler.level and passes(handler.filters, record):
                method(handler, "emit")(Record(record))
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


def here() -> tuple[int, str]:
    """The line of the program that runs, and the function that it is in."""
    import sys

    from gradsh.engine.core.users import PROGRAM
    from gradsh.frontend.text import qualified_name
    from gradsh.language.places import span_of

    frame: Any = sys._getframe(1)
    while frame is not None and PROGRAM not in frame.f_globals:
        frame = frame.f_back
    if frame is None:
        return 0, "<module>"
    span = span_of(frame.f_code, frame.f_lineno)
    name = qualified_name(frame.f_code.co_name)
    line = 0 if span is None else span.source.text.count("\n", 0, span.start) + 1
    return line, name if frame.f_code.co_name != "<module>" else "<module>"


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
        filename: Any = None,
        filemode: str = "a",
        encoding: Any = None,
        **_: Any,
    ) -> None:
        """`basicConfig(…)`, which does nothing where there are handlers already."""
        if force:
            self.root.handlers.clear()
        if self.root.handlers:
            return
        if handlers is None:
            named = filename is not None
            handlers = [self.to_file(filename, filemode, encoding) if named else self.stream(stream)]
        for handler in handlers:
            if handler.formatter is None:
                handler.formatter = Formatter(format, datefmt, style)
            self.root.addHandler(handler)
        if level is not None:
            self.root.setLevel(level)

    def disable(self, level: Any = 50) -> None:
        self.least = level_of(level) + 1

    def to_file(self, path: Any, *given: Any, **options: Any) -> Any:
        return FileHandler(self.session, path, *given, **options)


class Adapter:
    """`LoggerAdapter(logger, extra)`."""

    __public__ = frozenset(("debug", "info", "warning", "error", "critical", "log", "logger", "extra", "process"))

    def __init__(self, logger: Any, extra: Any = None) -> None:
        self.logger, self.extra = logger, extra

    def log(self, level: Any, msg: Any, *args: Any, **options: Any) -> None:
        self.logger.log(level, msg, *args, **{**options, "extra": self.extra})

    debug, info, warning = Logger.debug, Logger.info, Logger.warning
    error, critical = Logger.error, Logger.critical


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
    members |= {"LoggerAdapter": Adapter, "addLevelName": add_level, "shutdown": lambda: None}
    members |= {"captureWarnings": lambda capture: None, "Handler": Own, "Filter": Filter}
    members["log"] = lambda level, msg, *args: logs.root.log(level, msg, *args)
    files = dict.fromkeys(("RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler"), logs.to_file)
    members["handlers"] = of_members("logging.handlers", files)
    return of_members("logging", members)
