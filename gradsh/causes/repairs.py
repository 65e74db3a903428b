"""Lines that let gradients through: the program's own, without what stopped them."""

from __future__ import annotations

from gradsh.causes import rewrite
from gradsh.causes.flows import creates, makes, reads
from gradsh.causes.rewrite import grad_flag
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import LONG, Page, Step, is_loose, with_argument
from gradsh.causes.ways import Finding, Link
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Span
from gradsh.language import nodes
from gradsh.language.nodes import walk


def lead(around: Surroundings, words: str, link: Link, where: str = "on") -> str:
    """Words that come before a statement to be written, with its line."""
    assert link.step is not None
    return around.lead(words, link.page.span(link.step.statement), where)


def instead(around: Surroundings, link: Link, way: list[Link], name: str, text: str) -> str:
    """The next statement on the way with `text` for the name that was cut off from it."""
    user = way[-1] if way else None
    if user is None or user.step is None or user.cuts or user.page is not link.page or user.step is link.step:
        return ""
    statement = user.step.statement
    own = [n for n in walk(user.node) if isinstance(n, nodes.Name) and n.name == name]
    new = rewrite.edited(user.page, statement, [(n.start, n.end, text) for n in own])
    if not own or len(new) > 2 * LONG or name in statement.binds():
        return ""
    return f"use `{text}` {lead(around, '', user) or 'in its place: '}`{new}`"


def without(around: Surroundings, links: list[Link]) -> str:
    """The lines that let gradients through, without what cuts; "" where one of them cannot be said."""
    helps: list[str] = []
    for link in links:
        if not link.cuts:
            continue
        statement = link.step.statement if link.step is not None else None
        new = rewrite.uncut(link.page, statement, list(link.cuts)) if statement is not None else None
        if statement is None or new is None or len(new) > 2 * LONG or statement.blocks():
            return ""
        helps.append(f"{lead(around, '', link)}`{new}`")
    return ", then ".join(helps)


def smooth_loss(around: Surroundings, link: Link, way: list[Link]) -> str:
    """For a loss that compares what `argmax` picked with a target: the one that has gradients."""
    cut = link.cuts[-1]
    last = way[0] if way else link
    if not cut.word.startswith("arg") or last.step is None:
        return ""
    picked = around.lookup(link.name)
    scores = link.page.text(cut.base)
    for each in (link, *reversed(way)):
        for read in reads(each.node):
            target = around.lookup(read.name.name)
            if not isinstance(target, Tensor) or target.requires or target.data.ndim != 1 or target is picked:
                continue
            if isinstance(picked, Tensor) and picked.data.dtype.kind == "i" and picked.shape != target.shape:
                continue
            if any(n.name == read.name.name for n in walk(cut.base) if isinstance(n, nodes.Name)):
                continue
            classes = read.name.name + (".long()" if target.data.dtype.kind == "f" else "")
            value = last.step.value or last.node
            edit = (value.start, value.end, f"cross_entropy({scores}, {classes})")
            new = rewrite.edited(last.page, last.step.statement, [edit])
            return f"{lead(around, 'a loss that has gradients', last)}`{new}`" if len(new) <= 2 * LONG else ""
    return ""


def of_a_gradient(around: Surroundings, finding: Finding, link: Link, leaf: str) -> None:
    """`x.grad`, which a backward computed without a graph of its own."""
    t = around.lookup(leaf)
    held = t.gradient if isinstance(t, Tensor) else None
    span = around.located(held.made_at) if held is not None else None
    step = around.page(span.source).step(span) if span is not None else None
    if span is None or step is None or link.step is None:
        return
    finding.labels.append((span, f"`{leaf}.grad` is computed here, without a graph of its own"))
    page, statement = around.page(span.source), link.step.statement
    g = around.unbound("g")
    first = rewrite.with_create_graph(page, step.statement, leaf, g)
    uses = [n for n in walk(statement) if isinstance(n, nodes.Attribute) and link.page.text(n) == f"{leaf}.grad"]
    then = rewrite.edited(link.page, statement, [(n.start, n.end, g) for n in uses])
    if first and uses:
        finding.help = f"{around.lead('', page.span(step.statement))}`{first}`, then {lead(around, '', link)}`{then}`"


def without_graph(around: Surroundings, finding: Finding, link: Link) -> bool:
    """`grad(y, x)` without `create_graph`, which what it gives is made of: is there such a call?"""
    for call in walk(link.node):
        called = call.function if isinstance(call, nodes.Call) else None
        name = called.name if isinstance(called, (nodes.Name, nodes.Attribute)) else ""
        if not isinstance(call, nodes.Call) or name != "grad" or len(call.arguments) < 2 or link.step is None:
            continue
        finding.labels.append((link.page.span(call), "computed here, without a graph of its own"))
        edit = (call.start, call.end, rewrite.with_flag(link.page, call, "create_graph"))
        finding.help = f"{lead(around, '', link)}`{rewrite.edited(link.page, link.step.statement, [edit])}`"
        return True
    return False


def switched_off(around: Surroundings, finding: Finding, link: Link) -> str:
    """`set_grad_enabled(false)` before it."""
    for step in reversed(link.page.steps):
        value = step.value
        if step.statement.start > link.node.start or not isinstance(value, nodes.Call):
            continue
        given = value.arguments[0].value if value.arguments else None
        if link.page.text(value.function).rpartition(".")[2] == "set_grad_enabled" and isinstance(
            given, nodes.Constant
        ):
            if given.value is not False or link.step is None:
                return ""
            finding.labels.append((link.page.span(value), "recording is off from here"))
            where = lead(around, "", link, "before").removesuffix(": ")
            return f"`set_grad_enabled(true)` {where}".rstrip()
    return ""


def outside(around: Surroundings, link: Link, block: Step, shown: str) -> str:
    """The statement behind the block, or in its place where it is all that stands there."""
    mode = block.statement
    inside = f"`{link.page.mode(mode).text}`"
    if link.step is None or link.step.outer is not block or len(link.statement) > 2 * LONG:
        return f"compute {shown} outside of {inside} where gradients should flow"
    first, last = link.page.line(mode), link.page.last_line(mode)
    if len(mode.blocks()[0]) == 1 and first == last:
        return f"{lead(around, f'outside of {inside}', link, 'in the place of')}`{link.statement}`"
    end = Span(link.page.source, mode.end - 1, mode.end)
    return f"{around.lead(f'outside of {inside}', end, 'after')}`{link.statement}`"


def floating(link: Link) -> str:
    """The creator with floating values and the flag."""
    called = link.node if isinstance(link.node, nodes.Call) else None
    if called is None or not creates(called.function):
        return ""
    made = rewrite.as_floating(link.page, called)
    if made is None:
        return ""
    if not any(map(grad_flag, called.arguments)):
        made = with_argument(made, "grad")
    if made is None:
        return ""
    return f"`let {link.name} = {made}`" if link.name.isidentifier() else f"`{made}`"


def flagged(link: Link, way: list[Link]) -> str:
    """What has no flag, with it; "" where nothing simple gives it one."""
    name, node, page = link.name, link.node, link.page
    called = node.function if isinstance(node, nodes.Call) else None
    if isinstance(node, nodes.Call) and creates(node.function):
        call = rewrite.with_flag(page, node, "grad")
        said = f"let {name} = {call}" if name.isidentifier() else call
        return f"`{said}`" if len(call) <= LONG and not any(map(grad_flag, node.arguments)) else ""
    if name and isinstance(called, nodes.Name) and makes(called.name):
        return f"`{name}.requires_grad_()`"
    if way and name.isidentifier() and link.step is not None and isinstance(link.step.statement, nodes.Assign):
        # never on what may be the loss: that would silence the error, and nothing would train
        value = link.step.value
        made = [n for n in walk(value) if isinstance(n, nodes.Call) and creates(n.function)]
        if value is node and made and isinstance(node, nodes.Binary) and len(page.text(node)) <= LONG:
            inner = f"({page.text(node)})" if is_loose(node) else page.text(node)
            return f"`let {name} = {inner}.requires_grad_()`"
    return ""


def switched_off_flag(page: Page, name: str) -> Step | None:
    """The last statement that takes the flag back from what has that name, or from each thing in it."""
    for step in reversed(page.steps):
        if _false_flag(step) is None:
            continue
        around = [each.statement.iterable for each in step.around() if isinstance(each.statement, nodes.For)]
        if any(_is(node, name) for node in walk([step.statement, *around])):
            return step
    return None


def _false_flag(step: Step) -> nodes.Expr | None:
    """The `false` of `w.requires_grad = false`, `net.requires_grad_(false)`."""
    statement, value = step.statement, step.value
    given: nodes.Expr | None = None
    if isinstance(statement, nodes.Assign) and isinstance(statement.target, nodes.Attribute):
        given = statement.value if statement.target.name == "requires_grad" else None
    elif isinstance(value, nodes.Call) and isinstance(value.function, nodes.Attribute) and value.arguments:
        given = value.arguments[0].value if value.function.name == "requires_grad_" else None
    return given if isinstance(given, nodes.Constant) and given.value is False else None


def flag_back(around: Surroundings, page: Page, step: Step) -> str:
    """The same statement, which gives the flag."""
    given = _false_flag(step)
    assert given is not None
    new = rewrite.edited(page, step.statement, [(given.start, given.end, "true")])
    return f"{around.lead('', page.span(step.statement))}`{new}`"


def in_place(page: Page, step: Step, name: str) -> str | None:
    """The same update of the leaf itself: `no_grad { w -= lr * w.grad }` for `w = w - lr * w.grad`."""
    statement = step.statement
    if not isinstance(statement, nodes.Assign):
        return None
    terms = nodes.terms(statement.value)
    own = next((term for term in terms if term[0] == "+" and _is(term[1], name)), None)
    others = [term for term in terms if term is not own]
    if own is None or not others:
        return None
    op, first = others[0]
    # w - a - b is w -= a + b
    rest = "".join(f" {'+' if sign == op else '-'} {page.text(term)}" for sign, term in others[1:])
    update = f"{name} {op}= {page.text(first)}{rest}"
    mode = step.mode("no_grad", "inference_mode")
    if mode is not None and page.line(mode.statement) != page.last_line(mode.statement):
        return update
    return f"no_grad {{ {update} }}"


def _is(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name
