"""The tree of a gradsh program: one class per statement and per expression.

Every node carries `start` and `end`, character offsets into the source text (half open), so that any part of
the tree can be shown to the user again. The classes are written like dataclasses but share one `__init__`:
generating forty dataclass bodies at import costs 25 ms, more than all the rest of start-up.
"""

from __future__ import annotations

from typing import ClassVar, dataclass_transform


@dataclass_transform()
class Record:
    """Fields are positional, in the order of the annotations, those of the parents first."""

    fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        # `inspect`, which ruff would have here, takes longer to import than all of this module
        cls.fields = cls.fields + tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - see the line above

    def __init__(self, *values: object) -> None:
        if len(values) != len(self.fields):
            raise TypeError(f"{type(self).__name__} has the fields {self.fields}, {len(values)} values were given")
        self.__dict__.update(zip(self.fields, values, strict=True))  # a third of the time of setattr one by one


class Node(Record):
    """A piece of program text; `start` and `end` are its first two fields."""

    start: int
    end: int

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields[2:])
        return f"{type(self).__name__}({shown})"


class Expr(Node):
    """Anything that has a value.

    `grouped` is set on what is written in parentheses, whose `start` and `end` then include them: `(keepdim)` is
    never a flag, and `(a < b) < c` is no chain.
    """

    grouped = False


class Stmt(Node):
    """Anything that is done for its effect."""


# --- expressions ------------------------------------------------------------------------------------------


class Number(Expr):
    value: int | float


class String(Expr):
    value: str


class FormatPart(Node):
    """`{value!conversion:spec}` inside an f-string; `spec` may hold further parts, as in Python."""

    value: Expr
    conversion: str | None
    spec: list[str | FormatPart]


class FString(Expr):
    parts: list[str | FormatPart]


class Constant(Expr):
    """`true`, `false`, `none`, and `...`."""

    value: object


class Name(Expr):
    name: str


class ListExpr(Expr):
    items: list[Expr]


class TupleExpr(Expr):
    items: list[Expr]


class DictExpr(Expr):
    items: list[tuple[Expr, Expr]]


class CompFor(Node):
    """`for target in iterable if condition …` of a list comprehension."""

    target: Expr
    iterable: Expr
    conditions: list[Expr]


class ListComp(Expr):
    value: Expr
    clauses: list[CompFor]


class Unary(Expr):
    op: str  # - + ~ not
    operand: Expr


class Binary(Expr):
    op: str  # + - * / // % @ ** & | ^
    left: Expr
    right: Expr


class Compare(Expr):
    op: str  # == != < <= > >= in "not in" is "is not"
    left: Expr
    right: Expr


class Logical(Expr):
    op: str  # and or
    left: Expr
    right: Expr


class Conditional(Expr):
    """`then if condition else otherwise`."""

    then: Expr
    condition: Expr
    otherwise: Expr


class Parameter(Node):
    """One parameter of a function; `star` marks `*rest`."""

    name: str
    default: Expr | None
    star: bool


class Lambda(Expr):
    """`fn(x) = expr` or `fn(x) { … }` in expression position."""

    parameters: list[Parameter]
    body: Expr | list[Stmt]


class Argument(Node):
    """One argument of a call. `name` is set for `name=value`, `star` for `*values`.

    A flag is written as a bare positional name; whether it is one is for the resolver to say.
    """

    name: str | None
    star: bool
    value: Expr


class Call(Expr):
    function: Expr
    arguments: list[Argument]


class Pipe(Expr):
    """`left |> right`. `right` is a Name, Attribute or Call, or a parenthesised expression (`grouped`)."""

    left: Expr
    right: Expr
    grouped: bool


class Slice(Expr):
    """Only inside an Index."""

    lower: Expr | None
    upper: Expr | None
    step: Expr | None


class Index(Expr):
    """`value[items]`; `tuple_index` is set when there was a comma (`x[0,]`, `x[0, 1]`)."""

    value: Expr
    items: list[Expr]
    tuple_index: bool


class Attribute(Expr):
    value: Expr
    name: str
    name_start: int


# --- statements -------------------------------------------------------------------------------------------


class Assign(Stmt):
    """`let target = value`, `target = value`; a target is a Name, Index, Attribute or a (nested) TupleExpr of these."""

    let: bool
    target: Expr
    value: Expr


class AugAssign(Stmt):
    op: str  # the binary operator: + - * / ** // %
    target: Expr
    value: Expr


class ExprStmt(Stmt):
    """A bare expression; `muted` when a `;` at the end of the line keeps it from being printed."""

    value: Expr
    muted: bool


class Command(Stmt):
    """`print a, b` and its kin: a command word called without parentheses; `muted` as for ExprStmt.

    `show` alone is a Command without arguments; the resolver takes it for the name where the program binds that name.
    """

    name: str
    arguments: list[Argument]
    muted: bool


class Mode(Stmt):
    """`no_grad { … }`, enable_grad, inference_mode, detect_anomaly, nancheck; `arguments` when called with some."""

    name: str
    arguments: list[Argument]
    body: list[Stmt]


class If(Stmt):
    condition: Expr
    body: list[Stmt]
    orelse: list[Stmt]  # `else if` is a list with one If


class While(Stmt):
    condition: Expr
    body: list[Stmt]


class For(Stmt):
    target: Expr
    iterable: Expr
    body: list[Stmt]


class Repeat(Stmt):
    count: Expr
    body: list[Stmt]


class Try(Stmt):
    body: list[Stmt]
    name: str | None
    handler: list[Stmt]


class Break(Stmt):
    pass


class Continue(Stmt):
    pass


class Return(Stmt):
    value: Expr | None


class Assert(Stmt):
    condition: Expr
    message: Expr | None


class Pass(Stmt):
    pass


class Del(Stmt):
    targets: list[Expr]  # Name, Index


class Function(Stmt):
    """`fn name(parameters) { … }` or `fn name(parameters) = expr`; also `forward(…)` in a model body."""

    name: str
    name_start: int
    parameters: list[Parameter]
    body: Expr | list[Stmt]


class Import(Stmt):
    """`import torch …`, `from torch… import …`: read and dropped. `module` is the dotted name."""

    module: str


class Op(Stmt):
    """`op name(parameters) { forward } backward(gradients) { backward }`."""

    name: str
    name_start: int
    parameters: list[Parameter]
    forward: list[Stmt]
    backward_start: int  # of the word
    gradients: list[Parameter]
    backward: list[Stmt]


class Model(Stmt):
    name: str
    parameters: list[Parameter]
    body: list[Stmt]


class Param(Stmt):
    """`param lr = 0.01   # comment`."""

    name: str
    value: Expr
    comment: str


class Use(Stmt):
    path: str
    alias: str | None


class Program(Node):
    body: list[Stmt]
