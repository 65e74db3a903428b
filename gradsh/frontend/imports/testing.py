"""`unittest`: cases, suites and what runs them, with Python's words; what they say goes to standard error."""

from __future__ import annotations

import difflib
import pprint
import re
import time
import unittest.case
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from gradsh.engine.core.modes import mode
from gradsh.errors import TypeError_, ValueError_
from gradsh.frontend import text, traces
from gradsh.frontend.access import attribute, method
from gradsh.frontend.builtins import NAMES
from gradsh.frontend.classes import ABSENT, Object, lookup
from gradsh.frontend.exceptions import leave, matches, raised, seen
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.contexts import WarningMessage
from gradsh.frontend.kinds import python_of

__acts_for_programs__ = True

LONGEST = 80  # of a value in a message, where it is shortened
SkipTest = unittest.case.SkipTest


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
            WarningMessage(words, category, self.kinds)
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


# --- cases ------------------------------------------------------------------------------------------------------------

SKIP, WHY, EXPECTED = "__unittest_skip__", "__unittest_skip_why__", "__unittest_expecting_failure__"


class TestCase(Object):
    """`unittest.TestCase`."""

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


class Suite:
    """`TestSuite(tests)`."""

    __public__ = frozenset(("addTest", "addTests", "countTestCases", "run"))
    __name__ = "TestSuite"

    def __init__(self, tests: Any = ()) -> None:
        self.tests: list[Any] = list(tests)

    def addTest(self, test: Any) -> None:
        self.tests.append(test)

    def addTests(self, tests: Any) -> None:
        self.tests.extend(tests)

    def countTestCases(self) -> int:
        return sum(each.countTestCases() for each in self.tests)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tests)

    def cases(self) -> Iterator[Any]:
        for each in self.tests:
            if isinstance(each, Suite):
                yield from each.cases()
            else:
                yield each

    def run(self, result: Any) -> Any:
        result.every(self.cases())
        return result

    __call__ = run

    def __repr__(self) -> str:
        return f"<unittest.suite.TestSuite tests={text.shown(self.tests)}>"


# --- results ----------------------------------------------------------------------------------------------------------

LINES = "=" * 70, "-" * 70


class Result:
    """What came of tests, and how it is told: `verbosity` 0 nothing, 1 a mark each, 2 a line each."""

    __public__ = frozenset(
        ("testsRun", "failures", "errors", "skipped", "expectedFailures", "unexpectedSuccesses", "wasSuccessful")
    )
    __name__ = "TextTestResult"

    def __init__(
        self, say: Callable[[str], Any], verbosity: int, failfast: bool = False, descriptions: Any = True
    ) -> None:
        self.say, self.verbosity, self.failfast, self.descriptions = say, verbosity, failfast, descriptions
        self.testsRun = 0
        self.failures: list[Any] = []
        self.errors: list[Any] = []
        self.skipped: list[Any] = []
        self.expectedFailures: list[Any] = []
        self.unexpectedSuccesses: list[Any] = []
        self.stopped = False
        self.new_line = True

    def wasSuccessful(self) -> bool:
        return not (self.failures or self.errors or self.unexpectedSuccesses)

    def __repr__(self) -> str:
        found = f"errors={len(self.errors)} failures={len(self.failures)}"
        return f"<unittest.runner.TextTestResult run={self.testsRun} {found}>"

    def described(self, case: Any, part: str = "") -> str:
        name = text.written(case) + (f" {part}" if part else "")
        short = attribute(case, "shortDescription")() if self.descriptions and not isinstance(case, str) else None
        return f"{name}\n{short}" if short else name

    def tell(self, case: Any, mark: str, word: str, part: str = "") -> None:
        if self.verbosity > 1:
            if part or self.new_line:
                if not self.new_line:
                    self.say("\n")
                self.say(("  " if part else "") + self.described(case, part) + " ... ")
            self.say(word + "\n")
            self.new_line = True
        elif self.verbosity == 1:
            self.say(mark)

    def went_wrong(self, case: Any, error: BaseException, part: str = "") -> None:
        fails = isinstance(error, getattr(case, "failureException", AssertionError))
        entry = (case, "".join(traces.lines_of(error)), part)
        (self.failures if fails else self.errors).append(entry)
        self.tell(case, "F" if fails else "E", "FAIL" if fails else "ERROR", part)
        self.stopped = self.stopped or self.failfast

    def part(self, case: Any, part: str, error: BaseException) -> None:
        """A `subTest` that went wrong."""
        self.parts += 1
        self.went_wrong(case, error, part)

    def skip(self, case: Any, why: Any) -> None:
        self.skipped.append((case, why))
        self.tell(case, "s", f"skipped {text.shown(why)}")

    def every(self, cases: Iterator[Any]) -> None:
        kind: Any = None
        broken = False
        for case in cases:
            if self.stopped:
                break
            if type(case) is not kind:
                self.leave_class(kind, broken)
                kind = type(case)
                broken = not self.of_class(kind, "setUpClass")
            if not broken:
                self.one(case)
        self.leave_class(kind, broken)

    def leave_class(self, kind: Any, broken: bool) -> None:
        if kind is not None and not broken:
            self.of_class(kind, "tearDownClass")

    def of_class(self, kind: Any, name: str) -> bool:
        if getattr(kind, SKIP, False):
            return True
        try:
            attribute(kind, name)()
        except BaseException as error:
            shown = seen(error)
            named = f"{name} ({kind.__module__}.{kind.__qualname__})"
            if isinstance(shown, SkipTest):
                self.skip(named, str(shown))
            elif isinstance(shown, SystemExit):
                raise
            else:
                self.new_line = True
                self.went_wrong(named, shown)
            return False
        return True

    def one(self, case: Any) -> None:
        """A test, with what comes before and after it."""
        self.testsRun += 1
        self.parts = 0
        self.new_line = False
        if self.verbosity > 1:
            self.say(f"{self.described(case)} ... ")
        test = lookup(type(case), case._testMethodName)
        for skipped in (type(case), test):
            if getattr(skipped, SKIP, False):
                self.skip(case, getattr(skipped, WHY, ""))
                return
        expected = getattr(test, EXPECTED, False) or getattr(type(case), EXPECTED, False)
        case._result = self
        wrong = self.step(case, "setUp")
        if wrong is None:
            wrong = self.step(case, case._testMethodName, expected)
            after = self.step(case, "tearDown")
            wrong = wrong if wrong is not None else after
        wrong_after = self.step(case, "doCleanups")
        case._result = None
        if wrong is None and wrong_after is None and not self.parts:
            if expected:
                self.unexpectedSuccesses.append(case)
                self.tell(case, "u", "unexpected success")
            else:
                self.tell(case, ".", "ok")

    def step(self, case: Any, name: str, expected: bool = False) -> Any:
        """One of a test's methods; what it has raised, None for nothing."""
        try:
            method(case, name)()
        except BaseException as error:
            shown = seen(error)
            if isinstance(shown, (SystemExit, GeneratorExit)):
                raise
            if isinstance(shown, SkipTest):
                self.skip(case, str(shown))
            elif expected:
                self.expectedFailures.append((case, "".join(traces.lines_of(shown))))
                self.tell(case, "x", "expected failure")
            else:
                self.went_wrong(case, shown)
            return shown
        return None

    def report(self, took: float) -> None:
        """What stands at the end."""
        if self.verbosity > 0:
            self.say("\n")
        for flavour, entries in (("ERROR", self.errors), ("FAIL", self.failures)):
            for case, words, part in entries:
                self.say(f"{LINES[0]}\n{flavour}: {self.described(case, part)}\n{LINES[1]}\n{words}\n")
        if self.unexpectedSuccesses:
            self.say(LINES[0] + "\n")
            for case in self.unexpectedSuccesses:
                self.say(f"UNEXPECTED SUCCESS: {self.described(case)}\n")
        plural = "" if self.testsRun == 1 else "s"
        self.say(f"{LINES[1]}\nRan {self.testsRun} test{plural} in {took:.3f}s\n\n")
        counted: tuple[Any, ...] = (
            ("failures", self.failures),
            ("errors", self.errors),
            ("skipped", self.skipped),
            ("expected failures", self.expectedFailures),
            ("unexpected successes", self.unexpectedSuccesses),
        )
        if self.wasSuccessful():
            counted = counted[2:]
        parts = ", ".join(f"{name}={len(found)}" for name, found in counted if found)
        self.say(("OK" if self.wasSuccessful() else "FAILED") + (f" ({parts})" if parts else "") + "\n")


# --- what finds them and runs them ------------------------------------------------------------------------------------


def own_variables(space: dict[str, Any]) -> dict[str, Any]:
    from gradsh.frontend.namespace import own_variables

    return own_variables(space)


class Loader:
    """`TestLoader()`."""

    __public__ = frozenset(("getTestCaseNames", "loadTestsFromTestCase", "loadTestsFromModule", "loadTestsFromName"))
    __name__ = "TestLoader"

    def __init__(self, session: Any) -> None:
        self.session = session

    def getTestCaseNames(self, testCaseClass: Any) -> list[str]:
        found = {name for base in testCaseClass.__mro__ for name in base.__dict__.get("written", ())}
        return sorted(name for name in found if name.startswith("test") and callable(lookup(testCaseClass, name)))

    def loadTestsFromTestCase(self, testCaseClass: Any) -> Suite:
        names = self.getTestCaseNames(testCaseClass)
        if not names and lookup(testCaseClass, "runTest") is not ABSENT:
            names = ["runTest"]
        return Suite([testCaseClass(name) for name in names])

    def loadTestsFromModule(self, module: Any = None) -> Suite:
        if isinstance(module, Module):
            found = {name: module.__member__(name) for name in module.__members__()}
        else:
            found = own_variables(self.session.globals)
        cases = [value for _, value in sorted(found.items()) if _is_case(value)]
        return Suite([self.loadTestsFromTestCase(each) for each in cases])

    def loadTestsFromName(self, name: str, module: Any = None) -> Suite:
        kind, _, test = name.removeprefix("__main__.").partition(".")
        found: Any = own_variables(self.session.globals).get(kind)
        if not _is_case(found):
            raise ValueError_(f"module '__main__' has no attribute '{kind}'", kind="AttributeError")
        return Suite([found(test)]) if test else self.loadTestsFromTestCase(found)


def _is_case(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, TestCase) and value is not TestCase


class Runner:
    """`TextTestRunner(stream, verbosity=1)`."""

    __public__ = frozenset(("run", "verbosity", "failfast"))
    __name__ = "TextTestRunner"

    def __init__(
        self,
        say: Callable[[str], Any],
        stream: Any = None,
        descriptions: Any = True,
        verbosity: int = 1,
        failfast: Any = False,
        buffer: Any = False,
        **_: Any,
    ) -> None:
        self.say = say if stream is None else method(stream, "write")
        self.verbosity, self.failfast, self.descriptions = verbosity, bool(failfast), descriptions

    def run(self, test: Any) -> Result:
        result = Result(self.say, self.verbosity, self.failfast, self.descriptions)
        start = time.perf_counter()
        if isinstance(test, Suite):
            test.run(result)
        else:
            result.every(iter((test,)))
        result.report(time.perf_counter() - start)
        return result


class Program:
    """What `unittest.main(exit=False)` gives."""

    __public__ = frozenset(("result",))
    __name__ = "TestProgram"

    def __init__(self, result: Result) -> None:
        self.result = result


def main_of(session: Any) -> Callable[..., Any]:
    def main(
        module: Any = "__main__",
        defaultTest: Any = None,
        argv: Any = None,
        testRunner: Any = None,
        testLoader: Any = None,
        exit: bool = True,
        verbosity: int = 1,
        failfast: Any = None,
        **_: Any,
    ) -> Program:
        given = list(session.argv if argv is None else argv)[1:]
        flags = [word for word in given if word.startswith("-")]
        names = [word for word in given if not word.startswith("-")]
        if "-v" in flags or "--verbose" in flags:
            verbosity = 2
        if "-q" in flags or "--quiet" in flags:
            verbosity = 0
        failfast = failfast or "-f" in flags or "--failfast" in flags
        loader = Loader(session)
        if not names and defaultTest is not None:
            names = [defaultTest] if isinstance(defaultTest, str) else list(defaultTest)
        tests = Suite([loader.loadTestsFromName(name) for name in names]) if names else loader.loadTestsFromModule()
        runner = testRunner if isinstance(testRunner, Runner) else None
        result = (runner or Runner(session.display.note, verbosity=verbosity, failfast=failfast)).run(tests)
        if exit:
            leave(int(not result.wasSuccessful()))
        return Program(result)

    return main


# --- decorators -------------------------------------------------------------------------------------------------------


def skip(reason: Any) -> Any:
    """`@unittest.skip("why")`."""

    def mark(item: Any) -> Any:
        setattr(item, SKIP, True)
        setattr(item, WHY, reason)
        return item

    if isinstance(reason, FunctionType):
        item, reason = reason, ""
        return mark(item)
    return mark


def _as_it_is(item: Any) -> Any:
    return item


def skipIf(condition: Any, reason: Any) -> Any:
    return skip(reason) if condition else _as_it_is


def skipUnless(condition: Any, reason: Any) -> Any:
    return skip(reason) if not condition else _as_it_is


def expectedFailure(test_item: Any) -> Any:
    setattr(test_item, EXPECTED, True)
    return test_item


def module(session: Any, name: str) -> Module:
    def runner(*given: Any, **options: Any) -> Runner:
        return Runner(session.display.note, *given, **options)

    members: dict[str, Any] = {"TestCase": TestCase, "TestSuite": Suite, "TextTestRunner": runner}
    members |= {"TestLoader": lambda: Loader(session), "defaultTestLoader": Loader(session), "main": main_of(session)}
    members |= {"SkipTest": SkipTest, "TestResult": lambda *given: Result(lambda words: None, 0)}
    members |= {"makeSuite": lambda kind, *given, **options: Loader(session).loadTestsFromTestCase(kind)}
    return of_members(name, members | {each.__name__: each for each in (skip, skipIf, skipUnless, expectedFailure)})
