"""Lowering of expressions; `lower` adds the statements. See there for the shape of the result."""

from __future__ import annotations

import _ast as ast  # the classes alone: the module `ast` costs 5 ms to import
from array import array
from typing import Any

from gradsh.errors import Source
from gradsh.language import nodes
from gradsh.language.nodes import Argument, Expr, Node, Parameter, Stmt
from gradsh.language.scopes import Resolution, spine_child

CHAIN = 40  # links of a chain in one Python expression

LOAD, STORE = ast.Load(), ast.Store()
BINARY = {
    "+": ast.Add(),
    "-": ast.Sub(),
    "*": ast.Mult(),
    "/": ast.Div(),
    "//": ast.FloorDiv(),
    "%": ast.Mod(),
    "@": ast.MatMult(),
    "**": ast.Pow(),
    "<<": ast.LShift(),
    ">>": ast.RShift(),
    "&": ast.BitAnd(),
    "|": ast.BitOr(),
    "^": ast.BitXor(),
}
COMPARE = {
    "==": ast.Eq(),
    "!=": ast.NotEq(),
    "<": ast.Lt(),
    "<=": ast.LtE(),
    ">": ast.Gt(),
    ">=": ast.GtE(),
    "in": ast.In(),
    "not in": ast.NotIn(),
    "is": ast.Is(),
    "is not": ast.IsNot(),
}
# what makes something: noted in a program that looks at its graph
NOTED = (nodes.Binary, nodes.Call, nodes.Index, nodes.Pipe, nodes.Attribute, nodes.Unary)
UNARY = {"-": ast.USub(), "+": ast.UAdd(), "~": ast.Invert(), "not": ast.Not()}
# what the result of a binary operator may be too large for is asked before it
ASKED = {"**": "@exponent", "<<": "@shift"}
LOGICAL = {"and": ast.And(), "or": ast.Or()}


class Expressions:
    """The helpers, the expressions and the functions of a lowering.

    planned  whether loops and functions are handed to what may make plans of them (gradsh.plans);
             `telling`: somebody wants to know of loops that can have none
    identity whether `a is b` is a call, `@same(a, b)`: a plan has others in the place of Python's numbers
    digest   of the text, for names that no other text of a session has
    """

    planned = telling = identity = False
    digest = ""

    def __init__(self, source: Source, resolution: Resolution) -> None:
        self.source = source
        self.resolution = resolution
        self.spans = array("q")  # a long program has millions
        self.lines: dict[tuple[int, int], int] = {}
        self.before: list[ast.stmt] = []  # what must be defined before the statement that is being lowered
        self.temporaries: list[str] = []  # of this statement, to be let go after it
        self.counter = 0
        self.loops = 0  # around what is being lowered
        self.globals: set[str] = set()
        self.asking = 0
        self.flags: list[str] = []  # globals that are true until somebody finds that a function has no plan
        self.backwards: set[int] = set()  # the bodies that are the backward of an op
        self.function: int | None = None  # the id of the node whose body this is

    # --- helpers ------------------------------------------------------------------------------------------

    def line(self, node: Node) -> int:
        return self.line_of(node.start, node.end)

    def line_of(self, start: int, end: int) -> int:
        place = (start, end)
        line = self.lines.get(place)
        if line is None:
            self.spans.extend(place)
            line = self.lines[place] = len(self.spans) // 2
        return line

    def load(self, name: str, line: int) -> ast.expr:
        if self.function is None:
            self.globals.add(name)
        return ast.Name(name, LOAD, lineno=line, col_offset=0)

    def store(self, name: str, line: int) -> ast.Name:
        if self.function is None:
            self.globals.add(name)
        return ast.Name(name, STORE, lineno=line, col_offset=0)

    def constant(self, value: Any, line: int) -> ast.expr:
        return ast.Constant(value, lineno=line, col_offset=0)

    def called(self, function: ast.expr | str, arguments: list[ast.expr], line: int, **keywords: Any) -> ast.expr:
        if isinstance(function, str):
            function = self.load(function, line)
        return ast.Call(function, arguments, keywords.get("keywords", []), lineno=line, col_offset=0)

    def done(self, value: ast.expr, line: int) -> ast.stmt:
        return ast.Expr(value, lineno=line, col_offset=0)

    def assigned(self, target: ast.expr, value: ast.expr, line: int) -> ast.stmt:
        return ast.Assign([target], value, lineno=line, col_offset=0)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"@{prefix}{self.counter}"

    def temporary(self) -> str:
        name = self.fresh("t")
        self.temporaries.append(name)
        return name

    def builtin(self, node: Node, name: str, line: int) -> ast.expr:
        """The built-in, even where the user has a variable of its name."""
        if id(node) in self.resolution.pinned and id(node) not in self.resolution.whole:
            return self.called("@builtin", [self.constant(name, line)], line)
        return self.load("." + name, line)

    # --- what the statements give ---------------------------------------------------------------------------

    def full_block(self, body: list[Stmt], line: int) -> list[ast.stmt]:
        """A body of at least one statement."""
        raise NotImplementedError

    def assign(self, target: Expr, value: ast.expr, line: int) -> list[ast.stmt]:
        """The statements that bind a value to a target."""
        raise NotImplementedError

    def target(self, node: Expr) -> Any:
        """A target that Python can store into by itself."""
        raise NotImplementedError

    # --- functions --------------------------------------------------------------------------------------------

    def function_def(
        self, name: str, node: Node, parameters: list[Parameter], body: Expr | list[Stmt], line: int
    ) -> ast.stmt:
        definition = self.body_def(name, id(node), self.parameters(parameters), body, line)
        if self.planned and not self.resolution.looking:  # what a function's plan leaves out, a prompt may ask about
            scoped = sum(isinstance(s, (ast.Global, ast.Nonlocal)) for s in definition.body)
            definition.body.insert(scoped, self.entered(line))
        return definition

    def entered(self, line: int) -> ast.stmt:
        """What a function begins with that may run by a plan:

        try: if @on1 and (@r := @entered("@on1")) is not none: return @r[0]
        except @TooDeep.deep: pass                              the place of that is the call that comes after it

        The flag is a global of its own for each function of each text: where it is false there is no plan of it.
        """
        self.asking += 1
        flag = f"@on{self.digest}.{self.asking}"
        self.flags.append(flag)
        came = self.called("@entered", [self.constant(flag, line)], line)
        found = ast.NamedExpr(self.store("@r", line), came, lineno=line, col_offset=0)
        given: ast.expr = ast.Compare(
            found, [COMPARE["is not"]], [self.constant(None, line)], lineno=line, col_offset=0
        )
        asks = ast.Name(flag, LOAD, lineno=line, col_offset=0)
        condition = ast.BoolOp(ast.And(), [asks, given], lineno=line, col_offset=0)
        value = ast.Subscript(self.load("@r", line), self.constant(0, line), LOAD, lineno=line, col_offset=0)
        answer = ast.If(condition, [ast.Return(value, lineno=line, col_offset=0)], [], lineno=line, col_offset=0)
        passed = ast.Pass(lineno=line, col_offset=0)
        deep = ast.Attribute(self.load("@TooDeep", line), "deep", LOAD, lineno=line, col_offset=0)
        handler = ast.ExceptHandler(deep, None, [passed], lineno=line, col_offset=0)
        return ast.Try([answer], [handler], [], [], lineno=line, col_offset=0)

    def body_def(
        self, name: str, key: int, arguments: ast.arguments, body: Expr | list[Stmt], line: int
    ) -> ast.FunctionDef:
        """`key`: what the resolver knows the body by."""
        outer, outer_temporaries = self.before, self.temporaries
        outer_function, self.function = self.function, key
        lowered: list[ast.stmt] = []
        if isinstance(body, list):
            for table, kind in ((self.resolution.outward, ast.Global), (self.resolution.nonlocals, ast.Nonlocal)):
                names = table.get(key)
                if names:
                    lowered.append(kind(["." + n for n in names], lineno=line, col_offset=0))
            lowered += self.options(arguments, line) + self.full_block(body, line)
        else:
            self.before, self.temporaries = [], []
            value = self.expr(body)
            returned = ast.Return(value, lineno=self.line(body), col_offset=0)
            lowered = [*self.options(arguments, line), *self.before, returned]
        self.function = outer_function
        self.before, self.temporaries = outer, outer_temporaries
        return self.definition(name, arguments, lowered, line)

    @staticmethod
    def definition(name: str, arguments: ast.arguments, body: list[ast.stmt], line: int) -> ast.FunctionDef:
        keywords: dict[str, Any] = {"lineno": line, "col_offset": 0, "type_params": []}  # which 3.11 does not know yet
        return ast.FunctionDef(name, arguments, body, [], **keywords)

    def parameters(self, parameters: list[Parameter]) -> ast.arguments:
        plain: list[ast.arg] = []
        defaults: list[ast.expr] = []
        named: list[ast.arg] = []
        named_defaults: list[ast.expr | None] = []
        rest: ast.arg | None = None
        options: ast.arg | None = None
        for parameter in parameters:
            argument = ast.arg("." + parameter.name, lineno=self.line(parameter), col_offset=0)
            default = self.expr(parameter.default) if parameter.default is not None else None
            if parameter.star == "**":
                options = argument
            elif parameter.star:
                rest = argument
            elif rest is not None:
                named.append(argument)
                named_defaults.append(default)
            else:
                plain.append(argument)
                if default is not None:
                    defaults.append(default)
        return ast.arguments([], plain, rest, named, named_defaults, options, defaults)

    def options(self, arguments: ast.arguments, line: int) -> list[ast.stmt]:
        """The first statement of a function with `**options`: its keywords as they were written."""
        if arguments.kwarg is None:
            return []
        name = arguments.kwarg.arg
        return [self.assigned(self.store(name, line), self.called("@options", [self.load(name, line)], line), line)]

    def see_Lambda(self, node: nodes.Lambda) -> ast.expr:
        """An expression where Python allows one, else a function defined before the statement."""
        line = self.line(node)
        if not isinstance(node.body, list):
            arguments = self.parameters(node.parameters)
            outer, outer_temporaries = self.before, self.temporaries
            self.before, self.temporaries = [], []
            outer_function, self.function = self.function, id(node)
            value = self.expr(node.body)
            inner = [*self.options(arguments, line), *self.before]
            self.function = outer_function
            self.before, self.temporaries = outer, outer_temporaries
            if not inner:
                return ast.Lambda(arguments, value, lineno=line, col_offset=0)
            body = [*inner, ast.Return(value, lineno=line, col_offset=0)]
            name = self.fresh("f")
            self.before.append(self.definition(name, arguments, body, line))
        else:
            name = self.fresh("f")
            self.before.append(self.function_def(name, node, node.parameters, node.body, line))
        if self.function is None:
            self.globals.add(name)
        return self.load(name, line)

    # --- expressions ------------------------------------------------------------------------------------------

    def expr(self, node: Expr) -> ast.expr:
        """Any expression. Its left side is walked in a loop; after every CHAIN links the value goes into a temporary:

        `((t := a + … ) is none, (t := t + … ) is none, t + …)[-1]` is as flat as the chain is long, and keeps no
        partial result alive.
        """
        spine: list[Expr] = []
        while True:
            child = spine_child(node, self.resolution)
            if child is None:
                break
            spine.append(node)
            node = child
        value: ast.expr = getattr(self, "see_" + type(node).__name__)(node)
        looking = self.resolution.looking
        if looking and isinstance(node, NOTED):
            value = self.noted(node, value)
        parts: list[ast.expr] = []
        name = ""
        for count, link in enumerate(reversed(spine), 1):
            value = getattr(self, "link_" + type(link).__name__)(link, value)
            if looking and isinstance(link, NOTED):
                value = self.noted(link, value)
            if count % CHAIN == 0 and count < len(spine):
                line = self.line(link)
                name = name or self.temporary()
                kept = ast.NamedExpr(self.store(name, line), value, lineno=line, col_offset=0)
                none = self.constant(None, line)
                parts.append(ast.Compare(kept, [COMPARE["is"]], [none], lineno=line, col_offset=0))
                value = self.load(name, line)
        if parts:
            line = self.line(spine[0])
            whole = ast.Tuple([*parts, value], LOAD, lineno=line, col_offset=0)
            value = ast.Subscript(whole, self.constant(-1, line), LOAD, lineno=line, col_offset=0)
        return value

    def noted(self, node: Expr, value: ast.expr) -> ast.expr:
        """The value, and a note of what was made for it; see gradsh.runtime.notes."""
        line = self.line(node)
        arguments = [self.called("@mark", [], line), value, self.constant(line, line)]
        called = node.function if isinstance(node, nodes.Call) else node.right if isinstance(node, nodes.Pipe) else None
        if isinstance(called, nodes.Name) and id(called) not in self.resolution.references:
            arguments.append(self.load("." + called.name, line))
        return self.called("@seen", arguments, line)

    def see_Number(self, node: nodes.Number) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_String(self, node: nodes.String) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_Constant(self, node: nodes.Constant) -> ast.expr:
        return self.constant(node.value, self.line(node))

    def see_Name(self, node: nodes.Name) -> ast.expr:
        line = self.line(node)
        reference = self.resolution.references.get(id(node))
        return self.load("." + node.name, line) if reference is None else self.builtin(node, reference, line)

    def see_Word(self, node: nodes.Word) -> ast.expr:
        line = self.line(node)
        return (
            self.load("." + node.name, line)
            if id(node) in self.resolution.variables
            else self.constant(node.name, line)
        )

    def see_FString(self, node: nodes.FString) -> ast.expr:
        return self.joined(node.parts, self.line(node))

    def joined(self, parts: list[str | nodes.FormatPart], line: int) -> ast.expr:
        values: list[ast.expr] = []
        for part in parts:
            if isinstance(part, str):
                values.append(self.constant(part, line))
                continue
            at = self.line(part)
            spec = self.joined(part.spec, at) if part.spec else self.constant("", at)
            text = self.called("@format", [self.expr(part.value), self.constant(part.conversion, at), spec], at)
            values.append(ast.FormattedValue(text, -1, None, lineno=at, col_offset=0))
        return ast.JoinedStr(values, lineno=line, col_offset=0)

    def see_ListExpr(self, node: nodes.ListExpr) -> ast.expr:
        return ast.List([self.expr(item) for item in node.items], LOAD, lineno=self.line(node), col_offset=0)

    def see_TupleExpr(self, node: nodes.TupleExpr) -> ast.expr:
        return ast.Tuple([self.expr(item) for item in node.items], LOAD, lineno=self.line(node), col_offset=0)

    def see_DictExpr(self, node: nodes.DictExpr) -> ast.expr:
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        for key, value in node.items:
            if isinstance(value, nodes.Unpacked):
                keys.append(None)
                values.append(self.called("@mapping", [self.expr(value.value)], self.line(value)))
                continue
            keys.append(self.key(self.expr(key)))
            values.append(self.expr(value))
        return ast.Dict(keys, values, lineno=self.line(node), col_offset=0)

    def see_SetExpr(self, node: nodes.SetExpr) -> ast.expr:
        line = self.line(node)
        items = ast.List([self.expr(item) for item in node.items], LOAD, lineno=line, col_offset=0)
        return self.called("@set", [items], line)

    def see_Unpacked(self, node: nodes.Unpacked) -> ast.expr:
        line = self.line(node)
        return ast.Starred(self.called("@items", [self.expr(node.value)], line), LOAD, lineno=line, col_offset=0)

    def see_SetComp(self, node: nodes.SetComp) -> ast.expr:
        return self.called("@set", [self.comprehension(node, [node.value])], self.line(node))

    def see_ListComp(self, node: nodes.ListComp) -> ast.expr:
        return self.comprehension(node, [node.value])

    def see_DictComp(self, node: nodes.DictComp) -> ast.expr:
        return self.comprehension(node, [node.key, node.value])

    def comprehension(self, node: nodes.ListComp | nodes.SetComp | nodes.DictComp, parts: list[Expr]) -> ast.expr:
        """Python's own, unless a function with a body or a long chain stands in it: then a function with loops.

        `parts`: what each round gives, the value, or key and value.
        """
        line = self.line(node)
        held = len(self.temporaries)
        first = self.expr(node.clauses[0].iterable)
        outer, outer_temporaries = self.before, self.temporaries
        outer_function, self.function = self.function, id(node)
        self.before, self.temporaries = [], []

        def apart(part: Expr) -> tuple[list[ast.stmt], ast.expr]:
            self.before = []
            value = self.expr(part)
            return self.before, value

        loops = []
        plain = len(outer_temporaries) == held  # Python allows no `:=` where the items come from
        for index, clause in enumerate(node.clauses):
            iterable: tuple[list[ast.stmt], ast.expr] = ([], first) if index == 0 else apart(clause.iterable)
            conditions = [apart(condition) for condition in clause.conditions]
            loops.append((clause, iterable, conditions))
            plain = plain and not iterable[0] and not any(before for before, _ in conditions)
        plain = plain and not any(needs_unpacking(clause.target) for clause in node.clauses)
        made = [apart(part) for part in parts]
        before = [statement for needed, _ in made for statement in needed]
        values = [value for _, value in made]
        if len(values) == 2:
            values[0] = self.key(values[0])
        plain = plain and not before and not self.temporaries
        if plain:
            clauses = [
                ast.comprehension(self.target(clause.target), iterable, [c for _, c in conditions], 0)
                for clause, (_, iterable), conditions in loops
            ]
            kind: Any = ast.ListComp if len(values) == 1 else ast.DictComp
            result: ast.expr = kind(*values, clauses, lineno=line, col_offset=0)
        else:
            body = [*before, self.gathered(values, line)]
            for index, (clause, (before, iterable_), conditions) in reversed(list(enumerate(loops))):
                for needed, condition in reversed(conditions):
                    body = [*needed, ast.If(condition, body, [], lineno=line, col_offset=0)]
                at = self.line(clause.iterable)
                source = self.load("@over", at) if index == 0 else iterable_
                item = self.fresh("i")
                unpacked = self.assign(clause.target, self.load(item, at), self.line(clause.target))
                loop = ast.For(self.store(item, at), source, [*unpacked, *body], [], lineno=at, col_offset=0)
                body = [*before, loop]
            body = [
                self.assigned(self.store("@made", line), self.nothing_yet(values, line), line),
                *body,
                ast.Return(self.load("@made", line), lineno=line, col_offset=0),
            ]
            arguments = ast.arguments([], [ast.arg("@over", lineno=line, col_offset=0)], None, [], [], None, [])
            name = self.fresh("c")
            outer.append(self.definition(name, arguments, body, line))
        self.function = outer_function
        self.before, self.temporaries = outer, outer_temporaries
        return result if plain else self.called(name, [first], line)

    def gathered(self, values: list[ast.expr], line: int) -> ast.stmt:
        """What a round of a comprehension gives goes into `@made`, a list or a dict."""
        made = self.load("@made", line)
        if len(values) == 1:
            return self.done(
                self.called(ast.Attribute(made, "append", LOAD, lineno=line, col_offset=0), values, line), line
            )
        key, value = values
        return self.assigned(ast.Subscript(made, key, STORE, lineno=line, col_offset=0), value, line)

    @staticmethod
    def nothing_yet(values: list[ast.expr], line: int) -> ast.expr:
        if len(values) == 1:
            return ast.List([], LOAD, lineno=line, col_offset=0)
        return ast.Dict([], [], lineno=line, col_offset=0)

    def see_Unary(self, node: nodes.Unary) -> ast.expr:
        return ast.UnaryOp(UNARY[node.op], self.expr(node.operand), lineno=self.line(node), col_offset=0)

    def see_Conditional(self, node: nodes.Conditional) -> ast.expr:
        condition, then, otherwise = self.expr(node.condition), self.expr(node.then), self.expr(node.otherwise)
        return ast.IfExp(condition, then, otherwise, lineno=self.line(node), col_offset=0)

    def see_Attribute(self, node: nodes.Attribute) -> ast.expr:
        """Only a built-in behind a module's name comes here; attributes of values are links of a chain."""
        name = self.resolution.references[id(node)]
        return self.builtin(node, self.resolution.whole.get(id(node), name), self.line(node))

    def link_Attribute(self, node: nodes.Attribute, value: ast.expr) -> ast.expr:
        line = self.line(node)
        return self.called("@attr", [value, self.constant(node.name, line)], line)

    def link_Binary(self, node: nodes.Binary, left: ast.expr) -> ast.expr:
        line = self.line(node)
        if node.op == "%" and not isinstance(node.right, (nodes.Number, nodes.String)):
            left = self.template(left)
        right = self.expr(node.right)
        if node.op in ASKED and not is_small(node.right):
            base = left
            if not isinstance(left, (ast.Constant, ast.Name)):
                name = self.temporary()
                left = ast.NamedExpr(self.store(name, line), left, lineno=line, col_offset=0)
                base = self.load(name, line)
            right = self.called(ASKED[node.op], [base, right], line)
        return ast.BinOp(left, BINARY[node.op], right, lineno=line, col_offset=0)

    def template(self, left: ast.expr) -> ast.expr:
        """The left side of a `%`, where a string that formats any value becomes a `@template`."""
        line = left.lineno
        if isinstance(left, ast.Constant) and not isinstance(left.value, str):
            return left
        if isinstance(left, ast.BinOp) and not isinstance(left.op, (ast.Add, ast.Mult, ast.Mod)):
            return left
        made = self.called("@template", [left], line)
        if not isinstance(left, ast.Name):
            return made
        kind = ast.Attribute(left, "__class__", LOAD, lineno=line, col_offset=0)  # what stands in loops is no string
        is_text = ast.Compare(kind, [COMPARE["is"]], [self.load("@str", line)], lineno=line, col_offset=0)
        return ast.IfExp(is_text, made, left, lineno=line, col_offset=0)

    def link_Compare(self, node: nodes.Compare, left: ast.expr) -> ast.expr:
        line = self.line(node)
        if node.op in ("in", "not in"):
            if not isinstance(node.right, (nodes.DictExpr, nodes.ListExpr, nodes.TupleExpr, nodes.String)):
                found = self.called("@in", [left, self.expr(node.right)], line)
                return found if node.op == "in" else ast.UnaryOp(UNARY["not"], found, lineno=line, col_offset=0)
            left = self.key(left)
        return self.compared(left, node.op, self.expr(node.right), line)

    def compared(self, left: ast.expr, op: str, right: ast.expr, line: int) -> ast.expr:
        if self.identity and op in ("is", "is not") and not is_none(left) and not is_none(right):
            same = self.called("@same", [left, right], line)
            return same if op == "is" else ast.UnaryOp(UNARY["not"], same, lineno=line, col_offset=0)
        return ast.Compare(left, [COMPARE[op]], [right], lineno=line, col_offset=0)

    def link_Logical(self, node: nodes.Logical, left: ast.expr) -> ast.expr:
        return ast.BoolOp(LOGICAL[node.op], [left, self.expr(node.right)], lineno=self.line(node), col_offset=0)

    def link_Index(self, node: nodes.Index, value: ast.expr) -> ast.expr:
        return ast.Subscript(value, self.subscript(node), LOAD, lineno=self.line(node), col_offset=0)

    def subscript(self, node: nodes.Index) -> ast.expr:
        line = self.line(node)
        items = [self.expr(item) for item in node.items]
        if node.tuple_index or len(items) != 1:
            return self.key(ast.Tuple(items, LOAD, lineno=line, col_offset=0))
        return self.key(items[0])

    def key(self, value: ast.expr) -> ast.expr:
        """A value that may be hashed: where it is a tuple, `@key` looks at it first."""
        line = value.lineno
        if isinstance(value, ast.Tuple) and any(isinstance(item, ast.Starred) for item in value.elts):
            return self.called("@key", [value], line)
        if isinstance(value, ast.Tuple):
            return ast.Tuple([self.key(item) for item in value.elts], LOAD, lineno=line, col_offset=0)
        if isinstance(value, ast.Name):
            kind = ast.Attribute(value, "__class__", LOAD, lineno=line, col_offset=0)
            is_tuple = ast.Compare(kind, [COMPARE["is"]], [self.load("@tuple", line)], lineno=line, col_offset=0)
            return ast.IfExp(is_tuple, self.called("@key", [value], line), value, lineno=line, col_offset=0)
        if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Mult)):
            numbers = any(isinstance(side, ast.Constant) for side in (value.left, value.right))
            return value if numbers and isinstance(value.op, ast.Add) else self.called("@key", [value], line)
        if isinstance(value, (ast.Call, ast.Subscript, ast.Attribute, ast.IfExp, ast.BoolOp, ast.NamedExpr)):
            return self.called("@key", [value], line)
        return value

    def see_Slice(self, node: nodes.Slice) -> ast.expr:
        parts = [self.expr(part) if part is not None else None for part in (node.lower, node.upper, node.step)]
        return ast.Slice(*parts, lineno=self.line(node), col_offset=0)

    # --- calls ------------------------------------------------------------------------------------------------

    def link_Call(self, node: nodes.Call, value: ast.expr) -> ast.expr:
        """`value` is the function, or the receiver of a method."""
        line = self.line(node)
        function = node.function
        parameter = self.resolution.needs.get(id(node))
        if parameter is not None:
            needs = ast.Attribute(self.load("@op", line), "needs", LOAD, lineno=line, col_offset=0)
            return self.called(needs, [self.constant(parameter, line)], line)
        reference = self.resolution.references.get(id(function))
        if reference in self.resolution.commands:
            return self.spanned(reference, node.arguments, line)
        if isinstance(function, nodes.Attribute) and id(function) not in self.resolution.references:
            value = self.method(function, value)
        return self.call(value, [], node.arguments, id(node) in self.resolution.calls, line)

    def spanned(self, name: str, arguments: list[Argument], line: int) -> ast.expr:
        """`@command.print` and its kin are told which expressions the values come from; not of a `*list`."""
        shown = [a for a in arguments if a.name is None and a.star != "**" and id(a) not in self.resolution.flags]
        spans = None if any(a.star for a in shown) else tuple(self.line(a.value) for a in shown)
        if name in self.resolution.of_tensors:  # `why x.grad` is told x; reading the gradient could warn
            arguments = [self.whose(argument) for argument in arguments]
        return self.call(self.load("@command." + name, line), [self.constant(spans, line)], arguments, True, line)

    @staticmethod
    def whose(argument: Argument) -> Argument:
        """The tensor, where it is its gradient that is written."""
        value = argument.value
        if argument.name is None and isinstance(value, nodes.Attribute) and value.name == "grad":
            return Argument(argument.start, argument.end, None, argument.star, value.value)
        return argument

    def link_Pipe(self, node: nodes.Pipe, value: ast.expr) -> ast.expr:
        line = self.line(node)
        right = node.right
        arguments: list[Argument] = []
        if isinstance(right, nodes.Call) and not right.grouped:
            arguments = right.arguments
            right = right.function
        if isinstance(right, nodes.Attribute) and id(right) not in self.resolution.references and not right.grouped:
            function = self.method(right, self.expr(right.value))
        else:
            function = self.expr(right)
        return self.call(function, [value], arguments, id(node) in self.resolution.calls, line)

    def method(self, function: nodes.Attribute, receiver: ast.expr) -> ast.expr:
        line = self.line(function)
        arguments = [receiver, self.constant(function.name, line)]
        if id(function) in self.resolution.user_methods:
            # A function of the user answers where the value has no such method; it may not be bound yet, hence later.
            nothing = ast.arguments([], [], None, [], [], None, [])
            name = self.load("." + function.name, line)
            arguments.append(ast.Lambda(nothing, name, lineno=line, col_offset=0))
        return self.called("@method", arguments, line)

    def call(
        self, function: ast.expr, first: list[ast.expr], arguments: list[Argument], as_they_are: bool, line: int
    ) -> ast.expr:
        """`as_they_are`: the keywords are those of a built-in; else `@call` finds out how the callee spells them."""
        values = list(first)
        keywords: list[ast.keyword] = []
        for argument in arguments:
            at = self.line(argument)
            flag = self.resolution.flags.get(id(argument))
            if flag is not None:
                value = self.constant(True, at) if argument.name is None else self.expr(argument.value)
                keywords.append(ast.keyword(flag, value, lineno=at, col_offset=0))
            elif argument.name is not None:
                keywords.append(ast.keyword(argument.name, self.expr(argument.value), lineno=at, col_offset=0))
            elif argument.star == "**":
                options = self.called("@mapping", [self.expr(argument.value), self.constant(True, at)], at)
                keywords.append(ast.keyword(None, options, lineno=at, col_offset=0))
            elif argument.star:
                items = self.called("@items", [self.expr(argument.value)], at)
                values.append(ast.Starred(items, LOAD, lineno=at, col_offset=0))
            else:
                values.append(self.expr(argument.value))
        if keywords and not as_they_are:
            values.insert(0, function)
            function = self.load("@call", line)
        return self.called(function, values, line, keywords=keywords)


def is_small(exponent: Expr) -> bool:
    """Is it a number with which no power of an integer becomes large at once?"""
    while isinstance(exponent, nodes.Unary):
        exponent = exponent.operand
    return isinstance(exponent, nodes.Number) and (isinstance(exponent.value, float) or exponent.value <= 4)


def needs_unpacking(target: Expr) -> bool:
    """Is there an attribute among the targets, or a `*rest`?

    Python's own unpacking cannot store into the one, and reads all that there is for the other in one go.
    """
    if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)):
        return any(needs_unpacking(item) for item in target.items)
    return isinstance(target, (nodes.Attribute, nodes.Unpacked))


def is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
