"""Why a gradient is not there: one engine of causes, read by `why` and by the advice on errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.causes import rewrite, untracked
from gradsh.causes.anew import recomputed
from gradsh.causes.cause import Cause, Root, numeral
from gradsh.causes.flows import GRADIENT, creates, reads
from gradsh.causes.repairs import in_place
from gradsh.causes.rewrite import differentiated
from gradsh.causes.surroundings import Context, Surroundings
from gradsh.causes.text import LONG, Page, Step, is_loose, joined
from gradsh.causes.unreached import loss_of, not_reached
from gradsh.causes.untracked import Search
from gradsh.causes.ways import Link
from gradsh.engine.core.tensor import Tensor, make
from gradsh.errors import Where
from gradsh.language import nodes
from gradsh.language.nodes import walk
from gradsh.runtime import watching


def last_root(around: Surroundings) -> Root | None:
    """The root of the last backward, read off its statement."""
    return root_at(around, around.passed)


def root_at(around: Surroundings, where: Where | None) -> Root | None:
    """The root of the backward at a place, read off its statement."""
    span = around.located(where)
    if span is None:
        return None
    page = around.page(span.source)
    step = page.step(span)
    node = differentiated(step.statement) if step is not None else None
    if step is None or node is None:
        return None
    context = Context(page, where[0] if where else None)
    values = [Search(around).reached(read, context)[0] for read in reads(node)]
    parts = [value for value in values if isinstance(value, Tensor)]
    last = around.passes.last if around.passes is not None else None
    if last is not None and last.where == where and len(last.roots) == 1:
        return Root(_tensor_of(last.roots[0]), page.text(node), page, step, parts)
    named = isinstance(node, (nodes.Name, nodes.Attribute, nodes.Index)) and len(parts) == 1
    return Root(parts[0] if named else None, page.text(node), page, step, parts)


def _tensor_of(edge: Any) -> Tensor:
    """A tensor with this edge; of its value nothing is known."""
    if isinstance(edge, Tensor):
        return edge
    t = make(np.zeros(()))
    t.node, t.requires = edge, True
    return t


def missing(around: Surroundings, t: Tensor, name: str, root: Root | None = None) -> Cause | None:
    """Why `t.grad` is none; None when nothing is known."""
    root = root or last_root(around)
    if t.node is not None:
        return not_a_leaf(around, t, name, root)
    if not t.requires:
        return without_flag(around, t, name)
    if root is None:
        made = around.located(t.made_at)
        at = f" since {name} was made ({around.place(made)})" if made is not None else ""
        loss = loss_of(around, t)
        cause = Cause("not run", f"no backward has run{at}.", f"`backward {loss}`" if loss else "")
        cause.labels.append((made, f"`{name}` is made here"))
        return cause
    return not_reached(around, t, name, root)


# --- results of operations -----------------------------------------------------------------------------------------


def not_a_leaf(around: Surroundings, t: Tensor, name: str, root: Root | None) -> Cause | None:
    """A name that is bound to a result: it took a leaf's, the leaf has none, or it never was one."""
    span = around.located(t.made_at)
    if span is None:
        return None
    page = around.page(span.source)
    step = page.step(span)
    expression = page.expression(span)
    statement = step.statement if step is not None else None
    link = Link(page, expression or nodes.Name(span.start, span.end, name), step, name, "")
    at, text = around.place(span), joined(span.text)
    if step is not None and isinstance(statement, nodes.Assign) and statement.value is expression:
        own = [n for n in walk(statement.value) if isinstance(n, nodes.Name) and n.name == name]
        first = Search(around).first_leaf(name, link)
        updates = any(r.name.name == name and r.cuts and r.cuts[-1].kind == GRADIENT for r in reads(statement.value))
        if own and name in statement.binds() and (first or updates or _was_leaf(page, name, statement)):
            return rebound(around, link, name, text, at, first)
        lost = nameless(page, statement, name)
        if lost is not None:
            return lost
    cause = Cause(
        "not a leaf", f"{name} is the result of `{text}` ({at}), not a leaf, and was not asked to keep its gradient."
    )
    cause.labels.append((span, f"`{name}` is made here, by an operation: it is no leaf"))
    if root is not None:
        passed_by(around, t, cause, root)
    too_late = kept(page, name) if t.retains_grad else None
    if too_late is not None and root is not None:
        line, before = page.line(too_late.statement), root.page.line(root.step.statement)
        cause = Cause("too late", f"{name}.retain_grad() on line {line} came after the backward of line {before}.")
        cause.labels.append((page.span(too_late.statement), "came after the backward"))
        if root.page is page and line > before:
            cause.help = f"`{name}.retain_grad()` before line {before}"
            return cause
    if around.was_typed(page.source) and root is not None and step is not None:
        out = differentiated(root.step.statement)
        lines = recomputed(around, root.page, root.step.statement.start, out) if out is not None else []
        bound = page.text(step.statement)
        lines.insert(lines.index(bound) + 1 if bound in lines else len(lines), f"{name}.retain_grad()")
        lines.append(root.page.text(root.step.statement))
        cause.help = f"give again {', '.join(f'`{line}`' for line in lines[:-1])} and `{lines[-1]}`"
    elif root is not None and root.page.source is around.source:
        cause.help = f"`{name}.retain_grad()` before line {root.page.line(root.step.statement)}"
    else:
        cause.help = f"`{name}.retain_grad()` before the backward keeps it"
    return cause


def passed_by(around: Surroundings, t: Tensor, cause: Cause, root: Root) -> None:
    """Of a result whose gradient was computed and not kept: what it was."""
    node = t.grad_fn
    step = watching.STEPS.get(node) if node is not None else None
    if step is None:
        return
    came = step[0][t.output_nr] if step[0].__class__ is list else step[0]
    statement = root.page.text(root.step.statement)
    at = around.place(root.page.span(root.step.statement))
    if came is not None and came.value is not None:
        cause.notes.append(f"Backward (`{statement}`, {at}) did compute it: {numeral(came)}.")


def _was_leaf(page: Page, name: str, statement: nodes.Stmt) -> bool:
    return any(
        name in step.statement.binds() and step.statement.start < statement.start and _is_creator(step.value)
        for step in page.steps
    )


def _is_creator(value: nodes.Expr | None) -> bool:
    return isinstance(value, nodes.Call) and creates(value.function)


def kept(page: Page, name: str) -> Step | None:
    """The statement with `name.retain_grad()`."""
    for step in page.steps:
        node = step.value
        function = node.function if isinstance(node, nodes.Call) else None
        if not isinstance(function, nodes.Attribute) or function.name != "retain_grad":
            continue
        if page.text(function.value) == name:
            return step
    return None


def rebound(around: Surroundings, link: Link, name: str, text: str, at: str, first: int) -> Cause:
    """`w = w - lr * w.grad`: the new tensor has the leaf's name."""
    leaf = f"the leaf of line {first}" if first else "the leaf that it was"
    cause = Cause("rebound", f"{name} is the tensor of {at} ({text}), not {leaf}.")
    cause.labels.append((link.span, f"`{name}` is a new tensor since here, not {leaf}"))
    assert link.step is not None
    update = in_place(link.page, link.step, name)
    statement = link.step.statement
    if update is not None and around.was_typed(link.page.source):
        cause.help = f"`{name} = {name}.detach().requires_grad_()` is a leaf again, which `{update}` keeps"
    elif update is not None:
        cause.help = f"keep the leaf, and change it in place: `{update}`"
    elif link.step.loop() is None and isinstance(statement, nodes.Assign):
        new = rewrite.edited(
            link.page, statement, [(statement.start, statement.value.start, f"let {around.unbound(name)} = ")]
        )
        cause.help = f"{around.lead('a name of its own for the result', link.span)}`{new}`"
    elif len(text) <= LONG:
        inner = f"({text})" if is_loose(link.node) else text
        lead = around.lead("a leaf again, of these values", link.span)
        cause.help = f"{lead}`{name} = {inner}.detach().requires_grad_()`"
    return cause


def nameless(page: Page, statement: nodes.Assign, name: str) -> Cause | None:
    """`let w = randn(3, grad) * 0.01`: the flag is on a tensor that has no name."""
    for node in walk(statement.value):
        if not isinstance(node, nodes.Call) or node is statement.value:
            continue
        flagged = creates(node.function) and any(map(rewrite.grad_flag, node.arguments))
        set_later = isinstance(node.function, nodes.Attribute) and node.function.name == "requires_grad_"
        if not flagged and not set_later:
            continue
        if any(isinstance(part, nodes.Name) and part.name == name for part in walk(node)):
            continue
        value, leaf = statement.value, page.text(node)
        done = f"{name} is computed from it"
        if isinstance(value, nodes.Binary) and value.op == "*" and node in (value.left, value.right):
            done = f"{name} is that times {page.text(value.right if node is value.left else value.left)}"
        cause = Cause("lost leaf", f"the leaf is the nameless {leaf} inside line {page.line(node)}; {done}.")
        cause.labels.append((page.span(node), f"the leaf is this, which has no name: `{name}` is computed from it"))
        new = rewrite.flag_last(page, statement, node)
        cause.help = f"the flag last: `{new}`" if new is not None and len(new) <= 2 * LONG else ""
        return cause
    return None


# --- leaves --------------------------------------------------------------------------------------------------------


def without_flag(around: Surroundings, t: Tensor, name: str) -> Cause | None:
    span = around.located(t.made_at)
    at = f" ({around.place(span)})" if span is not None else ""
    if t.data.dtype.kind != "f":
        cause = Cause("integer", f"{name} is {t.dtype!r}, and only floating values have gradients.")
    else:
        cause = Cause("no flag", f"{name} was made without grad{at}.")
    found = untracked.search(around, t, name)
    cause.labels, cause.help = found.labels, found.help or ""
    first = found.findings[0] if found.findings else None
    if first is not None and first.kind in ("cut", "rebound"):
        cause.kind = first.kind
        cause.words = f"{name} has no history: {first.words.replace('`', '')}{'' if first.words.endswith(')') else at}."
        cause.way = first.way
    return cause
