"""`unittest.TestCase`, whose asserts are Python's own functions."""

from __future__ import annotations

import difflib
import pprint
import re
import unittest.case
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend import text
from gradsh.frontend.access import attribute, method
from gradsh.frontend.builtins import NAMES
from gradsh.frontend.classes import ABSENT, Object, lookup
from gradsh.frontend.exceptions import matches, raised, seen
from gradsh.frontend.imports import module_of
from gradsh.frontend.imports.outcomes import Result, SkipTest
from gradsh.frontend.imports.warned import WarningMessage
from gradsh.frontend.kinds import python_of

__acts_for_programs__ = True

LONGEST = 80  # of a value in a message, where it is shortened


def _said(value: Any, short: bool = False) -> str:
    shown = text.shown(value)
    return shown[:LONGEST] + " [truncated]..." if short and len(shown) >= LONGEST else shown


# Python's own functions, in a space where values are shown, and asked for their types, as a program does
_SPACE = {
    **vars(unittest.case),
    "safe_repr": _said,
    "repr": text.shown,
    "isinstance": NAMES["isinstance"],
    "difflib": difflib,
    "pprint": pprint,
}
_NOT_PYTHONS = ("assertRaises", "assertWarns", "assertLogs", "assertNoLogs", "assertIsInstance", "assertNotIsInstance")
_SHARED = ("_getAssertEqualityFunc", "_baseAssertEqual", "_truncateMessage", "_formatMessage", "addTypeEqualityFunc")


def _pythons() -> Iterator[tuple[str, Any]]:
    for name, function in vars(unittest.case.TestCase).items():
        asserts = name.startswith("assert") and not name.startswith(_NOT_PYTHONS)
        if isinstance(function, FunctionType) and (asserts or name in _SHARED):
            own = FunctionType(function.__code__, _SPACE, name, function.__defaults__, function.__closure__)
            own.__kwdefaults__ = function.__kwdefaults__
            own.__qualname__ = function.__qualname__
            yield name, own


# --- what is expected to be raised ------------------------------------------------------------------------------------


def _names(kinds: Any) -> str:
    """A class of exceptions, or several, in a message."""
    return text.shown(kinds) if isinstance(kinds, tuple) else str(python_of(kinds).__name__)


class Raises:
    """`with self.assertRaises(kind) as context`."""

    __public__ = frozenset(("exception", "expected", "msg"))

    def __init__(self, case: Any, kinds: Any, pattern: Any = None, msg: Any = None) -> None:
        for kind in kinds if isinstance(kinds, tuple) else (kinds,):
            found = python_of(kind)
            if not (isinstance(found, type) and issubclass(found, BaseException)):
                raise TypeError_("assertRaises() arg 1 must be an exception type or tuple of exception types")
        self.case, self.expected, self.msg = case, kinds, msg
        self.pattern: Any = re.compile(pattern) if isinstance(pattern, (str, bytes)) else pattern
        self.by = ""
        self.exception: Any = None

    def fail(self, words: str) -> None:
        raise raised(self.case.failureException(self.case._formatMessage(self.msg, words)))

    def __enter__(self) -> Raises:
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool:
        if value is None:
            self.fail(f"{_names(self.expected)} not raised{self.by}")
        shown = seen(value)
        if not matches(shown, self.expected):
            return False
        value.__traceback__ = None  # as Python does: what is said of it has no lines
        self.exception = shown.with_traceback(None)
        if self.pattern is not None and not self.pattern.search(text.written(shown)):
            self.fail(f'"{self.pattern.pattern}" does not match "{text.written(shown)}"')
        return True

    def of(self, given: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The context itself, or nothing after the function that is given has run in it."""
        from gradsh.frontend.namespace import call

        if not given:
            self.msg = keywords.get("msg")
            return self
        self.by = f" by {attribute(given[0], '__name__')}" if hasattr(given[0], "__name__") else ""
        with self:
            call(*given, **keywords)
        return None


class Warns(Raises):
    """`with self.assertWarns(kind) as context`."""

    __public__ = frozenset(("warning", "warnings", "expected", "msg"))

    def __enter__(self) -> Warns:
        kinds = self.expected if isinstance(self.expected, tuple) else (self.expected,)
        self.kinds = {kind.__name__: kind for kind in map(python_of, kinds)}
        self.warnings: list[WarningMessage] = []
        self.before = mode.warn_sink
        mode.warn_sink = lambda words, category, where: self.warnings.append(
            WarningMessage(words, category, self.kinds, where)
        )
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> Any:
        mode.warn_sink = self.before
        if value is not None:
            return False
        first = None
        for each in self.warnings:
            if not issubclass(each.category, tuple(self.kinds.values())):
                continue
            first = first or each.message
            if self.pattern is None or self.pattern.search(text.written(each.message)):
                self.warning = each.message
                return False
        if first is not None and self.pattern is not None:
            self.fail(f'"{self.pattern.pattern}" does not match "{text.written(first)}"')
        self.fail(f"{_names(self.expected)} not triggered{self.by}")
        return False


class Logged(Raises):
    """`with self.assertLogs(logger, level) as context`; of no `records`, that nothing is logged."""

    __public__ = frozenset(("records", "output", "msg", "logger_name", "level"))

    def __init__(self, case: Any, logger: Any, level: Any, none: bool) -> None:
        self.case, self.msg, self.none = case, None, none
        from gradsh.frontend.imports.logs import level_of

        session: Any = mode.host and mode.host.session
        own = module_of(session, session.builtins, "logging").own
        self.logger = own.logger(logger) if logger is None or isinstance(logger, str) else logger
        self.logger_name, self.level = self.logger.name, level_of(20 if level is None else level)
        self.records: list[Any] = []
        self.output: list[str] = []

    def __enter__(self) -> Any:
        from gradsh.frontend.imports.logs import Own

        logger, records, output = self.logger, self.records, self.output

        class Keeping(Own):
            def emit(self, record: Any) -> None:
                records.append(record)
                output.append(f"{record.levelname}:{record.name}:{record.getMessage()}")

        Keeping.written, Keeping.hosted, Keeping.slots = {"emit": Keeping.emit}, False, None
        self.before = logger.handlers, logger.level, logger.propagate
        logger.handlers, logger.level, logger.propagate = [Keeping()], self.level, False
        return None if self.none else self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> Any:
        from gradsh.frontend.imports.logs import level_name

        self.logger.handlers, self.logger.level, self.logger.propagate = self.before
        if value is None and self.none and self.records:
            self.fail(f"Unexpected logs found: {self.output!r}")
        if value is None and not self.none and not self.records:
            name = level_name(self.level)
            self.fail(f"no logs of level {name} or higher triggered on {self.logger_name}")
        return False


# --- cases ------------------------------------------------------------------------------------------------------------


class TestCase(Object):
    """`unittest.TestCase`."""

    LATER = False  # whether its tests may be coroutines
    failureException = AssertionError
    longMessage = True
    maxDiff = 80 * 8
    _diffThreshold = 2**16

    def __init__(self, methodName: str = "runTest") -> None:
        self._testMethodName = methodName
        self._cleanups: list[Any] = []
        self._result: Any = None
        if methodName != "runTest" and lookup(type(self), methodName) is ABSENT:
            raise ValueError_(f"no such test method in {text.shown(type(self))}: {methodName}")
        self._type_equality_funcs: dict[Any, Any] = {}
        for kind, name in ((dict, "Dict"), (list, "List"), (tuple, "Tuple"), (set, "Set"), (frozenset, "Set")):
            self._type_equality_funcs[kind] = f"assert{name}Equal"
        self._type_equality_funcs[str] = "assertMultiLineEqual"

    def setUp(self) -> None:
        """Before each test."""

    def tearDown(self) -> None:
        """After each test."""

    @classmethod
    def setUpClass(cls) -> None:
        """Before the tests of the class."""

    @classmethod
    def tearDownClass(cls) -> None:
        """After the tests of the class."""

    def fail(self, msg: Any = None) -> None:
        raise raised(self.failureException(msg))

    def skipTest(self, reason: Any) -> None:
        raise raised(SkipTest(reason))

    def addCleanup(self, function: Any, /, *args: Any, **kwargs: Any) -> None:
        self._cleanups.append((function, args, kwargs))

    def doCleanups(self) -> None:
        from gradsh.frontend.namespace import call

        while self._cleanups:
            function, given, keywords = self._cleanups.pop()
            call(function, *given, **keywords)

    def assertIsInstance(self, obj: Any, cls: Any, msg: Any = None) -> None:
        if not NAMES["isinstance"](obj, cls):
            self.fail(self._formatMessage(msg, f"{_said(obj)} is not an instance of {text.shown(cls)}"))  # type: ignore[attr-defined]  # Python's

    def assertNotIsInstance(self, obj: Any, cls: Any, msg: Any = None) -> None:
        if NAMES["isinstance"](obj, cls):
            self.fail(self._formatMessage(msg, f"{_said(obj)} is an instance of {text.shown(cls)}"))  # type: ignore[attr-defined]

    def assertRaises(self, expected_exception: Any, *args: Any, **kwargs: Any) -> Any:
        return Raises(self, expected_exception).of(args, kwargs)

    def assertRaisesRegex(self, expected_exception: Any, expected_regex: Any, *args: Any, **kwargs: Any) -> Any:
        return Raises(self, expected_exception, expected_regex).of(args, kwargs)

    def assertWarns(self, expected_warning: Any, *args: Any, **kwargs: Any) -> Any:
        return Warns(self, expected_warning).of(args, kwargs)

    def assertWarnsRegex(self, expected_warning: Any, expected_regex: Any, *args: Any, **kwargs: Any) -> Any:
        return Warns(self, expected_warning, expected_regex).of(args, kwargs)

    def assertLogs(self, logger: Any = None, level: Any = None) -> Any:
        return Logged(self, logger, level, none=False)

    def assertNoLogs(self, logger: Any = None, level: Any = None) -> Any:
        return Logged(self, logger, level, none=True)

    @contextmanager
    def subTest(self, msg: Any = ABSENT, **params: Any) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            shown = seen(error)
            if self._result is None or isinstance(shown, (SkipTest, SystemExit)):
                raise
            given = ", ".join(f"{name}={text.shown(value)}" for name, value in params.items())
            named = [f"[{msg}]"] if msg is not ABSENT else []
            parts = [*named, *([f"({given})"] if given else [])]
            self._result.part(self, " ".join(parts) or "(<subtest>)", shown)

    def id(self) -> str:
        return f"{type(self).__module__}.{type(self).__qualname__}.{self._testMethodName}"

    def shortDescription(self) -> Any:
        found = lookup(type(self), self._testMethodName)
        doc = None if found is ABSENT else attribute(found, "__doc__")
        return doc.strip().split("\n")[0].strip() if doc else None

    def countTestCases(self) -> int:
        return 1

    def defaultTestResult(self) -> Any:
        return Result(lambda words: None, 0)

    def debug(self) -> None:
        method(self, "setUp")()
        method(self, self._testMethodName)()
        method(self, "tearDown")()
        self.doCleanups()

    def run(self, result: Any = None) -> Any:
        result = self.defaultTestResult() if result is None else result
        result.one(self)
        return result

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self._testMethodName} ({self.id()})"

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} testMethod={self._testMethodName}>"


def _open(kind: Any, module: str) -> None:
    for name, function in _pythons():
        setattr(kind, name, function)
    hidden = ("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__static_attributes__")
    kind.written = {name: value for name, value in vars(kind).items() if name not in (*hidden, "written", "hosted")}
    kind.hosted, kind.__module__ = False, module


_open(TestCase, "unittest.case")


class LaterCase(TestCase):
    """`unittest.IsolatedAsyncioTestCase`, whose tests may be coroutines."""

    LATER = True

    async def asyncSetUp(self) -> None:
        """Before each test."""

    async def asyncTearDown(self) -> None:
        """After each test."""


_open(LaterCase, "unittest.async_case")
LaterCase.__name__ = LaterCase.__qualname__ = "IsolatedAsyncioTestCase"
