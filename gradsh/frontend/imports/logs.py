"""`logging`: messages on standard error or a stream of the program's, with the levels and formats that Python has."""

from __future__ import annotations

import time
from importlib import import_module
from types import FunctionType
from typing import Any

from gradsh.frontend import text
from gradsh.frontend.access import method
from gradsh.frontend.classes import Object
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.namespace import formattable

__acts_for_programs__ = True

LEVELS = {"CRITICAL": 50, "ERROR": 40, "WARNING": 30, "INFO": 20, "DEBUG": 10, "NOTSET": 0}
USUAL = dict(LEVELS)
NAMES = {number: name for name, number in LEVELS.items()}
BASIC = "%(levelname)s:%(name)s:%(message)s"


def level_of(level: Any) -> int:
    return LEVELS[level] if isinstance(level, str) else int(level)


def level_name(level: Any) -> Any:
    """`getLevelName(level)`."""
    return LEVELS.get(level, level) if isinstance(level, str) else NAMES.get(level, f"Level {level}")


def add_level(level: int, levelName: str) -> None:
    """`addLevelName(level, levelName)`."""
    LEVELS[levelName], NAMES[level] = level, levelName


class Formatter(Object):
    """`Formatter(fmt, datefmt, style)`."""

    def __init__(self, fmt: Any = None, datefmt: Any = None, style: str = "%", **_: Any) -> None:
        self.fmt = fmt or "%(message)s"
        self.datefmt = datefmt
        self.style = style

    def format(self, record: Any) -> str:
        record = dict(record.facts)
        if "asctime" in self.fmt:
            record["asctime"] = method(self, "formatTime")(Record(record), self.datefmt)
        said = str(self.fmt.format(**record) if self.style == "{" else self.fmt % record)
        return said if not record["exc_text"] else f"{said}\n{record['exc_text']}"

    def formatTime(self, record: Any, datefmt: Any = None) -> str:
        when = time.strftime(datefmt or "%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        return when if datefmt else f"{when},{int(record.msecs):03d}"


def open_to_programs(kind: Any, *names: str) -> None:
    """Let programs derive their own classes from one, and call what it does itself."""
    kind.written, kind.hosted, kind.slots = {name: kind.__dict__[name] for name in names}, False, None
    kind.__module__ = "logging"


open_to_programs(Formatter, "__init__", "format", "formatTime")


class Filter(Object):
    """`Filter(name)`: lets pass what a logger of that name says, and those below it."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def filter(self, record: Any) -> bool:
        return not self.name or f"{record.facts['name']}.".startswith(f"{self.name}.")


open_to_programs(Filter, "__init__", "filter")


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

    def setFormatter(self, fmt: Any) -> None:
        self.formatter = fmt

    def addFilter(self, filter: Any) -> None:
        self.filters.append(filter)

    def removeFilter(self, filter: Any) -> None:
        if filter in self.filters:
            self.filters.remove(filter)

    def format(self, record: Any) -> str:
        return formatted(self.formatter, record.facts)

    def handle(self, record: Any) -> bool:
        passed = passes(self.filters, record.facts)
        if passed:
            method(self, "emit")(record)
        return passed

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Nothing is open."""

    def handleError(self, record: Any) -> None:
        """What goes wrong in `emit` is not said."""

    def acquire(self) -> None:
        """One thread runs at a time."""

    release = acquire

    def __repr__(self) -> str:
        return f"<{type(self).__name__} ({level_name(self.level)})>"


_OF_HANDLERS = """
__init__ setLevel setFormatter addFilter removeFilter format handle flush close handleError acquire release __repr__
"""
open_to_programs(Own, *_OF_HANDLERS.split())
Own.__name__ = Own.__qualname__ = "Handler"


class Writer(Own):
    """`logging.StreamHandler(stream)`."""

    terminator = "\n"

    def __init__(self, stream: Any) -> None:
        Own.__init__(self)
        self.stream = stream

    def emit(self, record: Any) -> None:
        method(self.stream, "write")(method(self, "format")(record) + self.terminator)

    def setStream(self, stream: Any) -> Any:
        before, self.stream = self.stream, stream
        return before

    def __repr__(self) -> str:
        name = getattr(self.stream, "name", "")
        return f"<{type(self).__name__} {name}{' ' if name else ''}({level_name(self.level)})>"


class Nowhere(Own):
    """`logging.NullHandler()`."""

    def emit(self, record: Any) -> None:
        """Nobody wants it."""


def handlers(session: Any) -> dict[str, Any]:
    """The handlers that a session's programs make, and derive their own from."""
    from gradsh.frontend.imports.opening import opened
    from gradsh.frontend.imports.outside import Stream

    class StreamHandler(Writer):
        def __init__(self, stream: Any = None) -> None:
            Writer.__init__(self, Stream(session.display.note, "<stderr>") if stream is None else stream)

    class FileHandler(StreamHandler):  # what is logged is in the file as soon as it is
        def __init__(
            self, filename: Any, mode: str = "a", encoding: Any = None, delay: bool = False, errors: Any = None
        ) -> None:
            Writer.__init__(self, opened(session)(filename, mode, encoding=encoding))
            self.over = False
            self.baseFilename, self.mode, self.encoding = session.files.real(text.written(filename)), mode, encoding

        def emit(self, record: Any) -> None:
            if self.over and self.mode != "w":  # as Python, which opens it again
                self.stream, self.over = opened(session)(self.baseFilename, "a", encoding=self.encoding), False
            if not self.over:
                Writer.emit(self, record)
                self.stream.flush()

        def close(self) -> None:
            self.stream.close()
            self.over = True

        def __repr__(self) -> str:
            return f"<{type(self).__name__} {self.baseFilename} ({level_name(self.level)})>"

    class WatchedFileHandler(FileHandler):
        pass

    open_to_programs(StreamHandler, "__init__")
    open_to_programs(FileHandler, "__init__", "emit", "close", "__repr__")
    open_to_programs(WatchedFileHandler)
    made = (StreamHandler, FileHandler, WatchedFileHandler)
    for kind in made:
        kind.__qualname__ = kind.__name__
    return {kind.__name__: kind for kind in made}


open_to_programs(Writer, "emit", "setStream", "__repr__")
open_to_programs(Nowhere, "emit")
Nowhere.__name__ = Nowhere.__qualname__ = "NullHandler"


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

    addFilter, removeFilter = Own.addFilter, Own.removeFilter

    def __repr__(self) -> str:
        kind = "Logger" if self.parent is not None else "RootLogger"
        return f"<{kind} {self.name} ({level_name(self.getEffectiveLevel())})>"

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

    def addHandler(self, hdlr: Any) -> None:
        if hdlr not in self.handlers:
            self.handlers.append(hdlr)

    def removeHandler(self, hdlr: Any) -> None:
        if hdlr in self.handlers:
            self.handlers.remove(hdlr)

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
        said = raised_text() if exc_info else ""
        record |= {"msg": msg, "args": args, "exc_info": exc_info, "exc_text": said, **(extra or {})}
        if not passes(self.filters, record):
            return
        record |= {"threadName": "MainThread", "processName": "MainProcess", "thread": 1, "relativeCreated": 0.0}
        handlers = self.reached()
        for handler in handlers:
            if level >= handler.level:
                method(handler, "handle")(Record(record))
        if not handlers and level >= 30:  # Python's handler of last resort
            self.own.session.display.note("\n".join(filter(None, (message, said))) + "\n")

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

    def exception(self, msg: Any, *args: Any, exc_info: Any = True, **options: Any) -> None:
        self.log(40, msg, *args, exc_info=exc_info, **options)

    warn, fatal = warning, critical


def raised_text() -> str:
    """The traceback of the exception that is being handled."""
    import sys

    from gradsh.frontend import traces
    from gradsh.frontend.exceptions import seen

    error = sys.exc_info()[1]
    return "NoneType: None" if error is None else "".join(traces.lines_of(seen(error))).rstrip("\n")


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
        self.kinds = handlers(session)

    def logger(self, name: Any = None) -> Logger:
        if not name or name == "root":
            return self.root
        if name not in self.loggers:
            above = name.rpartition(".")[0]
            self.loggers[name] = Logger(name, self.logger(above), self)
        return self.loggers[name]

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
            kinds = self.kinds
            handlers = [kinds["FileHandler"](filename, filemode, encoding) if named else kinds["StreamHandler"](stream)]
        for handler in handlers:
            if handler.formatter is None:
                handler.formatter = Formatter(format, datefmt, style)
            self.root.addHandler(handler)
        if level is not None:
            self.root.setLevel(level)

    def disable(self, level: Any = 50) -> None:
        self.least = level_of(level) + 1


class Adapter(Object):
    """`LoggerAdapter(logger, extra)`."""

    def __init__(self, logger: Any, extra: Any = None) -> None:
        self.logger, self.extra = logger, extra

    def process(self, msg: Any, kwargs: Any) -> Any:
        return msg, {**kwargs, "extra": self.extra}

    def log(self, level: Any, msg: Any, *args: Any, **options: Any) -> None:
        msg, options = method(self, "process")(msg, options)
        self.logger.log(level, msg, *args, **options)

    debug, info, warning = Logger.debug, Logger.info, Logger.warning
    error, critical, exception = Logger.error, Logger.critical, Logger.exception


open_to_programs(Adapter, "__init__", "process", "log", "debug", "info", "warning", "error", "critical", "exception")
Adapter.__name__ = Adapter.__qualname__ = "LoggerAdapter"


class Logging(Module):
    """The module; `own`: the loggers of its session."""

    __slots__ = ("own",)
    own: Logs


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
    for name in [*LEVELS.keys() - USUAL.keys()]:  # what a session before has added
        del LEVELS[name]
    LEVELS.update(USUAL)
    NAMES.clear()
    NAMES.update({number: level for level, number in USUAL.items()})
    members: dict[str, Any] = {word: said(word) for word in words} | LEVELS | {"WARN": 30, "FATAL": 50}
    members |= {"basicConfig": logs.configure, "getLogger": logs.logger}
    kinds = dict(logs.kinds)
    members |= {name: kinds.pop(name) for name in ("StreamHandler", "FileHandler")}
    members |= {"Formatter": Formatter, "NullHandler": Nowhere}
    members |= {"getLevelName": level_name, "disable": logs.disable, "Logger": Logger, "root": logs.root}
    members |= {"LoggerAdapter": Adapter, "addLevelName": add_level, "shutdown": lambda: None}
    members |= {"captureWarnings": lambda capture: None, "Handler": Own, "Filter": Filter}
    members["log"] = lambda level, msg, *args: logs.root.log(level, msg, *args)
    later = import_module("gradsh.frontend.imports.rotated")
    members["handlers"] = of_members("logging.handlers", kinds | later.handlers(session, members["FileHandler"]))
    members["config"] = of_members("logging.config", later.configuring(session, logs, members))
    made = Logging("logging", of_members("logging", members).find, has=members)
    made.own = logs
    return made
