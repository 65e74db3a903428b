"""Where in a program's text a lowered instruction comes from: the programs compiled so far, by their code's file name.

Small, and free of the compiler: whatever asks which line failed asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import CodeType
from typing import TYPE_CHECKING
from weakref import ref

from gradsh.errors import Source, Span

if TYPE_CHECKING:
    from gradsh.language.scripts import Param

PREFIX = "<gradsh "  # of the file names of lowered code
LIBRARY = "<gradsh-library "  # of that of gradsh's own models: nothing in it is a place in the user's program


class Text:
    """What is asked of a program for as long as any of its code lives: functions and graphs outlive the program.

    `spans` holds start and end of each place that an instruction can have come from, `uses` the programs of the files
    that it uses, by the path that it says.
    """

    __slots__ = ("source", "spans", "uses")

    def __init__(self, source: Source, spans: Sequence[int], uses: dict[str, Program]) -> None:
        self.source = source
        self.spans = spans
        self.uses = uses

    def span(self, line: int) -> Span | None:
        """The place with this number: what a line number of the code object means."""
        if not 0 < line <= len(self.spans) // 2:
            return None
        return Span(self.source, self.spans[2 * line - 2], self.spans[2 * line - 1])


class Program(Text):
    """One compiled text.

    `code` runs in a session's globals, `builtins` are the built-ins to put into the globals first, `bound` the global
    names that it binds, each with the flags of the function that it is bound to, if it is one; `params` are its script
    parameters. `digest` tells it apart from any other, used files included; `path` is the file of a used one.
    """

    __slots__ = ("bound", "builtins", "code", "digest", "params", "path")

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
        super().__init__(source, spans, uses)
        self.code = code
        self.builtins = builtins
        self.bound = bound
        self.params = params
        self.digest = digest
        self.path = ""


# --- what is kept of programs that have run ---------------------------------------------------------------------------

# By the file name of their code, which tells name and text. The newest are kept whole, since the same text often comes
# again; of the others, in `OLD`, only the text, and it goes with the last of the program's code: a session of 100,000
# prompts holds what its functions, graphs and errors still name.
PROGRAMS: dict[str, Program] = {}
OLD: dict[str, Old] = {}
MOST = 128  # programs
LONGEST = 1 << 20  # and characters of them


class Old:
    """The text of a program, and how much of its code there still is."""

    __slots__ = ("alive", "text")

    def __init__(self, text: Text) -> None:
        self.text = text
        self.alive: dict[int, Watch] = {}


class Watch(ref[CodeType]):
    """Looks at a code object; goes from its program's list when that does."""

    __slots__ = ("name", "number")
    name: str
    number: int


def keep(program: Program) -> None:
    """Note a program that is about to run, and look after those that came before it."""
    PROGRAMS[program.code.co_filename] = program
    characters = sum(len(each.source.text) for each in PROGRAMS.values())
    for name, oldest in list(PROGRAMS.items())[:-1]:
        if len(PROGRAMS) <= MOST and characters <= LONGEST:
            break
        characters -= len(oldest.source.text)
        _age(name, oldest)


def _age(name: str, program: Program) -> None:
    old = OLD.get(name) or Old(Text(program.source, program.spans, program.uses))
    rest = [program.code]
    while rest:
        code = rest.pop()
        watch = Watch(code, _gone)
        watch.name, watch.number = name, id(watch)
        old.alive[id(watch)] = watch
        rest += [inner for inner in code.co_consts if inner.__class__ is CodeType]
    OLD[name] = old
    del PROGRAMS[name]


def _gone(watch: Watch) -> None:
    old = OLD.get(watch.name)
    if old is not None:
        old.alive.pop(watch.number, None)
        if not old.alive:
            del OLD[watch.name]


def text_of(code: CodeType) -> Text | None:
    """What is known of the program whose code it is; None for any other code."""
    name = code.co_filename
    program = PROGRAMS.get(name)
    if program is not None:
        return program
    old = OLD.get(name)
    return old.text if old is not None else None


def span_of(code: CodeType, line: int) -> Span | None:
    """The place with this number in the program whose code it is; None for any other code."""
    text = text_of(code)
    return text.span(line) if text is not None else None


def locate(code: CodeType, lasti: int) -> Span | None:
    """The place in the text of the instruction at `lasti` of lowered code; None for any other code."""
    text = text_of(code)
    if text is None:
        return None
    for start, end, line in code.co_lines():
        if start <= lasti < end:
            return text.span(line) if line is not None else None
    return None
