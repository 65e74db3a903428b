"""What a backward needs was changed in place: the same change as a new value, or at another time."""

from __future__ import annotations

import re

from gradsh.causes import rewrite
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import LONG, Page, Step, joined, modes, operand, read
from gradsh.engine import catalogue
from gradsh.errors import Span
from gradsh.language import nodes


def mended(around: Surroundings, written: Span | None, failed: Span | None, own: str, again: list[str]) -> str:
    """The help for what was changed at `written` though the backward at `failed` needs it; "" for none.

    `own` is the statement of that backward, "" where it is long; `again` are the statements that make anew what is
    differentiated, at a prompt.
    """
    if written is None or len(written.text) > LONG:
        return ""
    page = around.page(written.source)
    step = page.step(written)
    if step is None:
        return ""
    if around.was_typed(page.source) and own and again:
        return f"compute it again, {', '.join(f'`{text}`' for text in again)}, then `{own}`"
    statement = step.statement
    steps = isinstance(statement, nodes.Command) and statement.name == "step"
    steps = steps or re.search(r"\.step\(", page.text(statement)) is not None
    if own and failed is not None and (steps or step.mode("no_grad", "inference_mode") is not None):
        outer = step
        for block in step.around():
            if modes(block.statement):
                outer = block
        if failed.source is page.source and outer.statement.start < failed.start:
            return f"the backward belongs before the update: move `{own}` before line {page.line(outer.statement)}"
    return as_new_value(around, page, step, written)


def as_new_value(around: Surroundings, page: Page, step: Step, written: Span) -> str:
    """`a = a + 1` for `a += 1`, `h = h.mul(2)` for `h.mul_(2)`; a copy that is written into for `a[0] = 1`."""
    statement, node = step.statement, read(written.text)
    lead = around.lead("write the change as a new value", written)
    if isinstance(statement, nodes.AugAssign) and isinstance(statement.target, nodes.Name):
        name, value = statement.target.name, page.text(statement.value)
        loose = statement.op not in "+-" or isinstance(statement.value, nodes.Conditional)
        value = operand(value, read(value) or statement.value) if loose else value
        return f"{lead}`{name} = {name} {statement.op} {value}`"
    if isinstance(node, nodes.Call) and isinstance(node.function, nodes.Attribute) and node.function.name[-1:] == "_":
        plain = node.function.name[:-1]
        receiver = joined(written.text[: node.function.name_start])
        rest = joined(written.text[node.function.name_start :]).replace("_(", "(", 1)
        if not isinstance(node.function.value, nodes.Name) or catalogue.operator(plain) is None:
            return into_a_copy(page, step, node.function.value)
        new = f"{node.function.value.name} = {receiver}{rest}"
        if not isinstance(statement, nodes.ExprStmt):
            new = rewrite.edited(page, statement, [(written.start, written.end, receiver + rest)])
        return f"{lead}`{new}`"
    if isinstance(node, (nodes.Index, nodes.AugAssign)):
        return into_a_copy(page, step, node.target if isinstance(node, nodes.AugAssign) else node)
    return ""


def into_a_copy(page: Page, step: Step, target: nodes.Expr) -> str:
    while isinstance(target, (nodes.Index, nodes.Attribute)):
        target = target.value
    if not isinstance(target, nodes.Name):
        return ""
    return f"write into a copy: `let {target.name} = {target.name}.clone()` before line {page.line(step.statement)}"
