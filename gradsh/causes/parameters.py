"""Parameters that no gradient reaches, because their layer is not called."""

from __future__ import annotations

from typing import Any

from gradsh.causes import rewrite
from gradsh.causes.cause import Cause
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import LONG, Callee, Page
from gradsh.engine.core.tensor import Tensor
from gradsh.engine.core.users import ModelKind
from gradsh.language import nodes
from gradsh.language.nodes import walk


def full_name(around: Surroundings, t: Tensor, name: str) -> str:
    """`net.extra.weight` for what a loop over `net.parameters()` calls `p`."""
    if "." in name:
        return name
    for space in (*(local for _, local in around.frames), around.globals):
        for key, held in space.items():
            if key[0] == "." and isinstance(type(held), ModelKind):
                for inner, parameter in held.named_parameters():
                    if parameter is t:
                        return f"{key[1:]}.{inner}"
    return name


def unused_parameter(around: Surroundings, t: Tensor, name: str) -> Cause | None:
    """A parameter of a layer that the model's `forward` does not call."""
    full = full_name(around, t, name)
    first, *path = full.split(".")
    holder: Any = around.lookup(first)
    for field in path[:-1]:
        inner = holder.get(field) if isinstance(type(holder), ModelKind) else None
        page = around.page_of(holder)
        forward = page.forward(type(holder).__name__) if page is not None else None
        if page is not None and forward is not None:
            mentioned = {n.name for n in walk(forward.node) if isinstance(n, nodes.Name)}
            if field not in mentioned:
                at = around.place(page.span(forward.node))
                of = f"it is {full}, and " if full != name else ""
                cause = Cause("unused parameter", f"{of}forward ({at}) does not call {field}.")
                of = f"`{name}` is `{full}`: " if full != name else ""
                cause.labels.append((page.head(forward), f"{of}`forward` does not call `{field}`"))
                cause.help = called(around, page, forward, holder, field)
                return cause
        holder = inner
    return None


def called(around: Surroundings, page: Page, forward: Callee, model: Any, field: str) -> str:
    """The line of `forward` that calls the layer, where its sizes say in which place; "" where they do not."""
    layers = dict(model.fields())
    taken, given = sizes(layers[field])
    if taken is None or taken != given or around.was_typed(page.source):
        return ""
    order = list(layers)
    behind = order[order.index(field) + 1 :]
    for call in walk(forward.node):
        name = call.function.name if isinstance(call, nodes.Call) and isinstance(call.function, nodes.Name) else ""
        if not isinstance(call, nodes.Call) or name not in layers or len(call.arguments) != 1:
            continue
        before = name in behind and sizes(layers[name])[0] == taken  # it comes in front of this call
        if not before and (name in behind or sizes(layers[name])[1] != taken):
            continue
        inner = call.arguments[0].value if before else call
        step = page.step(inner)
        if step is None or step.statement.blocks():
            continue
        new = rewrite.edited(page, step.statement, [(inner.start, inner.end, f"{field}({page.text(inner)})")])
        if len(new) <= 2 * LONG:
            return f"{around.lead('', page.span(step.statement))}`{new}`"
    return ""


def sizes(layer: Any) -> tuple[int | None, int | None]:
    """How many features or channels a layer takes and gives, by its weight; (None, None) for others."""
    weight = layer.get("weight") if isinstance(type(layer), ModelKind) else None
    if not isinstance(weight, Tensor) or not weight.shape or type(layer).__name__.startswith("Embedding"):
        return None, None
    return (weight.shape[1], weight.shape[0]) if len(weight.shape) > 1 else (weight.shape[0], weight.shape[0])
