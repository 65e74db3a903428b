"""What warnings of the engine are about, in the program's own terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradsh.advice.losses import sizes
from gradsh.causes import gradient, unreached
from gradsh.causes.rewrite import differentiated
from gradsh.causes.surroundings import Surroundings, running
from gradsh.causes.text import read
from gradsh.engine.autograd.backward import CREATE_GRAPH
from gradsh.engine.core.modes import mode
from gradsh.engine.core.tensor import NON_LEAF_GRAD, Tensor
from gradsh.errors import Label, Span, WarningRecord
from gradsh.language import nodes
from gradsh.runtime.passes import Passes

MANY = 3  # leaves that are named


def of_warning(message: str, span: Span, space: dict[str, Any]) -> tuple[list[Label], str | None]:
    """Labels and help for a warning of the engine."""
    around = Surroundings(space, running(), span.source, mode.passed)
    if message == NON_LEAF_GRAD:
        return non_leaf(around, span)
    if message.startswith("Using a target size"):
        return sizes(around, span, message)
    if message == CREATE_GRAPH:
        return [], create_graph(around, span)
    return [], None


def fresh_nan(space: dict[str, Any], passes: Passes) -> list[WarningRecord]:
    """A warning for each leaf whose gradient has become nan since the last call; for the prompt."""
    found = []
    for held in list((passes.fresh_nan or {}).values())[:MANY]:
        t = held()
        name = Surroundings(space, [], None, None).name_of(t) if t is not None else None
        if name is None or t is None or t.gradient is None or not np.isnan(t.gradient.data).any():
            continue
        at = [int(i) for i in np.argwhere(np.isnan(t.gradient.data))[0]]
        where = f" at {at}" if at else ""
        found.append(WarningRecord(f"{name}.grad has nan{where}; `why {name}.grad` tells where from"))
    passes.fresh_nan = {}
    return found


def non_leaf(around: Surroundings, span: Span) -> tuple[list[Label], str | None]:
    """`.grad` of a result: whose it is, and how to keep it."""
    name, dot, _ = span.text.partition(".grad")
    t = around.lookup(name)
    if not dot or not isinstance(t, Tensor):
        return [], None
    cause = gradient.missing(around, t, name)
    if cause is None:
        return [], None
    kept = f"`{name}.retain_grad()` before "
    if cause.help.startswith(kept + "line"):
        cause.help = f"{kept}the backward keeps it: {cause.help.removeprefix(f'`{name}.retain_grad()` ')}"
    return [Label(place, words) for place, words in cause.labels if place is not None], cause.help or None


def create_graph(around: Surroundings, span: Span) -> str | None:
    """`grad(z, x, create_graph)`, which makes no cycle, for the leaves that there are."""
    page = around.page(span.source)
    step = page.step(span)
    root = differentiated(step.statement) if step is not None else None
    t = around.lookup(root.name) if isinstance(root, nodes.Name) else None
    if step is None or root is None or not isinstance(t, Tensor):
        return None
    leaves = unreached.leaves_of(around, [t])
    if not leaves or len(leaves) > 3 or not all(leaf.isidentifier() for leaf in leaves):
        return None
    g = [name for name in ("g", "g2", "g3", "slope") if "." + name not in around.globals][: len(leaves)]
    given = leaves[0] if len(leaves) == 1 else f"[{', '.join(leaves)}]"
    call = f"let ({', '.join(g)}{',' * (len(g) == 1)}) = grad({page.text(root)}, {given}, create_graph)"
    return f"`{call}` makes no cycle" if read(call) is not None else None
