"""`use "file.grad"`: the files that a program uses, found, read and compiled before anything of it runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from gradsh import errors
from gradsh.errors import GradshError, Label, Refused, Source, Span
from gradsh.files import Files, decode

if TYPE_CHECKING:
    from gradsh.language import nodes
    from gradsh.language.places import Program
    from gradsh.language.signatures import Builtins


class Compile(Protocol):
    """What compiles a used file: `gradsh.language.program.compile_program`, which is handed in."""

    def __call__(
        self,
        source: Source,
        bound: Mapping[str, Sequence[str]],
        builtins: Builtins,
        options: tuple[str, ...],
        *,
        uses: Uses,
    ) -> Program: ...


class Uses:
    """Opens used files for one program: each file once, whatever it is called, and none that is already on the way.

    `options` are those that the program itself is compiled with.
    """

    def __init__(
        self, builtins: Builtins, files: Files | None, compile: Compile, options: tuple[str, ...] = ()
    ) -> None:
        self.builtins = builtins
        self.options = options
        self.compile = compile
        self.files = files if files is not None else Files()
        self.way: list[tuple[str, str]] = []  # the files from the program to the one being compiled: path, name shown
        self.done: dict[str, Program | None] = {}  # by path; None for one with errors, which have been said

    def forget(self) -> None:
        """Compile anew what had errors."""
        self.done = {path: program for path, program in self.done.items() if program is not None}

    def of(self, tree: nodes.Program, source: Source) -> tuple[dict[str, Program], list[GradshError]]:
        """The programs that a tree uses at its top level, by the path it says, and what is wrong with the others."""
        from gradsh.language.nodes import Use

        found: dict[str, Program] = {}
        wrong: list[GradshError] = []
        for statement in tree.body:
            if isinstance(statement, Use) and statement.path not in found:
                try:
                    span = Span(source, statement.start, statement.end)
                    found[statement.path] = self.program(statement.path, source, span)
                except Refused as refused:
                    wrong += refused.errors
        return found, wrong

    def program(self, path: str, source: Source, at: Span | None) -> Program:
        """The program of the file that `source` calls `path`, said `at`. Raises Refused."""
        try:
            self.files.check(path, "use")
        except GradshError as error:
            raise _refused(error, at) from None
        name = os.path.normpath(os.path.join(folder(source.name), path))
        real = self.files.real(name) if "\0" not in name else name  # which no file is called, as reading it says
        if real in self.done:
            known = self.done[real]
            if known is None:
                raise Refused([])
            return known
        way = self.way or [(self.files.real(source.name), source.name)]
        if any(real == each for each, _ in way):
            raise Refused([_cycle([*way, (real, name)], real, at)])
        self.done[real] = None
        try:
            text = decode(name, self.files.program(name, folder(way[0][1])))
            if isinstance(text, GradshError):
                raise text
        except GradshError as error:
            raise _refused(error, at) from None
        outer, self.way = self.way, [*way, (real, name)]
        try:
            used = self.compile(Source(name, text), {}, self.builtins, self.options, uses=self)
        finally:
            self.way = outer
        used.path = real
        self.done[real] = used
        return used


def _refused(error: GradshError, at: Span | None) -> Refused:
    if not error.labels and at is not None:
        error.labels.append(Label(at))
    return Refused([error])


def folder(name: str) -> str:
    """Where relative paths in a file begin: the folder it is in; the current one for what is no file."""
    if name.startswith("<"):
        return ""
    return os.path.dirname(os.path.realpath(name) if os.path.islink(name) else name)


def _cycle(way: list[tuple[str, str]], real: str, at: Span | None) -> GradshError:
    paths = [path for path, _ in way]
    names = [name for _, name in way[paths.index(real) :]]
    names[-1] = names[0]
    said = " -> ".join(names)
    text = f"'{names[0]}' uses itself" if len(names) == 2 else "files use each other in a circle"
    return errors.UseCycle(
        f"{text}: {said}",
        [Label(at)] if at is not None else [],
        "move what both need into a file of its own, and `use` that in both",
    )
