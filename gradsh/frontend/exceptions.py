"""Exceptions as Python programs see them, and what becomes of those that end one."""

from __future__ import annotations

import ast
import builtins
import re
from typing import Any

from gradsh import errors, interrupts
from gradsh.engine.core.users import PROGRAM, acts_for_programs
from gradsh.errors import AssertionFailed, GradshError, TypeError_
from gradsh.frontend.kinds import python_of
from gradsh.frontend.text import qualified_name, written
from gradsh.runtime import faults
from gradsh.runtime.text import without_addresses

__acts_for_programs__ = True

OF_A_CALL = re.compile(r"(\S*<locals>\.\S+)\(\) (takes|missing|got) .*")
ERRNO = re.compile(r"\[Errno (\d+)\] (.+): '(.+)'")
MARK = "@raised"  # in an exception's own dict: the program has raised it


class Asserted(AssertionFailed):
    """`assert` without words, or with some."""

    said: tuple[Any, ...] = ()


def _of_torch(name: str, module: str, base: type[Exception] = RuntimeError) -> type[Exception]:
    return type(name, (base,), {"__module__": module})


_PICKLE = _of_torch("PickleError", "_pickle", Exception)
# exceptions that are not Python's own, by the kinds of errors that are raised as them
OF_TORCH = {
    "GradcheckError": _of_torch("GradcheckError", "torch.autograd.gradcheck"),
    "_LinAlgError": _of_torch("_LinAlgError", "torch._C"),
    "OutOfMemoryError": _of_torch("OutOfMemoryError", "torch"),
    "AcceleratorError": _of_torch("AcceleratorError", "torch"),
    "PickleError": _PICKLE,
    "PicklingError": _of_torch("PicklingError", "_pickle", _PICKLE),
    "UnpicklingError": _of_torch("UnpicklingError", "_pickle", _PICKLE),
}


def leave(status: Any = None) -> None:
    """`sys.exit(status)`; what is neither a number nor None is what the command writes as it ends."""
    raise raised(SystemExit(status if status is None or isinstance(status, int) else written(status)))


def failed(*message: Any) -> GradshError:
    """What `assert` raises."""
    error = Asserted(written(message[0]) if message else "assertion failed")
    error.said = message
    return error


def raised(value: Any, *cause: Any) -> BaseException:
    """What `raise value from cause` raises."""
    kind = python_of(value)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        value = value()
    if not isinstance(value, BaseException):
        raise TypeError_("exceptions must derive from BaseException")
    if cause:
        value.__cause__ = _cause(cause[0])
    value.__dict__[MARK] = value.__dict__.get(MARK) or True
    return value


def _cause(given: Any) -> BaseException | None:
    """What stands behind `from`. Errors: TypeError_."""
    kind = python_of(given)
    if isinstance(kind, type) and issubclass(kind, BaseException):
        given = given()
    if not isinstance(given, BaseException | None):
        raise TypeError_("exception causes must derive from BaseException")
    return given


def seen(exception: BaseException) -> BaseException:
    """What `except … as e` binds. What a program cannot catch goes on as it is."""
    interrupts.check_after(exception)
    if not isinstance(exception, Exception | SystemExit | GeneratorExit) and MARK not in exception.__dict__:
        raise exception  # Ctrl-C, limits
    if isinstance(exception, GradshError):
        return of_error(exception)
    if MARK in exception.__dict__:
        return exception
    error = _translated(exception)
    if isinstance(error, errors.InternalFault):
        if not _is_programs(exception):
            raise exception
        return exception  # one of Python's that gradsh has no words of its own for: StopIteration
    if error.code.startswith("E09") and not isinstance(error, errors.RecursionLimit):
        raise exception
    if isinstance(exception, UnboundLocalError):
        error.kind = "UnboundLocalError"
    elif isinstance(exception, RecursionError):
        _plain(exception)
        return exception
    elif not isinstance(exception, (NameError, TypeError)) and _root(type(exception)) not in ("gradsh", "numpy"):
        return exception  # `json.JSONDecodeError` too
    error.__traceback__, error.__context__ = exception.__traceback__, exception.__context__
    return of_error(error)


DEPTH = "maximum recursion depth exceeded"


def _plain(error: RecursionError) -> None:
    """Let it say no more than a program's own depth: `in __instancecheck__` is what gradsh did just then."""
    if str(error) not in (DEPTH, f"{DEPTH} in comparison", f"{DEPTH} while calling a Python object"):
        error.args = (DEPTH,)


def _root(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def _translated(exception: BaseException) -> GradshError:
    """gradsh's error for one of Python's, of a function within another under both names, as Python has it."""
    error = faults.translate(exception)
    said = OF_A_CALL.fullmatch(str(exception)) if isinstance(error, errors.CallError) else None
    if said is not None and "__init__.<locals>" not in said[1]:  # what models of the library's are made in
        error.message = f"{qualified_name(said[1])}() {error.message.partition('() ')[2]}"
    return error


def _is_programs(exception: BaseException) -> bool:
    """Was it raised by the program, or deep in a library of Python's that it called, `random.choice([])`?"""
    if faults.is_programs_own(exception):
        return True
    last = None
    traceback = exception.__traceback__
    while traceback is not None:
        space = traceback.tb_frame.f_globals
        if str(space.get("__name__", "")).partition(".")[0] == "gradsh" or PROGRAM in space:
            last = space
        traceback = traceback.tb_next
    return last is not None and (PROGRAM in last or acts_for_programs(last))


def of_error(error: GradshError) -> BaseException:
    """An error of gradsh's as the exception that PyTorch or Python raises."""
    if error.code.startswith("E09") and not isinstance(error, errors.RecursionLimit):
        raise error
    if isinstance(error, Asserted):
        asserted = AssertionError(*error.said)
        asserted.__dict__[MARK] = error  # which knows the lines that it came through
        return asserted
    name = error.kind.rpartition(".")[2]
    kind = OF_TORCH.get(name) or getattr(builtins, name, None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind = RuntimeError
    made = kind(*(_of_text(error) if issubclass(kind, SyntaxError) else _arguments(kind, error.message)))
    made.__dict__[MARK] = error
    return made


def _of_text(error: GradshError) -> tuple[Any, ...]:
    """What an error of syntax in a text is made of, which says its file and line: of what `eval` was given."""
    span = error.labels[0].span if error.labels else None
    if span is None:
        return (error.message,)
    (line, column), (last, end) = span.source.position(span.start), span.source.position(span.end)
    text = span.source.line(line) + ("" if span.source.python == errors.EXPRESSION else "\n")
    return error.message, (span.source.name, line, column, text, last, end)


def _arguments(kind: type, message: str) -> tuple[Any, ...]:
    """What an exception is made of that has these words."""
    if issubclass(kind, KeyError) and message[:1] in ("'", '"'):  # which says the repr of what it is made of
        return (ast.literal_eval(message),)
    found = ERRNO.fullmatch(message) if issubclass(kind, OSError) else None
    return (int(found[1]), found[2], found[3]) if found else (message,)


def matches(exception: BaseException, kinds: Any) -> bool:
    """Is the exception one of those of an `except`?"""
    if isinstance(kinds, tuple):
        return any(matches(exception, kind) for kind in kinds)
    kind = python_of(kinds)
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        raise TypeError_("catching classes that do not inherit from BaseException is not allowed")
    return isinstance(exception, kind)


def translated(exception: BaseException) -> GradshError:
    """The error that ends a program: what it has raised itself is its own, whatever type that has."""
    mark = exception.__dict__.get(MARK) if not isinstance(exception, GradshError) else None
    if isinstance(mark, GradshError):
        return mark
    if mark is not None:
        return errors.Raised(written(exception), kind=type(exception).__name__)
    error = _translated(exception)
    if isinstance(error, errors.InternalFault) and _is_programs(exception):
        return errors.Raised(without_addresses(faults.clean(str(exception))), kind=type(exception).__name__)
    return error
