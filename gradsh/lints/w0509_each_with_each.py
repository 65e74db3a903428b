"""W0509: predictions of shape (n, 1) and targets of shape (n,), which broadcast to each with each."""

from __future__ import annotations

from collections.abc import Iterator

from gradsh.errors import WarningRecord
from gradsh.language import nodes
from gradsh.language.nodes import Expr, Node
from gradsh.lints.flow import Place, flow_of
from gradsh.lints.reading import Reading
from gradsh.lints.registry import lint

Shape = tuple[int, ...]

EXAMPLE = """\
let net = Linear(3, 1)
let x = randn(4, 3)
let y = randn(4)
let loss = ((net(x) - y) ** 2).mean()
backward loss"""


@lint(
    "W0509",
    summary="A difference of shapes (n, 1) and (n,) in a loss: it has n * n elements, each with each.",
    happened=(
        "Shapes broadcast from the right: (n, 1) and (n,) become (n, n), each prediction minus every target. The "
        "loss falls and means something else: the best prediction is then the mean of all targets."
    ),
    example=EXAMPLE,
    cure=EXAMPLE.replace("net(x)", "net(x).squeeze(1)"),
    see="`help squeeze`, E0302",
)
def each_with_each(reading: Reading) -> Iterator[WarningRecord]:
    """`net(x) - y` and `mse_loss(net(x), y)` on the way to a backward, of shapes that the text tells.

    Of other shapes a run tells: see gradsh.engine.autograd.forms.
    """
    seen: set[int] = set()
    for root in flow_of(reading).roots:
        names = flow_of(reading).names(root.node, root.place)
        for step in root.place.scope.steps:
            statement = step.statement
            is_part = isinstance(statement, nodes.Assign) and set(statement.binds()) & names
            if not is_part and step is not root.place.step:
                continue
            for node in reading.parts(statement):
                pair = _pair(reading, node)
                if pair is None or id(node) in seen:
                    continue
                seen.add(id(node))
                place = Place(root.place.scope, step)
                shapes = tuple(_shape(reading, side, place) for side in pair)
                if _is_each_with_each(*shapes):
                    yield _warning(reading, node, pair, shapes)  # type: ignore[arg-type]  # both are known


def _is_each_with_each(one: Shape | None, two: Shape | None) -> bool:
    if one is None or two is None or len(one) + len(two) != 3:
        return False
    column, row = (one, two) if len(one) == 2 else (two, one)
    return len(row) == 1 and column == (row[0], 1) and row[0] > 1


def _pair(reading: Reading, node: Node) -> tuple[Expr, Expr] | None:
    """The two sides of a difference, or of a loss that takes one of its input and its target."""
    if isinstance(node, nodes.Binary) and node.op == "-":
        return node.left, node.right
    given = reading.called(node)[1]
    facts = reading.facts(node) if len(given) >= 2 else None
    return (given[0], given[1]) if facts is not None and "input - target" in facts.formula else None


def _warning(reading: Reading, node: Node, pair: tuple[Expr, Expr], shapes: tuple[Shape, Shape]) -> WarningRecord:
    n = max(map(max, shapes))
    return reading.warning(
        node,
        f"shapes {list(shapes[0])} and {list(shapes[1])} broadcast to [{n}, {n}]: each of one with each of the other",
        f"has {n * n} elements, not {n}",
        [(reading.span(side), f"shape {list(shape)}") for side, shape in zip(pair, shapes, strict=True)],
        squeezed(reading.text(node), node.start, pair[0] if len(shapes[0]) == 2 else pair[1]),
    )


def squeezed(text: str, start: int, column: Expr) -> str | None:
    """The expression `text`, which begins at `start`, with one dimension less of the side that is a column."""
    inner = text[column.start - start : column.end - start]
    if isinstance(column, (nodes.Binary, nodes.Unary, nodes.Conditional)) and not column.grouped:
        inner = f"({inner})"
    whole = f"{text[: column.start - start]}{inner}.squeeze(1){text[column.end - start :]}"
    return f"`{whole}`" if "\n" not in whole else None


# --- shapes that the text tells ---------------------------------------------------------------------------------------


def _shape(reading: Reading, node: Node, place: Place, depth: int = 0) -> Shape | None:
    """The shape of a value, None where the text does not tell; a number has none either."""
    if depth > 20:
        return None
    if isinstance(node, nodes.Name):
        definitions = list(flow_of(reading).reaching(node.name, place))
        made = definitions[0].statement if len(definitions) == 1 else None
        if not isinstance(made, nodes.Assign) or not isinstance(made.target, nodes.Name):
            return None
        return _shape(reading, made.value, Place(place.scope, definitions[0]), depth + 1)
    if isinstance(node, nodes.Binary) and node.op == "@":
        left, right = (_shape(reading, side, place, depth + 1) for side in (node.left, node.right))
        both = left is not None and right is not None and len(left) == len(right) == 2
        return (left[0], right[1]) if both and left is not None and right is not None else None
    if isinstance(node, nodes.Binary):
        left, right = (_shape(reading, side, place, depth + 1) for side in (node.left, node.right))
        if left is None or right is None:
            plain = isinstance(node.left if left is None else node.right, nodes.Number)
            return (left or right) if plain else None
        return left if left == right else None
    if isinstance(node, nodes.Call):
        return _of_call(reading, node, place, depth)
    return None


def _of_call(reading: Reading, node: nodes.Call, place: Place, depth: int) -> Shape | None:
    word, given = reading.called(node)
    function = node.function
    if isinstance(function, nodes.Name) and not word and len(given) == 1:
        width = _width(reading, function, place)
        inside = _shape(reading, given[0], place, depth + 1) if width is not None else None
        return (*inside[:-1], width) if inside and width is not None else None
    facts = reading.facts(node)
    if facts is None or not facts.creates:
        return None
    sizes = [value for value in given if isinstance(value, nodes.Number)]
    if given and isinstance(given[0], nodes.ListExpr) and facts.cuts:
        return _of_list(given[0])
    plain = [v for v in given if not isinstance(v, (nodes.Name, nodes.Constant))]
    return tuple(int(size.value) for size in sizes) if sizes and len(sizes) == len(plain) else None


def _of_list(node: nodes.ListExpr) -> Shape | None:
    inner = {_of_list(item) if isinstance(item, nodes.ListExpr) else () for item in node.items}
    only = next(iter(inner), None)
    return (len(node.items), *only) if len(inner) == 1 and only is not None else None


def _width(reading: Reading, name: nodes.Name, place: Place) -> int | None:
    """The number of features that a model gives whose last layer is linear."""
    made = next(flow_of(reading).reaching(name.name, place), None)
    node: Node | None = made.statement.value if made is not None and isinstance(made.statement, nodes.Assign) else None
    while isinstance(node, nodes.Call):
        signature = reading.builtins.lookup(reading.called(node)[0])
        given = [argument.value for argument in node.arguments]
        if signature is None or not signature.model or not given:
            return None
        if [p.name for p in signature.parameters[:2]] == ["in_features", "out_features"]:
            size = given[1] if len(given) > 1 else None
            return int(size.value) if isinstance(size, nodes.Number) else None
        node = given[-1]
    return None
