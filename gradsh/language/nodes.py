"""The tree of a gradsh program: one class per statement and per expression.

Every node carries `start` and `end`, character offsets into the source text (half open), so that any part of
the tree can be shown to the user again. The classes are written like dataclasses but share one `__init__`:
generating forty dataclass bodies at import costs 25 ms, more than all the rest of start-up.

What a class says of scopes it says by the annotations of its fields, and every pass asks for that with `blocks()` and
`binds()`. None of them knows the classes by name, and none can forget a new one:

    Block       statements that run in the scope that the statement itself stands in
    Body        statements of a scope of their own, a function's
    Target      what is assigned to: the names in it are bound
    Binding     a name that is bound
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform

Block: TypeAlias = "list[Stmt]"
Body: TypeAlias = "list[Stmt]"
Target: TypeAlias = "Expr"
Binding: TypeAlias = str

Walker = TypeVar("Walker", bound=type)


class Slotted(type):
    """Makes a slot of each annotated field: a long program has millions of them, and a dict for each node is four times
    as large."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Slotted:
        said: dict[str, str] = namespace.get("__annotations__", {})
        own = tuple(field for field, kind in said.items() if not kind.startswith("ClassVar"))
        namespace["__slots__"] = (*own, *namespace.get("__slots__", ()))
        return super().__new__(cls, name, bases, namespace)


@dataclass_transform()
class Record(metaclass=Slotted):
    """Fields are positional, in the order of the annotations, those of the parents first."""

    fields: ClassVar[tuple[str, ...]] = ()
    setters: ClassVar[tuple[Callable[[Record, object], None], ...]] = ()
    block_fields: ClassVar[tuple[str, ...]] = ()
    binding_fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        # `inspect`, which ruff would have here, takes longer to import than all of this module
        said: dict[str, str] = cls.__dict__.get("__annotations__", {})  # noqa: RUF063 - see the line above
        cls.fields = (*cls.fields, *said)
        cls.setters = (*cls.setters, *(cls.__dict__[name].__set__ for name in said))
        for name, annotation in said.items():
            kinds = annotation.split(" | ")
            if "Block" in kinds:
                cls.block_fields = (*cls.block_fields, name)
            elif "Target" in kinds or "Binding" in kinds:
                cls.binding_fields = (*cls.binding_fields, name)
            elif "Stmt" in annotation:
                raise TypeError(f"{cls.__name__}.{name}: statements are a Block, or the Body of a scope of their own")

    def __init__(self, *values: object) -> None:
        setters = self.setters
        if len(values) != len(setters):
            raise TypeError(f"{type(self).__name__} has the fields {self.fields}, {len(values)} values were given")
        for put, value in zip(setters, values):  # noqa: B905 - the keyword, and setattr, would take twice as long
            put(self, value)


class Node(Record):
    """A piece of program text; `start` and `end` are its first two fields."""

    start: int
    end: int
    dialect = ""  # "python" of what Python's source alone has (gradsh.language.python)

    def blocks(self) -> list[list[Stmt]]:
        """The blocks that run in the scope that this stands in, in the order of the text."""
        return [getattr(self, name) for name in self.block_fields]

    def binds(self) -> list[str]:
        """The names that this node itself binds, in the order of the text; not those bound in its blocks."""
        found: list[str] = []
        for field in self.binding_fields:
            value = getattr(self, field)
            if isinstance(value, str):
                found.append(value)
            else:
                found += [] if value is None else target_names(value)
        return found

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.fields[2:])
        return f"{type(self).__name__}({shown})"


class Expr(Node):
    """Anything that has a value.

    `grouped` is set on what is written in parentheses, whose `start` and `end` then include them: `(keepdim)` is
    never a flag, and `(a < b) < c` is no chain.
    """

    __slots__ = ("_grouped",)

    @property
    def grouped(self) -> bool:
        return getattr(self, "_grouped", False)

    @grouped.setter
    def grouped(self, on: bool) -> None:
        self._grouped = on


class Stmt(Node):
    """Anything that is done for its effect.

    `muted` is set where a `;` ends the line: what would print a value does not. `loops`: its blocks may run any number
    of times.
    """

    __slots__ = ("_muted",)
    loops = False

    @property
    def muted(self) -> bool:
        return getattr(self, "_muted", False)

    @muted.setter
    def muted(self, on: bool) -> None:
        self._muted = on

    def defines(self) -> tuple[str, list[Parameter]] | None:
        """A name that is bound to a function, and the parameters, where the text tells."""
        return None


class Definition(Stmt):
    """What binds a name to something that is called with these parameters."""

    name: Binding
    name_start: int
    parameters: list[Parameter]

    def defines(self) -> tuple[str, list[Parameter]] | None:
        return self.name, self.parameters


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


class Word(Expr):
    """A word of the language that is asked about, `help while`; the name where the program binds that."""

    name: str


class ListExpr(Expr):
    items: list[Expr]


class TupleExpr(Expr):
    items: list[Expr]


class DictExpr(Expr):
    """Keys with their values; `**value` is an Unpacked in the place of a value, whose key says nothing."""

    items: list[tuple[Expr, Expr]]


class SetExpr(Expr):
    items: list[Expr]


class Unpacked(Expr):
    """`*value` among the items of a list, tuple or set, and among targets; `**value` in a dict."""

    value: Expr


class CompFor(Node):
    """`for target in iterable if condition …` of a comprehension."""

    target: Target
    iterable: Expr
    conditions: list[Expr]


class ListComp(Expr):
    value: Expr
    clauses: list[CompFor]


class SetComp(Expr):
    value: Expr
    clauses: list[CompFor]


class DictComp(Expr):
    key: Expr
    value: Expr
    clauses: list[CompFor]


class Unary(Expr):
    op: str  # - + ~ not
    operand: Expr


class Binary(Expr):
    op: str  # + - * / // % @ ** << >> & | ^
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
    """One parameter of a function; `star` is what stands before it: `*rest`, `**options`."""

    name: Binding
    default: Expr | None
    star: str


class Lambda(Expr):
    """`fn(x) = expr` or `fn(x) { … }` in expression position."""

    parameters: list[Parameter]
    body: Expr | Body


class Argument(Node):
    """One argument of a call. `name` is set for `name=value`, `star` for `*values` and `**options`.

    A flag is written as a bare positional name; whether it is one is for the resolver to say.
    """

    name: str | None
    star: str
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
    target: Target
    value: Expr

    def defines(self) -> tuple[str, list[Parameter]] | None:
        if isinstance(self.value, Lambda) and isinstance(self.target, Name):
            return self.target.name, self.value.parameters
        return None


class Chain(Stmt):
    """`a = b = value`: one value for several targets; `others` is a TupleExpr of those after the first."""

    let: bool
    target: Target
    value: Expr
    others: Target


class AugAssign(Stmt):
    op: str  # the binary operator: + - * / ** // % @ << >> & | ^
    target: Expr
    value: Expr


class ExprStmt(Stmt):
    """A bare expression; `muted` when a `;` at the end of the line keeps it from being printed."""

    value: Expr
    muted: bool


class Command(Stmt):
    """`print a, b` and its kin: a command word called without parentheses; `muted` as for ExprStmt.

    A word alone, `show`, has no arguments; the resolver takes it for the name where the program binds that name.
    """

    name: str
    arguments: list[Argument]
    muted: bool


class Mode(Stmt):
    """`no_grad { … }` and the other words of `words.MODES`; `arguments` when called with some."""

    name: str
    arguments: list[Argument]
    body: Block


class If(Stmt):
    condition: Expr
    body: Block
    orelse: Block  # `else if` is a list with one If


class While(Stmt):
    loops = True
    condition: Expr
    body: Block


class For(Stmt):
    loops = True
    target: Target
    iterable: Expr
    body: Block


class Repeat(Stmt):
    loops = True
    count: Expr
    body: Block


class Try(Stmt):
    body: Block
    name: Binding | None
    handler: Block


class Break(Stmt):
    pass


class Continue(Stmt):
    pass


class Return(Stmt):
    value: Expr | None


class Assert(Stmt):
    condition: Expr
    message: Expr | None


class Raise(Stmt):
    message: Expr


class Pass(Stmt):
    pass


class Del(Stmt):
    targets: list[Expr]  # Name, Index


class Function(Definition):
    """`fn name(parameters) { … }` or `fn name(parameters) = expr`; also `forward(…)` in a model body."""

    body: Expr | Body


class Import(Stmt):
    """`import torch …`, `from torch… import …`: read and dropped. `module` is the dotted name."""

    module: str


class Op(Definition):
    """`op name(parameters) { forward } backward(gradients) { backward }`."""

    forward: Body
    backward_start: int  # of the word
    gradients: list[Parameter]
    backward: Body


class Model(Definition):
    """`model name(parameters) { … }`; without the list, no parameters."""

    body: Body


class Param(Stmt):
    """`param lr = 0.01   # comment`."""

    name: Binding
    value: Expr
    comment: str


class Use(Stmt):
    path: str
    alias: Binding | None


class Program(Node):
    body: Block


# --- what passes need beside the classes --------------------------------------------------------------------


def target_names(target: Expr) -> list[str]:
    """The names that an assignment target binds, in the order of the text."""
    found: list[str] = []
    stack: list[Expr] = [target]
    while stack:
        item = stack.pop()
        if isinstance(item, Name):
            found.append(item.name)
        elif isinstance(item, (TupleExpr, ListExpr)):
            stack.extend(reversed(item.items))
        elif isinstance(item, Unpacked):
            stack.append(item.value)
    return found


def terms(value: Expr) -> list[tuple[str, Expr]]:
    """What is added up and subtracted, with the signs: `w - a + b`."""
    found: list[tuple[str, Expr]] = []
    while isinstance(value, Binary) and value.op in "+-" and not value.grouped:
        found.append((value.op, value.right))
        value = value.left
    return [("+", value), *reversed(found)]


def walk(piece: object) -> Iterator[Node]:
    """The nodes of a piece of tree, each before what it holds, in the order of the fields."""
    stack = [piece]
    while stack:
        item = stack.pop()
        if isinstance(item, (list, tuple)):
            stack.extend(reversed(item))
        elif isinstance(item, Node):
            yield item
            stack.extend(getattr(item, name) for name in reversed(item.fields[2:]))


def kinds(base: type[Node]) -> list[type[Node]]:
    """The classes of nodes that there are under `base`: those that have no others under them."""
    below = base.__subclasses__()
    return [kind for each in below for kind in kinds(each)] if below else [base]


def handles(base: type[Node], *prefixes: str) -> Callable[[Walker], Walker]:
    """Make sure, when a pass is made, that it has a method for each class under `base`: `do_If` for If and so on.

    A class that a pass does not know would otherwise be found by the first program that has one. What only Python's
    source has is for the passes that say so, by `dialects`.
    """

    def check(walker: Walker) -> Walker:
        dialects = getattr(walker, "dialects", ("",))
        for kind in kinds(base):
            if kind.dialect in dialects and not any(hasattr(walker, prefix + kind.__name__) for prefix in prefixes):
                raise TypeError(f"{walker.__name__} has no method {prefixes[0]}{kind.__name__}")
        return walker

    return check
