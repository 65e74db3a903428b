"""Formulas as text: in the names of the program, or with numbers in their place.

Arithmetic of plain numbers is done on the way (`x**(3 - 1)` is `x**2`); what is neutral is left out (`g * 1`), and so
are arguments that the call was not given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gradsh.language import nodes
from gradsh.looking import formulas
from gradsh.looking.past import fragment

# how tightly a text holds together, loosest first
LOOSE, COMPARISON, BITS, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)
LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "@": PRODUCT, "**": POWER}
LEVELS |= {"&": BITS, "|": BITS, "^": BITS}
PLAIN = re.compile(r"[\w.]+")

Text = tuple[str, int]  # and how tightly it holds together


class Writer:
    """Writes one rule.

    texts      what stands in place of a name: the text and how tightly it holds together; a name that is not there
               has no value in this call, and goes
    constants  plain numbers (and dims), which are reckoned with
    values     whatever has a shape, for `x.numel()`
    exact      whether exponents are reckoned too (with numbers in place of names)
    """

    def __init__(
        self, texts: Mapping[str, Text], constants: Mapping[str, Any], values: Mapping[str, Any], exact: bool = False
    ) -> None:
        self.texts = texts
        self.constants = constants
        self.values = values
        self.exact = exact

    def rule(self, rule: formulas.Rule) -> str:
        """The whole of it, with its words."""
        if rule.tree is None:
            return rule.text
        text = self.write(rule.tree)[0]
        if rule.condition is not None and rule.otherwise is not None:
            text += f" where {self.write(rule.condition)[0]}, else {self.write(rule.otherwise)[0]}"
        return f"{text}, {rule.words}" if rule.words else text

    def constant(self, node: nodes.Node) -> Any:
        """The plain number that a tree is, None where it is not one."""
        if isinstance(node, nodes.Number):
            return node.value
        try:
            found = formulas.compute(node, {**self.constants, **_Shapes(self.values, node)})
        except (formulas.Unknown, TypeError, ValueError, ArithmeticError, AttributeError, KeyError):
            return None
        return found if isinstance(found, (int, float)) and not isinstance(found, bool) else None

    def write(self, node: nodes.Node) -> Text:
        """The text of a tree."""
        number = self.constant(node)
        if number is not None:
            return numeral(number)
        if isinstance(node, nodes.Name):
            return self.texts.get(node.name, (node.name, ATOM))
        if isinstance(node, nodes.Binary):
            return self.binary(node)
        if isinstance(node, nodes.Compare):
            return f"{self.held(node.left, SUM)} {node.op} {self.held(node.right, SUM)}", COMPARISON
        if isinstance(node, nodes.Unary):
            return f"{node.op}{self.held(node.operand, SIGN)}", SIGN
        if isinstance(node, nodes.Attribute):
            return f"{self.held(node.value, ATOM)}.{node.name}", ATOM
        if isinstance(node, nodes.Call):
            arguments = ", ".join(part for a in node.arguments if (part := self.argument(a)))
            function = node.function
            if isinstance(function, nodes.Attribute):
                return f"{self.held(function.value, ATOM)}.{function.name}({arguments})", ATOM
            return f"{function.name if isinstance(function, nodes.Name) else ''}({arguments})", ATOM
        if isinstance(node, (nodes.TupleExpr, nodes.ListExpr)):
            return f"({', '.join(self.write(item)[0] for item in node.items)})", ATOM
        return "…", ATOM

    def argument(self, argument: nodes.Argument) -> str:
        value = argument.value
        if isinstance(value, nodes.Name) and value.name not in self.texts and value.name not in self.constants:
            return ""  # the call was not given it
        text = self.write(value)[0]
        return f"{argument.name}={text}" if argument.name is not None else text

    def held(self, node: nodes.Node, level: int) -> str:
        """The text of an operand, in parentheses where it would fall apart."""
        text, own = self.write(node)
        return text if own >= level else f"({text})"

    def binary(self, node: nodes.Binary) -> Text:
        left, right = self.constant(node.left), self.constant(node.right)
        if node.op == "*" and (left == 1 or right == 1):
            return self.write(node.right if left == 1 else node.left)
        if (node.op in ("/", "**") and right == 1) or (node.op in "+-" and right == 0):
            return self.write(node.left)
        if node.op == "+" and left == 0:
            return self.write(node.right)
        level = LEVELS[node.op]
        if node.op == "**":
            return f"{self.held(node.left, ATOM)}**{self.exponent(node.right)}", level
        # what stands on the right of a minus or a division keeps its own brackets
        first = self.held(node.left, level)
        second = self.held(node.right, level if node.op in ("+", "*") else level + 1)
        if second.startswith("-"):
            second = f"({second})"
        return f"{first} {node.op} {second}", level

    def exponent(self, node: nodes.Node) -> str:
        if self.exact:
            try:
                values = {name: float(text) for name, (text, _) in self.texts.items()}
                return numeral(formulas.compute(node, {**values, **self.constants}))[0]
            except (formulas.Unknown, TypeError, ValueError, ArithmeticError):
                pass
        return self.held(node, SIGN)


class _Shapes(dict[str, Any]):
    """The values of the names in `x.numel()`, and of no others: tensors are no constants."""

    def __init__(self, values: Mapping[str, Any], node: nodes.Node) -> None:
        super().__init__()
        for part in nodes.walk(node):
            counted = isinstance(part, nodes.Call) and isinstance(part.function, nodes.Attribute)
            if counted and part.function.name == "numel" and isinstance(part.function.value, nodes.Name):  # type: ignore[attr-defined]  # a call
                name = part.function.value.name  # type: ignore[attr-defined]  # likewise
                if name in values:
                    self[name] = values[name]


def numeral(number: float | int) -> Text:
    """A number; a negative one is no operand without parentheses."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e6:
        number = int(number)
    text = f"{number:.6g}" if isinstance(number, float) else str(number)
    return text, ATOM if not text.startswith("-") else SIGN


def tightness(text: str) -> Text:
    """A piece of the program with how tightly it holds together."""
    if PLAIN.fullmatch(text):
        return text, ATOM
    tree = fragment(text)
    if isinstance(tree, nodes.Binary):
        return text, LEVELS.get(tree.op, LOOSE) if not tree.grouped else ATOM
    if isinstance(tree, nodes.Unary):
        return text, SIGN
    if isinstance(tree, (nodes.Call, nodes.Index, nodes.Attribute, nodes.ListExpr, nodes.TupleExpr)):
        return text, ATOM
    return text, LOOSE


def listed(value: Any, most: int = 4) -> Text | None:
    """A small value: "5", "[0, 1]"; None for a larger one."""
    if isinstance(value, (int, float)):
        return numeral(value)
    if isinstance(value, list) and len(value) <= most and not any(isinstance(each, list) for each in value):
        return f"[{', '.join(numeral(each)[0] for each in value)}]", ATOM
    return None
