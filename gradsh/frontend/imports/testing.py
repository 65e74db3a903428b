"""`unittest`: what finds cases (cases.py) and runs them, and what they are marked with.

What is said of them (outcomes.py) goes to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import FunctionType
from typing import Any

from gradsh.errors import ValueError_
from gradsh.frontend.access import method
from gradsh.frontend.classes import ABSENT, lookup
from gradsh.frontend.exceptions import leave
from gradsh.frontend.imports import Module, of_members
from gradsh.frontend.imports.cases import LaterCase, TestCase
from gradsh.frontend.imports.outcomes import EXPECTED, SKIP, WHY, Result, SkipTest, Suite, Untold

__acts_for_programs__ = True


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
    return isinstance(value, type) and issubclass(value, TestCase) and value not in (TestCase, LaterCase)


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

    members: dict[str, Any] = {
        "TestCase": TestCase,
        "IsolatedAsyncioTestCase": LaterCase,
        "TestSuite": Suite,
        "TextTestRunner": runner,
    }
    members |= {"TestLoader": lambda: Loader(session), "defaultTestLoader": Loader(session), "main": main_of(session)}
    members |= {"SkipTest": SkipTest, "TestResult": Untold}
    members |= {"makeSuite": lambda kind, *given, **options: Loader(session).loadTestsFromTestCase(kind)}
    return of_members(name, members | {each.__name__: each for each in (skip, skipIf, skipUnless, expectedFailure)})
