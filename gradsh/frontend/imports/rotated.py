"""`logging.handlers` that give their file another name when it is long or old, or keep records; `logging.config`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from gradsh.errors import GradshError, ValueError_
from gradsh.frontend.access import method
from gradsh.frontend.imports import module_of
from gradsh.frontend.imports.logs import Formatter, Own, level_of, open_to_programs
from gradsh.frontend.imports.opening import opened, remove, rename

__acts_for_programs__ = True

SPANS = {"S": 1, "M": 60, "H": 3600, "D": 86400, "MIDNIGHT": 86400, "W": 604800}  # seconds of each `when`
STAMPS = {"S": "%Y-%m-%d_%H-%M-%S", "M": "%Y-%m-%d_%H-%M", "H": "%Y-%m-%d_%H"}  # what stands behind the old file's name


def handlers(session: Any, file_handler: Any) -> dict[str, Any]:
    """What is derived from a session's FileHandler, and what keeps its records."""
    made = (_by_size(session, file_handler), _by_time(session, file_handler), QueueHandler, MemoryHandler)
    for kind in made:
        kind.__qualname__, kind.__module__ = kind.__name__, "logging.handlers"
    return {kind.__name__: kind for kind in made}


def _moved(session: Any, handler: Any, new: str) -> None:
    """Let what is logged from now on be in a new file, and what was in one of another name."""
    handler.stream.close()
    rename(session, handler.baseFilename, new)
    handler.stream = opened(session)(handler.baseFilename, "w", encoding=handler.encoding)


def _by_size(session: Any, file_handler: Any) -> Any:
    class RotatingFileHandler(file_handler):  # type: ignore[misc]  # made for the session
        stream: Any
        over: bool

        def __init__(
            self,
            filename: Any,
            mode: str = "a",
            maxBytes: int = 0,
            backupCount: int = 0,
            encoding: Any = None,
            delay: bool = False,
            errors: Any = None,
        ) -> None:
            file_handler.__init__(self, filename, "a" if maxBytes > 0 else mode, encoding)
            self.maxBytes, self.backupCount = maxBytes, backupCount

        def emit(self, record: Any) -> None:
            if method(self, "shouldRollover")(record):
                method(self, "doRollover")()
            file_handler.emit(self, record)

        def shouldRollover(self, record: Any) -> bool:
            said = f"{method(self, 'format')(record)}\n"
            return self.maxBytes > 0 and not self.over and self.stream.stream.tell() + len(said) >= self.maxBytes

        def doRollover(self) -> None:
            base = self.baseFilename
            if self.backupCount <= 0:  # as Python, which only opens it again
                return
            for number in range(self.backupCount - 1, 0, -1):
                if os.path.exists(f"{base}.{number}"):
                    rename(session, f"{base}.{number}", f"{base}.{number + 1}")
            _moved(session, self, f"{base}.1")

    open_to_programs(RotatingFileHandler, "__init__", "emit", "shouldRollover", "doRollover")
    return RotatingFileHandler


def _by_time(session: Any, file_handler: Any) -> Any:
    class TimedRotatingFileHandler(file_handler):  # type: ignore[misc]
        def __init__(
            self,
            filename: Any,
            when: str = "h",
            interval: int = 1,
            backupCount: int = 0,
            encoding: Any = None,
            delay: bool = False,
            utc: bool = False,
            atTime: Any = None,
            errors: Any = None,
        ) -> None:
            self.when, self.backupCount, self.utc = when.upper(), backupCount, utc
            kind = "W" if self.when[:1] == "W" else self.when
            if kind not in SPANS:
                raise ValueError_(f"Invalid rollover interval specified: {self.when}")
            self.interval = SPANS[kind] * interval
            self.suffix = STAMPS.get(kind, "%Y-%m-%d")
            file_handler.__init__(self, filename, "a", encoding)
            self.rolloverAt = self._next(time.time())

        def _next(self, now: float) -> float:
            if self.when != "MIDNIGHT":
                return int(now) + self.interval
            day = time.gmtime(now) if self.utc else time.localtime(now)
            return int(now) + 86400 - (day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec)

        def emit(self, record: Any) -> None:
            if method(self, "shouldRollover")(record):
                method(self, "doRollover")()
            file_handler.emit(self, record)

        def shouldRollover(self, record: Any) -> bool:
            return int(time.time()) >= self.rolloverAt

        def doRollover(self) -> None:
            since = self.rolloverAt - self.interval
            stamp = time.strftime(self.suffix, time.gmtime(since) if self.utc else time.localtime(since))
            _moved(session, self, f"{self.baseFilename}.{stamp}")
            folder, name = os.path.split(self.baseFilename)
            old = sorted(each for each in os.listdir(folder) if each.startswith(f"{name}."))
            for each in old[: -self.backupCount] if self.backupCount > 0 else ():
                remove(session, os.path.join(folder, each))
            self.rolloverAt = self._next(time.time())

    open_to_programs(TimedRotatingFileHandler, "__init__", "emit", "shouldRollover", "doRollover")
    return TimedRotatingFileHandler


class QueueHandler(Own):
    """`QueueHandler(queue)`: what is logged goes into a queue."""

    def __init__(self, queue: Any) -> None:
        Own.__init__(self)
        self.queue = queue

    def emit(self, record: Any) -> None:
        method(self, "enqueue")(record)

    def enqueue(self, record: Any) -> None:
        method(self.queue, "put_nowait")(record)


class MemoryHandler(Own):
    """`MemoryHandler(capacity, flushLevel, target)`: keeps what is logged until there is much of it, or an error."""

    def __init__(self, capacity: int, flushLevel: Any = 40, target: Any = None, flushOnClose: bool = True) -> None:
        Own.__init__(self)
        self.capacity, self.flushLevel, self.target = capacity, level_of(flushLevel), target
        self.buffer: list[Any] = []

    def emit(self, record: Any) -> None:
        self.buffer.append(record)
        if len(self.buffer) >= self.capacity or record.levelno >= self.flushLevel:
            method(self, "flush")()

    def setTarget(self, target: Any) -> None:
        self.target = target

    def flush(self) -> None:
        if self.target is not None:
            for record in self.buffer:
                method(self.target, "handle")(record)
            self.buffer.clear()

    def close(self) -> None:
        method(self, "flush")()


open_to_programs(QueueHandler, "__init__", "emit", "enqueue")
open_to_programs(MemoryHandler, "__init__", "emit", "setTarget", "flush", "close")


# --- logging.config ---------------------------------------------------------------------------------------------------


def _named(session: Any, path: str) -> Any:
    """What `ext://sys.stdout` and `logging.StreamHandler` mean. Errors: ValueError_."""
    root, *rest = path.split(".")
    try:
        found: Any = module_of(session, session.builtins, root) if rest else None
        for part in rest:
            found = method(found, part)
    except GradshError:
        found = None
    if found is None:
        raise ValueError_(f"Cannot resolve {path!r}")
    return found


def _all_of(what: str, given: Any, make: Callable[[Any], Any]) -> dict[str, Any]:
    """What is made of each. Errors: ValueError_, which says of which it was."""
    made = {}
    for name, each in (given or {}).items():
        try:
            made[name] = make(each)
        except (GradshError, KeyError, TypeError, ValueError) as error:
            whole = f"{what} {name!r}" if name else what
            raise ValueError_(f"Unable to configure {whole}") from error
    return made


def configuring(session: Any, logs: Any, members: dict[str, Any]) -> dict[str, Any]:
    """`dictConfig`: the loggers, handlers and formatters that a dict says."""

    named = partial(_named, session)

    def value(given: Any) -> Any:
        return named(given.removeprefix("ext://")) if isinstance(given, str) and given.startswith("ext://") else given

    def formatter(given: dict[str, Any]) -> Any:
        options = {"fmt": given.get("format"), "datefmt": given.get("datefmt"), "style": given.get("style", "%")}
        if "()" in given:
            maker = given["()"]
            rest = {name: each for name, each in given.items() if name != "()"}
            return (named(maker) if isinstance(maker, str) else maker)(**rest)
        return (named(given["class"]) if "class" in given else Formatter)(**options)

    def handler(given: dict[str, Any], known: dict[str, Any], filters: dict[str, Any]) -> Any:
        rest = dict(given)
        level, shape, passing = rest.pop("level", None), rest.pop("formatter", None), rest.pop("filters", ())
        kind = rest.pop("()", None) or rest.pop("class")
        made = (named(kind) if isinstance(kind, str) else kind)(**{name: value(each) for name, each in rest.items()})
        if level is not None:
            made.setLevel(level)
        if shape is not None:
            made.setFormatter(known[shape])
        for each in passing:
            made.addFilter(filters[each])
        return made

    def put(logger: Any, given: dict[str, Any], known: dict[str, Any]) -> None:
        if given.get("level") is not None:
            logger.setLevel(given["level"])
        logger.handlers.clear()
        for each in given.get("handlers") or ():
            logger.addHandler(known[each])
        if given.get("propagate") is not None:
            logger.propagate = bool(given["propagate"])

    def configure(config: Any) -> None:
        """`logging.config.dictConfig(config)`. Errors: ValueError_ in Python's words."""
        if "version" not in config:
            raise ValueError_("dictionary doesn't specify a version")
        if config["version"] != 1:
            raise ValueError_(f"Unsupported version: {config['version']}")
        shapes = _all_of("formatter", config.get("formatters"), formatter)
        filters = _all_of(
            "filter",
            config.get("filters"),
            lambda given: (
                given["()"](**{name: each for name, each in given.items() if name != "()"})
                if "()" in given
                else members["Filter"](given.get("name", ""))
            ),
        )
        made = _all_of("handler", config.get("handlers"), lambda given: handler(given, shapes, filters))
        if config.get("disable_existing_loggers", True) and not config.get("incremental"):
            for name, logger in logs.loggers.items():
                logger.disabled = not any(
                    name == each or name.startswith(f"{each}.") for each in config.get("loggers") or ()
                )
        for name, given in (config.get("loggers") or {}).items():
            _all_of("logger", {name: given}, lambda given, name=name: put(logs.logger(name), given, made))  # type: ignore[misc]
        if config.get("root"):
            _all_of("root logger", {"": config["root"]}, lambda given: put(logs.root, given, made))

    return {"dictConfig": configure}
