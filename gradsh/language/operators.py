"""Operators of the program's own, `op … backward(…)`: their names, and what can be told of their gradients."""

from __future__ import annotations

from collections.abc import Iterable

from gradsh import errors
from gradsh.errors import Label, Span
from gradsh.language import nodes
from gradsh.language.calls import Calls
from gradsh.language.nodes import Argument, Expr, Node, Parameter, Stmt, walk
from gradsh.language.scopes import Scope
from gradsh.language.words import NEEDS, SAVE

NEVER_TUPLE = frozenset(("-", "/", "//", "%", "@", "**", "&", "|", "^"))  # no tuple comes out of these


def saved_by(statement: Node) -> list[Argument]:
    """The arguments of a statement that is `save_for_backward …`, with parentheses or without; else nothing."""
    if isinstance(statement, nodes.Command):
        return statement.arguments if statement.name == SAVE else []
    if isinstance(statement, nodes.ExprStmt) and isinstance(statement.value, nodes.Call):
        function = statement.value.function
        if isinstance(function, nodes.Name) and function.name == SAVE:
            return statement.value.arguments
    return []


class Operators(Calls):
    """The part of the resolver that knows ops."""

    # --- the walk, see Resolver ---------------------------------------------------------------------------------

    def parameters(self, parameters: list[Parameter]) -> list[str]:
        """The names in a parameter list, checked."""
        raise NotImplementedError

    def body(self, key: int, inner: Scope, names: Iterable[str], body: Expr | list[Stmt]) -> None:
        """A body in its own scope."""
        raise NotImplementedError

    # --- an op ----------------------------------------------------------------------------------------------------

    def do_Op(self, node: nodes.Op) -> None:
        forward, backward = Scope(self.scope, True), Scope(self.scope, True)
        forward.saved = {}
        names = self.parameters(node.parameters)
        self.body(id(node), forward, names, node.forward)
        saved = forward.saved
        incoming = self.parameters(node.gradients)
        for parameter in (*node.parameters, *node.gradients):
            if parameter.star == "**":
                self.fail(errors.BadParameter, "an op has its parameters by name: it takes no `**`", parameter)
        for parameter in node.gradients:
            if parameter.default is not None:
                self.fail(errors.BadParameter, "a gradient has no default: backward is always given it", parameter)
            elif parameter.name in saved:
                self.fail(
                    errors.BadParameter,
                    f"'{parameter.name}' is a gradient here, and what the forward saved under that name",
                    parameter,
                    "give the gradient another name",
                )
        backward.op = node
        backward.hidden = {
            name: name in names for name in (*names, *forward.bound) if name not in saved and name not in incoming
        }
        self.body(id(node.backward), backward, [*incoming, *saved], node.backward)
        used = names_in(node.backward)
        self.resolution.reads[id(node)] = tuple(name for name in saved if name in used)
        self.outputs(node)
        self.owed(node, backward)

    def save(self, node: Node, arguments: list[Argument]) -> None:
        """`save_for_backward a, out=a**b`."""
        if self.scope.saved is None:
            at = (node.start, node.start + len(SAVE))
            self.fail(errors.OutsideOp, f"`{SAVE}` is a statement in the forward of an op", at)
            return
        self.resolution.saving.add(id(node))
        for argument in arguments:
            if argument.star or (argument.name is None and not isinstance(argument.value, nodes.Name)):
                self.fail(
                    errors.OutsideOp,
                    "what is saved needs the name under which backward finds it",
                    argument,
                    f"{SAVE} saved={self.source.text[argument.start : argument.end]}",
                )
                continue
            self.expr(argument.value)

    def op_call(self, node: nodes.Call) -> None:
        """A call of one of the two words."""
        assert isinstance(node.function, nodes.Name)
        if node.function.name != NEEDS:
            return
        scope: Scope | None = self.scope
        while scope is not None and scope.op is None:
            scope = scope.parent
        if scope is None or scope.op is None:
            return
        del self.words[id(node.function)]
        names = [p.name for p in scope.op.parameters]
        value = node.arguments[0].value if len(node.arguments) == 1 and node.arguments[0].name is None else None
        if isinstance(value, nodes.Name) and value.name in names:
            self.resolution.needs[id(node)] = value.name
        else:
            text = f"{NEEDS}() asks about one parameter of {scope.op.name}: {', '.join(names)}"
            self.fail(errors.OutsideOp, text, node)

    def misplaced(self) -> None:
        """Report the words that stand where they mean nothing."""
        for node in self.words.values():
            assert isinstance(node, nodes.Name)
            if node.name == SAVE:
                self.fail(errors.OutsideOp, f"`{SAVE}` is a statement in the forward of an op", node)
            else:
                self.fail(errors.OutsideOp, f"`{NEEDS}(a)` is asked in the backward of an op", node)

    # --- what can be told before running --------------------------------------------------------------------------

    def outputs(self, node: nodes.Op) -> None:
        """Backward takes one gradient for each output of the forward."""
        takes = len(node.gradients)
        if any(p.star for p in node.gradients):
            return
        for given in returns(node.forward):
            items = values_of(given.value, frozenset())
            if items is None or len(items) == takes:
                continue
            count = len(items)
            self.fail(
                errors.WrongArity,
                f"{node.name}.backward() takes {takes} positional argument{'' if takes == 1 else 's'} but {count} "
                f"{'was' if count == 1 else 'were'} given",
                (node.backward_start, node.backward_start + len("backward")),
                f"one gradient comes in for each output: `backward({', '.join(f'g{n}' for n in range(1, count + 1))})`",
            )
            plural = "" if count == 1 else "s"
            self.errors[-1].labels.append(
                Label(Span(self.source, given.start, given.end), f"{count} output{plural} here")
            )
            return

    def owed(self, node: nodes.Op, scope: Scope) -> None:
        """Backward returns one gradient for each parameter."""
        plain = [p for p in node.parameters if not p.star]
        least = sum(p.default is None for p in plain)
        most = None if len(plain) < len(node.parameters) else len(plain)
        tensors = frozenset(p.name for p in node.gradients if not p.star and scope.bound[p.name] == 1)
        found = returns(node.backward)
        for given in found:
            items = values_of(given.value, tensors)
            if items is None:
                continue
            if len(items) < least:
                expected = least if most is None else most
            elif most is not None and any(is_value(item, tensors) for item in items[most:]):
                expected = most
            else:
                continue
            self.owes(node, expected, len(items), given.start, given.end)
        if not found and least > 1:
            start = node.backward_start
            self.owes(node, least if most is None else most, 1, start, start + len("backward"))

    def owes(self, node: nodes.Op, expected: int, got: int, start: int, end: int) -> None:
        listed = ", ".join(p.star + p.name for p in node.parameters)
        text = " ".join(self.source.text[start:end].split())
        more = f": `{text}{', none' * (expected - got)}`" if got < expected and text.startswith("return ") else ""
        self.fail(
            errors.AutogradError,
            f"function {node.name}Backward returned an incorrect number of gradients (expected {expected}, got {got})",
            (start, end),
            f"backward returns one gradient for each of ({listed}), `none` where there is none{more}",
        )


def names_in(tree: object) -> set[str]:
    """All names that are mentioned in a piece of tree."""
    return {node.name for node in walk(tree) if isinstance(node, nodes.Name)}


def returns(body: list[Stmt]) -> list[nodes.Return]:
    """The `return` statements of a body, not those of functions in it."""
    found: list[nodes.Return] = []
    stack = [body]
    while stack:
        for statement in stack.pop():
            if isinstance(statement, nodes.Return):
                found.append(statement)
            stack += statement.blocks()
    return sorted(found, key=lambda r: r.start)


def values_of(value: Expr | None, tensors: frozenset[str]) -> list[Expr] | None:
    """What a `return` gives, when it is certain how many values: those of a tuple that is written out, or one."""
    if value is None:
        return [nodes.Constant(0, 0, None)]
    if isinstance(value, nodes.TupleExpr):
        return None if any(isinstance(item, nodes.Unpacked) for item in value.items) else value.items
    return [value] if is_single(value, tensors) else None


def is_single(value: Expr, tensors: frozenset[str]) -> bool:
    """Is it certainly not a tuple? `tensors` are names of what are certainly tensors."""
    if is_tensor(value, tensors):
        return True
    while isinstance(value, nodes.Binary):  # long sums are long on the left
        if value.op in NEVER_TUPLE:
            return True
        right = is_single(value.right, tensors)
        if right == (value.op == "+"):  # `+` takes two tuples to make one, `*` takes one
            return right
        value = value.left
    return isinstance(value, nodes.Constant) or is_value(value, tensors)


def is_value(value: Expr, tensors: frozenset[str]) -> bool:
    """Is it certainly something, one value and not none?"""
    if isinstance(value, nodes.Constant):
        return value.value is not None
    if isinstance(value, nodes.Binary):
        return is_single(value, tensors)
    single = (
        nodes.Number,
        nodes.String,
        nodes.FString,
        nodes.Compare,
        nodes.Unary,
        nodes.ListExpr,
        nodes.DictExpr,
        nodes.SetExpr,
    )
    return isinstance(value, single) or is_tensor(value, tensors)


def is_tensor(value: Expr, tensors: frozenset[str]) -> bool:
    """Is it certainly a tensor of floats, or an error?"""
    while isinstance(value, nodes.Binary):
        if isinstance(value.right, nodes.Name) and value.right.name in tensors:
            return True
        value = value.left
    return isinstance(value, nodes.Name) and value.name in tensors
