"""The bodies of loops once more, as functions that gradsh.plans runs where the program does not see it.

Only programs that run with plans have them. In a copy the loop's own `break` and `return` are `return None`, and some
of Python's instructions are calls, for they take none but Python's own objects:

    x[i] = v      @put(v, x, i)
    f"{a} {b}"    @joined(@format(a, …), " ", @format(b, …))
"""

from __future__ import annotations

import _ast as ast
from typing import TYPE_CHECKING, Any

from gradsh.language import nodes
from gradsh.language.expressions import LOAD, STORE, UNARY
from gradsh.language.nodes import Expr, Stmt, walk

if TYPE_CHECKING:
    from gradsh.language.lower import Lowering

# What no body of a plan may have: names that are bound for others.
UNPLANNED: dict[type, str] = {
    nodes.Definition: "its body defines a function",
    nodes.Model: "its body defines a model",
    nodes.Op: "its body defines an operator",
    nodes.Use: "its body uses a file",
    nodes.Del: "its body unbinds a name",
    nodes.Import: "its body imports something",
    nodes.Param: "its body declares a parameter",
}
LOOPS = (nodes.For, nodes.Repeat, nodes.While)
DEEPEST = 3  # loops in loops: each is lowered once more for each one around it


def why_unplanned(target: Expr | None, body: list[Stmt]) -> str:
    """Why a loop's body is such that no plan of it could be made; "" where one could."""
    if target is not None and not is_of_names(target):
        return "what it binds is no name"
    for node in (node for statement in body for node in walk(statement)):
        if type(node) in UNPLANNED:
            return UNPLANNED[type(node)]
    return "" if depth(body) < DEEPEST else "loops stand in its body that are too deep in one another"


def told(lowering: Lowering, why: str, line: int) -> list[ast.stmt]:
    """`@unplanned(why, line)` ahead of a loop that can have no plan, where somebody wants to know."""
    if not lowering.telling or not why:
        return []
    call = lowering.called("@unplanned", [lowering.constant(why, line), lowering.constant(line, line)], line)
    return [ast.Expr(call, lineno=line, col_offset=0)]


def is_of_names(target: Expr) -> bool:
    """Whether it is a name, or some, as `i, (x, y)`."""
    if isinstance(target, (nodes.TupleExpr, nodes.ListExpr)):
        return all(map(is_of_names, target.items))
    return isinstance(target, nodes.Name)


def depth(body: list[Stmt]) -> int:
    """How many loops stand in one another in it."""
    inner = [node for statement in body for node in walk(statement) if isinstance(node, LOOPS)]
    return 1 + max(map(depth, (node.body for node in inner))) if inner else 0


def bound_by(statement: Stmt) -> set[str]:
    """The names that it binds, and what is in it."""
    names: set[str] = set()
    for node in walk(statement):
        names.update(node.binds())
        if isinstance(node, nodes.AugAssign) and isinstance(node.target, nodes.Name):
            names.add(node.target.name)
    return names


def looped(
    lowering: Lowering,
    items: ast.expr,
    item: str,
    target: Expr | None,
    body: list[Stmt],
    line: int,
    condition: Expr | None = None,
) -> tuple[ast.expr, list[ast.stmt]]:
    """The items of a loop by way of `@looped`, and what stands ahead of its body, which takes over what a plan has come
    to:

        def @f1(.i, .x, .y): …; return (None, .x, .y)
        @c1 = []
        for .i in @looped(items, @f1, (".i", ".x", ".y"), (".y",), @c1, line):
            if @c1: (.y,) = @c1.pop() …

    `item`: what the loop itself binds, of which the body makes `target`, if that is several names. `condition`: that of
    a `while`, which has no items and ends where it is false.
    """
    first = item
    several = target is not None and not isinstance(target, nodes.Name)
    within: list[Any] = [*body, *([] if condition is None else [condition]), *([target] if several else [])]
    name, box = lowering.fresh("f"), lowering.fresh("c")
    ends: list[ast.expr] = [lowering.constant(None, line)]  # in which the names come when they are known

    def ended() -> ast.stmt:
        return ast.Return(ast.Tuple(ends, LOAD, lineno=line, col_offset=0), lineno=line, col_offset=0)

    outer, outer_function = lowering.before, lowering.function
    looking, lowering.resolution.looking = lowering.resolution.looking, False  # a plan makes no graph to be noted
    lowering.planned = False
    whole = [*([] if condition is None else while_true(lowering, condition, line)), *lowering.turn(body, line)]
    if several and target is not None:
        whole.insert(0, lowering.assigned(lowering.target(target), lowering.load(item, line), line))
    lowering.planned, lowering.resolution.looking = True, looking
    copy = [rewritten(statement, ended, 0) for statement in whole]
    written = {"." + node.name for piece in within for node in walk(piece) if isinstance(node, nodes.Name)}
    found = [names_in(statement) for statement in copy]
    lowering.before, lowering.function = outer, outer_function
    if any(other for _, _, other in found):
        return items, []
    used = {name for names, _, _ in found for name in names}
    bound = {name for _, names, _ in found for name in names}
    ordered = [first, *sorted((written & used) - {first})]  # `torch` of `torch.relu` is written, and not used
    ends += [lowering.load(n, line) for n in ordered[1:]]
    arguments = ast.arguments([], [ast.arg(n, lineno=line, col_offset=0) for n in ordered], None, [], [], None, [])
    lowering.before.append(lowering.definition(name, arguments, [*copy, ended()], line))
    if lowering.function is None:
        lowering.globals.add(name)
    stored = sorted(({"." + name for statement in body for name in bound_by(statement)} & bound) - {first})
    made = ast.List([], LOAD, lineno=line, col_offset=0)
    lowering.before.append(lowering.assigned(lowering.store(box, line), made, line))
    given = [items, lowering.load(name, line), *(lowering.constant(tuple(n), line) for n in (ordered, stored))]
    given += [lowering.load(box, line), lowering.constant(line, line)]
    ahead: list[ast.stmt] = []
    if stored:
        pop = ast.Attribute(lowering.load(box, line), "pop", LOAD, lineno=line, col_offset=0)
        came = ast.Call(pop, [], [], lineno=line, col_offset=0)
        names_of = ast.Tuple([lowering.store(n, line) for n in stored], STORE, lineno=line, col_offset=0)
        taken = ast.Assign([names_of], came, lineno=line, col_offset=0)
        unbound = [unbind(lowering, n, box, line) for n in stored]
        ahead.append(ast.If(lowering.load(box, line), [taken, *unbound], [], lineno=line, col_offset=0))
    return lowering.called("@looped", given, line), ahead


SCOPES = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda, ast.FunctionDef)
# What makes a function of another kind of the copy, or cannot be in one that has the names as arguments.
OTHER = (ast.Yield, ast.YieldFrom, ast.Global, ast.Nonlocal, ast.Await, ast.AsyncFor, ast.AsyncWith)


def names_in(node: ast.AST) -> tuple[set[str], set[str], bool]:
    """The names that stand in it and are those of the scope around it; those that it binds there; whether there is
    anything of OTHER in it. The module `ast` is not loaded."""
    used: set[str] = set()
    stored: set[str] = set()
    other = isinstance(node, OTHER) or (isinstance(node, ast.comprehension) and bool(node.is_async))
    if isinstance(node, ast.Name):
        used.add(node.id)
        if not isinstance(node.ctx, ast.Load):
            stored.add(node.id)
    elif isinstance(node, (ast.arg, ast.FunctionDef)):
        stored.add(node.arg if isinstance(node, ast.arg) else node.name)
    for field in node._fields:
        value = getattr(node, field, None)
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, ast.AST):
                inner = names_in(each)
                used |= inner[0]
                stored |= inner[1]
                other = other or inner[2]
    if isinstance(node, SCOPES):
        return used - stored, {node.name} if isinstance(node, ast.FunctionDef) else set(), other
    return used, stored, other


def unbind(lowering: Lowering, name: str, box: str, line: int) -> ast.stmt:
    """`if .x is @c1: del .x`: what no iteration has bound yet stays unbound."""
    none = ast.Compare(lowering.load(name, line), [ast.Is()], [lowering.load(box, line)], lineno=line, col_offset=0)
    gone = ast.Delete([ast.Name(name, ast.Del(), lineno=line, col_offset=0)], lineno=line, col_offset=0)
    return ast.If(none, [gone], [], lineno=line, col_offset=0)


def while_loop(lowering: Lowering, node: nodes.While, line: int) -> list[ast.stmt]:
    """`while condition { … }` as a loop over items without end, which it leaves where the condition is false."""
    none = lowering.constant(None, line)
    items, ahead = looped(lowering, none, "@_", None, node.body, line, node.condition)
    if items is none:  # no plan: a `yield` in the body
        return [ast.While(lowering.expr(node.condition), lowering.turn(node.body, line), [], lineno=line, col_offset=0)]
    body = [*ahead, *while_true(lowering, node.condition, line), *lowering.turn(node.body, line)]
    return [ast.For(lowering.store("@_", line), items, body, [], lineno=line, col_offset=0)]


def while_true(lowering: Lowering, condition: Expr, line: int) -> list[ast.stmt]:
    """`if not condition: break`."""
    outer, lowering.before = lowering.before, []
    test = ast.UnaryOp(UNARY["not"], lowering.expr(condition), lineno=line, col_offset=0)
    before, lowering.before = lowering.before, outer
    left = ast.Break(lineno=line, col_offset=0)
    return [*before, ast.If(test, [left], [], lineno=line, col_offset=0)]


def rewritten(node: Any, ended: Any, depth: int) -> Any:
    """A piece of a body as it stands in the copy; in how many loops of the body it is, -1 in a function there."""
    if isinstance(node, (ast.Return, ast.Break, ast.Continue)):
        if depth < 0 or (depth and not isinstance(node, ast.Return)):
            return node
        if isinstance(node, ast.Continue):
            return ended()
        none = ast.Constant(None, lineno=node.lineno, col_offset=0)
        return ast.Return(none, lineno=node.lineno, col_offset=0)
    inside = depth + isinstance(node, (ast.For, ast.While)) if depth >= 0 else depth
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        inside = -1
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            setattr(node, field, [rewritten(x, ended, inside) if isinstance(x, ast.AST) else x for x in value])
        elif isinstance(value, ast.AST):
            setattr(node, field, rewritten(value, ended, inside))
    if isinstance(node, ast.JoinedStr):
        return called("@joined", [v.value if isinstance(v, ast.FormattedValue) else v for v in node.values], node)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, (ast.Slice, ast.Tuple)):
            put = called("@put", [node.value, target.value, target.slice], node)
            return ast.Expr(put, lineno=node.lineno, col_offset=0)
    return node


def called(name: str, arguments: list[Any], node: Any) -> ast.expr:
    function = ast.Name(name, LOAD, lineno=node.lineno, col_offset=0)
    return ast.Call(function, arguments, [], lineno=node.lineno, col_offset=0)
