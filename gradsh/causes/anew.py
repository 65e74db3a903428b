"""What made a value, as statements that make it anew: at a prompt earlier lines do not run again."""

from __future__ import annotations

import re

from gradsh.causes.flows import reads
from gradsh.causes.surroundings import Surroundings
from gradsh.causes.text import Page, Step
from gradsh.engine.core.tensor import Tensor
from gradsh.language import nodes


def recomputed(around: Surroundings, page: Page, before: int, out: nodes.Node) -> list[str]:
    """The statements that made, of the leaves, what an expression at that place names, in their order."""
    found: dict[tuple[int, int], str] = {}
    stack = [(r.name.name, page, before) for r in reads(out)]
    seen: set[str] = set()
    while stack:
        name, here, before = stack.pop()
        value = around.lookup(name)
        if name in seen or not isinstance(value, Tensor) or value.node is None:
            continue
        seen.add(name)
        bound = made_by(around, value, name) or around.binding(name, here, before)
        if bound is None:
            continue
        step, page = bound
        found[_order(page), step.statement.start] = page.text(step.statement)
        if step.value is not None:
            stack += [(r.name.name, page, step.statement.start) for r in reads(step.value)]
    return [found[key] for key in sorted(found)]


def made_by(around: Surroundings, value: Tensor, name: str) -> tuple[Step, Page] | None:
    """The statement that bound the name to this very tensor."""
    span = around.located(value.made_at)
    page = around.page(span.source) if span is not None else None
    step = page.step(span) if page is not None and span is not None else None
    return (step, page) if step is not None and page is not None and name in step.statement.binds() else None


def _order(page: Page) -> int:
    """Where an input stands among those at a prompt."""
    number = re.search(r"\d+", page.source.name)
    return int(number.group()) if number is not None else 0
