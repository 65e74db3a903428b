"""`contextlib` and `traceback`: blocks, and what is said of what goes wrong in them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

from gradsh.engine.core.arguments import type_word
from gradsh.engine.core.users import spelled
from gradsh.errors import GradshError, TypeError_
from gradsh.frontend import text, traces
from gradsh.frontend.access import HOST, method
from gradsh.frontend.classes import Object
from gradsh.frontend.exceptions import matches, seen
from gradsh.frontend.imports import Module, of_members

__acts_for_programs__ = True


# --- contextlib -----------------------------------------------------------------------------------------------------


class Suppress:
    """`contextlib.suppress(*kinds)`."""

    __slots__ = ("kinds",)

    def __init__(self, *kinds: Any) -> None:
        self.kinds = kinds

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool:
        return isinstance(value, Exception) and matches(seen(value), self.kinds)


class Managed:
    """What a function under `@contextmanager` gives: a block, or, called with a function, its decorator."""

    __slots__ = ("again", "block")

    def __init__(self, again: Callable[[], Any]) -> None:
        self.again = again
        self.block = again()

    def __enter__(self) -> Any:
        return self.block.__enter__()

    def __exit__(self, kind: Any, value: Any, trace: Any) -> Any:
        return self.block.__exit__(kind, value, trace)

    def __call__(self, function: Any) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            with self.again():
                return function(*arguments, **spelled(function, keywords))

        call.__name__ = call.__qualname__ = getattr(function, "__name__", "call")
        return call


class Decorating(Object):
    """`contextlib.ContextDecorator`: a base whose instances are decorators too."""

    def __call__(self, function: Any) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            with method(self, "_recreate_cm")():
                return function(*arguments, **spelled(function, keywords))

        call.__name__ = call.__qualname__ = getattr(function, "__name__", "call")
        return call

    def _recreate_cm(self) -> Any:
        return self


Decorating.written = {"__call__": Decorating.__call__, "_recreate_cm": Decorating._recreate_cm}
Decorating.hosted, Decorating.slots = False, None
Decorating.__module__, Decorating.__qualname__ = "contextlib", "ContextDecorator"


def manager(function: Any) -> Any:
    """`@contextlib.contextmanager`."""
    made = contextlib.contextmanager(function)

    def call(*arguments: Any, **keywords: Any) -> Any:
        return Managed(lambda: made(*arguments, **spelled(function, keywords)))

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "call")
    return call


class ManagedLater:
    """The same of `@asynccontextmanager`."""

    __slots__ = ("again", "block")

    def __init__(self, again: Callable[[], Any]) -> None:
        self.again = again
        self.block = again()

    async def __aenter__(self) -> Any:
        return await self.block.__aenter__()

    async def __aexit__(self, kind: Any, value: Any, trace: Any) -> Any:
        return await self.block.__aexit__(kind, value, trace)


def manager_later(function: Any) -> Any:
    """`@contextlib.asynccontextmanager`."""
    made = contextlib.asynccontextmanager(function)

    def call(*arguments: Any, **keywords: Any) -> Any:
        return ManagedLater(lambda: made(*arguments, **spelled(function, keywords)))

    call.__name__ = call.__qualname__ = getattr(function, "__name__", "call")
    return call


class ClosingLater:
    """`contextlib.aclosing(generator)`."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    async def __aenter__(self) -> Any:
        return self.thing

    async def __aexit__(self, *_: object) -> None:
        await method(self.thing, "aclose")()


class Redirected:
    """A display whose prints go to a stream; with `errors` what goes to `sys.stderr` does."""

    def __init__(self, shown: Any, write: Callable[[str], Any], errors: bool) -> None:
        self.shown = shown
        self.write = write
        self.errors = errors

    def note(self, line: str) -> None:
        (self.write if self.errors else self.shown.note)(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)

    def printed(self, values: tuple[object, ...], spans: Any, sep: str = " ", end: str = "\n") -> None:
        if self.errors:
            self.shown.printed(values, spans, sep, end)
        else:
            self.write(sep.join(map(text.written, values)) + end)


class Redirection:
    """`contextlib.redirect_stdout(stream)`, and with `errors` `redirect_stderr`."""

    __slots__ = ("before", "errors", "session", "stream")

    def __init__(self, session: Any, stream: Any, errors: bool = False) -> None:
        self.session = session
        self.stream = stream
        self.errors = errors

    def __enter__(self) -> Any:
        self.before = self.session.display
        self.session.display = Redirected(self.before, method(self.stream, "write"), self.errors)
        return self.stream

    def __exit__(self, *_: object) -> None:
        self.session.display = self.before


class Closing:
    """`contextlib.closing(thing)`."""

    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __enter__(self) -> Any:
        return self.thing

    def __exit__(self, *_: object) -> None:
        method(self.thing, "close")()


class Entering(Object):
    """`contextlib.AbstractContextManager`: a base, which is entered as what it is."""

    def __enter__(self) -> Any:
        return self


class EnteringLater(Object):
    """The same for `async with`."""

    async def __aenter__(self) -> Any:
        return self


for _kind, _name in ((Entering, "AbstractContextManager"), (EnteringLater, "AbstractAsyncContextManager")):
    _kind.written = {name: value for name, value in vars(_kind).items() if name in ("__enter__", "__aenter__")}
    _kind.hosted, _kind.slots = False, None
    _kind.__module__, _kind.__name__, _kind.__qualname__ = "contextlib", _name, _name


def _contextlib(session: Any) -> Module:
    HOST.setdefault(contextlib.ExitStack, frozenset(("enter_context", "callback", "push", "close", "pop_all")))
    _LATER = ("enter_context", "enter_async_context", "callback", "push", "push_async_exit", "push_async_callback")
    HOST.setdefault(contextlib.AsyncExitStack, frozenset((*_LATER, "aclose", "pop_all")))
    members = {
        "contextmanager": manager,
        "ContextDecorator": Decorating,
        "suppress": Suppress,
        "nullcontext": contextlib.nullcontext,
        "ExitStack": contextlib.ExitStack,
        "closing": Closing,
        "redirect_stdout": lambda stream: Redirection(session, stream),
        "redirect_stderr": lambda stream: Redirection(session, stream, True),
        "AbstractContextManager": Entering,
        "AbstractAsyncContextManager": EnteringLater,
        "asynccontextmanager": manager_later,
        "AsyncExitStack": contextlib.AsyncExitStack,
        "aclosing": ClosingLater,
    }
    return of_members("contextlib", members)


# --- traceback ------------------------------------------------------------------------------------------------------


def _traceback(session: Any) -> Module:
    """What a traceback has of the program's own lines; those of the host are left out."""

    def whole(*_: Any, **__: Any) -> str:
        error = sys.exc_info()[1]
        return "NoneType: None\n" if error is None else "".join(traces.lines_of(seen(error)))

    def say(words: str, file: Any) -> None:
        (session.display.note if file is None else method(file, "write"))(words)

    def given(error: Any, value: Any) -> BaseException:
        found = value if isinstance(value, (BaseException, GradshError)) else error
        if not isinstance(found, (BaseException, GradshError)):
            raise TypeError_(f"Exception expected for value, {type_word(found)} found")
        return seen(found)

    def every(error: Any, value: Any = None, *_: Any, **__: Any) -> list[str]:
        return traces.lines_of(given(error, value))

    def rows(trace: Any) -> list[Any]:
        return list(trace.rows) if isinstance(trace, traces.Trace) else []

    members = {
        "format_exc": whole,
        "print_exc": lambda *_, file=None, **__: say(whole(), file),
        "format_exception_only": lambda error, value=None, **_: traces.last_lines(given(error, value)),
        "format_exception": every,
        "print_exception": lambda *error, file=None, **_: say("".join(every(*error)), file),
        "extract_tb": lambda trace, *_, **__: rows(trace),
        "format_tb": lambda trace, *_, **__: traces.frame_lines(rows(trace)),
        "print_tb": lambda trace, *_, file=None, **__: say("".join(traces.frame_lines(rows(trace))), file),
    }
    return of_members("traceback", members)


MAKERS = {"contextlib": _contextlib, "traceback": _traceback}


def module(session: Any, name: str) -> Module:
    return MAKERS[name](session)
