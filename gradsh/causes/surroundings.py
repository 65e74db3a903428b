"""A program as it stands at one moment: the variables that can be seen, and the pages that they were made on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any

from gradsh.causes.text import Callee, Page, Step
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.errors import Source, Span, Where
from gradsh.language import nodes
from gradsh.language.places import PREFIX, PROGRAMS, Program, locate, text_of
from gradsh.runtime.passes import Passes

MISSING: Any = object()


class Context:
    """Where names mean what they mean: the top level, or a call of a function that has returned.

    arguments  parameter -> the expression that was given for it, and the context that this stands in
    instance   the model whose `forward` it is
    """

    __slots__ = ("arguments", "callee", "code", "instance", "page")

    def __init__(self, page: Page, code: object = None) -> None:
        self.page = page
        self.code = code
        self.callee: nodes.Node | None = None
        self.instance: Any = None
        self.arguments: dict[str, tuple[nodes.Expr, Context]] = {}


class Surroundings:
    """space   the globals
    frames  code and variables of the running functions, innermost first
    source  the text that runs
    passed  where the last backward was, if one has run
    passes  what was noted of backward passes, in a program that looks
    """

    def __init__(
        self,
        space: dict[str, Any],
        frames: list[tuple[object, dict[str, Any]]],
        source: Source | None,
        passed: Where | None,
        passes: Passes | None = None,
    ) -> None:
        self.passes = passes
        self.globals = space
        self.frames = frames
        self.source = source
        self.passed = passed
        self._pages: dict[int, Page] = {}

    # --- values -------------------------------------------------------------------------------------------

    def code(self) -> object:
        """The code of the innermost running function; None at the top level."""
        return self.frames[0][0] if self.frames else None

    def lookup(self, name: str, code: object = None) -> Any:
        """What a name is bound to, or is in the running function that has this `code`; None where it is not."""
        found = self.bound(name, code)
        return None if found is MISSING else found

    def bound(self, name: str, code: object = None) -> Any:
        """As `lookup`, but MISSING for a name that is not bound, or a variable of a function that has returned."""
        key = "." + name
        for its_code, local in self.frames:
            if key in local and (code is None or its_code is code):
                return local[key]
        if isinstance(code, CodeType) and (key in code.co_varnames or key in code.co_cellvars):
            return MISSING
        return self.globals.get(key, MISSING)

    def unbound(self, name: str) -> str:
        """A name that is not bound: this one, or this one with a number."""
        number = 1
        while self.bound(wanted := name if number == 1 else f"{name}{number}") is not MISSING:
            number += 1
        return wanted

    def name_of(self, value: object) -> str | None:
        """A name that is bound to this very value, `w`, or that it has in a model or a list, `net.fc1.weight`."""
        spaces = [local for _, local in self.frames] + [self.globals]
        for space in spaces:
            for key, bound in space.items():
                if bound is value and key[0] == ".":
                    return key[1:]
        for space in spaces:
            for key, bound in space.items():
                if key[0] == ".":
                    for inner, part in parts(bound):
                        if part is value:
                            return key[1:] + inner
        return None

    def located(self, where: Where | None) -> Span | None:
        if where is None or not isinstance(where[0], CodeType):
            return None
        return locate(where[0], where[1])

    # --- text ---------------------------------------------------------------------------------------------

    def was_typed(self, source: Source) -> bool:
        """Is it an earlier input at a prompt, which does not run again?"""
        return source is not self.source and source.name.startswith("<")

    def place(self, span: Span) -> str:
        """ "line 3"; "prompt 3" for an earlier input at a prompt, "line 3 of lib.grad" in another file."""
        source = span.source
        if self.was_typed(source):
            return source.name.strip("<>")
        return f"line {span.line}" if source is self.source else f"line {span.line} of {source.name}"

    def lead(self, words: str, span: Span, where: str = "on") -> str:
        """Words that come before a line to be written: "words, on line 3: "; no line at a prompt."""
        place = self.place(span) if not self.was_typed(span.source) else ""
        parts = [part for part in (words, f"{where} {place}" if place else "") if part]
        return f"{', '.join(parts)}: " if parts else ""

    def page(self, source: Source) -> Page:
        found = self._pages.get(id(source))
        if found is None:
            found = self._pages[id(source)] = Page(source)
        return found

    def callee(self, value: Any) -> tuple[Page, Callee] | None:
        """Where a function of the program's, or the `forward` of a model of its own, is written."""
        if isinstance(type(value), ModelKind):
            page = self.page_of(value)
            forward = page.forward(type(value).__name__) if page is not None else None
            return (page, forward) if page is not None and forward is not None else None
        code = value.__code__ if isinstance(value, FunctionType) else None
        text = text_of(code) if code is not None else None
        if text is None or code is None:
            return None
        page = self.page(text.source)
        name = code.co_name.removeprefix(".")
        found = [callee for callee in page.callees if callee.name == name and not callee.model]
        return (page, found[-1]) if found else None

    def operator(self, custom: Any) -> tuple[Page | None, nodes.Op | None]:
        """Where an op of the program is written."""
        code = getattr(getattr(custom, "backward", None), "__code__", None)
        program = PROGRAMS.get(code.co_filename) if code is not None else None
        page = self.page(program.source) if program is not None else None
        for step in page.steps if page is not None else ():
            if isinstance(step.statement, nodes.Op) and step.statement.name == custom.name:
                return page, step.statement
        return page, None

    def page_of(self, instance: Any) -> Page | None:
        """The page on which the model of an instance is written; None for a layer of the library."""
        body = getattr(type(instance), "body", None)
        text = text_of(body.__code__) if body is not None else None
        return self.page(text.source) if text is not None else None

    def binding(self, name: str, page: Page, before: int, within: nodes.Node | None = None) -> tuple[Step, Page] | None:
        """The statement that last bound a name; of an earlier input at a prompt if there is none on this page."""
        step = page.binding(name, before, within)
        if step is not None:
            return step, page
        if within is None and page.source.name.startswith("<"):
            for program in self.earlier():
                if program.source is not page.source and any(name == bound for bound, _ in program.bound):
                    other = self.page(program.source)
                    step = other.binding(name, len(program.source.text))
                    if step is not None:
                        return step, other
        return None

    def earlier(self) -> Iterator[Program]:
        """The programs that have run in this session, the last first, each before the files that it uses."""
        for file in reversed(self.globals.get("@ran", ())):  # another session's are among PROGRAMS too
            rest = [PROGRAMS[file]] if file in PROGRAMS else []
            while rest:
                program = rest.pop()
                yield program
                rest += program.uses.values()


def running() -> list[tuple[object, dict[str, Any]]]:
    """Code and variables of the functions of the program that run, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    found: list[tuple[object, dict[str, Any]]] = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(PREFIX) and frame.f_locals is not frame.f_globals:
            found.append((frame.f_code, frame.f_locals))
        frame = frame.f_back
    return found


def parts(value: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """What a model, a list or a dict holds, with the text that stands behind its name: `.fc1.weight`, `[0]`."""
    if depth > 8:
        return
    if isinstance(type(value), ModelKind):
        model: Any = value
        for name, held in model.fields():
            inner = f"[{name}]" if name.isdigit() else f".{name}"
            yield inner, held
            for further, part in parts(held, depth + 1):
                yield inner + further, part
    elif isinstance(value, (list, tuple)) and len(value) <= 100 and not isinstance(value, Tensor):
        for index, held in enumerate(value):
            yield f"[{index}]", held
            for further, part in parts(held, depth + 1):
                yield f"[{index}]{further}", part
    elif isinstance(value, dict) and len(value) <= 100:
        for key, held in value.items():
            inner = f'["{key}"]' if isinstance(key, str) else f"[{key}]"
            yield inner, held
            for further, part in parts(held, depth + 1):
                yield inner + further, part
