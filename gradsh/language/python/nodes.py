"""The nodes that only Python's source has. What both languages have is in `gradsh.language.nodes`."""

from __future__ import annotations

from gradsh.language.nodes import Argument, Binding, Block, Body, CompFor, Definition, Expr, Node, Stmt, Target

KEY = "key"  # what stands before a parameter that is given by name only: a bare `*` before it
PLACE = "place"  # before one that is given by its place only: a bare `/` behind it


class Def(Definition):
    """`def name(parameters): …`, and with `waits` `async def`."""

    dialect = "python"
    body: Body
    decorators: list[Expr]
    doc: str | None
    waits: bool


class Class(Stmt):
    """`class Name(bases, keyword=…): …`; `annotated` are the names that the body annotates, for data classes.

    `hints` has what stands behind the colon of each, as it is written.
    """

    dialect = "python"
    name: Binding
    name_start: int
    bases: list[Expr]
    keywords: list[Argument]
    decorators: list[Expr]
    body: Body
    annotated: list[str]
    hints: list[str]
    doc: str | None


class Imported(Node):
    """One name of an import: `module`, or `member` of it, is bound to `name`."""

    name: Binding
    module: str
    member: str | None


class Importing(Stmt):
    """`import module as name`, `from module import member as name`.

    `guarded`: what is not there is raised at once, for an `except ImportError` around it; else where it is used.
    """

    dialect = "python"
    names: list[Imported]
    guarded: bool

    def binds(self) -> list[str]:
        return [each.name for each in self.names if each.name != "*"]


class Handler(Node):
    """`except kind as name: …`."""

    kind: Expr | None
    name: Binding | None
    body: Block


class TryExcept(Stmt):
    """`try:`, and with `parts` one whose handlers are `except*`."""

    dialect = "python"
    body: Block
    handlers: list[Handler]
    orelse: Block
    final: Block
    parts: bool

    def blocks(self) -> list[list[Stmt]]:
        return [self.body, *(handler.body for handler in self.handlers), self.orelse, self.final]

    def binds(self) -> list[str]:
        return [handler.name for handler in self.handlers if handler.name is not None]


class RaiseError(Stmt):
    """`raise`, `raise value`, `raise value from cause`."""

    dialect = "python"
    value: Expr | None
    cause: Expr | None


class WithItem(Node):
    value: Expr
    target: Target | None


class With(Stmt):
    """`with …:`, and with `waits` `async with`."""

    dialect = "python"
    items: list[WithItem]
    body: Block
    waits: bool

    def binds(self) -> list[str]:
        return [name for item in self.items for name in item.binds()]


class ForElse(Stmt):
    dialect = "python"
    loops = True
    target: Target
    iterable: Expr
    body: Block
    orelse: Block


class AsyncFor(Stmt):
    """`async for target in iterable: …`."""

    dialect = "python"
    loops = True
    target: Target
    iterable: Expr
    body: Block
    orelse: Block


class WhileElse(Stmt):
    dialect = "python"
    loops = True
    condition: Expr
    body: Block
    orelse: Block


class Case(Node):
    """`case pattern if guard: …`: the pattern as what gradsh.frontend.matching takes, and the names that it binds."""

    pattern: Expr
    names: list[str]
    guard: Expr | None
    body: Block

    def binds(self) -> list[str]:
        return self.names


class Match(Stmt):
    """`match subject: …`."""

    dialect = "python"
    subject: Expr
    cases: list[Case]

    def blocks(self) -> list[list[Stmt]]:
        return [case.body for case in self.cases]

    def binds(self) -> list[str]:
        return [name for case in self.cases for name in case.names]


class Scoped(Stmt):
    """`global names`, and with `outer` `nonlocal names`."""

    dialect = "python"
    names: list[str]
    outer: bool


class Comparison(Expr):
    """`a < b < c`: each operand once."""

    dialect = "python"
    ops: list[str]
    operands: list[Expr]


class Generator(Expr):
    """`(value for target in iterable)`."""

    dialect = "python"
    value: Expr
    clauses: list[CompFor]


class AsyncComp(Expr):
    """A comprehension with an `async for`: `word` says of what, `values` has the value, or key and value.

    `waits`: whether each clause is such a one.
    """

    dialect = "python"
    word: str
    values: list[Expr]
    clauses: list[CompFor]
    waits: list[bool]


class Await(Expr):
    """`await value`; `top`: in a cell, outside of all functions."""

    dialect = "python"
    value: Expr
    top: bool


class Yield(Expr):
    """`yield value`, and with `many` `yield from value`."""

    dialect = "python"
    value: Expr | None
    many: bool


class Walrus(Expr):
    """`(name := value)`."""

    dialect = "python"
    name: str
    value: Expr


class Super(Expr):
    """`super()` and `super(Class, self)`."""

    dialect = "python"
    arguments: list[Expr]
