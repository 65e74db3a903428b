"""What comes of the tests of `unittest`, and how it is told, in Python's words."""

from __future__ import annotations

import unittest.case
from collections.abc import Callable, Iterator
from importlib import import_module
from types import CoroutineType
from typing import Any

from gradsh.frontend import text, traces
from gradsh.frontend.access import attribute, method
from gradsh.frontend.classes import lookup
from gradsh.frontend.exceptions import seen

__acts_for_programs__ = True

# how a test, or a class of them, is marked
SKIP, WHY, EXPECTED = "__unittest_skip__", "__unittest_skip_why__", "__unittest_expecting_failure__"
SkipTest = unittest.case.SkipTest


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
    room = "unittest.runner"

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
        return f"<{self.room}.{self.__name__} run={self.testsRun} {found}>"

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
        begins = ("setUp", "asyncSetUp") if case.LATER else ("setUp",)
        ends = ("asyncTearDown", "tearDown") if case.LATER else ("tearDown",)
        wrong = None
        for name in begins:
            wrong = self.step(case, name) if wrong is None else wrong
        if wrong is None:
            wrong = self.step(case, case._testMethodName, expected)
            for name in ends:
                after = self.step(case, name)
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
            found = method(case, name)()
            if case.LATER and isinstance(found, CoroutineType):
                import_module("gradsh.frontend.imports.tasks").run(found)
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


class Untold(Result):
    """`unittest.TestResult()`, which tells nobody."""

    __name__ = "TestResult"
    room = "unittest.result"

    def __init__(self, *_: Any) -> None:
        super().__init__(lambda words: None, 0)
