"""What `graph`, `explain`, `why` and `plan` of the command line share: a file runs, and what it prints is left out.

What the program is told, warnings and errors, is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from gradsh.cli.opening import opened
from gradsh.cli.options import Options, UsageError, read
from gradsh.errors import Span
from gradsh.files import PYTHON, concealed, decode, shows_lines
from gradsh.language.program import LOOKING
from gradsh.reports import Report
from gradsh.session.session import Result, Session
from gradsh.view.display import Display
from gradsh.view.json_lines import JsonDisplay


class Silent:
    """What a display does while the program runs."""

    running = True
    follows = False  # a line on the training, on a terminal, would be in the way of what is told of plans

    def value(self, value: object, span: Span | None) -> None: ...

    def printed(
        self, values: tuple[object, ...], spans: list[Span | None], sep: str = " ", end: str = "\n"
    ) -> None: ...

    def progress(self, items: Iterable[Any], title: str, total: int | None) -> Iterable[Any]:
        return items


class Plain(Silent, Display):
    def report(self, report: Report) -> None:
        if not self.running:
            super().report(report)


class Json(Silent, JsonDisplay):
    def report(self, report: Report) -> None:
        if not self.running:
            super().report(report)


def silent(options: Options) -> Plain | Json:
    """A display that shows nothing of the program until its `running` is False."""
    return Json() if options.json else Plain(color=options.color, style=options.errors)


def looking(session: Session) -> None:
    """Have its programs compiled for whoever looks at their graphs."""
    session.options = (LOOKING,)


def look(options: Options, file: str, statement: Callable[[str], str], name: str | None = None) -> int:
    """Run a file of gradsh's, of Python's or a notebook, then a statement of gradsh's on its names; the exit status.

    `statement` makes it of a name: where `name` is None, of the tensor that was differentiated last, or else made last.
    """
    display = silent(options)
    session, status = ran(options, display, file, looking)
    if status != 0:
        return status
    display.running = False
    said: Callable[[str], Result] = partial(session.run, name="<command line>")
    if file.endswith(PYTHON):
        from gradsh.session.python import PythonSession

        if isinstance(session, PythonSession):  # and not that of a notebook of gradsh's own
            said = session.look
    return said(statement(name or latest(session, file))).status


def ran(
    options: Options, display: Plain | Json, file: str, prepare: Callable[[Session], None], words: Sequence[str] = ()
) -> tuple[Session, int]:
    """Run a file of gradsh's, of Python's or a notebook, in a session that was prepared; both, and the exit status.

    Errors: BadArguments where the `words` behind the file are none that the program takes.
    """
    data = read(file)
    if file.endswith(PYTHON):
        from gradsh.cli import notebook, source

        options.arguments = list(words)
        if file.endswith(".py"):
            return source.quietly(options, display, file, data, prepare)
        return notebook.quietly(options, display, file, data, prepare)
    session = opened(options, display)
    session.shows_lines = shows_lines(file, data)
    prepare(session)
    text = decode(file, data)
    if isinstance(text, str):
        return session, session.run(text, file, words).status
    display.errors([text] if session.shows_lines else concealed(file, [text]))
    return session, 3


def latest(session: Session, file: str) -> str:
    """The name of the tensor that was differentiated last, or of the one with a history that was made last."""
    from gradsh.engine.core.tensor import Tensor

    values = {name: session.globals["." + name] for name in session.bound()}
    tensors = {name: value for name, value in values.items() if isinstance(value, Tensor)}
    made = {name: _node(value.node) for name, value in tensors.items() if value.node is not None}
    if not made:
        raise UsageError(f"{file} binds no tensor that has a graph", "gradsh explain --help")
    notes = session.context.notes
    last = notes.passes.last if notes is not None else None
    roots = {id(_node(root)) for root in last.roots} if last is not None else set()
    ended = [name for name, node in made.items() if id(node) in roots]
    return ended[-1] if ended else min(made, key=lambda name: made[name].seq)


def _node(edge: Any) -> Any:
    from gradsh.engine.core.graph import Output

    return edge.node if isinstance(edge, Output) else edge
