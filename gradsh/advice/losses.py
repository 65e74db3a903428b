"""Advice on losses whose arguments have different shapes."""

from __future__ import annotations

import re

from gradsh.advice.scene import Scene
from gradsh.causes.rewrite import edited
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import Page, operand
from gradsh.engine.core.tensor import Tensor
from gradsh.errors import Label, Span
from gradsh.language import nodes


def of_another_size(scene: Scene) -> None:
    """E0307: of a loss with a target of another size, the shapes and the argument that makes them fit."""
    if not scene.error.message.startswith("Target size") or scene.primary is None:
        return
    labels, help = sizes(scene, scene.primary, scene.error.message)
    scene.add_all([(label.span, label.text) for label in labels])
    scene.offer(help)


def sizes(around: Surroundings, span: Span, message: str) -> tuple[list[Label], str | None]:
    """A loss of shapes that broadcast: which argument has which, and the one with a dimension more or less."""
    found = re.findall(r"torch\.Size\(\[([\d, ]*)\]\)", message)
    page = around.page(span.source)
    call = page.expression(span)
    if len(found) != 2 or not isinstance(call, nodes.Call) or len(call.arguments) < 2:
        return [], None
    target, given = (tuple(map(int, filter(None, each.split(", ")))) for each in found)
    first, second = (argument.value for argument in call.arguments[:2])
    labels = [Label(page.span(first), f"shape {list(given)}"), Label(page.span(second), f"shape {list(target)}")]
    t = around.lookup(second.name) if isinstance(second, nodes.Name) else None
    made = around.located(t.made_at) if isinstance(t, Tensor) else None
    if made is not None:
        labels.append(Label(made, f"`{page.text(second)}` is made here"))
    return labels, fitting_loss(page, call, given, target)


def fitting_loss(page: Page, call: nodes.Call, given: tuple[int, ...], target: tuple[int, ...]) -> str | None:
    """The loss with the last dimension of one argument taken away, or given to the other."""
    first, second = (argument.value for argument in call.arguments[:2])
    for longer, shorter, node, other in ((given, target, first, second), (target, given, second, first)):
        if longer == (*shorter, 1):
            at = len(shorter)
            less = edited(page, call, [(node.start, node.end, f"{operand(page.text(node), node)}.squeeze({at})")])
            more = edited(page, call, [(other.start, other.end, f"{operand(page.text(other), other)}.unsqueeze({at})")])
            return f"`{less}` or `{more}`"
    return None
