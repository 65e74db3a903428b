"""W0511: the grad flag on something of which only a result has a name."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, walk
from gradsh.lints.reading import Reading, Scope, Step
from gradsh.lints.registry import lint

EXAMPLE = """\
let w = randn(3, grad) * 0.1
backward (w ** 2).sum()
print w.grad"""


@lint(
    "W0511",
    summary="The grad flag on a tensor that has no name: what is named is computed from it, and gets no gradient.",
    happened=(
        "The leaf is the tensor that the flag was given to. What is computed from it, and has the name, is a "
        "result: its `.grad` is none, and an optimiser refuses it."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("randn(3, grad) * 0.1", "(randn(3) * 0.1).requires_grad_()"),
    see="`help requires_grad_`, E0409",
)
def leaf_without_a_name(reading: Reading) -> Iterator[WarningRecord]:
    """`let w = randn(…, grad) * c`, where `w` is then used as a leaf is: `w.grad`, `zero_grad w`, a model's field."""
    for scope in reading.scopes:
        for step in scope.steps:
            made = step.statement
            if not isinstance(made, nodes.Assign) or not isinstance(made.target, nodes.Name):
                continue
            name = made.target.name
            leaf = _leaf(reading, made.value)
            if leaf is None or leaf is made.value or not _all_else_is_plain(reading, scope, made.value, leaf):
                continue
            if len(scope.binding(name)) != 1 or reading.becomes_leaf(scope, name):
                continue
            if isinstance(scope.owner, nodes.Model):
                use, words = None, f"the field `{name}` is no parameter of `{scope.owner.name}`"
            else:
                use, words = _use(scope, name, step), f"`{name}` gets no gradient"
                if use is None:
                    continue
            yield reading.warning(
                made,
                f"the leaf has no name, and {words}: `{name}` is computed from it",
                f"`{name}` is the result of an operation",
                [(reading.span(leaf), "the leaf"), *([(reading.span(use), "the leaf's is meant")] if use else [])],
                _flag_last(reading, made, leaf),
            )


def _leaf(reading: Reading, value: Expr) -> nodes.Call | None:
    """The one call with the flag that a value is computed from by operators and methods, down its operands."""
    found: list[nodes.Call] = []
    stack: list[Expr] = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, nodes.Call) and reading.flag(node) is not None:
            found.append(node)
        elif isinstance(node, nodes.Binary):
            stack += [node.left, node.right]
        elif isinstance(node, nodes.Unary):
            stack.append(node.operand)
        elif isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute):
            stack.append(node.function.value)
    return found[0] if len(found) == 1 else None


def _all_else_is_plain(reading: Reading, scope: Scope, value: Expr, leaf: nodes.Call) -> bool:
    """Is nothing else in the value a tensor that may have a history? Then what is meant can only be a leaf."""
    inside = {id(node) for node in walk(leaf)}
    for node in walk(value):
        if id(node) in inside:
            continue
        if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute):
            word = reading.called(node)[0]
            if word in ("detach", "requires_grad_", "retain_grad") or reading.flag(node) is not None:
                return False
        elif isinstance(node, nodes.Name) and id(node) not in reading.resolution.references:
            bound = [step.statement for step in scope.binding(node.name)]
            if node.name not in scope.parameters() and not all(map(_is_number, bound)):
                return False
    return True


def _is_number(bound: nodes.Stmt) -> bool:
    return isinstance(bound, (nodes.Param, nodes.Assign)) and isinstance(bound.value, nodes.Number)


def _use(scope: Scope, name: str, made: Step) -> nodes.Node | None:
    """The first place after it at which only a leaf makes sense."""
    asked = [(step, node) for step, node in scope.grads.get(name, []) if step.statement.start > made.statement.start]
    if asked:
        return asked[0][1]
    cleared = (value for _, given in scope.calls.get("zero_grad", []) for value in given)
    return next(
        (v for v in cleared if isinstance(v, nodes.Name) and v.name == name and v.start > made.statement.start), None
    )


def _flag_last(reading: Reading, made: nodes.Assign, leaf: nodes.Call) -> str | None:
    """The statement with the flag set on its value."""
    flag = reading.flag(leaf)
    given = leaf.arguments
    if flag is None or "\n" in reading.text(made):
        return None
    at = given.index(flag)
    if at:
        start, end = given[at - 1].end, flag.end
    else:
        start, end = flag.start, given[1].start if len(given) > 1 else flag.end
    text = reading.source.text
    value = text[made.value.start : start] + text[end : made.value.end]
    if not isinstance(made.value, nodes.Call) and not made.value.grouped:
        value = f"({value})"
    return f"`{text[made.start : made.value.start]}{value}.requires_grad_()`"
