"""The half of the builder that makes expressions; statements and how it is called: gradsh.language.builder."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gradsh import errors
from gradsh.language import nodes, strings
from gradsh.language.words import CALLABLE, RESERVED

CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "none": None, "None": None}

Parts = list[Any]  # what the parser hands over is as varied as the grammar


def parens(node: Any, opening: Any, closing: Any) -> Any:
    """Let a node begin and end at the parentheses around it."""
    node.start = opening.start_pos
    node.end = closing.end_pos
    node.grouped = True
    return node


class ExpressionBuilder:
    """The methods that the grammar names for expressions, and what all methods share during one parse."""

    def __init__(self) -> None:
        self.source = errors.Source("", "")
        self.faults: list[errors.GradshError] = []
        self.generators: dict[int, nodes.Expr] = {}  # in parentheses of their own, that are no argument so far
        self.sub_parse: Callable[[int, int], nodes.Expr]

    def fault(
        self,
        error: type[errors.GradshError],
        message: str,
        start: int,
        end: int,
        help: str | None = None,
        edit: str | None = None,
    ) -> None:
        """Note an error at [start:end] of the source; `edit` is what should stand there."""
        fault = error(message, [errors.Label(errors.Span(self.source, start, end))], help)
        if edit is not None:
            fault.edit = (start, end, edit)
        self.faults.append(fault)

    def shown(self, node: Any) -> str:
        """A node's own text, for use in a help line; long ones are not repeated."""
        if node.end - node.start > 1000:  # not to be read for each part of a long one
            return "x"
        text = " ".join(self.source.text[node.start : node.end].split())
        return text if len(text) <= 60 else "x"

    def spelled(self, token: Any) -> str:
        """A name as it counts: NFKC, as in Python."""
        text: str = token.value
        if text.isascii():
            return text
        import unicodedata

        name = unicodedata.normalize("NFKC", text)
        if not text.isidentifier():
            at = next(i for i in range(1, len(text) + 1) if not text[:i].isidentifier()) - 1
            start = token.start_pos + at
            meant = strings.LOOKALIKES.get(text[at])  # `x²`
            self.fault(*strings.strange(text[at]), start, start + 1, edit=meant)
        elif name in RESERVED:
            self.fault_reserved(name, token.start_pos, token.end_pos)
        return name

    def end(self) -> None:
        """The parse is done: what can only then be told."""
        for node in self.generators.values():
            self.fault(
                errors.SyntaxError_,
                "there are no generators; a comprehension stands in square brackets, or is an argument",
                node.start,
                node.end,
                edit=f"[{self.source.text[node.start + 1 : node.end - 1]}]",
            )

    # --- lists of things ----------------------------------------------------------------------------------

    def first(self, parts: Parts) -> Parts:
        return parts

    def pair(self, parts: Parts) -> Parts:
        return [parts[0], parts[2]]

    def item(self, parts: Parts) -> Parts:
        items: Parts = parts[0]
        items.append(parts[2])
        return items

    def open_tuple(self, parts: Parts) -> nodes.Expr:
        items = parts[0]
        return nodes.TupleExpr(items[0].start, parts[1].end_pos if len(parts) > 1 else items[-1].end, items)

    def open_tuple_of_one(self, parts: Parts) -> nodes.Expr:
        return nodes.TupleExpr(parts[0].start, parts[1].end_pos, [parts[0]])

    # --- what can be assigned -----------------------------------------------------------------------------

    def check_target(self, target: nodes.Expr, let: bool) -> None:
        """Only names, indices, attributes and tuples of them can be assigned; `let` makes names only."""
        waiting = [target]
        while waiting:
            node = waiting.pop()
            if isinstance(node, nodes.Name):
                if node.name in CALLABLE:
                    self.fault_reserved(node.name, node.start, node.end)
            elif isinstance(node, nodes.Unpacked):
                waiting.append(node.value)
            elif isinstance(node, nodes.TupleExpr):
                stars = [item for item in node.items if isinstance(item, nodes.Unpacked)]
                if not node.items:
                    self.fault(errors.BadTarget, "nothing stands left of `=`", node.start, node.end, "a, b = b, a")
                elif len(stars) > 1:
                    message = "multiple starred expressions in assignment"
                    self.fault(errors.BadTarget, message, stars[1].start, stars[1].end, "first, *rest = [1, 2, 3]")
                waiting.extend(reversed(node.items))
            elif isinstance(node, nodes.Index | nodes.Attribute):
                if let:
                    self.fault(
                        errors.BadTarget,
                        "`let` makes a new name; to write into a value, leave it out",
                        node.start,
                        node.end,
                        f"{self.shown(node)} = 0.0",
                    )
            else:
                words, help = self.not_a_target(node)
                self.fault(errors.BadTarget, f"{words} cannot be assigned", node.start, node.end, help)

    def not_a_target(self, node: nodes.Expr) -> tuple[str, str]:
        match node:
            case nodes.Call():
                return "the result of a call", f"let y = {self.shown(node)}"
            case nodes.Number() | nodes.String() | nodes.FString() | nodes.Constant():
                return f"the constant `{self.shown(node)}`", f"let y = {self.shown(node)}"
            case nodes.ListExpr():
                return "a list", "a, b = b, a"
            case nodes.Binary() | nodes.Unary() | nodes.Logical():
                return "an expression", f"{self.shown(node)} == 0"
            case nodes.Compare():
                return "a comparison", f"let y = {self.shown(node)}"
            case _:
                return "this expression", "let y = 1.0"

    @staticmethod
    def looks_like_definition(call: nodes.Call) -> bool:
        """`f(x) = x**2`, as it is written in mathematics."""
        values = [call.function, *(argument.value for argument in call.arguments)]
        return all(type(value) is nodes.Name for value in values) and len(values) > 1

    def fault_reserved(self, word: str, start: int, end: int) -> None:
        message = f"`{word}` is a reserved word and cannot be a name"
        self.fault(errors.ReservedWord, message, start, end, edit=f"{word}_")

    # --- arguments and what takes them --------------------------------------------------------------------

    def positional(self, parts: Parts) -> nodes.Argument:
        value = parts[0]
        if type(value) is nodes.ListComp:
            self.generators.pop(id(value), None)
        return nodes.Argument(value.start, value.end, None, "", value)

    def generator(self, parts: Parts) -> nodes.Argument:
        """`f(x) for x in xs` as an argument: the values, in a list."""
        value, clauses = parts
        made = nodes.ListComp(value.start, clauses[-1].end, value, clauses)
        return nodes.Argument(made.start, made.end, None, "", made)

    def keyword(self, parts: Parts) -> nodes.Argument:
        return nodes.Argument(parts[0].start_pos, parts[2].end, self.spelled(parts[0]), "", parts[2])

    def starred(self, parts: Parts) -> nodes.Argument:
        return nodes.Argument(parts[0].start_pos, parts[1].end, None, parts[0].value, parts[1])

    def check_arguments(self, arguments: list[nodes.Argument]) -> None:
        """After `name=value` only flags, bare names, can follow; and no name is given twice."""
        names: set[str] | None = None
        options = False
        for argument in arguments:
            if options and argument.name is None and argument.star != "**":
                kind = "iterable argument unpacking" if argument.star else "positional argument"
                self.fault(
                    errors.SyntaxError_, f"{kind} follows keyword argument unpacking", argument.start, argument.end
                )
            options = options or argument.star == "**"
            if argument.name is not None:
                names = names or set()
                if argument.name in names:
                    self.fault(
                        errors.SyntaxError_, f"keyword argument repeated: {argument.name}", argument.start, argument.end
                    )
                names.add(argument.name)
            elif names and not argument.star and (type(argument.value) is not nodes.Name or argument.value.grouped):
                self.fault(
                    errors.SyntaxError_,
                    "positional argument follows keyword argument; only a flag, a bare name, can stand here",
                    argument.start,
                    argument.end,
                    "sum(ones(2, 3), 0, keepdim=true)",
                )

    def check_called(self, node: nodes.Expr) -> None:
        """No string is called: `f''(x)` was to be a derivative."""
        text = self.source.text[node.start : node.end]
        if type(node) is nodes.FString and text[:2] == "f'":
            self.fault(
                errors.SyntaxError_,
                "a derivative is written `grad(f)`",
                node.start,
                node.end,
                edit=re.sub(r"\bf('+)(?=\(|\Z)", lambda m: "grad(" * len(m[1]) + "f" + ")" * len(m[1]), text),
            )

    def call_empty(self, parts: Parts) -> nodes.Expr:
        return nodes.Call(parts[0].start, parts[2].end_pos, parts[0], [])

    def call(self, parts: Parts) -> nodes.Expr:
        arguments = parts[2]
        if len(arguments) > 1:
            self.check_arguments(arguments)
        if type(parts[0]) is nodes.FString:
            self.check_called(parts[0])
        return nodes.Call(parts[0].start, parts[-1].end_pos, parts[0], arguments)

    def index(self, parts: Parts) -> nodes.Expr:
        items = parts[2]
        return nodes.Index(parts[0].start, parts[-1].end_pos, parts[0], items, len(items) > 1 or len(parts) > 4)

    def no_bound(self, parts: Parts) -> None:
        return None

    def slice_(self, parts: Parts) -> nodes.Expr:
        lower, colon, upper = parts[:3]
        step = parts[4] if len(parts) > 3 else None
        start = lower.start if lower is not None else colon.start_pos
        last = next(part for part in reversed(parts) if part is not None)
        end = last.end if isinstance(last, nodes.Node) else last.end_pos
        return nodes.Slice(start, end, lower, upper, step)

    def attribute(self, parts: Parts) -> nodes.Expr:
        value, _, name = parts
        return nodes.Attribute(value.start, name.end_pos, value, self.spelled(name), name.start_pos)

    def pipe(self, parts: Parts) -> nodes.Expr:
        left, _, right = parts
        kind = type(right)
        if not right.grouped and kind is not nodes.Name and kind is not nodes.Call and kind is not nodes.Attribute:
            self.fault(
                errors.SyntaxError_,
                "the right side of `|>` is a name, an attribute, a call, or an expression in parentheses",
                right.start,
                right.end,
                f"{self.shown(left)} |> ({self.shown(right)})",
            )
        return nodes.Pipe(left.start, right.end, left, right, right.grouped)

    # --- operators ----------------------------------------------------------------------------------------

    def conditional(self, parts: Parts) -> nodes.Expr:
        then, _, condition, _, otherwise = parts
        return nodes.Conditional(then.start, otherwise.end, then, condition, otherwise)

    def logical(self, parts: Parts) -> nodes.Expr:
        left, op, right = parts
        return nodes.Logical(left.start, right.end, op.value, left, right)

    def binary(self, parts: Parts) -> nodes.Expr:
        left, op, right = parts
        return nodes.Binary(left.start, right.end, op.value, left, right)

    def unary(self, parts: Parts) -> nodes.Expr:
        op, operand = parts
        return nodes.Unary(op.start_pos, operand.end, op.value, operand)

    def compare(self, parts: Parts) -> nodes.Expr:
        return self.comparison(parts[0], parts[1].value, parts[2])

    def compare_two_words(self, parts: Parts) -> nodes.Expr:
        return self.comparison(parts[0], f"{parts[1].value} {parts[2].value}", parts[3])

    def comparison(self, left: nodes.Expr, op: str, right: nodes.Expr) -> nodes.Expr:
        if type(left) is nodes.Compare and not left.grouped:
            middle = self.shown(left.right)
            ordered = op in ("==", "!=", "<", "<=", ">", ">=")
            self.fault(
                errors.ChainedComparison,
                "comparisons do not chain: write both, and join them",
                left.start,
                right.end,
                f"({self.shown(left)}) {'&' if ordered else 'and'} ({middle} {op} {self.shown(right)})",
            )
        return nodes.Compare(left.start, right.end, op, left, right)

    # --- atoms --------------------------------------------------------------------------------------------

    def name(self, parts: Parts) -> nodes.Expr:
        token = parts[0]
        return nodes.Name(token.start_pos, token.end_pos, self.spelled(token))

    def number(self, parts: Parts) -> nodes.Expr:
        token = parts[0]
        try:
            value = strings.number(token.value)
        except ValueError as problem:
            self.fault(errors.BadToken, str(problem), token.start_pos, token.end_pos)
            value = 0
        return nodes.Number(token.start_pos, token.end_pos, value)

    def string(self, parts: Parts) -> nodes.String:
        token = parts[0]
        try:
            value = strings.string(token.value)
        except strings.BadEscape as problem:
            at = token.start_pos + problem.at
            self.fault(errors.BadToken, problem.message, at, at + problem.length, problem.help)
            value = ""
        return nodes.String(token.start_pos, token.end_pos, value)

    def fstring(self, parts: Parts) -> nodes.Expr:
        token = parts[0]
        try:
            pieces = strings.format_pieces(token.value, token.start_pos, self.sub_parse)
        except strings.BadEscape as problem:
            at = token.start_pos + problem.at
            self.fault(errors.BadToken, problem.message, at, at + problem.length, problem.help)
            pieces = []
        return nodes.FString(token.start_pos, token.end_pos, pieces)

    def constant(self, parts: Parts) -> nodes.Expr:
        token = parts[0]
        return nodes.Constant(token.start_pos, token.end_pos, CONSTANTS[token.value])

    def ellipsis(self, parts: Parts) -> nodes.Expr:
        return nodes.Constant(parts[0].start_pos, parts[0].end_pos, ...)

    def grouped(self, parts: Parts) -> nodes.Expr:
        node: nodes.Expr = parens(parts[1], parts[0], parts[2])
        return node

    def empty_tuple(self, parts: Parts) -> nodes.Expr:
        node: nodes.Expr = parens(nodes.TupleExpr(0, 0, []), parts[0], parts[1])
        return node

    def tuple_of_one(self, parts: Parts) -> nodes.Expr:
        node: nodes.Expr = parens(nodes.TupleExpr(0, 0, [parts[1]]), parts[0], parts[3])
        return node

    def tuple_display(self, parts: Parts) -> nodes.Expr:
        node: nodes.Expr = parens(nodes.TupleExpr(0, 0, parts[1]), parts[0], parts[-1])
        return node

    def empty_list(self, parts: Parts) -> nodes.Expr:
        return nodes.ListExpr(parts[0].start_pos, parts[-1].end_pos, [])

    def list_of_one(self, parts: Parts) -> nodes.Expr:
        return nodes.ListExpr(parts[0].start_pos, parts[-1].end_pos, [parts[1]])

    def list_display(self, parts: Parts) -> nodes.Expr:
        return nodes.ListExpr(parts[0].start_pos, parts[-1].end_pos, parts[1])

    def unpacked(self, parts: Parts) -> nodes.Expr:
        star, value = parts
        return nodes.Unpacked(star.start_pos, value.end, value)

    def unpacked_dict(self, parts: Parts) -> tuple[nodes.Expr, nodes.Expr]:
        star, value = parts
        nothing = nodes.Constant(star.start_pos, star.start_pos, None)
        return nothing, nodes.Unpacked(star.start_pos, value.end, value)

    def set_of_one(self, parts: Parts) -> nodes.Expr:
        return nodes.SetExpr(parts[0].start_pos, parts[-1].end_pos, [parts[1]])

    def set_display(self, parts: Parts) -> nodes.Expr:
        return nodes.SetExpr(parts[0].start_pos, parts[-1].end_pos, parts[1])

    def set_comprehension(self, parts: Parts) -> nodes.Expr:
        return nodes.SetComp(parts[0].start_pos, parts[-1].end_pos, parts[1], parts[2])

    def next_clause(self, parts: Parts) -> Parts:
        clauses: Parts = parts[0]
        clauses.append(parts[1])
        return clauses

    def clause(self, parts: Parts) -> nodes.CompFor:
        word, target, _, iterable = parts
        self.check_target(target, False)
        return nodes.CompFor(word.start_pos, iterable.end, target, iterable, [])

    def clause_condition(self, parts: Parts) -> nodes.CompFor:
        clause: nodes.CompFor = parts[0]
        clause.conditions.append(parts[2])
        clause.end = parts[2].end
        return clause

    def generator_apart(self, parts: Parts) -> nodes.Expr:
        """The same in parentheses of its own, `f((g(x) for x in xs), 0)`; it is nothing but an argument."""
        opening, value, clauses, closing = parts
        made: nodes.Expr = parens(nodes.ListComp(0, 0, value, clauses), opening, closing)
        self.generators[id(made)] = made
        return made

    def comprehension(self, parts: Parts) -> nodes.Expr:
        return nodes.ListComp(parts[0].start_pos, parts[-1].end_pos, parts[1], parts[2])

    def empty_dict(self, parts: Parts) -> nodes.Expr:
        return nodes.DictExpr(parts[0].start_pos, parts[-1].end_pos, [])

    def dict_comprehension(self, parts: Parts) -> nodes.Expr:
        (key, value), clauses = parts[1:3]
        return nodes.DictComp(parts[0].start_pos, parts[-1].end_pos, key, value, clauses)

    def dict_pair(self, parts: Parts) -> tuple[nodes.Expr, nodes.Expr]:
        return parts[0], parts[2]

    def dict_display(self, parts: Parts) -> nodes.Expr:
        return nodes.DictExpr(parts[0].start_pos, parts[-1].end_pos, parts[1])
