"""Statements written anew, as help lines offer them: without what cut the history off, with the flag at its place."""

from __future__ import annotations

from gradsh.causes.flows import HISTORY, INTEGERS, NUMBER, Cut
from gradsh.causes.text import Page, bare, is_loose, joined
from gradsh.engine import catalogue
from gradsh.engine.core.dtypes import NAMES
from gradsh.language import nodes
from gradsh.language.nodes import walk

Edit = tuple[int, int, str]  # from, to, what stands there instead


def edited(page: Page, node: nodes.Node, edits: list[Edit]) -> str:
    """A node's text after edits, which do not overlap, on one line."""
    text = page.source.text
    out, at = [], node.start
    for start, end, new in sorted(set(edits)):
        if start < at:
            continue
        out += [text[at:start], new]
        at = end
    out.append(text[at : node.end])
    return joined("".join(out))


def uncut(page: Page, statement: nodes.Stmt, cuts: list[Cut]) -> str | None:
    """The statement without these cuts; None where nothing simple does what they were for."""
    edits: list[Edit] = []
    whole = {id(getattr(statement, "value", None))}
    for cut in dict.fromkeys(cuts):
        found = _without(page, cut, id(cut.node) in whole)
        if found is None:
            return None
        edits += found
    return edited(page, statement, edits)


def _without(page: Page, cut: Cut, whole: bool) -> list[Edit] | None:
    node, base = cut.node, cut.base
    text = page.source.text
    if cut.kind == INTEGERS and isinstance(node, nodes.Compare):
        if node.op not in ("<", "<=", ">", ">="):
            return None
        big, small = (node.left, node.right) if node.op[0] == ">" else (node.right, node.left)
        right = page.text(small)
        if isinstance(small, nodes.Number) and not small.value:
            return [(node.start, node.end, f"sigmoid({page.text(big)})")]
        return [(node.start, node.end, f"sigmoid({page.text(big)} - {f'({right})' if is_loose(small) else right})")]
    if cut.kind == INTEGERS and cut.word not in NAMES:
        return None
    if cut.kind not in (HISTORY, NUMBER, INTEGERS):
        return None
    if isinstance(base, nodes.ListExpr):
        return _stacked(page, node, base)
    alone = whole or _stands_alone(text, node)
    inner = bare(text[base.start : base.end]) if alone and isinstance(node, (nodes.Attribute, nodes.Call)) else None
    if base.start == node.start:  # `x.detach()`, `x.data`
        if inner is not None and inner != text[base.start : base.end]:
            return [(base.start, base.start + 1, ""), (base.end - 1, node.end, "")]
        return [(base.end, node.end, "")]
    opened, closed = ("", "") if alone or not is_loose(base) else ("(", ")")
    return [(node.start, base.start, opened), (base.end, node.end, closed)]


def _stands_alone(text: str, node: nodes.Node) -> bool:
    """Is it all of an argument or of an item, so that it needs no parentheses?"""
    before, after = text[: node.start].rstrip()[-1:], text[node.end :].lstrip()[:1]
    return before in ("(", ",", "[") and after in (")", ",", "]")


def _stacked(page: Page, node: nodes.Expr, given: nodes.ListExpr) -> list[Edit] | None:
    """`tensor([a, b])` of tensors is `stack([a, b])`; plain numbers among them become tensors."""
    edits: list[Edit] = [(node.start, given.start, "stack("), (given.end, node.end, ")")]
    for item in given.items:
        if isinstance(item, nodes.ListExpr):
            inner = _stacked(page, item, item)
            if inner is None:
                return None
            edits += [e for e in inner if e[0] != e[1] or e[2]]
        elif isinstance(item, nodes.Number):
            edits.append((item.start, item.end, f"tensor({float(item.value)})"))
    return edits


def without_call(page: Page, statement: nodes.Stmt, node: nodes.Expr) -> str | None:
    """The statement with the argument of a call, `round(x)` or `x.round()`, in the place of the call."""
    if not isinstance(node, nodes.Call):
        return None
    if isinstance(node.function, nodes.Attribute):
        base = node.function.value
    elif node.arguments:
        base = node.arguments[0].value
    else:
        return None
    whole = getattr(statement, "value", None) is node
    text = page.text(base)
    if not whole and is_loose(base):
        text = f"({text})"
    return edited(page, statement, [(node.start, node.end, bare(text) if whole else text)])


def with_flag(page: Page, call: nodes.Call, flag: str) -> str:
    """A call of a creator with one more argument, or with another value of one that it has."""
    name = flag.partition("=")[0]
    for argument in call.arguments:
        if argument.name == name or (argument.name == "requires_grad" and name == "grad"):
            return edited(page, call, [(argument.start, argument.end, flag)])
    if not call.arguments:
        return f"{page.text(call)[:-1].rstrip()}{flag})"
    last = call.arguments[-1]
    return edited(page, call, [(last.end, call.end, f", {flag})")])


def as_floating(page: Page, call: nodes.Call) -> str | None:
    """A creator's call that gives floating values where it gave integers: `tensor(5, grad)`, `arange(4, grad)`."""
    name = call.function.name if isinstance(call.function, nodes.Name | nodes.Attribute) else ""
    dtype = next((a for a in call.arguments if a.name == "dtype"), None)
    if dtype is not None:
        return edited(page, call, [(dtype.value.start, dtype.value.end, "float32")])
    if not call.arguments:
        return None
    first = call.arguments[0].value
    numbers = [n for n in walk(first) if isinstance(n, nodes.Number) and isinstance(n.value, int)]
    if numbers and (name == "tensor" or isinstance(first, nodes.Number)) and _counts(name, call):
        return edited(page, call, [(number.end, number.end, ".0") for number in numbers])
    last = call.arguments[-1]
    return edited(page, call, [(last.end, last.end, ", dtype=float32")])


def _counts(name: str, call: nodes.Call) -> bool:
    """Does a floating number among its values, and not in its shape, make the result floating?"""
    known = catalogue.table().signatures.get(name)
    return known is not None and known[0][0][0] in ("data", "start", "end")


def flag_last(page: Page, statement: nodes.Assign, leaf: nodes.Call) -> str | None:
    """`let w = randn(3, grad) * 0.01` with the flag set on its value; None without such a flag."""
    flag = next((a for a in leaf.arguments if grad_flag(a)), None)
    value = statement.value
    if flag is not None:
        at = leaf.arguments.index(flag)
        if at:
            edit = (leaf.arguments[at - 1].end, flag.end, "")
        else:
            edit = (flag.start, leaf.arguments[1].start if len(leaf.arguments) > 1 else flag.end, "")
    elif isinstance(leaf.function, nodes.Attribute) and leaf.function.name == "requires_grad_":
        edit = (leaf.function.value.end, leaf.end, "")
    else:
        return None
    inner = edited(page, value, [edit])
    if is_loose(value):
        inner = f"({inner})"
    return f"{joined(page.source.text[statement.start : value.start])} {inner}.requires_grad_()"


def grad_flag(argument: nodes.Argument) -> bool:
    """Is it `grad`, `requires_grad`, `requires_grad=true`?"""
    value = argument.value
    if argument.name is not None:
        return argument.name == "requires_grad" and not (isinstance(value, nodes.Constant) and value.value is False)
    return isinstance(value, nodes.Name) and value.name in ("grad", "requires_grad")


def differentiated(statement: nodes.Node) -> nodes.Expr | None:
    """What a statement differentiates: `backward y`, `explain y`, `y.backward()`, `grad(y, x)`."""
    for node in walk(statement):
        if isinstance(node, nodes.Command) and node.name in ("backward", "explain") and node.arguments:
            return node.arguments[0].value
        function = node.function if isinstance(node, nodes.Call) else None
        if not isinstance(function, (nodes.Attribute, nodes.Name)) or function.name not in ("backward", "grad"):
            continue
        if isinstance(function, nodes.Attribute) and function.name == "backward" and not _is_module(function.value):
            return function.value
        if isinstance(node, nodes.Call) and node.arguments:
            return node.arguments[0].value
    return None


def _is_module(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Name) and node.name in ("torch", "autograd")


def with_create_graph(page: Page, statement: nodes.Stmt, leaf: str, name: str) -> str:
    """The gradient of a leaf, which a statement with a backward in it computes, with a graph of its own."""
    root = differentiated(statement)
    return f"let ({name},) = grad({page.text(root)}, {leaf}, create_graph)" if root is not None else ""
