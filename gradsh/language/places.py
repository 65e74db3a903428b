"""Where in a program's text a lowered instruction comes from: the programs compiled so far, by their code's file name.

Small, and free of the compiler: whatever asks which line failed asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import TYPE_CHECKING

from gradsh.errors import Source, Span

if TYPE_CHECKING:
    from gradsh.language.scripts import Param

PREFIX = "<gradsh "  # of the file names of lowered code
LIBRARY = "<gradsh-library "  # of that of gradsh's own models: nothing in it is a place in the user's program


class Program:
    """One compiled text.

    `code` runs in a session's globals, `spans` holds start and end of each place that an instruction can have come
    from, `builtins` the built-ins to put into the globals first, `bound` the global names that it binds, each with the
    flags of the function that it is bound to, if it is one; `params` are its script parameters, `uses` the programs of
    the files that it uses, by the path that it says. `digest` tells it apart from any other, used files included;
    `path` is the file of a used one.
    """

    __slots__ = ("bound", "builtins", "code", "digest", "params", "path", "source", "spans", "uses")

    def __init__(
        self,
        source: Source,
        code: CodeType,
        spans: Sequence[int],
        builtins: tuple[str, ...],
        bound: tuple[tuple[str, tuple[str, ...]], ...],
        params: tuple[Param, ...],
        uses: dict[str, Program],
        digest: str,
    ) -> None:
        self.source = source
        self.code = code
        self.spans = spans
        self.builtins = builtins
        self.bound = bound
        self.params = params
        self.uses = uses
        self.digest = digest
        self.path = ""

    def span(self, line: int) -> Span | None:
        """The place with this number: what a line number of the code object means."""
        if not 0 < line <= len(self.spans) // 2:
            return None
        return Span(self.source, self.spans[2 * line - 2], self.spans[2 * line - 1])


# by the file name of their code, which tells name and text; functions live on after their program, so all are kept
PROGRAMS: dict[str, Program] = {}


def span_of(code: CodeType, line: int) -> Span | None:
    """The place with this number in the program whose code it is; None for any other code."""
    program = PROGRAMS.get(code.co_filename)
    return program.span(line) if program is not None else None


def locate(code: CodeType, lasti: int) -> Span | None:
    """The place in the text of the instruction at `lasti` of lowered code; None for any other code."""
    program = PROGRAMS.get(code.co_filename)
    if program is None:
        return None
    for start, end, line in code.co_lines():
        if start <= lasti < end:
            return program.span(line) if line is not None else None
    return None
