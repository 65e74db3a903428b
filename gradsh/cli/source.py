"""`gradsh FILE.py`: PyTorch's own source; what it has in common with the cells of a notebook."""

from __future__ import annotations

import gc
import sys

from gradsh.cli.opening import OVER, displayed, opened
from gradsh.cli.options import Options
from gradsh.files import concealed, decode, read_text, shows_lines
from gradsh.session.python import PythonSession

TYPE_CHECKING = False  # as in `typing`, which the fast path does without
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from gradsh.session.display import Display
    from gradsh.session.session import Result, Session

    Kind = TypeVar("Kind", bound=Session)


def run(options: Options, name: str, text: bytes) -> int:
    """Run the file; the exit status."""
    return _ran(session_of(options, displayed(options), name, cells=False), name, text)


def quietly(
    options: Options, display: Display, name: str, text: bytes, prepare: Callable[[Session], None]
) -> tuple[PythonSession, int]:
    """The same for whoever looks at what it has bound or done; `prepare` is called with the session before."""
    session = session_of(options, display, name, cells=False)
    prepare(session)
    return session, _ran(session, name, text)


def _ran(session: PythonSession, name: str, text: bytes) -> int:
    program = decode(name, text)
    shown = name[0] == "<" or shows_lines(name, text)
    session.shows_lines = shown
    gc.freeze()
    if not isinstance(program, str):
        session.display.errors([program] if shown else concealed(name, [program]))
        return 3
    return status_of(session.run(program, name))


def refused(text: str) -> bool:
    """Does gradsh's grammar refuse the text?"""
    from gradsh.errors import Refused, Source
    from gradsh.language.syntax import parse
    from gradsh.runtime.builtins import BUILTINS

    try:
        parse(Source("<stdin>", text), list(BUILTINS.commands()))
    except Refused:
        return True
    except RecursionError:
        pass
    return False


def status_of(result: Result) -> int:
    """The exit status of a program, or of a cell, that came to this."""
    return OVER if any(problem.code == "E0903" for problem in result.errors) else result.status


def session_of(options: Options, display: Display, name: str, cells: bool) -> PythonSession:
    """A session within the limits that the command line asks for."""
    session = opened(
        options,
        display,
        kind=lambda **given: PythonSession(
            argv=["-" if name == "<stdin>" else name, *options.arguments], cells=cells, **given
        ),
    )
    assert isinstance(session, PythonSession)
    return given_input(session)


def given_input(session: Kind) -> Kind:
    """The session, whose programs may read standard input."""
    if sys.stdin is not None:
        stream = sys.stdin.buffer
        session.files.stdin = lambda: read_text(stream)
    return session
