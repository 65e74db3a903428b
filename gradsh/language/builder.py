"""Turns what the parser has recognised into the tree: one method per alternative of the grammar.

The parser calls a method the moment its alternative is complete, with the list of its parts: tokens (text with
`start_pos` and `end_pos`) and what other methods gave. No tree of the parser's own is ever made. A method that finds
something wrong notes it in `faults` and goes on, so that one pass reports everything of this kind.
"""

from __future__ import annotations

import re
from typing import Any

from gradsh import errors
from gradsh.calls.suggest import suggest
from gradsh.language import nodes
from gradsh.language.expression_builder import ExpressionBuilder, Parts
from gradsh.language.words import APART, MODES

# what is there without being imported
NOT_NEEDED = {
    "numpy": "`np.sin(x)` is `sin(x)` here",
    "math": "`math.sqrt(x)` is `sqrt(x)` here",
    "matplotlib": "`plt.plot(xs)` is `plot xs` here",
    "pandas": '`pd.read_csv("data.csv")` is `load("data.csv")` here',
    "scipy": "`scipy.special.erf(x)` is `erf(x)` here",
    "jax": "`jax.grad(f)` is `grad(f)` here",
    "tensorflow": "`tf.constant(3.0)` is `tensor(3.0)` here",
    "random": "`random.random()` is `rand(1).item()` here",
    "time": "`time.time()` is `time()` here",
}
COMMENT_AFTER = re.compile(r"[ \t;]*#[#! \t]*([^\n]*)")

Block = tuple[list[nodes.Stmt], int, int]  # statements, and the offsets of the braces


class Builder(ExpressionBuilder):
    """The methods that the grammar names."""

    # --- programs and blocks ------------------------------------------------------------------------------

    def program(self, parts: Parts) -> list[nodes.Stmt]:
        body: list[nodes.Stmt] = parts[0]
        return body

    def empty_body(self, parts: Parts) -> list[nodes.Stmt]:
        return []

    def whole_body(self, parts: Parts) -> list[nodes.Stmt]:
        body: list[nodes.Stmt] = parts[0]
        return body

    def ended_body(self, parts: Parts) -> list[nodes.Stmt]:
        body: list[nodes.Stmt] = parts[0]
        last, end = body[-1], parts[1]
        if end.value[0] == ";":
            last.muted = True
        return body

    def first_statement(self, parts: Parts) -> list[nodes.Stmt]:
        return parts

    def next_statement(self, parts: Parts) -> list[nodes.Stmt]:
        body: list[nodes.Stmt] = parts[0]
        end, statement = parts[1:]
        # `;` mutes where it ends the line or stands before a comment, not between two statements of a line.
        if end.value[0] == ";" and ("\n" in end.value or "#" in end.value):
            body[-1].muted = True
        body.append(statement)
        return body

    def block(self, parts: Parts) -> Block:
        return parts[1], parts[0].start_pos, parts[2].end_pos

    # --- simple statements --------------------------------------------------------------------------------

    def let(self, parts: Parts) -> nodes.Stmt:
        word, target, _, value = parts
        self.check_target(target, True)
        return nodes.Assign(word.start_pos, value.end, True, target, value)

    def assign(self, parts: Parts) -> nodes.Stmt:
        target, _, value = parts
        if isinstance(target, nodes.Call) and self.looks_like_definition(target):
            self.fault(
                errors.BadTarget,
                "the result of a call cannot be assigned; a function is defined with `fn`",
                target.start,
                target.end,
                f"fn {self.shown(target)} = {self.shown(value)}",
            )
        else:
            self.check_target(target, False)
        return nodes.Assign(target.start, value.end, False, target, value)

    def further(self, parts: Parts) -> Parts:
        targets: Parts = parts[0]
        targets.append(parts[1])
        return targets

    def let_chain(self, parts: Parts) -> nodes.Stmt:
        word, targets, value = parts
        return self.chained(word.start_pos, True, targets, value)

    def assign_chain(self, parts: Parts) -> nodes.Stmt:
        targets, value = parts
        return self.chained(targets[0].start, False, targets, value)

    def chained(self, start: int, let: bool, targets: list[nodes.Expr], value: nodes.Expr) -> nodes.Stmt:
        for target in targets:
            self.check_target(target, let)
        others = nodes.TupleExpr(targets[1].start, targets[-1].end, targets[1:])
        return nodes.Chain(start, value.end, let, targets[0], value, others)

    def augmented(self, parts: Parts) -> nodes.Stmt:
        target, op, value = parts
        if type(target) is nodes.TupleExpr:
            self.fault(
                errors.BadTarget,
                f"`{op.value}` changes one thing at a time",
                target.start,
                target.end,
                f"a {op.value} 1.0; b {op.value} 1.0",
            )
        else:
            self.check_target(target, False)
        return nodes.AugAssign(target.start, value.end, op.value[:-1], target, value)

    def expression_statement(self, parts: Parts) -> nodes.Stmt:
        value = parts[0]
        return nodes.ExprStmt(value.start, value.end, value, False)

    def command(self, parts: Parts) -> nodes.Stmt:
        word, arguments = parts
        self.check_arguments(arguments)
        return nodes.Command(word.start_pos, arguments[-1].end, word.value, arguments, False)

    def command_alone(self, parts: Parts) -> nodes.Stmt:
        return nodes.Command(parts[0].start_pos, parts[0].end_pos, parts[0].value, [], False)

    def asking(self, parts: Parts) -> nodes.Stmt:
        command, word = parts
        about = nodes.Word(word.start_pos, word.end_pos, word.value)
        arguments = [nodes.Argument(about.start, about.end, None, "", about)]
        return nodes.Command(command.start_pos, about.end, command.value, arguments, False)

    def break_statement(self, parts: Parts) -> nodes.Stmt:
        return nodes.Break(parts[0].start_pos, parts[0].end_pos)

    def continue_statement(self, parts: Parts) -> nodes.Stmt:
        return nodes.Continue(parts[0].start_pos, parts[0].end_pos)

    def pass_statement(self, parts: Parts) -> nodes.Stmt:
        return nodes.Pass(parts[0].start_pos, parts[0].end_pos)

    def return_nothing(self, parts: Parts) -> nodes.Stmt:
        return nodes.Return(parts[0].start_pos, parts[0].end_pos, None)

    def return_values(self, parts: Parts) -> nodes.Stmt:
        return nodes.Return(parts[0].start_pos, parts[1].end, parts[1])

    def assert_bare(self, parts: Parts) -> nodes.Stmt:
        return nodes.Assert(parts[0].start_pos, parts[1].end, parts[1], None)

    def assert_message(self, parts: Parts) -> nodes.Stmt:
        return nodes.Assert(parts[0].start_pos, parts[3].end, parts[1], parts[3])

    def raise_statement(self, parts: Parts) -> nodes.Stmt:
        return nodes.Raise(parts[0].start_pos, parts[1].end, parts[1])

    def del_statement(self, parts: Parts) -> nodes.Stmt:
        word, what = parts
        targets = what.items if type(what) is nodes.TupleExpr else [what]
        for target in targets:
            if type(target) is not nodes.Name and type(target) is not nodes.Index:
                self.fault(
                    errors.BadTarget, "`del` takes names and indices", target.start, target.end, "let x = 1.0; del x"
                )
        return nodes.Del(word.start_pos, what.end, targets)

    def param(self, parts: Parts) -> nodes.Stmt:
        word, name, _, value = parts
        comment = COMMENT_AFTER.match(self.source.text, value.end)
        return nodes.Param(
            word.start_pos, value.end, self.spelled(name), value, comment.group(1).rstrip() if comment else ""
        )

    def use(self, parts: Parts) -> nodes.Stmt:
        path = self.string([parts[1]]).value
        alias = self.spelled(parts[3]) if len(parts) > 2 else None
        return nodes.Use(parts[0].start_pos, parts[-1].end_pos, path, alias)

    def module(self, parts: Parts) -> tuple[str, int, int]:
        if len(parts) == 1:
            return parts[0].value, parts[0].start_pos, parts[0].end_pos
        (name, start, _), _, last = parts
        return f"{name}.{last.value}", start, last.end_pos

    def import_name(self, parts: Parts) -> tuple[str, int, int, str]:
        name, start, end = parts[0]
        return (name, start, parts[2].end_pos, self.spelled(parts[2])) if len(parts) > 1 else (name, start, end, name)

    def imported(self, parts: Parts) -> list[tuple[str, int, int, str]]:
        return [parts[0]] if len(parts) == 1 else [*parts[0], parts[2]]

    def check_module(self, module: Any) -> None:
        name, start, end = module[:3]
        first = name.partition(".")[0]
        if first in NOT_NEEDED:
            self.fault(
                errors.BadImport,
                f"`{first}` cannot be imported, and is not needed: gradsh has no Python modules",
                start,
                end,
                f"leave the line out: {NOT_NEEDED[first]}",
            )
        elif first != "torch":
            self.fault(
                errors.BadImport,
                f"`{first}` cannot be imported: gradsh has no Python modules; another gradsh file is read with `use`",
                start,
                end,
                f'use "{first}.grad"',
            )

    def import_module(self, parts: Parts) -> nodes.Stmt:
        word, modules = parts
        for module in modules:
            self.check_module(module)
        return nodes.Import(word.start_pos, modules[-1][2], modules[0][0])

    def import_from(self, parts: Parts) -> nodes.Stmt:
        self.check_module(parts[1])
        last = parts[-1]
        names = next((part for part in parts if isinstance(part, list)), [])
        start, end = parts[0].start_pos, names[-1][2] if names else last.end_pos
        apart = [(parts[1][0], *each) for each in names if f"{parts[1][0]}.{each[0]}" in APART]
        if not apart:
            return nodes.Import(start, end, parts[1][0])
        # these are others with their module than by their bare name: here they are that from now on
        targets = [nodes.Name(at, stop, alias) for _, _, at, stop, alias in apart]
        values = [_dotted(f"{module}.{name}", at, stop) for module, name, at, stop, _ in apart]
        if len(apart) == 1:
            return nodes.Assign(start, end, False, targets[0], values[0])
        one, other = nodes.TupleExpr(start, end, [*targets]), nodes.TupleExpr(start, end, values)
        return nodes.Assign(start, end, False, one, other)

    # --- statements with blocks ---------------------------------------------------------------------------

    def headed_block(self, parts: Parts) -> nodes.Stmt:
        """`no_grad { … }`, `inference_mode(false) { … }`, `torch.no_grad() { … }` and `repeat(3) { … }`."""
        head, (body, _, end) = parts
        called = type(head) is nodes.Call
        function = head.function if called else head
        arguments = head.arguments if called else []
        name = None
        if type(function) is nodes.Name:
            name = function.name
        elif type(function) is nodes.Attribute:
            value = function.value
            while type(value) is nodes.Attribute:
                value = value.value
            if type(value) is nodes.Name and value.name == "torch":
                name = function.name
        if name == "repeat" and len(arguments) == 1 and arguments[0].name is None and not arguments[0].star:
            return nodes.Repeat(head.start, end, arguments[0].value, body)
        if name in MODES:
            return nodes.Mode(head.start, end, name, arguments, body)
        if name in ("function", "func", "fun", "def", "lambda"):
            self.fault(
                errors.SyntaxError_, "a function is written `fn(x) { … }`", function.start, function.end, edit="fn"
            )
            return nodes.Mode(head.start, end, "no_grad", [], body)
        close = suggest(name or "", MODES)
        self.fault(
            errors.SyntaxError_,
            f"`{self.shown(head)}` takes no block; {', '.join(f'`{mode}`' for mode in MODES[:5])} and other modes do",
            head.start,
            head.end,
            edit=close,
        )
        return nodes.Mode(head.start, end, "no_grad", [], body)

    def if_only(self, parts: Parts) -> nodes.Stmt:
        word, condition, (body, _, end) = parts
        return nodes.If(word.start_pos, end, condition, body, [])

    def if_else(self, parts: Parts) -> nodes.Stmt:
        word, condition, (body, _, _), _, rest = parts
        if type(rest) is nodes.If:
            return nodes.If(word.start_pos, rest.end, condition, body, [rest])
        return nodes.If(word.start_pos, rest[2], condition, body, rest[0])

    def while_statement(self, parts: Parts) -> nodes.Stmt:
        word, condition, (body, _, end) = parts
        return nodes.While(word.start_pos, end, condition, body)

    def for_statement(self, parts: Parts) -> nodes.Stmt:
        word, target, _, iterable, (body, _, end) = parts
        self.check_target(target, False)
        return nodes.For(word.start_pos, end, target, iterable, body)

    def repeat_statement(self, parts: Parts) -> nodes.Stmt:
        word, count, (body, _, end) = parts
        return nodes.Repeat(word.start_pos, end, count, body)

    def try_statement(self, parts: Parts) -> nodes.Stmt:
        handler, _, end = parts[-1]
        name = self.spelled(parts[-2]) if parts[-2].type == "NAME" else None
        return nodes.Try(parts[0].start_pos, end, parts[1][0], name, handler)

    # --- functions, operators, models ---------------------------------------------------------------------

    def no_parameters(self, parts: Parts) -> tuple[list[nodes.Parameter], int, int]:
        return [], parts[0].start_pos, parts[1].end_pos

    def parameter_list(self, parts: Parts) -> tuple[list[nodes.Parameter], int, int]:
        return parts[1], parts[0].start_pos, parts[-1].end_pos

    def parameter(self, parts: Parts) -> nodes.Parameter:
        name = parts[0]
        default = parts[2] if len(parts) > 1 else None
        return nodes.Parameter(
            name.start_pos, default.end if default else name.end_pos, self.spelled(name), default, ""
        )

    def star_parameter(self, parts: Parts) -> nodes.Parameter:
        star, name = parts
        return nodes.Parameter(star.start_pos, name.end_pos, self.spelled(name), None, star.value)

    @staticmethod
    def body_of(last: Any) -> tuple[nodes.Expr | list[nodes.Stmt], int]:
        """A body is a block or an expression; both with the offset at which they end."""
        return (last[0], last[2]) if type(last) is tuple else (last, last.end)

    def function(self, parts: Parts) -> nodes.Stmt:
        word, name, (parameters, _, _) = parts[:3]
        body, end = self.body_of(parts[-1])
        return nodes.Function(word.start_pos, end, self.spelled(name), name.start_pos, parameters, body)

    def forward(self, parts: Parts) -> nodes.Stmt:
        word, (parameters, _, _) = parts[:2]
        body, end = self.body_of(parts[-1])
        return nodes.Function(word.start_pos, end, "forward", word.start_pos, parameters, body)

    def lambda_(self, parts: Parts) -> nodes.Expr:
        word, (parameters, _, _) = parts[:2]
        body, end = self.body_of(parts[-1])
        return nodes.Lambda(word.start_pos, end, parameters, body)

    def op_statement(self, parts: Parts) -> nodes.Stmt:
        word, name, (parameters, _, _), (forward, _, _) = parts[:4]
        again, (gradients, _, _), (backward, _, end) = parts[-3:]
        spelled, at, again_at = self.spelled(name), name.start_pos, again.start_pos
        return nodes.Op(word.start_pos, end, spelled, at, parameters, forward, again_at, gradients, backward)

    def model_empty(self, parts: Parts) -> Block:
        return [], parts[0].start_pos, parts[1].end_pos

    def model_block(self, parts: Parts) -> Block:
        body = self.ended_body(parts[1:3]) if len(parts) > 3 else parts[1]
        return body, parts[0].start_pos, parts[-1].end_pos

    def model_bare(self, parts: Parts) -> nodes.Stmt:
        word, name, (body, _, end) = parts
        return nodes.Model(word.start_pos, end, self.spelled(name), name.start_pos, [], body)

    def model(self, parts: Parts) -> nodes.Stmt:
        word, name, (parameters, _, _), (body, _, end) = parts
        return nodes.Model(word.start_pos, end, self.spelled(name), name.start_pos, parameters, body)


def _dotted(path: str, start: int, end: int) -> Any:
    """`torch.func.vjp` as an expression, which stands at that place."""
    first, *others = path.split(".")
    found: Any = nodes.Name(start, end, first)
    for name in others:
        found = nodes.Attribute(start, end, found, name, start)
    return found
