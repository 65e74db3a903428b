"""Pieces of a program read again: as trees, and as the text that a help line is made of."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import Refused, Source, Span
from gradsh.language import brackets, nodes
from gradsh.language.nodes import walk
from gradsh.language.python.nodes import With

LONG = 60  # longer pieces of the program's text are not repeated in a help line
LIMIT = 5000  # nor is a longer failing piece read again
LARGEST = 200_000  # characters of a program that is read again


def read(text: str) -> nodes.Node | None:
    """A piece of a program as a tree: the expression or statement that it is, or a whole program if it is several."""
    if not text.strip() or len(text) > LIMIT:
        return None
    if "\n" in text and "#" not in text:
        joined = _parsed(text.replace("\n", " "))  # an operand may go on where the piece stood in brackets
        if joined is not None:
            return joined
    return _parsed(text)


def _parsed(text: str) -> nodes.Node | None:
    tree = _program(Source("<piece>", text))
    if tree is None and text.startswith("forward("):  # a line of a model's body, and only there
        model = _program(Source("<piece>", f"model It {{ {text} }}"))
        only = model.body[0] if model is not None else None
        return only.body[0] if isinstance(only, nodes.Model) and only.body else None
    if tree is None or len(tree.body) != 1:
        return tree
    only = tree.body[0]
    return only.value if isinstance(only, nodes.ExprStmt) else only


def _program(source: Source) -> nodes.Program | None:
    from gradsh.language.python.convert import convert
    from gradsh.language.syntax import parse
    from gradsh.runtime.builtins import BUILTINS

    try:
        return convert(source) if source.python else parse(source, BUILTINS.commands())
    except Refused:
        return None


_TIGHT = (nodes.Binary, nodes.Unary, nodes.Compare, nodes.Logical, nodes.Conditional, nodes.Lambda, nodes.Pipe)


def is_loose(node: nodes.Node) -> bool:
    """Does an expression need parentheses before it can be an operand, whatever the operator?"""
    return isinstance(node, _TIGHT) and not getattr(node, "grouped", False)


def operand(text: str, node: nodes.Node) -> str:
    """An expression's text, fit to stand before a dot: in parentheses where it needs them."""
    return f"({text})" if is_loose(node) and not (node.start == 0 and bare(text) != text) else text


def bare(text: str) -> str:
    """An expression's text without the parentheses around all of it."""
    return text[1:-1] if text.startswith("(") and brackets.partner(text, 0) == len(text) - 1 else text


def joined(text: str) -> str:
    """A piece of text on one line."""
    return " ".join(text.split())


def with_argument(text: str, argument: str) -> str | None:
    """A call or a command with one more argument; None when the text is neither, or too long to repeat."""
    text = joined(text)
    node = read(text) if len(text) <= LONG else None
    if isinstance(node, nodes.Command):
        return f"{text}, {argument}"
    if isinstance(node, nodes.Call) and text.endswith(")"):
        return f"{text[:-1].rstrip(', ')}{', ' if node.arguments else ''}{argument})"
    return None


# --- whole programs -----------------------------------------------------------------------------------------------


class Step:
    """A statement, and the one in whose block it stands."""

    __slots__ = ("outer", "statement")

    def __init__(self, statement: nodes.Stmt, outer: Step | None) -> None:
        self.statement = statement
        self.outer = outer

    def around(self) -> Iterator[Step]:
        """The statements that it stands in, the innermost first."""
        step = self.outer
        while step is not None:
            yield step
            step = step.outer

    def mode(self, *names: str) -> Step | None:
        """The innermost block of such a mode, `no_grad`, that it stands in."""
        for step in self.around():
            if any(mode in names for mode in modes(step.statement)):
                return step
        return None

    def loop(self) -> Step | None:
        """The innermost loop that it stands in."""
        return next((step for step in self.around() if step.statement.loops), None)

    @property
    def value(self) -> nodes.Expr | None:
        """What it binds a name to, returns, or is."""
        statement = self.statement
        if isinstance(
            statement, (nodes.Assign, nodes.Chain, nodes.AugAssign, nodes.Return, nodes.ExprStmt, nodes.Param)
        ):
            return statement.value
        return None


def modes(statement: nodes.Stmt) -> list[str]:
    """The modes that a statement puts its block in: `no_grad { … }`, in Python `with torch.no_grad():`."""
    if isinstance(statement, nodes.Mode):
        return [statement.name.rpartition(".")[2]]
    found = []
    for item in statement.items if isinstance(statement, With) else ():
        entered = item.value.function if isinstance(item.value, nodes.Call) else item.value
        if isinstance(entered, (nodes.Name, nodes.Attribute)):
            found.append(entered.name)
    return found


class Callee:
    """What can be called: a function, a lambda, a model's `forward`; `model` is the name of the model."""

    __slots__ = ("model", "name", "node", "parameters")

    def __init__(self, node: nodes.Function | nodes.Lambda, name: str, model: str) -> None:
        self.node = node
        self.name = name
        self.model = model
        self.parameters = [parameter.name for parameter in node.parameters]


class Page:
    """A program's text as statements. Positions in it are those of the source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        tree = _program(source) if len(source.text) <= LARGEST else None
        self.steps: list[Step] = []
        self.callees: list[Callee] = []
        self._expressions: dict[tuple[int, int], nodes.Expr] = {}
        if tree is not None:
            self._read(tree.body, None, "")
            for node in walk(tree):
                if isinstance(node, nodes.Expr):
                    self._expressions.setdefault((node.start, node.end), node)

    def _read(self, body: list[nodes.Stmt], outer: Step | None, model: str) -> None:
        for statement in body:
            step = Step(statement, outer)
            self.steps.append(step)
            inner = statement.name if isinstance(statement, nodes.Model) else ""
            if isinstance(statement, nodes.Function):
                self.callees.append(Callee(statement, statement.name, model))
            elif isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Name):
                for node in walk(statement.value):
                    if isinstance(node, nodes.Lambda):
                        name = statement.target.name if node is statement.value else ""
                        self.callees.append(Callee(node, name, model))
            for field in statement.fields[2:]:
                value = getattr(statement, field)
                if isinstance(value, list) and value and isinstance(value[0], nodes.Stmt):
                    self._read(value, step, inner)

    def text(self, node: nodes.Node) -> str:
        """A node's text on one line."""
        return joined(self.source.text[node.start : node.end])

    def span(self, node: nodes.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def mode(self, statement: nodes.Stmt) -> Span:
        """What a block of a mode begins with: `no_grad`, in Python `with torch.no_grad()`."""
        length = len(statement.name) if isinstance(statement, nodes.Mode) else 0
        end = statement.items[-1].end if isinstance(statement, With) else statement.start + length
        return Span(self.source, statement.start, end)

    def line(self, node: nodes.Node) -> int:
        return self.source.position(node.start)[0]

    def last_line(self, node: nodes.Node) -> int:
        return self.source.position(max(node.start, node.end - 1))[0]

    def step(self, node: nodes.Node | Span) -> Step | None:
        """The innermost statement around a place."""
        found = None
        for step in self.steps:  # an inner statement comes after those around it
            if step.statement.start <= node.start and node.end <= step.statement.end:
                found = step
        return found

    def expression(self, span: Span) -> nodes.Expr | None:
        """The expression at exactly this place."""
        found = self._expressions.get((span.start, span.end))
        if found is None:
            step = self.step(span)
            statement = step.statement if step is not None else None
            if statement is not None and (statement.start, statement.end) == (span.start, span.end):
                return step.value  # type: ignore[union-attr]  # there is a statement, so there is a step
        return found

    def callee(self, place: nodes.Node | Span) -> Callee | None:
        """The innermost function around a place."""
        around = [c for c in self.callees if c.node.start <= place.start and place.end <= c.node.end]
        return min(around, key=lambda callee: callee.node.end - callee.node.start, default=None)

    def forward(self, model: str) -> Callee | None:
        """The `forward` of a model."""
        return next((c for c in self.callees if c.model == model and c.name == "forward"), None)

    def head(self, callee: Callee) -> Span:
        """The name and the parameters of a function."""
        text = self.source.text
        end = text.find(")", callee.node.start, callee.node.end)
        return Span(self.source, callee.node.start, end + 1 if end >= 0 else callee.node.end)

    def results(self, callee: Callee) -> list[tuple[nodes.Expr, Step | None]]:
        """What a function gives: its expression, or those of its `return` statements."""
        body = callee.node.body
        if isinstance(body, nodes.Expr):
            return [(body, self.step(body))]
        own = [step for step in self.steps if isinstance(step.statement, nodes.Return) and step.value is not None]
        return [(s.value, s) for s in own if s.value is not None and self.callee(s.statement) is callee]

    def binding(self, name: str, before: int, within: nodes.Node | None = None) -> Step | None:
        """The statement that last bound a name before a position; within a loop it may stand further on."""
        found = after = None
        for step in self.steps:
            statement = step.statement
            if within is not None and not within.start <= statement.start < within.end:
                continue
            if within is None and self.callee(statement) is not None:
                continue
            if not (name in statement.binds() or _updates(statement, name)):
                continue
            if statement.end <= before:
                found = step
            elif after is None and step.loop() is not None:
                after = step
        return found or after


def _updates(statement: nodes.Stmt, name: str) -> bool:
    target = statement.target if isinstance(statement, nodes.AugAssign) else None
    return isinstance(target, nodes.Name) and target.name == name
