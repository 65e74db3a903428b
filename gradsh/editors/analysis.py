"""A program text as an editor has it: what is wrong with it, what it binds, and where."""

from __future__ import annotations

import re

from gradsh.errors import GradshError, Refused, Source, WarningRecord
from gradsh.files import PYTHON, Files
from gradsh.language import nodes
from gradsh.language.exporting.names import Names, Place
from gradsh.language.nodes import walk
from gradsh.language.using import Uses
from gradsh.session.check import check, table

WORD = re.compile(r"[^\W\d]\w*")


class Analysis:
    """One state of a text. `tree` and `names` are those of `source`, and where that is no program, of the last one."""

    def __init__(self, name: str, text: str, before: Analysis | None = None) -> None:
        self.source = Source(name, text)
        self.files = Files()
        self.problems: list[GradshError | WarningRecord] = []
        errors, warnings = check(name, text, self.files)
        self.problems += errors or warnings
        self.of = Source(name, text)  # what the tree is of
        self.tree = nodes.Program(0, 0, [])
        self.is_python = name.endswith(PYTHON)  # of which only what is wrong is told: no tree of it is made here
        try:
            self.tree = self.tree if self.is_python else self._tree()
        except Refused:
            if before is not None:
                self.of, self.tree = before.of, before.tree
        self.names = Names(self.tree)

    def _tree(self) -> nodes.Program:
        from gradsh.language.syntax import parse

        try:
            return parse(self.of, list(table().commands()))
        except RecursionError:
            raise Refused([]) from None

    # --- names ----------------------------------------------------------------------------------------------------

    def bound(self) -> dict[str, int]:
        """The names of the top level and of models' bodies, with the offset at which each is bound first."""
        found: dict[str, int] = {}
        for name in self.names.top.values:
            at = self.first(name, self.names.top)
            if at is not None:
                found[name] = at
        return found

    def first(self, name: str, place: Place) -> int | None:
        """Where a name of a scope is bound first."""
        places: list[int] = []
        for node in walk(self.tree):
            if isinstance(node, nodes.Definition) and node.name == name and self.names.owner.get(id(node)) is place:
                places.append(node.name_start)
            elif isinstance(node, nodes.Name) and node.name == name and self.names.owner.get(id(node)) is place:
                places.append(node.start)
            elif isinstance(node, nodes.Param) and node.name == name and place is self.names.top:
                places.append(self.of.text.find(name, node.start + len("param")))
        parameters = [p for field in ("parameters", "gradients") for p in getattr(place.node, field, [])]
        return min((p.start + len(p.star) for p in parameters if p.name == name), default=min(places, default=None))

    def word_at(self, offset: int) -> tuple[str, int, int]:
        """The word at an offset with its place, "" where there is none."""
        text = self.source.text
        start, end = offset, offset
        while start > 0 and (text[start - 1].isalnum() or text[start - 1] == "_"):
            start -= 1
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        return (text[start:end], start, end) if WORD.fullmatch(text[start:end]) else ("", start, end)

    def scope_at(self, offset: int) -> Place:
        """The innermost scope around an offset."""
        inner, width = self.names.top, len(self.of.text) + 1
        for node in walk(self.tree):
            place = self.names.scopes.get(id(node))
            if place is not None and node.start <= offset <= node.end and node.end - node.start <= width:
                inner, width = place, node.end - node.start
        return inner

    def owner_at(self, word: str, offset: int) -> Place | None:
        """The scope that a word at an offset belongs to."""
        for node in walk(self.tree):
            if isinstance(node, nodes.Name) and node.start <= offset <= node.end and node.name == word:
                return self.names.owner.get(id(node))
        return self.scope_at(offset).find(word)

    def parameters_of(self, word: str, offset: int) -> list[nodes.Parameter] | None:
        """The parameters of a function of the program."""
        place = self.owner_at(word, offset)
        for value in place.values[word] if place is not None else ():
            if isinstance(value, (nodes.Definition, nodes.Lambda)):
                return value.parameters
        return None

    def defined(self, word: str, offset: int) -> tuple[Source, int] | None:
        """Where a word is bound: in the text, or in a file that it uses."""
        place = self.owner_at(word, offset)
        if place is not None:
            at = self.first(word, place)
            return (self.of, at) if at is not None else None
        for statement in self.tree.body:
            if isinstance(statement, nodes.Use):
                found = self._in_file(statement, word)
                if found is not None:
                    return found
        return None

    def used_at(self, offset: int) -> Source | None:
        """The file whose `use` stands there."""
        for statement in self.tree.body:
            if isinstance(statement, nodes.Use) and statement.start <= offset <= statement.end:
                return self._file(statement)
        return None

    def _file(self, statement: nodes.Use) -> Source | None:
        from gradsh.language.program import compile_program

        try:
            program = Uses(table(), self.files, compile_program).program(statement.path, self.of, None)
        except Refused:
            return None
        return Source(program.path or program.source.name, program.source.text)

    def _in_file(self, statement: nodes.Use, word: str) -> tuple[Source, int] | None:
        source = self._file(statement)
        if source is None:
            return None
        other = Analysis(source.name, source.text)
        at = other.bound().get(word)
        return (source, at) if at is not None else None

    def line_of(self, source: Source, offset: int) -> str:
        """The line in which something is bound, without its block."""
        return source.line(source.position(offset)[0]).strip()
