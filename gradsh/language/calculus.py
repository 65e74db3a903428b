"""Derivatives of expressions as expressions: reverse mode on the tree, by the formulas of the registry.

    gradients(tree of a * b, "g") == {"a": g * b, "b": g * a}

The formula of an operator is what `help` shows, `g / (2 * out)`: gradsh text about the names of its parameters, `out`
and `g`. One in plain words (`g to the larger of both`) has no derivative here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gradsh.errors import Refused, Source
from gradsh.language import nodes
from gradsh.language.nodes import Expr

# (name of a built-in) -> (its formula, the names of its parameters), None where there is none
Formulas = Callable[[str], "tuple[str, list[str]] | None"]

LOOSE, SUM, PRODUCT, MINUS, POWER, ATOM = range(6)  # how tightly what is written holds together


class NoFormula(Exception):
    """Something of which no derivative is known; the text is what it is."""


# --- trees that are made here -----------------------------------------------------------------------------------------


def number(value: int | float) -> Expr:
    return nodes.Number(0, 0, value)


def name(text: str) -> Expr:
    return nodes.Name(0, 0, text)


def binary(op: str, left: Expr, right: Expr) -> Expr:
    """`left op right`, without what it would be odd to write: 1 * x, x + 0, x ** 1, and plain numbers worked out."""
    a, b = _value(left), _value(right)
    if a is not None and b is not None and (op in "+-*" or (op == "/" and b and a % b == 0)):
        return number({"+": a + b, "-": a - b, "*": a * b}[op] if op in "+-*" else a // b)
    if op == "*" and (a == 0 or b == 0):
        return number(0)
    if (op == "*" and a == 1) or (op == "+" and a == 0):
        return right
    if (op in "*/" and b == 1) or (op in "+-" and b == 0) or (op == "**" and b == 1):
        return left
    if op == "**" and b == 0:
        return number(1)
    if op == "/" and a == 0:
        return left
    if op == "-" and a == 0:
        return negative(right)
    if op in "*/" and isinstance(left, nodes.Unary) and left.op == "-":
        return negative(binary(op, left.operand, right))
    if op == "*" and isinstance(right, nodes.Unary) and right.op == "-":
        return negative(binary(op, left, right.operand))
    if op == "+" and isinstance(right, nodes.Unary) and right.op == "-":
        return binary("-", left, right.operand)
    return nodes.Binary(0, 0, op, left, right)


def negative(operand: Expr) -> Expr:
    value = _value(operand)
    if value is not None:
        return number(-value) if value >= 0 else number(abs(value))
    if isinstance(operand, nodes.Unary) and operand.op == "-":
        return operand.operand
    return nodes.Unary(0, 0, "-", operand)


def _value(node: Expr) -> int | float | None:
    return node.value if isinstance(node, nodes.Number) else None


# --- derivatives ------------------------------------------------------------------------------------------------------


def gradients(
    node: Expr, incoming: Expr, formulas: Formulas, called: Callable[[Expr], tuple[str, list[Expr]]]
) -> dict[str, Expr]:
    """The gradient of each variable of an expression, when `incoming` is that of the expression.

    `called` tells which built-in a call calls, and with what. Errors: NoFormula.
    """
    found: dict[str, Expr] = {}

    def back(part: Expr, g: Expr) -> None:
        if isinstance(part, nodes.Name):
            found[part.name] = binary("+", found[part.name], g) if part.name in found else g
        elif isinstance(part, nodes.Number):
            pass
        elif isinstance(part, nodes.Unary) and part.op in "+-":
            back(part.operand, negative(g) if part.op == "-" else g)
        elif isinstance(part, nodes.Binary):
            for side, of_side in _of_binary(part, g):
                back(side, of_side)
        elif isinstance(part, (nodes.Call, nodes.Pipe)):
            if not any(map(_has_names, called(part)[1])):
                return  # a constant
            for side, of_side in _of_call(part, g, formulas, called):
                back(side, of_side)
        else:
            raise NoFormula(type(part).__name__)

    back(node, incoming)
    return found


def _of_binary(node: nodes.Binary, g: Expr) -> Iterator[tuple[Expr, Expr]]:
    left, right = node.left, node.right
    if node.op in "+-":
        yield left, g
        yield right, negative(g) if node.op == "-" else g
    elif node.op == "*":
        yield left, binary("*", g, right)
        yield right, binary("*", g, left)
    elif node.op == "/":
        yield left, binary("/", g, right)
        if not isinstance(right, nodes.Number):
            yield right, negative(binary("/", binary("*", g, left), binary("**", right, number(2))))
    elif node.op == "**":
        yield left, binary("*", binary("*", g, right), binary("**", left, binary("-", right, number(1))))
        if not isinstance(right, nodes.Number):
            yield right, binary("*", binary("*", g, node), nodes.Call(0, 0, name("log"), [_argument(left)]))
    elif node.op == "@":
        yield left, _matrices(g, _transposed(right))
        yield right, _matrices(_transposed(left), g)
    else:
        raise NoFormula(node.op)


def _matrices(left: Expr, right: Expr) -> Expr:
    if _value(left) == 1 or _value(right) == 1:
        return right if _value(left) == 1 else left
    return nodes.Binary(0, 0, "@", left, right)


def _transposed(node: Expr) -> Expr:
    return nodes.Attribute(0, 0, node, "T", 0)


def _argument(value: Expr) -> nodes.Argument:
    return nodes.Argument(0, 0, None, "", value)


def _of_call(
    node: Expr, g: Expr, formulas: Formulas, called: Callable[[Expr], tuple[str, list[Expr]]]
) -> Iterator[tuple[Expr, Expr]]:
    word, given = called(node)
    known = formulas(word) if word else None
    if known is None or not known[0]:
        raise NoFormula(word or "a call")
    formula, parameters = known
    values: dict[str, Expr] = dict(zip(parameters, given, strict=False)) | {
        "out": node,
        word.rpartition(".")[2]: node,
        "g": g,
    }
    for parameter, value in zip(parameters, given, strict=False):
        if isinstance(value, (nodes.Number, nodes.Constant, nodes.String)) or not _has_names(value):
            continue
        rule = clause(formula, parameter, parameters)
        if rule is None or _names(rule) & ({*parameters[len(given) :]} - values.keys()):
            raise NoFormula(word)
        yield value, substituted(rule, values)


def _has_names(node: Expr) -> bool:
    return bool(_names(node))


def _names(node: Expr) -> set[str]:
    return {part.name for part in nodes.walk(node) if isinstance(part, nodes.Name)}


def clause(formula: str, parameter: str, parameters: list[str]) -> Expr | None:
    """What a formula says of one parameter, as a tree: `input: g * other; other: g * input`; None for plain words."""
    parts = dict(re.findall(r"(\w+): ([^;]+)", formula)) if re.match(r"\w+: ", formula) else {}
    text = parts.get(parameter) if parts else formula.partition(";")[0] if parameter == parameters[0] else None
    if text is None:
        return None
    branches = re.fullmatch(r"(.+) where (.+), else (.+)", text)
    if branches is not None:
        then, test, otherwise = map(_tree, branches.groups())
        if then is None or test is None or otherwise is None:
            return None
        return nodes.Conditional(0, 0, then, test, otherwise)
    return _tree(text) or _tree(text.partition(", ")[0])  # `g, expanded to input's shape`


def _tree(text: str) -> Expr | None:
    from gradsh.language.syntax import parse

    try:
        body = parse(Source("<formula>", text), ()).body
    except Refused:
        return None
    only = body[0] if len(body) == 1 else None
    return only.value if isinstance(only, nodes.ExprStmt) else None


def substituted(node: Expr, values: dict[str, Expr]) -> Expr:
    """The tree with other trees in the place of names."""
    if isinstance(node, nodes.Name):
        return values.get(node.name, node)
    if isinstance(node, nodes.Binary):
        return binary(node.op, substituted(node.left, values), substituted(node.right, values))
    if isinstance(node, nodes.Unary):
        operand = substituted(node.operand, values)
        return negative(operand) if node.op == "-" else nodes.Unary(0, 0, node.op, operand)
    if isinstance(node, nodes.Compare):
        return nodes.Compare(0, 0, node.op, substituted(node.left, values), substituted(node.right, values))
    if isinstance(node, nodes.Conditional):
        parts = (substituted(part, values) for part in (node.then, node.condition, node.otherwise))
        return nodes.Conditional(0, 0, *parts)
    if isinstance(node, nodes.Call):
        arguments = [nodes.Argument(0, 0, a.name, a.star, substituted(a.value, values)) for a in node.arguments]
        return nodes.Call(0, 0, node.function, arguments)
    if isinstance(node, nodes.Attribute):
        return nodes.Attribute(0, 0, substituted(node.value, values), node.name, 0)
    return node


# --- simpler ----------------------------------------------------------------------------------------------------------

Powers = dict[str, tuple[Expr, float]]  # a product: each base by its text, with its exponent


def simplified(node: Expr) -> Expr:
    """The same with like factors and like terms put together: 3 / x for 1 / x**3 * 3 * x**2."""
    terms: dict[str, tuple[float, Powers]] = {}
    for sign, part in _terms(node, 1):
        number_, powers = _factors(part)
        key = "*".join(f"{text}^{exponent}" for text, (_, exponent) in sorted(powers.items()) if exponent)
        before = terms[key][0] if key in terms else 0.0
        terms[key] = (before + sign * number_, powers)
    found: Expr | None = None
    for coefficient, powers in terms.values():
        if not coefficient:
            continue
        product = _product(abs(coefficient), powers)
        if found is None:
            found = negative(product) if coefficient < 0 else product
        else:
            found = nodes.Binary(0, 0, "-" if coefficient < 0 else "+", found, product)
    return found if found is not None else number(0)


def _terms(node: Expr, sign: int) -> Iterator[tuple[int, Expr]]:
    if isinstance(node, nodes.Binary) and node.op in "+-":
        yield from _terms(node.left, sign)
        yield from _terms(node.right, sign if node.op == "+" else -sign)
    elif isinstance(node, nodes.Unary) and node.op in "+-":
        yield from _terms(node.operand, -sign if node.op == "-" else sign)
    else:
        yield sign, node


def _factors(node: Expr) -> tuple[float, Powers]:
    """A product as a number and powers."""
    found: Powers = {}
    coefficient = 1.0

    def visit(part: Expr, exponent: float) -> None:
        nonlocal coefficient
        value = _value(part)
        if value is not None and (value or exponent > 0):
            coefficient *= float(value) ** exponent
        elif isinstance(part, nodes.Binary) and part.op in ("*", "/"):
            visit(part.left, exponent)
            visit(part.right, exponent if part.op == "*" else -exponent)
        elif isinstance(part, nodes.Unary) and part.op in "+-" and exponent % 1 == 0:
            coefficient *= -1.0 if part.op == "-" and exponent % 2 else 1.0
            visit(part.operand, exponent)
        elif isinstance(part, nodes.Binary) and part.op == "**" and _exponent(part.right) is not None:
            visit(part.left, exponent * (_exponent(part.right) or 0.0))
        else:
            base = _inner(part)
            text = written(base)
            before = found[text][1] if text in found else 0.0
            found[text] = (base, before + exponent)

    visit(node, 1.0)
    return coefficient, found


def _exponent(node: Expr) -> float | None:
    value = _value(node)
    if value is None and isinstance(node, nodes.Unary) and node.op == "-":
        inner = _value(node.operand)
        value = -inner if inner is not None else None
    return float(value) if value is not None else None


def _inner(node: Expr) -> Expr:
    """The parts of a factor made simpler."""
    if isinstance(node, nodes.Binary):
        if node.op in "+-":
            return simplified(node)
        return nodes.Binary(0, 0, node.op, simplified(node.left), simplified(node.right))
    if isinstance(node, nodes.Call):
        given = [nodes.Argument(0, 0, a.name, a.star, simplified(a.value)) for a in node.arguments]
        return nodes.Call(0, 0, node.function, given)
    if isinstance(node, nodes.Conditional):
        return nodes.Conditional(0, 0, simplified(node.then), node.condition, simplified(node.otherwise))
    return node


def _product(coefficient: float, powers: Powers) -> Expr:
    above: Expr = number(int(coefficient) if coefficient == int(coefficient) else coefficient)
    below: Expr = number(1)
    for base, exponent in sorted(powers.values(), key=lambda power: not isinstance(power[0], nodes.Name)):
        if exponent > 0:
            above = binary("*", above, _power(base, exponent))
        elif exponent < 0:
            below = binary("*", below, _power(base, -exponent))
    return binary("/", above, below)


def _power(base: Expr, exponent: float) -> Expr:
    return binary("**", base, number(int(exponent) if exponent == int(exponent) else exponent))


# --- text -------------------------------------------------------------------------------------------------------------

TIGHTNESS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}


def written(node: Expr) -> str:
    """The text of a tree. Errors: NoFormula for what has no text here (a function, a string with values in it)."""
    return _written(node)[0]


def _written(node: Expr) -> tuple[str, int]:
    if isinstance(node, nodes.Number):
        return (f"{node.value}", ATOM if node.value >= 0 else MINUS)
    if isinstance(node, nodes.Name):
        return node.name, ATOM
    if isinstance(node, nodes.Constant):
        return {True: "true", False: "false", None: "none"}.get(node.value, "..."), ATOM  # type: ignore[call-overload]  # hashable
    if isinstance(node, nodes.Binary) and node.op in TIGHTNESS:
        tight = TIGHTNESS[node.op]
        left, right = _written(node.left), _written(node.right)
        is_power = node.op == "**"
        before = _in(left, tight + 1 if is_power else tight)
        after = _in(right, MINUS if is_power else tight if node.op in "+*" else tight + 1)
        return f"{before} {node.op} {after}", tight
    if isinstance(node, nodes.Unary) and node.op in "+-":
        return f"{node.op}{_in(_written(node.operand), PRODUCT)}", MINUS if _written(node.operand)[1] > PRODUCT else SUM
    if isinstance(node, nodes.Compare):
        return f"{_in(_written(node.left), SUM)} {node.op} {_in(_written(node.right), SUM)}", LOOSE
    if isinstance(node, nodes.Conditional):
        return f"where({written(node.condition)}, {written(node.then)}, {written(node.otherwise)})", ATOM
    if isinstance(node, nodes.Call):
        given = ", ".join(f"{a.name}={written(a.value)}" if a.name else written(a.value) for a in node.arguments)
        return f"{_in(_written(node.function), ATOM)}({given})", ATOM
    if isinstance(node, nodes.Attribute):
        return f"{_in(_written(node.value), ATOM)}.{node.name}", ATOM
    if isinstance(node, nodes.Index):
        return f"{_in(_written(node.value), ATOM)}[{', '.join(map(written, node.items))}]", ATOM
    if isinstance(node, (nodes.ListExpr, nodes.TupleExpr)):
        inside = ", ".join(map(written, node.items))
        return (f"[{inside}]" if isinstance(node, nodes.ListExpr) else f"({inside},)"), ATOM
    raise NoFormula(type(node).__name__)


def _in(part: tuple[str, int], tight: int) -> str:
    return part[0] if part[1] >= tight else f"({part[0]})"
