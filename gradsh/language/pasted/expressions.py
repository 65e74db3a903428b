"""Expressions of Python as gradsh: the user's own text, with what gradsh spells otherwise put in its place."""

from __future__ import annotations

import ast
import itertools
import re
import string
from collections.abc import Callable

from gradsh.language import strings
from gradsh.language.nodes import Constant, Expr
from gradsh.language.pasted.facts import Facts
from gradsh.language.pasted.names import DTYPES, OTHERS, SAME, short
from gradsh.language.pasted.text import JOINED, STRING, Text, children
from gradsh.language.words import APART, MODULES

BY_NAME = ("getattr", "setattr", "hasattr", "delattr")


class NoCounterpart(Exception):
    """There is no such thing in gradsh; the words say of what."""


class Context:
    """What is known of the surroundings of an expression inside of an operator's own definition.

    `name` is the parameter that PyTorch calls ctx; `saved` the gradsh names of what its forward keeps, by attribute;
    `tensors` those of `save_for_backward`, and `parameters` the names of the forward's.
    """

    def __init__(self, name: str, parameters: list[str]) -> None:
        self.name = name
        self.parameters = parameters
        self.saved: dict[str, str] = {}
        self.tensors: list[str] = []


class Expressions(Text):
    """`see(node)` is the gradsh text of an expression. Errors: NoCounterpart."""

    def __init__(self, text: str, facts: Facts, note: Callable[[int, str], None]) -> None:
        super().__init__(text)
        self.facts = facts
        self.note = note
        self.context: Context | None = None
        self.fields: frozenset[str] = frozenset()  # of the model that is being written
        self.receiver = "self"  # what its methods call the instance
        self.hoisted: list[ast.NamedExpr] = []  # what is bound before its statement
        self.spelled: dict[str, str] = {}  # variables of loops that are written out, with what they are

    def see(self, node: ast.AST) -> str:
        special = getattr(self, "see_" + type(node).__name__, None)
        text: str = special(node) if special is not None else self.kept(node)
        return text

    def kept(self, node: ast.AST, start: int | None = None, end: int | None = None) -> str:
        """The text of a node, or of [start:end] around it, with what is below it converted."""
        at = self.start(node) if start is None else start
        pieces = []
        for child in children(node):
            first = self.start(child)
            pieces += [self.gap(at, first), self.see(child)]
            at = self.end(child)
        pieces.append(self.gap(at, self.end(node) if end is None else end))
        return "".join(pieces)

    def gap(self, start: int, end: int) -> str:
        """What stands between two expressions: operators, brackets, comments."""
        return JOINED.sub(" ", self.text[start:end])

    def wide(self, node: ast.AST, left: int) -> str:
        """An expression with the parentheses around it that open behind `left`; a bare tuple gets some."""
        start, end = self.spread(node, left)
        if start == self.start(node):
            return self.single(node)
        return self.gap(start, self.start(node)) + self.see(node) + self.gap(self.end(node), end)

    def single(self, node: ast.AST) -> str:
        """An expression where only one can stand: a tuple without parentheses gets them."""
        text = self.see(node)
        if isinstance(node, ast.Tuple) and self.text[self.start(node)] != "(" and text[0] != "(":
            return f"({text})"
        if isinstance(node, ast.Tuple) and node.elts and self.start(node.elts[0]) == self.start(node):
            return f"({text})"  # (a + b), c
        return text

    # --- names ------------------------------------------------------------------------------------------------

    def see_Name(self, node: ast.Name) -> str:
        return self.named(node) or self.facts.name(node.id)

    def see_arg(self, node: ast.arg) -> str:
        return self.facts.name(node.arg)

    def see_keyword(self, node: ast.keyword) -> str:
        if node.arg is None:
            return self.kept(node)
        if node.arg == "dtype" and self.as_dtype(node.value):
            return f"dtype={self.as_dtype(node.value)}"
        start = self.start(node) + len(node.arg)
        return self.facts.name(node.arg) + self.kept(node, start)

    def as_dtype(self, node: ast.AST) -> str | None:
        """Python's type where a dtype should be, `dtype=float`, which in gradsh is PyTorch's of that name: float32."""
        return DTYPES.get(node.id) if isinstance(node, ast.Name) and node.id not in self.facts.bound else None

    def path(self, node: ast.AST) -> str | None:
        """The whole dotted path of what an import brought in: `torch.nn.Linear`; None for all else."""
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.facts.bound:
            return None
        root = self.facts.imports.get(node.id, "torch" if node.id == "torch" else None)
        if root is None and node.id in MODULES:
            root = MODULES[node.id]  # a piece of a program, whose imports stand elsewhere
        return None if root is None else ".".join([root, *reversed(names)])

    def named(self, node: ast.Name | ast.Attribute) -> str | None:
        """The gradsh name of what an import brought in, where it is another than the program's."""
        path = self.path(node)
        if path is None:
            return None
        if path in OTHERS:
            return OTHERS[path]
        if path == "torch.from_numpy" and "numpy" in self.facts.imports.values():
            return "as_tensor"  # what NumPy's functions made is a tensor already, what `x.numpy()` gave is not
        if path in APART:
            return path
        root, _, rest = path.partition(".")
        if root in SAME:
            if root == "numpy":
                self.remark(node, "NumPy's functions have become those of tensors: float32, where NumPy has float64")
            if not rest or "." in rest:
                raise NoCounterpart(f"`{path}`")
            return rest
        if root != "torch":
            raise NoCounterpart(f"`{path}`")
        written = self.text[self.start(node) : self.end(node)]
        if isinstance(node, ast.Name) and path not in MODULES.values():  # from torch.nn import Linear
            member = path.rpartition(".")[2]
            if written == member and member not in self.fields:
                return member
            return self.member(path)
        alias = written.partition(".")[0]
        if MODULES.get(alias) == self.facts.imports.get(alias, MODULES.get(alias)):
            return None if isinstance(node, ast.Name) else written
        return short(path) if path in MODULES.values() else self.member(path)

    def member(self, path: str) -> str:
        """`torch.nn.Linear` with its module as gradsh reads it."""
        module, _, name = path.rpartition(".")
        while module and module not in MODULES.values() and "." in module:  # torch.linalg.norm
            module, _, more = module.rpartition(".")
            name = f"{more}.{name}"
        return f"{short(module)}.{name}"

    def see_Attribute(self, node: ast.Attribute) -> str:
        context = self.context
        if context is not None and isinstance(node.value, ast.Name) and node.value.id == context.name:
            if node.attr == "saved_tensors":
                return f"({', '.join(context.tensors)}{',' * (len(context.tensors) == 1)})"
            if node.attr in context.saved:
                return context.saved[node.attr]
            raise NoCounterpart(f"`{context.name}.{node.attr}`")
        if isinstance(node.value, ast.Name) and node.value.id == self.receiver != "self":
            return f"self.{node.attr}"
        if node.attr == "apply" and isinstance(node.value, ast.Name) and node.value.id in self.facts.operators:
            return self.facts.name(node.value.id)
        said = self.named(node)
        if said is not None:
            return said
        return self.kept(node)

    # --- calls ------------------------------------------------------------------------------------------------

    def see_Call(self, node: ast.Call) -> str:
        self.facts.called(node)  # it may be one of an f-string
        special = self.formatted(node) or self.mapped(node) or self.by_name(node)
        if special is not None:
            return special
        function = self.wide(node.func, self.start(node))
        _, at = self.spread(node.func, self.start(node))
        items = [*node.args, *node.keywords]
        items = sorted(items, key=lambda item: self.start(item))
        dropped = [k for k in node.keywords if function == "print" and k.arg in ("flush", "file")]
        kept = [item for item in items if item not in dropped]
        if dropped:
            return f"{function}({', '.join(map(self.argument, kept))})"
        pieces = [function]
        for item in items:
            a_dtype = self.as_dtype(item) if isinstance(node.func, ast.Attribute) and node.func.attr == "to" else None
            pieces += [self.gap(at, self.start(item)), a_dtype or self.argument(item)]
            at = self.end(item)
        pieces.append(self.gap(at, self.end(node)))
        pieces[1] = pieces[1].lstrip(" \t")  # `print (x)` would print a tuple
        return "".join(pieces)

    def argument(self, node: ast.AST) -> str:
        """An argument; a variable that may be taken for a flag is put in parentheses."""
        text = self.see(node)
        return f"({text})" if isinstance(node, ast.Name) and node.id in self.facts.bools else text

    def formatted(self, node: ast.Call) -> str | None:
        """`"{:.2f}".format(x)` as an f-string."""
        call = node.func
        if not (isinstance(call, ast.Attribute) and call.attr == "format" and isinstance(call.value, ast.Constant)):
            return None
        if not isinstance(call.value.value, str):
            return None
        values = {str(i): self.see(value) for i, value in enumerate(node.args)}
        values.update({k.arg: self.see(k.value) for k in node.keywords if k.arg is not None})
        pieces: list[str | tuple[str, str | None, str | None]] = []
        numbers = itertools.count()
        for words, field, spec, conversion in string.Formatter().parse(call.value.value):
            pieces.append(words.replace("{", "{{").replace("}", "}}"))
            if field is None:
                continue
            name = field or str(next(numbers))
            if name not in values or "{" in (spec or "") or any(c in values[name] for c in "\\\n"):
                raise NoCounterpart('this `.format(…)`; an f-string is written `f"{x:.2f}"`')
            value = f"({values[name]})" if re.search(r"[{:!]|^fn\b", values[name]) else values[name]
            pieces.append((value, conversion, spec))
        quote = next((q for q in "\"'" if not any(q in p[0] for p in pieces if isinstance(p, tuple))), '"""')
        said = []
        for piece in pieces:
            if isinstance(piece, tuple):
                value, conversion, spec = piece
                said.append(f"{{{value}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}")
            else:
                escaped = piece.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
                said.append(escaped.replace(quote, "\\" + quote))
        return f"f{quote}{''.join(said)}{quote}"

    def mapped(self, node: ast.Call) -> str | None:
        """`map(f, xs)` and `filter(f, xs)` as lists."""
        call = node.func
        if not isinstance(call, ast.Name) or call.id not in ("map", "filter") or call.id in self.facts.bound:
            return None
        if len(node.args) != 2 or isinstance(node.args[0], (ast.Constant, ast.Starred)):
            return None
        function = self.wide(node.args[0], self.end(node.func) + 1)
        function = f"({function})" if isinstance(node.args[0], ast.Lambda) and function[0] != "(" else function
        item = self.facts.unused("v")
        values = self.single(node.args[1])
        if call.id == "map":
            return f"[{function}({item}) for {item} in {values}]"
        return f"[{item} for {item} in {values} if {function}({item})]"

    def by_name(self, node: ast.Call) -> str | None:
        """`getattr(x, "grad")` as `x.grad`; `setattr(self, name, layer)` as `self.add_module(name, layer)`."""
        call = node.func
        if (
            not isinstance(call, ast.Name)
            or call.id not in BY_NAME
            or call.id in self.facts.bound
            or len(node.args) < 2
        ):
            return None
        of, name, *rest = node.args
        known = name.value if isinstance(name, ast.Constant) else self.spelled.get(getattr(name, "id", ""))
        owner = self.wide(of, self.end(call) + 1)
        if not isinstance(of, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            owner = f"({owner})"
        if call.id == "getattr" and isinstance(known, str) and known.isidentifier() and not rest:
            return f"{owner}.{known}"
        own = isinstance(of, ast.Name) and of.id == self.receiver and bool(self.fields)
        if call.id == "getattr" and own and not rest:
            return f"{owner}.get_submodule({self.see(name)})"
        if call.id == "setattr" and own and len(rest) == 1:
            return f"{owner}.add_module({self.see(name)}, {self.see(rest[0])})"
        raise NoCounterpart(f"`{call.id}` of a name that is not written out")

    # --- what is spelled otherwise ------------------------------------------------------------------------------

    def see_Lambda(self, node: ast.Lambda) -> str:
        return f"fn({self.parameters(node.args)}) = {self.body_of(node)}"

    def body_of(self, node: ast.Lambda) -> str:
        """What a lambda gives."""
        before = [self.end(part) for part in children(node.args)]
        return self.wide(node.body, max(before, default=self.start(node) + len("lambda")))

    def parameters(self, arguments: ast.arguments, without: int = 0) -> str:
        """The parameters of a function, without the first so many, and without their types."""
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
        said = [self.parameter(name, value) for name, value in zip(positional, defaults, strict=True)][without:]
        keywords = [self.parameter(n, v) for n, v in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
        if arguments.vararg is not None:
            said.append("*" + self.facts.name(arguments.vararg.arg))
        with_default = [k for k in keywords if "=" in k]
        said += [*(k for k in keywords if "=" not in k), *with_default]
        if arguments.kwarg is not None:
            said.append("**" + self.facts.name(arguments.kwarg.arg))
        return ", ".join(said)

    def parameter(self, name: ast.arg, default: ast.expr | None) -> str:
        said = self.facts.name(name.arg)
        return said if default is None else f"{said}={self.single(default)}"

    def inside(self, node: ast.AST) -> str:
        """What stands between the brackets of a comprehension."""
        return self.kept(node, self.start(node) + 1, self.end(node) - 1).strip()

    def see_GeneratorExp(self, node: ast.GeneratorExp) -> str:
        return self.kept(node) if self.facts.is_argument(node) else f"[{self.inside(node)}]"

    def see_Compare(self, node: ast.Compare) -> str:
        if len(node.ops) == 1:
            return self.kept(node)
        said = []
        left, (_, at) = self.wide(node.left, self.start(node)), self.spread(node.left, self.start(node))
        for operand in node.comparators:
            start, end = self.spread(operand, at)
            if self.text[start] != "(" and start != self.start(operand):
                start = self.start(operand)
            right = self.wide(operand, at)
            said.append(f"{left}{self.gap(at, start)}{right}")
            left, at = right, end
        text = " and ".join(said)
        return text if self.enclosed(node) else f"({text})"

    def see_Tuple(self, node: ast.Tuple) -> str:
        text = self.kept(node)
        # a comma that ends a line joins it to the next one
        return f"({text})" if text.endswith(",") and isinstance(node.ctx, ast.Load) else text

    def see_List(self, node: ast.List) -> str:
        text = self.kept(node)
        return f"({text[1:-1]})" if isinstance(node.ctx, ast.Store) else text

    def see_NamedExpr(self, node: ast.NamedExpr) -> str:
        if node not in self.hoisted:
            raise NoCounterpart("this `:=`")
        return self.see(node.target)

    def see_Yield(self, node: ast.Yield) -> str:
        raise NoCounterpart("a value of `yield`")

    see_YieldFrom = see_Await = see_Yield

    # --- strings ----------------------------------------------------------------------------------------------

    def see_Constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, (bytes, complex)):
            raise NoCounterpart(f"a {type(node.value).__name__} value")
        text = self.text[self.start(node) : self.end(node)]
        return self.literals(text, self.enclosed(node)) if isinstance(node.value, str) else text

    def see_JoinedStr(self, node: ast.JoinedStr) -> str:
        return self.literals(self.text[self.start(node) : self.end(node)], self.enclosed(node))

    def literals(self, text: str, enclosed: bool) -> str:
        """One string, or several side by side, which gradsh adds; in brackets unless it has some."""
        said = []
        at = 0
        while at < len(text):
            found = STRING.match(text, at)
            if found is None:
                at += 1
                continue
            prefix = found["prefix"].lower()
            literal = found.group()[len(prefix) :] if prefix == "u" else found.group()
            said.append(self.fstring(literal) if "f" in prefix else literal)
            at = found.end()
            between = re.compile(r"(?:\s|\\\n|#[^\n]*)*").match(text, at)
            at = between.end() if between else at
        return " + ".join(said) if len(said) == 1 or enclosed else f"({' + '.join(said)})"

    def fstring(self, token: str) -> str:
        """An f-string, what stands in its braces converted."""
        places: list[tuple[int, int]] = []

        def noted(start: int, end: int) -> Expr:
            places.append((start, end))
            return Constant(start, end, None)

        try:
            strings.format_pieces(token, 0, noted)
        except strings.BadEscape as problem:
            raise NoCounterpart(f"this f-string: {problem.message}") from None
        for start, end in sorted(places, reverse=True):
            inner = token[start:end]
            try:
                tree = ast.parse(f"({inner})", mode="eval").body
            except SyntaxError:
                raise NoCounterpart("this f-string") from None
            value = self.within(f"({inner})").see(tree)
            if value != inner.strip():
                token = token[:start] + value + token[end:]
        return token

    def within(self, text: str) -> Expressions:
        """A converter of an expression that was read by itself."""
        other = Expressions(text, self.facts, self.note)
        other.context, other.fields, other.receiver = self.context, self.fields, self.receiver
        other.spelled, other.hoisted = self.spelled, self.hoisted
        return other

    def remark(self, node: ast.AST, words: str) -> None:
        """Something to be known of a line; once for each thing."""
        self.note(node.lineno, words)  # type: ignore[attr-defined]
