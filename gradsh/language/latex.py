"""Expressions as LaTeX."""

from __future__ import annotations

import re

from gradsh.language import nodes
from gradsh.language.calculus import ATOM, MINUS, POWER, PRODUCT, SUM, NoFormula
from gradsh.language.nodes import Expr

# what LaTeX itself has a command for
COMMANDS = frozenset("sin cos tan sinh cosh tanh log exp max min det".split())  # noqa: SIM905 - a list reads worse
GREEK = frozenset(
    """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
    omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega""".split()  # noqa: SIM905 - likewise
)
COMPARED = {"==": "=", "!=": r"\ne", "<": "<", "<=": r"\le", ">": ">", ">=": r"\ge"}


def latex(node: Expr) -> str:
    """The formula of a tree. Errors: NoFormula for what is none."""
    return _of(node)[0]


def name(text: str) -> str:
    """`x`, `x_{1}` for x1, `\\alpha`, `\\mathrm{loss}`."""
    letters = re.fullmatch(r"([^\W\d_]+)_?(\d+|[^\W\d_])?", text)
    if letters is None:
        return rf"\mathrm{{{text}}}".replace("_", r"\_")
    base, index = letters.groups()
    shown = f"\\{base}" if base in GREEK else base if len(base) == 1 else rf"\mathrm{{{base}}}"
    return f"{shown}_{{{index}}}" if index else shown


def number(value: int | float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return r"\mathrm{nan}" if value != value else r"\infty" if value > 0 else r"-\infty"
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    if not exponent:
        return mantissa if isinstance(value, float) else str(value)
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def _of(node: Expr) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    if isinstance(node, nodes.Number):
        return number(node.value), ATOM if node.value >= 0 else MINUS
    if isinstance(node, nodes.Name):
        return name(node.name), ATOM
    if isinstance(node, nodes.Unary) and node.op in "+-":
        return f"{node.op}{_in(node.operand, PRODUCT)}", SUM
    if isinstance(node, nodes.Binary):
        return _binary(node)
    if isinstance(node, nodes.Compare) and node.op in COMPARED:
        return f"{_in(node.left, SUM)} {COMPARED[node.op]} {_in(node.right, SUM)}", 0
    if isinstance(node, nodes.Conditional):
        return _cases(node.then, node.condition, node.otherwise)
    if isinstance(node, nodes.Call):
        return _call(node)
    if isinstance(node, nodes.Attribute):
        mark = {"T": r"^{\top}", "mT": r"^{\top}"}.get(node.name)
        if mark is None:
            return rf"{_in(node.value, ATOM)}.\mathrm{{{node.name}}}".replace("_", r"\_"), ATOM
        return f"{_in(node.value, ATOM)}{mark}", POWER
    if isinstance(node, nodes.Index):
        return f"{_in(node.value, ATOM)}_{{{', '.join(map(latex, node.items))}}}", ATOM
    if isinstance(node, (nodes.ListExpr, nodes.TupleExpr)):
        rows = [item.items if isinstance(item, nodes.ListExpr) else [item] for item in node.items]
        inside = r" \\ ".join(" & ".join(map(latex, row)) for row in rows)
        return rf"\begin{{pmatrix}} {inside} \end{{pmatrix}}", ATOM
    raise NoFormula(type(node).__name__)


def _in(node: Expr, tight: int) -> str:
    text, holds = _of(node)
    return text if holds >= tight else rf"\left({text}\right)"


def _binary(node: nodes.Binary) -> tuple[str, int]:
    left, right = node.left, node.right
    if node.op in "+-":
        return f"{_in(left, SUM)} {node.op} {_in(right, PRODUCT)}", SUM
    if node.op == "/":
        return rf"\frac{{{latex(left)}}}{{{latex(right)}}}", ATOM
    if node.op == "**":
        base, exponent = _in(left, ATOM), latex(right)
        return (
            rf"\left({base}\right)^{{{exponent}}}" if base.startswith(r"\frac") else f"{base}^{{{exponent}}}"
        ), POWER
    if node.op in ("*", "@"):
        first, second = _in(left, PRODUCT), _in(right, POWER)
        dot = r" \cdot " if second[:1].isdigit() else " "
        return f"{first}{dot}{second}", PRODUCT
    raise NoFormula(node.op)


def _cases(then: Expr, condition: Expr, otherwise: Expr) -> tuple[str, int]:
    rows = rf"{latex(then)} & \text{{if }} {latex(condition)} \\ {latex(otherwise)} & \text{{otherwise}}"
    return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM


def _call(node: nodes.Call) -> tuple[str, int]:
    function = node.function
    given = [argument.value for argument in node.arguments if argument.name is None]
    if isinstance(function, nodes.Attribute):
        is_method = not isinstance(function.value, nodes.Name) or function.value.name not in ("torch", "F", "linalg")
        if is_method:
            given.insert(0, function.value)
    word = function.name if isinstance(function, (nodes.Name, nodes.Attribute)) else ""
    if not word or not given:
        raise NoFormula(word or "a call")
    first = given[0]
    if word == "tensor":
        return _of(first)
    if len(given) == 1 and word in ("sqrt", "abs", "exp"):
        inside = latex(first)
        return {
            "sqrt": (rf"\sqrt{{{inside}}}", ATOM),
            "abs": (rf"\left|{inside}\right|", ATOM),
            "exp": (f"e^{{{inside}}}", POWER),
        }[word]
    if word == "where" and len(given) == 3:
        return _cases(given[1], first, given[2])
    if word == "pow" and len(given) == 2:
        return _binary(nodes.Binary(0, 0, "**", first, given[1]))
    if len(given) == 1 and word in ("sum", "mean"):
        mean = r"\frac{1}{n} " if word == "mean" else ""
        return rf"{mean}\sum {_in(first, POWER)}", SUM
    shown = f"\\{word}" if word in COMMANDS else rf"\operatorname{{{word}}}".replace("_", r"\_")
    return rf"{shown}\left({', '.join(map(latex, given))}\right)", ATOM
